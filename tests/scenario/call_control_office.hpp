#pragma once
// Offices whose calls a third party directs (RFC 3725).
#include <doctest/doctest.h>

#include "core/sdp.hpp"
#include "support/scenario.hpp"

namespace lampline::test::call_control {

inline constexpr std::string_view alice_sdp =
    "v=0\r\no=a 1 1 IN IP4 h\r\nm=audio 4000 RTP/AVP 0\r\n";
inline constexpr std::string_view bob_sdp = "v=0\r\no=b 1 7 IN IP4 h\r\nm=audio 5000 RTP/AVP 0\r\n";
inline constexpr std::string_view carol_sdp =
    "v=0\r\no=c 1 1 IN IP4 h\r\nm=audio 6000 RTP/AVP 0\r\n";
inline constexpr std::string_view silent_sdp = "v=0\r\nm=audio 4000 RTP/AVP 0\r\na=inactive\r\n";

struct Office {
    void nothing_is_left()
    {
        CHECK(pbx.has_no_calls());
        CHECK(pbx.has_no_dialogs());
        pbx.stays_silent_for(41s);
    }

    void refuses(const CallOrder& order, OrderOutcome outcome, std::string_view pointer = {})
    {
        const auto answer = pbx.orders(order);
        CHECK(answer.outcome == outcome);
        CHECK(answer.pointer == pointer);
        CHECK_FALSE(answer.call);
    }

    Scenario pbx{{group("sales", {"104"}, {"101", "102", "103"})}};
    Phone& alice = pbx.phone("101");
    Phone& bob = pbx.phone("102");
    Phone& carol = pbx.phone("103");
};

/// Somebody has clicked: Alice is to call Bob, and her phone rings.
struct Clicked : Office {
    explicit Clicked(bool auto_answer = false)
    {
        const auto answer = pbx.orders(
            {.action = CallAction::place, .from = "101", .to = "102", .auto_answer = auto_answer});
        REQUIRE(answer.outcome == OrderOutcome::begun);
        CHECK(answer.call->from == "101");
        CHECK(answer.call->dialled == "102");
        CHECK_FALSE(answer.call->answered_at);
        invite = alice.receives(INVITE).from("102").with(inactive_answer({}, {}));
    }

    void alice_answers()
    {
        alice.replies(200, silent_sdp);
        alice.receives(ACK).without_body();
        rung = bob.receives(INVITE).from("101").without_body();
    }

    void bob_answers()
    {
        bob.replies(200, bob_sdp);
        alice.receives(INVITE).with(bob_sdp).header("P-Asserted-Identity",
                                                    "\"Name 102\" <sip:102@office.test>");
    }

    void they_are_joined()
    {
        alice.replies(200, alice_sdp);
        alice.receives(ACK).without_body();
        bob.receives(ACK).with(alice_sdp);
    }

    void they_talk_and_end()
    {
        CHECK(pbx.view().calls.at(0).answered_at);
        alice.sends_invite(hold_sdp);
        bob.receives(INVITE).with(hold_sdp);
        bob.replies(200, bob_sdp);
        alice.receives(200U);
        bob.receives(ACK);
        alice.sends(BYE);
        alice.receives(200U);
        bob.receives(BYE);
        nothing_is_left();
    }

    void alice_is_released(std::string_view reason)
    {
        alice.receives(BYE).header("Reason", reason);
        nothing_is_left();
    }

    Arrived invite;
    Arrived rung;
};

/// Alice talks to Bob, whom she has dialled.
struct Talking : Office {
    Talking()
    {
        alice.sends(INVITE, "102", alice_sdp);
        bob.receives(INVITE);
        bob.replies(200, bob_sdp);
        alice.receives(200U);
        bob.receives(ACK);
    }

    OrderOutcome does(CallAction action) { return pbx.orders({.action = action}).outcome; }

    void is_held()
    {
        CHECK(does(CallAction::hold) == OrderOutcome::begun);
        alice.receives(INVITE).with(made_inactive(bob_sdp));
        alice.replies(200, silent_sdp);
        alice.receives(ACK);
        bob.receives(INVITE).with(made_inactive(silent_sdp));
        bob.replies(200, silent_sdp);
        bob.receives(ACK);
        hears(false);
    }

    void hears(bool something)
    {
        const auto view = pbx.view();
        for (const auto& leg : view.calls.at(0).legs)
            if (leg.state == "confirmed") CHECK(leg.held == !something);
    }

    /// Whatever he has accepted.
    void bob_has_his_session_anew()
    {
        bob.receives(INVITE).without_body();
        bob.replies(200, bob_sdp);
        alice.receives(INVITE).with(bob_sdp);
        alice.replies(200, alice_sdp);
        alice.receives(ACK);
        bob.receives(ACK).with(alice_sdp);
        hears(true);
    }

    void they_end()
    {
        bob.sends(BYE);
        bob.receives(200U);
        alice.receives(BYE);
        nothing_is_left();
    }
};

}  // namespace lampline::test::call_control
