#include "core/dialog_filter.hpp"

#include <algorithm>
#include <optional>

#include "base/text.hpp"

namespace lampline {
namespace {

struct EventParam {
    std::string_view whole;  // as written, without blanks around it
    std::string_view name;
    std::string_view value;  // without quotes; escapes within them stay
};

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
        if (same_word(param->name, "call-id")) filter.call_id = param->value;
        if (same_word(param->name, "from-tag")) filter.from_tag = param->value;
        if (same_word(param->name, "to-tag")) filter.to_tag = param->value;
    }
    return filter;
}

std::string echoed_event(std::string_view params)
{
    std::string event{"dialog"};
    auto rest = params_of(params);
    while (const auto param = next_param(rest))
        for (const auto* name : {"id", "call-id", "from-tag", "to-tag"})
            if (same_word(param->name, name)) event.append(";").append(param->whole);
    return event;
}

std::string_view event_id(std::string_view event) noexcept
{
    auto rest = params_of(event);
    while (const auto param = next_param(rest))
        if (same_word(param->name, "id")) return param->value;
    return {};
}

}  // namespace lampline
