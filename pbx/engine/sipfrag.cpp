#include "engine/sipfrag.hpp"

#include "base/text.hpp"

namespace lampline {
namespace {

constexpr std::size_t longest_phrase = 128;
constexpr std::size_t room_for_headers = 512;

/// A value that was folded stays what it is (RFC 3261 §7.3.1).
void append_clean(std::string& text, std::string_view part)
{
    for (const char c : part) {
        const auto code = static_cast<unsigned char>(c);
        text += code < 0x20 || code == 0x7f ? ' ' : c;
    }
}

}  // namespace

std::string_view words_of_progress(unsigned status) noexcept
{
    switch (status) {
    case 100: return "Trying";
    case 180: return "Ringing";
    case 181: return "Call Is Being Forwarded";
    case 182: return "Queued";
    case 183: return "Session Progress";
    default: return {};
    }
}

std::string sipfrag(unsigned status, std::string_view phrase, std::span<const Header> told)
{
    auto text = "SIP/2.0 " + std::to_string(status) + ' ';
    append_clean(text, cut(phrase, longest_phrase));
    text += "\r\n";
    const auto most = text.size() + room_for_headers;
    for (const std::string_view name : {"Reason", "Warning"})
        for (const auto& header : told) {
            const auto value = trimmed(header.value);
            const auto length = name.size() + 2 + value.size() + 2;
            if (!same_word(header.name, name) || value.empty() || text.size() + length > most)
                continue;
            text.append(name).append(": ");
            append_clean(text, value);
            text += "\r\n";
        }
    return text;
}

}  // namespace lampline
