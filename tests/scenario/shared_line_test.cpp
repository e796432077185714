// Several phones on one line: the appearances of its calls, and who may see whom by them
// (call-info).
#include "scenario/shared_line.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

std::string who_is_there(const Arrived& notify)
{
    const auto infos = read_call_info(notify.value("Call-Info"));
    REQUIRE(infos);
    return infos->at(0).appearance_uri;
}

constexpr const char* nobody = "\"Anonymous\" <sip:anonymous@anonymous.invalid>";

}  // namespace

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

TEST_CASE("a call that found all appearances in use has the first that is free, while it rings on")
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
    line.both_see("1:active 2:alerting *:idle");
    line.alice.sends(BYE);
    line.alice.receives(200U);
    got(line.desk, BYE);
    line.both_see("1:alerting 2:alerting *:idle");
    line.lab.replies(200, talking_sdp);
    gina.receives(200U);
    got(line.desk, CANCEL);
    got(line.lab, ACK);
    line.both_see("1:active 2:alerting *:idle");
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

TEST_CASE("an emergency call goes out, whichever appearance its phone names")
{
    SharedLine line;
    Trunk trunk;
    trunk.name = "one";
    trunk.servers = {{"192.0.2.200", 5060, Transport::udp}};
    trunk.domain = "carrier.test";
    DigitRules rules;
    rules.rules = {{.pattern = "112", .emergency = true, .trunks = {"one"}}};
    line.pbx.has_trunks({trunk}, rules);
    auto& far = line.pbx.carrier(trunk, "112");
    line.desk.asks(SharedLine::seize(1));
    got(line.desk, 200U);
    got(line.desk, NOTIFY);
    line.both_see("1:seized *:idle");
    line.lab.invite_headers = {{"Call-Info", SharedLine::at(1)}};
    line.lab.sends(INVITE, "112");
    far.receives(INVITE).to("sip:112@carrier.test");
    line.both_see("1:seized 2:progressing *:idle");
    far.replies(200, talking_sdp);
    got(line.lab, 200U);
    far.receives(ACK);
    line.both_see("1:seized 2:active *:idle");
    line.lab.sends(BYE);
    got(line.lab, 200U);
    far.receives(BYE);
    line.both_see("1:seized *:idle");
}
