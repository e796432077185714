// A caller says how long its INVITE is good for (RFC 3261 §13.2.1, §13.3.1).
#include <doctest/doctest.h>

#include "support/scenario.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

constexpr std::string_view expired = "SIP;cause=487;text=\"Invitation expired\"";

struct Impatient {
    explicit Impatient(std::chrono::seconds patience = 20s)
    {
        alice.invite_expires = patience;
    }
    void bob_rings()
    {
        alice.sends(INVITE, "102");
        bob.receives(INVITE);
        bob.replies(180);
        alice.receives(180U);
    }
    void nothing_is_left()
    {
        CHECK(pbx.has_no_calls());
        CHECK(pbx.has_no_dialogs());
        pbx.stays_silent_for(41s);
    }
    /// Whoever has answered.
    void they_talk_on(Phone& other)
    {
        CHECK(bob.hears_nothing());
        pbx.passes(30s);
        alice.sends(BYE);
        alice.receives(200U);
        other.receives(BYE);
        nothing_is_left();
    }
    Scenario pbx{{group("sales", {"103"}, {"101", "102"})}};
    Phone& alice = pbx.phone("101");
    Phone& bob = pbx.phone("102");
    Phone& carol = pbx.phone("103");
};

}  // namespace

TEST_CASE("an INVITE that has rung for as long as it is good for is over")
{
    Impatient office;
    SUBCASE("in bridge mode") {}
    SUBCASE("in proxy mode")
    {
        office.pbx.joins("102", CallMode::proxy);
    }
    auto& mobile = office.pbx.phone("102");
    office.alice.sends(INVITE, "102");
    office.bob.receives(INVITE);
    mobile.receives(INVITE);
    office.bob.replies(180);
    office.alice.receives(180U);
    office.pbx.passes(19s);
    CHECK(office.bob.hears_nothing());
    office.pbx.passes(1s);
    office.bob.receives(CANCEL).header("Reason", expired);
    mobile.receives(CANCEL).header("Reason", expired);
    office.alice.receives(487U);
    office.nothing_is_left();
}

TEST_CASE("an INVITE is good for as long at the numbers that it goes on to")
{
    Impatient office;
    office.pbx.forwards("102", {.no_answer = "103", .no_answer_after = 15s});
    office.bob_rings();
    office.pbx.passes(15s);
    office.bob.receives(CANCEL);
    office.alice.receives(181U);
    office.carol.receives(INVITE);
    office.pbx.passes(5s);
    office.carol.receives(CANCEL).header("Reason", expired);
    office.alice.receives(487U);
    office.nothing_is_left();
}

TEST_CASE("an INVITE that is answered in time does not expire")
{
    Impatient office;
    office.bob_rings();
    office.pbx.passes(19s);
    SUBCASE("by its callee")
    {
        office.bob.replies(200, talking_sdp);
        office.bob.receives(ACK);
        office.alice.receives(200U);
        office.they_talk_on(office.bob);
    }
    SUBCASE("by who picks it up")
    {
        office.carol.sends(INVITE, "**102");
        office.carol.receives(200U);
        office.alice.receives(200U);
        office.bob.receives(CANCEL);
        office.they_talk_on(office.carol);
    }
}

TEST_CASE("an INVITE that expires at once, or in years, rings as any other")
{
    Impatient office{0s};
    SUBCASE("at once") {}
    SUBCASE("in years")
    {
        office.alice.invite_expires = std::chrono::seconds{0xffffffffL};
    }
    office.bob_rings();
    office.pbx.passes(119s);
    CHECK(office.bob.hears_nothing());
    office.pbx.passes(1s);
    office.bob.receives(CANCEL);
    office.alice.receives(480U);
    office.nothing_is_left();
}
