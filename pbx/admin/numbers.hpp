#pragma once
// What all numbers that can be dialled have in common.
#include <string_view>

#include "db/database.hpp"

namespace lampline::admin {

/// 1 to 32 of A-Z a-z 0-9 . _ + * # -, and not a name that is kept for park slots.
bool is_number(std::string_view text) noexcept;

/// Somebody has thought of calls to `number`: an extension, a ring group, or a rule of the digit
/// plan. May throw SQLite::Exception.
bool is_destination(std::string_view number, db::Database& database);

/// `number` is that of an extension or a ring group; park slots give way to these. May throw
/// SQLite::Exception.
bool is_taken(std::string_view number, db::Database& database);

}  // namespace lampline::admin
