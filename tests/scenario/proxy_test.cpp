// Calls in proxy mode: what the exchange sees pass is what lamps, calls and records show (RFC 3261
// §16).
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "support/scenario.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

/// What each lamp shows, by number.
using Lamps = std::map<std::string, std::string>;

/// Bob is in proxy mode, Alice calls him, Dan watches both.
struct Office {
    explicit Office(ExchangeSettings settings = {})
        : pbx{{group("all", {"104"}, {"101", "102", "103"})}, std::move(settings)}
    {
        pbx.joins("102", CallMode::proxy);
        dan.watches("101");
        dan.watches("102");
    }
    /// The lamps of Alice and Bob change to this.
    void lamps(std::string_view state)
    {
        for (int changed = 0; changed < 2; ++changed) lamp(state);
    }
    void lamp(std::string_view state)
    {
        auto notify = dan.receives(NOTIFY);
        if (state == "idle")
            CHECK(notify.idle());
        else
            CHECK(notify.dialog().state == state);
    }
    /// What Dan's lamps have changed to, by the last NOTIFY of each.
    Lamps told()
    {
        Lamps lamps;
        for (const auto& notify : dan.inbox) {
            const auto document = notify.document();
            auto& lamp = lamps[document.entity.substr(4, 3)];
            lamp = "idle";
            for (const auto& dialog : document.dialogs)
                if (dialog.state != "terminated") lamp = dialog.state;
        }
        dan.inbox.clear();
        return lamps;
    }
    void they_ring()
    {
        alice.sends(INVITE, "102");
        bob.receives(INVITE);
        lamps("trying");
        bob.replies(180);
        alice.receives(180U);
        lamps("early");
    }
    void they_talk()
    {
        they_ring();
        bob.replies(200, talking_sdp);
        alice.receives(200U);
        lamps("confirmed");
    }
    void all_is_over()
    {
        lamp("idle");
        all_is_over_for_one();
    }
    void all_is_over_for_one()
    {
        lamp("idle");
        CHECK(pbx.has_no_calls());
        CHECK(pbx.has_no_dialogs());
        pbx.stays_silent_for(150s);
    }
    CallRecord record()
    {
        for (auto change = pbx.stored.rbegin(); change != pbx.stored.rend(); ++change)
            if (const auto* recorded = std::get_if<CallRecorded>(&*change))
                return *recorded->record;
        FAIL("no call was recorded");
        return {};
    }

    Scenario pbx;
    Phone& alice = pbx.phone("101");
    Phone& bob = pbx.phone("102");
    Phone& dan = pbx.phone("104");
};

}  // namespace

TEST_CASE("proxy mode: lamps and record follow what passes, and the callee hangs up")
{
    Office office;
    office.they_talk();
    const auto view = office.pbx.view();
    REQUIRE(view.calls.size() == 1);
    CHECK(view.calls[0].legs[0].call_id == view.calls[0].legs[1].call_id);
    office.bob.passes(BYE);
    office.all_is_over();
    const auto record = office.record();
    CHECK(record.result == CallResult::answered);
    CHECK(record.ended_by == CallEnder::callee);
    CHECK(record.answered_by == "102");
    CHECK(record.parts.size() == 2);
}

TEST_CASE("proxy mode: the caller hangs up")
{
    Office office;
    office.they_talk();
    office.alice.passes(BYE);
    office.all_is_over();
    CHECK(office.record().ended_by == CallEnder::caller);
}

TEST_CASE("proxy mode: a watcher sees the dialog of the two phones, as each of them has it")
{
    Office office;
    office.alice.sends(INVITE, "102");
    office.bob.receives(INVITE);
    office.lamps("trying");
    office.bob.replies(180);
    office.alice.receives(180U);
    std::vector<DialogElement> seen{office.dan.receives(NOTIFY).dialog(),
                                    office.dan.receives(NOTIFY).dialog()};
    CHECK(seen[0].call_id == seen[1].call_id);
    CHECK(seen[0].local_tag == seen[1].remote_tag);
    CHECK(seen[0].remote_tag == seen[1].local_tag);
    office.bob.replies(486);
    office.alice.receives(486U);
    office.all_is_over();
}

TEST_CASE("proxy mode: the caller gives up; it is told when the phone has said so")
{
    Office office;
    office.they_ring();
    office.bob.answers_cancel = false;
    office.alice.cancels();
    office.bob.receives(CANCEL);
    office.lamps("idle");
    CHECK(office.alice.hears_nothing());
    office.bob.replies(487);
    office.alice.receives(487U);
    office.pbx.stays_silent_for(60s);
    CHECK(office.pbx.has_no_calls());
    CHECK(office.record().result == CallResult::missed);
}

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

TEST_CASE("proxy mode: hold by re-INVITE shows in the lamp once it is accepted")
{
    Office office;
    office.they_talk();
    office.alice.passes(INVITE, hold_sdp);
    CHECK(office.dan.hears_nothing());
    office.bob.accepts(INVITE, "v=0\r\nm=audio 4000 RTP/AVP 0\r\na=recvonly\r\n");
    CHECK(office.pbx.view().calls[0].legs[0].held);
    CHECK_FALSE(office.pbx.view().calls[0].legs[1].held);
    office.dan.inbox.clear();
    office.alice.passes(BYE);
    office.all_is_over();
}

TEST_CASE("proxy mode: a session that is not refreshed ends (RFC 4028), and one that is goes on")
{
    Office office;
    office.alice.supported = OptionTag::timer;
    office.alice.session_timer = {.expires = 100s};
    office.alice.sends(INVITE, "102");
    office.bob.receives(INVITE);
    office.bob.replies(200, talking_sdp);
    office.alice.receives(200U).session(100s, Refresher::uac);
    office.dan.inbox.clear();
    office.pbx.passes(59s);
    office.alice.passes(INVITE, talking_sdp);
    office.bob.accepts(INVITE, talking_sdp, 100s);
    office.pbx.passes(59s);
    CHECK_FALSE(office.pbx.has_no_calls());
    office.alice.inbox.clear();
    office.bob.inbox.clear();
    office.pbx.passes(42s);
    CHECK(office.pbx.has_no_calls());
    office.dan.inbox.clear();
    office.alice.inbox.clear();
    office.bob.inbox.clear();
}

TEST_CASE("proxy mode: phones are asked whether they know the dialog; who does not ends the call")
{
    Office office;
    office.they_talk();
    office.pbx.passes(60s);
    office.alice.receives(OPTIONS);
    office.bob.receives(OPTIONS);
    office.alice.replies(500);  // its CSeq is an old one, so it knows the dialog
    office.bob.replies(481);
    office.all_is_over();
    CHECK(office.record().status == 408);
}

TEST_CASE("proxy mode: a request that one of the phones does not know any more ends the call")
{
    Office office;
    office.they_talk();
    office.alice.passes(INVITE, talking_sdp);
    office.bob.no_longer_knows(INVITE);
    office.all_is_over();
}

TEST_CASE(
    "proxy mode: a call that is talked in outlives a restart, and ends by the BYE that passes")
{
    Office office;
    office.they_ring();
    office.bob.replies(200, talking_sdp);
    office.alice.receives(200U);
    const std::vector before{office.dan.receives(NOTIFY), office.dan.receives(NOTIFY)};
    office.pbx.restarts();
    REQUIRE(office.pbx.view().calls.size() == 1);
    for (int told = 0; told < 2; ++told) {  // each lamp stays lit, by the same dialog
        const auto after = office.dan.receives(NOTIFY);
        CHECK(after.dialog().state == "confirmed");
        CHECK(std::ranges::any_of(before, [&](const Arrived& each) {
            return each.document().entity == after.document().entity &&
                   each.dialog().id == after.dialog().id;
        }));
    }
    CHECK(office.dan.hears_nothing());
    office.alice.passes(BYE);
    office.all_is_over();
    CHECK(office.record().answered_by == "102");
}

TEST_CASE("proxy mode: what a proxy cannot do is refused, and says why")
{
    Office office;
    auto& carol = office.pbx.phone("103");
    office.pbx.replaces_directory({group("all", {"103", "104"}, {"101", "102"})});
    office.dan.inbox.clear();
    office.alice.sends(INVITE, "102");
    office.bob.receives(INVITE);
    office.bob.replies(180);
    office.alice.receives(180U);
    const auto warning = "399 office.test \"the phones of this call share one dialog (proxy mode), "
                         "so only they can change it\"";
    carol.sends(INVITE, "**102");
    carol.receives(488U).header("Warning", warning);
    office.bob.replies(200, talking_sdp);
    office.alice.receives(200U);
    for (const auto action : {CallAction::hang_up, CallAction::hold, CallAction::transfer})
        CHECK(office.pbx.orders({.action = action, .to = "103"}).outcome ==
              OrderOutcome::wrong_state);
    office.alice.passes(BYE);
    office.dan.inbox.clear();
    CHECK(office.pbx.has_no_calls());
}

TEST_CASE("proxy mode: picked up over REST, the caller's INVITE goes to the picker's phone too")
{
    Office office;
    auto& carol = office.pbx.phone("103");
    office.pbx.replaces_directory({group("all", {"103", "104"}, {"101", "102"})});
    office.alice.sends(INVITE, "102");
    office.bob.receives(INVITE);
    CHECK(office.pbx.orders({.action = CallAction::pick_up, .by = "103"}).outcome ==
          OrderOutcome::begun);
    carol.receives(INVITE);
    carol.replies(200, talking_sdp);
    office.alice.receives(200U);
    office.bob.receives(CANCEL);
    carol.passes(BYE);
    office.dan.inbox.clear();
    CHECK(office.pbx.has_no_calls());
}

namespace {

Trunk biloxi()
{
    Trunk trunk;
    trunk.name = "biloxi";
    trunk.servers = {{"198.51.100.1", 5060, Transport::udp}};
    trunk.domain = "biloxi.test";
    trunk.mode = CallMode::proxy;
    trunk.inbound = {{"(10[1-9])", "\\1", false}};
    return trunk;
}

/// Another proxy of ours, which serves bob@biloxi.test and knows Bob here as 102.
struct TwoProxies {
    TwoProxies()
    {
        DigitRule rule;
        rule.pattern = "bob";
        rule.trunks = {"biloxi"};
        rules.rules = {rule};
        rules.default_outside.limits.minutes = 0min;  // a proxy hangs up nobody
        pbx.has_trunks({peer}, rules);
        dan.watches("101");
    }
    void lamp(std::string_view state)
    {
        auto notify = dan.receives(NOTIFY);
        CHECK((state == "idle" ? notify.idle() : notify.dialog().state == state));
    }

    Scenario pbx{{group("all", {"104"}, {"101", "102", "103"})}};
    Trunk peer = biloxi();
    DigitRules rules;
    Phone& alice = pbx.phone("101");
    Phone& dan = pbx.phone("104");
    Phone& far = pbx.carrier(peer, "bob");
};

SipUri bob_elsewhere()
{
    return SipUri::parse("sip:bob@biloxi.test").value();
}

}  // namespace

TEST_CASE("two proxies: a call to the domain of another proxy is passed on to it")
{
    TwoProxies both;
    both.alice.sends_to(bob_elsewhere());
    both.far.receives(INVITE);
    both.lamp("trying");
    both.far.replies(180);
    both.alice.receives(180U);
    both.lamp("early");
    both.far.replies(200, talking_sdp);
    both.alice.receives(200U);
    both.lamp("confirmed");
    both.far.passes(BYE);
    both.lamp("idle");
    CHECK(both.pbx.has_no_calls());
    CHECK(both.pbx.has_no_dialogs());
}

TEST_CASE(
    "two proxies: a call from the other one is passed on to phones in proxy mode, else bridged")
{
    TwoProxies both;
    auto& bob = both.pbx.phone("102");
    both.far.sends(INVITE, "102");
    bob.receives(INVITE);
    bob.replies(486);
    both.far.receives(486U);
    CHECK(both.pbx.has_no_dialogs());  // has been bridged
    both.pbx.joins("102", CallMode::proxy);
    both.pbx.has_trunks({both.peer}, both.rules);
    both.far.sends(INVITE, "102");
    bob.receives(INVITE);
    bob.replies(200, talking_sdp);
    both.far.receives(200U);
    bob.passes(BYE);
    CHECK(both.pbx.has_no_calls());
}

TEST_CASE("two proxies: rights and limits hold, and only the domain of the peer is served")
{
    TwoProxies both;
    SUBCASE("another domain")
    {
        both.alice.sends_to(SipUri::parse("sip:bob@elsewhere.test").value());
        both.alice.receives(404U);
    }
    SUBCASE("a number of the office at the other's domain")
    {
        both.pbx.phone("102");
        both.alice.sends_to(SipUri::parse("sip:102@biloxi.test").value());
        both.alice.receives(404U);
    }
    SUBCASE("the right is missing")
    {
        both.rules.rules.front().call_class = CallClass::premium;
        both.rules.default_right = CallClass::internal;
        both.pbx.has_trunks({both.peer}, both.rules);
        both.alice.sends_to(bob_elsewhere());
        both.alice.receives(403U);
    }
    SUBCASE("who must be hung up in time is bridged")
    {
        both.rules.default_outside.limits.minutes = 5min;
        both.pbx.has_trunks({both.peer}, both.rules);
        both.alice.sends_to(bob_elsewhere());
        both.far.receives(INVITE);
        both.far.replies(200, talking_sdp);
        both.alice.receives(200U);
        both.far.receives(ACK);
        both.alice.sends(BYE);
        both.alice.receives(200U);
        both.far.receives(BYE);
        both.dan.inbox.clear();
    }
    CHECK(both.pbx.has_no_calls());
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

TEST_CASE("proxy mode of a rule: a call by its number is passed on, another one is bridged")
{
    Office office;
    office.pbx.joins("102", CallMode::bridge);
    DigitRule rule;
    rule.pattern = "7(10\\d)";
    rule.replacement = "\\1";
    rule.mode = CallMode::proxy;
    DigitRules rules;
    rules.rules = {rule};
    office.pbx.has_trunks({}, rules);
    office.alice.sends(INVITE, "7102");
    office.bob.receives(INVITE);
    office.lamps("trying");
    office.bob.replies(200, talking_sdp);
    office.alice.receives(200U);
    office.lamps("confirmed");
    office.alice.passes(BYE);
    office.all_is_over();

    office.alice.sends(INVITE, "102");
    office.bob.receives(INVITE);
    office.lamps("trying");
    office.bob.replies(200, talking_sdp);
    office.alice.receives(200U);
    office.bob.receives(ACK);
    office.lamps("confirmed");
    office.alice.sends(BYE);
    office.alice.receives(200U);
    office.bob.receives(BYE);
    office.all_is_over();
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
