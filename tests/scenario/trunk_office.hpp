#pragma once
// Phones, two trunks to outside, and who is there.
#include <doctest/doctest.h>

#include "support/scenario.hpp"

namespace lampline::test::trunks {

inline Trunk carrier(std::string name, std::string host)
{
    Trunk trunk;
    trunk.name = std::move(name);
    trunk.servers = {{std::move(host), 5060, Transport::udp}};
    trunk.domain = "carrier.test";
    trunk.caller_id.main_number = "+4310";
    trunk.caller_id.numbers = {{"(10[1-9])", "+431\\1"}};
    trunk.inbound = {{"\\+431(10[1-9])", "\\1", false}, {"\\+43199", "600", false}};
    return trunk;
}

inline DigitRule outside(std::string pattern, std::string replacement, CallClass call_class,
                         std::vector<std::string> trunks = {"one", "two"})
{
    DigitRule rule;
    rule.name = pattern;
    rule.pattern = std::move(pattern);
    rule.replacement = std::move(replacement);
    rule.call_class = call_class;
    rule.trunks = std::move(trunks);
    return rule;
}

/// Alice, Bob and Carol; two trunks for what begins with 0, 112 for emergencies; Dan watches all.
struct Office {
    Office()
    {
        rules.rules = {outside("0([1-9].*)", "+43\\1", CallClass::national),
                       outside("00([1-9].*)", "+\\1", CallClass::international),
                       outside("112", "", CallClass::premium)};
        rules.rules.back().emergency = true;
        rules.default_right = CallClass::national;
        rules.outside["102"] = {.forward = true, .limits = {}};
        apply();
        for (const auto* member : {"101", "102", "103"}) dan.watches(member);
    }

    void apply() { pbx.has_trunks({one, two}, rules); }

    /// What Dan was told last about `member`; the rest is forgotten.
    std::string lamp(std::string_view member)
    {
        std::string state = "nothing";
        for (const auto& arrived : dan.inbox) {
            const auto document = arrived.document();
            if (document.entity.find(member) == std::string::npos) continue;
            state = arrived.idle() ? "idle" : document.dialogs.front().state;
        }
        dan.inbox.clear();
        return state;
    }

    void forgets_lamps()
    {
        std::erase_if(dan.inbox, [](const Arrived& each) { return each.method == NOTIFY; });
    }

    static void talks_outside(Phone& phone, Phone& carrier, std::string_view number)
    {
        phone.sends(INVITE, number);
        carrier.receives(INVITE);
        carrier.replies(200, talking_sdp);
        phone.receives(200U);
        carrier.receives(ACK);
    }

    void all_is_over()
    {
        dan.inbox.clear();
        CHECK(pbx.has_no_calls());
        CHECK(pbx.has_no_dialogs());
        pbx.stays_silent_for(150s);
    }

    Scenario pbx{{group("all", {"104"}, {"101", "102", "103"})}};
    Trunk one = carrier("one", "198.51.100.1");
    Trunk two = carrier("two", "198.51.100.2");
    DigitRules rules;
    Phone& alice = pbx.phone("101");
    Phone& bob = pbx.phone("102");
    Phone& carol = pbx.phone("103");
    Phone& dan = pbx.phone("104");
    Phone& far = pbx.carrier(one, "+43664999");
    Phone& other = pbx.carrier(two, "+43664888");
};

}  // namespace lampline::test::trunks
