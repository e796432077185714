#pragma once
// How much of what calls to outside may cost is used up: who has how many, and how many there were
// today.
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/string_table.hpp"
#include "core/outside_rights.hpp"
#include "core/stored.hpp"
#include "engine/outbox.hpp"

namespace lampline {

/// Which limit stands in the way.
enum class OutsideLimit : std::uint8_t { none, calls, calls_per_day };

/// Calls of each payer and over each trunk. O(1) in the number of calls. Days are those of UTC. SIP
/// thread only.
class OutsideUse {
public:
    /// The day that calls count for from now on.
    void set_day(std::chrono::sys_days day);
    /// Counts of an earlier run; those of other days are passed over.
    void restore(const std::vector<OutsideDay>& days);

    /// For whom a leg is a call of the day: not for whom it is the next way of one that was counted already.
    struct Anew {
        bool payer = true;
        bool trunk = true;
    };
    /// A leg to outside began.
    void began(std::string_view payer, std::string_view trunk, Anew anew, Outbox& outbox);
    /// A leg to outside of an earlier run goes on.
    void resumed(std::string_view payer, std::string_view trunk);
    void ended(std::string_view payer, std::string_view trunk);

    /// What keeps `payer` from one more call within `limits`.
    [[nodiscard]] OutsideLimit payer_limit(std::string_view payer,
                                           const OutsideLimits& limits) const;
    [[nodiscard]] OutsideLimit trunk_limit(std::string_view trunk,
                                           const OutsideLimits& limits) const;
    [[nodiscard]] std::size_t calls_over(std::string_view trunk) const noexcept;

private:
    struct Count {
        std::size_t now = 0;
        unsigned today = 0;
    };
    using Table = StringTable<Count>;

    static Count& at(Table& table, std::string_view key);
    static void count_down(Table& table, std::string_view key);
    static OutsideLimit limit_of(const Table& table, std::string_view key,
                                 const OutsideLimits& limits);

    std::chrono::sys_days day_{};
    Table payers_;
    Table trunks_;
};

}  // namespace lampline
