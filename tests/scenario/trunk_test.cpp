// Calls from and to outside: who is meant, and what whoever calls from there may not do.
#include "trunk_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::trunks;

TEST_CASE("a call to outside: the number the carrier wants, the number of the caller (RFC 3325)")
{
    Office office;
    auto& [pbx, one, two, rules, alice, bob, carol, dan, far, other] = office;
    alice.invite_headers = {{"Alert-Info", "<http://office.test/ring>"},
                            {"Call-Info", "<x>;answer-after=0"}};
    alice.sends(INVITE, "0664999");
    far.receives(INVITE)
        .to("sip:+43664999@carrier.test")
        .from("+431101")
        .header("P-Asserted-Identity", "\"Name 101\" <sip:+431101@carrier.test>")
        .without_header("Privacy")
        .without_header("Alert-Info")
        .without_header("Call-Info");
    CHECK(office.lamp("101") == "trying");
    far.replies(183, "v=0\r\nearly\r\n");
    alice.receives(183U).with("v=0\r\nearly\r\n");
    CHECK(office.lamp("101") == "early");

    const auto ringing = pbx.view().calls.at(0);
    CHECK(ringing.from == "101");
    CHECK(ringing.from_trunk.empty());
    CHECK(ringing.legs.at(1).extension.empty());
    CHECK(ringing.legs.at(1).number == "0664999");
    CHECK(ringing.legs.at(1).trunk == "one");

    far.replies(200, talking_sdp);
    alice.receives(200U);
    far.receives(ACK);
    CHECK(office.lamp("101") == "confirmed");
    far.sends(BYE);
    far.receives(200U);
    alice.receives(BYE);
    CHECK(office.lamp("101") == "idle");

    const auto record = pbx.records().at(0);
    CHECK(record.caller == "101");
    CHECK(record.caller_trunk.empty());
    CHECK(record.dialled == "0664999");
    CHECK(record.answered_by == "0664999");
    CHECK(record.answered_trunk == "one");
    CHECK(record.result == CallResult::answered);
    CHECK(record.ended_by == CallEnder::callee);
    CHECK(record.parts.at(1).trunk == "one");
    office.all_is_over();
}

TEST_CASE("somebody outside who calls itself a colleague is none: no exception, no address here")
{
    Office office;
    office.far.number = "103";
    Forwarding wishes;
    wishes.exceptions.push_back({.match = CallerMatch::number,
                                 .caller = "103",
                                 .treatment = CallerTreatment::ring,
                                 .to = {}});
    office.pbx.forwards("102", wishes);
    office.far.sends(INVITE, "+431102");
    CHECK(write(office.bob.receives(INVITE).from_address.uri) == "sip:103@carrier.test");
    CHECK(office.pbx.decides({}, "+431102", "one", {}, "103").steps ==
          office.pbx.decides({}, "+431102", "one", {}, "").steps);
    office.bob.replies(486);
    office.far.receives(486U);
    wishes.do_not_disturb = true;
    office.pbx.forwards("102", wishes);
    office.far.sends(INVITE, "+431102");
    office.far.receives(480U);
    office.all_is_over();
}

TEST_CASE("somebody outside who calls itself a colleague is none after a transfer either")
{
    Office office;
    auto& [pbx, one, two, rules, alice, bob, carol, dan, far, other] = office;
    far.number = "103";
    Forwarding wishes;
    wishes.do_not_disturb = true;
    wishes.exceptions.push_back({.match = CallerMatch::number,
                                 .caller = "103",
                                 .treatment = CallerTreatment::ring,
                                 .to = {}});
    pbx.forwards("104", wishes);
    far.sends(INVITE, "+431102");
    bob.receives(INVITE);
    bob.replies(200, talking_sdp);
    far.receives(200U);
    bob.receives(ACK);
    SUBCASE("by REFER")
    {
        bob.sends(Method::refer, std::make_shared<const Payload>(
                                     Payload{{}, {}, {{"Refer-To", "<sip:104@office.test>"}}}));
        bob.receives(202U);
        bob.replies_to(bob.receives(NOTIFY), 200);
        bob.replies_to(bob.receives(NOTIFY).with("SIP/2.0 480 Do Not Disturb\r\n"), 200);
    }
    SUBCASE("by REST")
    {
        CHECK(pbx.orders({.action = CallAction::transfer,
                          .call = pbx.view().calls.at(0).id,
                          .to = "104",
                          .by = "102"})
                  .outcome != OrderOutcome::begun);
    }
    CHECK(std::ranges::none_of(dan.inbox, [](const Arrived& each) { return each.what == "INVITE"; }));
    bob.sends(BYE);
    bob.receives(200U);
    far.receives(BYE);
    office.all_is_over();
}

TEST_CASE("a call to a phone in proxy mode is bridged where a forward may lead it outside")
{
    Office office;
    auto& [pbx, one, two, rules, alice, bob, carol, dan, far, other] = office;
    pbx.joins("102", CallMode::proxy);
    rules.outside["103"] = {.forward = true, .limits = {}};
    const std::string why =
        "It is bridged all the same, since the call may be forwarded to outside";
    bool bridged = true;
    SUBCASE("its own")
    {
        office.apply();
        pbx.forwards("102", {.no_answer = "0664888", .no_answer_after = 10s});
    }
    SUBCASE("that of where it goes first")
    {
        office.apply();
        pbx.forwards("102", {.no_answer = "103", .no_answer_after = 10s});
        pbx.forwards("103", {.always = "0664888"});
    }
    SUBCASE("none does")
    {
        office.apply();
        pbx.forwards("102", {.no_answer = "103", .no_answer_after = 10s});
        pbx.forwards("103", {.no_answer = "102"});
        bridged = false;
    }
    const auto steps = pbx.decides("101", "102").steps;
    CHECK((std::ranges::find(steps, why) != steps.end()) == bridged);
    alice.sends(INVITE, "102");
    bob.receives(INVITE);
    pbx.passes(10s);
    bob.receives(CANCEL);
    if (bridged) {
        alice.receives(181U);
        far.receives(INVITE).to("sip:+43664888@carrier.test");
        far.replies(486);
        alice.receives(486U);
    } else {
        carol.receives(INVITE);
        carol.replies(486);
        alice.receives(486U);
    }
    office.all_is_over();
}

TEST_CASE("who calls from outside has no right to anything but the numbers of the trunk")
{
    Office office;
    auto& [pbx, one, two, rules, alice, bob, carol, dan, far, other] = office;
    far.sends(INVITE, "+431555");  // nobody's
    far.receives(404U);
    far.sends(INVITE, "102");  // an extension, but not a number of the trunk
    far.receives(404U);
    far.sends(INVITE, "0664888");
    far.receives(404U);
    one.inbound = {{"\\+431(.*)", "\\1", false}};
    office.apply();
    far.sends(INVITE, "+4310664888");
    far.receives(403U).phrase("Not From Outside");
    far.sends(INVITE, "+431112");
    far.receives(403U);
    far.sends(INVITE, "+431*21*0664888");
    far.receives(403U);
    far.sends(INVITE, "+431**102");
    far.receives(403U);
    pbx.has_calling_card({.number = "800"});
    pbx.has_park_lot({.number = "700", .first_slot = "701"});
    for (const auto* number : {"800", "700", "701"}) {
        far.sends(INVITE, std::string{"+431"} + number);
        far.receives(403U).phrase("Not From Outside");
    }
    one.inbound = {{"\\+431(.*)", "\\1", true}};  // said so
    one.trusted = two.trusted = false;
    rules.rules.front().trunks = {"two"};
    office.apply();
    far.sends(INVITE, "+4310664888");
    other.receives(INVITE).to("sip:+43664888@carrier.test");
    other.replies(486);
    far.receives(486U);
    office.all_is_over();
}

TEST_CASE("who calls from outside takes no call and moves none")
{
    Office office;
    auto& [pbx, one, two, rules, alice, bob, carol, dan, far, other] = office;
    alice.sends(INVITE, "102");
    bob.receives(INVITE);
    bob.replies(180);
    alice.receives(180U);
    const auto ringing = pbx.view().calls.at(0).legs.at(1);
    far.sends_replacing({.call_id = ringing.call_id, .to_tag = {}, .from_tag = {}}, "+431102");
    far.receives(403U);
    alice.cancels();
    bob.receives(CANCEL);

    office.talks_outside(alice, far, "0664999");
    far.sends(Method::refer, std::make_shared<const Payload>(
                                 Payload{{}, {}, {{"Refer-To", "<sip:0664888@office.test>"}}}));
    far.receives(403U);
    alice.sends(BYE);
    alice.receives(200U);
    far.receives(BYE);
    office.all_is_over();
}

TEST_CASE("hold and pickup of calls by a trunk")
{
    Office office;
    auto& [pbx, one, two, rules, alice, bob, carol, dan, far, other] = office;
    far.sends(INVITE, "+431102");
    bob.receives(INVITE);
    bob.replies(180);
    far.receives(180U);
    dan.inbox.clear();
    dan.sends(INVITE, "**102");
    office.forgets_lamps();
    dan.receives(200U);
    far.receives(200U);
    bob.receives(CANCEL);
    const auto record = [&] { return pbx.records().at(0); };

    dan.sends_invite(hold_sdp);
    office.forgets_lamps();
    far.receives(INVITE).with(hold_sdp);
    far.replies(200, "v=0\r\nm=audio 4000 RTP/AVP 0\r\na=recvonly\r\n");
    office.forgets_lamps();
    dan.receives(200U);
    far.receives(ACK);
    CHECK(pbx.view().calls.at(0).legs.at(0).trunk == "one");
    far.sends(BYE);
    far.receives(200U);
    office.forgets_lamps();
    dan.receives(BYE);
    CHECK(record().answered_by == "104");
    office.all_is_over();
}

TEST_CASE("a decision about a number outside is told step by step")
{
    Office office;
    auto& [pbx, one, two, rules, alice, bob, carol, dan, far, other] = office;
    rules.outside["101"].limits = {.calls = 1, .minutes = 60min};
    two.enabled = false;
    office.apply();
    auto told = pbx.decides("101", "0664999");
    CHECK(told.outcome == "ring");
    CHECK(told.steps ==
          std::vector<std::string>{
              "101 dials 0664999", "The digit plan has a rule for 0664999: 0([1-9].*)",
              "101 may make national calls", "0664999 becomes +43664999",
              "101 is within its limits: 1 calls at once, any number of a day, 60 minutes each",
              "+43664999 is called over trunk one",
              "Trunk two is passed over: it is not there, or out of use"});
    REQUIRE(told.targets.size() == 1);
    CHECK(told.targets[0].trunk == "one");
    CHECK(told.targets[0].contact == "sip:+43664999@carrier.test");
    CHECK(told.targets[0].address == "udp:198.51.100.1:5060");
    CHECK(pbx.decides("101", "0044123").status == 403);

    office.talks_outside(alice, far, "0664999");
    told = pbx.decides("101", "0664999");
    CHECK(told.status == 486);
    CHECK(told.steps.back() == "101 has its 1 calls at once to outside already");
    alice.sends(BYE);
    alice.receives(200U);
    far.receives(BYE);

    told = pbx.decides({}, "+431102", "one");
    CHECK(told.steps[0] == "Somebody outside dials +431102 over one");
    CHECK(told.steps[1] == "+431102 stands for 102");
    CHECK(pbx.decides({}, "+4355", "one").status == 404);
    CHECK_FALSE(pbx.decides({}, "+4355", "none").known_caller);
    office.all_is_over();
}

TEST_CASE("a trunk that has registered over a connection registers anew when that is closed")
{
    Scenario pbx;
    auto line = carrier("line", "192.0.2.250");
    line.kind = TrunkKind::registering;
    line.servers.front().transport = Transport::tcp;
    line.credentials = std::make_shared<const TrunkCredentials>(
        TrunkCredentials{"4310", "secret", "carrier.test"});
    line.expires = 600s;
    line.qualify = 0s;
    auto& carrier_side = pbx.carrier(line, "4310");
    pbx.has_trunks({line}, {});
    const auto registered = carrier_side.receives(Method::register_);
    pbx.receive(StandaloneAnswered{.transaction = registered.answers_to,
                                   .status = 200,
                                   .connection = ConnectionId{9},
                                   .expires = 600s});
    pbx.passes(30s);
    CHECK(carrier_side.hears_nothing());
    pbx.receive(ConnectionClosed{ConnectionId{8}});
    pbx.passes(5s);
    CHECK(carrier_side.hears_nothing());
    pbx.receive(ConnectionClosed{ConnectionId{9}});
    pbx.passes(5s);
    carrier_side.receives(Method::register_);
}
