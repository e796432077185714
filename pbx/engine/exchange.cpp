#include "engine/exchange.hpp"

namespace lampline {
namespace {

template <class... Visitors>
struct Overloaded : Visitors... {
    using Visitors::operator()...;
};
template <class... Visitors>
Overloaded(Visitors...) -> Overloaded<Visitors...>;

LegEvent leg_event(const DialogSnapshot& dialog)
{
    return {.call = dialog.call,
            .leg = dialog.leg,
            .extension = dialog.extension,
            .direction = dialog.direction,
            .state = dialog.state,
            .ended_by = dialog.ended_by,
            .held = dialog.held,
            .with = dialog.remote.identity.uri.user,
            .with_name = dialog.remote.identity.display_name};
}

ReachEvent reach_event(const ReachChanged& changed)
{
    return {changed.aor, write(changed.contact), changed.reach.state != Reach::State::unreachable,
            changed.reach.round_trip};
}

RegistrationEvent registration_event(const std::string& aor, const LocationTable& locations)
{
    RegistrationEvent event{aor, {}};
    for (const auto& binding : locations.bindings(aor))
        event.contacts.push_back(write(binding.contact));
    return event;
}

}  // namespace

Exchange::Exchange(ExchangeSettings settings, TokenSource tokens, DirectoryRef directory)
    : registrar_{settings.registrar}, calls_{settings.calls, tokens, directory,
                                             registrar_.locations()},
      indications_{settings.indications, tokens, directory, registrar_.locations()},
      qualify_{settings.qualify, tokens, registrar_.locations(), standalone_ids_, directory},
      messages_{settings.messages, tokens, registrar_.locations(), standalone_ids_, directory}
{
}

void Exchange::receive(const SipInput& input, Moment now, Outbox& outbox)
{
    const auto first = outbox.events.size();
    if (qualify_.any_silent()) note_sign_of_life(input, now, outbox);
    std::visit(Overloaded{
                   [&](const RegisterReceived& request) {
                       ++registrations_;
                       registrar_.receive(request, now, outbox);
                       qualify_.heard(request.aor, request.source, now, outbox);
                   },
                   [&](const SubscribeReceived& request) {
                       if (request.event == "refer" && !request.parties.to_tag.empty())
                           calls_.receive(request, now, outbox);
                       else
                           indications_.receive(request, now, outbox);
                   },
                   [&](const NotifyAnswered& answer) {
                       if (ReferSubscriptions::owns(answer.subscription))
                           calls_.receive(answer);
                       else
                           indications_.receive(answer, now, outbox);
                   },
                   [&](const MessageReceived& message) { messages_.receive(message, outbox); },
                   [&](const StandaloneAnswered& answer) {
                       if (!qualify_.receive(answer, now, outbox))
                           messages_.receive(answer, outbox);
                   },
                   [&](const ConnectionClosed& closed) {
                       registrar_.receive(closed);
                       indications_.receive(closed);
                   },
                   [&](const auto& of_a_call) { calls_.receive(of_a_call, now, outbox); },
               },
               input);
    fold_events(first, now, outbox);
}

void Exchange::receive(const FeatureSettled& settled, Moment now, Outbox& outbox)
{
    const auto first = outbox.events.size();
    calls_.receive(settled, now, outbox);
    fold_events(first, now, outbox);
}

OrderAnswer Exchange::carry_out(const CallOrder& order, Moment now, Outbox& outbox)
{
    const auto first = outbox.events.size();
    auto answer = calls_.carry_out(order, now, outbox);
    fold_events(first, now, outbox);
    return answer;
}

void Exchange::advance(Moment now, Outbox& outbox)
{
    const auto first = outbox.events.size();
    registrar_.advance(now, outbox);
    qualify_.advance(now, outbox);
    calls_.advance(now, outbox);
    fold_events(first, now, outbox);
    indications_.advance(now, outbox);
}

std::optional<std::chrono::steady_clock::time_point> Exchange::next_deadline() const
{
    auto earliest = registrar_.next_deadline();
    for (const auto& deadline :
         {calls_.next_deadline(), indications_.next_deadline(), qualify_.next_deadline()})
        if (deadline && (!earliest || *deadline < *earliest)) earliest = deadline;
    return earliest;
}

void Exchange::replace_directory(DirectoryRef directory, Moment now, Outbox& outbox)
{
    const auto first = outbox.events.size();
    calls_.replace_directory(directory);
    registrar_.replace_directory(*directory, outbox);
    qualify_.replace_directory(directory);
    messages_.replace_directory(directory);
    indications_.replace_directory(directory, registrar_.locations(), now, outbox);
    fold_events(first, now, outbox);
}

void Exchange::restore(Kept kept, Moment now, Outbox& outbox)
{
    auto first = outbox.events.size();
    CallEngine::end_ringing(kept.ringing, outbox);
    calls_.restore(std::move(kept.calls), now, outbox);
    fold_events(first, now, outbox);
    first = outbox.events.size();
    registrar_.restore(std::move(kept.bindings), now, outbox);
    indications_.restore(std::move(kept.subscriptions), registrar_.locations(), now, outbox);
    fold_events(first, now, outbox);
}

void Exchange::end_calls(CallsToEnd which, Moment now, Outbox& outbox)
{
    const auto first = outbox.events.size();
    calls_.end(which, now, outbox);
    fold_events(first, now, outbox);
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
    view.counters.registrations = registrations_;
    view.counters.qualifies_sent = qualify_.counters().sent;
    view.counters.qualifies_unanswered = qualify_.counters().unanswered;
    view.counters.messages_accepted = messages_.counters().accepted;
    view.counters.messages_refused = messages_.counters().refused;
    return view;
}

LampAccount Exchange::answer(const LampQuestion& question, Moment now, Outbox& outbox)
{
    std::vector<ResentNotify> resent;
    if (question.resend)
        resent = indications_.resend(question.watcher, question.member, now, outbox);
    auto account =
        indications_.explain(question.watcher, question.member, registrar_.locations(), now);
    account.resent = std::move(resent);
    for (auto& dialog : account.calls)
        if (const auto* call = calls_.find(dialog.call)) {
            dialog.started_at = call->started_at;
            dialog.answered_at = call->answered_at;
        }
    return account;
}

void Exchange::note_sign_of_life(const SipInput& input, Moment now, Outbox& outbox)
{
    const auto of_leg = [&](LegId id) {
        if (const auto* leg = calls_.find_leg(id))
            qualify_.heard(leg->extension, leg->flow, now, outbox);
    };
    std::visit(Overloaded{
                   [&](const InviteReceived& request) {
                       qualify_.heard(request.authenticated, request.source, now, outbox);
                   },
                   [&](const SubscribeReceived& request) {
                       qualify_.heard(request.authenticated, request.source, now, outbox);
                   },
                   [&](const MessageReceived& request) {
                       qualify_.heard(request.authenticated, request.source, now, outbox);
                   },
                   [&](const RequestReceived& request) { of_leg(request.leg); },
                   [&](const ResponseReceived& response) {
                       if (!response.generated) of_leg(response.leg);
                   },
                   [&](const NotifyAnswered& answer) {
                       if (answer.generated) return;
                       if (const auto* told = indications_.find(answer.subscription))
                           qualify_.heard(told->watcher, told->dialog->flow, now, outbox);
                   },
                   [](const auto&) {},
               },
               input);
}

void Exchange::fold_events(std::size_t first, Moment now, Outbox& outbox)
{
    for (auto i = first; i < outbox.events.size(); ++i) {
        // Folding may announce, and move the vector.
        auto event = std::move(outbox.events[i]);
        std::visit(
            Overloaded{
                [&](const DialogChanged& changed) {
                    if (outbox.listened)
                        outbox.shown.push_back({now.wall, leg_event(changed.dialog)});
                    indications_.fold(changed, now, outbox);
                    recorder_.fold(changed, now, outbox);
                },
                [&](const BindingChanged& changed) {
                    calls_.bindings_changed(changed.aor, outbox);
                    qualify_.bindings_changed(changed.aor, now);
                    if (outbox.listened)
                        outbox.shown.push_back(
                            {now.wall, registration_event(changed.aor, registrar_.locations())});
                    indications_.bindings_changed(changed.aor, registrar_.locations(), now, outbox);
                },
                [&](const ReachChanged& changed) {
                    if (outbox.listened) outbox.shown.push_back({now.wall, reach_event(changed)});
                },
                [](const PartRecorded&) {},
                [&](const auto& of_a_call) { recorder_.fold(of_a_call, now, outbox); },
            },
            event);
        outbox.events[i] = std::move(event);
    }
    indications_.finish_step(now, outbox);
}

}  // namespace lampline
