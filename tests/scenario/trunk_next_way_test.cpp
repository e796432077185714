// Which way to outside is tried next: after what, for how long, and when there is none.
#include "trunk_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::trunks;

TEST_CASE("a server that is given up while it is called is not called again in place of the next")
{
    Scenario pbx;
    auto trunk = carrier("one", "198.51.100.1");
    trunk.servers.push_back({"198.51.100.2", 5060, Transport::udp});
    auto second = carrier("one", "198.51.100.2");
    DigitRules rules;
    rules.rules = {outside("0664", "", CallClass::internal, {"one"}),
                   outside("112", "", CallClass::internal, {"one"})};
    rules.rules.back().emergency = true;
    pbx.has_trunks({trunk}, rules);
    auto& alice = pbx.phone("101");
    auto& far = pbx.carrier(trunk, "0664");
    auto& next = pbx.carrier(second, "0664");
    far.answers_options = 408;
    const auto first_way = [&] { return pbx.decides("101", "112").targets.at(0).address; };
    const auto before = first_way();
    pbx.passes(16s);
    CHECK(first_way() == before);
    SUBCASE("an ordinary call")
    {
        alice.sends(INVITE, "0664");
    }
    SUBCASE("an emergency")
    {
        alice.sends(INVITE, "112");
    }
    far.receives(INVITE);
    pbx.passes(4s);
    CHECK(first_way() != before);  // its third OPTIONS went unanswered meanwhile
    far.receives(CANCEL);
    next.receives(INVITE);
    next.replies(200, talking_sdp);
    alice.receives(200U);
    next.receives(ACK);
    alice.sends(BYE);
    alice.receives(200U);
    next.receives(BYE);
    CHECK(pbx.has_no_calls());
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

TEST_CASE("a server that says nothing is recorded as out of reach, whatever the next one says")
{
    Office office;
    auto& [pbx, one, two, rules, alice, bob, carol, dan, far, other] = office;
    alice.sends(INVITE, "0664999");
    far.receives(INVITE);
    pbx.passes(4s);
    far.receives(CANCEL);
    other.receives(INVITE);
    auto next = PartResult::answered;
    SUBCASE("it takes the call")
    {
        other.replies(200, talking_sdp);
        alice.receives(200U);
        other.receives(ACK);
        alice.sends(BYE);
        alice.receives(200U);
        other.receives(BYE);
    }
    SUBCASE("it is busy")
    {
        other.replies(486);
        alice.receives(486U);
        next = PartResult::busy;
    }
    office.all_is_over();
    const auto records = pbx.records();
    REQUIRE(records.size() == 1);
    REQUIRE(records[0].parts.size() == 3);
    CHECK(records[0].parts[1].result == PartResult::unreachable);
    CHECK(records[0].parts[2].result == next);
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

TEST_CASE("a number outside that rings in vain is not called again by the next trunk")
{
    Office office;
    SUBCASE("as no other trunk reaches somebody else")
    {
        office.alice.sends(INVITE, "0664999");
        office.far.receives(INVITE);
        office.far.replies(180);
        office.alice.receives(180U);
        office.pbx.passes(124s);
        office.far.receives(CANCEL);
        CHECK(office.other.hears_nothing());
        office.alice.receives(480U);
    }
    SUBCASE("but an emergency number is")
    {
        office.alice.sends(INVITE, "112");
        office.far.receives(INVITE);
        office.far.replies(180);
        office.alice.receives(180U);
        office.pbx.passes(124s);
        office.far.receives(CANCEL);
        office.other.receives(INVITE);
        office.other.replies(486);
        office.alice.receives(480U);
    }
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

TEST_CASE("a call is one of the trunk's day, whatever servers of it are tried, and one of each trunk's")
{
    Scenario pbx;
    auto trunk = carrier("one", "198.51.100.1");
    trunk.servers.push_back({"198.51.100.2", 5060, Transport::udp});
    trunk.limits.calls_per_day = 2;
    auto two = carrier("two", "198.51.100.3");
    two.limits.calls_per_day = 1;
    DigitRules rules;
    rules.rules = {outside("0664", "", CallClass::internal)};
    pbx.has_trunks({trunk, two}, rules);
    auto& alice = pbx.phone("101");
    auto& far = pbx.carrier(trunk, "0664");
    auto& next = pbx.carrier(carrier("one", "198.51.100.2"), "0664");
    auto& last = pbx.carrier(two, "0664");
    alice.sends(INVITE, "0664");
    far.receives(INVITE);
    far.replies(503);
    next.receives(INVITE);
    next.replies(503);
    last.receives(INVITE);
    last.replies(486);
    alice.receives(486U);
    alice.sends(INVITE, "0664");
    far.receives(INVITE);
    far.replies(503);
    next.receives(INVITE);
    next.replies(486);
    alice.receives(486U);
    alice.sends(INVITE, "0664");
    alice.receives(486U).phrase("All Lines Busy");
    CHECK(pbx.has_no_calls());
}
