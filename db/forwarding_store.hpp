#pragma once
// Table `forwarding`.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/forwarding.hpp"
#include "db/database.hpp"

namespace lampline::db {

struct StoredForwarding {
    std::string number;  ///< of the extension
    Forwarding forwarding;
    std::uint64_t version = 0;
    std::chrono::sys_seconds updated_at;
};

/// Statements over one Database; every call may throw SQLite::Exception. Writing needs a
/// Transaction.
class ForwardingStore {
public:
    explicit ForwardingStore(Database& database) : database_{database} {}

    /// nullopt: the extension has the defaults.
    [[nodiscard]] std::optional<StoredForwarding> find(std::string_view number) const;
    /// Every row, by number.
    [[nodiscard]] std::vector<StoredForwarding> all() const;
    /// Inserts or replaces. `number` must be an extension.
    void put(const StoredForwarding& row);

private:
    Database& database_;
};

/// The word of a way to fork in the database and in REST: parallel, sequential.
std::string_view forking_word(Forking forking) noexcept;
std::optional<Forking> forking_named(std::string_view word) noexcept;
/// The words of exceptions, alike: number, prefix, anonymous; ring, forward, refuse.
std::string_view word(CallerMatch match) noexcept;
std::string_view word(CallerTreatment treatment) noexcept;
std::optional<CallerMatch> caller_match_named(std::string_view text) noexcept;
std::optional<CallerTreatment> caller_treatment_named(std::string_view text) noexcept;

}  // namespace lampline::db
