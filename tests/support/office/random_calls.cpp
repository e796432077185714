#include "support/office/random_calls.hpp"

#include "support/scenario/network.hpp"

#include <algorithm>

namespace lampline::test {
namespace {

constexpr std::array<std::string_view, 3> lot{"700", "701", "702"};

PayloadRef pointing_to(const std::string& target)
{
    return std::make_shared<const Payload>(Payload{{}, {}, {{"Refer-To", "<" + target + ">"}}});
}

std::string address(const std::string& number)
{
    return "sip:" + number + "@office.test";
}

}  // namespace

/// Mostly one that rings, or is in a call: else little would come of it.
Phone& RandomCalls::somebody()
{
    std::vector<Phone*> busy;
    for (const auto& phones : {office_.callers, office_.carriers})
        for (auto* phone : phones)
            if (phone->rings() || phone->has_dialog()) busy.push_back(phone);
    if (office_.chance.one_in(25)) return *office_.chance.any_of(office_.carriers);
    if (busy.empty() || office_.chance.one_in(4)) return *office_.chance.any_of(office_.callers);
    return *office_.chance.any_of(busy);
}

/// An extension, or at times a slot, or somebody outside.
std::string RandomCalls::any_number()
{
    auto& chance = office_.chance;
    if (chance.one_in(8)) return std::string{outside};
    return std::string{chance.one_in(6) ? chance.any_of(lot) : chance.any_of(desks)};
}

void RandomCalls::answers(Phone& phone)
{
    constexpr std::array<unsigned, 9> statuses{180, 183, 200, 200, 200, 486, 491, 603, 500};
    auto* other = office_.pbx.network() ? rings_along(phone) : nullptr;
    if (other && office_.chance.one_in(2)) {
        ++office_.done["lifted at two phones"];
        office_.overtaken = true;
        says(phone, 200);
        office_.overtaken = false;
        return says(*other, 200);
    }
    says(phone, office_.chance.any_of(statuses));
}

Phone* RandomCalls::rings_along(const Phone& phone) const
{
    const auto& call_id = phone.asked().shared.call_id;
    const auto other = std::ranges::find_if(office_.callers, [&](const Phone* one) {
        return one != &phone && one->rings() && one->asked().shared.call_id == call_id;
    });
    return call_id.empty() || other == office_.callers.end() ? nullptr : *other;
}

void RandomCalls::cancels(Phone& phone)
{
    const auto rung = std::ranges::find_if(office_.callers, [&](const Phone* one) {
        return one->rings() && one->asked().from_address.uri.user == phone.number;
    });
    if (!office_.pbx.network() || rung == office_.callers.end() || office_.chance.one_in(2))
        return phone.cancels();
    office_.overtaken = true;
    phone.cancels();
    office_.overtaken = false;
    says(**rung, 200);
}

void RandomCalls::says(Phone& phone, unsigned status)
{
    const bool rings = status == 180 || status == 183;
    if (!rings || !progress_.rings(phone, status)) sessions_.answer(phone, status, talking_sdp);
}

/// It may be busy, broken or overloaded, know better where to call, or say nothing.
void RandomCalls::answers_outside(Phone& carrier)
{
    auto& chance = office_.chance;
    constexpr std::array<unsigned, 8> statuses{180, 183, 200, 200, 200, 486, 500, 503};
    constexpr std::array<std::string_view, 4> elsewhere{
        "sip:+43664777@one.test", "sip:102@office.test", "sip:+43664888@two.test",
        "sip:1@nowhere.test"};
    switch (chance.below(8)) {
    case 0:
        ++office_.done["carrier redirects"];
        return carrier.redirects({SipUri::parse(chance.any_of(elsewhere)).value()});
    case 1:
        ++office_.done["carrier fails"];
        over_.insert(carrier.dialog());
        return carrier.fails_with(chance.one_in(2) ? 408 : 503);
    default:
        ++office_.done["carrier answers"];
        return says(carrier, chance.any_of(statuses));
    }
}

void RandomCalls::acts_outside(Phone& carrier)
{
    auto& chance = office_.chance;
    if (carrier.rings() && !chance.one_in(4)) return answers_outside(carrier);
    const bool in_dialog = carrier.has_dialog() && !carrier.calls();
    switch (chance.below(7)) {
    case 0:
    case 1:
    case 2:
        if (carrier.has_dialog()) return;
        ++office_.done["calls from outside"];
        return carrier.sends(INVITE,
                             "+431" + std::string{chance.one_in(4) ? "600" : chance.any_of(desks)});
    case 3:
        if (carrier.calls() && carrier.has_dialog()) cancels(carrier);
        return;
    case 4:
        if (in_dialog) says_bye(carrier);
        return;
    case 5:
        if (in_dialog) carrier.sends_invite(chance.one_in(2) ? hold_sdp : talking_sdp);
        return;
    default:
        if (chance.one_in(4)) carrier.answers_options = chance.one_in(2) ? 408 : 200;
        if (in_dialog) refers(carrier);  // which nobody outside may
    }
}

void RandomCalls::act()
{
    auto& chance = office_.chance;
    Phone& phone = somebody();
    phone.answers_cancel = !chance.one_in(8);
    phone.answers_bye = !chance.one_in(16);
    phone.acknowledges = !chance.one_in(16);
    if (!phone.trunk.empty()) return acts_outside(phone);
    if (shared_.act(phone)) return;
    if (phone.rings() && chance.one_in(2)) return answers(phone);
    const bool in_dialog = phone.has_dialog() && !phone.calls();
    switch (chance.below(24)) {
    case 0: return phone.sends(INVITE, chance.one_in(4) ? "600" : any_number());
    case 1:
    case 2:
    case 3:
        if (phone.rings()) answers(phone);
        return;
    case 4:
        if (!phone.rings()) return;
        over_.insert(phone.dialog());  // should it be within one
        return phone.fails_with(chance.one_in(2) ? 408 : 503);
    case 5:
        if (phone.calls() && phone.has_dialog()) cancels(phone);
        return;
    case 6:
        if (in_dialog) says_bye(phone);
        return;
    case 7:
        if (in_dialog) phone.sends_invite(chance.one_in(2) ? hold_sdp : talking_sdp);
        return;
    case 8: return phone.sends(INVITE, chance.one_in(2) ? "*8" : "**102");
    case 9:
    case 10:
        if (in_dialog) refers(phone);
        return;
    case 11: return forwards(phone);
    case 12: return orders(phone);
    case 13:
        if (in_dialog) parks(phone);
        return;
    case 14:
    case 15: return retrieves(phone);
    case 16: return joins(phone);
    case 17:
        if (!in_dialog || !chance.one_in(3)) return;
        ++office_.done["also"];
        over_.insert(phone.dialog());
        return phone.sends_on("<" + address(any_number()) + ">");
    case 18:
        if (!chance.one_in(3)) return;
        ++office_.done["refers"];
        return phone.refers(phone.number, pointing_to(address(any_number())));
    case 19: return uses_card(phone);
    case 20: return retrieves(phone);
    case 21: return takes_over(phone);
    case 22:
        if (chance.one_in(4)) {
            office_.pbx.joins(phone.number, office_.any_mode());
        } else if (chance.one_in(2)) {
            auto wishes = office_.pbx.forwarding_of(phone.number);
            wishes.exceptions = exceptions({desks.begin(), desks.end()});
            office_.pbx.forwards(phone.number, std::move(wishes));
        }
        return;
    default:
        if (!phone.has_dialog()) calls(phone, std::string{chance.any_of(desks)});
    }
}

bool RandomCalls::is_refused(const std::string& desk, std::string_view caller) const
{
    const auto& exceptions = office_.pbx.forwarding_of(desk).exceptions;
    const auto first = std::ranges::find_if(exceptions, [&](const CallerException& one) {
        return one.match == CallerMatch::prefix ? caller.starts_with(one.caller)
                                                : caller == one.caller;
    });
    return desk != caller && first != exceptions.end() &&
           first->treatment == CallerTreatment::refuse;
}

/// Whom an exception refuses hears that at once, and rings nowhere.
void RandomCalls::calls(Phone& phone, const std::string& desk)
{
    phone.sends(INVITE, desk);
    if (office_.pbx.network()) return;  // by which that takes its time
    if (!is_refused(desk, phone.number)) return;
    const auto call_id = "call-" + std::to_string(phone.invite().value);
    CAPTURE(call_id);
    CHECK(std::ranges::any_of(phone.inbox, [&](const Arrived& arrived) {
        return arrived.call_id == call_id && arrived.status >= 400;
    }));
    for (const auto* other : office_.callers)
        CHECK(std::ranges::none_of(other->inbox, [&](const Arrived& arrived) {
            return arrived.method == INVITE && arrived.from_address.uri.user == phone.number;
        }));
    ++office_.done["refused by an exception"];
}

void RandomCalls::take(Phone& phone, const Arrived& arrived)
{
    // The stack's timer H for the ACKs that a phone kept to itself, sooner or later.
    const bool success = arrived.status / 100 == 2 && arrived.transaction && arrived.leg;
    const auto* network = office_.pbx.network();
    if (success && !phone.acknowledges && !network) phone.never_acknowledges(arrived);
    // Who has cancelled, and is answered all the same, hangs up (RFC 3261 §9.1).
    if (success && network && !arrived.call_id.empty() &&
        network->is_cancelled(arrived.transaction)) {
        ++office_.done["answered in spite of a CANCEL"];
        return ends(phone, arrived.leg);
    }
    if (arrived.method == BYE) over_.insert(arrived.leg);
    if (arrived.status == 302 && phone.trunk.empty()) follows(phone, arrived);
    if (!arrived.answers_to) return;
    if (arrived.method == SUBSCRIBE) phone.replies_to(arrived, office_.chance.one_in(2) ? 489 : 200);
    if (arrived.method == INFO && office_.chance.one_in(2)) phone.replies_to(arrived, 200);
    if (arrived.method != NOTIFY && arrived.method != OPTIONS) return;
    const bool forgotten = std::ranges::any_of(forgotten_, [&](const std::string& call_id) {
        return office_.pbx.dialog_of(call_id) == arrived.leg;
    });
    const bool knows_it = !forgotten && !office_.chance.one_in(8);
    if (!knows_it && arrived.method == OPTIONS) over_.insert(arrived.leg);
    phone.replies_to(arrived, knows_it ? 200 : 481);
}

void RandomCalls::says_bye(Phone& phone)
{
    over_.insert(phone.dialog());
    phone.sends(BYE);
}

void RandomCalls::ends(Phone& phone, LegId dialog)
{
    const auto before = phone.dialog();
    const auto rang = phone.rings() ? std::optional{phone.asked()} : std::nullopt;
    phone.uses(dialog);
    says_bye(phone);
    phone.uses(before);
    if (rang) phone.must_answer(*rang);
}

void RandomCalls::settle(bool all)
{
    auto& pbx = office_.pbx;
    while (!pbx.asked.empty() && (all || office_.chance.one_in(2)))
        pbx.settles_one(office_.chance.one_in(3) ? 500 : 200);
}

/// By the phone itself, or by somebody at the desk; loops and numbers that are gone included.
void RandomCalls::forwards(Phone& phone)
{
    auto& chance = office_.chance;
    constexpr std::array<std::string_view, 9> goals{"101", "102", "103", "104",  "105",
                                                    "999", "600", "",    outside};
    if (chance.one_in(2)) {
        constexpr std::array<std::string_view, 4> codes{"*21*", "*67*", "*61*", "*62*"};
        constexpr std::array<std::string_view, 3> alone{"*73", "*78", "*79"};
        office_.pbx.settles = !chance.one_in(4);
        if (chance.one_in(2)) return phone.sends(INVITE, chance.any_of(alone));
        const auto goal = chance.any_of(goals);
        return phone.sends(INVITE, std::string{chance.any_of(codes)} + std::string{goal});
    }
    if (chance.one_in(3)) return have_ring_group(std::string{chance.any_of(goals)});
    Forwarding wishes;
    if (chance.one_in(3)) wishes.always = chance.any_of(goals);
    wishes.busy = chance.any_of(goals);
    wishes.no_answer = chance.any_of(goals);
    wishes.unregistered = chance.any_of(goals);
    wishes.no_answer_after = std::chrono::seconds{5 + chance.below(20)};
    wishes.do_not_disturb = chance.one_in(8);
    wishes.call_waiting = !chance.one_in(4);
    if (chance.one_in(3)) wishes.call_limit = static_cast<unsigned>(1 + chance.below(3));
    wishes.forking = chance.one_in(2) ? Forking::parallel : Forking::sequential;
    if (chance.one_in(2))
        wishes.exceptions = exceptions(std::vector<std::string>(goals.begin(), goals.end()));
    office_.pbx.forwards(phone.number, std::move(wishes));
}

/// Colleagues, those outside, or who shows no number are treated unlike all others.
std::vector<CallerException> RandomCalls::exceptions(const std::vector<std::string>& goals)
{
    auto& chance = office_.chance;
    std::vector<CallerException> exceptions(1 + chance.below(2));
    for (auto& one : exceptions) {
        one.match = static_cast<CallerMatch>(chance.below(3));
        if (one.match == CallerMatch::number) one.caller = chance.any_of(desks);
        if (one.match == CallerMatch::prefix) one.caller = chance.one_in(2) ? "10" : "+43";
        one.treatment = static_cast<CallerTreatment>(chance.below(3));
        if (one.treatment == CallerTreatment::forward) one.to = chance.any_of(goals);
    }
    return exceptions;
}

void RandomCalls::follows(Phone& phone, const Arrived& redirected)
{
    std::vector<Phone*> named;
    for (const auto& header : redirected.headers) {
        if (header.name != "Contact") continue;
        auto* one = office_.phone_at(header.value.substr(1, header.value.find('>') - 1));
        REQUIRE(one);
        CHECK(one != &phone);
        CHECK(office_.is_registered(*one));
        named.push_back(one);
    }
    if (named.empty()) return;
    ++office_.done["redirected to phones"];
    if (!office_.chance.one_in(3)) phone.sends_to(office_.chance.any_of(named)->own_contact());
}

void RandomCalls::have_ring_group(std::string overflow)
{
    auto& chance = office_.chance;
    RingGroup team;
    team.number = "600";
    team.strategy = static_cast<RingStrategy>(chance.below(5));
    for (const auto number : desks)
        if (!chance.one_in(3))
            team.members.push_back(
                {std::string{number}, std::chrono::seconds{chance.below(3) * 5}});
    team.ring_time = std::chrono::seconds{5 + chance.below(20)};
    team.overflow = std::move(overflow);
    team.skip_busy = chance.one_in(2);
    office_.pbx.has_ring_groups({std::move(team)});
}

/// A third party has something done with any call there is, or makes one.
void RandomCalls::orders(const Phone& phone)
{
    auto& chance = office_.chance;
    constexpr std::array actions{CallAction::place,   CallAction::place,  CallAction::hang_up,
                                 CallAction::hold,    CallAction::resume, CallAction::transfer,
                                 CallAction::pick_up, CallAction::park};
    const auto calls = office_.pbx.present().calls;
    office_.pbx.orders({.action = chance.any_of(actions),
                        .call = calls.empty() ? "1" : chance.any_of(calls).id,
                        .from = phone.number,
                        .to = any_number(),
                        .by = chance.one_in(3) ? "" : phone.number});
}

void RandomCalls::parks(Phone& phone)
{
    phone.sends(Method::refer, pointing_to(address(std::string{office_.chance.any_of(lot)})));
    ++office_.done["parks"];
}

/// By number, by the dialog that the lamp shows, or by asking for a slot that may be free.
void RandomCalls::retrieves(Phone& phone)
{
    auto& chance = office_.chance;
    const std::string slot{chance.any_of(slots)};
    const auto calls = office_.pbx.present().calls;
    for (const auto& call : calls)
        for (const auto& leg : call.legs)
            if (leg.extension == slot && chance.one_in(2)) {
                ++office_.done["replaces"];
                return phone.sends_replacing({.call_id = leg.call_id, .to_tag = {}, .from_tag = {}},
                                             slot);
            }
    if (phone.has_dialog() && chance.one_in(2)) return;
    phone.sends(INVITE, chance.one_in(3) ? "700" : slot);
}

/// Dials in the calling-card application, takes itself back, or begins.
void RandomCalls::uses_card(Phone& phone)
{
    auto& chance = office_.chance;
    if (!phone.has_dialog()) {
        if (chance.one_in(2)) phone.sends(INVITE, "800");
        return;
    }
    const std::string keys =
        chance.one_in(2) ? std::string{"*0"} : std::string{chance.any_of(desks)} + "#";
    for (const char key : keys) {
        if (!phone.has_dialog()) return;
        phone.sends(INFO, std::make_shared<const Payload>(
                              Payload{"application/dtmf-relay",
                                      std::string{"Signal="} + key + "\r\nDuration=160\r\n",
                                      {}}));
    }
    ++office_.done["keys"];
}

/// A call of its own extension, at another phone or gone already.
void RandomCalls::takes_over(Phone& phone)
{
    const auto calls = office_.pbx.present().calls;
    const auto kept = office_.pbx.kept();
    for (const auto& call : calls)
        for (const auto& leg : call.legs)
            if (leg.extension == phone.number && office_.chance.one_in(2)) {
                Replaces named{.call_id = leg.call_id};
                for (const auto& stored : kept.calls)
                    for (const auto& each : stored.legs)
                        if (each.extension == leg.extension &&
                            each.dialog.call_id == leg.call_id) {
                            named.to_tag = each.dialog.local_tag;
                            named.from_tag = each.dialog.remote_tag;
                        }
                ++office_.done["takes over"];
                return phone.sends_replacing(named, phone.number,
                                             office_.chance.one_in(4) ? std::string_view{}
                                                                      : talking_sdp);
            }
}

/// Any dialog of any call, with its own tags, or tags that are nobody's.
void RandomCalls::joins(Phone& phone)
{
    auto& chance = office_.chance;
    const auto kept = office_.pbx.kept();
    if (kept.calls.empty()) return;
    const auto& leg = chance.any_of(kept.calls).legs[chance.below(2)];
    Replaces join{.call_id = leg.dialog.call_id,
                  .to_tag = leg.dialog.remote_tag,
                  .from_tag = leg.dialog.local_tag};
    if (chance.one_in(4)) std::swap(join.to_tag, join.from_tag);
    if (chance.one_in(8)) join.to_tag = "nobody";
    phone.sends_joining(join, leg.extension);
    ++office_.done["joins"];
}

/// Blind, or attended to any call there is, its own or not.
void RandomCalls::refers(Phone& phone)
{
    auto& chance = office_.chance;
    auto target = address(any_number());
    const auto calls = office_.pbx.present().calls;
    if (chance.one_in(2) && !calls.empty()) {
        const auto& legs = chance.any_of(calls).legs;
        target += "?Replaces=" + chance.any_of(legs).call_id;
    }
    phone.sends(Method::refer, pointing_to(target));
}

}  // namespace lampline::test
