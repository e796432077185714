// Requests within a dialog that meet nothing but silence: the phone is asked whether it is there
// before its call is over.
#include "call_control_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::call_control;

namespace {

struct Silence : Talking {
    /// To what Alice has sent.
    void bob_says_nothing()
    {
        pbx.passes(32s);
        bob.fails_with(408);
        alice.receives(504U);  // 408 would end her dialog
        bob.receives(OPTIONS);
        CHECK(alice.hears_nothing());
    }
};

}  // namespace

TEST_CASE("a phone that leaves unanswered what another one has sent is asked whether it is there")
{
    Silence call;
    call.alice.sends(INFO);
    call.bob.receives(INFO);
    call.bob_says_nothing();
    bool over = true;
    SUBCASE("it is: they talk on")
    {
        call.bob.replies(200);
        call.they_end();
        over = false;
    }
    SUBCASE("it knows no such call")
    {
        call.bob.replies(481);
    }
    SUBCASE("silence again")
    {
        call.bob.fails_with(408);
    }
    if (!over) return;
    call.alice.receives(BYE).header("Reason", "SIP;cause=408;text=\"Phone is gone\"");
    call.bob.receives(BYE);
    call.nothing_is_left();
}

TEST_CASE("what a phone may have accepted in silence is agreed anew once it is found there")
{
    Silence call;
    SUBCASE("INVITE")
    {
        call.alice.sends_invite(hold_sdp);
        call.bob.receives(INVITE).with(hold_sdp);
    }
    SUBCASE("UPDATE")
    {
        call.alice.sends(UPDATE, session_payload(std::string{hold_sdp}));
        call.bob.receives(UPDATE).with(hold_sdp);
    }
    call.bob_says_nothing();
    call.bob.replies(200);
    call.bob_has_his_session_anew();
    call.they_end();
}

TEST_CASE("a phone that answers all but INVITEs is asked once to agree anew")
{
    Silence call;
    call.alice.answers_probes = true;
    call.alice.sends_invite(hold_sdp);
    call.bob.receives(INVITE);
    call.bob_says_nothing();
    call.bob.replies(200);
    const auto renewing = call.bob.receives(INVITE).without_body();
    call.bob.answers_cancel = false;
    call.pbx.passes(25s);
    call.bob.receives(CANCEL);
    call.pbx.passes(32s);
    call.bob.fails_with(renewing, 408);
    call.bob.receives(OPTIONS);
    call.bob.replies(200);
    CHECK(call.bob.hears_nothing());
    CHECK(call.alice.hears_nothing());
    call.they_end();
}

TEST_CASE("a phone that was heard of since is not asked")
{
    Silence call;
    call.alice.sends(INFO);
    const auto unheard = call.bob.receives(INFO);
    call.pbx.passes(10s);
    call.bob.sends(INFO);
    call.alice.receives(INFO);
    call.alice.replies(200);
    call.bob.receives(200U);
    call.pbx.passes(22s);
    call.bob.fails_with(unheard, 408);
    call.alice.receives(504U);
    CHECK(call.bob.hears_nothing());
    call.they_end();
}

TEST_CASE("a transfer whose last INVITE meets silence fails, and the two who talk talk on")
{
    Silence call;
    CHECK(call.pbx.orders({.action = CallAction::transfer, .to = "103", .by = "101"}).outcome ==
          OrderOutcome::begun);
    call.carol.receives(INVITE);
    call.carol.replies(200, carol_sdp);
    const auto invite = call.bob.receives(INVITE).with(carol_sdp);
    call.bob.answers_cancel = false;
    call.pbx.passes(25s);
    call.bob.receives(CANCEL);
    call.pbx.passes(32s);
    call.bob.fails_with(invite, 408);
    call.carol.receives(ACK);
    call.carol.receives(BYE);
    call.bob.receives(OPTIONS);
    CHECK(call.alice.hears_nothing());
    call.bob.replies(200);
    call.bob_has_his_session_anew();
    call.they_end();
}
