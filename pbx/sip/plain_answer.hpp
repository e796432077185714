#pragma once
// Answers that say nothing but that a request has arrived: most of those to NOTIFYs. Parsing one
// costs more than all that is done with it.
#include <optional>
#include <string_view>

namespace lampline::sip {

/// What a plain answer echoes of its request (RFC 3261 §8.2.6.2). Views into the datagram.
struct PlainAnswer {
    unsigned status = 0;  ///< 200 to 299
    std::string_view via, from, to, call_id, cseq;

    /// The branch of the only Via; empty: it has none.
    [[nodiscard]] std::string_view branch() const noexcept;
    /// Whether it answers the request that begins with `head`, which has one header of each kind,
    /// written by us: all but what is added to the Via is echoed byte for byte. Who writes it in
    /// another way, or adds a tag, is understood by the stack.
    [[nodiscard]] bool echoes(std::string_view head) const noexcept;
};

/// nullopt: `datagram` is something else than a 2xx without a body, with one header line of each of
/// these kinds, and beside them only such as change nothing for who has asked; or it is written in
/// a way that is left to the stack.
[[nodiscard]] std::optional<PlainAnswer> read_plain_answer(std::string_view datagram) noexcept;

}  // namespace lampline::sip
