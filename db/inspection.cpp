#include "db/inspection.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <fstream>

#include "base/text.hpp"
#include "db/database.hpp"

namespace lampline::db {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse(OpenFault fault, const fs::path& file, std::string_view why)
{
    throw OpenError{fault, fmt::format("database {}: {}", file.string(), why)};
}

/// True when the first bytes are SQLite's. A file cut within them is refused as well.
bool has_sqlite_header(std::ifstream& stream)
{
    constexpr std::string_view magic{"SQLite format 3\0", 16};
    std::array<char, 16> start{};
    stream.read(start.data(), start.size());
    return stream.gcount() == 16 && std::string_view{start.data(), start.size()} == magic;
}

/// A name in a `file:` URI.
std::string uri_path(const fs::path& file)
{
    std::string text;
    for (const char c : fs::absolute(file).string()) {
        if (c == '%' || c == '?' || c == '#')
            text += fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
        else
            text += c;
    }
    return text;
}

/// Without a write-ahead log nobody has the file open, and `immutable` reads it without leaving a
/// trace in its folder. With one, its pages count; a read-only connection never checkpoints.
SQLite::Database open_to_read(const fs::path& file)
{
    const bool logged = fs::exists(fs::path{file} += "-wal");
    const auto uri = fmt::format("file:{}?mode=ro{}", uri_path(file), logged ? "" : "&immutable=1");
    return SQLite::Database{uri, SQLite::OPEN_READONLY | SQLite::OPEN_URI, 5000};
}

Inspection read(SQLite::Database& database, const fs::path& file)
{
    const auto number = [&](const char* sql) { return database.execAndGet(sql).getInt64(); };
    const auto application = number("PRAGMA application_id");
    const auto version = number("PRAGMA user_version");
    if (application == 0 && version == 0 && number("SELECT count(*) FROM sqlite_schema") == 0)
        return {};  // created, and killed before the first migration was committed
    if (application != Database::application_id)
        refuse(OpenFault::foreign, file, "belongs to another program");
    if (version < 0)
        refuse(OpenFault::damaged, file, fmt::format("is damaged: has schema {}", version));
    if (version > Database::newest_version())
        refuse(OpenFault::newer, file,
               fmt::format("has schema {}, this lampline knows up to {}: use a newer lampline",
                           version, Database::newest_version()));
    auto health = database.execAndGet("PRAGMA quick_check(1)").getString();
    std::replace(health.begin(), health.end(), '\n', ' ');
    if (health != "ok") refuse(OpenFault::damaged, file, "is damaged: " + health);
    SQLite::Statement domain{database, "SELECT value FROM setting WHERE name = 'domain'"};
    if (!domain.executeStep())
        refuse(OpenFault::damaged, file, "is damaged: its table setting has no domain");
    return {static_cast<int>(version), domain.getColumn(0).getString()};
}

}  // namespace

std::optional<Inspection> inspect(const fs::path& file, std::string_view domain)
{
    std::error_code error;
    const auto status = fs::status(file, error);
    if (status.type() == fs::file_type::not_found) return std::nullopt;
    if (!fs::is_regular_file(status)) refuse(OpenFault::unreachable, file, "is not a file");
    std::ifstream stream{file, std::ios::binary};
    if (!stream) refuse(OpenFault::unreachable, file, "cannot be read");
    const bool logged = fs::exists(fs::path{file} += "-wal", error);
    if (!logged && fs::file_size(file, error) == 0) return std::nullopt;
    if (!has_sqlite_header(stream) && fs::file_size(file, error) != 0)
        refuse(OpenFault::damaged, file, "is damaged: not an SQLite file");
    try {
        auto database = open_to_read(file);
        auto seen = read(database, file);
        if (seen.version != 0 && !domain.empty() && seen.domain != lowered(domain))
            refuse(OpenFault::other_domain, file,
                   fmt::format("belongs to the domain {}, not {}", seen.domain, domain));
        return seen;
    } catch (const SQLite::Exception& failure) {
        refuse(file, failure);
    }
}

void refuse(const fs::path& file, const SQLite::Exception& failure)
{
    const int code = failure.getErrorCode();
    const bool unreachable = code == SQLITE_CANTOPEN || code == SQLITE_BUSY ||
                             code == SQLITE_PERM || code == SQLITE_IOERR ||
                             code == SQLITE_FULL || code == SQLITE_READONLY;
    if (unreachable)
        refuse(OpenFault::unreachable, file, fmt::format("cannot be opened: {}", failure.what()));
    refuse(OpenFault::damaged, file, fmt::format("is damaged: {}", failure.what()));
}

}  // namespace lampline::db
