// Calls that go on to another number, and extensions that do not want them.
#include "forwarding_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::forwarding;

TEST_CASE("forwarding always: the caller hears 181, the next phone knows why, the lamp stays dark "
          "(RFC 5806, RFC 7044)")
{
    Desk desk;
    desk.pbx.forwards("102", always("103"));
    desk.alice.sends(INVITE, "102");
    desk.alice.receives(181U);
    desk.carol.receives(INVITE)
        .from("101")
        .header("Diversion", "<sip:102@office.test>;reason=unconditional;counter=1")
        .header("History-Info", "<sip:102@office.test>;index=1, "
                                "<sip:103@office.test;cause=302>;index=1.1;mp=1");
    desk.lamp("103", "trying");
    desk.carol.replies(180);
    desk.alice.receives(180U);
    desk.lamp("103", "early");
    desk.they_talk(desk.carol);
    desk.lamp("103", "confirmed");
    CHECK(desk.bob.hears_nothing());
    desk.all_is_over(desk.carol);
}

TEST_CASE("the 200 says who has answered when it is not who was dialled (RFC 3325)")
{
    Desk desk;
    desk.pbx.forwards("102", always("103"));
    desk.alice.sends(INVITE, "102");
    desk.alice.receives(181U);
    desk.carol.receives(INVITE);
    desk.carol.replies(200, talking_sdp);
    desk.alice.receives(200U).header("P-Asserted-Identity", "\"Name 103\" <sip:103@office.test>");
    desk.carol.receives(ACK);
    desk.dan.inbox.clear();
    desk.all_is_over(desk.carol);
}

TEST_CASE("no answer: the phones are cancelled and dark before the next ones ring")
{
    Desk desk;
    desk.pbx.forwards("102", no_answer("103", 15s));
    desk.alice.sends(INVITE, "102");
    desk.bob.receives(INVITE);
    desk.lamp("102", "trying");
    desk.bob.replies(180);
    desk.alice.receives(180U);
    desk.lamp("102", "early");
    desk.pbx.passes(14s);
    CHECK(desk.carol.hears_nothing());
    desk.pbx.passes(1s);
    desk.bob.receives(CANCEL);
    desk.lamp("102", "idle");
    desk.alice.receives(181U);
    desk.carol.receives(INVITE).header("Diversion",
                                       "<sip:102@office.test>;reason=no-answer;counter=1");
    desk.lamp("103", "trying");
    desk.carol.replies(180);
    desk.alice.receives(180U);  // told anew, after the 181
    desk.lamp("103", "early");
    desk.they_talk(desk.carol);
    desk.lamp("103", "confirmed");
    desk.all_is_over(desk.carol);
}

TEST_CASE("no answer: a 200 that crosses the CANCEL is acknowledged and hung up; the call goes on")
{
    Desk desk;
    desk.pbx.forwards("102", no_answer("103", 15s));
    desk.bob.answers_cancel = false;
    desk.alice.sends(INVITE, "102");
    desk.bob.receives(INVITE);
    desk.pbx.passes(15s);
    desk.bob.receives(CANCEL);
    desk.alice.receives(181U);
    desk.carol.receives(INVITE);
    desk.bob.replies(200, talking_sdp);
    desk.bob.receives(ACK);
    desk.bob.receives(BYE);
    CHECK(desk.alice.hears_nothing());
    desk.they_talk(desk.carol);
    desk.dan.inbox.clear();
    desk.all_is_over(desk.carol);
}

TEST_CASE("busy: the phone's 486 sends the call on")
{
    Desk desk;
    desk.pbx.forwards("102", busy("103"));
    desk.alice.sends(INVITE, "102");
    desk.bob.receives(INVITE);
    desk.bob.replies(486);
    desk.alice.receives(181U);
    desk.carol.receives(INVITE).header("Diversion",
                                       "<sip:102@office.test>;reason=user-busy;counter=1");
    desk.they_talk(desk.carol);
    desk.dan.inbox.clear();
    desk.all_is_over(desk.carol);
}

TEST_CASE("a person who declines is not forwarded: 603")
{
    Desk desk;
    auto forwarding = busy("103");
    forwarding.no_answer = "103";
    desk.pbx.forwards("102", forwarding);
    desk.alice.sends(INVITE, "102");
    desk.bob.receives(INVITE);
    desk.bob.replies(603);
    desk.alice.receives(603U);
    desk.dan.inbox.clear();
    CHECK(desk.pbx.has_no_calls());
}

TEST_CASE("not registered: the call goes on; so it does when no phone can be reached")
{
    Forwarding forwarding;
    forwarding.unregistered = "103";
    SUBCASE("no binding")
    {
        Desk desk{false};
        desk.pbx.forwards("102", forwarding);
        desk.alice.sends(INVITE, "102");
        desk.alice.receives(181U);
        desk.carol.receives(INVITE).header("Diversion",
                                           "<sip:102@office.test>;reason=unavailable;counter=1");
        desk.they_talk(desk.carol);
        desk.dan.inbox.clear();
        desk.all_is_over(desk.carol);
    }
    SUBCASE("a phone that is silent")
    {
        Desk desk;
        desk.pbx.forwards("102", forwarding);
        desk.alice.sends(INVITE, "102");
        desk.bob.receives(INVITE);
        desk.bob.fails_with(408);
        desk.alice.receives(181U);
        desk.carol.receives(INVITE);
        desk.they_talk(desk.carol);
        desk.dan.inbox.clear();
        desk.all_is_over(desk.carol);
    }
}

TEST_CASE("do not disturb: 480 and no ringing; or on, where calls go when it is busy")
{
    Desk desk;
    Forwarding forwarding;
    forwarding.do_not_disturb = true;
    SUBCASE("480")
    {
        desk.pbx.forwards("102", forwarding);
        desk.alice.sends(INVITE, "102");
        desk.alice.receives(480U).phrase("Do Not Disturb");
        CHECK(desk.pbx.has_no_calls());
        desk.pbx.stays_silent_for(40s);
    }
    SUBCASE("forwarded")
    {
        forwarding.busy = "103";
        desk.pbx.forwards("102", forwarding);
        desk.alice.sends(INVITE, "102");
        desk.alice.receives(181U);
        desk.carol.receives(INVITE).header("Diversion",
                                           "<sip:102@office.test>;reason=do-not-disturb;counter=1");
        desk.they_talk(desk.carol);
        desk.dan.inbox.clear();
        desk.all_is_over(desk.carol);
    }
}

TEST_CASE("one call at a time: the second caller gets 486, and nothing rings")
{
    Desk desk;
    Forwarding forwarding;
    SUBCASE("call waiting off")
    {
        forwarding.call_waiting = false;
    }
    SUBCASE("a limit of one")
    {
        forwarding.call_limit = 1;
    }
    desk.pbx.forwards("102", forwarding);
    desk.alice.sends(INVITE, "102");
    desk.bob.receives(INVITE);
    desk.they_talk(desk.bob);
    desk.carol.sends(INVITE, "102");
    desk.carol.receives(486U).header("Reason", "Q.850;cause=17;text=\"User busy\"");
    CHECK(desk.bob.hears_nothing());
    desk.dan.inbox.clear();
    desk.all_is_over(desk.bob);

    desk.carol.sends(INVITE, "102");  // free again
    desk.bob.receives(INVITE);
    desk.bob.replies(486);
    desk.carol.receives(486U);
    desk.dan.inbox.clear();
}

TEST_CASE("its own outgoing call makes it busy too, and two phones that ring are one call")
{
    Desk desk;
    Forwarding forwarding;
    forwarding.call_limit = 2;
    desk.pbx.forwards("102", forwarding);
    auto& mobile = desk.pbx.phone("102");
    desk.bob.sends(INVITE, "104");
    desk.dan.inbox.clear();
    desk.alice.sends(INVITE, "102");  // the second
    desk.bob.receives(INVITE);
    mobile.receives(INVITE);
    desk.carol.sends(INVITE, "102");  // the third
    desk.carol.receives(486U);
    desk.pbx.ends_all_calls();
    desk.alice.receives(503U);
    mobile.receives(CANCEL);
    desk.bob.inbox.clear();
    desk.dan.inbox.clear();
    CHECK(desk.pbx.has_no_calls());
}

TEST_CASE("contacts one after the other, the highest q first, when the extension wants it so")
{
    Desk desk;
    Forwarding forwarding;
    forwarding.forking = Forking::sequential;
    forwarding.no_answer_after = 10s;
    desk.pbx.forwards("102", forwarding);
    auto& mobile = desk.pbx.silent_phone("102");
    mobile.registers(3600s, 500);
    desk.alice.sends(INVITE, "102");
    desk.bob.receives(INVITE);
    CHECK(mobile.hears_nothing());
    SUBCASE("the first does not answer in time")
    {
        desk.pbx.passes(10s);
        desk.bob.receives(CANCEL);
    }
    SUBCASE("the first is busy")
    {
        desk.bob.replies(486);
    }
    mobile.receives(INVITE);
    CHECK(desk.alice.hears_nothing());  // it is the same extension: no 181
    desk.they_talk(mobile);
    desk.dan.inbox.clear();
    desk.all_is_over(mobile);
}

TEST_CASE("one phone after the other: who declines at the second is not forwarded either")
{
    Desk desk;
    auto wishes = no_answer("103", 10s);
    wishes.forking = Forking::sequential;
    auto& mobile = desk.pbx.silent_phone("102");
    mobile.registers(3600s, 500);
    const auto second_rings = [&] {
        desk.pbx.forwards("102", wishes);
        desk.alice.sends(INVITE, "102");
        desk.bob.receives(INVITE);
        desk.pbx.passes(10s);  // nobody comes to the first
        desk.bob.receives(CANCEL);
        mobile.receives(INVITE);
    };
    SUBCASE("603 is the callee's word")
    {
        second_rings();
        mobile.replies(603);
        desk.alice.receives(603U);
        CHECK(desk.carol.hears_nothing());
        CHECK(desk.pbx.records().back().result == CallResult::declined);
    }
    SUBCASE("so it is with nowhere to go on to")
    {
        wishes.no_answer.clear();
        second_rings();
        mobile.replies(603);
        desk.alice.receives(603U);
    }
    SUBCASE("486 is busy")
    {
        wishes.no_answer.clear();
        wishes.no_answer_after = 10s;
        second_rings();
        mobile.replies(486);
        desk.alice.receives(486U);
    }
    SUBCASE("486 leaves what is said of no answer, where nothing is of busy")
    {
        second_rings();
        mobile.replies(486);
        desk.alice.receives(181U);
        desk.carol.receives(INVITE);
        desk.carol.replies(486);
        desk.alice.receives(486U);
    }
    SUBCASE("600 is busy, and is forwarded as such")
    {
        wishes.busy = "105";
        auto& erin = desk.pbx.phone("105");
        second_rings();
        mobile.replies(600);
        desk.alice.receives(181U);
        erin.receives(INVITE).header("Diversion",
                                     "<sip:102@office.test>;reason=user-busy;counter=1");
        erin.replies(486);
        desk.alice.receives(486U);
    }
    desk.dan.inbox.clear();
    CHECK(desk.pbx.has_no_calls());
}

TEST_CASE("an excepted caller rings through do not disturb; without an answer the call goes on as "
          "any other")
{
    Desk desk;
    auto wishes = no_answer("103", 15s);
    wishes.do_not_disturb = true;
    wishes.always = "105";
    wishes.exceptions = {{CallerMatch::number, "101", CallerTreatment::ring}};
    desk.pbx.forwards("102", wishes);
    desk.alice.sends(INVITE, "102");
    desk.bob.receives(INVITE);
    desk.lamp("102", "trying");
    desk.bob.replies(180);
    desk.alice.receives(180U);
    desk.lamp("102", "early");
    desk.pbx.passes(15s);
    desk.bob.receives(CANCEL);
    desk.lamp("102", "idle");
    desk.alice.receives(181U);
    desk.carol.receives(INVITE);
    desk.lamp("103", "trying");
    desk.they_talk(desk.carol);
    desk.lamp("103", "confirmed");
    desk.all_is_over(desk.carol);
}

TEST_CASE("an excepted caller is known again when the call has gone on")
{
    Desk desk;
    auto carols = always("105");
    carols.exceptions = {{CallerMatch::number, "101", CallerTreatment::refuse}};
    desk.pbx.forwards("103", carols);
    desk.pbx.forwards("102", no_answer("103", 15s));
    desk.alice.sends(INVITE, "102");
    desk.bob.receives(INVITE);
    desk.lamp("102", "trying");
    desk.bob.replies(180);
    desk.alice.receives(180U);
    desk.lamp("102", "early");
    desk.pbx.passes(15s);
    desk.bob.receives(CANCEL);
    desk.lamp("102", "idle");
    desk.alice.receives(603U);
    CHECK(desk.carol.hears_nothing());
    CHECK(desk.pbx.has_no_calls());
}
