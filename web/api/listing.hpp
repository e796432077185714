#pragma once
// Lists: filter, search, sort, one page.
#include <boost/json/object.hpp>

#include <string_view>
#include <vector>

#include "web/api/request.hpp"

namespace lampline::web {

/// Names of members of the items.
struct ListRules {
    std::vector<std::string_view> key;  ///< tell items apart, and order them in the end
    std::vector<std::string_view> sortable;
    std::vector<std::string_view>
        searched;  ///< strings that `q` is looked for in, without case (ASCII)
    std::vector<std::string_view>
        filtered;  ///< strings that a query parameter of the same name must equal
};

/// `{"items":[...],"next_cursor":...,"total":...}`, or 400. A page begins after its cursor's item,
/// wherever that is by now: what is added or removed meanwhile never repeats or hides another item.
/// O(n log n) in the whole list.
HttpResponse list_page(std::vector<boost::json::object> items, const ListRules& rules,
                       const Query& query);

}  // namespace lampline::web
