#pragma once
// The configuration as the engine holds it.
#include "core/directory.hpp"
#include "db/database.hpp"

namespace lampline::db {

/// Reads all extensions, groups and body profiles in one snapshot. May throw SQLite::Exception.
DirectoryRef load_directory(Database& database);

}  // namespace lampline::db
