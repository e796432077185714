#include "support/office/random_calls.hpp"

#include "support/scenario/network.hpp"

#include <algorithm>

namespace lampline::test {

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
    if (office_.chance.one_in(12)) return refuses_early(phone);
    says(phone, office_.chance.any_of(statuses));
}

/// Its early dialog is over before its INVITE is (RFC 6228).
void RandomCalls::refuses_early(Phone& phone)
{
    const bool begins = !phone.asked().from_address.uri.host.empty();
    if (begins) {
        ++office_.done["199"];
        sessions_.answer(phone, 180, {});
        if (phone.rings()) sessions_.answer(phone, 199, {});
    }
    if (phone.rings()) says(phone, 486);
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
    if (changes_session(phone) && chance.one_in(3)) return overtakes_itself(phone);
    const bool in_dialog = phone.has_dialog() && !phone.calls();
    switch (chance.below(25)) {
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
    case 20:
        if (in_dialog) phone.sends_invite(chance.one_in(2) ? hold_sdp : talking_sdp);
        return;
    case 8: return picks_up(phone);
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
        if (in_dialog && chance.one_in(3)) leaves(phone);
        return;
    case 18:
        if (chance.one_in(3)) clicks(phone);
        return;
    case 19: return uses_card(phone);
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
    case 23:
        if (in_dialog && !phone.rings()) updates(phone);
        return;
    default:
        if (!phone.has_dialog()) calls(phone, std::string{chance.any_of(desks)});
    }
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
    const bool begins = arrived.method == INVITE && !arrived.from_address.uri.host.empty();
    // Who talks can be joined wherever its dialog is, registered or not.
    const bool is_for_dialog =
        !arrived.value("Join").empty() || !arrived.value("Replaces").empty();
    if (begins && !is_for_dialog && phone.trunk.empty() && !network) {
        CAPTURE(phone.number);
        CHECK_MESSAGE(!office_.has_left(phone), "rings where nobody is");
    }
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

}  // namespace lampline::test
