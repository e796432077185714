// Several phones on one line: who takes which appearance next (line-seize), and lines that come to
// be shared.
#include "scenario/shared_line.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

/// 102 without appearances; carol at 103 sees with whom it talks.
struct PlainLine {
    void asks_for(Phone& phone, unsigned status, std::string_view warning)
    {
        phone.asks(SharedLine::seize(1));
        const auto refused = got(phone, status);
        CHECK(refused.value("Warning") == warning);
        pbx.passes(20s);
        CHECK(pbx.view().subscriptions.empty());
    }
    Scenario pbx{{group("all", {"103"}, {"102"})}};
    Phone& alice = pbx.phone("101");
    Phone& desk = pbx.phone("102");
    Phone& carol = pbx.phone("103");
};

}  // namespace

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
    const auto shown = line.pbx.view().appearances;
    REQUIRE(shown.size() == 2);
    CHECK(shown[0] == AppearanceEvent{.extension = "102", .index = 1, .state = "seized"});
    CHECK(shown[1] == AppearanceEvent{.extension = "102", .state = "idle"});

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
    CHECK(got(line.desk, NOTIFY).notify->subscription_state == "terminated;reason=noresource");
    CHECK(SharedLine::shown(got(line.desk, NOTIFY)) == "2:progressing *:idle");
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

TEST_CASE("a call that found all appearances claimed has the one whose claim ends")
{
    SharedLine line;
    line.both_claim();
    line.alice.sends(INVITE, "102");
    for (auto* phone : {&line.desk, &line.lab})
        CHECK(got(*phone, INVITE).value("Call-Info").empty());
    line.pbx.passes(1s);
    CHECK(told(line.desk, "line-seize").notify->subscription_state == "terminated;reason=timeout");
    line.both_see("1:alerting 2:seized *:idle");
}

TEST_CASE("a pickup that takes its time has the appearance that was claimed, and ends the claim")
{
    SharedLine line;
    line.pbx.replaces_directory({group("sales", {"102"}, {"103"})});
    auto& bob = line.pbx.phone("103");
    line.alice.sends(INVITE, "103");
    bob.receives(INVITE);
    line.desk.asks(SharedLine::seize(2));
    got(line.desk, 200U);
    got(line.desk, NOTIFY);
    line.both_see("2:seized *:idle");
    line.desk.acknowledges = false;
    line.desk.invite_headers = {{"Call-Info", SharedLine::at(2)}};
    line.desk.sends(INVITE, "**103", {});
    const auto offered = got(line.desk, 200U);
    line.both_see("2:progressing *:idle");
    CHECK(told(line.desk, "line-seize").notify->subscription_state ==
          "terminated;reason=noresource");
    CHECK(bob.hears_nothing());
    SUBCASE("and keeps it")
    {
        line.desk.acknowledge(offered, talking_sdp);
        line.alice.receives(200U);
        bob.receives(CANCEL);
        line.both_see("2:active *:idle");
        line.alice.sends(BYE);
        line.alice.receives(200U);
        got(line.desk, BYE);
    }
    SUBCASE("until it fails")
    {
        line.desk.never_acknowledges(offered);
        got(line.desk, BYE);
        CHECK(bob.hears_nothing());
        line.both_see("*:idle");
        line.alice.cancels();
        bob.receives(CANCEL);
        return;
    }
    line.both_see("*:idle");
}

TEST_CASE("what alerts on a line does so until the phone that picks it up has it")
{
    SharedLine line;
    line.alice.sends(INVITE, "102");
    got(line.desk, INVITE);
    got(line.lab, INVITE);
    line.both_see("1:alerting *:idle");
    line.lab.acknowledges = false;
    line.lab.sends(INVITE, "**", {});
    const auto offered = got(line.lab, 200U);
    for (auto* phone : {&line.desk, &line.lab}) CHECK(phone->hears_nothing());
    line.lab.acknowledge(offered, talking_sdp);
    line.alice.receives(200U);
    got(line.desk, CANCEL);
    got(line.lab, CANCEL);
    line.both_see("1:active *:idle");
    line.alice.sends(BYE);
    line.alice.receives(200U);
    got(line.lab, BYE);
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

TEST_CASE("a call on hold that one phone has claimed is not another one's to take")
{
    SharedLine line;
    line.talks();
    line.holds("held");
    auto& hall = line.pbx.phone("102");
    line.lab.asks(SharedLine::seize(1));
    got(line.lab, 200U);
    got(line.lab, NOTIFY);
    hall.asks(SharedLine::seize(1));
    got(hall, 480U);
    hall.invite_headers = {{"Call-Info", SharedLine::at(1)}};
    hall.sends(INVITE, "102");
    got(hall, 480U).phrase("Appearance Taken");

    line.lab.invite_headers = {{"Call-Info", SharedLine::at(1)}};
    line.lab.sends(INVITE, "102");
    got(line.alice, INVITE);
    line.alice.replies(200, talking_sdp);
    got(line.lab, 200U);
    got(line.alice, ACK);
    got(line.desk, BYE);
    line.both_see("1:active *:idle");
    CHECK(told(line.lab, "line-seize").notify->subscription_state ==
          "terminated;reason=noresource");
}

TEST_CASE(
    "a call does not take the appearance that another phone has claimed, nor silently another")
{
    SharedLine line;
    line.lab.asks(SharedLine::seize(2));
    got(line.lab, 200U);
    got(line.lab, NOTIFY);
    line.both_see("2:seized *:idle");
    line.desk.invite_headers = {{"Call-Info", SharedLine::at(2)}};
    line.desk.sends(INVITE, "101");
    got(line.desk, 480U)
        .phrase("Appearance Taken")
        .header("Warning",
                "399 office.test \"another phone of this line has claimed appearance 2\"");
    CHECK(line.pbx.has_no_calls());

    // Who says no index gets a free one.
    line.desk.invite_headers.clear();
    line.desk.sends(INVITE, "101");
    got(line.alice, INVITE);
    line.both_see("1:progressing 2:seized *:idle");
    line.desk.cancels();
    got(line.alice, CANCEL);
    line.both_see("2:seized *:idle");

    // Large requests of a phone may come over TCP (RFC 3261 §18.1.1): it is the same phone.
    auto& connection = line.pbx.silent_phone("102");
    connection.flow = line.lab.flow;
    connection.flow.transport = Transport::tcp;
    connection.invite_headers = {{"Call-Info", SharedLine::at(2)}};
    connection.sends(INVITE, "101");
    got(line.alice, INVITE);
    line.both_see("2:progressing *:idle");
    told(line.lab, "line-seize");
}

TEST_CASE("a call that is refused at once leaves its appearance idle, and ends the claim")
{
    SharedLine line;
    line.desk.asks(SharedLine::seize(2));
    got(line.desk, 200U);
    got(line.desk, NOTIFY);
    line.both_see("2:seized *:idle");
    SUBCASE("by its index") { line.desk.invite_headers = {{"Call-Info", SharedLine::at(2)}}; }
    SUBCASE("by its phone") {}
    line.desk.sends(INVITE, "199");
    got(line.desk, 404U);
    line.both_see("*:idle");
    CHECK(told(line.desk, "line-seize").notify->subscription_state ==
          "terminated;reason=noresource");
    line.pbx.stays_silent_for(20s);

    line.lab.asks(SharedLine::seize(2));
    got(line.lab, 200U);
    got(line.lab, NOTIFY);
    line.both_see("2:seized *:idle");
    line.pbx.passes(15s);
    got(line.lab, NOTIFY);
    line.both_see("*:idle");
}

TEST_CASE("a refused call ends no other claim, nor one that its phone will repeat it with")
{
    SharedLine line;
    line.desk.asks(SharedLine::seize(2));
    got(line.desk, 200U);
    got(line.desk, NOTIFY);
    line.both_see("2:seized *:idle");
    SUBCASE("another phone is refused")
    {
        line.lab.sends(INVITE, "199");
        got(line.lab, 404U);
        line.lab.invite_headers = {{"Call-Info", SharedLine::at(2)}};
        line.lab.sends(INVITE, "199");
        got(line.lab, 480U).phrase("Appearance Taken");
    }
    SUBCASE("so is its own call on another appearance")
    {
        line.desk.invite_headers = {{"Call-Info", SharedLine::at(1)}};
        line.desk.sends(INVITE, "199");
        got(line.desk, 404U);
    }
    SUBCASE("RFC 4028 §7.3: it is to ask for a longer session")
    {
        line.desk.session_timer = {.expires = 10s};
        line.desk.sends(INVITE, "101");
        got(line.desk, 422U);
        line.desk.session_timer = {};
    }
    for (auto* phone : {&line.desk, &line.lab}) CHECK(phone->hears_nothing());
    line.desk.invite_headers.clear();
    line.desk.sends(INVITE, "101");
    got(line.alice, INVITE);
    line.both_see("2:progressing *:idle");
    told(line.desk, "line-seize");
    line.desk.cancels();
    got(line.alice, CANCEL);
    for (auto* phone : {&line.desk, &line.lab}) phone->inbox.clear();
}

TEST_CASE("a claim on what is held ends where the call is not retrieved: others may take it")
{
    SharedLine line;
    line.talks();
    line.holds("held");
    auto& hall = line.pbx.phone("102");
    line.lab.asks(SharedLine::seize(1));
    got(line.lab, 200U);
    got(line.lab, NOTIFY);
    line.holds("held-private");
    line.lab.invite_headers = hall.invite_headers = {{"Call-Info", SharedLine::at(1)}};
    line.lab.sends(INVITE, "102");
    got(line.lab, 403U).phrase("Not On Public Hold");
    CHECK(told(line.lab, "line-seize").notify->subscription_state ==
          "terminated;reason=noresource");
    line.holds("held");
    hall.sends(INVITE, "102");
    got(line.alice, INVITE).with(talking_sdp);
    line.alice.replies(200, talking_sdp);
    got(hall, 200U);
    got(line.alice, ACK);
    got(line.desk, BYE);
    line.both_see("1:active *:idle");
}

TEST_CASE("of two phones that retrieve a held call one gets it, and the other one hears so at once")
{
    SharedLine line;
    line.talks();
    line.holds("held");
    auto& hall = line.pbx.phone("102");
    line.lab.invite_headers = hall.invite_headers = {{"Call-Info", SharedLine::at(1)}};
    line.lab.sends(INVITE, "102");
    got(line.alice, INVITE);
    hall.sends(INVITE, "102");
    got(hall, 481U).phrase("Somebody Else Was Quicker");
    line.alice.replies(200, talking_sdp);
    got(line.lab, 200U);
    got(line.alice, ACK);
    got(line.desk, BYE);
    line.both_see("1:active *:idle");
}

TEST_CASE("a line that comes to be shared shows the calls it has")
{
    PlainLine line;
    CHECK(SharedLine::shown(line.desk.subscribes("call-info", "102")) == "*:idle");
    line.alice.sends(INVITE, "102");
    got(line.desk, INVITE);
    line.desk.replies(200, talking_sdp);
    line.alice.receives(200U);
    got(line.desk, ACK);
    CHECK(line.desk.hears_nothing());
    line.pbx.configures("102", [](Extension& extension) { extension.appearances = 2; });
    CHECK(SharedLine::shown(got(line.desk, NOTIFY)) == "1:active *:idle");
    line.pbx.configures("102", [](Extension& extension) { extension.appearances = 0; });
    CHECK(SharedLine::shown(got(line.desk, NOTIFY)) == "*:idle");
    line.pbx.configures("102", [](Extension& extension) { extension.appearances = 1; });
    CHECK(SharedLine::shown(got(line.desk, NOTIFY)) == "1:active *:idle");

    // It keeps it over a restart.
    line.pbx.restarts();
    CHECK(SharedLine::shown(got(line.desk, NOTIFY)) == "1:active *:idle");
    line.alice.sends(BYE);
    line.alice.receives(200U);
    got(line.desk, BYE);
    CHECK(SharedLine::shown(got(line.desk, NOTIFY)) == "*:idle");
}

TEST_CASE("a claim where there is nothing to claim is refused, and not granted in appearance")
{
    PlainLine line;
    line.asks_for(line.desk, 404, "399 office.test \"the extension has no appearances\"");
    constexpr auto not_own = "399 office.test \"only a phone of the line claims its appearances\"";
    line.asks_for(line.carol, 403, not_own);
    line.pbx.configures("102", [](Extension& extension) { extension.appearances = 2; });
    line.asks_for(line.carol, 403, not_own);
}

TEST_CASE("where a third party has the appearances, phones are told what it says of claims")
{
    PlainLine line;
    line.pbx.configures("105", [](Extension& extension) { extension.trusted = true; });
    auto& program = line.pbx.phone("105");
    program.publishes({.event = "line-seize", .to = "102", .call_info = SharedLine::at(1)});
    program.receives(200U);
    for (auto* phone : {&line.desk, &line.carol}) {
        phone->asks(SharedLine::seize(1));
        got(*phone, 200U);
        got(*phone, NOTIFY).header("Call-Info", SharedLine::at(1));
    }
}

TEST_CASE("every NOTIFY of line-seize has a Call-Info, also of who has no claim and where one ends")
{
    SharedLine line;
    auto seize = SharedLine::seize(1);
    line.desk.asks(seize);
    seize.to_tag = got(line.desk, 200U).local_tag;
    told(line.desk, "line-seize").header("Call-Info", SharedLine::at(1) + ";appearance-state=seized");
    line.both_see("1:seized *:idle");
    line.lab.asks(SharedLine::seize(1, 0s));  // only looks
    got(line.lab, 200U);
    CHECK(SharedLine::shown(told(line.lab, "line-seize")) == "1:seized *:idle");
    SUBCASE("the phone ends it")
    {
        seize.expires = 0s;
        line.desk.asks(seize);
        got(line.desk, 200U);
    }
    SUBCASE("its time is over") { line.pbx.passes(15s); }
    SUBCASE("the phone leaves") { line.desk.unregisters(); }
    const auto over = told(line.desk, "line-seize");
    CHECK(over.notify->subscription_state.starts_with("terminated"));
    CHECK(over.value("Call-Info") == SharedLine::at(1));
    for (auto* phone : {&line.desk, &line.lab}) phone->inbox.clear();
}

TEST_CASE("where nobody publishes appearances any more, who has asked for one is told there is no claim")
{
    PlainLine line;
    line.pbx.configures("105", [](Extension& extension) { extension.trusted = true; });
    auto& program = line.pbx.phone("105");
    program.publishes({.event = "line-seize", .to = "102", .call_info = SharedLine::at(1)});
    program.receives(200U);
    line.desk.asks(SharedLine::seize(1));
    got(line.desk, 200U);
    got(line.desk, NOTIFY).header("Call-Info", SharedLine::at(1));
    line.desk.unregisters();
    const auto over = told(line.desk, "line-seize");
    CHECK(over.notify->subscription_state.starts_with("terminated"));
    CHECK_FALSE(over.value("Call-Info").empty());
}

TEST_CASE("nobody claims by PUBLISH what a line of the exchange has")
{
    SharedLine line;
    line.pbx.configures("105", [](Extension& extension) { extension.trusted = true; });
    auto& program = line.pbx.phone("105");
    const auto is_refused = [&](unsigned index, unsigned status) {
        program.publishes(
            {.event = "line-seize", .to = "102", .call_info = SharedLine::at(index)});
        CHECK_FALSE(program.receives(status).value("Warning").empty());
        CHECK(line.pbx.view().publications == 0);
    };
    is_refused(1, 403);
    is_refused(3, 404);
    line.talks();
    is_refused(1, 480);
    line.lab.asks(SharedLine::seize(2));
    got(line.lab, 200U);
    told(line.lab, "line-seize");
    line.both_see("1:active 2:seized *:idle");
    is_refused(2, 480);
}

TEST_CASE("a phone does not get what is published as in use, and one PUBLISH says one thing of it")
{
    SharedLine line;
    line.pbx.configures("105", [](Extension& extension) { extension.trusted = true; });
    auto& program = line.pbx.phone("105");
    const auto active = SharedLine::at(1) + ";appearance-state=active";
    const auto idle = SharedLine::at(1) + ";appearance-state=idle";
    program.publishes({.event = "call-info", .to = "102", .call_info = active + ", " + idle});
    program.receives(400U).header(
        "Warning", "399 office.test \"Call-Info names one appearance-index twice\"");
    program.publishes({.event = "call-info", .to = "102", .call_info = active});
    program.receives(200U);
    line.both_see("1:active *:idle");
    line.desk.asks(SharedLine::seize(1));
    got(line.desk, 480U).phrase("Appearance Taken");
    line.desk.asks(SharedLine::seize(2));
    got(line.desk, 200U);
    told(line.desk, "line-seize");
    line.both_see("1:active 2:seized *:idle");
    program.publishes({.event = "call-info", .to = "102", .call_info = idle});
    program.receives(200U);
    line.both_see("1:idle 2:seized *:idle");
    line.lab.asks(SharedLine::seize(1));
    got(line.lab, 200U);
    told(line.lab, "line-seize");
    line.both_see("1:seized 2:seized *:idle");
}
