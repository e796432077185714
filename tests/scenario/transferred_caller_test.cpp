// Who is transferred, as the target of the transfer sees it.
#include "transfer_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::transfer;

TEST_CASE("a caller that hides is refused by who takes no anonymous calls, transferred or not")
{
    Scenario pbx;
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    auto& carol = pbx.phone("103");
    Forwarding wishes;
    wishes.exceptions = {{CallerMatch::anonymous, "", CallerTreatment::refuse}};
    pbx.forwards("103", wishes);
    bool hides = false;
    SUBCASE("shown") {}
    SUBCASE("hidden")
    {
        hides = true;
    }
    if (hides) alice.invite_headers = {{"Privacy", "id"}};
    alice.sends(INVITE, "102");
    bob.receives(INVITE);
    bob.replies(200, talking_sdp);
    alice.receives(200U);
    bob.receives(ACK);
    bob.sends(REFER, refer_to("<sip:103@office.test>"));
    bob.receives(202U);
    bob.replies_to(bob.receives(NOTIFY).with("SIP/2.0 100 Trying\r\n"), 200);
    CHECK(carol.hears_nothing() == hides);
    pbx.ends_all_calls();
    for (auto* phone : {&alice, &bob, &carol}) phone->inbox.clear();
}

TEST_CASE("Referred-By reaches a target that still rang for the transferor")
{
    Consulting call;
    const auto target = call.refer_with_replaces();
    call.bob.uses(call.first);
    call.bob_refers(target, {{"Referred-By", "<sip:102@office.test>"}});
    call.bob.receives(202U);
    call.bob_hears("SIP/2.0 100 Trying");
    call.bob.receives(487U);
    call.carol.receives(CANCEL);
    call.carol.receives(INVITE).from("101").header("Referred-By", "<sip:102@office.test>");
    call.pbx.ends_all_calls();
    for (auto* phone : {&call.alice, &call.bob, &call.carol}) phone->inbox.clear();
}

TEST_CASE("a target that still rings in proxy mode rings anew for who is transferred")
{
    Talking call;
    auto& pbx = call.pbx;
    auto& alice = call.alice;
    auto& bob = call.bob;
    auto& carol = call.carol;
    pbx.joins("103", CallMode::proxy);
    const auto first = bob.dialog();
    bob.sends(INVITE, "103", bob_sdp);
    carol.receives(INVITE);
    std::string target;
    const auto calls = pbx.view().calls;
    for (const auto& each : calls)
        for (const auto& leg : each.legs)
            if (each.dialled == "103" && leg.extension == "102")
                target = "<sip:103@office.test?Replaces=" + leg.call_id +
                         "%3Bto-tag%3D0%3Bfrom-tag%3D0>";
    REQUIRE_FALSE(target.empty());
    bob.uses(first);
    call.bob_refers(target);
    bob.receives(202U);
    call.bob_hears("SIP/2.0 100 Trying");
    carol.receives(CANCEL);
    bob.receives(487U);
    carol.receives(INVITE).from("101");
    pbx.ends_all_calls();
    for (auto* phone : {&alice, &bob, &carol}) phone->inbox.clear();
}
