#pragma once
// Group indications: facts about calls -> NOTIFYs that keep the lamps of the watchers true.
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/clock.hpp"
#include "base/timer_queue.hpp"
#include "core/directory.hpp"
#include "core/live_view.hpp"
#include "core/location_table.hpp"
#include "core/sip_input.hpp"
#include "core/token_source.hpp"
#include "engine/outbox.hpp"

namespace lampline {

/// Limits on what a watcher may ask for.
struct IndicationSettings {
    std::chrono::seconds min_expires{60};
    std::chrono::seconds default_expires{3600};
    std::chrono::seconds max_expires{7200};
    std::size_t max_subscriptions_per_watcher = 2000;
};

/// The notifier of the `dialog` event package (RFC 6665, RFC 4235), asked or unasked. What it tells is a projection
/// of DialogChanged and of nothing else. Memory is proportional to subscriptions and live dialogs. SIP thread only.
class GroupIndications {
public:
    GroupIndications(IndicationSettings settings, TokenSource tokens, DirectoryRef directory);

    /// Answers with exactly one Reply: 200; 400, 403, 406, 423, 481, 489, 500 (CSeq out of order), 513.
    void receive(const SubscribeReceived& request, Moment now, Outbox& outbox);
    void receive(const NotifyAnswered& answer, Moment now, Outbox& outbox);
    void receive(const ConnectionClosed& closed);

    /// The only source of state.
    void fold(const DialogChanged& changed, Moment now, Outbox& outbox);

    /// The phones of `aor` came, left, moved, or expire later: starts and ends its unsolicited indications.
    void bindings_changed(std::string_view aor, const LocationTable& locations, Moment now, Outbox& outbox);

    /// Ends at once what is no longer allowed (RFC 6665 §4.1.3: rejected, noresource) and starts what now is.
    void replace_directory(DirectoryRef directory, const LocationTable& locations, Moment now, Outbox& outbox);

    /// Takes up stored subscriptions at start, after the bindings: each is told the full state anew, above the
    /// counters it had reserved. Expired ones, and those no longer allowed, leave the storage.
    void restore(std::vector<StoredSubscription> stored, const LocationTable& locations, Moment now, Outbox& outbox);

    /// Ends what has expired, and tries again what was not answered.
    void advance(Moment now, Outbox& outbox);
    [[nodiscard]] std::optional<std::chrono::steady_clock::time_point> next_deadline() const;

    /// Orderly stop: stores the exact counters, so that the next run goes on without a gap.
    void save(Outbox& outbox);

    /// Adds the lamps and the counters of indications.
    void describe(LiveView& view) const;
};

}  // namespace lampline
