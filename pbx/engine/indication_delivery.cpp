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
    if (subscription.ending) return deliver_end(subscription, now, outbox);
    if (subscription.list) {
        auto& list = *subscription.list;
        // Told anew, whoever leaves is owed the present state as all others are, should it be back.
        if (subscription.owes_present || (list.regrouped && can_name_all(subscription)))
            for (const auto& member : list.members)
                if (member->leaving) member->told.unknown = true;
        return deliver_list(subscription, now, outbox);
    }
    subscription.catch_up();
    const Projection& projection = *subscription.projection;
    Step step = projection.next_step(subscription.told);
    if (step == Step::none) {
        if (!subscription.owes_present) return;
        step = Step::present;
    }
    if (!has_turn(subscription, now)) return;
    const auto kind = kind_of_next(subscription, step);
    if (step == Step::present && !subscription.owes_present && is_told_already(subscription, kind)) {
        const DocumentForm form{kind, fitting(subscription, step, kind)};
        subscription.told.note_sent(projection.target(step), projection.left_out(step, form));
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
    DocumentForm form{kind, Detail::full};
    const auto* text = &projection.document(subscription.told, step, form);
    const auto whole = text->tail;
    if (text->size() > subscription.room) text = &fit(subscription, step, form, dialog);
    if (subscription.profile->partial)
        subscription.note_body(step, form, text->tail != whole, text->tail);
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
    subscription.told.note_sent(projection.target(step), projection.left_out(step, form));
    subscription.in_flight = numbers.cseq;
    subscription.last = {.cseq = numbers.cseq,
                         .version = numbers.version,
                         .sent_at = now.wall,
                         .sent_in = std::move(dialog),
                         .head = text->head,
                         .tail = text->tail};
    ++counters_.notifies_sent;
    if (subscription.kind == SubscriptionKind::implicit &&
        !projection.target(step)->dialogs.empty())
        store_lit(subscription, outbox);
    show(subscription, LampStep::notified, now, outbox);
}

void GroupIndications::receive(const NotifyAnswered& answer, Moment now, Outbox& outbox)
{
    if (answer.status >= 200) count(answer);
    answered(answer, now, outbox);
}

/// Also what answers a NOTIFY of long ago.
void GroupIndications::count(const NotifyAnswered& answer)
{
    const bool delivered = answer.status < 300;
    ++(delivered ? counters_.notifies_answered : counters_.notifies_failed);
    const std::size_t status_class = answer.generated ? 0 : answer.status / 100;
    if (status_class < counters_.notify_answers.size()) ++counters_.notify_answers[status_class];
}

void GroupIndications::note_answer(Subscription& subscription, const NotifyAnswered& answer,
                                   AnswerEffect effect, Moment now)
{
    if (effect == AnswerEffect::over) ++counters_.notifies_refused;
    subscription.last.note_answer(answer.status, answer.generated, now.wall);
    if (!subscription.list) return;
    for (ListedMember* member : subscription.list->under_way)
        member->last.note_answer(answer.status, answer.generated, now.wall);
}

void GroupIndications::acknowledged(Subscription& subscription, Moment now, Outbox& outbox)
{
    if (subscription.ending) return;
    if (subscription.list)
        list_acknowledged(subscription, now, outbox);
    else
        acknowledged(subscription, now);
    show(subscription, LampStep::answered, now, outbox);
}

void GroupIndications::end_unheard(Subscription& subscription, Moment now, Outbox& outbox)
{
    const std::string watcher = subscription.watcher;
    const auto members = members_of(subscription);
    if (is_fetch(subscription) || !directory_->find(watcher))
        finish_list(subscription, now, outbox);
    else
        owe_end(subscription, std::exchange(subscription.list->ending, std::nullopt).value(), now,
                outbox);
    reconcile(watcher, members, now, outbox);
}

/// The phone does not want it.
void GroupIndications::give_up(Subscription& subscription, unsigned status, Moment now,
                               Outbox& outbox)
{
    if (subscription.ending) return finish_end(subscription, now, outbox);
    show_unanswered(subscription, now, outbox);
    const std::string watcher = subscription.watcher;
    if (subscription.kind == SubscriptionKind::implicit)
        return leave_alone(subscription.phone, watcher, status, now, outbox);
    note_end(subscription, LampEnd::refused, status, now);
    const auto members = members_of(subscription);
    drop(subscription, now, outbox);
    reconcile(watcher, members, now, outbox);
}

/// What was sent last has certainly been seen.
void GroupIndications::acknowledged(ToldLamp& lamp, Moment now)
{
    const auto before = shown_colour(lamp.told);
    lamp.told.note_acknowledged();
    const bool since_before = std::exchange(lamp.of_earlier_run, false);
    if (shown_colour(lamp.told) != before)
        lamp.shown_since = since_before ? std::nullopt : std::optional{now.wall};
    // A mere idle edge is no answer yet: what the event has lit comes with the next NOTIFY.
    const bool news =
        lamp.event_at.has_value() || lamp.told.acknowledged == lamp.projection->current();
    if (lamp.unanswered_since && news)
        counters_.event_to_answer.observe(now.mono -
                                          *std::exchange(lamp.unanswered_since, std::nullopt));
}

/// The last NOTIFY of a subscription that is over. It takes the place of one still under way. It is
/// owed until its phone has answered, unless that knows by itself: it has unsubscribed, left, or not
/// refreshed. Whoever is no longer allowed to see is shown an idle extension, so that no lamp stays
/// lit.
void GroupIndications::end(Subscription& subscription, SubscriptionEnd reason, Moment now,
                           Outbox& outbox, std::optional<LampEnd> how)
{
    if (subscription.ending) {  // its phone need not hear more; what is under way goes on
        subscription.in_flight = 0;
        return drop(subscription, now, outbox);
    }
    if (subscription.list && subscription.list->ending) {
        if (is_told_to_the_end(subscription.id)) return;
        return finish_list(subscription, now, outbox);
    }
    if (subscription.kind == SubscriptionKind::implicit)
        return owe_end(subscription, reason, now, outbox);
    const bool hidden = reason != SubscriptionEnd::timeout;
    const bool expired = subscription.expires_mono <= now.mono;
    note_end(subscription,
             how                                      ? *how
             : reason == SubscriptionEnd::deactivated ? LampEnd::handed_over
             : hidden                                 ? LampEnd::withdrawn
             : expired                                ? LampEnd::expired
                                                      : LampEnd::unsubscribed,
             0, now);
    if (subscription.forwarded) {
        const auto last_word = how == LampEnd::left ? LastWord::once : LastWord::owed;
        if (hidden)
            for (const Notifier& notifier : subscription.notifiers)
                end_for_watcher(subscription, notifier, reason, last_word, now, outbox);
        return drop(subscription, now, outbox);
    }
    if (subscription.list && darkens_first(subscription, reason, now, outbox)) return;
    if (hidden && !expired && how != LampEnd::left && directory_->find(subscription.watcher))
        return owe_end(subscription, reason, now, outbox);
    if (subscription.list) {
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

void GroupIndications::heard(const Binding& binding, Moment now, Outbox& outbox)
{
    ask_again(binding, now, outbox);
    NotifyDelivery<GroupIndications>::heard(binding, now, outbox);
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
    repeat_due(now, outbox);
}

std::optional<std::chrono::steady_clock::time_point> GroupIndications::next_deadline() const
{
    const auto expiry = expiry_.next_deadline();
    const auto repetition = next_repetition();
    return expiry && repetition ? std::min(expiry, repetition) : expiry ? expiry : repetition;
}

}  // namespace lampline
