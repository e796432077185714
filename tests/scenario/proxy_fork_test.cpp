// Proxy mode with several phones, or several numbers: who answers, and what the caller is told (RFC
// 3261 §16.7).
#include "proxy_office.hpp"
#include "publishing.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::proxy;

TEST_CASE("proxy mode: of two phones one answers, the other is told that it is over")
{
    Office office;
    auto& mobile = office.pbx.phone("102");
    office.alice.sends(INVITE, "102");
    office.bob.receives(INVITE);
    mobile.receives(INVITE);
    office.bob.replies(180);
    office.alice.receives(180U);
    mobile.replies(200, talking_sdp);
    office.alice.receives(200U);
    office.bob.receives(CANCEL).header("Reason", "SIP;cause=200;text=\"Call completed elsewhere\"");
    office.dan.inbox.clear();
    mobile.passes(BYE);
    office.all_is_over();
}

TEST_CASE("proxy mode: both phones are lifted; the caller has both answers (RFC 3261 §16.7 step 5)")
{
    Office office;
    auto& mobile = office.pbx.phone("102");
    office.alice.sends(INVITE, "102");
    office.bob.receives(INVITE);
    mobile.receives(INVITE);
    office.bob.answers_cancel = false;
    mobile.replies(200, talking_sdp);
    office.alice.receives(200U);
    office.bob.receives(CANCEL);
    office.bob.replies(200, talking_sdp);
    office.alice.receives(200U);
    office.alice.passes(BYE);  // whom she has heard last
    office.dan.inbox.clear();
    mobile.passes(BYE);
    office.all_is_over();
}

TEST_CASE("proxy mode: the best response is told when all phones have answered (§16.7 step 6)")
{
    Office office;
    auto& mobile = office.pbx.phone("102");
    office.alice.sends(INVITE, "102");
    office.bob.receives(INVITE);
    mobile.receives(INVITE);
    office.bob.replies(503);
    CHECK(office.alice.hears_nothing());
    mobile.replies(486);
    office.alice.receives(486U);
    office.dan.inbox.clear();
    CHECK(office.pbx.has_no_calls());
}

TEST_CASE(
    "proxy mode: a phone that is overloaded is no reason to keep away from the exchange (§16.7)")
{
    Office office;
    office.alice.sends(INVITE, "102");
    office.bob.receives(INVITE);
    SUBCASE("it says so")
    {
        office.bob.replies(503);
        office.alice.receives(500U);
    }
    SUBCASE("it cannot be reached")
    {
        office.bob.fails_with(503);
        office.alice.receives(480U);
    }
    office.dan.inbox.clear();
    CHECK(office.pbx.has_no_calls());
}

TEST_CASE("proxy mode: 6xx ends what rings, and is told once that has ended")
{
    Office office;
    auto& mobile = office.pbx.phone("102");
    office.alice.sends(INVITE, "102");
    office.bob.receives(INVITE);
    mobile.receives(INVITE);
    office.bob.answers_cancel = false;
    mobile.replies(603);
    office.bob.receives(CANCEL);
    CHECK(office.alice.hears_nothing());
    office.bob.replies(487);
    office.alice.receives(603U);
    office.dan.inbox.clear();
    CHECK(office.pbx.has_no_calls());
}

TEST_CASE("proxy mode: an answer that crosses the 6xx of another phone is a call (§16.7 step 5)")
{
    Office office;
    auto& mobile = office.pbx.phone("102");
    office.alice.sends(INVITE, "102");
    office.bob.receives(INVITE);
    mobile.receives(INVITE);
    CHECK(office.told() == Lamps{{"101", "trying"}, {"102", "trying"}});
    office.bob.answers_cancel = false;
    mobile.replies(603);
    office.bob.receives(CANCEL);
    CHECK(office.told() == Lamps{{"102", "idle"}});  // Alice still waits
    CHECK(office.pbx.view().calls.size() == 1);
    office.bob.replies(200, talking_sdp);
    office.alice.receives(200U);
    CHECK(office.told() == Lamps{{"101", "confirmed"}, {"102", "confirmed"}});
    const auto view = office.pbx.view();
    REQUIRE(view.calls.size() == 1);
    CHECK(view.calls[0].answered_at);
    office.alice.passes(BYE);
    office.all_is_over();
    const auto record = office.record();
    CHECK(record.result == CallResult::answered);
    CHECK(record.answered_by == "102");
    CHECK(record.ended_by == CallEnder::caller);
    CHECK(record.status == 200);
}

TEST_CASE("proxy mode: an answer that crosses the end of the ring time is a call")
{
    Office office;
    office.bob.answers_cancel = false;
    office.they_ring();
    SUBCASE("and nobody else is to ring")
    {
        office.pbx.passes(120s);
        office.bob.receives(CANCEL);
        office.lamp("idle");
        CHECK(office.alice.hears_nothing());
    }
    SUBCASE("REST gives it up")
    {
        CHECK(office.pbx.orders({.action = CallAction::hang_up}).outcome == OrderOutcome::begun);
        office.bob.receives(CANCEL);
        office.lamp("idle");
        CHECK(office.alice.hears_nothing());
    }
    office.bob.replies(200, talking_sdp);
    office.alice.receives(200U);
    office.lamps("confirmed");
    office.pbx.passes(60s);
    office.alice.receives(OPTIONS);  // it is looked after as any other
    office.bob.receives(OPTIONS);
    office.alice.replies(500);
    office.bob.replies(500);
    office.bob.passes(BYE);
    office.all_is_over();
    CHECK(office.record().answered_by == "102");
}

TEST_CASE("proxy mode: a phone that rings until timer C is one that nobody has answered")
{
    ExchangeSettings settings;
    settings.calls.ring_timeout = 0s;
    Office office{settings};
    auto& carol = office.pbx.phone("103");
    bool rang = true;
    bool goes_on = false;
    SUBCASE("it is missed, as where the exchange has its ring time") {}
    SUBCASE("its call goes on to whom its owner has named for that")
    {
        Forwarding forwarding;
        forwarding.no_answer = "103";
        forwarding.no_answer_after = 300s;
        office.pbx.forwards("102", forwarding);
        goes_on = true;
    }
    SUBCASE("one that has not rung was not reached") { rang = false; }
    office.alice.sends(INVITE, "102");
    office.bob.receives(INVITE);
    office.bob.replies(rang ? 180 : 100);
    if (rang) office.alice.receives(180U);
    office.pbx.passes(185s);
    office.bob.fails_with(408);
    if (goes_on) {
        carol.receives(INVITE);
        carol.replies(486);
        office.alice.receives(486U);
    } else {
        office.alice.receives(408U);
    }
    CHECK(office.told() == Lamps{{"101", "idle"}, {"102", "idle"}});
    CHECK(office.pbx.has_no_calls());
    const auto record = office.record();
    REQUIRE(record.parts.size() == (goes_on ? 3 : 2));
    const auto& part = record.parts[1];
    CHECK(part.extension == "102");
    CHECK(part.missed);
    CHECK(part.result == (rang ? PartResult::missed : PartResult::unreachable));
    CHECK(part.end == (rang ? "cancelled" : "timeout"));
    if (!goes_on) CHECK(record.result == (rang ? CallResult::missed : CallResult::unreachable));
}

TEST_CASE("proxy mode: an answer that crosses the end of its turn stops who rings by now")
{
    Office office;
    auto& carol = office.pbx.phone("103");
    Forwarding forwarding;
    forwarding.no_answer = "103";
    forwarding.no_answer_after = 15s;
    office.pbx.forwards("102", forwarding);
    office.bob.answers_cancel = false;
    office.they_ring();
    office.pbx.passes(15s);
    office.bob.receives(CANCEL);
    carol.receives(INVITE);
    office.bob.replies(200, talking_sdp);
    office.alice.receives(200U);
    carol.receives(CANCEL);
    office.dan.inbox.clear();
    CHECK(office.pbx.view().calls.size() == 1);
    office.bob.passes(BYE);
    office.all_is_over();
    CHECK(office.record().answered_by == "102");
}

TEST_CASE("proxy mode: of two legs with one dialog Replaces means the one that lives")
{
    Office office;
    office.bob.answers_cancel = false;
    office.they_ring();
    office.pbx.passes(120s);
    office.bob.receives(CANCEL);
    office.bob.replies(200, talking_sdp);
    office.alice.receives(200U);
    office.dan.inbox.clear();
    auto& mobile = office.pbx.phone("102");
    const DialogId& own = office.bob.shared();
    mobile.sends_replacing(
        {.call_id = own.call_id, .to_tag = own.remote_tag, .from_tag = own.local_tag}, "101",
        talking_sdp);
    CHECK_FALSE(office.alice.receives(INVITE).value("Replaces").empty());
    office.alice.replies(486);
    mobile.receives(486U);
    office.dan.inbox.clear();
    office.bob.passes(BYE);
    office.all_is_over();
}

TEST_CASE("proxy mode: a phone that never says that it was cancelled holds nobody for ever")
{
    Office office;
    office.bob.answers_cancel = false;
    office.they_ring();
    office.pbx.passes(120s);
    office.bob.receives(CANCEL);
    office.lamp("idle");
    office.pbx.passes(45s);
    office.alice.receives(480U);
    office.all_is_over_for_one();
    CHECK(office.record().result == CallResult::missed);
}

TEST_CASE("proxy mode: the challenges of all phones reach the caller together (§16.7 step 7)")
{
    Office office;
    auto& mobile = office.pbx.phone("102");
    office.alice.sends(INVITE, "102");
    office.bob.receives(INVITE);
    mobile.receives(INVITE);
    office.bob.replies(407);
    mobile.replies(401);
    auto refused = office.alice.receives(407U);
    refused.header("Challenge", "tag-102-5063");
    office.dan.inbox.clear();
    CHECK(office.pbx.has_no_calls());
}

TEST_CASE("proxy mode: no answer, and the call goes on to the next number")
{
    Office office;
    auto& carol = office.pbx.phone("103");
    Forwarding forwarding;
    forwarding.no_answer = "103";
    forwarding.no_answer_after = 15s;
    office.pbx.forwards("102", forwarding);
    office.alice.sends(INVITE, "102");
    office.bob.receives(INVITE);
    office.bob.replies(180);
    office.alice.receives(180U);
    office.pbx.passes(15s);
    office.bob.receives(CANCEL);
    carol.receives(INVITE)
        .header("Diversion", "<sip:102@office.test>;reason=no-answer;counter=1")
        .header("History-Info", "<sip:102@office.test>;index=1, "
                                "<sip:103@office.test;cause=408>;index=1.1;mp=1");
    carol.replies(200, talking_sdp);
    office.alice.receives(200U);
    carol.passes(BYE);
    office.dan.inbox.clear();
    CHECK(office.pbx.has_no_calls());
    CHECK(office.record().answered_by == "103");
}

TEST_CASE("proxy mode: do not disturb, an unknown phone, and silence until the ring time is over")
{
    Office office;
    Forwarding forwarding;
    forwarding.do_not_disturb = true;
    office.pbx.forwards("102", forwarding);
    office.alice.sends(INVITE, "102");
    office.alice.receives(480U);
    office.pbx.forwards("102", {});
    office.alice.sends(INVITE, "102");
    office.bob.receives(INVITE);
    office.lamps("trying");
    office.pbx.passes(120s);
    office.bob.receives(CANCEL);
    office.alice.receives(480U);
    office.all_is_over();
}

TEST_CASE("proxy mode: a phone that redirects is followed")
{
    Office office;
    auto& carol = office.pbx.phone("103");
    office.alice.sends(INVITE, "102");
    office.bob.receives(INVITE);
    office.bob.redirects({SipUri::parse("sip:103@office.test").value()});
    carol.receives(INVITE).header("Diversion", "<sip:102@office.test>;reason=deflection;counter=1");
    carol.replies(486);
    office.alice.receives(486U);
    office.dan.inbox.clear();
}

TEST_CASE("proxy mode: a phone redirects to outside: no trunk takes the call, its caller hears where")
{
    Office office;
    Trunk line;
    line.name = "line";
    line.servers = {{"198.51.100.1", 5060, Transport::udp}};
    line.domain = "carrier.test";
    DigitRule outside;
    outside.pattern = "0.*";
    outside.call_class = CallClass::national;
    outside.trunks = {"line"};
    DigitRules rules;
    rules.rules = {outside};
    rules.default_right = CallClass::national;
    rules.outside["102"].forward = true;
    office.pbx.has_trunks({line}, rules);
    auto& far = office.pbx.carrier(line, "555");
    auto& mobile = office.pbx.phone("102");
    office.alice.sends(INVITE, "102");
    mobile.receives(INVITE);
    office.bob.receives(INVITE);
    SUBCASE("with the right to forward there")
    {
        office.bob.redirects({SipUri::parse("sip:0555@office.test").value()});
        mobile.receives(CANCEL);
        office.alice.receives(302U);
        CHECK(far.hears_nothing());
        office.alice.sends(INVITE, "0555");
        far.receives(INVITE);
        far.replies(486);
        office.alice.receives(486U);
    }
    SUBCASE("without it")
    {
        rules.outside.clear();
        office.pbx.has_trunks({line}, rules);
        office.bob.redirects({SipUri::parse("sip:0555@office.test").value()});
        mobile.receives(CANCEL);
        office.alice.receives(403U);
    }
    office.dan.inbox.clear();
    CHECK(office.pbx.has_no_calls());
    CHECK(office.pbx.has_no_dialogs());
}

TEST_CASE("proxy mode: a call that is forwarded to such an extension is passed on, and says whence")
{
    Office office;
    Forwarding always;
    always.always = "102";
    office.pbx.forwards("103", always);
    office.alice.sends(INVITE, "103");
    office.bob.receives(INVITE).header("Diversion",
                                       "<sip:103@office.test>;reason=unconditional;counter=1");
    office.bob.replies(486);
    office.alice.receives(486U);
    office.dan.inbox.clear();
    CHECK(office.pbx.has_no_calls());
}

TEST_CASE("proxy mode of a rule: a ring group rings all its members with the caller's INVITE")
{
    Office office;
    office.pbx.joins("102", CallMode::bridge);
    auto& carol = office.pbx.phone("103");
    RingGroup group;
    group.number = "600";
    group.members = {{"102"}, {"103"}};
    office.pbx.has_ring_groups({group});
    DigitRule rule;
    rule.pattern = "600";
    rule.mode = CallMode::proxy;
    DigitRules rules;
    rules.rules = {rule};
    office.pbx.has_trunks({}, rules);
    office.alice.sends(INVITE, "600");
    office.bob.receives(INVITE);
    carol.receives(INVITE);
    office.bob.replies(486);
    carol.replies(200, talking_sdp);
    office.alice.receives(200U);
    carol.passes(BYE);
    office.dan.inbox.clear();
    CHECK(office.pbx.has_no_calls());
    const auto record = office.record();
    CHECK(record.result == CallResult::answered);
    CHECK(record.answered_by == "103");
}

TEST_CASE("proxy mode: one of two phones refuses; what the other one publishes is the dialog that is "
          "shown already")
{
    Office office;
    auto& [pbx, alice, bob, dan] = office;
    auto& second = pbx.phone("102");
    alice.sends(INVITE, "102");
    bob.receives(INVITE);
    second.receives(INVITE);
    bool first_refuses = false;
    SUBCASE("the first") { first_refuses = true; }
    SUBCASE("the second") {}
    auto& rings = first_refuses ? second : bob;
    (first_refuses ? bob : second).replies(486);
    dan.inbox.clear();
    published(rings, dialogs(document(dialog("1", rings.shared().call_id, "early"))));
    CHECK(dan.hears_nothing());
    alice.cancels();
    rings.receives(CANCEL);
    alice.receives(487U);
    CHECK(office.told() == Lamps{{"101", "idle"}, {"102", "idle"}});
    CHECK(pbx.has_no_calls());
}

TEST_CASE("proxy mode: what only rings at a kill is ended on both sides by the next start")
{
    Office office;
    auto& [pbx, alice, bob, dan] = office;
    auto& mobile = pbx.phone("102");
    alice.sends(INVITE, "102");
    bob.receives(INVITE);
    mobile.receives(INVITE);
    bob.replies(180);
    alice.receives(180U);
    SUBCASE("for a moment: nothing of it is stored")
    {
        pbx.passes(70ms);
        CHECK(pbx.kept().ringing.empty());
        bob.replies(200, talking_sdp);
        alice.receives(200U);
        mobile.receives(CANCEL);
        bob.passes(BYE);
    }
    SUBCASE("for a while, and is answered: nothing of it is left")
    {
        pbx.passes(1s);
        CHECK(pbx.kept().ringing.size() == 1);
        bob.replies(200, talking_sdp);
        alice.receives(200U);
        mobile.receives(CANCEL);
        CHECK(pbx.kept().ringing.empty());
        bob.passes(BYE);
    }
    SUBCASE("for a while, and is given up")
    {
        pbx.passes(1s);
        alice.cancels();
        bob.receives(CANCEL);
        mobile.receives(CANCEL);
        alice.receives(487U);
    }
    SUBCASE("a phone that has said nothing yet cannot be cancelled (RFC 3261 §9.1)")
    {
        pbx.passes(90ms);
        pbx.restarts();
        bob.receives(CANCEL);
        CHECK(mobile.hears_nothing());
        alice.receives(500U);
    }
    SUBCASE("one that says something later can")
    {
        pbx.passes(90ms);
        mobile.replies(183);
        alice.receives(183U);
        const auto ringing = pbx.kept().ringing;
        REQUIRE(ringing.size() == 1);
        REQUIRE(ringing[0].invites.size() == 3);
        const auto& caller = ringing[0].invites[0];
        CHECK(caller.role == LegRole::caller);
        for (const auto at : {1U, 2U}) {
            const auto& phone = ringing[0].invites[at];
            CHECK(phone.role == LegRole::callee);
            CHECK(phone.via.size() == 1);
            CHECK(phone.cseq == caller.cseq);
            CHECK(phone.dialog.call_id == caller.dialog.call_id);
            CHECK(phone.dialog.local_tag == caller.dialog.remote_tag);
            CHECK(phone.state.local_party == caller.state.remote_party);
            CHECK(phone.state.remote_party == caller.state.local_party);
        }
        pbx.restarts();
        bob.receives(CANCEL);
        mobile.receives(CANCEL);
        alice.receives(500U);
    }
    dan.inbox.clear();
    CHECK(pbx.has_no_calls());
    CHECK(pbx.kept().ringing.empty());
    CHECK(pbx.kept().calls.empty());
}
