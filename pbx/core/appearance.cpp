#include "core/appearance.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/text.hpp"
#include "core/sip_uri.hpp"

namespace lampline {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t max_values = 64;
constexpr unsigned max_index = 999;

constexpr std::array<std::string_view, 7> words{
    "idle", "seized", "progressing", "alerting", "active", "held", "held-private",
};

/// Reads the header from left to right.
class Scanner {
public:
    explicit Scanner(std::string_view text) noexcept : rest_{text} {}

    [[nodiscard]] bool at_end() noexcept
    {
        skip_blanks();
        return rest_.empty();
    }
    /// From here on.
    [[nodiscard]] std::string_view rest() noexcept
    {
        skip_blanks();
        return rest_;
    }
    bool take(char wanted) noexcept
    {
        skip_blanks();
        if (!rest_.starts_with(wanted)) return false;
        rest_.remove_prefix(1);
        return true;
    }
    std::optional<std::string> until(char end)
    {
        const auto at = rest_.find(end);
        if (at == std::string_view::npos) return std::nullopt;
        std::string text{rest_.substr(0, at)};
        rest_.remove_prefix(at + 1);
        return text;
    }
    std::string token()
    {
        skip_blanks();
        const auto length = std::min(rest_.find_first_of(";,= \t\""), rest_.size());
        std::string text{rest_.substr(0, length)};
        rest_.remove_prefix(length);
        return text;
    }
    /// A token, or a quoted string without its quotes and escapes.
    std::optional<std::string> value()
    {
        if (!take('"')) return token();
        std::string text;
        while (!rest_.empty()) {
            const char letter = rest_.front();
            rest_.remove_prefix(1);
            if (letter == '"') return text;
            if (letter == '\\') {
                if (rest_.empty()) return std::nullopt;
                text += rest_.front();
                rest_.remove_prefix(1);
            } else {
                text += letter;
            }
        }
        return std::nullopt;
    }

private:
    void skip_blanks() noexcept
    {
        while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t'))
            rest_.remove_prefix(1);
    }
    std::string_view rest_;
};

bool read_index(const std::string& text, CallInfo& info)
{
    if (text == "*") return info.rest = true;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), info.index);
    return error == std::errc{} && end == text.data() + text.size() && info.index >= 1 &&
           info.index <= max_index;
}

/// What we have no name for is passed on to those who do.
bool read_state(const std::string& text, CallInfo& info)
{
    constexpr std::size_t longest = 64;
    constexpr std::string_view letters{
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
        "-.!%*_+`'~"};  // of a token (RFC 3261 §25.1)
    info.state = appearance_state(lowered(text));
    info.other_state = info.state ? std::string{} : text;
    return info.state || (!text.empty() && text.size() <= longest &&
                          text.find_first_not_of(letters) == std::string::npos);
}

/// RFC 3261 §25.1: a scheme, and after its colon characters that URIs have; addresses of calls are
/// read more closely.
bool is_absolute_uri(std::string_view text)
{
    constexpr std::string_view others{";/?:@&=+$,[]-_.!~*'()#%"};
    const auto is_letter = [](char c) { return lower(c) >= 'a' && lower(c) <= 'z'; };
    const auto colon = text.find(':');
    const auto scheme = text.substr(0, colon);
    if (colon == std::string_view::npos || colon + 1 == text.size() || scheme.empty() ||
        !is_letter(scheme.front()) || !std::ranges::all_of(scheme, [&](char c) {
            return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
        }))
        return false;
    for (std::size_t at = colon + 1; at < text.size(); ++at) {
        const char c = text[at];
        if (!is_letter(c) && !is_digit(c) && others.find(c) == std::string_view::npos) return false;
        const bool escapes =
            at + 2 < text.size() && hex_value(text[at + 1]) >= 0 && hex_value(text[at + 2]) >= 0;
        if (c == '%' && !escapes) return false;
    }
    const bool calls =
        same_word(scheme, "sip") || same_word(scheme, "sips") || same_word(scheme, "tel");
    return !calls || SipUri::parse(text);
}

/// `;name=value` and the like, up to the next comma. What is wrong with it; empty: nothing.
std::string_view read_parameters(Scanner& scanner, CallInfo& info)
{
    std::array<std::pair<std::string_view, bool>, 3> once{
        {{"appearance-index", false}, {"appearance-state", false}, {"appearance-uri", false}}};
    while (scanner.take(';')) {
        const auto key = lowered(scanner.token());
        if (key.empty()) return "has a parameter without a name";
        std::optional<std::string> value{std::string{}};
        if (scanner.take('=')) value = scanner.value();
        if (!value) return "has a quoted string without an end";
        for (auto& [name, known] : once)
            if (key == name && std::exchange(known, true))
                return "says one of appearance-index, appearance-state and appearance-uri twice of "
                       "one appearance";
        if (key == "appearance-index" && !read_index(*value, info))
            return "has an appearance-index that is neither from 1 to 999 nor *";
        if (key == "appearance-state" && !read_state(*value, info))
            return "has an appearance-state that is no word of up to 64 characters";
        if (key == "appearance-uri") info.appearance_uri = std::move(*value);
    }
    return {};
}

}  // namespace

std::string_view name(AppearanceState state) noexcept
{
    return words[static_cast<std::size_t>(state)];
}

std::optional<AppearanceState> appearance_state(std::string_view word) noexcept
{
    const auto found = std::ranges::find(words, word);
    if (found == words.end()) return std::nullopt;
    return static_cast<AppearanceState>(found - words.begin());
}

Result<std::vector<SaidCallInfo>, std::string_view> split_call_info(std::string_view value)
{
    std::vector<SaidCallInfo> all;
    Scanner scanner{value};
    do {
        auto& [info, text] = all.emplace_back();
        const auto begun = scanner.rest();
        if (all.size() > max_values) return unexpected{"has more than 64 values"sv};
        auto uri = scanner.take('<') ? scanner.until('>') : std::nullopt;
        if (!uri) return unexpected{"has no address between < and >"sv};
        if (!is_absolute_uri(*uri))
            return unexpected{"has something else than an absolute URI between < and >"sv};
        info.uri = std::move(*uri);
        if (const auto wrong = read_parameters(scanner, info); !wrong.empty())
            return unexpected{wrong};
        text = begun.substr(0, begun.size() - scanner.rest().size());
        while (text.ends_with(' ') || text.ends_with('\t')) text.pop_back();
    } while (scanner.take(','));
    if (!scanner.at_end()) return unexpected{"goes on with what is no parameter"sv};
    return all;
}

std::optional<std::vector<CallInfo>> read_call_info(std::string_view value)
{
    auto said = split_call_info(value);
    if (!said) return std::nullopt;
    std::vector<CallInfo> all;
    for (auto& one : *said) all.push_back(std::move(one.info));
    return all;
}

std::string joined(const std::vector<SaidCallInfo>& values)
{
    std::string text;
    for (const auto& value : values) text.append(text.empty() ? "" : ", ").append(value.text);
    return text;
}

std::string write(const CallInfo& info)
{
    std::string text{"<"};
    text.append(info.uri).append(">");
    if (info.rest)
        text += ";appearance-index=*";
    else if (info.index > 0)
        text += ";appearance-index=" + std::to_string(info.index);
    if (info.state) text.append(";appearance-state=").append(name(*info.state));
    if (!info.other_state.empty()) text.append(";appearance-state=").append(info.other_state);
    if (info.appearance_uri.empty()) return text;
    text += ";appearance-uri=\"";
    for (const char letter : info.appearance_uri) {
        if (static_cast<unsigned char>(letter) < 0x20 || letter == 0x7F) continue;
        if (letter == '"' || letter == '\\') text += '\\';
        text += letter;
    }
    return text += '"';
}

}  // namespace lampline
