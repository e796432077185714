#pragma once
// The office that a first start shows.
#include <chrono>
#include <string>
#include <vector>

#include "admin/change.hpp"
#include "base/result.hpp"
#include "db/database.hpp"

namespace lampline::admin {

struct DemoAccount {
    std::string number;
    std::string display_name;
    std::string sip_password;  ///< this is the only time it is seen
};

enum class SeedError : std::uint8_t {
    office_exists
};  ///< there are extensions or groups: nothing is changed

/// Ten extensions 201 to 210, groups `sales` and `support`, ring groups 600 and 601 with the same
/// members, and 201 (reception) watching and taking what nobody takes; one
/// transaction. May throw SQLite::Exception; then nothing is changed.
Result<std::vector<DemoAccount>, SeedError>
seed_demo_office(db::Database& database, const Actor& actor, std::chrono::sys_seconds now);

}  // namespace lampline::admin
