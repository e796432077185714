#pragma once
// The legs of all calls, found by what a pickup names.
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/string_table.hpp"
#include "core/call.hpp"

namespace lampline {

/// Finds legs by Call-ID and by connection, and the ringing ones by extension. O(1) in the number of calls. SIP
/// thread only.
class DialogIndex {
public:
    void add(const Leg& leg);
    /// The callee `leg` no longer rings.
    void stopped_ringing(const Leg& leg);
    void remove(const Leg& leg);
    /// The phone of `leg` is reached by `flow` from now on.
    void move(Leg& leg, const Flow& flow);

    /// Legs whose dialog has this Call-ID. Phones choose theirs, so there may be several.
    [[nodiscard]] std::span<const LegId> by_call_id(std::string_view call_id) const noexcept;
    /// Callee legs of `extension` that ring, the longest first.
    [[nodiscard]] std::span<const LegId> ringing(std::string_view extension) const noexcept;
    /// Legs whose phones are reached by `connection`.
    [[nodiscard]] std::span<const LegId> by_connection(ConnectionId connection) const noexcept;

private:
    using Table = StringTable<std::vector<LegId>>;

    static void take(Table& table, std::string_view key, LegId leg);
    void put_on(const Leg& leg);
    void take_off(const Leg& leg);
    static std::span<const LegId> look_up(const Table& table, std::string_view key) noexcept;

    Table by_call_id_;
    Table ringing_;
    std::unordered_map<ConnectionId, std::vector<LegId>> by_connection_;
};

}  // namespace lampline
