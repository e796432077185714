// What phones and carriers refuse, as their callers hear it from the exchange.
#include <doctest/doctest.h>

#include "transfer_office.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

Trunk carrier()
{
    Trunk trunk;
    trunk.name = "one";
    trunk.servers = {{"192.0.2.200", 5060, Transport::udp}};
    trunk.domain = "carrier.test";
    trunk.inbound = {{"\\+431(.*)", "\\1", false}};
    return trunk;
}

/// Alice and Bob; what begins with 0 leads outside, for whoever has the right.
struct Office {
    Office()
    {
        DigitRule outside;
        outside.pattern = "0.*";
        outside.call_class = CallClass::national;
        outside.trunks = {"one"};
        DigitRules rules;
        rules.rules = {outside};
        rules.default_right = CallClass::internal;
        rules.rights = {{"101", CallClass::national}};
        pbx.has_trunks({trunk}, rules);
    }

    Scenario pbx;
    Trunk trunk = carrier();
    Phone& alice = pbx.phone("101");
    Phone& bob = pbx.phone("102");
    Phone& far = pbx.carrier(trunk, "+43664999");
};

Forwarding always(std::string to)
{
    Forwarding forwarding;
    forwarding.always = std::move(to);
    return forwarding;
}

}  // namespace

TEST_CASE("503 of a phone or carrier keeps nobody away from the exchange (RFC 3261 §21.5.4)")
{
    Office office;
    SUBCASE("a phone says so")
    {
        office.alice.sends(INVITE, "102");
        office.bob.receives(INVITE);
        office.bob.replies(503);
        office.alice.receives(500U).phrase("Phone Not Available");
        CHECK(office.pbx.records().at(0).status == 500);
    }
    SUBCASE("a phone cannot be reached")
    {
        office.alice.sends(INVITE, "102");
        office.bob.receives(INVITE);
        office.bob.fails_with(503);
        office.alice.receives(480U).phrase("Phone Not Available");
        CHECK(office.pbx.records().at(0).result == CallResult::unreachable);
    }
    SUBCASE("a carrier says so")
    {
        office.alice.sends(INVITE, "0664");
        office.far.receives(INVITE);
        office.far.replies(503);
        office.alice.receives(500U).phrase("Trunk Not Available");
    }
    SUBCASE("in the midst of a call")
    {
        office.alice.sends(INVITE, "102");
        office.bob.receives(INVITE);
        office.bob.replies(200, talking_sdp);
        office.alice.receives(200U);
        office.bob.receives(ACK);
        office.alice.sends_invite(hold_sdp);
        office.bob.receives(INVITE);
        office.bob.replies(503);
        office.alice.receives(500U).phrase("Phone Not Available");
        office.alice.sends(BYE);
        office.alice.receives(200U);
        office.bob.receives(BYE);
    }
    SUBCASE("a message")
    {
        office.alice.writes("102", "Lunch?");
        office.bob.answers_standalone(office.bob.receives(MESSAGE), 503);
        office.alice.receives(480U).phrase("Temporarily Unavailable");
    }
    CHECK(office.pbx.has_no_calls());
}

TEST_CASE("503 and a challenge of a phone that is moved are nothing for who moves it")
{
    transfer::Talking call;
    auto& dave = call.pbx.phone("104");
    call.bob_refers("<sip:103@office.test>");
    call.bob.receives(202U);
    call.bob_hears("SIP/2.0 100 Trying");
    call.carol.receives(INVITE);
    SUBCASE("a transferor")
    {
        call.carol.replies(200, transfer::carol_sdp);
        call.alice.receives(INVITE).with(transfer::carol_sdp);
        call.alice.replies(503);
        call.carol.receives(ACK);
        call.carol.receives(BYE);
        call.bob_hears("SIP/2.0 500 Phone Not Available\r\n"
                       "Reason: SIP;cause=503;text=\"Service Unavailable\"");
    }
    SUBCASE("who picks the transferred call up")
    {
        dave.sends(INVITE, "**103");
        call.alice.receives(INVITE).with(talking_sdp);
        SUBCASE("503")
        {
            call.alice.replies(503);
            dave.receives(500U).phrase("Phone Not Available");
        }
        SUBCASE("407")
        {
            call.alice.replies(407);
            dave.receives(480U).phrase("Temporarily Unavailable");
        }
        call.carol.replies(486);  // it has rung on
        call.bob_hears("SIP/2.0 486 ");
    }
    call.alice_and_bob_still_talk();
}

TEST_CASE("a phone that challenges what the other one asks is no reason to send it credentials")
{
    Office office;
    office.alice.sends(INVITE, "102");
    office.bob.receives(INVITE);
    office.bob.replies(200, talking_sdp);
    office.alice.receives(200U);
    office.bob.receives(ACK);
    for (const unsigned challenge : {401U, 407U}) {
        office.alice.sends_invite(hold_sdp);
        office.bob.receives(INVITE);
        office.bob.replies(challenge);
        office.alice.receives(500U).phrase("Challenged By Peer");
        office.alice.sends(INFO);
        office.bob.receives(INFO);
        office.bob.replies(challenge);
        office.alice.receives(500U).phrase("Challenged By Peer");
    }
    office.alice.sends(BYE);
    office.alice.receives(200U);
    office.bob.receives(BYE);
    CHECK(office.pbx.has_no_calls());
}

TEST_CASE("who calls from outside is told no number of the office")
{
    Office office;
    auto& [pbx, trunk, alice, bob, far] = office;
    SUBCASE("a forward that the extension may not make")
    {
        pbx.forwards("102", always("0900"));
        far.sends(INVITE, "+431102");
        far.receives(403U).without_header("Warning");
        alice.sends(INVITE, "102");
        CHECK_FALSE(alice.receives(403U).value("Warning").empty());
    }
    SUBCASE("a loop")
    {
        auto& carol = pbx.phone("103");
        pbx.forwards("102", always("103"));
        Forwarding busy;
        busy.busy = "102";
        pbx.forwards("103", busy);
        far.sends(INVITE, "+431102");
        far.receives(181U);
        carol.receives(INVITE);
        carol.replies(486);
        far.receives(482U).header("Warning", "399 lampline \"Forwarding loop\"");
    }
    CHECK(pbx.has_no_calls());
}

TEST_CASE("a CANCEL to a carrier has nothing of the office")
{
    Office office;
    auto& [pbx, trunk, alice, bob, far] = office;
    alice.sends(INVITE, "0664");
    far.receives(INVITE);
    Payload why;
    why.headers = {{"Reason", "SIP;cause=487"}, {"Warning", "399 office.test \"101\""}};
    pbx.receive(CancelReceived{alice.invite(), alice.dialog(),
                               std::make_shared<const Payload>(std::move(why))});
    far.receives(CANCEL).header("Reason", "SIP;cause=487").without_header("Warning");
    CHECK(pbx.has_no_calls());
}

TEST_CASE("what a phone redirects to ends no quoted text of ours (RFC 3261 §25.1)")
{
    Scenario pbx;
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    alice.sends(INVITE, "102");
    bob.receives(INVITE);
    const auto nobody = *SipUri::parse("sip:99@office.test");
    bob.redirects(
        {nobody, nobody, nobody, nobody, nobody, *SipUri::parse("sip:1%22%5c2@office.test")});
    alice.receives(482U).header(
        "Warning", "399 office.test \"Redirected too often, at last by 102 to 1\\\"\\\\2\"");
}

TEST_CASE("a peer that knows History-Info alone ends a loop all the same (RFC 7044)")
{
    Office office;
    auto& [pbx, trunk, alice, bob, far] = office;
    trunk.trusted = true;
    pbx.has_trunks({trunk}, {});
    SUBCASE("one of our numbers has diverted the call already")
    {
        far.invite_headers = {{"History-Info",
                               "<sip:102@office.test>;index=1, "
                               "<sip:+431102@carrier.test;cause=302>;index=1.1;mp=1"}};
        far.sends(INVITE, "+431102");
        far.receives(482U).phrase("Loop Detected");
    }
    SUBCASE("it has been diverted too often")
    {
        std::string history = "<sip:1@carrier.test>;index=1";
        for (int i = 0; i < 6; ++i) history += ", <sip:2@carrier.test;cause=486>;index=1.1;mp=1";
        far.invite_headers = {{"history-info", history}};
        far.sends(INVITE, "+431102");
        far.receives(482U)
            .phrase("Too Many Forwards")
            .header("Warning", "399 lampline \"Forwarded too often\"");
    }
}
