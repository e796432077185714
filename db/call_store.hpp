#pragma once
// Tables `talking_call` and `ringing_invite`.
#include <memory>
#include <vector>

#include "core/stored_call.hpp"
#include "db/database.hpp"

namespace lampline::db {

/// Keeps prepared statements. Every call may throw SQLite::Exception; writing needs a Transaction.
class CallStore {
public:
    explicit CallStore(Database& database);
    ~CallStore();

    struct Rows {
        std::vector<StoredCall> calls;
        std::vector<CallRef> damaged;        ///< rows of talking calls that make none; logged
        std::vector<StoredRinging> ringing;  ///< without their damaged INVITEs, which are logged
    };
    /// Reads only. The values of a row are checked like a message from the network.
    [[nodiscard]] Rows all();
    void put(const StoredCall& call);
    void remove(CallRef call);
    void put(const StoredRinging& call);
    void remove_ringing(CallRef call);

private:
    [[nodiscard]] std::vector<StoredRinging> ringing();

    struct Statements;

    Database& database_;
    std::unique_ptr<Statements> statements_;
};

}  // namespace lampline::db
