#pragma once
// Looking at a database file without changing it.
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace SQLite {
class Exception;
}

namespace lampline::db {

/// What a file says about itself.
struct Inspection {
    int version = 0;  ///< 0: no schema yet
    std::string domain;
};

/// Reads all of `file`, writes nothing to it; nullopt when there is none, or it is empty. `domain`
/// empty: any will do.
/// @throws OpenError when this program cannot use it; see OpenFault.
std::optional<Inspection> inspect(const std::filesystem::path& file, std::string_view domain);

/// What SQLite has against `file`, as a line for the operator.
/// @throws OpenError, always.
[[noreturn]] void refuse(const std::filesystem::path& file, const SQLite::Exception& failure);

}  // namespace lampline::db
