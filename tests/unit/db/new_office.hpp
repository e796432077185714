#pragma once
// A database as it is when an office begins.
#include "db/database.hpp"
#include "unit/db/temp_folder.hpp"

namespace lampline::testing {

/// The file in `folder`, of the office `office.test`. It is a copy of one that is made once a process: all migrations
/// take several times as long as most cases.
inline std::filesystem::path new_office(const TempFolder& folder)
{
    static const auto made = [] {
        const TempFolder once;
        { const db::Database created{once.database(), "office.test"}; }
        return bytes_of(once.database());
    }();
    write_bytes(folder.database(), made);
    std::filesystem::permissions(folder.database(), std::filesystem::perms::owner_read |
                                                        std::filesystem::perms::owner_write);
    return folder.database();
}

}  // namespace lampline::testing
