#pragma once
// db/schema/NNN_name.sql, built in.
#include <span>

namespace lampline::db {

/// The statements of migration 1, 2, ...; the schema's version is how many of them have run.
std::span<const char* const> migrations() noexcept;

}  // namespace lampline::db
