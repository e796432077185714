#pragma once
// Trunks: validate, one transaction, ConfigChange.
#include <chrono>
#include <optional>
#include <string_view>
#include <vector>

#include "admin/audited_change.hpp"
#include "base/result.hpp"
#include "db/database.hpp"
#include "db/trunk_store.hpp"

namespace lampline::admin {

using TrunkSaved = Saved<db::StoredTrunk>;

/// Use cases over one Database, on the thread that has it. May throw SQLite::Exception; then
/// nothing is changed.
class TrunkService {
public:
    static constexpr std::size_t max_trunks = 50;

    explicit TrunkService(db::Database& database) : database_{database} {}

    [[nodiscard]] std::optional<db::StoredTrunk> find(std::string_view name) const;
    [[nodiscard]] std::vector<db::StoredTrunk> all() const;
    /// Creates or replaces. Credentials without a secret keep the one that there is. What `domain`
    /// and realm do not say follows from the first server. Faults at /name (malformed, too_many),
    /// /display_name, /servers (required, too_many), /servers/N/host, /sources, /sources/N,
    /// /domain, /username, /secret, /realm (malformed, required), /expires, /qualify
    /// (out_of_range), /caller_id/main_number, /caller_id/numbers/N/{pattern,number},
    /// /inbound/N/on_behalf_of (unknown_extension), /inbound/N/outside (not_allowed), /inbound/N/{pattern,destination} (malformed, with what RE2 says).
    Result<TrunkSaved, Refusal> put(const Trunk& trunk, const Precondition& condition,
                                    const Actor& actor, std::chrono::sys_seconds now);
    /// in_use while a rule of the digit plan names it.
    Result<ConfigChange, Refusal> remove(std::string_view name, const Precondition& condition,
                                         const Actor& actor, std::chrono::sys_seconds now);

private:
    db::Database& database_;
};

}  // namespace lampline::admin
