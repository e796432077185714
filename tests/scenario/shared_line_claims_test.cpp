// Several phones on one line: what only one of them may have, and lines that come to be shared.
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
