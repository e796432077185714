// Calls on hold on a line that several phones share: who may take them, and who may not.
#include "scenario/shared_line.hpp"

using namespace lampline;
using namespace lampline::test;

TEST_CASE("a held call is retrieved at another phone of the line")
{
    SharedLine line;
    line.talks();
    line.holds("held");
    line.lab.invite_headers = {{"Call-Info", SharedLine::at(1)}};
    line.lab.sends(INVITE, "102");
    line.alice.receives(INVITE).with(talking_sdp);
    line.alice.replies(200, talking_sdp);
    got(line.lab, 200U);
    line.alice.receives(ACK);
    got(line.desk, BYE);
    line.both_see("1:active *:idle");
    CHECK(line.pbx.view().calls.size() == 1);
    line.lab.sends(BYE);
    got(line.lab, 200U);
    line.alice.receives(BYE);
    line.both_see("*:idle");
}

TEST_CASE("what is held privately, or talks, is not another phone's to take")
{
    SharedLine line;
    line.talks();
    line.lab.asks(SharedLine::seize(1));
    got(line.lab, 480U);
    line.lab.invite_headers = {{"Call-Info", SharedLine::at(1)}};
    line.lab.sends(INVITE, "102");
    got(line.lab, 403U).phrase("Not On Public Hold");
    line.holds("held-private");
    line.lab.sends(INVITE, "102");
    got(line.lab, 403U);
    CHECK(line.pbx.view().calls.size() == 1);
    line.pbx.stays_silent_for(5s);
}

TEST_CASE("a held call is retrieved while the phone that holds it has an INVITE of its own under way")
{
    SharedLine line;
    line.talks();
    line.holds("held");
    std::string_view changed = talking_sdp;
    bool retrieved = true;
    unsigned status = 200;
    SUBCASE("it talks again: there is nothing to retrieve any more") { retrieved = false; }
    SUBCASE("it only refreshes the session") { changed = hold_sdp; }
    SUBCASE("its resume is refused") { status = 488; }
    line.desk.sends_invite(changed);
    line.alice.receives(INVITE);
    line.lab.invite_headers = {{"Call-Info", SharedLine::at(1)}};
    line.lab.sends(INVITE, "102");
    line.alice.replies(status, status == 200 ? talking_sdp : std::string_view{});
    got(line.desk, status);
    if (status == 200) line.alice.receives(ACK);
    line.pbx.passes(500ms);
    auto& has_it = retrieved ? line.lab : line.desk;
    if (retrieved) {
        line.alice.receives(INVITE).with(talking_sdp);
        line.alice.replies(200, talking_sdp);
        got(line.lab, 200U);
        line.alice.receives(ACK);
        got(line.desk, BYE);
    } else {
        got(line.lab, 403U).phrase("Not On Public Hold");
        CHECK(line.alice.hears_nothing());
    }
    for (auto* phone : {&line.desk, &line.lab}) phone->inbox.clear();
    has_it.sends(BYE);
    got(has_it, 200U);
    line.alice.receives(BYE);
    line.both_see("*:idle");
    CHECK(line.pbx.has_no_calls());
}

TEST_CASE("a held call is taken from the others, and given back to them, without another hold")
{
    SharedLine line;
    line.talks();
    line.holds("held");
    line.holds("held-private");
    line.pbx.restarts();
    line.both_see("1:held-private *:idle");
    line.holds("held");
    line.pbx.restarts();
    line.both_see("1:held *:idle");
    for (auto* phone : {&line.alice, &line.desk, &line.lab}) phone->inbox.clear();
}

TEST_CASE("a call that was resumed is on hold for all, where the phone does not say for whom")
{
    SharedLine line;
    line.talks();
    line.holds("held-private");
    for (const auto sdp : {talking_sdp, hold_sdp}) {
        line.desk.sends_invite(sdp);
        line.alice.receives(INVITE);
        line.alice.replies(200, talking_sdp);
        got(line.desk, 200U);
        line.alice.receives(ACK);
        line.both_see(sdp == talking_sdp ? "1:active *:idle" : "1:held *:idle");
    }
}

TEST_CASE("the phone of a parked call says whose the hold is, as any other")
{
    SharedLine line;
    line.pbx.has_park_lot({.number = "700", .first_slot = "701", .slots = 1, .timeout = 60s});
    line.talks();
    line.pbx.orders({.action = CallAction::park, .to = "701", .by = "101"});
    got(line.desk, INVITE);
    line.desk.replies(200, talking_sdp);
    line.both_see("1:active *:idle");  // desk holds nobody: there is nothing to be taken
    for (const std::string state : {"held-private", "held"}) {
        line.desk.sends(INVITE,
                        std::make_shared<const Payload>(Payload{
                            "application/sdp",
                            std::string{hold_sdp},
                            {{"Call-Info", SharedLine::at(1) + ";appearance-state=" + state}}}));
        got(line.desk, 200U);
        line.both_see("1:" + state + " *:idle");
    }
    for (auto* phone : {&line.alice, &line.desk, &line.lab}) phone->inbox.clear();
}

TEST_CASE("RFC 3264 §6.1: whom the other side holds is in the call, and it is not to be taken")
{
    constexpr std::string_view inactive = "v=0\r\nm=audio 4000 RTP/AVP 0\r\na=inactive\r\n";
    constexpr std::string_view own_hold = "v=1\r\nm=audio 4000 RTP/AVP 0\r\na=inactive\r\n";
    SharedLine line;
    line.talks();
    line.alice.sends_invite(inactive);
    got(line.desk, INVITE);
    line.desk.replies(200, inactive);
    line.alice.receives(200U);
    got(line.desk, ACK);
    line.desk.sends_invite(inactive);  // its session timer
    line.alice.receives(INVITE);
    line.alice.replies(200, inactive);
    got(line.desk, 200U);
    line.alice.receives(ACK);
    line.lab.invite_headers = {{"Call-Info", SharedLine::at(1)}};
    for (const bool restarted : {false, true}) {
        if (restarted) line.pbx.restarts();
        line.lab.sends(INVITE, "102");
        got(line.lab, 403U).phrase("Not On Public Hold");
    }
    for (auto* phone : {&line.alice, &line.desk, &line.lab}) phone->inbox.clear();

    line.desk.sends_invite(own_hold);
    line.alice.receives(INVITE);
    line.alice.replies(200, inactive);
    got(line.desk, 200U);
    line.alice.receives(ACK);
    line.both_see("1:held *:idle");
    line.alice.sends_invite(talking_sdp);  // alice comes back, desk does not
    got(line.desk, INVITE);
    line.desk.replies(200, hold_sdp);
    line.alice.receives(200U);
    got(line.desk, ACK);
    line.pbx.stays_silent_for(1s);
    line.alice.sends_invite(talking_sdp);
    got(line.desk, INVITE);
    line.desk.replies(200, talking_sdp);
    line.alice.receives(200U);
    got(line.desk, ACK);
    line.both_see("1:active *:idle");
}

TEST_CASE("a hold that the other side refuses makes nobody's hold another one")
{
    SharedLine line;
    line.talks();
    line.holds("held");
    line.desk.sends(INVITE,
                    std::make_shared<const Payload>(Payload{
                        "application/sdp",
                        std::string{hold_sdp},
                        {{"Call-Info", SharedLine::at(1) + ";appearance-state=held-private"}}}));
    line.alice.receives(INVITE);
    line.alice.replies(491);
    got(line.desk, 491U);
    line.lab.invite_headers = {{"Call-Info", SharedLine::at(1)}};
    line.lab.sends(INVITE, "102");
    line.alice.receives(INVITE).with(talking_sdp);
    line.alice.replies(200, talking_sdp);
    got(line.lab, 200U);
    line.alice.receives(ACK);
    got(line.desk, BYE);
    line.both_see("1:active *:idle");
}

TEST_CASE("a call on hold that becomes private, or public again, is told and kept")
{
    SharedLine line;
    line.talks();
    line.holds("held");
    line.holds("held-private");
    line.lab.invite_headers = {{"Call-Info", SharedLine::at(1)}};
    line.lab.sends(INVITE, "102");
    got(line.lab, 403U).phrase("Not On Public Hold");
    SUBCASE("private after a restart")
    {
        line.pbx.restarts();
        line.both_see("1:held-private *:idle");
        line.lab.sends(INVITE, "102");
        got(line.lab, 403U).phrase("Not On Public Hold");
    }
    SUBCASE("public after a restart")
    {
        line.holds("held");
        line.pbx.restarts();
        line.both_see("1:held *:idle");
        line.lab.sends(INVITE, "102");
        got(line.alice, INVITE).with(talking_sdp);
        line.alice.replies(200, talking_sdp);
        got(line.lab, 200U);
        got(line.alice, ACK);
        got(line.desk, BYE);
        line.both_see("1:active *:idle");
    }
}

TEST_CASE("a change of hold that the other side refuses changes nothing")
{
    SharedLine line;
    line.talks();
    line.holds("held");
    line.asks_to_hold("held-private");
    line.alice.replies(488);
    got(line.desk, 488U);
    line.lab.invite_headers = {{"Call-Info", SharedLine::at(1)}};
    line.lab.sends(INVITE, "102");
    got(line.alice, INVITE);
    line.alice.replies(200, talking_sdp);
    got(line.lab, 200U);
    got(line.alice, ACK);
    got(line.desk, BYE);
    line.both_see("1:active *:idle");
}
