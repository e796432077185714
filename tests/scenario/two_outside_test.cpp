// Two parties outside are left alone with each other by who may forward to outside, and by nobody else.
#include "trunk_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::trunks;

namespace {

constexpr std::string_view warning =
    "399 office.test \"101 may not forward calls to outside\"";

PayloadRef refer_to(std::string_view number, std::string_view replaces = {})
{
    auto value = "<sip:" + std::string{number} + "@office.test";
    if (!replaces.empty())
        value += "?Replaces=" + std::string{replaces} + "%3Bto-tag%3D0%3Bfrom-tag%3D0";
    return std::make_shared<const Payload>(Payload{{}, {}, {{"Refer-To", value + ">"}}});
}

/// Alice (101) and Bob (102) talk to somebody outside each, whom Bob may forward there. What begins
/// with 0 goes by trunk one.
struct Talking : Office {
    Talking()
    {
        talks_outside(alice, far, "0664999");
        first = alice.dialog();
        first_call_id = pbx.view().calls.at(0).legs.at(0).call_id;
        forgets_lamps();
    }

    void alice_refers(PayloadRef to)
    {
        alice.uses(first);
        alice.sends(Method::refer, std::move(to));
        alice.receives(202U);
        alice.replies_to(alice.receives(NOTIFY).with("SIP/2.0 100 Trying\r\n"), 200);
    }

    void alice_is_refused()
    {
        alice.replies_to(alice.receives(NOTIFY).with("SIP/2.0 403 Not Allowed\r\nWarning: " +
                                                     std::string{warning} + "\r\n"),
                         200);
        CHECK(far.hears_nothing());
        CHECK(other.hears_nothing());
    }

    void alice_and_far_talk_and_end()
    {
        alice.uses(first);
        alice.sends(INFO);
        far.receives(INFO);
        far.replies(200);
        alice.receives(200U);
        alice.sends(BYE);
        alice.receives(200U);
        far.receives(BYE);
    }

    /// Of Alice's other call.
    [[nodiscard]] std::string second_call_id() const
    {
        const auto calls = pbx.view().calls;
        for (const auto& call : calls)
            for (const auto& leg : call.legs)
                if (leg.extension == "101" && leg.call_id != first_call_id) return leg.call_id;
        return {};
    }

    LegId first;
    std::string first_call_id;
};

}  // namespace

TEST_CASE("who may not forward to outside transfers nobody from there to there")
{
    Talking office;
    auto& [pbx, one, two, rules, alice, bob, carol, dan, far, other] = static_cast<Office&>(office);
    SUBCASE("blind")
    {
        office.alice_refers(refer_to("0664888"));
        office.alice_is_refused();
        office.alice_and_far_talk_and_end();
        const auto moves = pbx.records().back().failed_moves;
        REQUIRE(moves.size() == 1);
        CHECK(moves.at(0).by == "101");
        CHECK(moves.at(0).target == "0664888");
        CHECK(moves.at(0).status == 403);
    }
    SUBCASE("by REST")
    {
        const auto answer =
            pbx.orders({.action = CallAction::transfer, .to = "0664888", .by = "101"});
        CHECK(answer.outcome == OrderOutcome::bad_member);
        CHECK(answer.code == "not_allowed");
        CHECK(answer.message.find("101 may not forward calls to outside") != std::string::npos);
        office.alice_and_far_talk_and_end();
        CHECK(pbx.records().back().failed_moves.at(0).status == 403);
    }
    SUBCASE("by BYE with Also: it leaves, and its peer with it")
    {
        alice.sends_on("<sip:0664888@office.test>");
        alice.receives(200U);
        far.receives(BYE).header("Reason", "SIP;cause=403;text=\"Transfer failed: Not Allowed\"");
    }
    SUBCASE("in a second call that rings")
    {
        alice.sends(INVITE, "0664888");
        far.receives(INVITE);
        const auto asked = far.asked();
        office.alice_refers(refer_to("0664888", office.second_call_id()));
        office.alice_is_refused();
        far.replies_to(asked, 486);
        alice.receives(486U);
        office.alice_and_far_talk_and_end();
    }
    SUBCASE("in a second call that is answered")
    {
        office.talks_outside(alice, far, "0664888");
        const auto second = alice.dialog();
        office.alice_refers(refer_to("0664888", office.second_call_id()));
        office.alice_is_refused();
        CHECK(pbx.view().calls.size() == 2);
        CHECK(pbx.view().calls.at(0).legs.size() == 2);
        alice.uses(second);
        alice.sends(BYE);
        alice.receives(200U);
        far.receives(BYE);
        office.alice_and_far_talk_and_end();
    }
    SUBCASE("nor to who has called from there")
    {
        other.sends(INVITE, "+431101");
        alice.receives(INVITE);
        alice.replies(200, talking_sdp);
        other.receives(200U);
        alice.receives(ACK);
        office.alice_refers(refer_to("+43664888", office.second_call_id()));
        office.alice_is_refused();
        other.sends(BYE);
        other.receives(200U);
        alice.receives(BYE);
        office.alice_and_far_talk_and_end();
    }
    office.all_is_over();
}

TEST_CASE("who may forward to outside does transfer there, and anybody into the office or for help")
{
    Talking office;
    auto& [pbx, one, two, rules, alice, bob, carol, dan, far, other] = static_cast<Office&>(office);
    SUBCASE("with the right, blind")
    {
        rules.outside["101"].forward = true;
        office.apply();
        office.alice_refers(refer_to("0664888"));
        far.receives(INVITE).to("sip:+43664888@carrier.test");
        far.replies(486);
        alice.replies_to(alice.receives(NOTIFY).with("SIP/2.0 486 \r\n"), 200);
    }
    SUBCASE("with the right, while the second call rings")
    {
        rules.outside["101"].forward = true;
        office.apply();
        alice.sends(INVITE, "0664888");
        far.receives(INVITE);
        office.alice_refers(refer_to("0664888", office.second_call_id()));
        alice.receives(487U);
        far.receives(CANCEL);
        far.receives(INVITE).to("sip:+43664888@carrier.test");
        far.replies(486);
        alice.replies_to(alice.receives(NOTIFY).with("SIP/2.0 486 \r\n"), 200);
    }
    SUBCASE("to somebody here")
    {
        office.alice_refers(refer_to("103"));
        carol.receives(INVITE);
        carol.replies(486);
        alice.replies_to(alice.receives(NOTIFY).with("SIP/2.0 486 \r\n"), 200);
    }
    SUBCASE("to who forwards outside by its own right")
    {
        Forwarding away;
        away.always = "0664888";
        pbx.forwards("102", away);
        office.alice_refers(refer_to("102"));
        far.receives(INVITE).to("sip:+43664888@carrier.test");
        far.replies(486);
        alice.replies_to(alice.receives(NOTIFY).with("SIP/2.0 486 \r\n"), 200);
    }
    SUBCASE("for help")
    {
        office.alice_refers(refer_to("112"));
        far.receives(INVITE).to("sip:112@carrier.test");
        far.replies(486);
        other.receives(INVITE).to("sip:112@carrier.test");
        other.replies(486);
        alice.replies_to(alice.receives(NOTIFY).with("SIP/2.0 486 \r\n"), 200);
    }
    office.alice_and_far_talk_and_end();
    office.all_is_over();
}

TEST_CASE("who acts from outside for an extension takes no party outside without its right to forward")
{
    Office office;
    auto& [pbx, one, two, rules, alice, bob, carol, dan, far, other] = office;
    one.inbound.insert(one.inbound.begin(),
                       {{"\\+43112", "**102", false, "104"}, {"\\+43171", "701", false, "103"}});
    office.apply();
    pbx.has_park_lot({.number = "700", .first_slot = "701"});
    const auto may = [&](const std::string& number) {
        rules.outside[number].forward = true;
        office.apply();
    };
    other.sends(INVITE, "+431102");
    bob.receives(INVITE);
    SUBCASE("that rings")
    {
        bob.replies(180);
        other.receives(180U);
        far.sends(INVITE, "+43112");
        far.receives(403U).without_header("Warning");
        may("104");
        far.sends(INVITE, "+43112");
        far.receives(200U);
        other.receives(200U);
        bob.receives(CANCEL);
    }
    SUBCASE("that is parked")
    {
        bob.replies(200, talking_sdp);
        other.receives(200U);
        bob.receives(ACK);
        CHECK(pbx.orders({.action = CallAction::park, .to = "701"}).outcome == OrderOutcome::begun);
        other.receives(INVITE);
        other.replies(200, hold_sdp);
        other.receives(ACK);
        bob.receives(BYE);
        far.sends(INVITE, "+43171");
        far.receives(403U).without_header("Warning");
        CHECK(pbx.view().calls.at(0).parked_in == "701");
        may("103");
        far.sends(INVITE, "+43171");
        other.receives(INVITE);
        other.replies(200, talking_sdp);
        far.receives(200U);
        other.receives(ACK);
    }
    far.sends(BYE);
    far.receives(200U);
    other.receives(BYE);
    office.all_is_over();
}

TEST_CASE("who acts from outside takes what rings from inside before what it may not take")
{
    Office office;
    auto& [pbx, one, two, rules, alice, bob, carol, dan, far, other] = office;
    one.inbound.insert(one.inbound.begin(), {"\\+43112", "**102", false, "104"});
    office.apply();
    other.sends(INVITE, "+431102");
    bob.receives(INVITE);
    const auto first = bob.asked();
    alice.sends(INVITE, "102");
    bob.receives(INVITE);
    far.sends(INVITE, "+43112");
    far.receives(200U);
    alice.receives(200U);
    bob.receives(CANCEL);
    bob.replies_to(first, 486);
    other.receives(486U);
    far.sends(BYE);
    far.receives(200U);
    alice.receives(BYE);
    office.all_is_over();
}
