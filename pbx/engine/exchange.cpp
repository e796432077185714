#include "engine/exchange.hpp"

#include <algorithm>
#include <iterator>
#include <unordered_set>

#include "base/overloaded.hpp"

namespace lampline {
namespace {

/// With what `request` was refused by `commands` from `first` on; 0: it was not.
unsigned refusal_of(TransactionId request, const std::vector<SipCommand>& commands,
                    std::size_t first)
{
    for (auto i = first; i < commands.size(); ++i)
        if (const auto* reply = std::get_if<Reply>(&commands[i]);
            reply && reply->transaction == request && reply->status >= 300)
            return reply->status;
    return 0;
}

/// Who put `call` into the slot that is its leg `slot`; empty where that one may not be seen by all
/// who see slots.
std::string parker_of(const Call& call, LegId slot, const Directory& directory)
{
    if (!call.parking || call.parking->leg != slot) return {};
    const auto* parker = directory.find(call.parking->by);
    return !parker || parker->visibility == Visibility::open ? call.parking->by : std::string{};
}

}  // namespace

Exchange::Exchange(ExchangeSettings settings, TokenSource tokens, DirectoryRef directory)
    : directory_{directory}, registrar_{settings.registrar},
      trunks_{settings.trunks, tokens, standalone_ids_},
      calls_{settings.calls, tokens, directory, registrar_.locations(), trunks_},
      indications_{settings.indications, tokens, directory, registrar_.locations(), pacing_},
      publications_{settings.publications, tokens},
      events_{settings.events, tokens, directory, registrar_.locations(), publications_,
              pacing_},
      qualify_{settings.qualify, tokens, registrar_.locations(), standalone_ids_, directory},
      messages_{settings.messages, tokens, registrar_.locations(), standalone_ids_, directory}
{
}

void Exchange::receive(const SipInput& input, Moment now, Outbox& outbox)
{
    const auto first = outbox.events.size();
    const auto first_command = outbox.commands.size();
    if (qualify_.any_silent() || indications_.any_waiting() || events_.any_waiting())
        note_sign_of_life(input, now, outbox);
    std::visit(
        Overloaded{
            [&](const RegisterReceived& request) {
                ++registrations_;
                if (trunks_.is_source(request.source))
                    return outbox.send(Reply{.transaction = request.transaction,
                                             .status = 403,
                                             .phrase = "Address Of A Trunk"});
                // Calls to it would ring here instead.
                const auto is_elsewhere = [&](const RegisterContact& contact) {
                    const auto asked = contact.expires ? contact.expires : request.expires;
                    return asked != std::chrono::seconds{0} &&
                           events_.directory().serves_elsewhere(contact.uri.host);
                };
                if (std::ranges::any_of(request.contacts, is_elsewhere))
                    return outbox.send(Reply{.transaction = request.transaction,
                                             .status = 403,
                                             .phrase = "Contact Is Not Yours"});
                registrar_.receive(request, now, outbox);
                qualify_.heard(request.aor, request.source, now, outbox);
            },
            [&](const SubscribeReceived& request) {
                if (auto refused = refusal_of_body(request, events_.directory().domain()))
                    return outbox.send(*std::move(refused));
                if (request.event == "refer" && !request.parties.to_tag.empty())
                    calls_.receive(request, now, outbox);
                else if (event_package(request.event))
                    events_.receive(request, now, outbox);
                else
                    indications_.receive(request, now, outbox);
            },
            [&](const NotifyAnswered& answer) {
                if (ReferSubscriptions::owns(answer.subscription))
                    calls_.receive(answer);
                else if (EventNotifier::owns(answer.subscription))
                    events_.receive(answer, now, outbox);
                else
                    indications_.receive(answer, now, outbox);
            },
            [&](const SubscribeForwarded& answered) {
                indications_.receive(answered, now, outbox);
            },
            [&](const NotifyReceived& notify) { indications_.receive(notify, now, outbox); },
            [&](const ForwardedEnded& ended) { indications_.receive(ended, now, outbox); },
            [&](const PublishReceived& request) {
                fold_published(
                    publications_.receive(request, events_.directory(), events_.appearances(),
                                          registrar_.locations().bindings(request.authenticated),
                                          now, outbox),
                    now, outbox);
            },
            [&](const InviteReceived& request) {
                if (!request.trunk.empty()) trunks_.heard(request.trunk, now, outbox);
                receive_invite(request, now, outbox);
            },
            [&](const MessageReceived& message) { messages_.receive(message, outbox); },
            [&](const StandaloneAnswered& answer) {
                if (const auto asked = qualify_.receive(answer, now, outbox)) {
                    if (const auto* phone = *asked)
                        tell_phone(phone->aor, phone->contact, target_of(*phone).flow, now);
                } else if (!trunks_.receive(answer, now, outbox)) {
                    messages_.receive(answer, outbox);
                }
            },
            [&](const TrunkResolved& resolved) { trunks_.receive(resolved, now, outbox); },
            [&](const ConnectionClosed& closed) {
                registrar_.receive(closed);
                calls_.receive(closed, now, outbox);
                trunks_.receive(closed, now);
                indications_.receive(closed, now, outbox);
                events_.receive(closed, now, outbox);
            },
            [&](const auto& of_a_call) { calls_.receive(of_a_call, now, outbox); },
        },
        input);
    fold_events(first, now, outbox);
    if (const auto* invite = std::get_if<InviteReceived>(&input);
        invite && events_.shares_line(invite->authenticated))
        events_.appearance_chosen(
            *invite, refusal_of(invite->transaction, outbox.commands, first_command), now, outbox);
    if (const auto* request = std::get_if<SubscribeReceived>(&input))
        tell_phone(request->authenticated, {}, request->source, now);
    if (const auto* request = std::get_if<RegisterReceived>(&input))
        for (const Binding& binding : registrar_.locations().bindings(request->aor)) {
            if (binding.flow != request->source) continue;
            indications_.heard(binding, now, outbox);
            events_.heard(binding, now, outbox);
        }
    finish_step(now, outbox);
}

void Exchange::receive(const FeatureSettled& settled, Moment now, Outbox& outbox)
{
    const auto first = outbox.events.size();
    if (settled.subscription)
        events_.receive(settled, now, outbox);
    else
        calls_.receive(settled, now, outbox);
    fold_events(first, now, outbox);
    finish_step(now, outbox);
}

OrderAnswer Exchange::carry_out(const CallOrder& order, Moment now, Outbox& outbox)
{
    const auto first = outbox.events.size();
    auto answer = calls_.carry_out(order, now, outbox);
    fold_events(first, now, outbox);
    finish_step(now, outbox);
    return answer;
}

void Exchange::advance(Moment now, Outbox& outbox)
{
    const auto first = outbox.events.size();
    registrar_.advance(now, outbox);
    qualify_.advance(now, outbox);
    trunks_.advance(now, outbox);
    calls_.advance(now, outbox);
    fold_events(first, now, outbox);
    fold_published(publications_.advance(now, outbox), now, outbox);
    indications_.advance(now, outbox);
    while (const auto due = pacing_.take_due(now.mono))
        if (EventNotifier::owns(*due))
            events_.turn_came(*due, now, outbox);
        else
            indications_.turn_came(*due, now, outbox);
    events_.advance(now, outbox);
    finish_step(now, outbox);
}

std::optional<std::chrono::steady_clock::time_point> Exchange::next_deadline() const
{
    auto earliest = registrar_.next_deadline();
    for (const auto& deadline :
         {calls_.next_deadline(), indications_.next_deadline(), qualify_.next_deadline(),
          events_.next_deadline(), publications_.next_deadline(), trunks_.next_deadline(),
          pacing_.next_deadline()})
        if (deadline && (!earliest || *deadline < *earliest)) earliest = deadline;
    return earliest;
}

void Exchange::replace_directory(DirectoryRef directory, Moment now, Outbox& outbox)
{
    const auto first = outbox.events.size();
    const auto without_place = unplaced(*directory);
    calls_.replace_directory(directory, outbox);
    registrar_.replace_directory(events_.directory(), *directory, outbox);
    qualify_.replace_directory(directory);
    messages_.replace_directory(directory);
    trunks_.replace(directory->trunks(), now, outbox);
    calls_.extensions_removed(events_.directory(), now, outbox);
    indications_.replace_directory(directory, registrar_.locations(), now, outbox);
    events_.replace_directory(directory, without_place, now, outbox);
    for (const auto& dialog : without_place) note_place(dialog.leg, outbox);
    fold_published(publications_.replace_directory(*directory, outbox), now, outbox);
    fold_events(first, now, outbox);
    finish_step(now, outbox);
}

void Exchange::restore(Kept kept, Moment now, Outbox& outbox)
{
    auto first = outbox.events.size();
    if (directory_) trunks_.replace(std::exchange(directory_, nullptr)->trunks(), now, outbox);
    calls_.recall(kept.turns, kept.talked);
    calls_.restore(std::move(kept.calls), kept.outside, now, outbox);
    calls_.end_ringing(kept.ringing, outbox);
    std::unordered_set<std::string> in_calls;
    for (const auto& open : kept.records)
        for (const auto& part : open.record.parts) in_calls.insert(part.extension);
    recorder_.recall(std::move(kept.records));
    fold_events(first, now, outbox);
    recorder_.end_forgotten(now, outbox);
    fold_published(
        publications_.restore(std::move(kept.publications), events_.directory(), now, outbox), now,
        outbox);
    indications_.recall_since(
        [this](const DialogSnapshot& dialog) { return recorder_.talks_since(dialog); });
    first = outbox.events.size();
    const auto expired = registrar_.restore(std::move(kept.bindings), now, outbox);
    const auto others = std::ranges::partition(kept.subscriptions, [](const auto& subscription) {
        return !event_package(subscription.event);
    });
    const auto of_events = std::ranges::partition(
        kept.unasked_lamps, [](const UnaskedLamp& lamp) { return !EventNotifier::owns(lamp); });
    events_.recall({std::move_iterator{of_events.begin()}, std::move_iterator{of_events.end()}},
                   now, outbox);
    kept.unasked_lamps.erase(of_events.begin(), of_events.end());
    events_.restore({std::move_iterator{others.begin()}, std::move_iterator{others.end()}}, now,
                    outbox, expired);
    kept.subscriptions.erase(others.begin(), others.end());
    indications_.recall(kept.ended_notifiers, now);
    indications_.recall(std::move(kept.unasked_lamps), now, outbox);
    indications_.restore(std::move(kept.subscriptions), registrar_.locations(), now, outbox,
                         expired, in_calls);
    fold_events(first, now, outbox);
    finish_step(now, outbox);
}

void Exchange::save(Outbox& outbox)
{
    indications_.save(outbox);
    events_.save(outbox);
}

void Exchange::end_calls(CallsToEnd which, Moment now, Outbox& outbox)
{
    const auto first = outbox.events.size();
    calls_.end(which, now, outbox);
    fold_events(first, now, outbox);
    finish_step(now, outbox);
}

LiveView Exchange::view(Moment now) const
{
    LiveView view;
    view.taken_at = now.wall;
    const auto bindings = registrar_.locations().all();
    view.registrations.reserve(bindings.size());
    for (const auto* binding : bindings) view.registrations.push_back(*binding);
    calls_.describe(view);
    indications_.describe(view);
    view.trunks = trunks_.all();
    events_.describe(view);
    publications_.describe(view);
    view.counters.registrations = registrations_;
    view.counters.calls_refused = refused_;
    view.counters.qualifies_sent = qualify_.counters().sent;
    view.counters.qualifies_unanswered = qualify_.counters().unanswered;
    view.counters.messages_accepted = messages_.counters().accepted;
    view.counters.messages_refused = messages_.counters().refused;
    return view;
}

LampAccount Exchange::answer(const LampQuestion& question, Moment now, Outbox& outbox)
{
    const auto member = events_.directory().watched(question.member);  // a slot by its number
    std::vector<ResentNotify> resent;
    if (question.resend) resent = indications_.resend(question.watcher, member, now, outbox);
    auto account = indications_.explain(question.watcher, member, registrar_.locations(), now);
    account.resent = std::move(resent);
    for (auto& dialog : account.calls)
        if (const auto* call = calls_.find(dialog.call)) {
            dialog.started_at = call->started_at;
            dialog.answered_at = call->answered_at;
            dialog.parked_by = parker_of(*call, dialog.leg, events_.directory());
        } else if (!dialog.call) {
            dialog.published = publications_.publisher_of(member, dialog.leg);
        }
    return account;
}

void Exchange::receive_invite(const InviteReceived& request, Moment now, Outbox& outbox)
{
    if (!events_.shares_line(request.authenticated)) return calls_.receive(request, now, outbox);
    auto chosen = request;
    if (!events_.choose_appearance(chosen, outbox)) return;
    if (chosen.replaces && !request.replaces) return calls_.retrieve_held(chosen, now, outbox);
    calls_.receive(chosen, now, outbox);
}

/// The dialogs of lines that `next` gives more appearances than they have.
std::vector<DialogSnapshot> Exchange::unplaced(const Directory& next) const
{
    std::vector<DialogSnapshot> dialogs;
    for (const auto* extension : next.extensions()) {
        const auto* known = events_.directory().find(extension->number);
        if (!known || known->appearances >= extension->appearances) continue;
        for (auto& dialog : calls_.dialogs_of(extension->number)) {
            if (dialog.place && dialog.place->index == 0) dialog.place.reset();
            dialogs.push_back(std::move(dialog));
        }
    }
    return dialogs;
}

void Exchange::tell_phone(const std::string& number, const SipUri& contact, const Flow& flow,
                          Moment now)
{
    indications_.phone_is_there(number, contact, flow, now);
    events_.phone_is_there(number, contact, flow, now);
}

void Exchange::note_sign_of_life(const SipInput& input, Moment now, Outbox& outbox)
{
    const auto heard = [&](const std::string& extension, const Flow& flow) {
        qualify_.heard(extension, flow, now, outbox);
        tell_phone(extension, {}, flow, now);
    };
    const auto of_leg = [&](LegId id) {
        if (const auto* leg = calls_.find_leg(id)) heard(leg->extension, leg->flow);
    };
    const auto told = [&](SubscriptionId id) -> const SubscriptionUsage* {
        return EventNotifier::owns(id) ? events_.find(id) : indications_.find(id);
    };
    std::visit(
        Overloaded{
            [&](const InviteReceived& request) { heard(request.authenticated, request.source); },
            [&](const SubscribeReceived& request) {
                qualify_.heard(request.authenticated, request.source, now, outbox);
            },
            [&](const MessageReceived& request) { heard(request.authenticated, request.source); },
            [&](const PublishReceived& request) { heard(request.authenticated, request.source); },
            [&](const RequestReceived& request) { of_leg(request.leg); },
            [&](const AnsweredBefore& answer) { of_leg(answer.leg); },
            [&](const ResponseReceived& response) {
                if (response.generated) return;
                if (const auto* leg = calls_.find_leg(response.leg);
                    leg && !is_word_of_proxy(leg->dialog_state.route, response.status))
                    heard(leg->extension, leg->flow);
            },
            [&](const NotifyAnswered& answer) {
                if (answer.generated) return;
                const auto* usage = told(answer.subscription);
                if (usage && !is_word_of_proxy(usage->dialog->route, answer.status)) {
                    const auto watcher = usage->watcher;
                    const auto dialog = usage->dialog;
                    heard(watcher, dialog->flow);
                }
            },
            [](const auto&) {},
        },
        input);
}

}  // namespace lampline
