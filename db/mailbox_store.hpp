#pragma once
// Table `mailbox`.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/message_summary.hpp"
#include "db/database.hpp"

namespace lampline::db {

struct StoredMailbox {
    std::string number;  ///< of the extension
    MessageCounts messages;
    std::uint64_t version = 0;
    std::chrono::sys_seconds updated_at;
};

/// Statements over one Database; every call may throw SQLite::Exception. Writing needs a
/// Transaction.
class MailboxStore {
public:
    explicit MailboxStore(Database& database) : database_{database} {}

    /// nullopt: nobody has counted the messages of this extension.
    [[nodiscard]] std::optional<StoredMailbox> find(std::string_view number) const;
    /// Every row, by number.
    [[nodiscard]] std::vector<StoredMailbox> all() const;
    /// Inserts or replaces. `number` must be an extension.
    void put(const StoredMailbox& row);

private:
    Database& database_;
};

}  // namespace lampline::db
