// An office whose digit plan has a rule for all numbers: it leads outside what nobody here has.
#include "trunk_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::trunks;

namespace {

/// Everything goes out by trunk one; 112 is for emergencies.
struct WideOpen : Office {
    WideOpen()
    {
        auto help = rules.rules.back();
        rules.rules = {outside(".*", "", CallClass::internal), help};
        apply();
        RingGroup sales;
        sales.number = "600";
        sales.members = {{"103", {}}};
        pbx.has_ring_groups({sales});
        pbx.has_park_lot({.number = "700", .first_slot = "701"});
    }

    /// `caller` calls `number`, and `callee` hears it.
    void rings(Phone& caller, std::string_view number, Phone& callee)
    {
        CAPTURE(std::string{number});
        caller.sends(INVITE, number);
        callee.receives(INVITE);
        callee.replies(486);
        std::erase_if(caller.inbox, [](const Arrived& each) { return each.status == 181; });
        caller.receives(486U);
        CHECK(far.hears_nothing());
        CHECK(other.hears_nothing());
    }
};

}  // namespace

TEST_CASE("a rule for all numbers takes no internal call")
{
    WideOpen office;
    auto& [pbx, one, two, rules, alice, bob, carol, dan, far, other] =
        static_cast<Office&>(office);
    office.rings(alice, "102", bob);
    office.rings(alice, "102#", bob);
    office.rings(alice, "600", carol);
    Forwarding away;
    away.always = "102";
    pbx.forwards("103", away);
    office.rings(alice, "103", bob);
    alice.sends(INVITE, "701");
    alice.receives(404U).phrase("Nobody Is Parked There");
    alice.sends(INVITE, "*78#");
    alice.receives(200U);
    CHECK(pbx.forwarding_of("101").do_not_disturb);
    pbx.passes(2s);
    alice.receives(BYE);
    const auto steps = pbx.decides("101", "102").steps;
    CHECK(std::ranges::count(steps, "The rule .* would take 102 too, but that is a number of this office, which "
                                    "counts before wider rules") == 1);
    alice.sends(INVITE, "0664");
    far.receives(INVITE).to("sip:0664@carrier.test");
    far.replies(486);
    alice.receives(486U);
    alice.sends(INVITE, "");  // sip:office.test
    alice.receives(404U);
    alice.sends(INVITE, "112");
    far.receives(INVITE).to("sip:112@carrier.test");
    far.replies(486);
    other.receives(INVITE);
    other.replies(486);
    alice.receives(486U);
    office.all_is_over();
}

TEST_CASE("a rule for all numbers takes no call from outside, and none that is moved")
{
    WideOpen office;
    auto& [pbx, one, two, rules, alice, bob, carol, dan, far, other] =
        static_cast<Office&>(office);
    office.rings(far, "+431102", bob);
    office.rings(far, "+43199", carol);
    alice.sends(INVITE, "102");
    bob.receives(INVITE);
    bob.replies(200, talking_sdp);
    alice.receives(200U);
    bob.receives(ACK);
    CHECK(pbx.orders({.action = CallAction::transfer, .to = "103", .by = "102"}).outcome ==
          OrderOutcome::begun);
    carol.receives(INVITE);
    carol.replies(486);
    alice.sends(BYE);
    alice.receives(200U);
    bob.receives(BYE);
    CHECK(pbx.orders({.action = CallAction::place, .from = "101", .to = "103"}).outcome ==
          OrderOutcome::begun);
    alice.receives(INVITE);
    alice.replies(200, talking_sdp);
    alice.receives(ACK);
    carol.receives(INVITE);
    carol.replies(486);
    alice.receives(BYE);
    office.all_is_over();
}

TEST_CASE("a rule with a better priority may take an internal number")
{
    WideOpen office;
    auto& [pbx, one, two, rules, alice, bob, carol, dan, far, other] =
        static_cast<Office&>(office);
    rules.rules.push_back(outside("102", "0664", CallClass::internal));
    office.apply();
    alice.sends(INVITE, "102");
    far.receives(INVITE).to("sip:0664@carrier.test");
    far.replies(486);
    alice.receives(486U);
    rules.rules.back() = outside("10\\d", "0664", CallClass::internal);
    office.apply();
    office.rings(alice, "102", bob);
    rules.rules.back().priority = 50;
    office.apply();
    alice.sends(INVITE, "102");
    far.receives(INVITE).to("sip:0664@carrier.test");
    far.replies(486);
    alice.receives(486U);
    office.all_is_over();
}
