#pragma once
// The messages that wait for an extension, as a voice mail system counts them: one transaction,
// ConfigChange.
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "admin/change.hpp"
#include "base/result.hpp"
#include "core/message_summary.hpp"
#include "db/database.hpp"

namespace lampline::admin {

/// `version` is that of the extension as long as nothing was counted.
struct MessageView {
    std::string number;
    MessageCounts messages;
    std::uint64_t version = 0;
    std::chrono::sys_seconds updated_at;
};

struct MessagesSaved {
    MessageView view;
    ConfigChange change;
};

/// Use cases over one Database, on the thread that has it. May throw SQLite::Exception; then
/// nothing is changed.
class MessageService {
public:
    explicit MessageService(db::Database& database) : database_{database} {}

    /// nullopt: there is no such extension.
    [[nodiscard]] std::optional<MessageView> find(std::string_view number) const;
    /// Replaces. Faults at /new, /old, /urgent_new, /urgent_old (0 to 9999), and where more are
    /// urgent than there are.
    Result<MessagesSaved, Refusal> put(std::string_view number, const MessageCounts& messages,
                                       const Precondition& condition, const Actor& actor,
                                       std::chrono::sys_seconds now);

private:
    db::Database& database_;
};

}  // namespace lampline::admin
