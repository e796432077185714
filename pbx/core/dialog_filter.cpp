#include "core/dialog_filter.hpp"

#include <algorithm>
#include <cctype>
#include <optional>

namespace lampline {
namespace {

struct EventParam {
    std::string_view whole;  // as written, without blanks around it
    std::string_view name;
    std::string_view value;  // without quotes; escapes within them stay
};

std::string_view trimmed(std::string_view text) noexcept
{
    const auto begin = text.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

/// Takes the next parameter off `rest`, which begins at a semicolon or is empty.
std::optional<EventParam> next_param(std::string_view& rest) noexcept
{
    if (rest.empty()) return std::nullopt;
    std::size_t end = 1;
    for (bool quoted = false; end < rest.size(); ++end) {
        if (quoted && rest[end] == '\\')
            ++end;
        else if (rest[end] == '"')
            quoted = !quoted;
        else if (rest[end] == ';' && !quoted)
            break;
    }
    end = std::min(end, rest.size());
    EventParam param{.whole = trimmed(rest.substr(1, end - 1)), .name = {}, .value = {}};
    rest.remove_prefix(end);
    const auto equals = param.whole.find('=');
    param.name = trimmed(param.whole.substr(0, equals));
    if (equals == std::string_view::npos) return param;
    param.value = trimmed(param.whole.substr(equals + 1));
    if (param.value.size() >= 2 && param.value.front() == '"' && param.value.back() == '"')
        param.value = param.value.substr(1, param.value.size() - 2);
    return param;
}

bool is_named(const EventParam& param, std::string_view name) noexcept
{
    return std::ranges::equal(param.name, name, [](unsigned char a, unsigned char b) {
        return std::tolower(a) == std::tolower(b);
    });
}

std::string_view params_of(std::string_view event) noexcept
{
    const auto semicolon = event.find(';');
    return semicolon == std::string_view::npos ? std::string_view{} : event.substr(semicolon);
}

}  // namespace

bool DialogFilter::admits(const DialogId& dialog) const noexcept
{
    const auto fits = [](const std::string& asked, const std::string& is) {
        return asked.empty() || asked == is;
    };
    return fits(call_id, dialog.call_id) && fits(from_tag, dialog.remote_tag) &&
           fits(to_tag, dialog.local_tag);
}

DialogFilter dialog_filter(std::string_view params)
{
    DialogFilter filter;
    auto rest = params_of(params);
    while (const auto param = next_param(rest)) {
        if (is_named(*param, "call-id")) filter.call_id = param->value;
        if (is_named(*param, "from-tag")) filter.from_tag = param->value;
        if (is_named(*param, "to-tag")) filter.to_tag = param->value;
    }
    return filter;
}

std::string echoed_event(std::string_view params)
{
    std::string event{"dialog"};
    auto rest = params_of(params);
    while (const auto param = next_param(rest))
        for (const auto* name : {"id", "call-id", "from-tag", "to-tag"})
            if (is_named(*param, name)) event.append(";").append(param->whole);
    return event;
}

std::string_view event_id(std::string_view event) noexcept
{
    auto rest = params_of(event);
    while (const auto param = next_param(rest))
        if (is_named(*param, "id")) return param->value;
    return {};
}

}  // namespace lampline
