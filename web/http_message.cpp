#include "web/http_message.hpp"

#include "base/text.hpp"

namespace lampline::web {

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
