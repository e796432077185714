#pragma once
// Shared lines: which appearance each call has, and which are claimed (BroadSoft's Shared Call
// Appearance).
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/string_table.hpp"
#include "core/appearance.hpp"
#include "core/call_event.hpp"
#include "core/group_state.hpp"
#include "core/subscription.hpp"

namespace lampline {

/// That all appearances of `extension` are idle that are not named beside it.
CallInfo idle_rest(std::string_view extension, std::string_view domain);

/// How a line-seize fares.
enum class Seizure : std::uint8_t {
    granted,
    taken,    ///< somebody else has it: 480
    unknown,  ///< the line has no such appearance: 404
};

/// The appearances of the shared lines: a projection of DialogChanged, and the seizures. Legs of
/// one call share one. A call beyond the last appearance has none until one is free. Memory is
/// proportional to live calls and seizures. SIP thread only.
class Appearances {
public:
    /// What an event has changed.
    struct Change {
        bool shown = false;        ///< what call-info tells
        SubscriptionId used_up{};  ///< the line-seize that the call has taken the place of
    };

    /// `count` is that of `dialog.extension`; 0: its line is not shared. O(calls of the extension).
    Change fold(const DialogSnapshot& dialog, unsigned count);
    /// Calls of `extension` beyond its last appearance get those that are free by now, the oldest
    /// first; call it when a claim is over. True: one did.
    bool seat(std::string_view extension, unsigned count);
    /// The dialogs that have got one so, be it in fold(), since this was called last.
    [[nodiscard]] std::vector<LegId> take_seated() { return std::exchange(seated_, {}); }

    struct Claim {
        Seizure seizure = Seizure::taken;
        SubscriptionId before{};  ///< that of the same phone, whose place it takes
    };
    /// `phone` claims `index`, an idle one, or one on public hold that it means to retrieve.
    Claim seize(std::string_view extension, unsigned index, unsigned count,
                SubscriptionId subscription, const WatcherPhone& phone);
    /// True: it was claimed.
    bool release(std::string_view extension, SubscriptionId subscription);

    /// The line-seize of `phone` that an INVITE with `index` is about; `index` 0: the one that it
    /// would get. Empty: none.
    [[nodiscard]] SubscriptionId claim_of(std::string_view extension, unsigned index,
                                          const WatcherPhone& phone) const;
    /// Whether another phone than `phone` has claimed `index`.
    [[nodiscard]] bool is_claimed_by_another(std::string_view extension, unsigned index,
                                             const WatcherPhone& phone) const;

    /// The next dialog with this Call-ID is to have the appearance `index`, if it is free or
    /// claimed by `phone`; 0: the one that the phone has claimed, if any.
    void expect(std::string_view extension, std::string call_id, unsigned index,
                const WatcherPhone& phone);
    void forget_expected(std::string_view extension);

    /// The dialog on public hold that a phone retrieves with this appearance; nullptr: none.
    [[nodiscard]] const DialogId* held(std::string_view extension, unsigned index) const;
    [[nodiscard]] std::optional<AppearanceState> state(std::string_view extension,
                                                       unsigned index) const;
    /// nullopt: it has no appearance.
    [[nodiscard]] std::optional<LinePlace> place_of(LegId leg) const;

    /// What call-info tells of `extension`: all that is not idle, and that the rest is.
    [[nodiscard]] std::vector<CallInfo> shown(std::string_view extension, const Directory& directory,
                                              unsigned count, PartyView parties) const;

private:
    struct Appearance {
        unsigned index = 0;
        std::vector<DialogSnapshot> legs;  ///< the latest of each
        SubscriptionId seized_by{};
        WatcherPhone seized_at;

        [[nodiscard]] AppearanceState state() const;
        [[nodiscard]] bool is_idle() const { return legs.empty() && !seized_by; }
    };
    struct Expected {
        std::string call_id;
        unsigned index = 0;
        WatcherPhone phone;
    };
    struct Line {
        std::vector<Appearance> appearances;  ///< that are not idle
        std::vector<DialogSnapshot> beyond;   ///< the latest of each that has none, oldest first
        std::optional<Expected> expected;
    };

    [[nodiscard]] const Appearance* find(std::string_view extension, unsigned index) const;
    [[nodiscard]] static Appearance* choose(Line& line, const DialogSnapshot& dialog,
                                            unsigned count);
    [[nodiscard]] static Appearance* place(Line& line, const DialogSnapshot& dialog,
                                           unsigned count);
    void drop_idle(std::string_view extension);

    StringTable<Line> lines_;
    std::unordered_map<LegId, std::string> extensions_;  // of the legs that have an appearance
    std::vector<LegId> seated_;                          // since take_seated()
};

}  // namespace lampline
