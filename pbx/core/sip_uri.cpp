#include "core/sip_uri.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.hpp"

namespace lampline {
namespace {

constexpr std::size_t max_uri_length = 1024;

constexpr bool is_alphanumeric(char c) noexcept
{
    return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z');
}

/// Neither a control character nor one that would end the address when it is written between angle
/// brackets.
constexpr bool is_harmless(char c) noexcept
{
    const auto byte = static_cast<unsigned char>(c);
    return byte > ' ' && byte != 0x7f && c != '<' && c != '>' && c != '"';
}

bool is_host(std::string_view host) noexcept
{
    if (host.empty()) return false;
    if (host.front() != '[')
        return std::ranges::all_of(
            host, [](char c) { return is_alphanumeric(c) || c == '.' || c == '-' || c == '_'; });
    if (host.size() < 4 || host.back() != ']') return false;
    return std::ranges::all_of(host.substr(1, host.size() - 2),
                               [](char c) { return hex_value(c) >= 0 || c == ':' || c == '.'; });
}

bool is_telephone_number(std::string_view number) noexcept
{
    constexpr std::string_view others = "*#+-.()";
    return !number.empty() && std::ranges::all_of(number, [&](char c) {
        return hex_value(c) >= 0 || others.find(c) != std::string_view::npos;
    });
}

/// Takes the scheme and its colon off `text`.
std::optional<UriScheme> take_scheme(std::string_view& text) noexcept
{
    const auto colon = text.substr(0, 5).find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const auto scheme = text.substr(0, colon);
    text.remove_prefix(colon + 1);
    if (same_word(scheme, "sip")) return UriScheme::sip;
    if (same_word(scheme, "sips")) return UriScheme::sips;
    if (same_word(scheme, "tel")) return UriScheme::tel;
    return std::nullopt;
}

/// The rest of a tel URI (RFC 3966 §3).
std::optional<SipUri> parse_tel(std::string_view text)
{
    text = text.substr(0, text.find('?'));
    const auto number = text.substr(0, text.find(';'));
    if (!is_telephone_number(number)) return std::nullopt;
    SipUri uri;
    uri.scheme = UriScheme::tel;
    uri.user = number;
    uri.params = text.substr(number.size());
    return uri;
}

/// `[":" port]` at the start of `text`, taken off it; false when it is malformed. 0 counts as not
/// given.
bool take_port(std::string_view& text, std::uint16_t& port) noexcept
{
    if (text.empty() || text.front() != ':') return true;
    const auto* const begin = text.data() + 1;
    const auto* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(begin, end, port);
    if (error != std::errc{}) return false;
    text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
    return true;
}

/// The rest of a sip or sips URI (RFC 3261 §19.1.1).
std::optional<SipUri> parse_sip(UriScheme scheme, std::string_view text)
{
    SipUri uri;
    uri.scheme = scheme;
    // User and password may hold ';', '?' and '/', but neither a host, a parameter nor a header
    // holds a bare '@'.
    if (const auto at = text.find('@'); at != std::string_view::npos) {
        const auto userinfo = text.substr(0, at);
        uri.user = userinfo.substr(0, userinfo.find(':'));
        text.remove_prefix(at + 1);
    }
    text = text.substr(0, text.find('?'));
    const auto host_end =
        !text.empty() && text.front() == '[' ? text.find(']') : text.find_first_of(":;");
    const auto bracket = !text.empty() && text.front() == '[' && host_end != std::string_view::npos;
    const auto host = text.substr(0, bracket ? host_end + 1 : host_end);
    if (!is_host(host)) return std::nullopt;
    uri.host = host;
    text.remove_prefix(host.size());
    if (!take_port(text, uri.port)) return std::nullopt;
    if (!text.empty() && (text.front() != ';' || text.find('@') != std::string_view::npos))
        return std::nullopt;
    uri.params = text;
    return uri;
}

/// Reads a text with its escapes resolved. An escaped reserved character (RFC 2396 §2.2) stays
/// apart from the bare one, as RFC 3261 §19.1.4 wants; it is told by values above 255.
class Unescaped {
public:
    explicit Unescaped(std::string_view text) noexcept : text_{text} {}

    /// The next character; -1 at the end.
    int next() noexcept
    {
        if (at_ == text_.size()) return -1;
        const char c = text_[at_++];
        if (c != '%' || at_ + 2 > text_.size()) return static_cast<unsigned char>(c);
        const int high = hex_value(text_[at_]);
        const int low = hex_value(text_[at_ + 1]);
        if (high < 0 || low < 0) return '%';
        at_ += 2;
        const int value = high * 16 + low;
        constexpr std::string_view reserved = ";/?:@&=+$,";
        return reserved.find(static_cast<char>(value)) == std::string_view::npos ? value
                                                                                 : value + 256;
    }

private:
    std::string_view text_;
    std::size_t at_ = 0;
};

enum class Case : std::uint8_t { matters, ignored };

bool same_unescaped(std::string_view left, std::string_view right, Case letter_case) noexcept
{
    Unescaped a{left};
    Unescaped b{right};
    const auto fold = [&](int c) {
        return letter_case == Case::ignored && c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
    };
    for (;;) {
        const int c = fold(a.next());
        if (c != fold(b.next())) return false;
        if (c < 0) return true;
    }
}

struct Param {
    std::string_view name;
    std::string_view value;
};

/// Takes the first parameter off `params`; nullopt when none is left. Empty ones are passed over.
std::optional<Param> take_param(std::string_view& params) noexcept
{
    while (!params.empty()) {
        if (params.front() == ';') params.remove_prefix(1);
        const auto whole = params.substr(0, params.find(';'));
        params.remove_prefix(whole.size());
        if (whole.empty()) continue;
        const auto equals = whole.find('=');
        if (equals == std::string_view::npos) return Param{whole, {}};
        return Param{whole.substr(0, equals), whole.substr(equals + 1)};
    }
    return std::nullopt;
}

/// May a URI with this parameter be equivalent to one without it?
bool may_be_absent(std::string_view name, UriScheme scheme) noexcept
{
    if (scheme == UriScheme::tel) return false;
    constexpr std::array<std::string_view, 5> distinguishing{"transport", "user", "method", "ttl",
                                                             "maddr"};
    return std::ranges::none_of(distinguishing, [&](auto d) { return same_word(d, name); });
}

/// Every parameter of `left` is the same in `right`, or is one that does not matter.
bool params_agree(const SipUri& left, const SipUri& right) noexcept
{
    std::string_view rest = left.params;
    while (const auto param = take_param(rest)) {
        const auto other = right.param(param->name);
        if (other ? !same_unescaped(param->value, *other, Case::ignored)
                  : !may_be_absent(param->name, left.scheme))
            return false;
    }
    return true;
}

/// RFC 3966 §5: visual separators do not count.
bool same_number(std::string_view left, std::string_view right) noexcept
{
    const auto skip = [](std::string_view& text) {
        while (!text.empty() &&
               std::string_view{"-.()"}.find(text.front()) != std::string_view::npos)
            text.remove_prefix(1);
    };
    for (;;) {
        skip(left);
        skip(right);
        if (left.empty() || right.empty()) return left.empty() && right.empty();
        if (lower(left.front()) != lower(right.front())) return false;
        left.remove_prefix(1);
        right.remove_prefix(1);
    }
}

}  // namespace

std::optional<SipUri> SipUri::parse(std::string_view text)
{
    if (text.size() > max_uri_length || !std::ranges::all_of(text, is_harmless))
        return std::nullopt;
    const auto scheme = take_scheme(text);
    if (!scheme) return std::nullopt;
    return *scheme == UriScheme::tel ? parse_tel(text) : parse_sip(*scheme, text);
}

std::optional<std::string_view> SipUri::param(std::string_view name) const noexcept
{
    std::string_view rest = params;
    while (const auto param = take_param(rest))
        if (same_word(param->name, name)) return param->value;
    return std::nullopt;
}

void append(std::string& text, const SipUri& uri)
{
    text += uri.scheme == UriScheme::sip    ? "sip:"
            : uri.scheme == UriScheme::sips ? "sips:"
                                            : "tel:";
    text += uri.user;
    if (uri.scheme != UriScheme::tel) {
        if (!uri.user.empty()) text += '@';
        text += uri.host;
        if (uri.port != 0) {
            std::array<char, 6> digits{':'};
            const auto end =
                std::to_chars(digits.data() + 1, digits.data() + digits.size(), uri.port).ptr;
            text.append(digits.data(), end);
        }
    }
    text += uri.params;
}

std::string write(const SipUri& uri)
{
    std::string text;
    text.reserve(uri.user.size() + uri.host.size() + uri.params.size() + 12);
    append(text, uri);
    return text;
}

bool equivalent(const SipUri& left, const SipUri& right)
{
    if (left.scheme != right.scheme || left.port != right.port) return false;
    const bool same_address = left.scheme == UriScheme::tel
                                  ? same_number(left.user, right.user)
                                  : same_unescaped(left.user, right.user, Case::matters) &&
                                        same_word(left.host, right.host);
    if (!same_address) return false;
    if (left.params == right.params) return true;
    return params_agree(left, right) && params_agree(right, left);
}

std::optional<NameAddr> NameAddr::parse(std::string_view text)
{
    NameAddr address;
    if (text.starts_with('"')) {
        std::size_t at = 1;
        for (; at < text.size() && text[at] != '"'; ++at) {
            if (text[at] == '\\' && ++at == text.size()) return std::nullopt;
            const auto byte = static_cast<unsigned char>(text[at]);
            if (byte < ' ' || byte == 0x7f) return std::nullopt;
            address.display_name += text[at];
        }
        text.remove_prefix(std::min(at, text.size()));
        if (!text.starts_with("\" ")) return std::nullopt;
        text.remove_prefix(2);
    }
    if (text.size() < 2 || text.front() != '<' || text.back() != '>') return std::nullopt;
    auto uri = SipUri::parse(text.substr(1, text.size() - 2));
    if (!uri) return std::nullopt;
    address.uri = std::move(*uri);
    return address;
}

std::string write(const NameAddr& address)
{
    std::string text;
    if (!address.display_name.empty()) {
        text.reserve(address.display_name.size() + 48);
        text += '"';
        for (const char c : address.display_name) {
            const auto byte = static_cast<unsigned char>(c);
            if (byte < ' ' || byte == 0x7f) continue;
            if (c == '"' || c == '\\') text += '\\';
            text += c;
        }
        text += "\" ";
    }
    text += '<';
    append(text, address.uri);
    text += '>';
    return text;
}

}  // namespace lampline
