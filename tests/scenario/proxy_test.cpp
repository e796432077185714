// Calls in proxy mode: what the exchange sees pass is what lamps, calls and records show (RFC 3261
// §16).
#include "proxy_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::proxy;

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

TEST_CASE("proxy mode: an answer that crosses the CANCEL has what each of its copies has (§8.2)")
{
    Office office;
    office.alice.supported = OptionTag::timer;
    office.alice.session_timer = {.expires = 100s};
    office.they_ring();
    office.bob.answers_cancel = false;
    office.alice.cancels();
    office.bob.receives(CANCEL);
    office.lamps("idle");
    office.bob.replies(200, talking_sdp);
    office.alice.receives(200U).session(100s, Refresher::uac);
    office.pbx.stays_silent_for(60s);
    CHECK(office.pbx.has_no_calls());
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

TEST_CASE("proxy mode: who diverted the call before and stays private is told to no phone (RFC 7044 §10.1)")
{
    Office office;
    office.alice.invite_headers = {
        {"diversion", "<sip:105@office.test>;reason=no-answer;privacy=full"}};
    office.alice.sends(INVITE, "102");
    office.bob.receives(INVITE).header(
        "diversion", "<sip:anonymous@anonymous.invalid>;reason=no-answer;privacy=full");
    office.bob.replies(486);
    office.alice.receives(486U);
    office.dan.inbox.clear();
    CHECK(office.pbx.has_no_calls());
}
