// Who pays for calls to outside, and how many, how often and how long these may be.
#include "trunk_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::trunks;

TEST_CASE("forwarding to outside needs its own right, and is shown as the forwarder's")
{
    Office office;
    auto& [pbx, one, two, rules, alice, bob, carol, dan, far, other] = office;
    Forwarding away;
    away.always = "0664999";
    pbx.forwards("102", away);
    pbx.forwards("103", away);
    alice.sends(INVITE, "103");
    alice.receives(403U).header("Warning",
                                "399 office.test \"103 may not forward calls to outside\"");
    alice.invite_headers = {
        {"Diversion", "<sip:+4399@carrier.test>;reason=user-busy"}};  // so she says
    alice.sends(INVITE, "102");
    alice.receives(181U);
    far.receives(INVITE)
        .from("+431101")
        .header("Diversion", "<sip:+431102@carrier.test>;reason=unconditional;counter=1")
        .header("History-Info", "<sip:+431102@carrier.test>;index=1, "
                                "<sip:+43664999@carrier.test;cause=302>;index=1.1;mp=1");
    far.replies(486);
    alice.receives(486U);

    auto& caller = pbx.carrier(two, "+43664777");
    caller.sends(INVITE, "+431102");
    caller.receives(181U);
    far.receives(INVITE).from("+431102");
    far.replies(486);
    caller.receives(486U);
    one.caller_id.show_outside_callers = true;
    office.apply();
    caller.sends(INVITE, "+431102");
    caller.receives(181U);
    far.receives(INVITE).from("+43664777");
    far.replies(200, talking_sdp);
    caller.receives(200U);
    far.receives(ACK);
    CHECK(office.lamp("102") == "nothing");
    caller.sends(BYE);
    caller.receives(200U);
    far.receives(BYE);

    carol.sends(INVITE, "*21*0664999");
    carol.receives(403U).phrase("Not To Outside");
    office.all_is_over();
}

TEST_CASE("who diverted a call to the office and stays private is told to nobody")
{
    Office office;
    auto& [pbx, one, two, rules, alice, bob, carol, dan, far, other] = office;
    auto& caller = pbx.carrier(two, "+43664777");
    caller.invite_headers = {
        {"Diversion", "<sip:+4930@carrier.test>;reason=no-answer;privacy=full"}};
    caller.sends(INVITE, "+431103");
    carol.receives(INVITE).header(
        "Diversion", "<sip:anonymous@anonymous.invalid>;reason=no-answer;privacy=full");
    carol.replies(486);
    caller.receives(486U);

    Forwarding away;
    away.always = "0664999";
    pbx.forwards("102", away);
    caller.sends(INVITE, "+431102");
    caller.receives(181U);
    far.receives(INVITE)
        .header("Diversion", "<sip:+431102@carrier.test>;reason=unconditional;counter=1")
        .header("History-Info", "<sip:anonymous@anonymous.invalid>;index=1, "
                                "<sip:+431102@carrier.test;cause=408>;index=1.1;mp=1, "
                                "<sip:+43664999@carrier.test;cause=302>;index=1.1.1;mp=1.1");
    far.replies(486);
    caller.receives(486U);
    office.all_is_over();
}

TEST_CASE("a ring group overflows to outside with the right of its number")
{
    Office office;
    auto& [pbx, one, two, rules, alice, bob, carol, dan, far, other] = office;
    RingGroup sales;
    sales.number = "600";
    sales.members = {{"103", {}}};
    sales.ring_time = 10s;
    sales.overflow = "0664999";
    pbx.has_ring_groups({sales});
    auto& caller = pbx.carrier(two, "+43664777");
    const auto rings_out = [&] {
        caller.sends(INVITE, "+43199");
        carol.receives(INVITE);
        carol.replies(180);
        caller.receives(180U);
        pbx.passes(10s);
        carol.receives(CANCEL);
    };
    rings_out();
    caller.receives(403U);
    rules.outside["600"] = {.forward = true, .limits = {}};
    office.apply();
    rings_out();
    caller.receives(181U);
    far.receives(INVITE);
    far.replies(486);
    caller.receives(486U);
    office.all_is_over();
}

TEST_CASE("the transferor pays: its rights and limits count, and outside hears who is there")
{
    Office office;
    auto& [pbx, one, two, rules, alice, bob, carol, dan, far, other] = office;
    rules.rights["101"] = CallClass::internal;
    office.apply();
    const auto transfer_to = [](std::string number) {
        return std::make_shared<const Payload>(
            Payload{{}, {}, {{"Refer-To", "<sip:" + number + "@office.test>"}}});
    };
    const auto told = [&](Phone& phone, std::string_view line) {
        auto notify = phone.receives(NOTIFY);
        CHECK(notify.body() == std::string{line} + "\r\n");
        phone.replies_to(notify, 200);
    };
    bob.sends(INVITE, "101");
    alice.receives(INVITE);
    alice.replies(200, talking_sdp);
    bob.receives(200U);
    alice.receives(ACK);
    alice.sends(Method::refer, transfer_to("0664999"));
    alice.receives(202U);
    told(alice, "SIP/2.0 100 Trying");
    told(alice, "SIP/2.0 403 Not Allowed\r\n"
                "Warning: 399 office.test \"101 may not make national calls\"");

    bob.sends(Method::refer, transfer_to("0664999"));  // may
    bob.receives(202U);
    told(bob, "SIP/2.0 100 Trying");
    far.receives(INVITE).from("+431101").without_body();
    far.replies(200, talking_sdp);
    alice.receives(INVITE).with(talking_sdp);
    alice.replies(200, talking_sdp);
    far.receives(ACK).with(talking_sdp);
    alice.receives(ACK);
    told(bob, "SIP/2.0 200 OK");
    bob.receives(BYE);
    CHECK(pbx.view().calls.at(0).legs.back().trunk == "one");
    far.sends(BYE);
    far.receives(200U);
    alice.receives(BYE);
    const auto record = pbx.records().at(0);
    CHECK(record.parts.back().trunk == "one");
    CHECK(record.parts.back().kind == PartKind::transferred);
    office.all_is_over();
}

TEST_CASE("a third party sends on who is outside: who stays pays, as it does for its call")
{
    Office office;
    auto& [pbx, one, two, rules, alice, bob, carol, dan, far, other] = office;
    rules.outside["101"].limits.calls = 1;
    office.apply();
    Office::talks_outside(alice, far, "0664999");
    const CallOrder order{.action = CallAction::transfer, .to = "0664888"};
    CHECK(pbx.orders(order).outcome == OrderOutcome::wrong_state);
    rules.outside["101"].limits.calls = 2;
    office.apply();
    CHECK(pbx.orders(order).outcome == OrderOutcome::begun);
    far.receives(INVITE);
    far.replies(486);
    alice.sends(BYE);
    alice.receives(200U);
    far.receives(BYE);
    office.all_is_over();
}

TEST_CASE("a third party sends on a call of two outside: into the office, for nobody would pay")
{
    Office office;
    auto& [pbx, one, two, rules, alice, bob, carol, dan, far, other] = office;
    Forwarding away;
    away.always = "0664999";
    pbx.forwards("102", away);
    auto& caller = pbx.carrier(two, "+43664777");
    caller.sends(INVITE, "+431102");
    caller.receives(181U);
    far.receives(INVITE);
    far.replies(200, talking_sdp);
    caller.receives(200U);
    far.receives(ACK);
    for (const auto* number : {"0664888", "112"}) {
        CAPTURE(number);
        CHECK(pbx.orders({.action = CallAction::transfer, .to = number}).code == "not_allowed");
    }
    CHECK(other.hears_nothing());
    pbx.has_park_lot({.number = "700", .first_slot = "701"});
    CHECK(pbx.orders({.action = CallAction::park}).outcome == OrderOutcome::wrong_state);
    CHECK(pbx.orders({.action = CallAction::transfer, .to = "103"}).outcome == OrderOutcome::begun);
    carol.receives(INVITE);
    carol.replies(486);
    caller.sends(BYE);
    caller.receives(200U);
    far.receives(BYE);
    office.all_is_over();
}

TEST_CASE("who transfers before the target outside has answered pays for it as before")
{
    Office office;
    auto& [pbx, one, two, rules, alice, bob, carol, dan, far, other] = office;
    rules.outside["102"].limits.calls = 1;
    office.apply();
    alice.sends(INVITE, "102");
    bob.receives(INVITE);
    bob.replies(200, talking_sdp);
    alice.receives(200U);
    bob.receives(ACK);
    const auto first = bob.dialog();
    bob.sends(INVITE, "0664999");
    far.receives(INVITE);
    far.replies(180);
    bob.receives(180U);
    std::string asks;
    for (const auto& each : pbx.view().calls)
        if (each.dialled == "0664999") asks = each.legs.at(0).call_id;
    bob.uses(first);
    bob.sends(Method::refer, std::make_shared<const Payload>(
                                 Payload{{},
                                         {},
                                         {{"Refer-Sub", "false"},
                                          {"Refer-To", "<sip:0664999@office.test?Replaces=" + asks +
                                                           "%3Bto-tag%3D0%3Bfrom-tag%3D0>"}}}));
    bob.receives(202U);
    bob.receives(487U);
    far.receives(CANCEL);
    far.receives(INVITE);
    auto& desk = pbx.phone("102");
    desk.sends(INVITE, "0664888");
    desk.receives(486U).phrase("Too Many Calls To Outside");
    far.replies(486);
    alice.sends(BYE);
    alice.receives(200U);
    bob.receives(BYE);
    office.all_is_over();
}

TEST_CASE("click to dial and REST transfer to outside count for the extension")
{
    Office office;
    auto& [pbx, one, two, rules, alice, bob, carol, dan, far, other] = office;
    rules.rights["101"] = CallClass::internal;
    office.apply();
    CHECK(pbx.orders({.action = CallAction::place, .from = "101", .to = "0664999"}).code ==
          "not_allowed");
    CHECK(pbx.orders({.action = CallAction::place, .from = "102", .to = "0664999"}).outcome ==
          OrderOutcome::begun);
    bob.receives(INVITE);
    bob.replies(200, talking_sdp);
    bob.receives(ACK);
    far.receives(INVITE).from("+431102");
    far.replies(200, talking_sdp);
    bob.receives(INVITE);
    bob.replies(200, talking_sdp);
    bob.receives(ACK);
    far.receives(ACK);
    CHECK(pbx.orders({.action = CallAction::hang_up}).outcome == OrderOutcome::begun);
    bob.receives(BYE);
    far.receives(BYE);

    office.talks_outside(bob, far, "0664999");
    CHECK(pbx.orders({.action = CallAction::transfer, .to = "101"}).outcome == OrderOutcome::begun);
    alice.receives(INVITE);
    alice.replies(200, talking_sdp);
    bob.receives(INVITE);
    bob.replies(200, talking_sdp);
    bob.receives(ACK);
    alice.receives(ACK);
    far.receives(BYE);
    alice.sends(BYE);
    alice.receives(200U);
    bob.receives(BYE);
    office.all_is_over();
}

TEST_CASE("calls at once: of an extension, of a trunk; emergencies pass both")
{
    Office office;
    auto& [pbx, one, two, rules, alice, bob, carol, dan, far, other] = office;
    rules.outside["101"].limits = {.calls = 1};
    one.limits.calls = 1;
    two.limits.calls = 1;
    office.apply();
    office.talks_outside(alice, far, "0664999");
    auto& alices_other = pbx.phone("101");
    alices_other.sends(INVITE, "0664888");
    alices_other.receives(486U)
        .phrase("Too Many Calls To Outside")
        .header("Warning", "399 office.test \"101 has its 1 calls at once to outside already\"")
        .header("Reason", "Q.850;cause=34;text=\"No circuit available\"");
    CHECK(pbx.records().back().result == CallResult::failed);
    office.talks_outside(bob, other, "0664888");  // the first trunk is full
    carol.sends(INVITE, "0664777");
    carol.receives(486U)
        .phrase("All Lines Busy")
        .header("Reason", "Q.850;cause=34;text=\"No circuit available\"");
    alices_other.sends(INVITE, "112");
    far.receives(INVITE).to("sip:112@carrier.test");
    far.replies(200, talking_sdp);
    alices_other.receives(200U);
    far.receives(ACK);
    alices_other.sends(BYE);
    alices_other.receives(200U);
    far.receives(BYE);

    bob.sends(BYE);
    bob.receives(200U);
    other.receives(BYE);
    office.talks_outside(carol, other, "0664777");
    carol.sends(BYE);
    carol.receives(200U);
    other.receives(BYE);
    pbx.orders({.action = CallAction::hang_up});
    alice.receives(BYE);
    far.receives(BYE);
    office.all_is_over();
}

TEST_CASE("calls a day are counted over a restart, and anew the next day")
{
    Office office;
    auto& [pbx, one, two, rules, alice, bob, carol, dan, far, other] = office;
    rules.outside["101"].limits = {.calls_per_day = 2};
    office.apply();
    const auto tries = [&] {
        alice.sends(INVITE, "0664999");
        far.receives(INVITE);
        far.replies(503);  // the next trunk is not another call
        other.receives(INVITE);
        other.replies(486);
        alice.receives(486U);
    };
    tries();
    tries();
    alice.sends(INVITE, "0664999");
    alice.receives(403U)
        .phrase("Daily Limit Reached")
        .header("Reason", "Q.850;cause=21;text=\"Call rejected\"");
    dan.inbox.clear();
    pbx.restarts();
    dan.inbox.clear();
    alice.sends(INVITE, "0664999");
    alice.receives(403U).phrase("Daily Limit Reached");
    alice.sends(INVITE, "112");
    far.receives(INVITE);
    far.replies(486);
    other.receives(INVITE);
    other.replies(486);
    alice.receives(486U);
    pbx.passes(24h);
    dan.inbox.clear();
    alice.registers(), dan.registers();
    dan.inbox.clear();
    tries();
    dan.inbox.clear();
    CHECK(pbx.has_no_calls());
}

TEST_CASE("a call to outside ends when its minutes are over, also after a restart")
{
    Office office;
    auto& [pbx, one, two, rules, alice, bob, carol, dan, far, other] = office;
    rules.outside["101"].limits = {.minutes = 10min};
    one.limits.minutes = 20min;
    office.apply();
    for (auto* phone : {&alice, &bob, &far}) phone->answers_probes = true;
    office.talks_outside(alice, far, "0664999");
    pbx.passes(9min);
    CHECK(far.hears_nothing());
    dan.inbox.clear();
    pbx.restarts();
    pbx.passes(59s);
    CHECK(far.hears_nothing());
    CHECK(pbx.view().calls.at(0).legs.at(1).trunk == "one");
    pbx.passes(1s);
    const std::string reason = "SIP;cause=403;text=\"Time limit of calls to outside\"";
    far.receives(BYE).header("Reason", reason);
    alice.receives(BYE).header("Reason", reason);

    office.talks_outside(bob, far, "0664999");  // no limit of his own: the trunk's
    pbx.passes(20min);
    far.receives(BYE);
    bob.receives(BYE);
    dan.inbox.clear();
    CHECK(pbx.has_no_calls());
}
