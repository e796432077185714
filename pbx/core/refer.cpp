#include "core/refer.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"

namespace lampline {
namespace {

constexpr std::size_t max_length = 1024;
constexpr std::size_t max_header = 256;

enum class Controls : std::uint8_t { none, line_ends };

/// nullopt: a broken escape, or one that would smuggle in a control character.
std::optional<std::string> unescape(std::string_view text, Controls allowed = Controls::none)
{
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            result += text[i];
            continue;
        }
        if (i + 2 >= text.size()) return std::nullopt;
        const int high = hex_value(text[i + 1]);
        const int low = hex_value(text[i + 2]);
        if (high < 0 || low < 0) return std::nullopt;
        const int code = high * 16 + low;
        const bool line_end = code == '\r' || code == '\n' || code == '\t';
        if ((code < 0x20 || code == 0x7f) && !(line_end && allowed == Controls::line_ends))
            return std::nullopt;
        result += static_cast<char>(code);
        i += 2;
    }
    return result;
}

/// Whether `address` is a URI (RFC 3986 §3) of another scheme than those that calls are made to.
bool is_elsewhere(std::string_view address) noexcept
{
    auto rest = address;
    const auto scheme = take_until(rest, ':');
    const auto is_letter = [](char c) { return lower(c) >= 'a' && lower(c) <= 'z'; };
    const auto is_of_scheme = [&](char c) {
        return is_letter(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
    };
    const auto is_of_uri = [](char c) {
        return c > ' ' && c < 0x7f && std::string_view{"\"<>\\^`{|}"}.find(c) == std::string_view::npos;
    };
    for (const auto ours : {"sip", "sips", "tel"})
        if (same_word(scheme, ours)) return false;
    return !scheme.empty() && is_letter(scheme.front()) &&
           std::ranges::all_of(scheme, is_of_scheme) && !rest.empty() &&
           std::ranges::all_of(rest, is_of_uri) && unescape(rest).has_value();
}

/// The URI of a name-addr or addr-spec.
std::string_view address_in(std::string_view value) noexcept
{
    auto search = value;
    if (search.starts_with('"')) {  // a display name may contain anything, quoted
        std::size_t end = 1;
        while (end < search.size() && search[end] != '"') end += search[end] == '\\' ? 2 : 1;
        search.remove_prefix(std::min(end + 1, search.size()));
    }
    const auto open = search.find('<');
    if (open == std::string_view::npos)
        return search == value ? value.substr(0, value.find(';')) : std::string_view{};
    const auto close = search.find('>', open);
    return close == std::string_view::npos ? std::string_view{}
                                           : search.substr(open + 1, close - open - 1);
}

/// No comma stands outside of quotes and angle brackets: it would begin another address.
bool is_single(std::string_view value) noexcept
{
    bool quoted = false;
    bool in_brackets = false;
    for (std::size_t i = 0; i < value.size(); ++i) {
        const char c = value[i];
        if (quoted && c == '\\')
            ++i;
        else if (in_brackets)
            in_brackets = c != '>';
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && c == '<')
            in_brackets = true;
        else if (!quoted && c == ',')
            return false;
    }
    return true;
}

}  // namespace

bool is_tag(std::string_view text) noexcept
{
    return std::ranges::all_of(text, [](char c) {
        return c > ' ' && c <= '~' && std::string_view{"\"(),;<>?[\\]{}"}.find(c) == std::string_view::npos;
    });
}

namespace {

/// A Call-ID, and parameters of which two are the tags of its dialog.
std::optional<Replaces> parse_dialog(std::string_view text, std::string_view to, std::string_view from)
{
    if (text.size() > max_length) return std::nullopt;
    Replaces replaces;
    replaces.call_id = trimmed(take_until(text, ';'));
    const auto is_apart = [](char c) { return (c >= 0 && c <= ' ') || c == ',' || c == '\x7f'; };
    if (replaces.call_id.empty() || std::ranges::any_of(replaces.call_id, is_apart))
        return std::nullopt;
    bool has_to_tag = false;
    bool has_from_tag = false;
    while (!text.empty()) {
        auto value = trimmed(take_until(text, ';'));
        const bool has_value = value.find('=') != std::string_view::npos;
        const auto name = trimmed(take_until(value, '='));
        value = trimmed(value);
        bool twice = false;
        if (same_word(name, to)) {
            if (!has_value) return std::nullopt;
            twice = std::exchange(has_to_tag, true);
            replaces.to_tag = value;
        } else if (same_word(name, from)) {
            if (!has_value) return std::nullopt;
            twice = std::exchange(has_from_tag, true);
            replaces.from_tag = value;
        } else if (same_word(name, "early-only"))
            replaces.early_only = true;
        if (twice) return std::nullopt;
    }
    if (!is_tag(replaces.to_tag) || !is_tag(replaces.from_tag)) return std::nullopt;
    return replaces;
}

}  // namespace

std::optional<Replaces> parse_replaces(std::string_view text)
{
    return parse_dialog(text, "to-tag", "from-tag");
}

std::optional<Replaces> parse_target_dialog(std::string_view text)
{
    auto dialog = parse_dialog(text, "local-tag", "remote-tag");
    if (dialog && (dialog->to_tag.empty() || dialog->from_tag.empty())) dialog.reset();
    return dialog;
}

std::optional<ReferTo> parse_refer_to(std::string_view value)
{
    if (value.size() > 2 * max_length || !is_single(value)) return std::nullopt;
    auto address = address_in(trimmed(value));
    auto headers = address;
    const auto plain = take_until(headers, '?');
    const auto uri = SipUri::parse(plain);
    // Before the @ stands somebody (RFC 3261 §25.1: user).
    if (uri && uri->user.empty() && plain.find('@') != std::string_view::npos) return std::nullopt;
    if (!uri && is_elsewhere(address)) return ReferTo{.uri = {}, .replaces = {}, .elsewhere = true};
    if (!uri) return std::nullopt;

    ReferTo result{.uri = *uri, .replaces = {}, .wants_invite = true};
    if (const auto method = uri->param("method"))
        result.wants_invite = same_word(*method, "INVITE");
    while (!headers.empty()) {
        auto field = take_until(headers, '&');
        const auto unescaped_name = unescape(take_until(field, '='));
        if (!unescaped_name) return std::nullopt;
        const std::string_view name = *unescaped_name;
        const bool is_body = same_word(name, "body");
        const auto text = unescape(field, is_body ? Controls::line_ends : Controls::none);
        if (!text) return std::nullopt;
        if (same_word(name, "Replaces")) {
            if (result.replaces) return std::nullopt;
            result.replaces = parse_replaces(*text);
            if (!result.replaces) return std::nullopt;
        }
        if (same_word(name, "Join")) {
            if (!parse_replaces(*text)) return std::nullopt;
            result.wants_invite = false;
        }
        for (const auto allowed : {"Subject", "Priority", "Organization"})
            if (same_word(name, allowed) && !text->empty() && text->size() <= max_header)
                result.headers.push_back({allowed, *text});
    }
    return result;
}

bool name_dialog(std::string_view uri_headers)
{
    while (!uri_headers.empty()) {
        auto field = take_until(uri_headers, '&');
        const auto name = unescape(take_until(field, '='));
        if (name && (same_word(*name, "Replaces") || same_word(*name, "Join"))) return true;
    }
    return false;
}

bool is_referred_by(std::string_view value)
{
    if (value.size() > max_length) return false;
    return is_single(value) && SipUri::parse(address_in(trimmed(value))).has_value();
}

}  // namespace lampline
