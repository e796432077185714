#pragma once
// A list whose names change.
#include <memory>
#include <string>
#include <vector>

#include "core/directory.hpp"

namespace lampline::test {

/// 201 watches Ann and `member`, who are the group `sales`.
inline DirectoryRef sales_named(const std::string& member, const std::string& group)
{
    return std::make_shared<const Directory>(
        "office.test",
        std::vector<Extension>{{"201", {}, {}, {}}, {"300", "Ann", {}, {}}, {"301", member, {}, {}}},
        std::vector<Group>{{"sales", group, {"300", "301"}, {{"201", false, {}}}}});
}

}  // namespace lampline::test
