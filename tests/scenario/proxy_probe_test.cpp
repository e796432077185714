// Proxy mode: whether the phones of a call still know it, where other proxies are before them.
#include <algorithm>
#include <optional>
#include <utility>

#include "proxy_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::proxy;

namespace {

using Route = std::vector<std::string>;

/// Alice and Bob are each behind other proxies, which stay in the dialog; neither knows session
/// timers.
struct BehindProxies : Office {
    BehindProxies()
    {
        alice.record_route = {"<sip:198.51.100.1;lr>"};
        bob.record_route = {"<sip:198.51.100.3;lr>",
                            "<sip:198.51.100.2;lr>"};  // the last is next to us
        they_talk();
    }
    /// The probes of both, whose answers are due.
    void are_asked()
    {
        const auto by_alice = alice.receives(OPTIONS);
        const auto by_bob = bob.receives(OPTIONS);
        CHECK(by_alice.route == Route{"<sip:198.51.100.1;lr>"});
        CHECK(by_bob.route == Route{"<sip:198.51.100.2;lr>", "<sip:198.51.100.3;lr>"});
    }
    [[nodiscard]] bool goes_on() { return pbx.view().calls.size() == 1 && dan.hears_nothing(); }
};

}  // namespace

TEST_CASE("proxy mode: phones behind other proxies are asked along their routes")
{
    BehindProxies office;
    office.pbx.passes(60s);
    office.are_asked();
    office.alice.replies(500);  // its CSeq is an old one, so it knows the dialog
    SUBCASE("who does not know the dialog any more ends the call")
    {
        office.bob.replies(481);
    }
    SUBCASE("so does silence that goes on, as no proxy says 408 for a phone (RFC 4320)")
    {
        office.bob.fails_with(408);
        CHECK(office.goes_on());
        office.bob.receives(OPTIONS);
        office.bob.fails_with(408);
    }
    SUBCASE("so does who says that it does not know it, once what was asked first was lost")
    {
        office.bob.fails_with(408);
        office.bob.receives(OPTIONS);
        office.bob.replies(481);
    }
    office.all_is_over();
    CHECK(office.record().status == 408);
}

TEST_CASE("proxy mode: a question that is lost ends no call")
{
    BehindProxies office;
    office.pbx.passes(60s);
    office.are_asked();
    office.alice.replies(200);
    SUBCASE("the next one is answered, each time")
    {
        for (int i = 0; i < 3; ++i) {
            office.bob.fails_with(408);
            office.bob.receives(OPTIONS);
            office.bob.replies(200);
            office.pbx.passes(60s);
            office.are_asked();
            office.alice.replies(200);
        }
        office.bob.replies(200);
    }
    SUBCASE("the phone was heard of while it was asked once more")
    {
        office.pbx.passes(32s);
        office.bob.fails_with(408);
        office.bob.receives(OPTIONS);
        office.pbx.passes(10s);
        office.bob.passes(INVITE, talking_sdp);
        office.alice.accepts(INVITE, talking_sdp);
        office.pbx.passes(22s);
        office.bob.fails_with(408);
    }
    CHECK(office.goes_on());
    CHECK(office.alice.hears_nothing());
    CHECK(office.bob.hears_nothing());
    office.bob.passes(BYE);
    office.all_is_over();
}

namespace {

Trunk biloxi()
{
    Trunk trunk;
    trunk.name = "biloxi";
    trunk.servers = {{"198.51.100.1", 5060, Transport::udp}};
    trunk.domain = "biloxi.test";
    trunk.mode = CallMode::proxy;
    return trunk;
}

/// Alice has called for help, at another proxy that this one passes on to.
struct ForHelp {
    ForHelp()
    {
        DigitRules rules;
        rules.rules = {{.pattern = "112", .emergency = true, .trunks = {"biloxi"}}};
        rules.default_outside.limits.minutes = 0min;  // a proxy hangs up nobody
        pbx.has_trunks({peer}, rules);
        alice.sends(INVITE, "112");
        far.receives(INVITE);
        far.replies(200, talking_sdp);
        alice.receives(200U);
    }
    /// Who is asked, and by whom nothing is heard.
    void passes_a_minute(bool alice_answers)
    {
        pbx.passes(60s);
        alice.receives(OPTIONS);
        far.receives(OPTIONS);
        if (alice_answers)
            alice.replies(500);
        else
            alice.fails_with(408);
        far.fails_with(408);
        CHECK(alice.hears_nothing());
        CHECK(far.hears_nothing());
    }

    Trunk peer = biloxi();
    Scenario pbx{{}};
    Phone& alice = pbx.phone("101");
    Phone& far = pbx.carrier(peer, "112");
};

}  // namespace

TEST_CASE("proxy mode: silence ends no call for help while one of the two answers")
{
    ForHelp call;
    REQUIRE(call.pbx.view().calls.size() == 1);
    for (int minute = 0; minute < 70; ++minute) call.passes_a_minute(true);
    CHECK(call.pbx.view().calls.size() == 1);
    call.far.passes(BYE);
    CHECK(call.pbx.has_no_calls());
    call.pbx.stays_silent_for(150s);
}

TEST_CASE("proxy mode: a call for help is over when both have been silent for an hour")
{
    ForHelp call;
    for (int minute = 0; minute < 59; ++minute) call.passes_a_minute(false);
    CHECK(call.pbx.view().calls.size() == 1);
    call.pbx.passes(60s);
    CHECK(call.pbx.has_no_calls());
    call.pbx.stays_silent_for(150s);
    const auto records = call.pbx.records();
    REQUIRE(records.size() == 1);
    CHECK(records[0].reason == "SIP;cause=408;text=\"Nobody has answered for an hour\"");
}

namespace {

/// The proxy before Bob has forked, and somebody else has answered there as well.
struct Forked : BehindProxies {
    explicit Forked(std::optional<Flow> callee = {})
    {
        with_bob = alice.shared();
        forked = with_bob;
        forked.remote_tag = "forked";
        bob.uses_shared({forked.call_id, forked.remote_tag, forked.local_tag});
        pbx.receive(DialogPassed{.call_id = forked.call_id,
                                 .from_tag = forked.local_tag,
                                 .to_tag = forked.remote_tag,
                                 .method = INVITE,
                                 .status = 200,
                                 .cseq = InviteReceived{}.cseq,
                                 .session_timer = {},
                                 .payload = session_payload(std::string{talking_sdp}),
                                 .target = SipUri::parse("sip:102@198.51.100.77").value(),
                                 .route = way,
                                 .callee = callee.value_or(bob.flow)});
        CHECK(talking() == 3);
        dan.inbox.clear();
    }
    [[nodiscard]] std::ptrdiff_t talking() const
    {
        const auto legs = pbx.view().calls.at(0).legs;
        return std::ranges::count(legs, "confirmed", &LiveLeg::state);
    }
    /// Alice and both at Bob's are asked: what the one behind the fork has got, and then Bob.
    std::pair<Arrived, Arrived> both_are_asked()
    {
        alice.receives(OPTIONS);
        alice.replies(500);
        auto one = bob.receives(OPTIONS);
        auto other = bob.receives(OPTIONS);
        if (one.shared.local_tag != forked.remote_tag) std::swap(one, other);
        CHECK(one.shared.local_tag == forked.remote_tag);
        CHECK(one.route == way);
        CHECK(other.route == Route{"<sip:198.51.100.2;lr>", "<sip:198.51.100.3;lr>"});
        return {one, other};
    }
    void bob_hangs_up()
    {
        bob.uses_shared({with_bob.call_id, with_bob.remote_tag, with_bob.local_tag});
        bob.passes(BYE);
        dan.inbox.clear();
        CHECK(pbx.has_no_calls());
        CHECK(pbx.has_no_dialogs());
    }

    Route way{"<sip:198.51.100.2;lr>", "<sip:198.51.100.9;lr>"};
    DialogId with_bob;
    DialogId forked;
};

}  // namespace

TEST_CASE("proxy mode: who has answered behind another proxy that has forked is asked along the way of "
          "its own answer")
{
    Forked office;
    SUBCASE("in this run") {}
    SUBCASE("after kill -9")
    {
        office.pbx.restarts();
        office.dan.inbox.clear();
    }
    office.pbx.passes(60s);
    const auto [one, other] = office.both_are_asked();
    office.bob.replies_to(other, 200);
    office.bob.replies_to(one, 481);
    CHECK(office.talking() == 2);
    office.dan.inbox.clear();
    office.bob_hangs_up();
}

TEST_CASE("proxy mode: silence ends the dialog of who has answered behind another proxy, and no other")
{
    Forked office;
    office.pbx.passes(60s);
    const auto [one, other] = office.both_are_asked();
    office.bob.replies_to(other, 200);
    office.bob.fails_with(one, 408);
    CHECK(office.talking() == 3);
    const auto again = office.bob.receives(OPTIONS);
    CHECK(again.route == office.way);
    office.bob.fails_with(again, 408);
    CHECK(office.talking() == 2);
    office.dan.inbox.clear();
    office.bob_hangs_up();
}

TEST_CASE("proxy mode: who has answered by a way that is not known is not asked")
{
    Forked office{Flow{.host = "192.0.2.99", .port = 5060}};
    office.pbx.passes(60s);
    office.are_asked();
    office.alice.replies(500);
    office.bob.replies(200);
    CHECK(office.bob.hears_nothing());
    office.pbx.ends_all_calls();
    office.dan.inbox.clear();
}
