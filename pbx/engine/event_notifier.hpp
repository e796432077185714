#pragma once
// The notifier of the event packages beside `dialog` (RFC 6665 §4.2).
#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/string_table.hpp"
#include "base/timer_queue.hpp"
#include "core/live_view.hpp"
#include "core/sip_input.hpp"
#include "core/subscription.hpp"
#include "core/token_source.hpp"
#include "engine/event_list.hpp"
#include "engine/event_packages.hpp"
#include "engine/list_delivery.hpp"
#include "engine/list_page.hpp"
#include "engine/notify_delivery.hpp"
#include "engine/notify_pacing.hpp"
#include "engine/notify_path.hpp"
#include "engine/outbox.hpp"
#include "engine/owed_ends.hpp"
#include "engine/shown_changes.hpp"
#include "engine/subscribe_request.hpp"
#include "engine/subscription_index.hpp"

namespace lampline {

struct EventSettings {
    ExpiryLimits expires{std::chrono::seconds{60}, std::chrono::seconds{3600},
                         std::chrono::seconds{7200}};
    std::size_t max_subscriptions_per_phone = most_of_phone;
    std::size_t max_subscriptions_per_watcher = most_of_watcher;  ///< of all of its phones
    std::size_t safe_size = safe_message_size;                    ///< bytes of a message over UDP
};

/// Keeps the phones informed that have subscribed to a package, or are told it unasked: one NOTIFY
/// at a time, always of the present state; what happened in between is left out. Memory is
/// proportional to subscriptions and live dialogs. SIP thread only.
class EventNotifier : private ListDelivery<EventNotifier>, private NotifyDelivery<EventNotifier> {
public:
    /// `locations`, `publications` and `pacing` must outlive this.
    EventNotifier(EventSettings settings, TokenSource tokens, DirectoryRef directory,
                  const LocationTable& locations, const Publications& publications,
                  NotifyPacing& pacing);

    /// Answers with exactly one Reply: 200; 400, 403, 404, 406, 415, 421, 423, 480, 481, 489, 500
    /// (CSeq out of order), 513.
    void receive(const SubscribeReceived& request, Moment now, Outbox& outbox);
    void receive(const NotifyAnswered& answer, Moment now, Outbox& outbox)
    {
        answered(answer, now, outbox);
    }
    void receive(const ConnectionClosed& closed, Moment now, Outbox& outbox)
    {
        connection_closed(closed.connection, now, outbox);
    }
    /// What a phone asked for by SUBSCRIBE is done, or refused: it is told what is true.
    void receive(const FeatureSettled& settled, Moment now, Outbox& outbox);
    /// Whether the NOTIFYs of `subscription` are sent from here.
    [[nodiscard]] static bool owns(SubscriptionId subscription) noexcept
    {
        return subscription.value > first_id;
    }

    /// One that watchers are not told of yet has its appearance of a shared line all the same: no
    /// other phone is to get that meanwhile.
    void fold(const DialogChanged& changed, Moment now, Outbox& outbox);
    /// The phones of `aor` came, left, moved, or expire later.
    void bindings_changed(const std::string& aor, Moment now, Outbox& outbox);
    /// As with lamps; but what it has claimed is free again.
    void registration_expired(const std::string& aor);
    /// What it has subscribed to, or claimed, ends.
    void phone_left(const PhoneLeft& left, Moment now, Outbox& outbox);
    using NotifyDelivery<EventNotifier>::phone_moved;
    using NotifyDelivery<EventNotifier>::heard;
    using NotifyDelivery<EventNotifier>::any_waiting;
    using NotifyDelivery<EventNotifier>::phone_is_there;
    using NotifyDelivery<EventNotifier>::turn_came;
    /// nullptr: it is over.
    [[nodiscard]] const SubscriptionUsage* find(SubscriptionId id) const noexcept
    {
        const auto found = subscriptions_.find(id);
        return found == subscriptions_.end() ? nullptr : found->second.get();
    }
    /// A phone of `aor` answers no more, or again.
    void reach_changed(std::string_view aor, Moment now, Outbox& outbox)
    {
        changed(EventPackage::presence, aor, now, outbox);
    }
    /// What is published of `extension` has changed.
    void published(EventPackage package, std::string_view extension, Moment now, Outbox& outbox)
    {
        changed(package, extension, now, outbox);
    }
    /// Ends what is no longer allowed, and tells what is another now. `unplaced`: dialogs of lines
    /// that have more appearances than before, and may get one.
    void replace_directory(DirectoryRef directory, const std::vector<DialogSnapshot>& unplaced,
                           Moment now, Outbox& outbox);
    /// The ends of what phones were told unasked, which an earlier run owed them: before restore().
    void recall(std::vector<UnaskedLamp> owed, Moment now, Outbox& outbox);
    /// Whether `lamp`, which a phone may show, is no lamp but something of here.
    [[nodiscard]] static bool owns(const UnaskedLamp& lamp) noexcept;
    /// Takes up what an earlier run has left, after the bindings: each phone is told the state
    /// anew. `expired`: the bindings that have done so meanwhile.
    void restore(std::vector<StoredSubscription> stored, Moment now, Outbox& outbox,
                 const std::vector<Binding>& expired = {});

    // shared_lines.cpp
    /// Whether the line of `extension` is shared by several phones.
    [[nodiscard]] bool shares_line(std::string_view extension) const noexcept
    {
        return facts_.appearance_count(extension) > 0;
    }
    /// An INVITE from a phone of a shared line, before it is routed: takes the appearance that it
    /// names for the call, and makes it a retrieval where it names one on hold and dials its own
    /// number. False: answered.
    [[nodiscard]] bool choose_appearance(InviteReceived& request, Outbox& outbox);
    /// The INVITE `request`, as it came, is routed, and its dialogs are folded. `refused`: the final
    /// response that it had at once, 0 when none. Unless phones repeat it after that by themselves,
    /// what its phone has claimed for the call is free again.
    void appearance_chosen(const InviteReceived& request, unsigned refused, Moment now,
                           Outbox& outbox);
    /// Where the dialog of `leg` is on its shared line; nullopt: nowhere.
    [[nodiscard]] std::optional<LinePlace> place_of(LegId leg) const
    {
        return facts_.appearances().place_of(leg);
    }
    /// The dialogs that had none, and have one by what has happened since this was called last.
    [[nodiscard]] std::vector<LegId> take_seated() { return facts_.appearances().take_seated(); }
    [[nodiscard]] const Appearances& appearances() const noexcept { return facts_.appearances(); }
    /// What the INVITE to a phone of a shared line says of its appearance; nullopt: nothing.
    [[nodiscard]] std::optional<Header> appearance_header(const DialogSnapshot& dialog) const;

    void advance(Moment now, Outbox& outbox);
    /// After anything else of a step: tells each subscription once what has changed, and forgets
    /// lists that are told to their end, and fetches that are told.
    void finish_step(Moment now, Outbox& outbox);
    [[nodiscard]] std::optional<std::chrono::steady_clock::time_point> next_deadline() const;
    [[nodiscard]] const Directory& directory() const noexcept { return facts_.directory(); }
    /// Orderly stop: stores the exact counters.
    void save(Outbox& outbox);
    void describe(LiveView& view) const;

private:
    friend ListDelivery<EventNotifier>;
    friend NotifyDelivery<EventNotifier>;

    struct EventSubscription : SubscriptionUsage {
        EventPackage package{};
        PartyView parties = PartyView::named;
        std::vector<EventPartRef> told;  ///< by part, what was sent last; null: it must be told
        EventPieces following;           ///< of what was sent last, the next one at the back
        bool certain = false;            ///< that the phone has seen all of it
        std::vector<Header> reduced;     ///< what was sent last, when it is less than there was
        bool borrowed = false;           ///< the last NOTIFY went over another connection
        bool together = false;           ///< it takes several parts in one body
        bool fetch = false;              ///< ends when the present state is told (RFC 6665 §4.4.3)
        bool over = false;               ///< that is told, or the phone has answered the end, in this step
        std::chrono::milliseconds gap{0};  ///< between two NOTIFYs to its watcher; 0: none
        bool answers = false;              ///< the next NOTIFY belongs to a SUBSCRIBE
        bool end_is_stored = false;        ///< implicit: as an UnaskedLamp
        unsigned appearance = 0;         ///< of the shared line, that it has claimed
        std::size_t unsettled = 0;  ///< changes it has asked for: it is told when they are done
        /// `member` is a group, or how the phone calls a list of its own: all is told of this, and
        /// `told` to `reduced` mean nothing.
        std::unique_ptr<EventList> list;

        // as shown to the administrator
        std::optional<std::chrono::system_clock::time_point> sent_at, answered_at;
        std::optional<unsigned> answer;
    };
    using Subscriptions = std::vector<EventSubscription*>;
    /// One package of one extension, as some may see it: here while somebody is told of it.
    struct Resource {
        Subscriptions subscriptions;
        std::vector<EventPartRef> parts;
        EventPartRef dark;  ///< null: the package has no lists
        std::uint64_t last_number = 0;
    };
    struct Watcher {
        Subscriptions subscriptions;
        std::vector<std::shared_ptr<WatcherPhone>> phones;  ///< where something is told unasked
        RequestedCounts requested;
        std::size_t waiting = 0;  ///< of `subscriptions`; see NotifyDelivery
        std::size_t ending = 0;   ///< of `subscriptions`; see event_owed_end.cpp
    };

    // event_subscribe.cpp
    void receive_initial(const SubscribeReceived& request, EventPackage package, Moment now,
                         Outbox& outbox);
    void receive_in_dialog(const SubscribeReceived& request, EventPackage package, Moment now,
                           Outbox& outbox);
    [[nodiscard]] bool read_asked(const SubscribeReceived& request, EventPackage package,
                                  std::vector<DialledFeature>& asked, Outbox& outbox) const;
    void await(EventSubscription& subscription, const SubscribeReceived& request,
               const std::vector<DialledFeature>& asked, Outbox& outbox);
    void end_when_settled(EventSubscription& subscription, const SubscribeReceived& request,
                          const std::vector<DialledFeature>& asked, Moment now, Outbox& outbox);
    void refresh(EventSubscription& subscription, const SubscribeReceived& request,
                 std::chrono::seconds granted, const std::vector<DialledFeature>& asked, Moment now,
                 Outbox& outbox);

    [[nodiscard]] ExpiryLimits limits_of(EventPackage package) const noexcept;

    // shared_lines.cpp
    [[nodiscard]] bool names_appearance(const SubscribeReceived& request, Outbox& outbox) const;
    [[nodiscard]] bool may_claim(const SubscribeReceived& request, const std::string& extension,
                                 Outbox& outbox) const;
    [[nodiscard]] bool claim(EventSubscription& subscription, const SubscribeReceived& request,
                             SubscriptionId& before, Outbox& outbox);
    /// A claim has begun, or is over: calls that had no appearance may have one then. The line is told.
    void claims_changed(const std::string& extension, Moment now, Outbox& outbox);
    /// Each NOTIFY of line-seize has a Call-Info.
    void add_claims(const EventSubscription& subscription, bool over,
                    std::vector<Header>& headers) const;

    // event_delivery.cpp
    void deliver(EventSubscription& subscription, Moment now, Outbox& outbox);
    void tell_news(EventSubscription& subscription, Moment now, Outbox& outbox)
    {
        deliver(subscription, now, outbox);
    }
    bool forget_over(Moment now, Outbox& outbox);
    /// The NOTIFY of `subscription` with `parts`; several only where they go together.
    [[nodiscard]] SendNotify notify(const EventSubscription& subscription,
                                    const std::vector<const EventPart*>& parts) const;
    /// The same with as many of `parts` as there is room for, which are left in it, and by which
    /// way. `all`: nothing can follow, so what does not fit is left out.
    [[nodiscard]] SendNotify fit(EventSubscription& subscription,
                                 std::vector<const EventPart*>& parts, bool all);
    [[nodiscard]] SendNotify next_piece(EventSubscription& subscription, SendNotify whole,
                                        EventPieces pieces) const;
    [[nodiscard]] std::vector<const EventPart*>
    owed_parts(const EventSubscription& subscription, const std::vector<EventPartRef>& parts) const;
    [[nodiscard]] static bool is_told_already(const EventSubscription& subscription,
                                              const SendNotify& next);
    [[nodiscard]] bool is_partial(const EventSubscription& subscription,
                                  const EventPart& part) const;
    [[nodiscard]] bool fits(const SendNotify& notify) const;
    [[nodiscard]] bool has_turn(EventSubscription& subscription, Moment now);
    void send(EventSubscription& subscription, SendNotify notify, std::string state, Moment now,
              Outbox& outbox);
    void end(EventSubscription& subscription, SubscriptionEnd reason, Moment now, Outbox& outbox,
             LastWord last_word = LastWord::owed);
    void send_end(EventSubscription& subscription, SubscriptionEnd reason, Moment now,
                  Outbox& outbox);
    [[nodiscard]] static const Subscriptions& all_of(const Watcher& watcher) noexcept
    {
        return watcher.subscriptions;
    }
    [[nodiscard]] static bool is_borrowed(const EventSubscription& subscription) noexcept
    {
        return subscription.borrowed;
    }
    void note_answer(EventSubscription& subscription, const NotifyAnswered& answer,
                     AnswerEffect effect, Moment now);
    static void acknowledged(EventSubscription& subscription, Moment now, Outbox& outbox);
    static void show_unanswered(const EventSubscription&, Moment, Outbox&) noexcept {}
    [[nodiscard]] bool is_told_once(const EventSubscription& subscription) const
    {
        return (subscription.fetch && !subscription.list) || is_wanted_again(subscription);
    }
    void give_up(EventSubscription& subscription, unsigned status, Moment now, Outbox& outbox);
    void end_unheard(EventSubscription& subscription, Moment now, Outbox& outbox);
    void count_retry(const EventSubscription& subscription) noexcept
    {
        ++counters_of(subscription).retried;
    }
    /// Its room is measured for each NOTIFY.
    static void way_changed(const EventSubscription&) noexcept {}
    void end_of_left(const std::string& aor, Moment now, Outbox& outbox);
    void end_all(const Subscriptions& left, Moment now, Outbox& outbox);

    // event_owed_end.cpp
    [[nodiscard]] bool owes_end(const EventSubscription& subscription, SubscriptionEnd reason,
                                Moment now) const;
    void await_end(EventSubscription& subscription, SubscriptionEnd reason, Moment now,
                   Outbox& outbox);
    void deliver_end(EventSubscription& over, Moment now, Outbox& outbox);
    [[nodiscard]] SubscriptionEnd reason_of_end(const EventSubscription& over) const;
    void end_heard(EventSubscription& over, Moment now, Outbox& outbox);
    void tell_truth_again(const EventSubscription& over, Moment now, Outbox& outbox);
    [[nodiscard]] bool is_wanted_again(const EventSubscription& over) const;
    void lose(EventSubscription& unsolicited, Moment now, Outbox& outbox);
    void settle_owed_ends(const std::string& aor, const std::shared_ptr<WatcherPhone>& phone,
                          Moment now, Outbox& outbox);
    void forget_owed_to_nobody(Outbox& outbox);
    [[nodiscard]] static UnaskedLamp owed_of(const EventSubscription& unasked,
                                             std::chrono::sys_seconds since);

    // event_unsolicited.cpp
    [[nodiscard]] bool is_told_unasked(EventPackage package, std::string_view aor) const;
    [[nodiscard]] bool follows_phones(std::string_view aor) const;
    void replace_phones(const std::string& aor, bool wanted, Moment now, Outbox& outbox);
    void reconcile(const std::string& aor, Moment now, Outbox& outbox);
    [[nodiscard]] std::unique_ptr<EventSubscription>
    implied(const std::string& aor, EventPackage package, std::shared_ptr<WatcherPhone> phone);

    // event_list.cpp
    using Page = ListPage<EventMember>;
    /// Whether the request of `watcher` for a group is accepted as one for a list; if not, it has
    /// been answered.
    [[nodiscard]] bool admit_list(const SubscribeReceived& request, EventPackage package,
                                  std::string_view group, Outbox& outbox) const;
    [[nodiscard]] bool may_watch(const EventSubscription& subscription) const;
    [[nodiscard]] SubscriptionEnd why_not(const EventSubscription& subscription) const;
    [[nodiscard]] bool is_one_too_many(const EventSubscription& added, std::size_t contained) const;
    void replace_list(EventSubscription& subscription, std::vector<ContainedEntry> entries,
                      Moment now);
    void update_list(EventSubscription& subscription, Moment now);
    void leave_list(EventSubscription& subscription, EventMember& left);
    void note_change(EventSubscription& subscription, std::string_view extension,
                     const EventPartRef& current);
    void forget_list(EventSubscription& subscription, Moment now, Outbox& outbox);
    [[nodiscard]] Page write_page(const EventSubscription& subscription,
                                  std::optional<SubscriptionEnd> end, std::size_t room,
                                  std::uint32_t version) const;
    [[nodiscard]] std::size_t room_of(const EventSubscription& subscription) const;
    [[nodiscard]] static std::size_t room_over_connection(const EventSubscription&) noexcept
    {
        return largest_list_body;
    }
    [[nodiscard]] bool can_name_all(const EventSubscription& subscription) const;
    [[nodiscard]] static bool is_last_word(const EventSubscription&, const Page& page) noexcept
    {
        return page.whole;
    }
    /// What a member has says all of it, or is not told: what is owed is news.
    [[nodiscard]] static bool settle_told_already(const EventSubscription&, const Page&,
                                                  Moment) noexcept
    {
        return false;
    }
    [[nodiscard]] static bool is_kept(const EventSubscription& subscription) noexcept
    {
        return !subscription.fetch;
    }
    static void show_left(EventSubscription& subscription, Moment, Outbox&)
    {
        subscription.list->left.clear();
    }
    [[nodiscard]] const LocationTable& location_table() const noexcept
    {
        return facts_.locations();
    }
    void send_list(EventSubscription& subscription, ComposedList<Page> composed,
                   std::optional<SubscriptionEnd> end, Moment now, Outbox& outbox);
    void end_list(EventSubscription& subscription, SubscriptionEnd reason, LastWord last_word,
                  Moment now, Outbox& outbox);
    static void list_acknowledged(EventSubscription& subscription);
    [[nodiscard]] static StoredSubscription stored(const EventSubscription& subscription);
    /// A list that is withdrawn, and goes dark first.
    [[nodiscard]] static bool is_withdrawn(const EventSubscription& subscription) noexcept
    {
        return subscription.list && subscription.list->ending && !subscription.fetch;
    }

    // event_notifier.cpp
    [[nodiscard]] bool owes_news(const EventSubscription& subscription) const;
    void changed(EventPackage package, std::string_view extension, Moment now, Outbox& outbox);
    void tell(Resource& resource, std::string_view extension);
    [[nodiscard]] std::vector<std::string> follow_consent(Moment now);
    /// Writes the document anew; false: it says what it said.
    bool rewrite(EventPackage package, std::string_view extension, PartyView parties,
                 Resource& resource, Moment now);
    Resource& resource(const EventSubscription& of, Moment now)
    {
        return resource(of, of.member, now);
    }
    /// That of `extension`, as `of` may see it.
    Resource& resource(const EventSubscription& of, const std::string& extension, Moment now);
    /// The resources of a package by extension, as `parties` says.
    StringTable<Resource>& resources(EventPackage package, PartyView parties)
    {
        return resources_[static_cast<std::size_t>(package)][static_cast<std::size_t>(parties)];
    }
    [[nodiscard]] PartyView parties_for(const EventSubscription& subscription) const;
    [[nodiscard]] std::chrono::milliseconds gap_for(const EventSubscription& subscription) const;
    void leave_resource(EventSubscription& subscription);
    void leave_resource(EventSubscription& subscription, std::string_view extension);
    void unfollow(EventSubscription& subscription, std::string_view extension)
    {
        leave_resource(subscription, extension);
    }
    void apply_rights(EventSubscription& subscription, Moment now);
    EventSubscription& add(std::unique_ptr<EventSubscription> subscription, Moment now);
    void drop(EventSubscription& subscription, Moment now, Outbox& outbox);
    [[nodiscard]] EventCounters& counters_of(const EventSubscription& subscription) noexcept
    {
        return counters_[static_cast<std::size_t>(subscription.package)];
    }

    /// Ids of the lamps' subscriptions are below.
    static constexpr std::uint64_t first_id = std::uint64_t{1} << 62U;

    EventSettings settings_;
    TokenSource tokens_;
    EventFacts facts_;
    ShownChanges shown_;
    NotifyPacing* pacing_;
    IdSource<SubscriptionId> ids_;
    std::unordered_map<SubscriptionId, std::unique_ptr<EventSubscription>> subscriptions_;
    std::array<std::array<StringTable<Resource>, 3>, event_package_count> resources_;
    StringTable<Watcher> watchers_;
    SubscriptionIndex<EventSubscription> requested_;
    SettledRequests settled_;
    std::vector<SubscriptionId> over_;  // those that are `over`, in this step
    OwedEnds owed_ends_;  // of what phones that are not registered were told unasked, by package
    TimerQueue<SubscriptionId> expiry_{Keys::lasting};
    std::array<EventCounters, event_package_count> counters_{};
};

}  // namespace lampline
