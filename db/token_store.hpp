#pragma once
// Table `token`.
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "db/database.hpp"

namespace lampline::db {

struct StoredToken {
    std::string sha256;  ///< of the token's text, lower-case hex
    std::string name;
    std::string role;  ///< admin, operator, receptionist, auditor
    std::chrono::sys_seconds created_at;
    std::optional<std::chrono::sys_seconds> last_used_at;
};

/// Statements over one Database; every call may throw SQLite::Exception. Writing needs a
/// Transaction.
class TokenStore {
public:
    explicit TokenStore(Database& database) : database_{database} {}

    [[nodiscard]] std::optional<StoredToken> find_by_digest(std::string_view sha256) const;
    [[nodiscard]] std::optional<StoredToken> find_by_name(std::string_view name) const;
    /// Every token, by name.
    [[nodiscard]] std::vector<StoredToken> all() const;
    void add(const StoredToken& token);
    bool remove(std::string_view name);
    void touch(std::string_view sha256, std::chrono::sys_seconds used_at);

private:
    Database& database_;
};

}  // namespace lampline::db
