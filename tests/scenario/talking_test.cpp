// Requests within a call: hold, UPDATE, INFO, PRACK, glare, session timers, a phone that is gone.
#include <doctest/doctest.h>

#include "support/scenario.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

struct Talking {
    explicit Talking(ExchangeSettings settings = {}, OptionTag supported = OptionTag::none,
                     SessionTimer asked = {}, SessionTimer answered = {})
        : pbx{{group("all", {"103"}, {"101", "102"})}, settings}, alice{pbx.phone("101")},
          bob{pbx.phone("102")}
    {
        alice.supported = supported;
        alice.session_timer = asked;
        bob.supported = supported;
        alice.sends(INVITE, "102");
        invite = bob.receives(INVITE);
        bob.session_timer = answered;
        bob.replies(200, talking_sdp);
        success = alice.receives(200U);
        bob.receives(ACK);
        alice.session_timer = bob.session_timer = {};
    }

    void ends()
    {
        alice.sends(BYE);
        alice.receives(200U);
        bob.receives(BYE);
        CHECK(pbx.has_no_calls());
        CHECK(pbx.has_no_dialogs());
    }

    Scenario pbx;
    Phone& alice;
    Phone& bob;
    Arrived invite, success;
};

PayloadRef text(std::string body)
{
    return std::make_shared<const Payload>(Payload{"application/dtmf-relay", std::move(body), {}});
}

}  // namespace

TEST_CASE("hold and resume by re-INVITE, from either side (RFC 3264 §8.4)")
{
    Talking call;
    auto& holder = call.alice;
    auto& held = call.bob;
    holder.sends_invite(hold_sdp);
    held.receives(INVITE).with(hold_sdp);
    held.replies(200, "v=0\r\nm=audio 1 x\r\na=recvonly\r\n");
    holder.receives(200U);
    held.receives(ACK);

    const auto legs = call.pbx.view().calls.at(0).legs;
    CHECK(legs.at(0).held);        // the holder hears nothing
    CHECK_FALSE(legs.at(1).held);  // the held one could

    holder.sends_invite(talking_sdp);
    held.receives(INVITE);
    held.replies(200, talking_sdp);
    holder.receives(200U);
    held.receives(ACK);
    CHECK_FALSE(call.pbx.view().calls.at(0).legs.at(0).held);

    call.bob.sends_invite(hold_sdp);
    call.alice.receives(INVITE);
    call.alice.replies(488);  // refused: nothing changed
    call.bob.receives(488U);
    CHECK_FALSE(call.pbx.view().calls.at(0).legs.at(1).held);
    call.ends();
}

TEST_CASE("re-INVITE with delayed offer: its answer travels in the ACK")
{
    Talking call;
    call.alice.acknowledges = false;
    call.alice.sends_invite("");
    call.bob.receives(INVITE).without_body();
    call.bob.replies(200, "offer");
    const auto success = call.alice.receives(200U).with("offer");
    call.alice.acknowledge(success, "answer");
    call.bob.receives(ACK).with("answer");
    call.ends();
}

TEST_CASE("a re-INVITE offers no reliable provisional responses, whose PRACK would not pass")
{
    Talking call{{}, OptionTag::timer | OptionTag::reliable};
    call.alice.sends_invite(hold_sdp);
    CHECK(call.bob.receives(INVITE).supported == OptionTag::timer);
    call.bob.replies(200, talking_sdp);
    call.alice.receives(200U);
    call.bob.receives(ACK);
    call.ends();
}

TEST_CASE("glare: re-INVITEs that cross get 491 (RFC 3261 §14.2)")
{
    Talking call;
    call.alice.sends_invite(hold_sdp);
    call.bob.receives(INVITE);
    call.bob.sends_invite(hold_sdp);
    call.bob.receives(491U);
    call.bob.replies(200, talking_sdp);
    call.alice.receives(200U);
    call.bob.receives(ACK);
    call.bob.sends_invite(hold_sdp);
    call.alice.receives(INVITE);
    call.alice.replies(200, talking_sdp);
    call.bob.receives(200U);
    call.alice.receives(ACK);
    call.ends();
}

TEST_CASE("a second re-INVITE before the first is answered: 500 with Retry-After (RFC 3261 §14.2)")
{
    Talking call;
    call.alice.sends_invite(hold_sdp);
    call.bob.receives(INVITE);
    call.alice.sends_invite(talking_sdp);
    call.alice.receives(500U).header("Retry-After", "2");
    call.bob.replies(200, talking_sdp);
    call.alice.receives(200U);
    call.bob.receives(ACK);
    call.ends();
}

TEST_CASE("a re-INVITE is cancelled: the other phone gets the CANCEL, the call goes on")
{
    Talking call;
    call.alice.sends_invite(hold_sdp);
    call.bob.receives(INVITE);
    call.alice.cancels();
    call.bob.receives(CANCEL);
    CHECK(call.alice.hears_nothing());  // the stack has told it 487
    call.ends();
}

TEST_CASE("a re-INVITE whose 200 crosses the CANCEL: the phones are made to agree again")
{
    Talking call;
    call.bob.answers_cancel = false;
    call.alice.sends_invite(hold_sdp);
    call.bob.receives(INVITE);
    call.alice.cancels();
    call.bob.receives(CANCEL);
    call.bob.replies(200, talking_sdp);
    call.bob.receives(ACK).without_body();
    call.bob.receives(INVITE).without_body();
    call.bob.replies(200, hold_sdp);
    call.alice.receives(INVITE).with(hold_sdp);
    call.alice.replies(200, talking_sdp);
    call.alice.receives(ACK);
    call.bob.receives(ACK).with(talking_sdp);
    call.ends();
}

TEST_CASE("who accepts a re-INVITE that was cancelled has kept the session alive all the same")
{
    ExchangeSettings settings;
    settings.calls.probe_interval = 0s;
    const SessionTimer kept_by_bob{.expires = 600s, .refresher = Refresher::uas};
    Talking call{settings, OptionTag::none, {}, kept_by_bob};  // Alice's phone keeps none
    call.pbx.passes(599s);
    call.bob.answers_cancel = false;
    call.alice.sends_invite(hold_sdp);
    call.bob.receives(INVITE).session(600s, Refresher::unspecified);
    call.alice.cancels();
    call.bob.receives(CANCEL);
    call.bob.session_timer = kept_by_bob;
    call.bob.replies(200, talking_sdp);
    call.bob.receives(ACK);
    call.bob.receives(INVITE).without_body();
    call.bob.session_timer = {};
    call.bob.replies(500);

    call.pbx.passes(599s);
    CHECK(call.alice.hears_nothing());
    CHECK(call.bob.hears_nothing());
    call.pbx.passes(1s);
    call.alice.receives(BYE);
    call.bob.receives(BYE);
}

TEST_CASE("a re-INVITE before the first INVITE is acknowledged: 491 (RFC 3261 §14.2)")
{
    Scenario pbx;
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    alice.acknowledges = false;
    alice.sends(INVITE, "102");
    bob.receives(INVITE);
    bob.replies(200, talking_sdp);
    const auto success = alice.receives(200U);
    for (auto* phone : {&alice, &bob}) {
        phone->sends_invite(hold_sdp);
        phone->receives(491U);
    }
    alice.acknowledge(success);
    bob.receives(ACK);
    bob.sends(BYE);
    bob.receives(200U);
    alice.receives(BYE);
    CHECK(pbx.has_no_calls());
}

TEST_CASE("UPDATE, INFO and OPTIONS go to the other phone, and its answer comes back")
{
    Talking call;
    for (const auto method : {UPDATE, INFO, OPTIONS}) {
        call.bob.sends(method, text("Signal=5"));
        call.alice.receives(method).with("Signal=5");
        call.alice.replies(method == INFO ? 415 : 200);
        call.bob.receives(method == INFO ? 415U : 200U);
    }
    call.ends();
}

TEST_CASE("BYE while an INFO is under way: the INFO is answered 481")
{
    Talking call;
    call.bob.sends(INFO, text("Signal=5"));
    call.alice.receives(INFO);
    call.alice.sends(BYE);
    call.bob.receives(481U);
    call.alice.receives(200U);
    call.bob.receives(BYE);
    CHECK(call.pbx.has_no_calls());
}

TEST_CASE(
    "the other phone does not know the call any more (481): it ends on both sides (RFC 5057 §5.1)")
{
    Talking call;
    call.alice.sends(INFO, text("Signal=5"));
    call.bob.receives(INFO);
    call.bob.replies(481);
    call.alice.receives(481U);
    call.alice.receives(BYE);
    call.bob.receives(BYE);
    CHECK(call.pbx.has_no_calls());
}

TEST_CASE("reliable provisional responses are acknowledged end to end (RFC 3262)")
{
    Scenario pbx;
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    alice.supported = OptionTag::reliable;
    alice.sends(INVITE, "102");
    bob.receives(INVITE);
    bob.replies_reliably(183, 7, "early");
    alice.receives(183U).reliable().with("early");
    alice.sends(PRACK, text("x"));
    CHECK(bob.receives(PRACK).with("x").rack_rseq == 7);
    bob.replies(200);
    alice.receives(200U);
    alice.cancels();
    bob.receives(CANCEL);
    CHECK(pbx.has_no_calls());
}

TEST_CASE("a provisional response is only reliable towards a caller that knows how (RFC 3262 §3)")
{
    Scenario pbx;
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    alice.sends(INVITE, "102");
    bob.receives(INVITE);
    bob.replies_reliably(183, 7, "early");
    CHECK_FALSE(alice.receives(183U).is_reliable);
    CHECK(bob.receives(PRACK).without_body().rack_rseq == 7);  // the exchange's own
    alice.cancels();
    bob.receives(CANCEL);
}

TEST_CASE("session timers (RFC 4028 §8)")
{
    SUBCASE("an INVITE without one is given ours")
    {
        Talking call;
        call.invite.session(1800s, Refresher::unspecified);
        call.success.session(0s, Refresher::unspecified);
        call.ends();
    }
    SUBCASE("both know timers: what they agree on passes through, and is supervised")
    {
        ExchangeSettings settings;
        settings.calls.probe_interval = 0s;
        Talking call{settings,
                     OptionTag::timer,
                     {.expires = 600s},
                     {.expires = 600s, .refresher = Refresher::uac}};
        call.success.session(600s, Refresher::uac);

        call.pbx.passes(599s);
        call.alice.session_timer = {.expires = 600s, .refresher = Refresher::uac};
        call.alice.sends(UPDATE);
        call.bob.receives(UPDATE).session(600s, Refresher::uac);
        call.bob.session_timer = {.expires = 600s, .refresher = Refresher::uac};
        call.bob.replies(200);
        call.alice.receives(200U).session(600s, Refresher::uac);

        call.pbx.passes(599s);
        CHECK(call.alice.hears_nothing());
        call.pbx.passes(1s);
        call.alice.receives(BYE);
        call.bob.receives(BYE);
        CHECK(call.pbx.has_no_calls());
    }
    SUBCASE("the callee knows none: the caller refreshes alone (§8.2)")
    {
        Talking call{{}, OptionTag::timer, {.expires = 600s}, {}};
        call.success.session(600s, Refresher::uac);
        call.ends();
    }
    SUBCASE("the callee knows neither timers nor UPDATE: the caller's refresh is answered for it")
    {
        ExchangeSettings settings;
        settings.calls.probe_interval = 0s;
        Scenario pbx{{}, settings};
        auto& alice = pbx.phone("101");
        auto& bob = pbx.phone("102");
        alice.supported = OptionTag::timer;
        alice.session_timer = {.expires = 600s, .refresher = Refresher::uac};
        alice.sends(INVITE, "102");
        bob.receives(INVITE);
        bob.replies(200, talking_sdp);
        alice.receives(200U);
        bob.receives(ACK);
        for (int refresh = 0; refresh < 3; ++refresh) {
            pbx.passes(500s);
            alice.sends(UPDATE);
            alice.receives(200U).session(600s, Refresher::uac);
            CHECK(bob.hears_nothing());
        }
        alice.sends(BYE);
        alice.receives(200U);
        bob.receives(BYE);
    }
    SUBCASE("too short: 422 with Min-SE")
    {
        Scenario pbx;
        auto& alice = pbx.phone("101");
        alice.session_timer = {.expires = 30s};
        alice.sends(INVITE, "102");
        alice.receives(422U);
    }
}

TEST_CASE("a phone that is gone in mid-call is found by a probe, and the call ends")
{
    Talking call;
    call.pbx.passes(60s);
    call.alice.receives(OPTIONS);
    call.bob.receives(OPTIONS);
    call.alice.replies(200);

    SUBCASE("it answers nothing")
    {
        call.bob.fails_with(408);
        call.alice.receives(BYE);
        call.bob.receives(BYE);
        CHECK(call.pbx.has_no_calls());
    }
    SUBCASE("it restarted and knows nothing: 481")
    {
        call.bob.replies(481);
        call.alice.receives(BYE);
        call.bob.receives(BYE);
        CHECK(call.pbx.has_no_calls());
    }
    SUBCASE("it does not know OPTIONS, but it is there")
    {
        call.bob.replies(405);
        CHECK(call.alice.hears_nothing());
        call.ends();
    }
    SUBCASE("its connection is refused once: it may be on its way back")
    {
        call.bob.fails_with(503);
        CHECK(call.alice.hears_nothing());
        call.pbx.passes(60s);
        call.alice.receives(OPTIONS);
        call.alice.replies(200);
        call.bob.receives(OPTIONS);
        call.bob.fails_with(503);
        call.alice.receives(BYE);
        call.bob.receives(BYE);
        CHECK(call.pbx.has_no_calls());
    }
}

TEST_CASE("the exchange stops: who rings gets 503, who talks a BYE")
{
    Talking call;
    auto& carol = call.pbx.phone("103");
    auto& dave = call.pbx.phone("104");
    carol.sends(INVITE, "104");
    dave.receives(INVITE);
    call.pbx.ends_all_calls();
    carol.receives(503U);
    dave.receives(CANCEL);
    call.alice.receives(BYE);
    call.bob.receives(BYE);
    CHECK(call.pbx.has_no_calls());
    CHECK(call.pbx.has_no_dialogs());
}

TEST_CASE("a callee that wants a longer session: its Min-SE reaches the caller (RFC 4028 §6)")
{
    Scenario pbx;
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    alice.supported = OptionTag::timer;
    alice.session_timer = {.expires = 200s};
    alice.sends(INVITE, "102");
    bob.receives(INVITE);
    bob.session_timer = {.min_se = 300s};
    bob.replies(422);
    CHECK(alice.receives(422U).session_timer.min_se == 300s);
    CHECK(pbx.has_no_calls());
}
