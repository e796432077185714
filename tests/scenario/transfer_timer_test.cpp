// Session timers (RFC 4028) of calls that move: who keeps them alive is settled anew.
#include <doctest/doctest.h>

#include "support/scenario.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

constexpr std::string_view alice_sdp = "v=0\r\no=alice\r\nm=audio 4000 RTP/AVP 0\r\n";
constexpr std::string_view bob_sdp = "v=0\r\no=bob\r\nm=audio 5000 RTP/AVP 0\r\n";
constexpr std::string_view carol_sdp = "v=0\r\no=carol\r\nm=audio 6000 RTP/AVP 0\r\n";
constexpr SessionTimer kept{.expires = 1800s, .refresher = Refresher::uas};

/// Alice talks to Bob, whose phone keeps the session alive.
struct Talking {
    explicit Talking(OptionTag of_alice = OptionTag::none)
    {
        alice.supported = of_alice;
        alice.allows_update = of_alice != OptionTag::none;
        for (auto* phone : {&alice, &bob, &carol}) phone->answers_probes = true;
        knows_timers(bob);
        alice.sends(INVITE, "102", alice_sdp);
        bob.receives(INVITE).session(1800s, Refresher::unspecified);
        bob.replies(200, bob_sdp);
        alice.receives(200U);
        bob.receives(ACK);
    }

    static void knows_timers(Phone& phone)
    {
        phone.supported = OptionTag::timer;
        phone.session_timer = kept;
    }

    void bob_refers(const std::string& target)
    {
        bob.sends(Method::refer,
                  std::make_shared<const Payload>(Payload{{}, {}, {{"Refer-To", target}}}));
        bob.receives(202U);
        bob_hears("SIP/2.0 100 Trying");
    }

    void bob_hears(std::string_view line)
    {
        auto notify = bob.receives(NOTIFY);
        notify.with(std::string{line} + "\r\n");
        bob.replies_to(notify, 200);
    }

    void goes_to_carol()
    {
        bob_refers("<sip:103@office.test>");
        carol.receives(INVITE).session(1800s, Refresher::uas);
        carol.replies(200, carol_sdp);
        alice.receives(INVITE).with(carol_sdp).session(1800s, Refresher::uas);
        alice.replies(200, alice_sdp);
        carol.receives(ACK).with(alice_sdp);
        alice.receives(ACK);
        bob_hears("SIP/2.0 200 OK");
        bob.receives(BYE);
    }

    /// Bob talks to Carol as well, and his phone keeps that one alive for `expires`.
    std::string consults(std::chrono::seconds expires)
    {
        const auto first = bob.dialog();
        carol.session_timer.expires = expires;
        bob.session_timer.expires = expires;
        bob.session_timer.refresher = Refresher::unspecified;
        bob.sends(INVITE, "103", bob_sdp);
        carol.receives(INVITE).session(expires, Refresher::unspecified);
        carol.replies(200, carol_sdp);
        bob.receives(200U);
        carol.receives(ACK);
        bob.session_timer = {};
        bob.uses(first);
        const auto calls = pbx.view().calls;
        for (const auto& each : calls)
            if (each.dialled == "103")
                return "<sip:103@office.test?Replaces=" + each.legs.at(0).call_id +
                       "%3Bto-tag%3D0%3Bfrom-tag%3D0>";
        return {};
    }

    void expires(Phone& one, Phone& other)
    {
        one.receives(BYE).header("Reason", "SIP;cause=408;text=\"Session expired\"");
        other.receives(BYE);
        CHECK(pbx.has_no_calls());
    }

    void end(Phone& other)
    {
        alice.sends(BYE);
        alice.receives(200U);
        other.receives(BYE);
        CHECK(pbx.has_no_calls());
        CHECK(pbx.has_no_dialogs());
    }

    Scenario pbx;
    Phone& alice = pbx.phone("101");
    Phone& bob = pbx.phone("102");
    Phone& carol = pbx.phone("103");
};

}  // namespace

TEST_CASE("the phone that kept the session alive transfers the call away")
{
    Talking call;
    call.pbx.passes(600s);
    bool expires = true;
    SUBCASE("neither of the others knows timers: nothing expires")
    {
        call.goes_to_carol();
        call.pbx.passes(3600s);
        expires = false;
    }
    SUBCASE("the target keeps it alive")
    {
        Talking::knows_timers(call.carol);
        call.goes_to_carol();
        call.pbx.passes(1799s);
        call.carol.session_timer = {.expires = 1800s, .refresher = Refresher::uac};
        call.carol.sends(UPDATE);
        CHECK(call.alice.hears_nothing());  // she knows neither timers nor UPDATE
        call.carol.receives(200U).session(1800s, Refresher::uac);
        call.pbx.passes(1799s);
    }
    SUBCASE("the transferee does")
    {
        Talking::knows_timers(call.alice);
        call.goes_to_carol();
        call.pbx.passes(1799s);
        CHECK(call.alice.hears_nothing());
    }
    call.pbx.passes(1s);
    if (expires)
        call.expires(call.alice, call.carol);
    else
        call.end(call.carol);
}

TEST_CASE("the target says that we are to refresh, which we never do: nothing expires")
{
    Talking call;
    call.carol.supported = OptionTag::timer;
    call.carol.session_timer = {.expires = 1800s, .refresher = Refresher::uac};
    call.goes_to_carol();
    call.pbx.passes(3600s);
    call.end(call.carol);
}

TEST_CASE("after a transfer to who was consulted both phones may keep the session alive")
{
    Talking call;
    Talking::knows_timers(call.carol);
    const auto target = call.consults(600s);
    bool carol_keeps = false;
    SUBCASE("the transferee alone")
    {
        Talking::knows_timers(call.alice);
        call.carol.session_timer = {};
    }
    SUBCASE("the target alone: at its own interval")
    {
        carol_keeps = true;
    }
    SUBCASE("both: the shorter counts")
    {
        Talking::knows_timers(call.alice);
        carol_keeps = true;
    }
    call.bob_refers(target);
    call.alice.receives(INVITE).session(1800s, Refresher::uas);
    call.alice.replies(200, alice_sdp);
    call.carol.receives(INVITE).session(600s, Refresher::uas);
    call.carol.replies(200, carol_sdp);
    call.carol.receives(ACK);
    call.alice.receives(ACK);
    call.bob.receives(BYE);  // of the second call
    call.bob_hears("SIP/2.0 200 OK");
    call.bob.receives(BYE);
    call.pbx.passes(carol_keeps ? 599s : 1799s);
    CHECK(call.alice.hears_nothing());
    call.pbx.passes(1s);
    call.expires(call.alice, call.carol);
}

TEST_CASE(
    "an UPDATE that shows who is there keeps the session timer of its phone going (RFC 4028 §7.4)")
{
    Talking call{OptionTag::timer};
    Talking::knows_timers(call.alice);
    const auto target = call.consults(7200s);
    call.alice.session_timer.expires = 600s;
    call.bob_refers(target);
    call.alice.receives(INVITE).session(1800s, Refresher::uas);
    call.alice.replies(200, alice_sdp);
    call.carol.receives(INVITE);
    call.carol.replies(488);
    call.alice.receives(ACK);
    call.alice.receives(UPDATE).session(1800s, Refresher::uas);
    call.pbx.passes(500s);
    call.alice.replies(200);
    call.bob_hears("SIP/2.0 488 ");
    call.pbx.passes(599s);
    CHECK(call.alice.hears_nothing());
    call.pbx.passes(1s);
    call.alice.receives(BYE);
    call.bob.receives(BYE);
}

TEST_CASE("a display puts off no refresh for longer than the session of the other phone lasts")
{
    Talking call{OptionTag::timer};
    Talking::knows_timers(call.alice);
    const auto target = call.consults(7200s);
    call.pbx.passes(1000s);
    call.bob_refers(target);
    call.alice.receives(INVITE).session(1800s, Refresher::uas);
    call.alice.replies(200, alice_sdp);
    call.carol.receives(INVITE);
    call.carol.replies(488);
    call.alice.receives(ACK);
    call.alice.receives(UPDATE).session(800s, Refresher::uas);  // Bob's, who has heard of nothing
    call.alice.session_timer.expires = 800s;
    call.alice.replies(200);
    call.bob_hears("SIP/2.0 488 ");
    call.pbx.passes(400s);
    call.alice.session_timer = call.bob.session_timer = {.expires = 800s,
                                                         .refresher = Refresher::uac};
    call.alice.sends(UPDATE);
    call.bob.receives(UPDATE).session(800s, Refresher::uac);
    call.bob.replies(200);
    call.alice.receives(200U);
    call.pbx.passes(799s);
    CHECK(call.alice.hears_nothing());
    CHECK(call.bob.hears_nothing());
    call.pbx.ends_all_calls();
    for (auto* phone : {&call.alice, &call.bob, &call.carol}) phone->inbox.clear();
}

TEST_CASE("a call that is picked up is supervised only where somebody refreshes")
{
    Scenario pbx{{group("sales", {"102", "103"}, {"101"})}};
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    auto& carol = pbx.phone("103");
    alice.session_timer = {.expires = 600s};  // of a proxy before us
    alice.answers_probes = carol.answers_probes = true;
    bool supervised = true;
    SUBCASE("the caller")
    {
        alice.supported = OptionTag::timer;
    }
    SUBCASE("who has picked it up")
    {
        carol.supported = OptionTag::timer;
        carol.session_timer = {.expires = 600s};
    }
    SUBCASE("nobody")
    {
        supervised = false;
    }
    alice.sends(INVITE, "102");
    bob.receives(INVITE);
    bob.replies(180);
    alice.receives(180U);
    carol.sends(INVITE, "**102");
    bob.receives(CANCEL);
    carol.receives(200U);
    alice.receives(200U);
    pbx.passes(599s);
    CHECK(alice.hears_nothing());
    pbx.passes(1s);
    if (supervised) {
        alice.receives(BYE);
        carol.receives(BYE);
    }
    CHECK(pbx.has_no_calls() == supervised);
}

TEST_CASE("nobody is there to refresh for who has transferred and hung up: the target rings on")
{
    Talking call;
    call.alice.supported = OptionTag::timer;
    const bool also = [] {
        bool sends_on = false;
        SUBCASE("REFER and BYE") sends_on = false;
        SUBCASE("BYE with Also") sends_on = true;
        return sends_on;
    }();
    call.pbx.passes(1700s);
    if (also) {
        call.bob.sends_on("<sip:103@office.test>");
        call.bob.receives(200U);
    } else {
        call.bob_refers("<sip:103@office.test>");
        call.bob.sends(BYE);
        call.bob.receives(200U);
    }
    call.carol.receives(INVITE);
    call.pbx.passes(101s);
    CHECK(call.alice.hears_nothing());
    CHECK(call.carol.hears_nothing());
    SUBCASE("who waits refreshes")
    {
        call.alice.session_timer = {.expires = 1800s, .refresher = Refresher::uac};
        call.alice.sends(UPDATE);
        call.alice.receives(200U).session(1800s, Refresher::uac).without_body();
        call.alice.sends_invite(alice_sdp);
        auto kept = call.alice.receives(200U).session(1800s, Refresher::uac);
        CHECK(kept.body().find("a=inactive") != std::string::npos);
        call.alice.sends(OPTIONS);
        call.alice.receives(200U);
        call.alice.session_timer = {};
    }
    SUBCASE("who waits does nothing")
    {
    }
    call.carol.replies(200, carol_sdp);
    call.alice.receives(INVITE).with(carol_sdp);
    call.alice.replies(200, alice_sdp);
    call.carol.receives(ACK).with(alice_sdp);
    call.alice.receives(ACK);
    call.end(call.carol);
}

TEST_CASE("a session ends when it has in the first of its two dialogs (RFC 4028 §10)")
{
    Talking call{OptionTag::timer};  // Bob's phone keeps both
    Talking::knows_timers(call.alice);
    SUBCASE("on hold by the exchange, which only one phone has accepted")
    {
        call.pbx.passes(1780s);
        call.pbx.orders({.action = CallAction::hold});
        call.alice.receives(INVITE).session(1800s, Refresher::uas);
        call.alice.replies(200, hold_sdp);
        call.alice.receives(ACK);
        call.bob.receives(INVITE);  // it asks its user
        call.pbx.passes(19s);
        CHECK(call.alice.hears_nothing());
        call.pbx.passes(1s);
        call.alice.receives(BYE).header("Reason", "SIP;cause=408;text=\"Session expired\"");
        call.bob.receives(BYE);
        call.bob.replies(487);
        CHECK(call.pbx.has_no_calls());
    }
    SUBCASE("a transferee that takes its time to accept its new party")
    {
        call.alice.supported = OptionTag::none;
        call.alice.session_timer = {};
        Talking::knows_timers(call.carol);
        call.bob_refers("<sip:103@office.test>");
        call.carol.receives(INVITE).session(1800s, Refresher::uas);
        call.carol.replies(200, carol_sdp);
        call.alice.receives(INVITE).with(carol_sdp);
        call.pbx.passes(20s);
        call.alice.replies(200, alice_sdp);
        call.carol.receives(ACK).with(alice_sdp);
        call.alice.receives(ACK);
        call.bob_hears("SIP/2.0 200 OK");
        call.bob.receives(BYE);
        call.pbx.passes(1779s);
        CHECK(call.alice.hears_nothing());
        call.pbx.passes(1s);
        call.expires(call.alice, call.carol);
    }
}

TEST_CASE("a transferee's session counts from its own answer, though who transfers leaves meanwhile")
{
    Talking call;
    Talking::knows_timers(call.alice);
    Talking::knows_timers(call.carol);
    const auto target = call.consults(600s);
    call.carol.session_timer = {};
    call.bob_refers(target);
    call.alice.receives(INVITE).session(1800s, Refresher::uas);
    call.alice.replies(200, alice_sdp);
    call.carol.receives(INVITE).with(alice_sdp);
    call.bob.sends(BYE);
    call.bob.receives(200U);
    call.pbx.passes(20s);
    call.carol.replies(200, carol_sdp);
    call.carol.receives(ACK);
    call.alice.receives(ACK).with(carol_sdp);
    call.bob.receives(BYE);  // of the second call
    call.pbx.passes(1779s);
    CHECK(call.alice.hears_nothing());
    call.pbx.passes(1s);
    call.expires(call.alice, call.carol);
}

TEST_CASE("each of the two sessions goes on over a restart as it was")
{
    Talking call{OptionTag::timer};
    Talking::knows_timers(call.alice);
    call.pbx.passes(600s);
    call.bob.answers_cancel = false;  // only he has refreshed his
    call.alice.sends_invite(hold_sdp);
    call.bob.receives(INVITE);
    call.alice.cancels();
    call.bob.receives(CANCEL);
    call.bob.replies(200, bob_sdp);
    call.bob.receives(ACK);
    call.bob.receives(INVITE).without_body();
    call.bob.replies(500);
    call.pbx.restarts();
    SUBCASE("the one that ends first")
    {
        call.pbx.passes(1199s);
    }
    SUBCASE("the other, where only the first is refreshed")
    {
        call.pbx.passes(900s);
        call.pbx.orders({.action = CallAction::hold});
        call.alice.receives(INVITE).session(1800s, Refresher::uas);
        call.alice.replies(200, hold_sdp);
        call.alice.receives(ACK);
        call.bob.receives(INVITE).session(1800s, Refresher::uas);
        call.bob.replies(488);
        call.pbx.passes(899s);
    }
    CHECK(call.alice.hears_nothing());
    call.pbx.passes(1s);
    call.expires(call.alice, call.bob);
}

TEST_CASE("a phone that picks up by the caller's offer keeps its own session, from its 200 on")
{
    Scenario pbx{{group("sales", {"102", "103"}, {"101"})}};
    auto& alice = pbx.phone("101");  // without session timers
    auto& bob = pbx.phone("102");
    auto& carol = pbx.phone("103");
    alice.answers_probes = carol.answers_probes = true;
    carol.supported = OptionTag::timer;
    carol.session_timer = {.expires = 600s};
    carol.acknowledges = false;
    alice.sends(INVITE, "102", alice_sdp);
    bob.receives(INVITE);
    bob.replies(180);
    alice.receives(180U);
    carol.sends(INVITE, "**102", "");
    const auto answered = carol.receives(200U).with(alice_sdp).session(600s, Refresher::uac);
    pbx.passes(20s);
    carol.acknowledge(answered, carol_sdp);
    alice.receives(200U).with(carol_sdp);
    bob.receives(CANCEL);
    pbx.passes(579s);
    CHECK(alice.hears_nothing());
    pbx.passes(1s);
    alice.receives(BYE).header("Reason", "SIP;cause=408;text=\"Session expired\"");
    carol.receives(BYE);
    CHECK(pbx.has_no_calls());
}
