#include "support/office/shared_dialogs.hpp"

#include <algorithm>

#include "core/sdp.hpp"
#include "support/scenario/network.hpp"

namespace lampline::test {
namespace {

constexpr auto restart_grace = 32s;  // for who refreshes while the exchange is down
constexpr auto a_moment = 2s;
constexpr auto longest_way = 20s;  // of a 2xx to the caller

/// Two phones have one dialog, or the only phone has none with the exchange.
bool is_shared(const Office& office, const LiveCall& call)
{
    return std::ranges::any_of(call.legs, [&](const LiveLeg& leg) {
        return !is_park_name(leg.extension) && !office.pbx.dialog_of(leg.call_id);
    });
}

}  // namespace

SharedDialogs::SharedDialogs(Office& office) : office_{office}
{
    for (auto* phone : office_.callers)
        if (office_.chance.one_in(2)) phone->supported = phone->supported | OptionTag::replaces;
}

DialogId SharedDialogs::Dialog::seen_by(const Side& side) const
{
    return {call_id, side.tag, &side == &caller ? callee.tag : caller.tag};
}

SharedDialogs::Side& SharedDialogs::Dialog::side_of(const Phone& phone)
{
    return caller.phone == &phone ? caller : callee;
}

SharedDialogs::Side& SharedDialogs::Dialog::other_than(const Side& side)
{
    return &side == &caller ? callee : caller;
}

std::optional<SharedDialogs::Time> SharedDialogs::Dialog::until() const
{
    if (!caller.until || !callee.until) return caller.until ? caller.until : callee.until;
    return std::min(*caller.until, *callee.until);
}

SharedDialogs::Dialogs::iterator SharedDialogs::any_of(const Phone& phone)
{
    std::vector<Dialogs::iterator> own;
    for (auto dialog = dialogs_.begin(); dialog != dialogs_.end(); ++dialog)
        if ((dialog->caller.phone == &phone && dialog->caller.is_in) ||
            (dialog->callee.phone == &phone && dialog->callee.is_in))
            own.push_back(dialog);
    return own.empty() ? dialogs_.end() : office_.chance.any_of(own);
}

bool SharedDialogs::act(Phone& phone)
{
    auto& chance = office_.chance;
    drop_expired();
    const auto own_call = "call-" + std::to_string(phone.invite().value);
    if (phone.calls() && passed_on_.contains(own_call) && !cancelled_.contains(own_call) &&
        chance.one_in(4)) {
        cancelled_.insert(own_call);
        ++office_.done["cancels what was passed on"];
        phone.cancels();
        return true;
    }
    const auto dialog = any_of(phone);
    if (dialog == dialogs_.end() || chance.one_in(2)) return false;
    auto& side = dialog->side_of(phone);
    switch (chance.below(6)) {
    case 0:
    case 1: says_bye(dialog, side); return true;
    case 2: asks(dialog, side, UPDATE, {}); return true;
    case 3:
        phone.uses_shared(dialog->seen_by(side));
        phone.passes_refer("<sip:" + std::string{chance.any_of(desks)} + "@office.test>");
        return true;
    default: asks(dialog, side, INVITE, chance.one_in(2) ? hold_sdp : talking_sdp); return true;
    }
}

bool SharedDialogs::take(Phone& phone, const Arrived& arrived)
{
    if (arrived.status >= 200 && !arrived.call_id.empty()) {
        const auto was_passed_on = passed_on_.erase(arrived.call_id) > 0;
        if (arrived.status / 100 == 2 && !arrived.shared.call_id.empty()) answered(phone, arrived);
        return was_passed_on;
    }
    if (arrived.shared.call_id.empty()) return false;
    if (arrived.transaction && arrived.call_id.empty()) {  // by the other phone
        take_passed(phone, arrived);
        return true;
    }
    if (arrived.method == INVITE && arrived.answers_to) passed_on(phone, arrived);
    if (arrived.method == OPTIONS && arrived.answers_to) probed(phone, arrived);
    return arrived.method == INVITE || arrived.method == OPTIONS;
}

void SharedDialogs::passed_on(Phone& /*phone*/, const Arrived& arrived)
{
    passed_on_.insert(arrived.call_id);
    ++office_.done["passed on"];
}

/// Who has cancelled the call, or has been answered already, hangs up (RFC 3261 §13.2.2.4).
void SharedDialogs::answered(Phone& phone, const Arrived& arrived)
{
    const auto callee = std::ranges::find_if(office_.callers, [&](const Phone* one) {
        return one->callee_tag() == arrived.shared.remote_tag;
    });
    REQUIRE(callee != office_.callers.end());
    const auto& call_id = arrived.call_id;
    const bool again = !answered_.insert(call_id).second;
    const bool cancelled = cancelled_.contains(call_id);
    const bool in_vain = !again && cancelled;
    dialogs_.push_back({.call_id = call_id,
                        .caller = {&phone, arrived.shared.local_tag},
                        .callee = {*callee, arrived.shared.remote_tag}});
    const auto dialog = std::prev(dialogs_.end());
    ++office_.done["shares a dialog"];
    if (in_vain) office_.answered_in_vain.insert(call_id);
    // Another phone may answer before it hears that one has: some callers talk to both.
    // Where the first of these dialogs is over, so is the call.
    const bool goes_on = std::ranges::all_of(dialogs_, [&](const Dialog& one) {
        return one.call_id != call_id || !is_over(one);
    });
    if (again && !cancelled && is_network() && goes_on && office_.chance.one_in(2)) {
        ++office_.done["talks to two"];
        dialog->callee.said = arrived.body();
        return settled(*dialog, arrived.session_timer.expires);
    }
    if (again || in_vain) {
        ++office_.done[again ? "answered by two" : "answered when cancelled"];
        return says_bye(dialog, dialog->caller);
    }
    dialog->callee.said = arrived.body();
    settled(*dialog, arrived.session_timer.expires);
}

void SharedDialogs::probed(Phone& phone, const Arrived& arrived)
{
    const auto dialog = find(arrived.shared);
    const bool was_in = dialog != dialogs_.end() && side_of(*dialog, arrived.shared).is_in;
    const bool knows_it = was_in && !office_.chance.one_in(8);
    if (was_in && !knows_it && is_network())
        leaves(*dialog, side_of(*dialog, arrived.shared));
    else if (was_in && !knows_it)
        dialogs_.erase(dialog);
    else if (!was_in && is_network())
        phone.forgets(arrived.shared);  // its 2xx, if it still repeats one
    ++office_.done[knows_it ? "knows what it shares" : "does not know what it shared"];
    const auto rang = phone.rings() ? std::optional{phone.asked()} : std::nullopt;
    phone.replies_to(arrived, knows_it ? 200 : 481);
    if (rang) phone.must_answer(*rang);
}

void SharedDialogs::says_bye(Dialogs::iterator dialog, Side& side)
{
    auto& phone = *side.phone;
    phone.uses_shared(dialog->seen_by(side));
    ++office_.done["says BYE to who shares"];
    if (is_network())
        side.is_in = false;
    else
        dialogs_.erase(dialog);
    phone.passes(BYE);
}

/// The other one accepts, refuses, or does not know the dialog any more.
void SharedDialogs::asks(Dialogs::iterator dialog, Side& side, Method method, std::string_view sdp)
{
    if (is_network()) return asks_by_network(*dialog, side, method, sdp);
    auto& other = dialog->other_than(side);
    side.phone->uses_shared(dialog->seen_by(side));
    other.phone->uses_shared(dialog->seen_by(other));
    side.phone->passes(method, sdp);
    const auto answer = office_.chance.below(8);
    if (answer == 0) return;  // 491, which ends nothing
    if (answer == 1 && office_.chance.one_in(2)) {
        auto& phone = *other.phone;
        dialogs_.erase(dialog);
        return phone.no_longer_knows(method);
    }
    std::string said;
    if (method == INVITE) said = answer_to(sdp);
    if (method == INVITE) {
        side.said = sdp;
        other.said = said;
        ++office_.done["another session of who share"];
    }
    const auto expires = dialog->expires;
    settled(*dialog, expires);
    other.phone->accepts(method, said, expires);
}

void SharedDialogs::settled(Dialog& dialog, std::chrono::seconds expires)
{
    dialog.expires = expires;
    dialog.refresh_at.reset();
    settled(dialog.caller, expires);
    settled(dialog.callee, expires);
    if (expires > 0s && !office_.chance.one_in(6))
        dialog.refresh_at = office_.pbx.now().mono + expires / 2;
}

void SharedDialogs::settled(Side& side, std::chrono::seconds expires)
{
    side.until.reset();
    if (expires > 0s) side.until = office_.pbx.now().mono + expires;
}

bool SharedDialogs::act()
{
    drop_expired();
    const auto now = office_.pbx.now().mono;
    const auto due = std::ranges::find_if(dialogs_, [&](const Dialog& one) {
        return one.caller.is_in && one.refresh_at && *one.refresh_at <= now;
    });
    if (due == dialogs_.end()) return false;
    due->refresh_at = now + 3s;  // where that is refused
    ++office_.done["refreshes what it shares"];
    asks(due, due->caller, UPDATE, {});
    return true;
}

void SharedDialogs::drop_expired()
{
    if (is_network()) return drop_expired_sides();
    const auto now = office_.pbx.now().mono;
    std::erase_if(dialogs_, [&](const Dialog& one) {
        const auto until = one.until();
        return until && *until <= now;
    });
}

void SharedDialogs::exchange_killed()
{
    passed_on_.clear();
    cancelled_.clear();
    const auto grace = office_.pbx.now().mono + restart_grace;
    for (auto& dialog : dialogs_)
        for (auto* side : {&dialog.caller, &dialog.callee})
            if (side->until) side->until = std::max(*side->until, grace);
}

void SharedDialogs::storage_lost(const std::vector<StoredCall>& left)
{
    const auto now = office_.pbx.now();
    std::erase_if(dialogs_, [&](Dialog& dialog) {
        const auto is_it = [&](const StoredCall& call) {
            return call.legs[0].dialog.call_id == dialog.call_id;
        };
        const auto call = std::ranges::find_if(left, is_it);
        if (call == left.end()) return true;
        if (const auto& ends_at = call->legs[1].session_ends_at; dialog.until() && ends_at)
            dialog.caller.until = dialog.callee.until = now.mono + (*ends_at - now.wall);
        for (const auto& leg : call->legs)
            (leg.role == LegRole::caller ? dialog.caller : dialog.callee).said =
                leg.sdp ? leg.sdp->body : "";
        return false;
    });
}

void SharedDialogs::check(const LiveView& view)
{
    if (!is_network()) drop_expired();
    const auto now = office_.pbx.now().mono;
    std::set<std::string> present;
    for (const auto& call : view.calls) {
        const bool talks =
            std::ranges::count(call.legs, std::string{"confirmed"}, &LiveLeg::state) > 0;
        if (!is_shared(office_, call) || !talks) continue;
        const auto& call_id = call.legs.front().call_id;
        present.insert(call_id);
        CAPTURE(call_id);
        const auto is_it = [&](const Dialog& one) {
            return one.call_id == call_id && one.goes_on();
        };
        const auto dialog = std::ranges::find_if(dialogs_, is_it);
        const bool expires = std::ranges::any_of(dialogs_, [&](const Dialog& one) {
            return one.call_id == call_id && one.expired_at && *one.expired_at + longest_way > now;
        });
        if (dialog == dialogs_.end() && expires) continue;
        REQUIRE_MESSAGE(dialog != dialogs_.end(), "a call of phones that share nothing");
        if (std::ranges::count_if(dialogs_, is_it) == 1)
            check(call, *dialog);
        else
            check_several(call);
        ++office_.done["calls that share a dialog"];
    }
    for (const auto& dialog : dialogs_) {
        CAPTURE(dialog.call_id);
        const auto until = dialog.until();
        const auto margin = is_network() ? longest_way : a_moment;
        const bool expiring = until && *until <= now + margin;
        if (!expiring && !is_over(dialog)) CHECK_MESSAGE(present.contains(dialog.call_id), "ended without a word");
    }
}

/// Who is on hold in which of them is for the ladders (proxy_several_answers_test).
void SharedDialogs::check_several(const LiveCall& call) const
{
    std::multiset<std::string> callees;
    for (const auto& dialog : dialogs_)
        if (dialog.call_id == call.legs.front().call_id && dialog.goes_on())
            callees.insert(dialog.callee.phone->number);
    std::multiset<std::string> talking;
    for (const auto& leg : call.legs)
        if (leg.state == "confirmed" && leg.role != "caller") talking.insert(leg.extension);
    CHECK(talking == callees);
}

void SharedDialogs::check(const LiveCall& call, const Dialog& dialog) const
{
    std::size_t talking = 0;
    for (const auto& leg : call.legs) {
        if (leg.state != "confirmed") continue;
        ++talking;
        const auto& side = leg.role == "caller" ? dialog.caller : dialog.callee;
        CHECK(leg.call_id == dialog.call_id);
        CHECK(leg.extension == side.phone->number);
        CHECK(leg.connected);
        CAPTURE(leg.extension);
        // A caller with several is on hold in the first of them, which may have been another one.
        const auto* network = office_.pbx.network();
        const bool one_of_several = network && &side == &dialog.caller &&
                                    network->passing().accepted(dialog.call_id) > 1;
        if (!side.said.empty() && !one_of_several) CHECK(leg.held == !receives_media(side.said));
        office_.done["on hold in a shared dialog"] += leg.held;
    }
    CHECK(talking == 2);
}

}  // namespace lampline::test
