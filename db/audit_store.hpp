#pragma once
// Table `audit`: one row per change of the configuration, written in the same transaction.
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "db/database.hpp"

namespace lampline::db {

struct AuditRow {
    std::uint64_t id = 0;  ///< given by record()
    std::chrono::sys_seconds at;
    std::string actor;    ///< name of the token, or the command line
    std::string address;  ///< where the request came from; empty: this machine's command line
    std::string request_id;
    std::string operation;              ///< extension.put, extension.delete, group.put, ...
    std::string subject;                ///< key of the thing
    std::optional<std::string> before;  ///< JSON without secrets; empty: it did not exist
    std::optional<std::string> after;
};

/// What of the audit is kept.
struct AuditLimits {
    std::chrono::days age{0};  ///< 0: any age
    std::size_t rows = 0;      ///< 0: any number
};

/// Statements over one Database; every call may throw SQLite::Exception.
class AuditStore {
public:
    explicit AuditStore(Database& database) : database_{database} {}

    /// Returns the id of the row: higher than any before it. Needs a Transaction.
    std::uint64_t record(const AuditRow& row);
    /// The last `limit` rows, newest first.
    [[nodiscard]] std::vector<AuditRow> latest(std::size_t limit) const;
    /// Removes at most `at_most` of the oldest rows beyond the limits, in a transaction of its own;
    /// how many. Ids are never given again.
    std::size_t prune(const AuditLimits& limits, std::chrono::sys_seconds now, std::size_t at_most);

private:
    Database& database_;
};

}  // namespace lampline::db
