#pragma once
// Tables `call_record`, `call_part` and `failed_move`: calls that are over.
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/call_record.hpp"
#include "db/database.hpp"

namespace lampline::db {

enum class CallSide : std::uint8_t { any, incoming, outgoing };
enum class CallOutcome : std::uint8_t { any, answered, missed };

/// Which calls, newest first.
struct CallLogQuery {
    std::string extension;  ///< that has a part in them; empty: all
    CallSide side =
        CallSide::any;  ///< as `extension` sees it: it was rung, or it called or took the call
    CallOutcome outcome = CallOutcome::any;  ///< of `extension`, where one is given
    std::optional<std::chrono::system_clock::time_point> from;  ///< started then or later
    std::optional<std::chrono::system_clock::time_point> to;    ///< started before
    std::string text;     ///< in numbers or names of caller, dialled, callee, and who took the call
                          ///< or was to get it by a transfer, as holds_text finds it
    CallRecordId before;  ///< older than this one; 0: from the newest
    std::size_t limit = 50;
};

/// How much is kept. 0: no limit.
struct CallLogLimits {
    std::chrono::days age{90};
    std::size_t rows = 100'000;
};

/// Statements over one Database; every call may throw SQLite::Exception.
class CallLogStore {
public:
    explicit CallLogStore(Database& database);
    ~CallLogStore();
    CallLogStore(const CallLogStore&) = delete;
    CallLogStore& operator=(const CallLogStore&) = delete;

    /// A record that is there already is replaced. Needs a Transaction.
    void put(const CallRecord& record);
    /// At most `limit` records, without their parts; finds its place by key, not by counting.
    [[nodiscard]] std::vector<CallRecord> page(const CallLogQuery& query);
    /// With its parts.
    [[nodiscard]] std::optional<CallRecord> find(CallRecordId id);
    /// Those of `extensions` that have talked, in the order in which their last talk ended.
    [[nodiscard]] std::vector<std::string> by_last_talk(const std::vector<std::string>& extensions);
    /// Removes at most `at_most` of the oldest records beyond the limits, in a transaction of its
    /// own; how many.
    std::size_t prune(const CallLogLimits& limits, std::chrono::system_clock::time_point now,
                      std::size_t at_most);

private:
    struct Statements;
    Database& database_;
    std::unique_ptr<Statements> statements_;
};

}  // namespace lampline::db
