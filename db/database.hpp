#pragma once
// The one SQLite file of the office: opening, refusing, migrating (over SQLiteCpp).
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace SQLite {
class Database;
}

namespace lampline::db {

/// Why a file cannot be our database.
enum class OpenFault : std::uint8_t {
    unreachable,   ///< cannot be opened, read or written
    damaged,       ///< not a database any more
    foreign,       ///< another program's database
    newer,         ///< written by a newer lampline
    other_domain,  ///< of an office with another domain
    no_domain,     ///< a new file, and nobody said the domain
    in_use,        ///< another server works on it
};

/// what() is one line for the operator, with the file's name. The program ends with
/// ExitCode::database.
class OpenError : public std::runtime_error {
public:
    OpenError(OpenFault fault, const std::string& line) : std::runtime_error{line}, fault_{fault} {}
    [[nodiscard]] OpenFault fault() const noexcept { return fault_; }

private:
    OpenFault fault_;
};

/// What a commit survives: `full` a power loss, `normal` only the death of the process (SQLite WAL,
/// synchronous).
enum class Durability : std::uint8_t { full, normal };

/// An open, migrated database. Belongs to one thread at a time; other processes may have it open as
/// well.
class Database {
public:
    static constexpr std::uint32_t application_id = 0x4C4D504C;  ///< "LMPL", in the file's header

    /// Opens `file`, or creates it (mode 0600) for the office of `domain`; an empty `domain` takes
    /// what the file says. A file that cannot be used is refused before anything is written: it
    /// stays as it is, byte for byte.
    /// @throws OpenError
    explicit Database(const std::filesystem::path& file, std::string_view domain = {});
    ~Database();
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    /// The office's SIP domain, which is also the digest realm; lower case.
    [[nodiscard]] const std::string& domain() const noexcept { return domain_; }
    /// For the stores. Everything on it may throw SQLite::Exception.
    [[nodiscard]] SQLite::Database& handle() noexcept { return *handle_; }
    /// Does `work`, which asks the stores for what the program starts with.
    /// @throws OpenError where that throws SQLite::Exception: a table that is not as the schema has
    /// it is found when it is read.
    void read(const std::function<void()>& work);
    /// The schema version that this program writes: the number of the last file in db/schema.
    [[nodiscard]] static int newest_version() noexcept;

private:
    friend class Transaction;
    struct Bounds;
    void set_durability(Durability durability);

    std::unique_ptr<SQLite::Database> handle_;
    std::unique_ptr<Bounds> bounds_;  ///< of transactions; goes before the handle
    std::string domain_;
    Durability durability_ = Durability::full;
};

/// One write transaction (BEGIN IMMEDIATE); rolled back unless committed. They do not nest.
class Transaction {
public:
    /// Waits up to 5 seconds for another process. @throws SQLite::Exception
    Transaction(Database& database, Durability durability);
    ~Transaction();
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;

    /// On return it is as durable as was asked. @throws SQLite::Exception; then it is rolled back.
    void commit();

private:
    Database& database_;
    bool open_ = true;
};

}  // namespace lampline::db
