// The exchange: what the facts of a step mean to lamps and packages, to records, and to who looks
// on.
#include <algorithm>
#include <utility>
#include <variant>

#include "base/overloaded.hpp"
#include "core/extension_uri.hpp"
#include "engine/exchange.hpp"
#include "engine/published_dialog.hpp"

namespace lampline {
namespace {

LegEvent leg_event(const DialogSnapshot& dialog)
{
    return {.call = dialog.call,
            .leg = dialog.leg,
            .extension = dialog.extension,
            .number =
                dialog.trunk.empty() ? std::string{} : extension_of(dialog.local.identity.uri),
            .trunk = dialog.trunk,
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
                    if (const auto& dialog = changed.dialog; dialog.trunk.empty()) {
                        if (!dialog.untold) indications_.fold(changed, now, outbox);
                        events_.fold(changed, now, outbox);
                        note_place(dialog.leg, outbox);
                        label_invite(dialog, outbox);
                        if (!dialog.untold)
                            fold_published(publications_.fold(dialog, outbox), now, outbox);
                    }
                    recorder_.fold(changed, now, outbox);
                },
                [&](const BindingChanged& changed) {
                    calls_.bindings_changed(changed.aor, now, outbox);
                    qualify_.bindings_changed(changed.aor, now);
                    if (outbox.listened)
                        outbox.shown.push_back(
                            {now.wall, registration_event(changed.aor, registrar_.locations())});
                    if (changed.expired) {
                        indications_.registration_expired(changed.aor, now, outbox);
                        events_.registration_expired(changed.aor);
                    }
                    indications_.bindings_changed(changed.aor, registrar_.locations(), now, outbox);
                    events_.bindings_changed(changed.aor, now, outbox);
                    fold_published(publications_.bindings_changed(
                                       changed.aor, registrar_.locations().bindings(changed.aor),
                                       changed.expired, outbox),
                                   now, outbox);
                },
                [&](const PhoneLeft& left) {
                    if (left.expelled) calls_.phones_expelled(left.aor, now, outbox);
                    indications_.phone_left(left, now, outbox);
                    events_.phone_left(left, now, outbox);
                    fold_published(publications_.phone_left(left, outbox), now, outbox);
                },
                [&](const PhoneMoved& moved) {
                    calls_.receive(moved, now, outbox);
                    indications_.phone_moved(moved, now, outbox);
                    events_.phone_moved(moved, now, outbox);
                    publications_.phone_moved(moved, outbox);
                },
                [&](const ReachChanged& changed) {
                    if (outbox.listened) outbox.shown.push_back({now.wall, reach_event(changed)});
                    indications_.reach_changed(changed.aor, now, outbox);
                    events_.reach_changed(changed.aor, now, outbox);
                },
                [&](const UnaskedRefused& refused) { registrar_.receive(refused, outbox); },
                [&](const TrunkChanged& changed) {
                    if (outbox.listened) outbox.shown.push_back({now.wall, changed.status});
                },
                [&](const CallRefused& refused) {
                    if (refused.status >= 300 && refused.status < 700) ++refused_[refused.status];
                    recorder_.fold(refused, now, outbox);
                },
                [](const PartRecorded&) {},
                [](const ParkedInVain&) {},
                [&](const auto& of_a_call) { recorder_.fold(of_a_call, now, outbox); },
            },
            event);
        outbox.events[i] = std::move(event);
    }
}

void Exchange::fold_published(const StatePublished& published, Moment now, Outbox& outbox)
{
    for (const auto& dialog : published.dialogs) {
        if (outbox.listened) outbox.shown.push_back({now.wall, published_event(dialog)});
        indications_.fold({dialog}, now, outbox);
        events_.fold({dialog}, now, outbox);
    }
    for (const auto& [package, extension] : published.packages)
        events_.published(package, extension, now, outbox);
}

/// The call engine keeps where the dialog of `leg` is on its shared line.
void Exchange::note_place(LegId leg, Outbox& outbox)
{
    if (const auto place = events_.place_of(leg)) calls_.note_place(leg, *place, outbox);
}

void Exchange::label_invite(const DialogSnapshot& dialog, Outbox& outbox) const
{
    if (dialog.direction != Direction::recipient || dialog.state != LegState::trying) return;
    auto header = events_.appearance_header(dialog);
    if (!header) return;
    const auto headers_of = [&](SipCommand& command) -> std::vector<Header>* {
        if (auto* invite = std::get_if<SendInvite>(&command); invite && invite->leg == dialog.leg)
            return &invite->headers;
        auto* passed = std::get_if<ForwardInvite>(&command);
        return passed && passed->leg == dialog.leg ? &passed->headers : nullptr;
    };
    for (auto sent = outbox.commands.rbegin(); sent != outbox.commands.rend(); ++sent) {
        auto* const headers = headers_of(*sent);
        if (!headers) continue;
        if (std::ranges::find(*headers, *header) == headers->end())
            headers->push_back(*std::move(header));
        return;
    }
}

}  // namespace lampline
