#include "db/database.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/case_fold.hpp"
#include "base/text.hpp"
#include "db/inspection.hpp"
#include "db/migrations.hpp"
#include "db/rows.hpp"

namespace lampline::db {
namespace {

namespace fs = std::filesystem;

/// Digests of secrets are inside: readable by its owner only. SQLite gives its side files the same
/// mode.
void create_private(const fs::path& file)
{
    const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor < 0)
        throw OpenError{OpenFault::unreachable, fmt::format("database {}: cannot be created: {}",
                                                            file.string(), std::strerror(errno))};
    ::close(descriptor);
}

std::string_view text_of(sqlite3_value* value)
{
    const auto* text = static_cast<const char*>(sqlite3_value_blob(value));
    return {text, static_cast<std::size_t>(sqlite3_value_bytes(value))};
}

/// SQLite's own LIKE knows the case of ASCII letters only.
void add_text_search(SQLite::Database& handle)
{
    handle.createFunction(
        "holds_text", 2, true, nullptr,
        [](sqlite3_context* context, int, sqlite3_value** values) {
            sqlite3_result_int(context, holds_text(text_of(values[0]), text_of(values[1])) ? 1 : 0);
        });
}

int version_of(SQLite::Database& handle)
{
    return handle.execAndGet("PRAGMA user_version").getInt();
}

/// Each migration and its number are one transaction; another process may be doing the same.
void migrate(SQLite::Database& handle, const std::string& domain)
{
    const auto scripts = migrations();
    const bool upgrade = version_of(handle) != 0;
    while (version_of(handle) < static_cast<int>(scripts.size())) {
        SQLite::Transaction transaction{handle, SQLite::TransactionBehavior::IMMEDIATE};
        const int version = version_of(handle);
        if (version >= static_cast<int>(scripts.size())) return;
        handle.exec(scripts[static_cast<std::size_t>(version)]);
        if (version == 0) {
            SQLite::Statement insert{handle, "INSERT INTO setting VALUES ('domain', ?)"};
            insert.bind(1, domain);
            insert.exec();
            handle.exec(fmt::format("PRAGMA application_id = {}", Database::application_id));
        }
        handle.exec(fmt::format("PRAGMA user_version = {}", version + 1));
        transaction.commit();
        if (upgrade) spdlog::info("database: migrated to schema {}", version + 1);
    }
}

}  // namespace

/// Kept, since what is written behind is fifty transactions a second of a few rows each.
struct Database::Bounds {
    explicit Bounds(SQLite::Database& handle)
        : begin{handle, "BEGIN IMMEDIATE"}, commit{handle, "COMMIT"}
    {
    }

    SQLite::Statement begin;
    SQLite::Statement commit;
};

Database::Database(const fs::path& file, std::string_view domain)
{
    // One thread at a time uses a connection, and nobody asks how much memory SQLite has: its locks
    // would be taken a hundred times a call. Refused once SQLite is in use, which inspect() begins.
    static_cast<void>(sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0));
    const auto seen = inspect(file, domain);
    if ((!seen || seen->version == 0) && domain.empty())
        throw OpenError{
            OpenFault::no_domain,
            fmt::format("database {}: is new, so the domain must be given", file.string())};
    if (!seen) create_private(file);
    try {
        handle_ = std::make_unique<SQLite::Database>(
            file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_NOMUTEX, 5000);
        if (sqlite3_db_readonly(handle_->getHandle(), "main") != 0)
            throw OpenError{OpenFault::unreachable,
                            fmt::format("database {}: cannot be written", file.string())};
        add_text_search(*handle_);
        handle_->exec("PRAGMA journal_mode = WAL");
        handle_->exec("PRAGMA synchronous = FULL");
        handle_->exec("PRAGMA foreign_keys = ON");
        // KiB. What is asked often is little, and what is written is hardly read again.
        handle_->exec("PRAGMA cache_size = -1024");
        migrate(*handle_, lowered(domain));
        bounds_ = std::make_unique<Bounds>(*handle_);
        domain_ =
            handle_->execAndGet("SELECT value FROM setting WHERE name = 'domain'").getString();
    } catch (const SQLite::Exception& failure) {
        throw OpenError{OpenFault::unreachable, fmt::format("database {}: cannot be opened: {}",
                                                            file.string(), failure.what())};
    }
}

Database::~Database() = default;

void Database::read(const std::function<void()>& work)
try {
    work();
} catch (const SQLite::Exception& failure) {
    refuse(handle_->getFilename(), failure);
}

int Database::newest_version() noexcept
{
    return static_cast<int>(migrations().size());
}

void Database::set_durability(Durability durability)
{
    if (durability == durability_) return;
    handle_->exec(durability == Durability::full ? "PRAGMA synchronous = FULL"
                                                 : "PRAGMA synchronous = NORMAL");
    durability_ = durability;
}

Transaction::Transaction(Database& database, Durability durability) : database_{database}
{
    database_.set_durability(durability);
    run_once(database_.bounds_->begin);
}

Transaction::~Transaction()
{
    if (open_) database_.handle().tryExec("ROLLBACK");
}

void Transaction::commit()
{
    run_once(database_.bounds_->commit);
    open_ = false;
}

}  // namespace lampline::db
