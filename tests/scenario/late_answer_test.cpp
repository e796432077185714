// Phones that accept an INVITE which came to nothing meanwhile: they go back to the session they
// had.
#include "core/sdp.hpp"
#include "transfer_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::transfer;

namespace {

constexpr std::string_view dave_sdp = "v=0\r\no=dave\r\nm=audio 7000 RTP/AVP 0\r\n";
constexpr std::string_view silent_sdp = "v=0\r\nm=audio 4000 RTP/AVP 0\r\na=inactive\r\n";

/// Alice, whose phone had the media of somebody else, and `other` have each other's again.
void get_each_other_back(Phone& alice, Phone& other, std::string_view other_sdp)
{
    alice.receives(ACK);
    alice.receives(INVITE).without_body();
    alice.replies(200, alice_sdp);
    other.receives(INVITE).with(alice_sdp);
    other.replies(200, other_sdp);
    other.receives(ACK);
    alice.receives(ACK).with(other_sdp);
    CHECK(alice.media() == other_sdp);
    CHECK(other.media() == alice_sdp);
}

/// Bob sends Alice to Carol, whose phone rings, and Dave may take that.
struct Picking : Talking {
    Picking()
    {
        bob_refers("<sip:103@office.test>");
        bob.receives(202U);
        bob_hears("SIP/2.0 100 Trying");
        carol.receives(INVITE);
    }
    Phone& dave = pbx.phone("104");
};

/// Alice talks to the desk phone of 102, whose mobile asks for its place.
struct TakingOver {
    explicit TakingOver(std::string_view offer = dave_sdp)
    {
        alice.sends(INVITE, "102", alice_sdp);
        desk.receives(INVITE);
        desk.replies(200, bob_sdp);
        alice.receives(200U);
        desk.receives(ACK);
        mobile.registers();
        mobile.sends_replacing(pbx.naming(pbx.view().calls.at(0).legs.back().call_id), "101",
                               offer);
        if (offer.empty())
            alice.receives(INVITE).without_body();
        else
            alice.receives(INVITE).with(offer);
        alice.answers_cancel = false;
    }
    void mobile_has_the_call()
    {
        alice.replies(200, alice_sdp);
        mobile.receives(200U).with(alice_sdp);
        alice.receives(ACK);
        CHECK(alice.media() == dave_sdp);
        CHECK(mobile.media() == alice_sdp);
        end(mobile);
    }
    void end(Phone& other)
    {
        alice.sends(INFO);
        other.receives(INFO);
        other.replies(200);
        alice.receives(200U);
        alice.sends(BYE);
        alice.receives(200U);
        other.receives(BYE);
        nothing_is_left();
    }
    void nothing_is_left()
    {
        CHECK(pbx.has_no_calls());
        CHECK(pbx.has_no_dialogs());
        pbx.stays_silent_for(41s);
    }
    Scenario pbx;
    Phone& alice = pbx.phone("101");
    Phone& desk = pbx.phone("102");
    Phone& mobile = pbx.silent_phone("102");
};

}  // namespace

TEST_CASE("a picker of a transferred call gives up, and the transferee accepts it all the same")
{
    Picking call;
    call.dave.sends(INVITE, "**103", dave_sdp);
    call.alice.receives(INVITE).with(dave_sdp);
    call.dave.cancels();
    call.carol.replies(486);
    call.bob_hears("SIP/2.0 486 ");
    SUBCASE("at once")
    {
        call.alice.replies(200, alice_sdp);
        get_each_other_back(call.alice, call.bob, bob_sdp);
    }
    SUBCASE("while Bob already tries the next one: as soon as that has failed")
    {
        call.bob_refers("<sip:103@office.test>");
        call.bob.receives(202U);
        call.bob_hears("SIP/2.0 100 Trying");
        call.carol.receives(INVITE);
        call.alice.replies(200, alice_sdp);
        call.alice.receives(ACK);
        CHECK(call.alice.hears_nothing());
        call.carol.replies(486);
        call.bob_hears("SIP/2.0 486 ");
        call.alice.receives(INVITE).without_body();
        call.alice.replies(200, alice_sdp);
        call.bob.receives(INVITE).with(alice_sdp);
        call.bob.replies(200, bob_sdp);
        call.bob.receives(ACK);
        call.alice.receives(ACK).with(bob_sdp);
    }
    SUBCASE("while Bob already tries the next one, whom nobody answers")
    {
        call.alice.answers_probes = call.bob.answers_probes = true;
        call.bob_refers("<sip:103@office.test>");
        call.bob.receives(202U);
        call.bob_hears("SIP/2.0 100 Trying");
        call.carol.receives(INVITE);
        call.alice.replies(200, alice_sdp);
        call.alice.receives(ACK);
        call.pbx.passes(120s);
        call.carol.receives(CANCEL);
        call.bob_hears("SIP/2.0 480 No Answer");
        call.alice.receives(INVITE).without_body();
        call.alice.replies(200, alice_sdp);
        call.bob.receives(INVITE).with(alice_sdp);
        call.bob.replies(200, bob_sdp);
        call.bob.receives(ACK);
        call.alice.receives(ACK).with(bob_sdp);
    }
    SUBCASE("while it changes its session itself: not before that is done")
    {
        call.alice.replies(200, alice_sdp);
        call.alice.receives(ACK);
        call.alice.receives(INVITE);
        call.alice.replies(491);
        CHECK(call.alice.hears_nothing());
        call.pbx.passes(2100ms);
        call.alice.receives(INVITE);
        call.alice.replies(200, alice_sdp);
        call.bob.receives(INVITE).with(alice_sdp);
        call.bob.replies(200, bob_sdp);
        call.bob.receives(ACK);
        call.alice.receives(ACK).with(bob_sdp);
    }
    call.alice_and_bob_still_talk();
}

TEST_CASE("a phone accepts a picker in vain while the exchange holds it, which fails, too")
{
    Picking call;
    call.dave.sends(INVITE, "**103", dave_sdp);
    call.alice.receives(INVITE).with(dave_sdp);
    call.dave.cancels();
    call.carol.replies(486);
    call.bob_hears("SIP/2.0 486 ");
    CHECK(call.pbx.orders({.action = CallAction::hold}).outcome == OrderOutcome::begun);
    call.alice.replies(200, alice_sdp);
    call.alice.receives(ACK);
    CHECK(call.alice.hears_nothing());  // one change at a time
    call.pbx.passes(2100ms);
    call.alice.receives(INVITE).with(made_inactive(bob_sdp));
    call.alice.replies(488);
    call.alice.receives(INVITE).without_body();
    call.alice.replies(200, alice_sdp);
    call.bob.receives(INVITE).with(alice_sdp);
    call.bob.replies(200, bob_sdp);
    call.bob.receives(ACK);
    call.alice.receives(ACK).with(bob_sdp);
    call.alice_and_bob_still_talk();
}

TEST_CASE("on hold by the exchange, a phone that accepted somebody in vain goes back to the hold")
{
    Talking call;
    CHECK(call.pbx.orders({.action = CallAction::hold}).outcome == OrderOutcome::begun);
    call.alice.receives(INVITE);
    call.alice.replies(200, silent_sdp);
    call.alice.receives(ACK);
    call.bob.receives(INVITE);
    call.bob.replies(200, silent_sdp);
    call.bob.receives(ACK);
    CHECK(call.pbx.orders({.action = CallAction::transfer, .to = "103"}).outcome ==
          OrderOutcome::begun);
    call.carol.receives(INVITE);
    call.carol.replies(200, carol_sdp);
    call.alice.receives(INVITE).with(carol_sdp);
    call.carol.sends(BYE);
    call.carol.receives(200U);
    call.carol.receives(ACK);
    call.alice.replies(200, alice_sdp);
    call.alice.receives(ACK);
    call.alice.receives(INVITE).with(made_inactive(silent_sdp));
    call.alice.replies(200, silent_sdp);
    call.alice.receives(ACK).without_body();
    CHECK(call.bob.hears_nothing());
    call.bob.sends(BYE);
    call.bob.receives(200U);
    call.alice.receives(BYE);
    call.nothing_is_left();
}

TEST_CASE("the other phone gives up its take-over, and the answer crosses that: nobody is hung up")
{
    SUBCASE("it had an offer")
    {
        TakingOver call;
        call.mobile.cancels();
        call.alice.receives(CANCEL);
        call.alice.replies(200, alice_sdp);
        get_each_other_back(call.alice, call.desk, bob_sdp);
        call.end(call.desk);
    }
    SUBCASE("it had none: the offer that comes is answered with nothing to hear")
    {
        TakingOver call{{}};
        call.mobile.cancels();
        call.alice.receives(CANCEL);
        call.alice.replies(200, alice_sdp);
        call.alice.receives(ACK).with(inactive_answer(alice_sdp, {}));
        call.alice.receives(INVITE).without_body();
        call.alice.replies(200, alice_sdp);
        call.desk.receives(INVITE).with(alice_sdp);
        call.desk.replies(200, bob_sdp);
        call.desk.receives(ACK);
        call.alice.receives(ACK).with(bob_sdp);
        call.end(call.desk);
    }
}

TEST_CASE("the phone whose place is being taken hangs up: the call waits for the other one")
{
    TakingOver call;
    SUBCASE("which gets it")
    {
        call.desk.sends(BYE);
        call.desk.receives(200U);
        CHECK(call.alice.hears_nothing());
        call.mobile_has_the_call();
    }
    SUBCASE("which gets it after the far side's own INVITE")
    {
        call.alice.replies(491);
        call.desk.sends(BYE);
        call.desk.receives(200U);
        call.pbx.passes(500ms);
        call.alice.receives(INVITE).with(dave_sdp);
        call.mobile_has_the_call();
    }
    SUBCASE("which is refused: the call is over")
    {
        call.desk.sends(BYE);
        call.desk.receives(200U);
        call.alice.replies(488);
        call.mobile.receives(488U);
        call.alice.receives(BYE);
        call.nothing_is_left();
    }
    SUBCASE("which gives up: the call is over")
    {
        call.desk.sends(BYE);
        call.desk.receives(200U);
        call.mobile.cancels();
        call.alice.receives(CANCEL);
        SUBCASE("and the far side too")
        {
            call.alice.replies(487);
        }
        SUBCASE("and the far side has accepted it")
        {
            call.alice.replies(200, alice_sdp);
            call.alice.receives(ACK);
        }
        call.alice.receives(BYE);
        call.nothing_is_left();
    }
    SUBCASE("which gives up while it waits for its turn: the call is over")
    {
        call.alice.replies(491);
        call.desk.sends(BYE);
        call.desk.receives(200U);
        call.mobile.cancels();
        call.alice.receives(BYE);
        call.nothing_is_left();
    }
    SUBCASE("and the far side hangs up, too")
    {
        call.desk.sends(BYE);
        call.desk.receives(200U);
        call.alice.sends(BYE);
        call.alice.receives(200U);
        call.mobile.receives(487U);
        call.alice.replies(487);
        call.nothing_is_left();
    }
}
