// Calls from and to outside: which way, who is shown, and what they may cost.
#include <doctest/doctest.h>

#include "support/scenario.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

Trunk carrier(std::string name, std::string host)
{
    Trunk trunk;
    trunk.name = std::move(name);
    trunk.servers = {{std::move(host), 5060, Transport::udp}};
    trunk.domain = "carrier.test";
    trunk.caller_id.main_number = "+4310";
    trunk.caller_id.numbers = {{"(10[1-9])", "+431\\1"}};
    trunk.inbound = {{"\\+431(10[1-9])", "\\1", false}, {"\\+43199", "600", false}};
    return trunk;
}

DigitRule outside(std::string pattern, std::string replacement, CallClass call_class,
                  std::vector<std::string> trunks = {"one", "two"})
{
    DigitRule rule;
    rule.name = pattern;
    rule.pattern = std::move(pattern);
    rule.replacement = std::move(replacement);
    rule.call_class = call_class;
    rule.trunks = std::move(trunks);
    return rule;
}

/// Alice, Bob and Carol; two trunks for what begins with 0, 112 for emergencies; Dan watches all.
struct Office {
    Office()
    {
        rules.rules = {outside("0([1-9].*)", "+43\\1", CallClass::national),
                       outside("00([1-9].*)", "+\\1", CallClass::international),
                       outside("112", "", CallClass::premium)};
        rules.rules.back().emergency = true;
        rules.default_right = CallClass::national;
        rules.outside["102"] = {.forward = true, .limits = {}};
        apply();
        for (const auto* member : {"101", "102", "103"}) dan.watches(member);
    }

    void apply() { pbx.has_trunks({one, two}, rules); }

    /// What Dan was told last about `member`; the rest is forgotten.
    std::string lamp(std::string_view member)
    {
        std::string state = "nothing";
        for (const auto& arrived : dan.inbox) {
            const auto document = arrived.document();
            if (document.entity.find(member) == std::string::npos) continue;
            state = arrived.idle() ? "idle" : document.dialogs.front().state;
        }
        dan.inbox.clear();
        return state;
    }

    void forgets_lamps()
    {
        std::erase_if(dan.inbox, [](const Arrived& each) { return each.method == NOTIFY; });
    }

    static void talks_outside(Phone& phone, Phone& carrier, std::string_view number)
    {
        phone.sends(INVITE, number);
        carrier.receives(INVITE);
        carrier.replies(200, talking_sdp);
        phone.receives(200U);
        carrier.receives(ACK);
    }

    void all_is_over()
    {
        dan.inbox.clear();
        CHECK(pbx.has_no_calls());
        CHECK(pbx.has_no_dialogs());
        pbx.stays_silent_for(150s);
    }

    Scenario pbx{{group("all", {"104"}, {"101", "102", "103"})}};
    Trunk one = carrier("one", "198.51.100.1");
    Trunk two = carrier("two", "198.51.100.2");
    DigitRules rules;
    Phone& alice = pbx.phone("101");
    Phone& bob = pbx.phone("102");
    Phone& carol = pbx.phone("103");
    Phone& dan = pbx.phone("104");
    Phone& far = pbx.carrier(one, "+43664999");
    Phone& other = pbx.carrier(two, "+43664888");
};

}  // namespace

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

TEST_CASE("a caller who asks for privacy is shown to nobody but the carrier (RFC 3323 §4.1)")
{
    Office office;
    office.alice.invite_headers = {{"Privacy", "id"}};
    office.alice.sends(INVITE, "0664999");
    office.far.receives(INVITE)
        .from("anonymous")
        .header("Privacy", "id")
        .header("P-Asserted-Identity", "\"Name 101\" <sip:+431101@carrier.test>");
    office.far.replies(486);
    office.alice.receives(486U);
    office.two.trusted = office.one.trusted = false;
    office.apply();
    office.alice.sends(INVITE, "0664999");
    office.far.receives(INVITE).from("anonymous").without_header("P-Asserted-Identity");
    office.far.replies(486);
    office.alice.receives(486U);
    office.all_is_over();
}

TEST_CASE("the next trunk is tried after 5xx, silence and what cannot be sent; never after busy")
{
    Office office;
    auto& [pbx, one, two, rules, alice, bob, carol, dan, far, other] = office;
    const auto next = [&](auto fail, const char* what) {
        CAPTURE(what);
        alice.sends(INVITE, "0664999");
        far.receives(INVITE);
        fail();
        other.receives(INVITE);
        other.replies(180);
        alice.receives(180U);
        other.replies(200, talking_sdp);
        alice.receives(200U);
        other.receives(ACK);
        alice.sends(BYE);
        alice.receives(200U);
        other.receives(BYE);
    };
    next([&] { far.replies(503); }, "503");
    next([&] { far.replies(408); }, "408");
    next([&] { far.fails_with(503); }, "cannot be sent");
    next(
        [&] {
            pbx.passes(4s);
            far.receives(CANCEL);
        },
        "silence");
    for (const unsigned status : {486U, 603U, 404U, 480U}) {
        alice.sends(INVITE, "0664999");
        far.receives(INVITE);
        far.replies(status);
        alice.receives(status);
        CHECK(other.hears_nothing());
    }
    office.all_is_over();
}

TEST_CASE("a trunk that has said 100 is waited for as long as a phone")
{
    Office office;
    office.alice.sends(INVITE, "0664999");
    office.far.receives(INVITE);
    office.far.replies(100);
    office.pbx.passes(60s);
    CHECK(office.other.hears_nothing());
    office.far.replies(200, talking_sdp);
    office.alice.receives(200U);
    office.far.receives(ACK);
    office.alice.sends(BYE);
    office.alice.receives(200U);
    office.far.receives(BYE);
    office.all_is_over();
}

TEST_CASE("when no trunk can do it the caller hears 480, since the exchange is there")
{
    Office office;
    office.alice.sends(INVITE, "0664999");
    office.far.receives(INVITE);
    office.far.fails_with(503);
    office.other.receives(INVITE);
    office.other.fails_with(408);
    office.alice.receives(480U)
        .phrase("No Trunk Available")
        .header("Reason", "Q.850;cause=38;text=\"Network out of order\"");
    office.one.enabled = office.two.enabled = false;
    office.apply();
    office.alice.sends(INVITE, "0664999");
    office.alice.receives(480U)
        .phrase("No Trunk Available")
        .header("Reason", "Q.850;cause=38;text=\"Network out of order\"");
    office.all_is_over();
}

TEST_CASE("a call from outside rings who is meant by the number, and shows who calls")
{
    Office office;
    auto& [pbx, one, two, rules, alice, bob, carol, dan, far, other] = office;
    far.invite_headers = {{"Answer-Mode", "Auto"},
                   {"Diversion", "<sip:+4377@carrier.test>;reason=user-busy"}};
    far.sends(INVITE, "+431102");
    bob.receives(INVITE)
        .from("+43664999")
        .without_header("Answer-Mode")
        .header("Diversion", "<sip:+4377@carrier.test>;reason=user-busy");
    bob.replies(180);
    far.receives(180U);
    CHECK(office.lamp("102") == "early");
    CHECK(pbx.view().calls.at(0).from == "+43664999");
    CHECK(pbx.view().calls.at(0).from_trunk == "one");
    bob.replies(200, talking_sdp);
    far.receives(200U).without_header("P-Asserted-Identity");
    bob.receives(ACK);
    far.sends(BYE);
    far.receives(200U);
    bob.receives(BYE);
    const auto record = pbx.records().at(0);
    CHECK(record.caller == "+43664999");
    CHECK(record.caller_trunk == "one");
    CHECK(record.answered_by == "102");
    CHECK(record.answered_trunk.empty());

    far.invite_headers.clear();
    far.asserted = NameAddr{"Eve", *SipUri::parse("tel:+43664111")};
    far.sends(INVITE, "+431102");
    bob.receives(INVITE).from("+43664111");
    bob.replies(486);
    far.receives(486U);
    one.trusted = false;  // then what it asserts is not believed
    office.apply();
    far.sends(INVITE, "+431102");
    bob.receives(INVITE).from("+43664999");
    bob.replies(486);
    far.receives(486U);
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
    alice.invite_headers = {{"Diversion", "<sip:+4399@carrier.test>;reason=user-busy"}};  // so she says
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
    told(alice, "SIP/2.0 403 Not Allowed");

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
    office.talks_outside(bob, other, "0664888");  // the first trunk is full
    carol.sends(INVITE, "0664777");
    carol.receives(486U).phrase("All Lines Busy").header(
        "Reason", "Q.850;cause=34;text=\"No circuit available\"");
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
    alice.receives(403U).phrase("Daily Limit Reached").header(
        "Reason", "Q.850;cause=21;text=\"Call rejected\"");
    dan.inbox.clear();
    pbx.restarts();
    dan.inbox.clear();
    alice.sends(INVITE, "0664999");
    alice.receives(403U).phrase("Daily Limit Reached");
    alice.sends(INVITE, "112");
    far.receives(INVITE);
    far.replies(486);
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
