#include "sip/plain_answer.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace lampline::sip {
namespace {

constexpr std::string_view line_end{"\r\n"};

/// They say who answers, and what it can do.
constexpr std::array passed_over = std::to_array<std::string_view>({
    "Accept",
    "Allow",
    "Allow-Events",
    "Contact",
    "Date",
    "Server",
    "Supported",
    "User-Agent",
});

std::string_view* place_of(std::string_view name, PlainAnswer& answer) noexcept
{
    if (same_word(name, "Via")) return &answer.via;
    if (same_word(name, "From")) return &answer.from;
    if (same_word(name, "To")) return &answer.to;
    if (same_word(name, "Call-ID")) return &answer.call_id;
    if (same_word(name, "CSeq")) return &answer.cseq;
    return nullptr;
}

/// False: the line is left to the stack.
bool take_line(std::string_view line, PlainAnswer& answer) noexcept
{
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || line.find('\r') != std::string_view::npos ||
        line.find('\n') != std::string_view::npos || line.find('\0') != std::string_view::npos)
        return false;
    const auto name = line.substr(0, colon);
    const auto value = trimmed(line.substr(colon + 1));
    if (auto* const place = place_of(name, answer)) {
        if (value.empty() || !place->empty()) return false;
        *place = value;
        return true;
    }
    if (same_word(name, "Content-Length")) return value == "0";
    return std::ranges::any_of(passed_over,
                               [&](std::string_view each) { return same_word(each, name); });
}

/// Of the header `name` as we write it; empty: there is none.
std::string_view value_in(std::string_view head, std::string_view name) noexcept
{
    for (auto at = head.find(line_end); at != std::string_view::npos;
         at = head.find(line_end, at)) {
        at += line_end.size();
        const auto line = head.substr(at, head.find(line_end, at) - at);
        if (line.empty()) break;
        if (line.starts_with(name)) return line.substr(name.size());
    }
    return {};
}

}  // namespace

std::string_view PlainAnswer::branch() const noexcept
{
    constexpr std::string_view name{";branch="};
    const auto at = via.find(name);
    if (at == std::string_view::npos) return {};
    const auto value = via.substr(at + name.size());
    return value.substr(0, value.find_first_of("; \t"));
}

bool PlainAnswer::echoes(std::string_view head) const noexcept
{
    const auto sent_via = value_in(head, "Via: ");
    const auto sent_by = sent_via.substr(0, sent_via.find(';') + 1);  // with the protocol
    return !sent_by.empty() && via.starts_with(sent_by) && from == value_in(head, "From: ") &&
           to == value_in(head, "To: ") && call_id == value_in(head, "Call-ID: ") &&
           cseq == value_in(head, "CSeq: ");
}

std::optional<PlainAnswer> read_plain_answer(std::string_view datagram) noexcept
{
    constexpr std::string_view start{"SIP/2.0 2"};
    const auto is_number = [&](std::size_t at) { return is_digit(datagram[at]); };
    if (!datagram.starts_with(start) || datagram.size() < start.size() + 3 ||
        !is_number(start.size()) || !is_number(start.size() + 1) ||
        datagram[start.size() + 2] != ' ')
        return std::nullopt;
    PlainAnswer answer;
    answer.status = 200U + 10U * static_cast<unsigned>(datagram[start.size()] - '0') +
                    static_cast<unsigned>(datagram[start.size() + 1] - '0');
    auto rest = datagram;
    for (bool first = true;; first = false) {
        const auto end = rest.find(line_end);
        if (end == std::string_view::npos) return std::nullopt;
        const auto line = rest.substr(0, end);
        rest.remove_prefix(end + line_end.size());
        if (line.empty()) break;
        if (!first && !take_line(line, answer)) return std::nullopt;
    }
    // Further Vias in one line are those of others.
    const bool whole = !answer.from.empty() && !answer.to.empty() && !answer.call_id.empty() &&
                       !answer.cseq.empty() && !answer.via.empty() &&
                       answer.via.find(',') == std::string_view::npos;
    return whole && rest.empty() ? std::optional{answer} : std::nullopt;
}

}  // namespace lampline::sip
