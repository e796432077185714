// A host is ours however it is written (RFC 3261 §19.1.4).
#include "transfer_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::transfer;

namespace {

/// Alice talks to Bob in an office with an IPv6 address.
struct Talk {
    Talk()
    {
        alice.sends(INVITE, "102", alice_sdp);
        bob.receives(INVITE);
        bob.replies(200, bob_sdp);
        alice.receives(200U);
        bob.receives(ACK);
    }

    ExchangeSettings settings{.calls = {.hosts = {"2001:db8::1", "192.0.2.9"}}};
    Scenario pbx{{}, settings};
    Phone& alice = pbx.phone("101");
    Phone& bob = pbx.phone("102");
    Phone& carol = pbx.phone("103");
};

}  // namespace

TEST_CASE(
    "a transfer to our domain in capitals, or to an address of ours, is one within the office")
{
    for (const auto* host :
         {"office.test", "Office.Test", "[2001:db8::1]", "[2001:DB8:0::1]", "192.0.2.9"}) {
        CAPTURE(host);
        Talk talk;
        talk.bob.sends(REFER, refer_to("<sip:103@" + std::string{host} + ">"));
        talk.bob.receives(202U);
        talk.bob.replies_to(talk.bob.receives(NOTIFY), 200);
        talk.carol.receives(INVITE);
        talk.pbx.ends_all_calls();
        for (auto* phone : {&talk.alice, &talk.bob, &talk.carol}) phone->inbox.clear();
    }
}

TEST_CASE("a transfer to somebody else's host stays refused")
{
    for (const auto* host : {"office.test.example", "[2001:db8::2]", "192.0.2.90"}) {
        CAPTURE(host);
        Talk talk;
        talk.bob.sends(REFER, refer_to("<sip:103@" + std::string{host} + ">"));
        talk.bob.receives(403U);
        talk.pbx.ends_all_calls();
        for (auto* phone : {&talk.alice, &talk.bob}) phone->inbox.clear();
    }
}

TEST_CASE("a phone that redirects to our domain in capitals is followed")
{
    Scenario pbx;
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    auto& carol = pbx.phone("103");
    alice.sends(INVITE, "102");
    bob.receives(INVITE);
    bob.redirects({*SipUri::parse("sip:103@OFFICE.test")});
    alice.receives(181U);
    carol.receives(INVITE);
    carol.replies(486);
    alice.receives(486U);
}

TEST_CASE("a number that has diverted a call is a loop, in whatever letters its host is written")
{
    Scenario pbx;
    auto& alice = pbx.phone("101");
    pbx.phone("102");
    alice.invite_headers = {{"Diversion", "<sip:102@OFFICE.Test>;reason=user-busy"}};
    alice.sends(INVITE, "102");
    alice.receives(482U).phrase("Loop Detected");
}
