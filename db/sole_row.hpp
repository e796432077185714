#pragma once
// A part of the configuration that there is once.
#include <chrono>
#include <cstdint>

namespace lampline::db {

/// As it was written last; what was never written has no row, and is as the program ships it.
template <class Content>
struct SoleRow {
    Content content;
    std::uint64_t version = 0;
    std::chrono::sys_seconds updated_at;
};

}  // namespace lampline::db
