#include <algorithm>

#include "base/text.hpp"
#include "sip/digest.hpp"

namespace lampline::sip {
namespace {

constexpr std::string_view blank = " \t\r\n";

void skip(std::string_view& text, std::string_view characters) noexcept
{
    text.remove_prefix(std::min(text.find_first_not_of(characters), text.size()));
}

/// Takes everything before one of `ends` off `text`.
std::string_view take_until(std::string_view& text, std::string_view ends) noexcept
{
    const auto taken = text.substr(0, text.find_first_of(ends));
    text.remove_prefix(taken.size());
    return taken;
}

/// Takes a quoted string off `text`, which starts with its quote; its inside, with escapes as they
/// are, since that is what goes into the hash (RFC 7616 §3.4.1).
std::optional<std::string_view> take_quoted(std::string_view& text) noexcept
{
    for (std::size_t i = 1; i < text.size(); ++i) {
        if (text[i] == '\\') {
            ++i;
        } else if (text[i] == '"') {
            const auto inside = text.substr(1, i - 1);
            text.remove_prefix(i + 1);
            return inside;
        }
    }
    return std::nullopt;
}

std::string_view* place_of(std::string_view name, Credentials& credentials) noexcept
{
    struct Row {
        std::string_view name;
        std::string_view Credentials::*place;
    };
    static constexpr std::array rows{
        Row{"username", &Credentials::username}, Row{"realm", &Credentials::realm},
        Row{"nonce", &Credentials::nonce},       Row{"uri", &Credentials::uri},
        Row{"response", &Credentials::response}, Row{"algorithm", &Credentials::algorithm},
        Row{"cnonce", &Credentials::cnonce},     Row{"qop", &Credentials::qop},
        Row{"opaque", &Credentials::opaque},     Row{"nc", &Credentials::nc},
    };
    for (const auto& row : rows)
        if (same_word(row.name, name)) return &(credentials.*row.place);
    return nullptr;
}

}  // namespace

std::optional<Credentials> parse_credentials(std::string_view text) noexcept
{
    skip(text, blank);
    if (!same_word(take_until(text, blank), "Digest")) return std::nullopt;
    Credentials credentials;
    for (skip(text, " \t\r\n,"); !text.empty(); skip(text, " \t\r\n,")) {
        const auto name = take_until(text, "= \t\r\n,\"");
        skip(text, blank);
        if (name.empty() || !text.starts_with('=')) return std::nullopt;
        text.remove_prefix(1);
        skip(text, blank);
        std::string_view value;
        if (text.starts_with('"')) {
            const auto quoted = take_quoted(text);
            if (!quoted) return std::nullopt;
            value = *quoted;
        } else {
            value = take_until(text, " \t\r\n,");
        }
        if (auto* const place = place_of(name, credentials)) *place = value;
        skip(text, blank);
        if (!text.empty() && text.front() != ',') return std::nullopt;
    }
    return credentials;
}

}  // namespace lampline::sip
