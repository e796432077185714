#include "engine/leg_reach.hpp"

namespace lampline {
namespace {

/// CSeq numbers are stored anew when so few are left.
constexpr std::uint32_t cseq_margin = 16;

/// Proxied: what passes to the phone of `leg` may go elsewhere than when the dialog began.
bool passes_elsewhere(const Leg& leg) noexcept
{
    return leg.proxied && (leg.moved_at || leg.resumed) && !leg.dialog.remote_tag.empty() &&
           leg.trunk.empty();
}

}  // namespace

DialogState dialog_state_of(const InviteReceived& invite)
{
    const bool named = !invite.contact.host.empty();
    return {.local_party = invite.parties.to,
            .remote_party = invite.parties.from,
            .contact_user = invite.request_uri.user,
            .target = named ? invite.contact : invite.parties.from.uri,
            .route = invite.record_route,
            .remote_cseq = invite.cseq};
}

PhoneAddress address_of(const Leg& leg)
{
    return {leg.flow, leg.dialog_state.target, leg.extension};
}

bool follows_registration(const Leg& leg) noexcept
{
    return leg.trunk.empty() && !leg.slot && leg.dialog_state.route.empty() &&
           leg.state != LegState::terminated;
}

void passes_along(const Leg& leg, Outbox& outbox)
{
    if (!passes_elsewhere(leg)) return;
    const bool goes_along =
        leg.state != LegState::terminated && leg.dialog_state.route.empty();
    outbox.send(MovePassed{leg.dialog.call_id, leg.dialog.remote_tag,
                           goes_along ? std::optional{leg.flow} : std::nullopt});
}

void note_tag(Leg& leg, const std::string& tag, Outbox& outbox)
{
    // One that has spoken with a tag and answers without is still the same.
    if (tag.empty() || leg.dialog.remote_tag == tag) return;
    // Who answers now is another one behind that phone: of the former nothing ends any more.
    if (passes_elsewhere(leg))
        outbox.send(MovePassed{leg.dialog.call_id, leg.dialog.remote_tag, std::nullopt});
    leg.dialog.remote_tag = tag;
}

void count_request(Call& call, Leg& leg, std::uint32_t cseq)
{
    leg.dialog_state.cseq = cseq;
    if (leg.reserved_cseq != 0 && cseq + cseq_margin > leg.reserved_cseq) call.unsaved = true;
}

}  // namespace lampline
