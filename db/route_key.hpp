#pragma once
// What signs the record routes of proxied calls, kept so that these outlive the process.
#include <array>

#include "db/database.hpp"

namespace lampline::db {

/// The key of this database, made at the first call. @throws std::runtime_error without random
/// bytes.
std::array<unsigned char, 16> route_key(Database& database);

}  // namespace lampline::db
