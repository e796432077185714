// The notifier of event packages: one NOTIFY at a time, until the phone has acknowledged what is
// true.
#include <algorithm>
#include <utility>

#include "engine/event_notifier.hpp"

namespace lampline {

/// Drops nothing, so all that tell several subscriptions may go through them as they are: a fetch
/// that is told, and what has ended for its phone, stay until the step is finished.
void EventNotifier::deliver(EventSubscription& subscription, Moment now, Outbox& outbox)
{
    if (subscription.over || subscription.in_flight != 0 || subscription.waiting ||
        subscription.unsettled > 0)
        return;
    if (subscription.ending) return deliver_end(subscription, now, outbox);
    if (subscription.list) {
        auto& list = *subscription.list;
        // As with lamps: whoever leaves may be back before it was told.
        if (subscription.owes_present || (list.regrouped && can_name_all(subscription)))
            for (const auto& member : list.members)
                if (member->leaving) member->unknown = true;
        return deliver_list(subscription, now, outbox);
    }
    const auto& parts = resource(subscription, now).parts;
    if (std::exchange(subscription.owes_present, false)) subscription.told.clear();
    subscription.told.resize(parts.size());
    auto owed = owed_parts(subscription, parts);
    if (owed.empty() && subscription.following.empty()) return;
    if (!has_turn(subscription, now)) return;
    if (subscription.kind == SubscriptionKind::requested && !subscription.fetch &&
        subscription.counters.reserve())
        outbox.store(SubscriptionStored{to_stored(subscription)});
    SendNotify told;
    if (owed.empty()) {
        told = next_piece(subscription, notify(subscription, {}),
                          std::exchange(subscription.following, {}));
    } else {
        subscription.following.clear();  // what is newer is told from its beginning
        if (!subscription.together && owed.size() > 1) owed.resize(1);
        told = fit(subscription, owed, false);
        const bool reduced = owed.size() == 1 && subscription.following.empty() &&
                             told.headers != owed.front()->headers;
        if (reduced && is_told_already(subscription, told)) {
            subscription.told = parts;
            return;
        }
        if (reduced) ++counters_of(subscription).reduced;
        subscription.reduced = reduced ? told.headers : std::vector<Header>{};
    }
    add_claims(subscription, false, told.headers);
    for (std::size_t i = 0; i < parts.size(); ++i)
        if (std::ranges::count(owed, parts[i].get())) subscription.told[i] = parts[i];
    if (!subscription.fetch || !subscription.following.empty() ||
        !owed_parts(subscription, parts).empty())
        return send(subscription, std::move(told),
                    subscription.fetch ? "active;expires=0" : active_state(subscription, now), now,
                    outbox);
    send(subscription, std::move(told), terminated_state(SubscriptionEnd::timeout), now, outbox);
    subscription.in_flight = 0;
    subscription.over = true;
    over_.push_back(subscription.id);
}

/// Forgetting one may free an appearance, which is news to others.
void EventNotifier::finish_step(Moment now, Outbox& outbox)
{
    while (tell_all_news(now, outbox) || forget_told(now, outbox) || forget_over(now, outbox)) {
    }
}

/// False: nothing is over.
bool EventNotifier::forget_over(Moment now, Outbox& outbox)
{
    if (over_.empty()) return false;
    for (const auto id : std::exchange(over_, {})) {
        const auto told = subscriptions_.find(id);
        if (told == subscriptions_.end()) continue;
        const bool ended = told->second->ending.has_value();
        const std::string watcher = told->second->watcher;
        drop(*told->second, now, outbox);
        if (ended) reconcile(watcher, now, outbox);
    }
    return true;
}

/// Whether its NOTIFY may go out now. If not, it is delivered, with what is true then, when its turn
/// comes. Who has just asked for a line, or what is on it, is waited for by somebody with the
/// handset in hand.
bool EventNotifier::has_turn(EventSubscription& subscription, Moment now)
{
    const bool asked = std::exchange(subscription.answers, false);
    if (subscription.gap.count() == 0) return true;
    if (!asked || !row_of(subscription.package).answers_at_once)
        return pacing_->take_turn(subscription.watcher, subscription.id, subscription.gap,
                                  now.mono);
    pacing_->note_told(subscription.watcher, subscription.gap, now.mono);
    return true;
}

/// What has changed does not fit: it would be told to the letter what it has confirmed last.
bool EventNotifier::is_told_already(const EventSubscription& subscription, const SendNotify& next)
{
    const bool certain = subscription.certain && !subscription.fetch &&
                         subscription.told.size() == 1 && subscription.told.front();
    return certain && !subscription.reduced.empty() && next.dialog == subscription.dialog &&
           next.headers == subscription.reduced;
}

/// What the phone has not been told as it is now.
std::vector<const EventPart*>
EventNotifier::owed_parts(const EventSubscription& subscription,
                          const std::vector<EventPartRef>& parts) const
{
    std::vector<const EventPart*> owed;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const auto& told = subscription.told[i];
        if (!told || (told != parts[i] && !says_the_same(*told, *parts[i])))
            owed.push_back(parts[i].get());
    }
    return owed;
}

/// Whether the phone has certainly been told what `part` follows.
bool EventNotifier::is_partial(const EventSubscription& subscription, const EventPart& part) const
{
    return subscription.certain && part.follows != 0 && subscription.told.size() == 1 &&
           subscription.told.front() && subscription.told.front()->number == part.follows;
}

bool EventNotifier::fits(const SendNotify& notify) const
{
    std::size_t size = notify.content_type.size();
    for (const auto& header : notify.headers)
        size += header.name.size() + header.value.size() + std::string_view{": \r\n"}.size();
    if (notify.body_head) size += notify.body_head->size();
    if (notify.body_tail) size += std::to_string(notify.version).size() + notify.body_tail->size();
    return size <= room_on_path(*notify.dialog, settings_.safe_size);
}

/// What is too large goes over a connection of the phone; else part by part, one after the other;
/// else with less detail; else in pieces. When nothing helps it is sent anyway: late or never is
/// worse than in fragments. The last NOTIFY says without a word more that it is the last.
SendNotify EventNotifier::fit(EventSubscription& subscription, std::vector<const EventPart*>& parts,
                              bool all)
{
    auto whole = notify(subscription, parts);
    if (fits(whole)) return whole;
    auto& counters = counters_of(subscription);
    if (auto connected = by_connection(subscription, facts_.locations())) {
        ++counters.by_connection;
        whole.dialog = std::move(connected);
        return whole;
    }
    while (!all && parts.size() > 1) {
        parts.pop_back();
        whole = notify(subscription, parts);
        if (fits(whole)) return whole;
    }
    if (auto* const reduce = row_of(subscription.package).reduce) {
        auto reduced = whole;
        for (const auto reduction : {Reduction::no_names, Reduction::no_parties}) {
            reduced.headers = reduce(whole.headers, reduction);
            if (!fits(reduced)) continue;
            if (all) ++counters.reduced;
            return reduced;
        }
        whole = std::move(reduced);
    }
    if (all) {
        ++counters.reduced;
        return notify(subscription, {});
    }
    if (auto* const split = row_of(subscription.package).split; split && parts.size() == 1) {
        EventPart part = *parts.front();
        part.headers = whole.headers;
        const auto room = room_on_path(*whole.dialog, settings_.safe_size);
        const auto type = row_of(subscription.package).content_type.size();
        auto pieces = split({facts_, subscription.member, {}, {}, subscription.parties}, part,
                            room > type ? room - type : 0);
        std::ranges::reverse(pieces);
        whole = next_piece(subscription, std::move(whole), std::move(pieces));
        if (fits(whole)) return whole;
    }
    ++counters.oversized;
    return whole;
}

/// `whole` with the last of `pieces` instead of what it says; the others follow it.
SendNotify EventNotifier::next_piece(EventSubscription& subscription, SendNotify whole,
                                     EventPieces pieces) const
{
    auto piece = std::move(pieces.back());
    pieces.pop_back();
    subscription.following = std::move(pieces);
    whole.content_type = row_of(subscription.package).content_type;
    whole.headers = std::move(piece.headers);
    whole.body_head = std::move(piece.head);
    whole.body_tail = std::move(piece.tail);
    return whole;
}

SendNotify EventNotifier::notify(const EventSubscription& subscription,
                                 const std::vector<const EventPart*>& parts) const
{
    SendNotify notify{.subscription = subscription.id,
                      .dialog = subscription.dialog,
                      .subscription_state = {},
                      .content_type = {},
                      .body_head = {},
                      .body_tail = {}};
    if (parts.empty()) return notify;
    notify.headers = parts.front()->headers;
    const auto& row = row_of(subscription.package);
    if (parts.size() == 1) {
        const auto& part = *parts.front();
        const bool partial = is_partial(subscription, part);
        notify.content_type = row.content_type;
        notify.body_head = partial ? part.partial_head : part.head;
        notify.body_tail = partial ? part.partial_tail : part.tail;
        return notify;
    }
    std::vector<std::string_view> bodies;
    for (const auto* part : parts) bodies.push_back(*part->head);
    notify.content_type = row.type_together;
    notify.body_head = std::make_shared<const std::string>(row.write_together(bodies));
    return notify;
}

void EventNotifier::send(EventSubscription& subscription, SendNotify notify, std::string state,
                         Moment now, Outbox& outbox)
{
    const auto numbers = subscription.counters.take();
    notify.cseq = numbers.cseq;
    notify.version = numbers.version;
    notify.subscription_state = std::move(state);
    subscription.borrowed = notify.dialog->flow.transport != subscription.dialog->flow.transport;
    outbox.send(std::move(notify));
    subscription.certain = false;
    subscription.in_flight = numbers.cseq;
    subscription.sent_at = now.wall;
    subscription.answer.reset();
    subscription.answered_at.reset();
    ++counters_of(subscription).sent;
}

void EventNotifier::receive(const FeatureSettled& settled, Moment now, Outbox& outbox)
{
    const auto found = subscriptions_.find(settled.subscription);
    if (found == subscriptions_.end() || found->second->unsettled == 0) return;
    if (--found->second->unsettled == 0) deliver(*found->second, now, outbox);
}

void EventNotifier::note_answer(EventSubscription& subscription, const NotifyAnswered& answer,
                                AnswerEffect effect, Moment now)
{
    auto& counters = counters_of(subscription);
    ++(effect == AnswerEffect::delivered ? counters.answered : counters.failed);
    if (effect == AnswerEffect::over) ++counters.refused;
    subscription.answer = answer.status;
    subscription.answered_at = now.wall;
}

void EventNotifier::acknowledged(EventSubscription& subscription, Moment, Outbox&)
{
    if (subscription.ending) return;
    subscription.certain = subscription.following.empty();
    if (subscription.list) list_acknowledged(subscription);
}

void EventNotifier::end_unheard(EventSubscription& subscription, Moment now, Outbox& outbox)
{
    const std::string watcher = subscription.watcher;
    end(subscription, *subscription.list->ending, now, outbox);
    reconcile(watcher, now, outbox);
}

/// The phone does not want it; or it was to be told once, and was not.
void EventNotifier::give_up(EventSubscription& subscription, unsigned status, Moment now,
                            Outbox& outbox)
{
    if (subscription.phone && !subscription.ending) {  // nothing unasked until it registers anew
        subscription.phone->refusal = status;
        outbox.announce(UnaskedRefused{subscription.watcher,
                                       subscription.phone->contact,
                                       {.lamps = 0, .packages = status, .at = now.seconds()}});
    }
    const std::string watcher = subscription.watcher;
    drop(subscription, now, outbox);
    reconcile(watcher, now, outbox);
}

/// The last NOTIFY of a subscription that is over. It takes the place of one still under way.
void EventNotifier::end(EventSubscription& subscription, SubscriptionEnd reason, Moment now,
                        Outbox& outbox, LastWord last_word)
{
    if (subscription.over || subscription.ending) {  // its last NOTIFY is out, and goes on
        subscription.in_flight = 0;
        return drop(subscription, now, outbox);
    }
    if (subscription.list) return end_list(subscription, reason, last_word, now, outbox);
    send_end(subscription, reason, now, outbox);
    if (last_word == LastWord::owed && owes_end(subscription, reason, now))
        return await_end(subscription, reason, now, outbox);
    subscription.in_flight = 0;
    drop(subscription, now, outbox);
}

/// Who is no longer allowed to see is shown that there is nothing: what a phone was told last it
/// may go on showing.
void EventNotifier::send_end(EventSubscription& subscription, SubscriptionEnd reason, Moment now,
                             Outbox& outbox)
{
    subscription.owes_present = false;
    std::vector<const EventPart*> shown;
    EventPart dark;
    auto* const write_dark = row_of(subscription.package).write_dark;
    if (reason == SubscriptionEnd::timeout) {
        for (const auto& part : resource(subscription, now).parts)
            if (shown.empty() || subscription.together) shown.push_back(part.get());
    } else if (write_dark && (reason != SubscriptionEnd::deactivated || subscription.ending)) {
        dark = write_dark({facts_, subscription.member, {}, {}, subscription.parties});
        shown.push_back(&dark);
    }
    subscription.certain = false;
    auto told = fit(subscription, shown, true);
    add_claims(subscription, true, told.headers);
    send(subscription, std::move(told), terminated_state(reason), now, outbox);
}

void EventNotifier::registration_expired(const std::string& aor)
{
    const auto watcher = watchers_.find(aor);
    if (watcher == watchers_.end()) return;
    for (auto* one : watcher->second.subscriptions)
        if (one->kind == SubscriptionKind::requested && one->appearance == 0)
            note_expired(*one, facts_.locations());
}

void EventNotifier::phone_left(const PhoneLeft& left, Moment now, Outbox& outbox)
{
    const auto watcher = watchers_.find(left.aor);
    if (watcher == watchers_.end()) return;
    Subscriptions gone;
    for (auto* one : watcher->second.subscriptions)
        // As with lamps: what was withdrawn before goes dark, and is over then.
        if (has_left(*one, left) && !(left.expelled && (one->ending || is_withdrawn(*one))))
            gone.push_back(one);
    end_all(gone, now, outbox);
}

/// What the phones of `aor` have subscribed to, or claimed, ends with their registration.
void EventNotifier::end_of_left(const std::string& aor, Moment now, Outbox& outbox)
{
    const auto watcher = watchers_.find(aor);
    if (watcher == watchers_.end()) return;
    Subscriptions left;
    for (auto* one : watcher->second.subscriptions)
        if (one->kind == SubscriptionKind::requested &&
            !follow_registration(*one, facts_.locations()))
            left.push_back(one);
    end_all(left, now, outbox);
}

/// Their phones are gone.
void EventNotifier::end_all(const Subscriptions& left, Moment now, Outbox& outbox)
{
    for (auto* one : left)
        end(*one, one->appearance > 0 ? SubscriptionEnd::noresource : SubscriptionEnd::deactivated,
            now, outbox, LastWord::once);
}

}  // namespace lampline
