// Group indications: what is due becomes one NOTIFY at a time, until the phone has acknowledged the
// present state.
#include <algorithm>
#include <utility>

#include "engine/group_indications.hpp"

namespace lampline {
/// Sends what the subscription owes, unless a NOTIFY is under way or it waits to repeat one: its
/// answer, or the end of the wait, comes back here, so whatever happens meanwhile is coalesced.
void GroupIndications::deliver(Subscription& subscription, Moment now, Outbox& outbox)
{
    if (subscription.in_flight != 0 || subscription.waiting || subscription.forwarded) return;
    if (subscription.list) return deliver_list(subscription, now, outbox);
    subscription.catch_up();
    const Projection& projection = *subscription.projection;
    Step step = projection.next_step(subscription.told);
    if (step == Step::none) {
        if (!subscription.owes_present) return;
        step = Step::present;
    }
    if (!has_turn(subscription, now)) return;
    const auto kind =
        subscription.owes_present ? DocumentKind::full : projection.kind_after(subscription.told);
    if (step == Step::present && !subscription.owes_present && is_told_already(subscription, kind)) {
        subscription.told.note_sent(projection.target(step));
        subscription.event_at.reset();
        return acknowledged(subscription, now);
    }
    subscription.owes_present = false;
    if (subscription.kind == SubscriptionKind::requested && subscription.counters.reserve())
        outbox.store(SubscriptionStored{to_stored(subscription)});
    send(subscription, step, kind, active_state(subscription, now), now, outbox);
}

void GroupIndications::send(Subscription& subscription, Step step, DocumentKind kind,
                            std::string state, Moment now, Outbox& outbox)
{
    Projection& projection = *subscription.projection;
    auto dialog = subscription.dialog;
    const auto* text = &projection.document(subscription.told, step, {kind, Detail::full});
    const auto whole = text->tail;
    if (text->size() > subscription.room) text = &fit(subscription, step, kind, dialog);
    if (subscription.profile->partial)
        subscription.note_body(step, kind, text->tail != whole, text->tail);
    const auto numbers = subscription.counters.take();
    if (subscription.event_at && !subscription.unanswered_since)
        subscription.unanswered_since = subscription.event_at;
    outbox.send(SendNotify{.subscription = subscription.id,
                           .dialog = dialog,
                           .cseq = numbers.cseq,
                           .subscription_state = std::move(state),
                           .content_type = std::string{dialog_info_type},
                           .body_head = text->head,
                           .version = numbers.version,
                           .body_tail = text->tail,
                           .event_at = std::exchange(subscription.event_at, std::nullopt)});
    subscription.told.note_sent(projection.target(step));
    subscription.in_flight = numbers.cseq;
    subscription.last = {.cseq = numbers.cseq,
                         .version = numbers.version,
                         .sent_at = now.wall,
                         .sent_in = std::move(dialog),
                         .head = text->head,
                         .tail = text->tail};
    ++counters_.notifies_sent;
    show(subscription, LampStep::notified, now, outbox);
}

void GroupIndications::receive(const NotifyAnswered& answer, Moment now, Outbox& outbox)
{
    if (answer.status < 200) return;
    AnswerEffect effect = effect_of(answer.status, answer.retry_after);
    count(answer, effect);

    const auto found = subscriptions_.find(answer.subscription);
    if (found == subscriptions_.end() || found->second->in_flight != answer.cseq) return;
    const auto heard =
        answer.generated ? std::vector<SubscriptionId>{} : silent_.take_all_of(answer.subscription);
    settle(*found->second, answer, effect, now, outbox);
    for (const auto id : heard)
        if (const auto waits = subscriptions_.find(id); waits != subscriptions_.end())
            send_again(*waits->second, now, outbox);
}

/// What the answer to the NOTIFY under way means for `subscription`, which may end.
void GroupIndications::settle(Subscription& subscription, const NotifyAnswered& answer,
                              AnswerEffect effect, Moment now, Outbox& outbox)
{
    subscription.in_flight = 0;
    const bool borrowed = subscription.last.sent_in && subscription.last.sent_in->flow.transport !=
                                                           subscription.dialog->flow.transport;
    if (effect == AnswerEffect::over && borrowed) {  // it may have been another phone
        subscription.refuses_connection = true;
        effect = AnswerEffect::again;
    }
    if (borrowed && answer.generated) subscription.connection_fails = true;
    subscription.last.note_answer(answer.status, answer.generated, now.wall);
    if (subscription.list)
        for (ListedMember* member : subscription.list->under_way)
            member->last.note_answer(answer.status, answer.generated, now.wall);
    switch (effect) {
    case AnswerEffect::delivered:
        subscription.failures = 0;
        subscription.sought = false;
        if (subscription.list)
            list_acknowledged(subscription, now, outbox);
        else
            acknowledged(subscription, now);
        show(subscription, LampStep::answered, now, outbox);
        deliver(subscription, now, outbox);
        return;
    case AnswerEffect::again:
        if (subscription.list && subscription.list->ending && !borrowed) {
            const std::string watcher = subscription.watcher;
            const auto members = members_of(subscription);
            finish_list(subscription, now, outbox);
            return reconcile(watcher, members, now, outbox);
        }
        if (subscription.list) subscription.list->begun = false;
        subscription.owes_present = true;
        ++subscription.failures;
        subscription.silent = answer.generated;
        if (const Binding* other =
                answer.generated && !borrowed && !subscription.sought
                    ? found_among(locations_->bindings(subscription.watcher), subscription)
                    : nullptr) {
            show(subscription, LampStep::unanswered, now, outbox);
            return seek_at(*other, now, outbox);
        }
        wait(subscription, answer.retry_after, now);
        show(subscription, LampStep::unanswered, now, outbox);
        return;
    case AnswerEffect::over: break;
    }
    show(subscription, LampStep::unanswered, now, outbox);
    const std::string watcher = subscription.watcher;
    if (subscription.kind == SubscriptionKind::implicit)
        return leave_alone(subscription.phone, watcher, answer.status, now, outbox);
    note_end(subscription, LampEnd::refused, answer.status, now);
    const auto members = members_of(subscription);
    drop(subscription, now, outbox);
    reconcile(watcher, members, now, outbox);
}

void GroupIndications::count(const NotifyAnswered& answer, AnswerEffect effect)
{
    ++(effect == AnswerEffect::delivered ? counters_.notifies_answered : counters_.notifies_failed);
    if (effect == AnswerEffect::over) ++counters_.notifies_refused;
    const std::size_t status_class = answer.generated ? 0 : answer.status / 100;
    if (status_class < counters_.notify_answers.size()) ++counters_.notify_answers[status_class];
}

/// What was sent last has certainly been seen.
void GroupIndications::acknowledged(ToldLamp& lamp, Moment now)
{
    const auto before = shown_colour(lamp.told);
    lamp.told.note_acknowledged();
    if (shown_colour(lamp.told) != before) lamp.shown_since = now.wall;
    // A mere idle edge is no answer yet: what the event has lit comes with the next NOTIFY.
    const bool news =
        lamp.event_at.has_value() || lamp.told.acknowledged == lamp.projection->current();
    if (lamp.unanswered_since && news)
        counters_.event_to_answer.observe(now.mono -
                                          *std::exchange(lamp.unanswered_since, std::nullopt));
}

/// The last NOTIFY of a subscription that is over. It takes the place of one still under way, and
/// nobody waits for its answer. Whoever is no longer allowed to see is shown an idle extension, so
/// that no lamp stays lit.
void GroupIndications::end(Subscription& subscription, SubscriptionEnd reason, Moment now,
                           Outbox& outbox, std::optional<LampEnd> how)
{
    if (subscription.list && subscription.list->ending) {
        if (is_told_to_the_end(subscription.id)) return;
        return finish_list(subscription, now, outbox);
    }
    const bool hidden = reason != SubscriptionEnd::timeout;
    const bool expired = subscription.expires_mono <= now.mono;
    if (subscription.kind == SubscriptionKind::requested)
        note_end(subscription,
                 how                                      ? *how
                 : reason == SubscriptionEnd::deactivated ? LampEnd::handed_over
                 : hidden                                 ? LampEnd::withdrawn
                 : expired                                ? LampEnd::expired
                                                          : LampEnd::unsubscribed,
                 0, now);
    if (subscription.forwarded) {
        if (hidden)
            for (const Notifier& notifier : subscription.notifiers)
                end_for_watcher(subscription, notifier, reason, now, outbox);
        return drop(subscription, now, outbox);
    }
    if (subscription.list) {
        if (darkens_first(subscription, reason, now, outbox)) return;
        send_list(subscription, compose(subscription, reason), reason, now, outbox);
    } else {
        if (hidden) subscription.told = {};
        send(subscription, hidden ? Step::clear : Step::present, DocumentKind::full,
             terminated_state(reason), now, outbox);
    }
    subscription.in_flight = 0;
    drop(subscription, now, outbox);
}

void GroupIndications::note_end(const Subscription& subscription, LampEnd how, unsigned status,
                                Moment now)
{
    for (const auto& member : members_of(subscription))
        ended_.note(subscription, member, {how, status, now.wall});
}

void GroupIndications::wait(Subscription& subscription, std::chrono::seconds retry_after,
                            Moment now)
{
    subscription.waiting = true;
    ++watchers_.at(subscription.watcher).waiting;
    if (subscription.silent)
        return silent_.add(phone_of(subscription, *locations_), subscription.id, now.mono);
    const auto delay = retry_delay(subscription.failures, retry_after);
    subscription.retry_at = now.wall + delay;
    repetition_.set(subscription.id, now.mono + delay);
}

/// When it is sent again; nullopt: its phone is being asked by another one.
std::optional<WallTime> GroupIndications::retry_at(const Subscription& subscription,
                                                   Moment now) const
{
    if (!subscription.waiting || !subscription.silent) return subscription.retry_at;
    const auto turn = silent_.next_turn(phone_of(subscription, *locations_));
    if (!turn) return std::nullopt;
    return now.wall + std::chrono::duration_cast<WallTime::duration>(*turn - now.mono);
}

/// It does not ask for its phone any more either.
void GroupIndications::stop_waiting(Subscription& subscription, Moment now)
{
    silent_.remove(subscription.id, now.mono);
    if (!std::exchange(subscription.waiting, false)) return;
    --watchers_.at(subscription.watcher).waiting;
    subscription.retry_at.reset();
    repetition_.cancel(subscription.id);
}

void GroupIndications::send_again(Subscription& subscription, Moment now, Outbox& outbox)
{
    stop_waiting(subscription, now);
    ++counters_.notifies_retried;
    deliver(subscription, now, outbox);
}

/// For all that its phone has not answered.
void GroupIndications::ask_silent_phone(SubscriptionId id, Moment now, Outbox& outbox)
{
    const auto found = subscriptions_.find(id);
    if (found == subscriptions_.end()) return silent_.remove(id, now.mono);
    Subscription& subscription = *found->second;
    subscription.waiting = false;
    --watchers_.at(subscription.watcher).waiting;
    ++counters_.notifies_retried;
    deliver(subscription, now, outbox);
    if (subscription.in_flight == 0) silent_.remove(id, now.mono);  // it is not its turn
}

/// A sign of life of the phone at `contact`, or at `flow`: whatever waits to be repeated to it is
/// sent now.
void GroupIndications::phone_heard(const std::string& number, const SipUri& contact,
                                   const Flow& flow, Moment now, Outbox& outbox)
{
    const auto watcher = watchers_.find(number);
    if (watcher == watchers_.end() || watcher->second.waiting == 0) return;
    for (Subscription* one : all_of(watcher->second)) {
        if (!one->waiting) continue;
        if (!is_of_phone(*one, contact, flow)) continue;
        stop_waiting(*one, now);
        one->failures = 0;
        deliver(*one, now, outbox);
    }
}

void GroupIndications::phone_is_there(const std::string& number, const SipUri& contact,
                                      const Flow& flow, Moment now, Outbox& outbox)
{
    const auto watcher = watchers_.find(number);
    if (watcher == watchers_.end() || watcher->second.waiting == 0) return;
    for (Subscription* one : all_of(watcher->second)) {
        if (!one->waiting || !one->silent || !is_of_phone(*one, contact, flow)) continue;
        send_again(*one, now, outbox);
    }
}

/// The phone is reached elsewhere from now on. What is under way to the old place is given up, for
/// the next NOTIFY.
void GroupIndications::move(Subscription& subscription, std::string request_uri,
                            const std::vector<std::string>& route, const Flow& flow, Moment now)
{
    auto there = moved_to(*subscription.dialog, std::move(request_uri), route, flow);
    if (!there) return;
    subscription.dialog = std::move(there);
    measure(subscription);
    if (subscription.list && subscription.in_flight != 0) subscription.list->begun = false;
    subscription.in_flight = 0;
    subscription.owes_present = true;
    subscription.failures = 0;
    stop_waiting(subscription, now);
    note_connection(subscription.watcher, flow);
}

/// The phone is at `flow` from now on, and knows of its subscription. What it has certainly seen is
/// not sent again.
void GroupIndications::find_again(Subscription& subscription, const Flow& flow, Moment now,
                                  Outbox& outbox)
{
    const bool uncertain =
        subscription.in_flight != 0 || subscription.waiting || subscription.owes_present;
    move(subscription, subscription.dialog->request_uri, subscription.dialog->route, flow, now);
    subscription.owes_present = uncertain;
    const bool kept = !subscription.list || !subscription.list->ending;
    if (kept && subscription.kind == SubscriptionKind::requested)
        outbox.store(SubscriptionStored{to_stored(subscription)});
    deliver(subscription, now, outbox);
}

/// A phone that does not answer is registered as `other` too: all goes there that was not sought
/// before, so that nothing wanders between ways of which none leads to it.
void GroupIndications::seek_at(const Binding& other, Moment now, Outbox& outbox)
{
    const Flow flow = target_of(other).flow;
    for (Subscription* one : all_of(watchers_.at(other.aor))) {
        if (one->sought || !is_found_at(*one, other)) continue;
        one->sought = true;
        find_again(*one, flow, now, outbox);
    }
}

void GroupIndications::phone_moved(const PhoneMoved& moved, Moment now, Outbox& outbox)
{
    const auto watcher = watchers_.find(moved.aor);
    if (watcher == watchers_.end()) return;
    for (Subscription* one : all_of(watcher->second))
        if (goes_along(*one, moved)) find_again(*one, moved.flow, now, outbox);
}

void GroupIndications::heard(const Binding& binding, Moment now, Outbox& outbox)
{
    ask_again(binding, now, outbox);
    const auto watcher = watchers_.find(binding.aor);
    if (watcher == watchers_.end()) return;
    follow_refresh(watcher->second.phones, binding);
    if (watcher->second.waiting == 0 && !silent_.any_of(binding.aor) && !binding.flow.connection)
        return;
    const Target target = target_of(binding);
    for (Subscription* one : all_of(watcher->second)) {
        if (binding.flow.connection) one->connection_fails = false;
        if (is_found_at(*one, binding)) find_again(*one, target.flow, now, outbox);
    }
    phone_heard(binding.aor, binding.contact, target.flow, now, outbox);
}

void GroupIndications::receive(const ConnectionClosed& closed, Moment now, Outbox& outbox)
{
    const auto over = watchers_over_.extract(closed.connection);
    if (over.empty()) return;
    for (const auto& number : over.mapped()) {
        const auto watcher = watchers_.find(number);
        if (watcher == watchers_.end()) continue;
        for (const auto& phone : watcher->second.phones)
            if (phone->target.flow.connection == closed.connection)
                phone->target.flow.connection = {};
        for (Subscription* subscription : all_of(watcher->second)) {
            if (subscription->dialog->flow.connection != closed.connection) continue;
            auto reopened = std::make_shared<NotifyDialog>(*subscription->dialog);
            reopened->flow.connection = {};
            subscription->dialog = std::move(reopened);
            if (const auto* found = found_among(locations_->bindings(number), *subscription))
                find_again(*subscription, target_of(*found).flow, now, outbox);
        }
    }
}

void GroupIndications::advance(Moment now, Outbox& outbox)
{
    while (const auto due = expiry_.take_due(now.mono)) {
        const auto found = subscriptions_.find(*due);
        if (found == subscriptions_.end()) continue;
        Subscription& expired = *found->second;
        const std::string watcher = expired.watcher;
        const auto members = members_of(expired);
        end(expired, SubscriptionEnd::timeout, now, outbox);
        reconcile(watcher, members, now, outbox);
    }
    while (const auto due = repetition_.take_due(now.mono)) {
        const auto found = subscriptions_.find(*due);
        if (found != subscriptions_.end()) send_again(*found->second, now, outbox);
    }
    while (const auto due = silent_.take_due(now.mono)) ask_silent_phone(*due, now, outbox);
}

std::optional<std::chrono::steady_clock::time_point> GroupIndications::next_deadline() const
{
    auto earliest = expiry_.next_deadline();
    for (const auto& deadline : {repetition_.next_deadline(), silent_.next_deadline()})
        if (deadline && (!earliest || *deadline < *earliest)) earliest = deadline;
    return earliest;
}

}  // namespace lampline
