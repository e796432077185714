#pragma once
// Keys that a phone tells us of: by INFO, or by the key press event package (RFC 4730).
#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace lampline {

struct KeyPress {
    char key = 0;                      ///< one of 0123456789*#ABCD
    std::chrono::milliseconds held{};  ///< 0: not told
};

/// The key that the body of an INFO tells: `application/dtmf-relay` (lines `Signal=5` and
/// `Duration=160`) or `application/dtmf` (the key alone), as phones send them. nullopt: it is none
/// of these, or tells none.
std::optional<KeyPress> parse_info_key(std::string_view content_type, std::string_view body);

/// Whether `content_type` is one of those.
bool is_info_key(std::string_view content_type) noexcept;

/// What to watch the keys of a phone for (RFC 4730 §5.1).
struct KeyWatch {
    struct Pattern {
        std::string regex;  ///< in the notation of RFC 4730 §4.7.1: `[x*#]`, `L#`
        std::string tag;    ///< comes back with the report
    };
    bool once = false;                           ///< the first match ends it
    std::chrono::milliseconds long_press{2500};  ///< how long a key is held for `L`
    std::span<const Pattern> patterns;
};

inline constexpr std::string_view key_request_type = "application/kpml-request+xml";
inline constexpr std::string_view key_response_type = "application/kpml-response+xml";

/// The document of a SUBSCRIBE.
std::string write(const KeyWatch& watch);

/// The document of a NOTIFY (RFC 4730 §5.2).
struct KeyReport {
    unsigned code = 0;   ///< 200: matched; 423: what was pressed until the phone gave up waiting
    std::string digits;  ///< at most 64 of 0123456789*#ABCD
    std::string tag;
};

/// Errors: not well-formed, entities, too long (4 KB), another root, or digits that are no keys.
/// Does no I/O; Expat without external entities.
std::optional<KeyReport> parse_key_report(std::string_view document);

}  // namespace lampline
