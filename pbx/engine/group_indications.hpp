#pragma once
// Group indications: facts about calls -> NOTIFYs that keep the lamps of the watchers true.
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/clock.hpp"
#include "base/string_table.hpp"
#include "base/timer_queue.hpp"
#include "core/directory.hpp"
#include "core/group_state.hpp"
#include "core/live_view.hpp"
#include "core/location_table.hpp"
#include "core/sip_input.hpp"
#include "core/subscription.hpp"
#include "core/token_source.hpp"
#include "engine/ended_lamps.hpp"
#include "engine/ended_notifiers.hpp"
#include "engine/list_delivery.hpp"
#include "engine/list_notify.hpp"
#include "engine/notify_delivery.hpp"
#include "engine/notify_pacing.hpp"
#include "engine/notify_path.hpp"
#include "engine/outbox.hpp"
#include "engine/owed_ends.hpp"
#include "engine/subscribe_request.hpp"
#include "engine/subscription_index.hpp"

namespace lampline {

/// Limits on what a watcher may ask for.
struct IndicationSettings {
    std::chrono::seconds min_expires{60};
    std::chrono::seconds default_expires{3600};
    std::chrono::seconds max_expires{7200};
    std::chrono::seconds max_forwarded_expires{86400};  ///< of what a phone has granted, remembered
    std::size_t max_subscriptions_per_phone = most_of_phone;      ///< each member of a list counts
    std::size_t max_subscriptions_per_watcher = most_of_watcher;  ///< of all of its phones
    std::size_t safe_size = safe_message_size;                    ///< bytes of a message over UDP
};

/// The notifier of the `dialog` event package (RFC 6665, RFC 4235), asked or unasked, of extensions
/// and of groups (RFC 4662). What it tells
/// is a projection of DialogChanged and of nothing else. Memory is proportional to subscriptions
/// and live dialogs. SIP thread only.
class GroupIndications : private ListDelivery<GroupIndications>,
                         private NotifyDelivery<GroupIndications> {
public:
    /// `locations`, which says how else a phone can be reached, and `pacing` must outlive this.
    GroupIndications(IndicationSettings settings, TokenSource tokens, DirectoryRef directory,
                     const LocationTable& locations, NotifyPacing& pacing);

    /// Answers with exactly one Reply: 200; 400, 403, 406, 415, 421, 423, 480, 481, 489, 500 (CSeq
    /// out of order), 513; or forwards it.
    void receive(const SubscribeReceived& request, Moment now, Outbox& outbox);
    void receive(const NotifyAnswered& answer, Moment now, Outbox& outbox);
    void receive(const ConnectionClosed& closed, Moment now, Outbox& outbox)
    {
        connection_closed(closed.connection, now, outbox);
    }
    void receive(const SubscribeForwarded& answered, Moment now, Outbox& outbox);
    /// Passes it on, or answers 481.
    void receive(const NotifyReceived& notify, Moment now, Outbox& outbox);
    void receive(const ForwardedEnded& ended, Moment now, Outbox& outbox);

    /// The only source of what calls do.
    void fold(const DialogChanged& changed, Moment now, Outbox& outbox);
    /// After all facts of one step: tells each subscription once what they have changed.
    void finish_step(Moment now, Outbox& outbox);

    /// The phones of `aor` came, left, moved, or expire later: starts and ends its unsolicited
    /// indications.
    void bindings_changed(std::string_view aor, const LocationTable& locations, Moment now,
                          Outbox& outbox);

    /// Before bindings_changed(), when a registration was not renewed: its phone may be out of
    /// reach, and what it has subscribed to is told on, until that expires. What another phone
    /// tells it by itself is not.
    void registration_expired(const std::string& aor, Moment now, Outbox& outbox);
    /// What it has subscribed to ends.
    void phone_left(const PhoneLeft& left, Moment now, Outbox& outbox);

    using NotifyDelivery<GroupIndications>::phone_moved;
    /// As NotifyDelivery; and phones that have not accepted what was forwarded are asked again.
    void heard(const Binding& binding, Moment now, Outbox& outbox);
    using NotifyDelivery<GroupIndications>::any_waiting;
    using NotifyDelivery<GroupIndications>::phone_is_there;
    using NotifyDelivery<GroupIndications>::turn_came;

    /// A phone of `aor` answers no more, or again.
    void reach_changed(std::string_view aor, Moment now, Outbox& outbox);

    /// Ends at once what is no longer allowed (RFC 6665 §4.1.3: rejected, noresource) and starts
    /// what now is. Who is told in a dialect that is another now is told the present state anew.
    void replace_directory(DirectoryRef directory, const LocationTable& locations, Moment now,
                           Outbox& outbox);

    /// Takes up stored subscriptions at start, after the bindings: each is told the full state
    /// anew, above the counters it had reserved. Expired ones, and those no longer allowed, leave
    /// the storage. `expired`: the bindings that have done so meanwhile. `in_calls`: members who
    /// were in a call when the last run ended; no others can have a wrong lamp, so a phone that
    /// wants gaps between its NOTIFYs hears of them first.
    void restore(std::vector<StoredSubscription> stored, const LocationTable& locations, Moment now,
                 Outbox& outbox, const std::vector<Binding>& expired = {},
                 const std::unordered_set<std::string>& in_calls = {});

    /// Since when what was taken up is what it is, once all dialogs of the last run are known and
    /// before anything else happens: the moment that `talks_since` has of a dialog, the latest of
    /// several; never that of the restart.
    void recall_since(
        const std::function<std::optional<WallTime>(const DialogSnapshot&)>& talks_since);
    /// The same for dialogs in which phones may not notify any more.
    void recall(const std::vector<NotifierEnded>& ended, Moment now);
    /// The same for lamps that phones may show, before restore().
    void recall(std::vector<UnaskedLamp> lamps, Moment now, Outbox& outbox);

    /// Ends what has expired, and tries again what was not answered.
    void advance(Moment now, Outbox& outbox);
    [[nodiscard]] std::optional<std::chrono::steady_clock::time_point> next_deadline() const;

    /// Orderly stop: stores the exact counters, so that the next run goes on without a gap.
    void save(Outbox& outbox);

    /// nullptr: it is over.
    [[nodiscard]] const Subscription* find(SubscriptionId id) const noexcept
    {
        const auto found = subscriptions_.find(id);
        return found == subscriptions_.end() ? nullptr : found->second.get();
    }

    /// Adds the lamps and the counters of indications.
    void describe(LiveView& view) const;

    /// Why the lamps of `watcher` for `member` show what they show; what only the calls know is
    /// left out. Proportional to the phones of the watcher.
    [[nodiscard]] LampAccount explain(std::string_view watcher, std::string_view member,
                                      const LocationTable& locations, Moment now) const;
    /// Sends the present state anew to each lamp of `watcher` for `member`: now, whatever failure
    /// it waits out, or after the answer to what is under way, or at the pace of the phone.
    std::vector<ResentNotify> resend(std::string_view watcher, std::string_view member, Moment now,
                                     Outbox& outbox);

private:
    friend ListDelivery<GroupIndications>;
    friend NotifyDelivery<GroupIndications>;

    /// A watched extension: here while it has dialogs or subscriptions.
    struct Member {
        MemberState state;
        std::vector<Subscription*> subscriptions;
        std::optional<WallTime> since;  ///< the leading state is what it is
    };
    /// A watching extension: here while it has subscriptions, or phones that may be told unasked.
    struct Watcher {
        std::vector<std::shared_ptr<WatcherPhone>> phones;
        StringTable<std::vector<Subscription*>> by_member;  // lists under each of their members
        std::vector<Subscription*> lists;
        StringTable<std::vector<Subscription*>> ending;  // by member; see indication_owed_end.cpp
        std::size_t unasked_ends = 0, asked_ends = 0;
        RequestedCounts requested;
        std::size_t waiting = 0;  ///< of its subscriptions; see NotifyDelivery
    };
    /// When the phones of an extension that have not accepted what was forwarded are asked again.
    struct AskedInVain {
        std::chrono::steady_clock::time_point due;
        std::chrono::seconds pause;
    };
    // indication_account.cpp
    [[nodiscard]] AccountedLamp account_of(const Subscription& subscription,
                                           std::string_view member, Moment now) const;
    [[nodiscard]] AccountedPhone with_lamp(AccountedPhone phone, const Subscription& subscription,
                                           const LampAccount& account, Moment now) const;
    void account_phones(LampAccount& account, std::span<const Binding> bindings, Moment now) const;
    void show(const Subscription& subscription, LampStep step, Moment now, Outbox& outbox) const;
    void show(const Subscription& subscription, const std::string& member, const ToldLamp& lamp,
              LampStep step, Moment now, Outbox& outbox) const;
    void show_left(Subscription& subscription, Moment now, Outbox& outbox) const;
    void show_changed(const Subscription& subscription, const std::string& member, Moment now,
                      Outbox& outbox) const;
    void describe(const Subscription& subscription, const std::string& member, const ToldLamp& lamp,
                  bool owed, LiveView& view) const;

    // indication_subscribe.cpp
    void receive_initial(const SubscribeReceived& request, Moment now, Outbox& outbox);
    void receive_in_dialog(const SubscribeReceived& request, Moment now, Outbox& outbox);
    void refresh(Subscription& subscription, const SubscribeReceived& request,
                 std::chrono::seconds granted, Moment now, Outbox& outbox);
    void tell_anew(Subscription& subscription, const SipUri& contact, const Flow& source,
                   Moment now, Outbox& outbox);
    void fetch(std::unique_ptr<Subscription> subscription, Moment now, Outbox& outbox);
    [[nodiscard]] ExpiryLimits limits() const noexcept;
    [[nodiscard]] bool is_one_too_many(const Subscription& added, std::size_t lamps) const;
    [[nodiscard]] Reply too_many(const SubscribeReceived& request) const;
    [[nodiscard]] bool admit(Subscription& subscription, const SubscribeReceived& request,
                             Outbox& outbox);
    [[nodiscard]] std::unique_ptr<Subscription> requested(const SubscribeReceived& request,
                                                          std::string watched);
    [[nodiscard]] const Binding* binding_of(std::string_view watcher, const SipUri& contact,
                                            const Flow& flow) const;
    [[nodiscard]] std::vector<std::string> devices_of(std::string_view watcher,
                                                      const SipUri& contact, const Flow& flow,
                                                      std::string_view user_agent) const;

    // indication_forward.cpp
    void forward(std::unique_ptr<Subscription> asked, const SubscribeReceived& request, Moment now,
                 Outbox& outbox);
    void forward_in_dialog(const SubscribeReceived& request, Moment now, Outbox& outbox);
    [[nodiscard]] Subscription* keep_forwarded(std::unique_ptr<Subscription> asked,
                                               const SubscribeReceived& request, Moment now,
                                               Outbox& outbox);
    [[nodiscard]] const Binding* phone_at(std::string_view member, const SipUri& contact) const;
    void pass_last(const NotifyReceived& notify, Moment now, Outbox& outbox);
    void prolong_forwarded(Subscription& subscription, const SubscribeForwarded& answered,
                           Moment now, Outbox& outbox);
    [[nodiscard]] bool learn_phone(Notifier& notifier, const Subscription& subscription,
                                   const SipUri& contact, const Flow& source) const;
    void restore_notifiers(Subscription& subscription,
                           const std::vector<StoredNotifier>& notifiers);

    // indication_forward_end.cpp
    void end_for_watcher(const Subscription& subscription, const Notifier& notifier,
                         SubscriptionEnd reason, LastWord last_word, Moment now, Outbox& outbox);
    [[nodiscard]] Subscription* end_in_dialog(std::string_view watcher, std::string_view watched,
                                              std::string_view call_id,
                                              std::string_view notifier_tag) const;
    void restore_end(std::unique_ptr<Subscription> over, const std::vector<Binding>& expired,
                     Moment now, Outbox& outbox);
    void note_ended(std::string dialog, std::uint32_t last_cseq, Moment now, Outbox& outbox);
    [[nodiscard]] bool is_silenced(const Subscription& subscription) const;
    void silence_lapsed(const Subscription& subscription, Moment now, Outbox& outbox);
    void end_come_back(Subscription& subscription, Moment now, Outbox& outbox);
    void end_of_gone_phones(Subscription& subscription, std::span<const Binding> phones, Moment now,
                            Outbox& outbox);
    void forget_notifier(Subscription& subscription, std::string_view tag, Moment now,
                         Outbox& outbox);
    void end_forwarded(Subscription& subscription, Moment now, Outbox& outbox);
    void end_where_nobody_notifies(std::string_view member, Moment now, Outbox& outbox);
    void ask_again(const Binding& phone, Moment now, Outbox& outbox);

    // indication_unsolicited.cpp
    [[nodiscard]] std::vector<std::shared_ptr<WatcherPhone>>
    replace_phones(Watcher& watcher, std::span<const Binding> bindings, Moment now, Outbox& outbox);
    void reconcile(const std::string& watcher, Moment now, Outbox& outbox);
    void reconcile(const std::string& watcher, const std::string& member, Moment now,
                   Outbox& outbox);
    [[nodiscard]] std::unique_ptr<Subscription> implied(std::shared_ptr<WatcherPhone> phone,
                                                        const WatchRight& right);
    void leave_alone(std::shared_ptr<WatcherPhone> phone, const std::string& watcher,
                     unsigned status, Moment now, Outbox& outbox);
    void reconcile(const std::string& watcher, const std::vector<std::string>& members, Moment now,
                   Outbox& outbox);
    /// Which subscriptions tell a phone of one member.
    struct ToldTo {
        Subscription* implicit = nullptr;
        bool subscribed = false;
    };
    [[nodiscard]] ToldTo told_to(const WatcherPhone& phone, std::string_view watcher,
                                 std::string_view watched) const;
    [[nodiscard]] bool is_told_unasked(std::string_view watcher, std::string_view watched) const;
    [[nodiscard]] static std::vector<Subscription*> told_unasked(const WatcherPhone& phone,
                                                                 const Watcher& watcher);
    void end_of_left(const std::string& watcher, Moment now, Outbox& outbox);
    void end_all(const std::string& watcher, const std::vector<Subscription*>& left, Moment now,
                 Outbox& outbox);

    // indication_owed_end.cpp
    void owe_end(Subscription& subscription, SubscriptionEnd reason, Moment now, Outbox& outbox);
    void await_end(Subscription& subscription, SubscriptionEnd reason, Moment now, Outbox& outbox);
    void owe_end_again(std::shared_ptr<WatcherPhone> phone, const UnaskedLamp& lamp, Moment now,
                       Outbox& outbox);
    bool hold_end(Subscription& over, Moment now, Outbox& outbox);
    static void release_end(Watcher& watcher, const Subscription& over);
    void deliver_end(Subscription& over, Moment now, Outbox& outbox);
    [[nodiscard]] SubscriptionEnd reason_of_end(const Subscription& over) const;
    void send_end(Subscription& over, SubscriptionEnd reason, Moment now, Outbox& outbox);
    Subscription* tell_end(std::unique_ptr<Subscription> over, SubscriptionEnd reason,
                           LastWord last_word, Moment now, Outbox& outbox);
    void tell_truth_again(const Subscription& over, Moment now, Outbox& outbox);
    void finish_end(Subscription& over, Moment now, Outbox& outbox);
    void end_heard(Subscription& over, Moment now, Outbox& outbox);
    void take_place_of_end(const Subscription& added, Moment now, Outbox& outbox);
    [[nodiscard]] bool follows_phones(std::string_view watcher) const;
    [[nodiscard]] bool is_told_once(const Subscription& subscription) const;
    [[nodiscard]] static std::vector<Subscription*>
    ends_owed_to(const WatcherPhone& phone, const Watcher& watcher, std::string_view watched);
    void lose(const WatcherPhone& phone, Watcher& watcher,
              const std::vector<std::shared_ptr<WatcherPhone>>& come, Moment now, Outbox& outbox);
    void settle_owed_ends(const std::string& number,
                          const std::vector<std::shared_ptr<WatcherPhone>>& come, Moment now,
                          Outbox& outbox);
    void forget_owed_to_nobody(Outbox& outbox);
    static void store_lit(Subscription& unsolicited, Outbox& outbox);
    static void forget_lit(Subscription& unsolicited, Outbox& outbox);

    // indication_delivery.cpp
    void deliver(Subscription& subscription, Moment now, Outbox& outbox);
    void send(Subscription& subscription, Step step, DocumentKind kind, std::string state,
              Moment now, Outbox& outbox);
    void count(const NotifyAnswered& answer);
    [[nodiscard]] static bool is_borrowed(const Subscription& subscription) noexcept
    {
        const auto& sent_in = subscription.last.sent_in;
        return sent_in && sent_in->flow.transport != subscription.dialog->flow.transport;
    }
    void note_answer(Subscription& subscription, const NotifyAnswered& answer, AnswerEffect effect,
                     Moment now);
    void acknowledged(Subscription& subscription, Moment now, Outbox& outbox);
    void acknowledged(ToldLamp& lamp, Moment now);
    void show_unanswered(const Subscription& subscription, Moment now, Outbox& outbox) const
    {
        show(subscription, LampStep::unanswered, now, outbox);
    }
    void give_up(Subscription& subscription, unsigned status, Moment now, Outbox& outbox);
    void end_unheard(Subscription& subscription, Moment now, Outbox& outbox);
    void count_retry(const Subscription&) noexcept { ++counters_.notifies_retried; }
    void way_changed(Subscription& subscription) const { measure(subscription); }
    void note_end(const Subscription& subscription, LampEnd how, unsigned status, Moment now);
    void end(Subscription& subscription, SubscriptionEnd reason, Moment now, Outbox& outbox,
             std::optional<LampEnd> how = std::nullopt);

    // indication_dialect.cpp
    [[nodiscard]] std::string entity_asked_for(const Subscription& subscription) const;
    void open_view(Subscription& subscription);
    bool change_dialect(Subscription& subscription, const WatchRight& right);
    void measure(Subscription& subscription) const;
    const DialogInfoText& fit(const Subscription& subscription, Step step, DocumentForm& form,
                              std::shared_ptr<const NotifyDialog>& dialog);
    [[nodiscard]] DocumentKind kind_of_next(const Subscription& subscription, Step step) const;
    static Detail fitting(const Subscription& subscription, Step step, DocumentKind kind);
    [[nodiscard]] bool is_told_already(const Subscription& subscription, DocumentKind kind) const;
    [[nodiscard]] bool has_turn(const Subscription& subscription, Moment now);
    [[nodiscard]] bool is_urgent(const Subscription& subscription) const;

    // indication_list.cpp
    [[nodiscard]] bool admit_list(Subscription& subscription, const SubscribeReceived& request,
                                  Outbox& outbox);
    [[nodiscard]] bool admit_contained(Subscription& subscription, const SubscribeReceived& request,
                                       Outbox& outbox);
    /// A member of a list, and the right to see it.
    struct Listed {
        std::string_view member;
        const WatchRight* right;
    };
    [[nodiscard]] bool may_see_list(const Subscription& subscription) const;
    [[nodiscard]] std::size_t size_of_list(const Subscription& subscription) const;
    [[nodiscard]] std::vector<Listed> listed_for(const Subscription& subscription) const;
    [[nodiscard]] static std::vector<const WatchRight*>
    rights_to(const std::vector<Listed>& listed);
    static void replace_list(Subscription& subscription, std::vector<ContainedEntry> entries);
    void update_list(Subscription& subscription);
    void open_member(const Subscription& subscription, ListedMember& member,
                     const WatchRight& right);
    void leave_list(Subscription& subscription, ListedMember& member);
    void note_change(Subscription& subscription, std::string_view member, Moment now);
    void forget_list(Subscription& subscription, Moment now, Outbox& outbox);
    [[nodiscard]] ListNotify write_page(const Subscription& subscription,
                                        std::optional<SubscriptionEnd> end, std::size_t room,
                                        std::uint32_t version) const;
    [[nodiscard]] static std::size_t room_of(const Subscription& subscription) noexcept
    {
        return subscription.room;
    }
    [[nodiscard]] static std::size_t room_over_connection(const Subscription& subscription);
    [[nodiscard]] bool can_name_all(const Subscription& subscription) const;
    [[nodiscard]] static bool is_last_word(const Subscription& subscription,
                                           const ListNotify& page);
    [[nodiscard]] static bool is_kept(const Subscription& subscription) noexcept
    {
        return !is_fetch(subscription);
    }
    [[nodiscard]] static StoredSubscription stored(const Subscription& subscription)
    {
        return to_stored(subscription);
    }
    [[nodiscard]] const LocationTable& location_table() const noexcept { return *locations_; }
    bool settle_told_already(Subscription& subscription, const ListNotify& next, Moment now);
    void send_list(Subscription& subscription, ComposedList<ListNotify> composed,
                   std::optional<SubscriptionEnd> end, Moment now, Outbox& outbox);
    [[nodiscard]] ProfileRef profile_of_list(const Subscription& subscription,
                                             const std::vector<const WatchRight*>& listed) const;
    void list_acknowledged(Subscription& subscription, Moment now, Outbox& outbox);
    void fetch_list(std::unique_ptr<Subscription> subscription, Moment now, Outbox& outbox);
    void finish_list(Subscription& subscription, Moment now, Outbox& outbox);

    // group_indications.cpp
    void watch(Subscription& subscription, const std::string& member);
    void unwatch(Subscription& subscription, const std::string& member);
    void unfollow(Subscription& subscription, const std::string& member)
    {
        unwatch(subscription, member);
    }
    [[nodiscard]] static std::vector<Subscription*> all_of(const Watcher& watcher);
    [[nodiscard]] static std::vector<std::string> members_of(const Subscription& subscription);
    Subscription& add(std::unique_ptr<Subscription> subscription);
    void drop(Subscription& subscription, Moment now, Outbox& outbox);
    Member& member(std::string_view place);
    Member& member(std::string_view watcher, std::string_view watched);
    [[nodiscard]] const Member* find_member(std::string_view watcher,
                                            std::string_view watched) const;
    [[nodiscard]] Standing standing_of(std::string_view place) const;
    [[nodiscard]] Standing standing_of(std::string_view watcher, std::string_view watched) const;
    void update_standing(std::string_view place, Moment now, Outbox& outbox);
    void tell(const std::string& number, Member& watched, Moment now, Outbox& outbox);
    void tell_news(Subscription& subscription, Moment now, Outbox& outbox);
    /// Decides anew who is named on the lamps of others; the members whose lamps are other ones by
    /// that, to be told. consent.cpp
    [[nodiscard]] std::vector<std::string> follow_consent();
    [[nodiscard]] bool is_held_back(const Subscription& subscription, Moment now) const;
    void drop_unused_member(std::string_view place);
    void drop_unused_member(std::string_view watcher, std::string_view watched);
    void drop_unused_watcher(std::string_view number);
    [[nodiscard]] bool is_there(std::string_view watcher, std::string_view name) const;
    void apply_rights(const std::string& watcher, Moment now, Outbox& outbox);

    IndicationSettings settings_;
    TokenSource tokens_;
    DirectoryRef directory_;
    const LocationTable* locations_;
    NotifyPacing* pacing_;
    const std::unordered_set<std::string>* told_first_ = nullptr;  // while restore() runs
    std::string run_;  // prefix of dialog ids

    IdSource<SubscriptionId> ids_;
    std::unordered_map<SubscriptionId, std::unique_ptr<Subscription>> subscriptions_;
    StringTable<Member> members_;  // by number; keys that name no owner, by who watches them too
    StringTable<Watcher> watchers_;
    SubscriptionIndex<Subscription> requested_;
    SettledRequests settled_;
    TimerQueue<SubscriptionId> expiry_{Keys::lasting};
    EndedNotifiers ended_at_watchers_;
    StringTable<AskedInVain> asked_in_vain_;  // by extension
    EndedLamps ended_;
    OwedEnds owed_ends_;  // to phones that are not registered
    IndicationCounters counters_;
};

}  // namespace lampline
