#pragma once
// What every configuration row carries beside its content.
#include <chrono>
#include <cstdint>

namespace lampline::db {

/// `version` names one state of the row for ever: it is the id of the audit row that wrote it, so a
/// thing that was removed and made again has another one.
struct RowStamp {
    std::uint64_t version = 0;
    std::chrono::sys_seconds created_at;
    std::chrono::sys_seconds updated_at;
};

}  // namespace lampline::db
