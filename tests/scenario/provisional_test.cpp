// What a caller hears while phones ring: several of them, one after the other, and 199 (RFC 6228).
#include <doctest/doctest.h>

#include "support/scenario.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

/// Alice calls Bob, who has two phones.
struct Office {
    Office()
    {
        alice.sends(INVITE, "102");
        desk.receives(INVITE);
        mobile.receives(INVITE);
    }
    void ends_with(unsigned status)
    {
        desk.replies(status);
        mobile.replies(status);
        alice.receives(status);
        CHECK(pbx.has_no_calls());
    }

    Scenario pbx;
    Phone& alice = pbx.phone("101");
    Phone& desk = pbx.phone("102");
    Phone& mobile = pbx.phone("102");
};

}  // namespace

TEST_CASE("progress without media first, then the phone rings: the caller hears both")
{
    Office office;
    SUBCASE("183")
    {
        office.desk.replies(183);
        office.alice.receives(183U);
    }
    SUBCASE("182, it is queued")
    {
        office.desk.replies(182);
        office.alice.receives(182U);
    }
    office.desk.replies(180);
    office.alice.receives(180U);
    office.ends_with(486);
}

TEST_CASE("while one phone rings, another one is news only when it rings too, and that is heard")
{
    Office office;
    office.desk.replies(183);
    office.alice.receives(183U);
    office.mobile.replies(180);
    office.alice.receives(180U);
    office.desk.replies(182);
    office.desk.replies(180);
    CHECK(office.alice.hears_nothing());
    office.ends_with(486);
}

TEST_CASE("the phone that rang is out: what the other one does is news")
{
    Office office;
    office.desk.replies(180);
    office.alice.receives(180U);
    office.mobile.replies(182);
    CHECK(office.alice.hears_nothing());
    office.desk.replies(486);
    office.mobile.replies(183);
    office.alice.receives(183U);
    office.mobile.replies(486);
    office.alice.receives(486U);
}

TEST_CASE("199 is nothing for a caller that has not asked for it, and hides nothing that follows")
{
    Office office;
    office.desk.replies(199);
    CHECK(office.alice.hears_nothing());
    office.desk.replies(180);
    office.alice.receives(180U);
    office.desk.replies(199);
    office.mobile.replies(199);
    CHECK(office.alice.hears_nothing());
    office.ends_with(486);
}

TEST_CASE("199 is for a caller that has asked for it once nothing else rings (RFC 6228)")
{
    Scenario pbx;
    auto& alice = pbx.phone("101");
    auto& desk = pbx.phone("102");
    auto& mobile = pbx.phone("102");
    alice.supported = OptionTag::early_end;
    alice.sends(INVITE, "102");
    desk.receives(INVITE);
    mobile.receives(INVITE);
    desk.replies(180);
    alice.receives(180U);
    desk.replies(199);
    CHECK(alice.hears_nothing());  // the other one may ring
    desk.replies(486);
    mobile.replies(180);
    mobile.replies(199);
    alice.receives(199U);
    mobile.replies(180);  // behind a proxy another one rings
    alice.receives(180U);
    mobile.replies(486);
    alice.receives(486U);
}

TEST_CASE("199 is kept back while another one rings behind the same proxy")
{
    Scenario pbx;
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    const auto replies = [&](unsigned status, std::string tag) {
        bob.replies_reliably(status, 0, {}, std::move(tag));  // without RSeq: as any other
    };
    alice.supported = OptionTag::early_end;
    alice.sends(INVITE, "102");
    bob.receives(INVITE);
    replies(199, "none");
    CHECK(alice.hears_nothing());  // of that one nothing was heard yet
    replies(180, "one");
    alice.receives(180U);
    SUBCASE("the first that rang ends first")
    {
        replies(180, "other");
        replies(180, "one");  // once more is one only
        replies(199, "one");
        replies(199, "one");
        CHECK(alice.hears_nothing());
        replies(199, "other");
        alice.receives(199U);
    }
    SUBCASE("the first that rang ends last")
    {
        replies(183, "other");
        alice.receives(183U);
        replies(199, "other");
        CHECK(alice.hears_nothing());
        replies(199, "one");
        alice.receives(199U);
    }
    SUBCASE("more than are told apart")
    {
        for (int i = 0; i < 99; ++i) replies(180, "more-" + std::to_string(i));
        replies(199, "one");
        for (int i = 0; i < 99; ++i) replies(199, "more-" + std::to_string(i));
        CHECK(alice.hears_nothing());
    }
    bob.replies(486);
    alice.receives(486U);
    CHECK(pbx.has_no_calls());
}

TEST_CASE("199 is kept back where the call may go on to somebody else")
{
    Scenario pbx;
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    auto& carol = pbx.phone("103");
    Forwarding forwarding;
    forwarding.busy = "103";
    pbx.forwards("102", forwarding);
    alice.supported = OptionTag::early_end;
    alice.sends(INVITE, "102");
    bob.receives(INVITE);
    bob.replies(180);
    alice.receives(180U);
    bob.replies(199);
    CHECK(alice.hears_nothing());
    bob.replies(486);
    alice.receives(181U);
    carol.receives(INVITE);
    carol.replies(180);
    alice.receives(180U);
    carol.replies(486);
    alice.receives(486U);
}

TEST_CASE("a caller that takes reliable provisional responses alone calls any phone (RFC 3262 §3)")
{
    Scenario pbx;
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    alice.supported = OptionTag::timer;
    alice.required = OptionTag::reliable | OptionTag::timer;
    const auto acknowledges = [&] {
        alice.sends(PRACK);
        alice.receives(200U);
    };
    SUBCASE("one that sends none reliably")
    {
        alice.sends(INVITE, "102");
        const auto invite = bob.receives(INVITE);
        CHECK(invite.required == OptionTag::none);
        CHECK(has(invite.supported, OptionTag::reliable));
        bob.replies(180);
        CHECK(has(alice.receives(180U).reliable().required, OptionTag::reliable));
        acknowledges();
        SUBCASE("nor any session with them") {}
        SUBCASE("with early media, which is its answer from then on")
        {
            bob.replies(183, talking_sdp);
            alice.receives(183U).reliable().with(talking_sdp);
            acknowledges();
        }
        SUBCASE("whose early media the caller wants to change")
        {
            bob.replies(183, talking_sdp);
            alice.receives(183U).reliable();
            alice.sends(PRACK, session_payload(std::string{hold_sdp}));
            alice.receives(488U);
        }
        bob.replies(200, talking_sdp);
    }
    SUBCASE("one that does")
    {
        alice.sends(INVITE, "102");
        const auto invite = bob.receives(INVITE);
        bob.replies_reliably(183, 7, talking_sdp);
        alice.receives(183U).reliable().with(talking_sdp);
        alice.sends(PRACK);
        bob.receives(PRACK);
        bob.replies(200);
        alice.receives(200U);
        bob.replies_to(invite, 200, talking_sdp);
    }
    SUBCASE("one without an offer, whose session is no answer yet")
    {
        alice.sends(INVITE, "102", "");
        bob.receives(INVITE).without_body();
        bob.replies(183, talking_sdp);
        alice.receives(183U).reliable().without_body();
        acknowledges();
        bob.replies(200, talking_sdp);
    }
    SUBCASE("one that the call is forwarded to")
    {
        Forwarding wishes;
        wishes.busy = "102";
        pbx.forwards("103", wishes);
        auto& carol = pbx.phone("103");
        alice.sends(INVITE, "103");
        carol.receives(INVITE);
        carol.replies(486);
        alice.receives(181U).reliable();
        bob.receives(INVITE);
        acknowledges();
        bob.replies(200, talking_sdp);
    }
    alice.receives(200U);
    bob.receives(ACK);
    alice.sends(BYE);
    alice.receives(200U);
    bob.receives(BYE);
    CHECK(pbx.has_no_calls());
}

TEST_CASE("a reliable 199 that is kept back is acknowledged all the same (RFC 3262)")
{
    Scenario pbx;
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    alice.supported = OptionTag::reliable;
    alice.sends(INVITE, "102");
    bob.receives(INVITE);
    bob.replies_reliably(199, 7);
    CHECK(bob.receives(PRACK).rack_rseq == 7);
    bob.replies(200);
    CHECK(alice.hears_nothing());
    alice.cancels();
    bob.receives(CANCEL);
    CHECK(pbx.has_no_calls());
}

TEST_CASE("what a caller has asked of a phone that rings is answered when the call is over")
{
    Scenario pbx;
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    alice.sends(INVITE, "102");
    bob.receives(INVITE);
    const auto rung = bob.dialog();
    bob.replies(180);
    alice.receives(180U);
    const auto invite = alice.invite();
    alice.sends(INFO);
    bob.receives(INFO);
    bob.uses(rung);
    SUBCASE("as the caller gives up")
    {
        alice.cancels();
    }
    SUBCASE("as it ends otherwise")
    {
        pbx.ends_all_calls();
        CHECK(pbx.awaits_answer(invite) == false);
    }
    alice.receives(481U);
    if (!alice.hears_nothing()) alice.receives(503U);
    bob.receives(CANCEL);
    CHECK(pbx.unanswered() == 0);
    CHECK(pbx.has_no_calls());
}
