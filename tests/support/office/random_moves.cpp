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
        target += "?Replaces=" + chance.any_of(legs).call_id;
    }
    phone.sends(Method::refer, pointing_to(target));
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
