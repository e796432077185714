// kill -9 while the session of a call changes: afterwards both phones have the same one again.
#include "scenario/restart_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::restart;

namespace {

constexpr std::string_view new_alice_sdp = "v=0\r\no=alice 2\r\nm=audio 4002 RTP/AVP 0\r\n";
constexpr std::string_view new_bob_sdp = "v=0\r\no=bob 2\r\nm=audio 5002 RTP/AVP 0\r\n";

/// Each phone is asked by INVITE, and has what the other one said then.
void have_one_session(Phone& first, std::string_view offer, Phone& second, std::string_view answer)
{
    CHECK(first.receives(INVITE).body().empty());
    first.replies(200, offer);
    second.receives(INVITE).with(offer);
    second.replies(200, answer);
    first.receives(ACK).with(answer);
    second.receives(ACK);
    CHECK(first.media() == answer);
    CHECK(second.media() == offer);
}

}  // namespace

TEST_CASE("a phone whose re-INVITE was under way at a kill is told so, and both talk on")
{
    Talking call;
    call.bob.sends_invite(hold_sdp);
    call.alice.receives(INVITE).with(hold_sdp);
    call.pbx.passes(1s);  // Alice's phone takes its time
    CHECK(call.pbx.kept().ringing.size() == 1);
    call.restarts();
    call.bob.receives(500U);
    call.pbx.passes(300ms);
    SUBCASE("nobody else changes the session")
    {
        have_one_session(call.bob, new_bob_sdp, call.alice, new_alice_sdp);
    }
    SUBCASE("the other phone accepts it now")
    {
        CHECK(call.bob.receives(INVITE).body().empty());
        call.alice.answers_earlier_run();
        call.bob.replies(200, new_bob_sdp);
        call.alice.receives(INVITE).with(new_bob_sdp);
        call.alice.replies(200, new_alice_sdp);
        call.bob.receives(ACK).with(new_alice_sdp);
        call.alice.receives(ACK);
        call.pbx.passes(5s);
        CHECK(call.alice.hears_nothing());
        CHECK(call.bob.hears_nothing());
    }
    SUBCASE("it asks again at once, and has its way")
    {
        call.bob.receives(INVITE);
        call.bob.replies(491);
        call.is_held();
        call.pbx.passes(5s);
        have_one_session(call.bob, hold_sdp, call.alice, alice_sdp);
    }
    CHECK(call.pbx.kept().ringing.empty());
    call.ends(call.alice, call.bob);
}

TEST_CASE("it is told so by the number of its INVITE, whatever it has sent since")
{
    Talking call;
    call.bob.sends_invite(hold_sdp);
    call.alice.receives(INVITE);
    const auto invite = call.alice.asked();
    call.bob.sends(INFO);
    call.alice.receives(INFO);
    call.alice.replies(200);
    call.bob.receives(200U);
    call.pbx.passes(1s);
    const auto kept = call.pbx.kept().ringing;
    REQUIRE(kept.size() == 1);
    REQUIRE(kept[0].invites.size() == 1);
    CHECK(kept[0].invites[0].cseq == 2);  // his second request, after REGISTER
    call.alice.replies_to(invite, 200, alice_sdp);
    call.bob.receives(200U);
    call.alice.receives(ACK);
    call.dave.receives(NOTIFY);
    call.ends(call.alice, call.bob);
}

TEST_CASE("a re-INVITE that is answered at once is not stored")
{
    Talking call;
    const auto before = call.pbx.stored.size();
    call.is_held();
    call.pbx.passes(2s);
    for (auto at = before; at < call.pbx.stored.size(); ++at)
        CHECK_FALSE(std::holds_alternative<RingingStored>(call.pbx.stored[at]));
    call.ends(call.alice, call.bob);
}

TEST_CASE("a re-INVITE without answer is stored before its phone is told to wait")
{
    Talking call;
    call.bob.sends_invite(hold_sdp);
    call.alice.receives(INVITE);
    call.pbx.passes(70ms);
    CHECK(call.pbx.kept().ringing.empty());
    call.pbx.passes(20ms);
    CHECK(call.pbx.kept().ringing.size() == 1);
    call.alice.replies(200, alice_sdp);
    call.bob.receives(200U);
    call.alice.receives(ACK);
    CHECK(call.pbx.kept().ringing.empty());
    call.dave.receives(NOTIFY);
    call.ends(call.alice, call.bob);
}

TEST_CASE("a phone that accepts an INVITE of the run before gets the session of its peer")
{
    Talking call;
    call.pbx.restarts();
    call.lamp_is_steady();
    SUBCASE("at once")
    {
        call.alice.answers_earlier_run();
        have_one_session(call.alice, new_alice_sdp, call.bob, new_bob_sdp);
    }
    SUBCASE("not where that was the call's own: its answer had arrived")
    {
        call.bob.answers_earlier_run(2);
        call.pbx.passes(5s);
        CHECK(call.alice.hears_nothing());
        CHECK(call.bob.hears_nothing());
    }
    SUBCASE("and its INVITE is in the way of another")
    {
        call.bob.sends_invite(new_bob_sdp);
        call.alice.receives(INVITE);
        call.alice.answers_earlier_run();
        CHECK(call.alice.hears_nothing());
        call.alice.replies(200, new_alice_sdp);
        call.bob.receives(200U);
        call.alice.receives(ACK);
        call.pbx.passes(5s);
        have_one_session(call.alice, new_alice_sdp, call.bob, new_bob_sdp);
    }
    call.ends(call.alice, call.bob);
}

TEST_CASE("after a kill between a transferee's 200 and the join the transferor has it back")
{
    Talking call;
    call.bob.sends(Method::refer, refer_to("<sip:103@office.test>"));
    call.bob.receives(202U);
    call.bob.receives(NOTIFY);
    call.carol.receives(INVITE);
    call.carol.replies(180);
    call.pbx.passes(1s);
    call.carol.replies(200, carol_sdp);
    call.alice.receives(INVITE);
    call.pbx.passes(1s);
    call.carol.inbox.clear();
    call.bob.inbox.clear();
    call.dave.inbox.clear();
    call.pbx.restarts();
    call.dave.inbox.clear();
    call.carol.receives(BYE);
    call.alice.answers_earlier_run();
    have_one_session(call.alice, new_alice_sdp, call.bob, new_bob_sdp);
    call.alice.sends(BYE);
    call.alice.receives(200U);
    call.bob.receives(BYE);
    call.dave.inbox.clear();
    call.nothing_is_left();
}

TEST_CASE("a phone whose connection went with the exchange gets its session when it is back")
{
    Scenario pbx{{}, {.calls = {.probe_interval = 60s}}};
    Phone& alice = pbx.phone("101");
    Phone& bob = pbx.silent_phone("102");
    bob.flow.transport = Transport::tcp;
    bob.flow.connection = ConnectionId{7};
    bob.registers();
    alice.answers_probes = bob.answers_probes = true;
    alice.sends(INVITE, "102", alice_sdp);
    bob.receives(INVITE);
    bob.replies(200, bob_sdp);
    alice.receives(200U);
    bob.receives(ACK);
    pbx.restarts();
    alice.answers_earlier_run();
    CHECK(alice.hears_nothing());
    bob.flow.connection = ConnectionId{1};
    bob.registers();
    pbx.passes(10ms);
    have_one_session(alice, new_alice_sdp, bob, new_bob_sdp);
    alice.sends(BYE);
    alice.receives(200U);
    bob.receives(BYE);
    CHECK(pbx.has_no_calls());
}
