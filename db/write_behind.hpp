#pragma once
// Changes that are owed to the disk: the newest per binding, subscription, publication and call,
// and when each is due.
#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "core/stored.hpp"
#include "db/binding_store.hpp"
#include "db/call_log_store.hpp"
#include "db/call_store.hpp"
#include "db/ended_notifier_store.hpp"
#include "db/open_record_store.hpp"
#include "db/outside_day_store.hpp"
#include "db/publication_store.hpp"
#include "db/subscription_store.hpp"
#include "db/turn_store.hpp"
#include "db/unasked_lamp_store.hpp"
#include "db/write_pacing.hpp"

namespace lampline::db {

/// Collects and writes. Holds at most one change per binding, subscription, publication and call.
/// Database thread only; time is told.
class WriteBehind {
public:
    using TimePoint = WritePacing::TimePoint;

    static constexpr std::size_t max_records = 16'384;  ///< owed; beyond it the oldest is lost
    static constexpr std::chrono::seconds max_retry_delay{30};

    explicit WriteBehind(Database& database);

    void add(std::vector<StorageChange> changes, TimePoint now);
    /// When flush() is due; nullopt when nothing is owed.
    [[nodiscard]] std::optional<TimePoint> next_deadline() const noexcept { return deadline_; }
    [[nodiscard]] const WritePacing& pacing() const noexcept { return pacing_; }
    /// Writes everything owed in one transaction when `now` has reached the deadline. A failure is
    /// logged and tried again after a growing delay; a row that the schema refuses is logged and
    /// dropped.
    void flush_due(TimePoint now);
    /// The same at once. False: it failed and is still owed.
    bool flush(TimePoint now);
    [[nodiscard]] std::size_t owed() const noexcept;

private:
    struct OwedBinding {
        Binding binding;  ///< only aor and contact count when removed
        enum class Kind : std::uint8_t { refreshed, stored, removed } kind;
    };

    using OwedSubscription = std::variant<SubscriptionStored, SubscriptionRemoved>;
    using OwedPublication = std::variant<PublicationStored, PublicationRemoved>;
    using OwedCall = std::variant<CallStored, CallRemoved>;
    using OwedRinging = std::variant<RingingStored, RingingRemoved>;
    using OwedLamp = std::variant<UnaskedLampStored, UnaskedLampRemoved>;

    void add_binding(Binding binding, OwedBinding::Kind kind);
    void add_record(RecordOpened opened);
    void add_record(CallRecorded recorded);
    void due_by(TimePoint deadline);
    void write_together();
    void write_one_by_one();
    void write(const OwedBinding& owed);
    void write(const OwedSubscription& owed);
    void write(const OwedPublication& owed);
    void write(const OwedCall& owed);
    void write(const OwedRinging& owed);
    void write(const TurnTaken& owed);
    void write(const NotifierEnded& owed);
    void write(const RecordOpened& owed);
    void write(const CallRecorded& owed);
    void write(const OutsideDay& owed);
    void write(const OwedLamp& owed);
    template <class Visit>
    void for_each_owed(Visit visit);

    Database& database_;
    BindingStore bindings_;
    SubscriptionStore subscriptions_;
    PublicationStore publications_;
    CallStore calls_;
    TurnStore turns_;
    EndedNotifierStore ended_notifiers_;
    OpenRecordStore open_records_;
    CallLogStore call_log_;
    OutsideDayStore outside_days_;
    UnaskedLampStore unasked_lamps_;
    std::unordered_map<std::string, std::vector<OwedBinding>> owed_bindings_;  // by aor
    std::unordered_map<std::string, OwedSubscription> owed_subscriptions_;     // by Call-ID and tag
    std::unordered_map<std::string, OwedPublication> owed_publications_;       // by id
    std::unordered_map<CallRef, OwedCall> owed_calls_;
    std::unordered_map<CallRef, OwedRinging> owed_ringing_;
    std::unordered_map<std::string, TurnTaken> owed_turns_;  // by ring group
    std::unordered_map<std::string, NotifierEnded> owed_ended_;  // by dialog
    std::unordered_map<std::string, OutsideDay> owed_days_;  // by payer and trunk
    std::unordered_map<std::string, OwedLamp> owed_lamps_;   // by watcher, phone and member
    std::unordered_map<CallRecordId, RecordOpened> owed_open_;
    std::deque<CallRecorded> owed_records_;
    std::size_t lost_records_ = 0;
    std::size_t owed_bindings_count_ = 0;
    std::optional<TimePoint> deadline_;
    WritePacing pacing_;
    std::chrono::seconds retry_delay_{0};
};

}  // namespace lampline::db
