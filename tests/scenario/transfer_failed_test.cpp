// Transfers that fail or are refused: who is told why, and who talks to whom then.
#include "transfer_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::transfer;

TEST_CASE("a transfer that fails is told, and the parties are where they were")
{
    Talking call;
    SUBCASE("no such number")
    {
        call.bob_refers("<sip:999@office.test>");
        call.bob.receives(202U);
        call.bob_hears("SIP/2.0 100 Trying");
        call.bob_hears("SIP/2.0 404 No Such Extension");
    }
    SUBCASE("busy")
    {
        call.bob_refers("<sip:103@office.test>");
        call.bob.receives(202U);
        call.bob_hears("SIP/2.0 100 Trying");
        call.carol.receives(INVITE);
        call.carol.replies(486);
        call.bob_hears("SIP/2.0 486 ");
    }
    SUBCASE("nobody answers")
    {
        call.bob_refers("<sip:103@office.test>");
        call.bob.receives(202U);
        call.bob_hears("SIP/2.0 100 Trying");
        call.carol.receives(INVITE);
        call.alice.answers_probes = call.bob.answers_probes = true;
        call.pbx.passes(120s);
        call.carol.receives(CANCEL);
        call.bob_hears("SIP/2.0 480 No Answer");
    }
    SUBCASE("the transferee refuses the target's media: the target is hung up")
    {
        call.bob_refers("<sip:103@office.test>");
        call.bob.receives(202U);
        call.bob_hears("SIP/2.0 100 Trying");
        call.carol.receives(INVITE);
        call.carol.replies(200, carol_sdp);
        call.alice.receives(INVITE);
        call.alice.replies(488);
        call.carol.receives(ACK);
        call.carol.receives(BYE);
        call.bob_hears("SIP/2.0 488 ");
    }
    SUBCASE("the transferee takes the target's media, and says nothing of its own")
    {
        call.bob_refers("<sip:103@office.test>");
        call.bob.receives(202U);
        call.bob_hears("SIP/2.0 100 Trying");
        call.carol.receives(INVITE);
        call.carol.replies(200, carol_sdp);
        call.alice.receives(INVITE);
        call.alice.replies(200);
        call.alice.receives(ACK);
        call.carol.receives(ACK);
        call.carol.receives(BYE);
        call.bob_hears("SIP/2.0 488 No Media Answered");
        call.alice.receives(INVITE).without_body();
        call.alice.replies(200, alice_sdp);
        call.bob.receives(INVITE).with(alice_sdp);
        call.bob.replies(200, bob_sdp);
        call.bob.receives(ACK);
        call.alice.receives(ACK).with(bob_sdp);
    }
    SUBCASE("the target hangs up before it is joined")
    {
        call.bob_refers("<sip:103@office.test>");
        call.bob.receives(202U);
        call.bob_hears("SIP/2.0 100 Trying");
        call.carol.receives(INVITE);
        call.carol.replies(200, carol_sdp);
        call.alice.receives(INVITE);
        call.carol.sends(BYE);
        call.carol.receives(200U);
        call.carol.receives(ACK);
        call.bob_hears("SIP/2.0 480 Party Has Left");
        call.alice.replies(200, alice_sdp);  // and sends to where nobody is any more
        call.alice.receives(ACK);
        call.alice.receives(INVITE).without_body().header("P-Asserted-Identity",
                                                          "\"Name 102\" <sip:102@office.test>");
        call.alice.replies(200, alice_sdp);
        call.bob.receives(INVITE).with(alice_sdp);
        call.bob.replies(200, bob_sdp);
        call.bob.receives(ACK);
        call.alice.receives(ACK).with(bob_sdp);
    }
    call.alice_and_bob_still_talk();
}

TEST_CASE("a REFER that cannot be followed is refused, and says why")
{
    Talking call;
    SUBCASE("malformed: 400 with a Warning that names the header")
    {
        call.bob_refers("nonsense");
        auto refused = call.bob.receives(400U);
        CHECK(refused.headers.at(0).name == "Warning");
        CHECK(refused.headers.at(0).value.find("Refer-To") != std::string::npos);
    }
    SUBCASE("none at all: 400")
    {
        call.bob.sends(REFER);
        call.bob.receives(400U);
    }
    SUBCASE("another host: 403")
    {
        call.bob_refers("<sip:103@elsewhere.test>");
        call.bob.receives(403U);
    }
    SUBCASE("a telephone number of somewhere else: 403")
    {
        call.bob_refers("<tel:103;phone-context=elsewhere.test>");
        call.bob.receives(403U);
    }
    SUBCASE("another scheme: 403")
    {
        call.bob_refers("<mailto:carol@office.test>");
        call.bob.receives(403U);
    }
    SUBCASE("another method: 403")
    {
        call.bob_refers("<sip:103@office.test;method=BYE>");
        call.bob.receives(403U);
    }
    SUBCASE("while another one is under way: 491")
    {
        call.bob_refers("<sip:103@office.test>");
        call.bob.receives(202U);
        call.bob_hears("SIP/2.0 100 Trying");
        call.carol.receives(INVITE);
        call.alice.sends(REFER, refer_to("<sip:103@office.test>"));
        call.alice.receives(491U);
        call.carol.replies(603);
        call.bob_hears("SIP/2.0 603 ");
    }
    call.alice_and_bob_still_talk();
}
