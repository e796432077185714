// Several phones on one line: who has which appearance, and who takes it next (call-info,
// line-seize).
#include "scenario/shared_line.hpp"

using namespace lampline;
using namespace lampline::test;

TEST_CASE("a call for a shared line has one appearance on all of its phones")
{
    SharedLine line;
    line.talks();
    line.alice.sends(BYE);
    line.alice.receives(200U);
    got(line.desk, BYE);
    line.both_see("*:idle");
}

TEST_CASE("appearances say who is at the other end, and calls beyond the last one have none")
{
    SharedLine line;
    line.talks();
    auto& fred = line.pbx.phone("106");
    auto& gina = line.pbx.phone("107");
    for (auto* caller : {&fred, &gina}) {
        caller->sends(INVITE, "102");
        got(line.desk, INVITE);
        got(line.lab, INVITE);
    }
    const auto told = got(line.desk, NOTIFY);
    got(line.lab, NOTIFY);
    CHECK(SharedLine::shown(told) == "1:active 2:alerting *:idle");
    const auto infos = read_call_info(told.value("Call-Info"));
    CHECK(infos->at(0).appearance_uri == "\"Name 101\" <sip:101@office.test>");
    CHECK(infos->at(1).appearance_uri == "\"Name 106\" <sip:106@office.test>");
    // Nor does such a call tell the other side of appearances.
    line.lab.replies(200, talking_sdp);
    gina.receives(200U);
    got(line.desk, CANCEL);
    got(line.lab, ACK);
    line.lab.sends(
        INVITE, std::make_shared<const Payload>(Payload{
                    "application/sdp", std::string{hold_sdp}, {{"Call-Info", SharedLine::at(3)}}}));
    CHECK(gina.receives(INVITE).value("Call-Info").empty());
    gina.replies(200, talking_sdp);
    got(line.lab, 200U);
    gina.receives(ACK);
    line.pbx.stays_silent_for(1s);
}

TEST_CASE("of two phones that claim an appearance the first gets it")
{
    SharedLine line;
    line.desk.asks(SharedLine::seize(1));
    got(line.desk, 200U).header("Expires", "15");
    auto claimed = got(line.desk, NOTIFY);
    claimed.header("Call-Info", SharedLine::at(1) + ";appearance-state=seized");
    CHECK(claimed.notify->dialog->event == "line-seize");
    CHECK(claimed.notify->subscription_state == "active;expires=15");
    line.both_see("1:seized *:idle");

    line.lab.asks(SharedLine::seize(1));
    got(line.lab, 480U).phrase("Appearance Taken");
    line.lab.asks(SharedLine::seize(3));
    got(line.lab, 404U);
    line.lab.asks({.event = "line-seize", .to = "102", .expires = 15s});
    got(line.lab, 400U);
    CHECK(line.pbx.view().subscriptions.size() == 3);

    line.pbx.passes(15s);
    CHECK(got(line.desk, NOTIFY).notify->subscription_state == "terminated;reason=timeout");
    line.both_see("*:idle");
    line.lab.asks(SharedLine::seize(1, 3600s));  // as long as that it cannot have it
    got(line.lab, 200U).header("Expires", "15");
    got(line.lab, NOTIFY);
    line.both_see("1:seized *:idle");
    line.pbx.passes(15s);
    got(line.lab, NOTIFY);
    line.both_see("*:idle");
}

TEST_CASE("a phone that claims what it has itself claimed goes on with it")
{
    SharedLine line;
    line.desk.asks(SharedLine::seize(1));
    got(line.desk, 200U);
    const auto first = *got(line.desk, NOTIFY).notify->dialog;
    line.both_see("1:seized *:idle");
    SUBCASE("after a reboot, of which nobody was told")
    {
        auto anew = SharedLine::seize(1);
        anew.call_id = "after-the-reboot";
        line.desk.asks(anew);
        got(line.desk, 200U);
        const auto second = got(line.desk, NOTIFY);
        CHECK(second.notify->dialog->call_id != first.call_id);
        CHECK(second.notify->subscription_state == "active;expires=15");
        const auto over = got(line.desk, NOTIFY);
        CHECK(over.notify->dialog->call_id == first.call_id);
        CHECK(over.notify->subscription_state == "terminated;reason=noresource");
    }
    SUBCASE("anew in the same words")
    {
        line.desk.asks(SharedLine::seize(1));
        got(line.desk, 200U);
        CHECK(got(line.desk, NOTIFY).notify->subscription_state == "active;expires=15");
    }
    SUBCASE("another one instead")
    {
        line.desk.asks(SharedLine::seize(2));
        got(line.desk, 200U);
        CHECK(told(line.desk, "line-seize").notify->subscription_state == "active;expires=15");
        line.both_see("2:seized *:idle");
    }
    SUBCASE("one that there is not")
    {
        line.desk.asks(SharedLine::seize(3));
        got(line.desk, 404U);
        line.both_see("*:idle");
        line.pbx.stays_silent_for(20s);
        return;
    }
    for (auto* phone : {&line.desk, &line.lab}) CHECK(phone->hears_nothing());
}

TEST_CASE("the call that follows takes the appearance that was claimed, and ends the claim")
{
    SharedLine line;
    line.desk.asks(SharedLine::seize(2));
    got(line.desk, 200U);
    got(line.desk, NOTIFY);
    line.both_see("2:seized *:idle");
    line.desk.invite_headers = {{"Call-Info", SharedLine::at(2)}};
    line.desk.sends(INVITE, "101");
    auto invite = line.alice.receives(INVITE);
    CHECK(invite.value("Call-Info").empty());
    CHECK(SharedLine::shown(got(line.desk, NOTIFY)) == "2:progressing *:idle");
    CHECK(got(line.desk, NOTIFY).notify->subscription_state == "terminated;reason=noresource");
    CHECK(SharedLine::shown(got(line.lab, NOTIFY)) == "2:progressing *:idle");
    line.alice.replies(200, talking_sdp);
    got(line.desk, 200U);
    line.alice.receives(ACK);
    line.both_see("2:active *:idle");
    line.desk.sends(BYE);
    got(line.desk, 200U);
    line.alice.receives(BYE);
    line.both_see("*:idle");
}

TEST_CASE("a claim ends when the phone says so, or is gone")
{
    SharedLine line;
    line.desk.asks(SharedLine::seize(1));
    auto again = SharedLine::seize(1, 0s);
    again.to_tag = got(line.desk, 200U).local_tag;
    got(line.desk, NOTIFY);
    line.both_see("1:seized *:idle");
    line.desk.asks(again);
    got(line.desk, 200U);
    CHECK(got(line.desk, NOTIFY).notify->subscription_state == "terminated;reason=timeout");
    line.both_see("*:idle");

    line.desk.asks(SharedLine::seize(2));
    got(line.desk, 200U);
    got(line.desk, NOTIFY);
    line.both_see("2:seized *:idle");
    line.desk.unregisters();
    CHECK(told(line.desk, "line-seize").notify->subscription_state ==
          "terminated;reason=noresource");
    CHECK(told(line.desk, "call-info").notify->subscription_state ==
          "terminated;reason=deactivated");
    CHECK(SharedLine::shown(told(line.lab, "call-info")) == "*:idle");
}

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

TEST_CASE("a line that is not shared any more shows that all is idle")
{
    SharedLine line;
    line.talks();
    line.pbx.configures("102", [](Extension& extension) { extension.appearances = 0; });
    line.both_see("*:idle");
    line.alice.sends(BYE);
    line.alice.receives(200U);
    got(line.desk, BYE);
    line.pbx.stays_silent_for(5s);
}

namespace {

/// The second call of the line is Fred's, at the lab phone, and the first one is over.
void second_call_remains(SharedLine& line, Phone& fred)
{
    line.talks();
    fred.sends(INVITE, "102");
    got(line.desk, INVITE);
    got(line.lab, INVITE).header("Call-Info", SharedLine::at(2));
    line.both_see("1:active 2:alerting *:idle");
    line.lab.replies(200, talking_sdp);
    fred.receives(200U);
    got(line.desk, CANCEL);
    got(line.lab, ACK);
    line.both_see("1:active 2:active *:idle");
    line.alice.sends(BYE);
    line.alice.receives(200U);
    got(line.desk, BYE);
    line.both_see("2:active *:idle");
}

std::string who_is_there(const Arrived& notify)
{
    const auto infos = read_call_info(notify.value("Call-Info"));
    REQUIRE(infos);
    return infos->at(0).appearance_uri;
}

constexpr const char* nobody = "\"Anonymous\" <sip:anonymous@anonymous.invalid>";

}  // namespace

TEST_CASE("a talking call keeps its appearance over a restart, and nobody else gets it")
{
    SharedLine line;
    auto& fred = line.pbx.phone("106");
    second_call_remains(line, fred);
    line.pbx.restarts();
    line.both_see("2:active *:idle");

    line.alice.sends(INVITE, "102");
    got(line.desk, INVITE).header("Call-Info", SharedLine::at(1));
    got(line.lab, INVITE);
    line.both_see("1:alerting 2:active *:idle");
    line.alice.cancels();
    line.both_see("2:active *:idle");
    fred.sends(BYE);
    fred.receives(200U);
    got(line.lab, BYE);
    line.both_see("*:idle");
    for (auto* phone : {&line.alice, &line.desk, &line.lab}) phone->inbox.clear();
}

TEST_CASE("a claim does not outlast a restart, and its phone is told so")
{
    SharedLine line;
    line.desk.asks(SharedLine::seize(1));
    got(line.desk, 200U);
    const auto claimed = *got(line.desk, NOTIFY).notify;
    line.both_see("1:seized *:idle");
    line.pbx.restarts();
    line.both_see("*:idle");
    const auto over = got(line.desk, NOTIFY);
    CHECK(over.notify->dialog->event == "line-seize");
    CHECK(over.notify->dialog->call_id == claimed.dialog->call_id);
    CHECK(over.notify->subscription_state == "terminated;reason=deactivated");
    CHECK(over.notify->cseq > claimed.cseq);
    CHECK(over.value("Call-Info").empty());
    line.lab.asks(SharedLine::seize(1));
    got(line.lab, 200U);
    CHECK(got(line.lab, NOTIFY).notify->dialog->event == "line-seize");
    line.both_see("1:seized *:idle");
}

TEST_CASE("a call on hold is retrieved after a restart, unless it is held privately")
{
    SharedLine line;
    line.talks();
    SUBCASE("in public")
    {
        line.holds("held");
        line.pbx.restarts();
        line.both_see("1:held *:idle");
        line.lab.invite_headers = {{"Call-Info", SharedLine::at(1)}};
        line.lab.sends(INVITE, "102");
        got(line.alice, INVITE).with(talking_sdp);
        line.alice.replies(200, talking_sdp);
        got(line.lab, 200U);
        got(line.alice, ACK);
        got(line.desk, BYE);
        line.both_see("1:active *:idle");
    }
    SUBCASE("privately")
    {
        line.holds("held-private");
        line.pbx.restarts();
        line.both_see("1:held-private *:idle");
        line.lab.invite_headers = {{"Call-Info", SharedLine::at(1)}};
        line.lab.sends(INVITE, "102");
        got(line.lab, 403U).phrase("Not On Public Hold");
    }
}

TEST_CASE("a call without an appearance has none after a restart; where none was kept it gets one")
{
    SharedLine line;
    second_call_remains(line, line.pbx.phone("106"));
    const auto with_place = [&](std::optional<LinePlace> place) {
        line.pbx.restarts([&](Kept& kept) {
            for (auto& call : kept.calls) {
                auto changed = call;
                for (auto& leg : changed.legs) leg.place = place;
                call = std::move(changed);
            }
        });
    };
    SUBCASE("it had none")
    {
        with_place(LinePlace{});
        line.both_see("*:idle");
    }
    SUBCASE("stored by a program that did not keep it")
    {
        with_place(std::nullopt);
        line.both_see("1:active *:idle");
    }
    SUBCASE("beyond the line as it is now")
    {
        with_place(LinePlace{3, false});
        line.both_see("1:active *:idle");
    }
}

TEST_CASE("who may not see with whom an extension talks sees its appearances without names, and is "
          "told when that changes")
{
    SharedLine line;
    auto watching = group("all", {"103"}, {"102"});
    watching.rights.parties = false;
    line.pbx.replaces_directory({watching});
    auto& carol = line.pbx.phone("103");
    CHECK(SharedLine::shown(carol.subscribes("call-info", "102")) == "*:idle");
    line.talks();
    for (const auto* state : {"1:alerting *:idle", "1:active *:idle"}) {
        const auto told = carol.receives(NOTIFY);
        CHECK(SharedLine::shown(told) == state);
        CHECK(who_is_there(told) == nobody);
    }
    for (const bool named : {true, false}) {
        watching.rights.parties = named;
        line.pbx.replaces_directory({watching});
        CHECK(who_is_there(carol.receives(NOTIFY)) ==
              (named ? "\"Name 101\" <sip:101@office.test>" : nobody));
    }
    line.pbx.replaces_directory({});
    const auto last = carol.receives(NOTIFY);
    CHECK(last.notify->subscription_state == "terminated;reason=rejected");
    CHECK(SharedLine::shown(last) == "*:idle");
    carol.asks({.event = "call-info", .to = "102"});
    carol.receives(403U);
    line.pbx.stays_silent_for(1s);
}

TEST_CASE("who may not see the parties is shown no other part of a published Call-Info")
{
    SharedLine line;
    auto watching = group("all", {"103"}, {"102"});
    watching.rights.parties = false;
    line.pbx.replaces_directory({watching});
    line.pbx.configures("105", [](Extension& extension) { extension.trusted = true; });
    auto& carol = line.pbx.phone("103");
    carol.subscribes("call-info", "102");
    auto& program = line.pbx.phone("105");
    program.publishes({.event = "call-info",
                       .to = "102",
                       .call_info =
                           "<http://photos.test/101.jpg>;purpose=icon, "
                           "<sip:102@office.test>;appearance-index=2;appearance-state=active;"
                           "appearance-uri=\"<sip:101@office.test>\""});
    program.receives(200U);
    const auto told = carol.receives(NOTIFY).value("Call-Info");
    CHECK(told.find("101") == std::string::npos);
    CHECK(told.find("appearance-index=2;appearance-state=active") != std::string::npos);
    for (auto* phone : {&line.desk, &line.lab})
        CHECK(got(*phone, NOTIFY).value("Call-Info").find("101.jpg") != std::string::npos);
}

TEST_CASE("a caller who asks for privacy is named on no appearance (RFC 3323)")
{
    SharedLine line;
    line.alice.invite_headers = {{"Privacy", "id"}};
    line.talks();
    line.pbx.restarts();
    for (auto* phone : {&line.desk, &line.lab}) CHECK(who_is_there(got(*phone, NOTIFY)) == nobody);
}

TEST_CASE(
    "proxy mode: phones are told the appearance, and a hold that one calls private is private")
{
    SharedLine line;
    line.pbx.joins("102", CallMode::proxy);
    auto& [pbx, alice, desk, lab] = line;
    alice.sends(INVITE, "102");
    got(desk, INVITE).header("Call-Info", SharedLine::at(1));
    got(lab, INVITE).header("Call-Info", SharedLine::at(1));
    line.both_see("1:alerting *:idle");
    desk.replies(180);
    alice.receives(180U);
    desk.replies(200, talking_sdp);
    alice.receives(200U);
    got(lab, CANCEL);
    line.both_see("1:active *:idle");
    const auto offers = [&](std::string_view sdp, const std::string& state) {
        desk.invite_headers.clear();
        if (!state.empty())
            desk.invite_headers = {{"Call-Info", SharedLine::at(1) + ";appearance-state=" + state}};
        desk.passes(INVITE, sdp);
        CHECK(lab.hears_nothing());  // the other phone may still refuse
        alice.accepts(INVITE, talking_sdp);
    };
    offers(hold_sdp, "held-private");
    line.both_see("1:held-private *:idle");
    offers(hold_sdp, "held");
    line.both_see("1:held *:idle");
    offers(hold_sdp, "held-private");
    line.both_see("1:held-private *:idle");
    offers(talking_sdp, "");
    line.both_see("1:active *:idle");
    offers(hold_sdp, "");
    line.both_see("1:held *:idle");
}
