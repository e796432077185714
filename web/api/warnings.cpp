#include "web/api/warnings.hpp"

#include <boost/json.hpp>

namespace lampline::web {

namespace json = boost::json;

json::array shown_warnings(const std::vector<admin::Lead>& to_nobody, std::string_view type,
                           std::string_view name)
{
    json::array all;
    for (const auto& [number, by] : to_nobody)
        if (by.type == type && (name.empty() || by.group == name))
            all.push_back(json::object{{"pointer", by.pointer},
                                       {"code", "leads_to_nobody"},
                                       {"message", "leads to " + number + ", which is nobody's number"}});
    return all;
}

std::string mark_of(const json::array& warnings)
{
    return warnings.empty() ? std::string{} : json::serialize(warnings);
}

}  // namespace lampline::web
