// A phone in a call that gets another connection, or another port at its NAT, and registers anew.
#include <doctest/doctest.h>

#include "support/scenario.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

/// 101 talks to 102, whose phone is the only one that is asked whether it is there.
struct Moving {
    explicit Moving(Transport transport)
    {
        alice.answers_probes = true;
        bob.register_call_id = "bob";
        bob.named_contact = SipUri::parse("sip:102@10.0.0.2:5060");
        bob.flow.transport = transport;
        if (transport == Transport::tcp) bob.flow.connection = ConnectionId{7};
        bob.registers();
        alice.sends(INVITE, "102");
        bob.receives(INVITE);
        bob.replies(200, talking_sdp);
        alice.receives(200U);
        bob.receives(ACK);
    }

    /// The far end of its NAT, or its next connection.
    void changes_address()
    {
        bob.flow.port = static_cast<std::uint16_t>(bob.flow.port + 1000);
        if (bob.flow.connection) bob.flow.connection = ConnectionId{8};
    }

    void bob_has_moved()
    {
        REQUIRE(bob.moved_to);
        CHECK(*bob.moved_to == bob.flow);
        pbx.passes(60s);
        bob.receives(OPTIONS);
        bob.replies(200);
        alice.sends(BYE);
        alice.receives(200U);
        bob.receives(BYE);
        CHECK(pbx.has_no_calls());
        CHECK(pbx.has_no_dialogs());
    }

    Scenario pbx{{}, {.calls = {.probe_interval = 60s}}};
    Phone& alice = pbx.phone("101");
    Phone& bob = pbx.silent_phone("102");
};

}  // namespace

TEST_CASE("a phone whose connection is renewed in mid-call stays in its call")
{
    Moving call{Transport::tcp};
    auto& [pbx, alice, bob] = call;
    const ConnectionClosed closed{bob.flow.connection};
    SUBCASE("its end is seen first")
    {
        pbx.receive(closed);
        call.changes_address();
        bob.registers();
    }
    SUBCASE("it registers first")
    {
        call.changes_address();
        bob.registers();
        pbx.receive(closed);
    }
    SUBCASE("its end is seen first, and it registers as if for the first time")
    {
        pbx.receive(closed);
        call.changes_address();
        bob.register_call_id = "another";
        bob.registers();
    }
    SUBCASE("as if for the first time, and then the end of the other is seen")
    {
        call.changes_address();
        bob.register_call_id = "another";
        bob.registers();
        CHECK_FALSE(bob.moved_to);
        pbx.receive(closed);
    }
    SUBCASE("it has another contact as well")
    {
        pbx.receive(closed);
        call.changes_address();
        bob.named_contact = SipUri::parse("sip:102@10.0.0.9:5060");
        bob.registers();
    }
    SUBCASE("a probe finds nobody meanwhile")
    {
        pbx.receive(closed);
        pbx.passes(60s);
        bob.receives(OPTIONS);
        bob.fails_with(503);
        call.changes_address();
        bob.registers();
    }
    SUBCASE("a probe that was on its way finds nobody afterwards")
    {
        pbx.passes(60s);
        const auto probe = bob.receives(OPTIONS);
        call.changes_address();
        bob.registers();
        bob.fails_with(probe, 408);
    }
    call.bob_has_moved();
}

TEST_CASE("a phone that rings follows its connection as well")
{
    Scenario pbx{{}};
    auto& alice = pbx.phone("101");
    auto& bob = pbx.silent_phone("102");
    bob.flow.transport = Transport::tcp;
    bob.flow.connection = ConnectionId{7};
    bob.register_call_id = "bob";
    bob.registers();
    alice.sends(INVITE, "102");
    bob.receives(INVITE);
    bob.replies(180);
    alice.receives(180);
    bob.flow.connection = ConnectionId{8};
    bob.registers();
    REQUIRE(bob.moved_to);
    CHECK(*bob.moved_to == bob.flow);
    bob.replies(200, talking_sdp);
    alice.receives(200U);
    bob.receives(ACK);
    bob.sends(BYE);
    bob.receives(200U);
    alice.receives(BYE);
    CHECK(pbx.has_no_calls());
}

TEST_CASE("a phone whose NAT gives it another port in mid-call stays in its call")
{
    Moving call{Transport::udp};
    auto& [pbx, alice, bob] = call;
    SUBCASE("it registers anew")
    {
        call.changes_address();
        bob.registers();
    }
    SUBCASE("a change of its session was on its way")
    {
        alice.sends_invite(hold_sdp);
        const auto change = bob.receives(INVITE);
        call.changes_address();
        bob.registers();
        bob.fails_with(change, 408);
        alice.receives(504U);
    }
    SUBCASE("as if for the first time: that may be another one behind another NAT, until it is missed")
    {
        call.changes_address();
        bob.register_call_id = "another";
        bob.registers();
        CHECK_FALSE(bob.moved_to);
        pbx.passes(60s);
        bob.receives(OPTIONS);
        bob.fails_with(408);
        CHECK(alice.hears_nothing());
    }
    call.bob_has_moved();
}

TEST_CASE("a phone that is missed, and has not registered elsewhere, is gone")
{
    Moving call{Transport::udp};
    auto& [pbx, alice, bob] = call;
    auto& other = pbx.phone("102");  // of the same number
    CHECK_FALSE(bob.moved_to);
    other.unregisters();
    bob.registers();
    pbx.passes(60s);
    bob.receives(OPTIONS);
    bob.fails_with(408);
    alice.receives(BYE);
    bob.receives(BYE);
    CHECK(pbx.has_no_calls());
}

TEST_CASE("the call of one phone does not follow another of the same number and host")
{
    Moving call{Transport::tcp};
    auto& [pbx, alice, bob] = call;
    auto& other = pbx.silent_phone("102");
    other.flow.transport = Transport::tcp;
    other.flow.connection = ConnectionId{9};
    other.registers();
    pbx.receive(ConnectionClosed{bob.flow.connection});
    CHECK_FALSE(bob.moved_to);
    call.changes_address();
    bob.registers();
    call.bob_has_moved();
}

TEST_CASE("in proxy mode what passes to a phone goes along with it, until the call is over")
{
    Scenario pbx{{}, {.calls = {.probe_interval = 0s}}};
    pbx.joins("102", CallMode::proxy);
    auto& alice = pbx.silent_phone("101");
    auto& bob = pbx.silent_phone("102");
    alice.named_contact = SipUri::parse("sip:101@10.0.0.1:5060");
    bob.named_contact = SipUri::parse("sip:102@10.0.0.2:5060");
    for (auto* phone : {&alice, &bob}) phone->registers();
    alice.sends(INVITE, "102");
    bob.receives(INVITE);
    bob.replies(200, talking_sdp);
    alice.receives(200U);
    SUBCASE("a phone that registers as if for the first time may be another one")
    {
        bob.flow.port = static_cast<std::uint16_t>(bob.flow.port + 1000);
        bob.register_call_id = "another";
        bob.registers();
        CHECK_FALSE(bob.moved_to);
    }
    SUBCASE("both move")
    {
        for (auto* phone : {&alice, &bob}) {
            phone->flow.port = static_cast<std::uint16_t>(phone->flow.port + 1000);
            phone->registers();
            REQUIRE(phone->moved_to);
            CHECK(*phone->moved_to == phone->flow);
        }
        SUBCASE("over a restart too")
        {
            alice.moved_to.reset();
            bob.moved_to.reset();
            pbx.restarts();
            REQUIRE(alice.moved_to);
            REQUIRE(bob.moved_to);
            CHECK(*alice.moved_to == alice.flow);
            CHECK(*bob.moved_to == bob.flow);
        }
        SUBCASE("and talk on") {}
    }
    alice.passes(BYE);
    CHECK_FALSE(alice.moved_to);
    CHECK_FALSE(bob.moved_to);
    pbx.stays_silent_for(41s);
    CHECK(pbx.has_no_calls());
    CHECK(pbx.nothing_passes_elsewhere());
}

TEST_CASE("in proxy mode a phone that moves while it rings, and answers with another tag, leaves nothing "
          "behind")
{
    Scenario pbx{{}, {.calls = {.probe_interval = 0s}}};
    pbx.joins("102", CallMode::proxy);
    auto& alice = pbx.phone("101");
    auto& bob = pbx.silent_phone("102");
    bob.named_contact = SipUri::parse("sip:102@10.0.0.2:5060");
    bob.registers();
    alice.sends(INVITE, "102");
    bob.receives(INVITE);
    bob.replies(180);
    alice.receives(180U);
    bob.flow.port = static_cast<std::uint16_t>(bob.flow.port + 1000);  // the tag is made of it
    bob.registers();
    CHECK_FALSE(pbx.nothing_passes_elsewhere());
    bob.replies(200, talking_sdp);
    alice.receives(200U);
    alice.passes(BYE);
    pbx.stays_silent_for(41s);
    CHECK(pbx.has_no_calls());
    CHECK(pbx.nothing_passes_elsewhere());
}
