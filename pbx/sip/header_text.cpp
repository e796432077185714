#include "sip/header_text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <strings.h>
#include <utility>

#include <fmt/format.h>

#include "base/text.hpp"
#include "core/trunk_identity.hpp"

namespace lampline::sip {
namespace {

constexpr bool is_control(char letter) noexcept
{
    const auto code = static_cast<unsigned char>(letter);
    return ((code < 0x20) & (code != '\t')) | (code == 0x7f);
}

/// Whether one of eight letters may be a control character; never wrong about a yes.
constexpr std::uint64_t may_hold_control(std::uint64_t letters) noexcept
{
    constexpr std::uint64_t ones = 0x0101010101010101;
    constexpr std::uint64_t tops = 0x80 * ones;
    const auto below_space = (letters - 0x20 * ones) & ~letters;
    const auto rubbed_out = letters ^ (0x7f * ones);
    return (below_space | ((rubbed_out - ones) & ~rubbed_out)) & tops;
}

bool has_control(std::string_view part) noexcept
{
    std::uint64_t letters = 0;
    for (; part.size() >= sizeof letters; part.remove_prefix(sizeof letters)) {
        std::memcpy(&letters, part.data(), sizeof letters);
        if (may_hold_control(letters)) return std::ranges::any_of(part, is_control);
    }
    return std::ranges::any_of(part, is_control);
}

void append_clean(std::string& text, std::string_view part)
{
    if (!has_control(part))
        text += part;
    else
        std::ranges::remove_copy_if(part, std::back_inserter(text), is_control);
}

void append_tags(std::string& text, std::string_view name, OptionTag tags)
{
    if (tags == OptionTag::none) return;
    constexpr std::array words = std::to_array<std::pair<OptionTag, std::string_view>>({
        {OptionTag::timer, "timer"},
        {OptionTag::reliable, "100rel"},
        {OptionTag::replaces, "replaces"},
        {OptionTag::eventlist, "eventlist"},
        {OptionTag::join, "join"},
        {OptionTag::norefersub, "norefersub"},
        {OptionTag::early_end, "199"},
    });
    text += name;
    std::string_view before = ": ";
    for (const auto& [tag, word] : words) {
        if (!has(tags, tag)) continue;
        text += before;
        text += word;
        before = ", ";
    }
    text += "\r\n";
}

}  // namespace

void append_header(std::string& text, std::string_view name, std::string_view value)
{
    append_clean(text, name);
    text += ": ";
    append_clean(text, value);
    text += "\r\n";
}

void append_headers(std::string& text, const std::vector<Header>& headers)
{
    for (const auto& header : headers) append_header(text, header.name, header.value);
}

void append_option_tags(std::string& text, OptionTag supported, OptionTag required)
{
    append_tags(text, "Supported", supported);
    append_tags(text, "Require", required);
}

void append_session_timer(std::string& text, const SessionTimer& timer)
{
    if (timer.expires.count() > 0) {
        fmt::format_to(std::back_inserter(text), "Session-Expires: {}", timer.expires.count());
        if (timer.refresher == Refresher::uac) text += ";refresher=uac";
        if (timer.refresher == Refresher::uas) text += ";refresher=uas";
        text += "\r\n";
    }
    if (timer.min_se.count() > 0)
        fmt::format_to(std::back_inserter(text), "Min-SE: {}\r\n", timer.min_se.count());
}

void append_payload_headers(std::string& text, const Payload* payload, bool outside)
{
    if (!payload) return;
    for (const auto& header : payload->headers)
        if (!outside || crosses_border(header.name)) append_header(text, header.name, header.value);
    if (!payload->body.empty() && !payload->content_type.empty())
        append_header(text, "Content-Type", payload->content_type);
}

bool names(const std::vector<Header>& headers, std::string_view name) noexcept
{
    return std::ranges::any_of(
        headers, [&](const Header& header) { return same_word(header.name, name); });
}

SipUri as_request_uri(const SipUri& contact)
{
    SipUri uri = contact;
    if (!contact.param("method") && !contact.param("ttl")) return uri;
    uri.params.clear();
    std::string_view rest{contact.params};
    while (!rest.empty()) {
        rest.remove_prefix(1);  // the ';'
        const auto param = rest.substr(0, rest.find(';'));
        rest.remove_prefix(param.size());
        const auto key = param.substr(0, param.find('='));
        if (same_word(key, "method") || same_word(key, "ttl")) continue;
        uri.params += ';';
        uri.params += param;
    }
    return uri;
}

}  // namespace lampline::sip
