#include "web/http_message.hpp"

#include <algorithm>

namespace lampline::web {

bool same_word(std::string_view left, std::string_view right) noexcept
{
    const auto lower = [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    };
    return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                      [&](char a, char b) { return lower(a) == lower(b); });
}

std::optional<std::string> HttpFields::find(std::string_view name) const
{
    std::optional<std::string> found;
    for (const auto& [field, value] : fields_) {
        if (!same_word(field, name)) continue;
        if (found)
            found->append(", ").append(value);
        else
            found = value;
    }
    return found;
}

}  // namespace lampline::web
