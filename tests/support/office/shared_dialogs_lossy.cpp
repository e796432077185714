// Dialogs that two phones share where what they say is lost, late, or overtaken: each side knows
// what it has heard.
#include <algorithm>

#include "support/office/shared_dialogs.hpp"
#include "support/scenario/network.hpp"

namespace lampline::test {

SharedDialogs::Dialogs::iterator SharedDialogs::find(const DialogId& seen)
{
    return std::ranges::find_if(dialogs_, [&](Dialog& one) {
        return one.seen_by(one.caller) == seen || one.seen_by(one.callee) == seen;
    });
}

SharedDialogs::Side& SharedDialogs::side_of(Dialog& dialog, const DialogId& seen)
{
    return dialog.seen_by(dialog.caller) == seen ? dialog.caller : dialog.callee;
}

/// At most one of a kind waits for its answer (RFC 3261 §14.1, RFC 3311 §5.1).
void SharedDialogs::asks_by_network(Dialog& dialog, Side& side, Method method,
                                    std::string_view sdp)
{
    const auto seen = dialog.seen_by(side);
    const auto& passing = office_.pbx.network()->passing();
    if (passing.awaits(seen, method) || passing.awaits(seen, INVITE)) return;
    side.phone->uses_shared(seen);
    ++office_.done[std::string{"passes over the network "} + (method == INVITE ? "INVITE" : "UPDATE")];
    side.phone->passes(method, sdp);
}

void SharedDialogs::take_passed(Phone& phone, const Arrived& arrived)
{
    const auto dialog = find(arrived.shared);
    if (dialog == dialogs_.end()) return accepted_in_vain(phone, arrived);
    auto& side = side_of(*dialog, arrived.shared);
    if (arrived.status != 0) return told(*dialog, side, arrived);
    if (arrived.method != ACK) return asked(*dialog, side, arrived);
    if (!side.is_in) return;  // RFC 3261 §13.3.1.4
    ++office_.done["2xx in a shared dialog that nobody acknowledged"];
    says_bye(dialog, side);
}

/// Its caller has never heard of that. To the BYE it says 481, or 200 where it talks to another phone
/// that has answered the same call.
void SharedDialogs::accepted_in_vain(Phone& phone, const Arrived& arrived)
{
    if (arrived.method == ACK) {
        ++office_.done["2xx of a shared dialog that came to no caller"];
        phone.uses_shared(arrived.shared);
        return phone.passes(BYE);
    }
    REQUIRE(arrived.method == BYE);
    if (arrived.status != 0)
        CHECK((arrived.status == 481 || arrived.status == 200 || arrived.generated));
}

void SharedDialogs::asked(Dialog& dialog, Side& side, const Arrived& request)
{
    auto& chance = office_.chance;
    if (request.method == BYE) {
        side.is_in = false;
        return;
    }
    auto& phone = *side.phone;
    if (request.method == Method::refer) return phone.answers_passed(request, 202);
    const auto answer = chance.below(8);
    if (answer == 0) return phone.answers_passed(request, 491);
    if (answer == 1 && chance.one_in(2)) {
        leaves(dialog, side);
        return phone.answers_passed(request, 481);
    }
    std::string said;
    if (request.method == INVITE) {
        said = answer_to(request.body());
        side.said = said;
        ++office_.done["another session of who share"];
    }
    settled(side, dialog.expires);
    phone.answers_passed(request, 200, said, dialog.expires);
}

void SharedDialogs::told(Dialog& dialog, Side& side, const Arrived& answer)
{
    const auto& passing = office_.pbx.network()->passing();
    const bool gone = answer.status == 408 || answer.status == 481;
    if (gone && answer.method != Method::refer) {
        ++office_.done["hears that nobody shares its dialog"];
        if (side.is_in && office_.chance.one_in(2))
            return says_bye(find(answer.shared), side);
        side.is_in = false;
        return;
    }
    const bool session = answer.method == INVITE || answer.method == UPDATE;
    if (!side.is_in || answer.status / 100 != 2 || !session) return;
    if (answer.method == INVITE) side.said = body_of(passing.sent_with(answer.transaction));
    settled(side, answer.session_timer.expires);
    if (&side != &dialog.caller) return;
    dialog.refresh_at.reset();
    if (dialog.expires > 0s && !office_.chance.one_in(6))
        dialog.refresh_at = office_.pbx.now().mono + dialog.expires / 2;
}

bool SharedDialogs::is_over(const Dialog& dialog) const
{
    const auto* network = office_.pbx.network();
    return !dialog.goes_on() ||
           (network && network->passing().is_over(dialog.seen_by(dialog.caller)));
}

void SharedDialogs::leaves(Dialog& dialog, Side& side)
{
    side.is_in = false;
    side.phone->forgets(dialog.seen_by(side));
}

/// Who sees that its session is over says so, or has just forgotten it (RFC 4028 §10).
void SharedDialogs::drop_expired_sides()
{
    const auto now = office_.pbx.now().mono;
    for (auto dialog = dialogs_.begin(); dialog != dialogs_.end(); ++dialog)
        for (auto* side : {&dialog->caller, &dialog->callee}) {
            if (!side->is_in || !side->until || *side->until > now) continue;
            dialog->expired_at = now;
            if (office_.chance.one_in(2))
                says_bye(dialog, *side);
            else
                leaves(*dialog, *side);
        }
}

}  // namespace lampline::test
