#pragma once
// An office in which one may call outside, and the others would like to at his cost.
#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "support/scenario.hpp"

namespace lampline::test::outside_limits {

inline Trunk carrier(std::string name, std::string host)
{
    Trunk trunk;
    trunk.name = std::move(name);
    trunk.servers = {{std::move(host), 5060, Transport::udp}};
    trunk.domain = "carrier.test";
    trunk.inbound = {{"1(.*)", "\\1", false}, {"4(.*)", "\\1", false, "102"}};
    return trunk;
}

inline PayloadRef refer_to(std::string_view number, std::string_view replaces = {})
{
    auto value = "<sip:" + std::string{number} + "@office.test";
    if (!replaces.empty()) value += "?Replaces=" + std::string{replaces};
    return std::make_shared<const Payload>(Payload{{}, {}, {{"Refer-To", value + ">"}}});
}

inline SipUri uri(std::string_view text)
{
    return *SipUri::parse(text);
}

/// Bob (102) may call outside, Alice (101) and Carol (103) may not. What begins with 0 leads
/// outside, what begins with 0900 costs more than Bob may spend.
struct Office {
    Office()
    {
        DigitRule dear;
        dear.pattern = "0900\\d*";
        dear.call_class = CallClass::premium;
        dear.trunks = {"one", "two"};
        auto far_away = dear;
        far_away.pattern = "0.*";
        far_away.call_class = CallClass::national;
        auto second_line = far_away;
        second_line.pattern = "08.*";
        second_line.trunks = {"two"};
        auto help = dear;
        help.pattern = "112";
        help.emergency = true;
        rules.rules = {dear, far_away, second_line, help};
        rules.default_right = CallClass::internal;
        rules.rights["102"] = CallClass::national;
        rules.outside["102"].forward = true;
        apply();
        for (auto* phone : phones) phone->answers_probes = true;
    }

    void apply() { pbx.has_trunks({one, two}, rules); }
    OutsideLimits& bobs_limits() { return rules.outside["102"].limits; }

    /// The phones of the office answer what comes, until nothing comes any more.
    void phones_answer()
    {
        for (bool again = true; std::exchange(again, false);)
            for (auto* phone : {&alice, &bob, &carol, &dialer, &other})
                for (const auto& arrived : std::exchange(phone->inbox, {})) {
                    if (!arrived.answers_to || arrived.what == "CANCEL") continue;
                    // Whoever is outside answers in the calls that it has made.
                    if (phone == &other && arrived.request_uri.host == "carrier.test") continue;
                    const bool invite = arrived.method == INVITE;
                    phone->replies_to(arrived, 200, invite ? talking_sdp : "");
                    again = true;
                }
    }

    void alice_talks_to_bob()
    {
        alice.sends(INVITE, "102");
        phones_answer();
    }

    /// REST moves the call between the two.
    void orders(CallOrder order)
    {
        for (const auto& call : pbx.view().calls)
            if (call.dialled == "102") order.call = call.id;
        pbx.orders(std::move(order));
        phones_answer();
    }

    /// What REST says becomes of a call of Bob's.
    unsigned bob_would_hear() { return pbx.decides("102", "0555").status; }

    bool is_hung_up(Phone& phone)
    {
        for (const auto& arrived : std::exchange(phone.inbox, {}))
            if (arrived.method == BYE && arrived.what == "BYE") return true;
        return false;
    }

    /// Bob has called outside today.
    void bob_calls_outside_once()
    {
        bob.sends(INVITE, "0555");
        far.replies(486);
        for (auto* phone : phones) phone->inbox.clear();
    }

    void forget()
    {
        pbx.ends_all_calls();
        pbx.passes(60s);
        for (auto* phone : phones) phone->inbox.clear();
        CHECK(pbx.has_no_calls());
        CHECK(pbx.has_no_dialogs());
    }

    Scenario pbx{{group("all", {"101", "102", "103"})}};
    Trunk one = carrier("one", "198.51.100.1");
    Trunk two = carrier("two", "198.51.100.2");
    DigitRules rules;
    Phone& alice = pbx.phone("101");
    Phone& bob = pbx.phone("102");
    Phone& carol = pbx.phone("103");
    Phone& dialer = pbx.silent_phone("102");
    Phone& far = pbx.carrier(one, "555");
    Phone& other = pbx.carrier(two, "556");
    std::vector<Phone*> phones{&alice, &bob, &carol, &dialer, &far, &other};
};

}  // namespace lampline::test::outside_limits
