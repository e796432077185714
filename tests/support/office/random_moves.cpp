// Calls of an office are moved: by REFER, to a slot, by a third party, and by the calling card.
#include <algorithm>

#include "support/office/random_calls.hpp"

namespace lampline::test {
namespace {

PayloadRef pointing_to(const std::string& target)
{
    return std::make_shared<const Payload>(Payload{{}, {}, {{"Refer-To", "<" + target + ">"}}});
}

std::string address(const std::string& number)
{
    return "sip:" + number + "@office.test";
}

}  // namespace

/// A third party has something done with any call there is, or makes one.
void RandomCalls::orders(const Phone& phone)
{
    auto& chance = office_.chance;
    constexpr std::array actions{CallAction::place,   CallAction::place,  CallAction::hang_up,
                                 CallAction::hold,    CallAction::resume, CallAction::transfer,
                                 CallAction::pick_up, CallAction::park};
    const auto calls = office_.pbx.present().calls;
    const auto action = chance.any_of(actions);
    const auto call = calls.empty() ? "1" : chance.any_of(calls).id;
    auto to = action == CallAction::park ? std::string{} : any_number();
    const auto answer = office_.pbx.orders({.action = action,
                                            .call = call,
                                            .from = phone.number,
                                            .to = std::move(to),
                                            .by = chance.one_in(3) ? "" : phone.number});
    if (answer.outcome != OrderOutcome::begun) return;
    ++office_.done["orders to " + std::string{name(action)}];
    if (action != CallAction::hang_up) return;
    for (const auto& one : office_.pbx.present().calls)
        if (one.id == call) CHECK(std::ranges::none_of(one.legs, &LiveLeg::connected));
}

void RandomCalls::parks(Phone& phone)
{
    phone.sends(Method::refer, pointing_to(address(std::string{office_.chance.any_of(lot)})));
    ++office_.done["parks"];
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

/// Blind, or attended to any call there is, its own or not.
void RandomCalls::refers(Phone& phone)
{
    auto& chance = office_.chance;
    auto target = address(any_number());
    const auto calls = office_.pbx.present().calls;
    if (chance.one_in(2) && !calls.empty()) {
        const auto& legs = chance.any_of(calls).legs;
        const auto& leg = chance.any_of(legs);
        target += "?Replaces=" + leg.call_id;
        const auto named = naming(leg);
        if (chance.one_in(2) && !named.from_tag.empty()) {
            target += "%3Bto-tag%3D" + named.to_tag + "%3Bfrom-tag%3D" + named.from_tag;
            ++office_.done["refers to a dialog by its tags"];
        }
    }
    phone.sends(Method::refer, pointing_to(target));
}

/// Over a network an older 2xx may come later, and nobody could tell what the phone has said last.
void RandomCalls::updates(Phone& phone)
{
    if (office_.pbx.network()) return;
    ++office_.done["another session by UPDATE"];
    const auto sdp = office_.chance.one_in(2) ? hold_sdp : talking_sdp;
    phone.sends(UPDATE, std::make_shared<const Payload>(
                            Payload{"application/sdp", std::string{sdp}, {}}));
}

bool RandomCalls::changes_session(const Phone& phone) const
{
    const auto begun = office_.pbx.dialog_of("call-" + std::to_string(phone.invite().value));
    return phone.has_dialog() && phone.calls() && begun != phone.dialog();
}

void RandomCalls::overtakes_itself(Phone& phone)
{
    ++office_.done["overtakes its own INVITE"];
    if (office_.chance.one_in(2)) return refers(phone);
    updates(phone);
}

void RandomCalls::leaves(Phone& phone)
{
    ++office_.done["also"];
    over_.insert(phone.dialog());
    phone.sends_on("<" + address(any_number()) + ">");
}

void RandomCalls::clicks(Phone& phone)
{
    ++office_.done["refers"];
    phone.refers(phone.number, pointing_to(address(any_number())));
}

}  // namespace lampline::test
