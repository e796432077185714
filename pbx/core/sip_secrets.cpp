// What of a SIP message is shown to nobody.
#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "core/escaped.hpp"
#include "core/sip_trace.hpp"

namespace lampline {
namespace {

constexpr char mask = 'x';

bool is_blank(char c) noexcept
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/// A part of a message that can be overwritten, and only that.
class Span {
public:
    Span(std::string& text, std::size_t begin, std::size_t end)
        : text_{text}, begin_{begin}, end_{end}
    {
    }

    [[nodiscard]] bool empty() const noexcept { return begin_ >= end_; }
    [[nodiscard]] char front() const noexcept { return text_[begin_]; }
    [[nodiscard]] std::string_view view() const noexcept
    {
        return std::string_view{text_}.substr(begin_, end_ - begin_);
    }
    /// Takes `size` letters off the front.
    Span take(std::size_t size) noexcept
    {
        size = std::min(size, end_ - begin_);
        begin_ += size;
        return {text_, begin_ - size, begin_};
    }
    void skip_blanks() noexcept
    {
        while (!empty() && is_blank(front())) ++begin_;
    }
    void hide() const noexcept
    {
        for (auto i = begin_; i < end_; ++i)
            if (!is_blank(text_[i])) text_[i] = mask;
    }

private:
    std::string& text_;
    std::size_t begin_, end_;
};

/// Parameters of a digest that are no secret, and do not help to guess one without the rest.
bool is_shown(std::string_view name) noexcept
{
    constexpr std::array names{"username",  "realm", "nonce", "uri",
                               "algorithm", "qop",   "nc",    "opaque"};
    return std::any_of(names.begin(), names.end(),
                       [&](const char* each) { return same_word(name, each); });
}

/// Length of a quoted string with its quotes; npos: it has no end.
std::size_t quoted_size(std::string_view text) noexcept
{
    for (std::size_t i = 1; i < text.size(); ++i) {
        if (text[i] == '\\')
            ++i;
        else if (text[i] == '"')
            return i + 1;
    }
    return std::string_view::npos;
}

/// The value of a credentials header. What cannot be read is hidden to its end.
void hide_credentials(Span value, bool has_scheme)
{
    value.skip_blanks();
    if (has_scheme) {
        const auto scheme = value.take(value.view().find_first_of(" \t\r\n"));
        const bool digest = same_word(scheme.view(), "Digest");
        value.skip_blanks();
        if (!digest && value.empty()) return scheme.hide();
        if (!digest) return value.hide();
    }
    for (;;) {
        value.skip_blanks();
        if (value.empty()) return;
        const auto equals = value.view().find_first_of("=,\"");
        if (equals == std::string_view::npos || value.view()[equals] != '=') return value.hide();
        auto name = value.take(equals).view();
        while (!name.empty() && is_blank(name.back())) name.remove_suffix(1);
        value.take(1);
        value.skip_blanks();
        const bool quoted = !value.empty() && value.front() == '"';
        const auto size = quoted ? quoted_size(value.view()) : value.view().find_first_of(",\"");
        if (quoted && size == std::string_view::npos) return value.hide();
        const auto parameter = value.take(size);
        if (!is_shown(name)) parameter.hide();
        value.skip_blanks();
        if (value.empty()) return;
        if (value.front() != ',') return value.hide();
        value.take(1);
    }
}

/// `sip:user:password@host`, wherever it stands in a line of the head.
void hide_passwords(Span line)
{
    while (!line.empty()) {
        const auto text = line.view();
        const auto scheme = text.find(':');
        if (scheme == std::string_view::npos) return;
        const auto before = text.substr(0, scheme);
        const bool is_uri =
            (before.size() >= 3 && same_word(before.substr(before.size() - 3), "sip")) ||
            (before.size() >= 4 && same_word(before.substr(before.size() - 4), "sips"));
        line.take(scheme + 1);
        if (!is_uri) continue;
        const auto rest = line.view();
        const auto user_end = rest.find_first_of("@<>\" \t");
        if (user_end == std::string_view::npos || rest[user_end] != '@') continue;
        const auto colon = rest.substr(0, user_end).find(':');
        if (colon == std::string_view::npos) continue;
        line.take(colon + 1);
        line.take(user_end - colon - 1).hide();
    }
}

bool has_credentials(std::string_view name) noexcept
{
    return same_word(name, "Authorization") || same_word(name, "Proxy-Authorization");
}

/// `sip:user@host?Authorization=value&name=value` (RFC 3261 §19.1.1), wherever it stands in a line of the head. What is
/// not escaped as it ought to be is hidden to the end of the URI: in the start line a blank, else `>` or the line's.
void hide_in_uri_headers(Span line, bool is_start_line)
{
    const std::string uri_ends = is_start_line ? "> \t\r\n" : ">";
    for (;;) {
        const auto mark = line.view().find_first_of("?&");
        if (mark == std::string_view::npos) return;
        line.take(mark + 1);
        const auto equals = line.view().find_first_of("=?&>");
        if (equals == std::string_view::npos || line.view()[equals] != '=') continue;
        if (!has_credentials(trimmed(unescaped(line.view().substr(0, equals))))) continue;
        line.take(equals + 1);
        auto value = line.view().substr(0, line.view().find_first_of(uri_ends));
        if (const auto next = value.find('&'); value.substr(0, next).find('"') == std::string_view::npos)
            value = value.substr(0, next);
        line.take(value.size()).hide();
    }
}

void hide_in_header(std::string& text, std::size_t begin, std::size_t end)
{
    Span line{text, begin, end};
    hide_in_uri_headers(line, begin == 0);
    auto name = line.view().substr(0, line.view().find(':'));
    const auto size = name.size();
    while (!name.empty() && is_blank(name.back())) name.remove_suffix(1);
    const bool credentials = has_credentials(name);
    const bool info =
        same_word(name, "Authentication-Info") || same_word(name, "Proxy-Authentication-Info");
    if (!credentials && !info) return hide_passwords(line);
    line.take(size + 1);
    hide_credentials(line, credentials);
}

void hide_in_body_line(std::string& text, std::size_t begin, std::size_t end)
{
    Span line{text, begin, end};
    const auto starts = [&](std::string_view start) {
        return line.view().size() > start.size() &&
               same_word(line.view().substr(0, start.size()), start);
    };
    for (const std::string_view start : {"k=", "a=key-mgmt:", "a=ice-pwd:", "a=crypto:"}) {
        if (!starts(start)) continue;
        line.take(start.size());
        if (start == "a=crypto:") {  // tag and suite are no secret (RFC 4568 §4)
            const auto digits = line.view().find_first_not_of("0123456789");
            if (digits == 0 || digits == std::string_view::npos) return line.hide();
            line.take(digits);
            line.skip_blanks();
            line.take(line.view().find_first_of(" \t"));
        }
        return line.hide();
    }
}

/// What is pressed on a phone, by the type of the body that tells it.
enum class KeyBody : std::uint8_t { none, relay, plain, report, letters };

std::string_view type_in(std::string_view content_type) noexcept
{
    return trimmed(content_type.substr(0, content_type.find(';')));
}

KeyBody key_body_of(std::string_view content_type) noexcept
{
    const auto type = type_in(content_type);
    if (same_word(type, "application/dtmf-relay")) return KeyBody::relay;
    if (same_word(type, "application/dtmf") || same_word(type, "audio/telephone-event"))
        return KeyBody::plain;
    if (same_word(type, "application/kpml-response+xml")) return KeyBody::report;
    if (same_word(type, "application/vnd.nortelnetworks.digits")) return KeyBody::letters;
    return KeyBody::none;
}

/// The value of each `digits` of a report. What has no end is hidden to the end of the line.
void hide_digits(Span line)
{
    constexpr std::string_view name = "digits";
    for (;;) {
        const auto found = line.view().find(name);
        if (found == std::string_view::npos) return;
        line.take(found + name.size());
        line.skip_blanks();
        if (line.empty() || line.front() != '=') continue;
        line.take(1);
        line.skip_blanks();
        if (line.empty()) return;
        const char quote = line.front();
        if (quote != '"' && quote != '\'') return line.hide();
        line.take(1);
        line.take(line.view().find(quote)).hide();
    }
}

void hide_keys(std::string& text, std::size_t begin, std::size_t end, KeyBody kind)
{
    Span line{text, begin, end};
    if (kind == KeyBody::report) return hide_digits(line);
    if (kind == KeyBody::letters) {  // d=5, and other lines like those of SDP
        if (!starts_with_word(line.view(), "d=")) return;
        line.take(2);
        return line.hide();
    }
    const auto equals = line.view().find('=');
    if (equals == std::string_view::npos) {
        if (kind == KeyBody::plain) line.hide();
        return;
    }
    auto name = line.take(equals + 1).view();
    while (!name.empty() && (is_blank(name.front()))) name.remove_prefix(1);
    if (name.size() > 6 && same_word(name.substr(0, 6), "Signal")) line.hide();
}

/// The end of the line at `begin`, its line end included.
std::size_t line_end(std::string_view text, std::size_t begin) noexcept
{
    const auto end = text.find_first_of("\r\n", begin);
    if (end == std::string_view::npos) return text.size();
    return end + (text.substr(end).starts_with("\r\n") ? 2 : 1);
}

/// Whether a line of the head says that the message is a MESSAGE, or an answer to one.
bool is_of_text(std::string_view start_line) noexcept
{
    return start_line.starts_with("MESSAGE ");
}

bool is_of_text(std::string_view name, std::string_view value) noexcept
{
    constexpr std::string_view method = "MESSAGE";
    value = trimmed(value);
    return same_word(name, "CSeq") && value.ends_with(method);
}

/// What people write to each other, to its end: not even the lengths of its words are shown.
void hide_text(std::string& text, std::size_t begin) noexcept
{
    for (auto i = begin; i < text.size(); ++i)
        if (text[i] != '\r' && text[i] != '\n') text[i] = mask;
}

bool is_empty_line(std::string_view text, std::size_t begin) noexcept
{
    return begin < text.size() && (text[begin] == '\r' || text[begin] == '\n');
}

}  // namespace

std::string without_secrets(std::string message)
{
    auto keys = KeyBody::none;
    bool in_parts = false;
    bool in_head = true;  // of the message, or of a part of it
    bool is_text = is_of_text(message);
    for (std::size_t at = 0; at < message.size();) {
        auto end = line_end(message, at);
        const bool part = in_parts && std::string_view{message}.substr(at).starts_with("--");
        if (part || is_empty_line(message, at)) {
            if (is_text) {
                hide_text(message, at);
                return message;
            }
            in_head = part;
            if (part) keys = KeyBody::none;
        } else if (in_head) {
            while (end < message.size() && (message[end] == ' ' || message[end] == '\t'))
                end = line_end(message, end);  // folded
            hide_in_header(message, at, end);
            if (in_parts) hide_in_body_line(message, at, end);  // a part may lack its empty line
            const auto header = std::string_view{message}.substr(at, end - at);
            const auto colon = std::min(header.find(':'), header.size());
            const auto name = trimmed(header.substr(0, colon));
            const auto value = header.substr(std::min(colon + 1, header.size()));
            is_text = is_text || is_of_text(name, value);
            if (same_word(name, "Content-Type") || same_word(name, "c")) {
                keys = key_body_of(value);
                in_parts = in_parts || starts_with_word(type_in(value), "multipart/");
            }
        } else if (keys == KeyBody::none) {
            hide_in_body_line(message, at, end);
        } else {
            hide_keys(message, at, end, keys);
        }
        at = end;
    }
    return message;
}

}  // namespace lampline
