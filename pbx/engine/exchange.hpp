#pragma once
// The domain in one piece: registrar, call engine and group indications, joined by values.
#include <map>

#include "engine/call_engine.hpp"
#include "engine/call_recorder.hpp"
#include "engine/event_notifier.hpp"
#include "engine/contact_qualify.hpp"
#include "engine/group_indications.hpp"
#include "engine/instant_messages.hpp"
#include "engine/registrar.hpp"
#include "engine/trunk_lines.hpp"

namespace lampline {

struct ExchangeSettings {
    RegistrarSettings registrar;
    CallSettings calls;
    IndicationSettings indications;
    EventSettings events{};
    PublicationSettings publications{};
    QualifySettings qualify{};
    MessageSettings messages{};
    TrunkLineSettings trunks{};
};

/// All that a run leaves to the next one.
struct Kept {
    std::vector<Binding> bindings;
    std::vector<StoredSubscription> subscriptions;
    std::vector<StoredCall> calls;
    std::vector<StoredRinging> ringing;
    std::vector<TurnTaken> turns;     ///< of ring groups that take turns
    std::vector<std::string> talked;  ///< extensions in the order in which their last talk ended
    std::vector<OutsideDay> outside;
    std::vector<StoredPublication> publications;
    std::vector<NotifierEnded> ended_notifiers;  ///< the oldest first
    std::vector<OpenRecord> records;             ///< of calls that were not over
    std::vector<UnaskedLamp> unasked_lamps;
};

/// One step per input: the input moves its use case, the facts it announces are folded into the
/// indications, and what has to be sent and stored is left in the outbox. `outbox.events` keeps the
/// facts for whoever else listens; when the outbox is `listened`, `outbox.shown` tells what changed
/// in order. SIP thread only.
class Exchange {
public:
    Exchange(ExchangeSettings settings, TokenSource tokens, DirectoryRef directory);

    void receive(const SipInput& input, Moment now, Outbox& outbox);
    /// The answer to one of `outbox.asked`.
    void receive(const FeatureSettled& settled, Moment now, Outbox& outbox);
    /// What a third party wants done with a call.
    OrderAnswer carry_out(const CallOrder& order, Moment now, Outbox& outbox);
    /// All that is due by `now`.
    void advance(Moment now, Outbox& outbox);
    [[nodiscard]] std::optional<std::chrono::steady_clock::time_point> next_deadline() const;

    /// A new configuration acts at once: deleted extensions lose their bindings, withdrawn rights
    /// their lamps.
    void replace_directory(DirectoryRef directory, Moment now, Outbox& outbox);
    /// What was kept over a restart; once, before the first input. The first NOTIFYs show the
    /// calls.
    void restore(Kept kept, Moment now, Outbox& outbox);
    /// Bindings and subscriptions live on, and so do in storage the calls that are not ended.
    void end_calls(CallsToEnd which, Moment now, Outbox& outbox);
    /// Orderly end: trunks learn that nobody is here any more.
    void leave_trunks(Outbox& outbox) { trunks_.stop(outbox); }
    [[nodiscard]] bool is_leaving_trunks() const noexcept { return trunks_.is_leaving(); }
    /// Hands exact counters to storage: the last thing before an orderly end.
    void save(Outbox& outbox);

    [[nodiscard]] std::size_t call_count() const noexcept { return calls_.call_count(); }
    [[nodiscard]] LiveView view(Moment now) const;
    /// What would become of a call now, in words.
    [[nodiscard]] RouteExplanation explain_route(const RouteTest& test, Moment now)
    {
        return calls_.explain_route(test, now);
    }
    [[nodiscard]] bool is_emergency(std::string_view dialled) const
    {
        return calls_.is_emergency(dialled);
    }
    /// Why the lamps of one watcher for one member show what they show, after sending them anew if
    /// that is asked for.
    LampAccount answer(const LampQuestion& question, Moment now, Outbox& outbox);

private:
    void receive_invite(const InviteReceived& request, Moment now, Outbox& outbox);
    /// Tells what is published where our own dialogs are told, and nowhere else: it is no call.
    void fold_published(const StatePublished& published, Moment now, Outbox& outbox);
    /// The phones of a shared line hear in their INVITE which appearance the call has.
    void label_invite(const DialogSnapshot& dialog, Outbox& outbox) const;
    [[nodiscard]] std::vector<DialogSnapshot> unplaced(const Directory& next) const;
    void note_place(LegId leg, Outbox& outbox);
    /// Folds the events announced since `first` into the indications.
    void fold_events(std::size_t first, Moment now, Outbox& outbox);
    /// All that this step changes is known: now it is told.
    void finish_step(Moment now, Outbox& outbox)
    {
        indications_.finish_step(now, outbox);
        events_.finish_step(now, outbox);
        for (const auto leg : events_.take_seated()) note_place(leg, outbox);
    }
    /// The phone of `number` at `contact`, or at `flow`, is there: what waits for that is sent.
    void tell_phone(const std::string& number, const SipUri& contact, const Flow& flow, Moment now);
    /// A phone that speaks is there.
    void note_sign_of_life(const SipInput& input, Moment now, Outbox& outbox);

    DirectoryRef directory_;  // of the start, until restore()
    IdSource<ClientTransactionId> standalone_ids_;
    Registrar registrar_;
    TrunkLines trunks_;
    CallEngine calls_;
    NotifyPacing pacing_;
    GroupIndications indications_;
    Publications publications_;
    EventNotifier events_;
    CallRecorder recorder_;
    ContactQualify qualify_;
    InstantMessages messages_;
    std::uint64_t registrations_ = 0;
    std::map<unsigned, std::uint64_t> refused_;  // INVITEs, as LiveCounters has them
};

}  // namespace lampline
