// Calls that have gone on to another number: chains, loops, and what becomes of them there.
#include "forwarding_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::forwarding;

TEST_CASE("chains are followed; a loop is 482 with the chain in a Warning (RFC 3261 §21.4.21)")
{
    Desk desk;
    SUBCASE("a chain of two")
    {
        desk.pbx.forwards("102", always("105"));
        desk.pbx.forwards("105", always("103"));
        desk.alice.sends(INVITE, "102");
        desk.alice.receives(181U);
        desk.carol.receives(INVITE)
            .header("Diversion", "<sip:105@office.test>;reason=unconditional;counter=1")
            .header("History-Info", "<sip:102@office.test>;index=1, "
                                    "<sip:105@office.test;cause=302>;index=1.1;mp=1, "
                                    "<sip:103@office.test;cause=302>;index=1.1.1;mp=1.1");
        desk.they_talk(desk.carol);
        desk.dan.inbox.clear();
        desk.all_is_over(desk.carol);
    }
    SUBCASE("a loop at once")
    {
        desk.pbx.forwards("102", always("103"));
        desk.pbx.forwards("103", always("102"));
        desk.alice.sends(INVITE, "102");
        desk.alice.receives(482U).header("Warning",
                                         "399 office.test \"Forwarding loop: 102 > 103 > 102\"");
        CHECK(desk.pbx.has_no_calls());
    }
    SUBCASE("a loop in time")
    {
        desk.pbx.forwards("102", no_answer("103", 15s));
        desk.pbx.forwards("103", no_answer("102", 15s));
        desk.alice.sends(INVITE, "102");
        desk.bob.receives(INVITE);
        desk.pbx.passes(15s);
        desk.bob.receives(CANCEL);
        desk.alice.receives(181U);
        desk.carol.receives(INVITE);
        desk.pbx.passes(15s);
        desk.carol.receives(CANCEL);
        desk.alice.receives(482U).header("Warning",
                                         "399 office.test \"Forwarding loop: 102 > 103 > 102\"");
        desk.dan.inbox.clear();
        CHECK(desk.pbx.has_no_calls());
        CHECK(desk.pbx.has_no_dialogs());
    }
    SUBCASE("too long")
    {
        for (const auto* number : {"102", "103", "104", "105", "106", "107"})
            desk.pbx.forwards(number, always(std::to_string(std::stoi(number) + 1)));
        desk.alice.sends(INVITE, "102");
        desk.alice.receives(482U).phrase("Too Many Forwards");
        CHECK(desk.pbx.has_no_calls());
    }
}

TEST_CASE(
    "a forward to a number that is gone: what the caller would hear without it, and a Warning")
{
    Desk desk;
    SUBCASE("always")
    {
        desk.pbx.forwards("102", always("999"));
        desk.alice.sends(INVITE, "102");
        desk.alice.receives(404U).header(
            "Warning", "399 office.test \"Forwarded to a number that does not exist: 102 > 999\"");
    }
    SUBCASE("busy")
    {
        desk.pbx.forwards("102", busy("999"));
        desk.alice.sends(INVITE, "102");
        desk.bob.receives(INVITE);
        desk.bob.replies(486);
        desk.alice.receives(486U);
    }
    SUBCASE("no answer")
    {
        desk.pbx.forwards("102", no_answer("999"));
        desk.alice.sends(INVITE, "102");
        desk.bob.receives(INVITE);
        desk.pbx.passes(20s);
        desk.bob.receives(CANCEL);
        desk.alice.receives(480U).phrase("No Answer");
    }
    desk.dan.inbox.clear();
    CHECK(desk.pbx.has_no_calls());
    CHECK(desk.pbx.has_no_dialogs());
}

TEST_CASE("to the caller itself: its other phone rings, else 480")
{
    Desk desk;
    desk.pbx.forwards("102", always("101"));
    SUBCASE("no other phone")
    {
        desk.alice.sends(INVITE, "102");
        desk.alice.receives(480U).phrase("No Other Phone Registered");
    }
    SUBCASE("another one")
    {
        auto& mobile = desk.pbx.phone("101");
        desk.alice.sends(INVITE, "102");
        desk.alice.receives(181U);
        mobile.receives(INVITE).from("101");
        mobile.replies(486);
        desk.alice.receives(486U);
    }
    desk.dan.inbox.clear();
    CHECK(desk.pbx.has_no_calls());
}

TEST_CASE("the caller gives up while the call is on its way: everything is cancelled")
{
    Desk desk;
    desk.pbx.forwards("102", no_answer("103"));
    desk.alice.sends(INVITE, "102");
    desk.bob.receives(INVITE);
    desk.pbx.passes(20s);
    desk.bob.receives(CANCEL);
    desk.alice.receives(181U);
    desk.carol.receives(INVITE);
    desk.alice.cancels();
    desk.carol.receives(CANCEL);
    desk.dan.inbox.clear();
    CHECK(desk.pbx.has_no_calls());
    CHECK(desk.pbx.has_no_dialogs());
    desk.pbx.stays_silent_for(150s);
}

TEST_CASE("a forwarded call that rings is picked up like any other")
{
    Desk desk;
    desk.pbx.forwards("102", always("103"));
    desk.alice.sends(INVITE, "102");
    desk.alice.receives(181U);
    desk.carol.receives(INVITE);
    desk.dan.inbox.clear();
    desk.dan.sends(INVITE, "**103");
    desk.dan.receives(200U);
    desk.dan.inbox.clear();
    desk.carol.receives(CANCEL).header("Reason", "SIP;cause=200;text=\"Call completed elsewhere\"");
    desk.alice.receives(200U);
    desk.alice.sends(BYE);
    desk.alice.receives(200U);
    desk.dan.receives(BYE);
    desk.dan.inbox.clear();
    CHECK(desk.pbx.has_no_calls());
    desk.pbx.stays_silent_for(150s);
}

TEST_CASE("a transfer to a forwarded number rings where the forward leads")
{
    Desk desk;
    desk.pbx.forwards("103", always("105"));
    auto& eve = desk.pbx.phone("105");
    desk.alice.sends(INVITE, "102");
    desk.bob.receives(INVITE);
    desk.they_talk(desk.bob);
    desk.bob.sends(Method::refer, std::make_shared<const Payload>(
                                      Payload{{}, {}, {{"Refer-To", "<sip:103@office.test>"}}}));
    desk.bob.receives(202U);
    desk.bob.receives(NOTIFY);
    eve.receives(INVITE).from("101").without_body().header(
        "Diversion", "<sip:103@office.test>;reason=unconditional;counter=1");
    CHECK(desk.alice.hears_nothing());  // it talks: no 181
    eve.replies(486);
    desk.bob.receives(NOTIFY);
    desk.dan.inbox.clear();
    desk.all_is_over(desk.bob);
}

TEST_CASE("who diverted a call to a phone and stays private is told to no other phone (RFC 5806, RFC 7044 §10.1)")
{
    Scenario pbx;
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    SUBCASE("one number")
    {
        alice.invite_headers = {
            {"Diversion", "<sip:101@office.test>;reason=user-busy, "
                          "<sip:105@office.test>;reason=no-answer;privacy=full"},
            {"History-Info", "<sip:105@office.test?Privacy=history>;index=1, "
                             "<sip:101@office.test;cause=408>;index=1.1;mp=1"}};
        alice.sends(INVITE, "102");
        bob.receives(INVITE)
            .header("Diversion",
                    "<sip:101@office.test>;reason=user-busy, "
                    "<sip:anonymous@anonymous.invalid>;reason=no-answer;privacy=full")
            .header("History-Info", "<sip:anonymous@anonymous.invalid>;index=1, "
                                    "<sip:101@office.test;cause=408>;index=1.1;mp=1");
    }
    SUBCASE("the whole history")
    {
        alice.invite_headers = {{"Privacy", "history"},
                                {"History-Info", "<sip:105@office.test>;index=1, "
                                                 "<sip:101@office.test;cause=408>;index=1.1;mp=1"}};
        alice.sends(INVITE, "102");
        bob.receives(INVITE).header("History-Info",
                                    "<sip:anonymous@anonymous.invalid>;index=1, "
                                    "<sip:anonymous@anonymous.invalid;cause=408>;index=1.1;mp=1");
    }
    SUBCASE("nor to the one that it is forwarded to here")
    {
        auto& carol = pbx.phone("103");
        Forwarding away;
        away.always = "103";
        pbx.forwards("102", away);
        alice.invite_headers = {
            {"Diversion", "<sip:105@office.test>;reason=no-answer;privacy=full"}};
        alice.sends(INVITE, "102");
        alice.receives(181U);
        CHECK(carol.receives(INVITE).value("Diversion") ==
              "<sip:102@office.test>;reason=unconditional;counter=1, "
              "<sip:anonymous@anonymous.invalid>;reason=no-answer;privacy=full");
        carol.replies(486);
        alice.receives(486U);
        return;
    }
    bob.replies(486);
    alice.receives(486U);
}

TEST_CASE("a number that has diverted the call is a loop, however private it is")
{
    Scenario pbx;
    auto& alice = pbx.phone("101");
    pbx.phone("102");
    alice.invite_headers = {{"Diversion", "<sip:102@office.test>;reason=user-busy;privacy=full"}};
    alice.sends(INVITE, "102");
    alice.receives(482U).phrase("Loop Detected");
}
