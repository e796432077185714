#pragma once
// Alice, Bob and Carol, of whom two talk and are about to be transferred (RFC 3515, RFC 5589).
#include <doctest/doctest.h>

#include "support/scenario.hpp"

namespace lampline::test::transfer {

inline constexpr std::string_view alice_sdp = "v=0\r\no=alice\r\nm=audio 4000 RTP/AVP 0\r\n";
inline constexpr std::string_view bob_sdp = "v=0\r\no=bob\r\nm=audio 5000 RTP/AVP 0\r\n";
inline constexpr std::string_view carol_sdp = "v=0\r\no=carol\r\nm=audio 6000 RTP/AVP 0\r\n";

inline PayloadRef refer_to(std::string_view value, std::vector<Header> more = {})
{
    more.push_back({"Refer-To", std::string{value}});
    return std::make_shared<const Payload>(Payload{{}, {}, std::move(more)});
}

inline constexpr Method REFER = Method::refer;

/// Alice talks to Bob; Carol's phone is there.
struct Talking {
    Talking()
    {
        alice.sends(INVITE, "102", alice_sdp);
        bob.receives(INVITE);
        bob.replies(200, bob_sdp);
        alice.receives(200U);
        bob.receives(ACK);
    }

    /// Bob sends Alice to `target`.
    void bob_refers(std::string_view target, std::vector<Header> more = {})
    {
        ++refers[bob.dialog()];
        bob.sends(REFER, refer_to(target, std::move(more)));
    }

    void bob_hears(std::string_view line)
    {
        auto notify = bob.receives(NOTIFY);
        notify.with(std::string{line} + "\r\n");
        const auto event = notify.value("Event");  // names the REFER from the second one on
        CHECK((refers[notify.leg] > 1 ? event.starts_with("refer;id=") : event == "refer"));
        bob.replies_to(notify, 200);
    }

    /// Carol has answered; Alice takes her offer.
    void alice_and_carol_are_joined()
    {
        alice.receives(INVITE).with(carol_sdp).header("P-Asserted-Identity",
                                                      "\"Name 103\" <sip:103@office.test>");
        alice.replies(200, alice_sdp);
        carol.receives(ACK).with(alice_sdp);
        alice.receives(ACK).without_body();
    }

    void alice_and_carol_talk_and_end()
    {
        alice.sends_invite(hold_sdp);
        carol.receives(INVITE).with(hold_sdp);
        carol.replies(200, carol_sdp);
        alice.receives(200U);
        carol.receives(ACK);
        carol.sends(BYE);
        carol.receives(200U);
        alice.receives(BYE);
        nothing_is_left();
    }

    void alice_and_bob_still_talk(std::string_view sdp_of_bob = bob_sdp)
    {
        CHECK(alice.media() == sdp_of_bob);
        CHECK(bob.media() == alice_sdp);
        alice.sends(INFO);
        bob.receives(INFO);
        bob.replies(200);
        alice.receives(200U);
        alice.sends(BYE);
        alice.receives(200U);
        bob.receives(BYE);
        nothing_is_left();
    }

    /// She was shown somebody else, and her phone takes no UPDATE: it gets Bob's session anew.
    void alice_is_shown_bob_again()
    {
        alice.receives(INVITE).without_body().header("P-Asserted-Identity",
                                                     "\"Name 102\" <sip:102@office.test>");
        alice.replies(200, alice_sdp);
        bob.receives(INVITE).with(alice_sdp);
        bob.replies(200, bob_sdp);
        bob.receives(ACK);
        alice.receives(ACK).with(bob_sdp);
    }

    void nothing_is_left()
    {
        CHECK(pbx.has_no_calls());
        CHECK(pbx.has_no_dialogs());
        pbx.stays_silent_for(41s);
    }

    Scenario pbx{{group("sales", {"104"}, {"101", "102", "103"})}};
    Phone& alice = pbx.phone("101");
    Phone& bob = pbx.phone("102");
    Phone& carol = pbx.phone("103");
    std::map<LegId, unsigned> refers;  // of Bob's, by dialog
};

/// Bob talks to Alice, and from a second dialog of his to Carol.
struct Consulting : Talking {
    Consulting()
    {
        first = bob.dialog();
        bob.sends(INVITE, "103", bob_sdp);
        second = bob.dialog();
        carol.receives(INVITE);
    }

    void carol_answers()
    {
        carol.replies(200, carol_sdp);
        bob.receives(200U);
        carol.receives(ACK);
    }

    /// As the phone sees its second dialog: its own tag is the from-tag.
    std::string refer_with_replaces() const
    {
        const auto calls = pbx.view().calls;
        for (const auto& each : calls)
            for (const auto& leg : each.legs)
                if (each.dialled == "103" && leg.extension == "102")
                    return "<sip:103@office.test?Replaces=" + leg.call_id +
                           "%3Bto-tag%3D0%3Bfrom-tag%3D0>";
        return {};
    }

    /// Attended, in the dialog with Alice.
    void bob_hands_over()
    {
        const auto target = refer_with_replaces();
        bob.uses(first);
        bob_refers(target);
        bob.receives(202U);
        bob_hears("SIP/2.0 100 Trying");
    }

    LegId first, second;
};

}  // namespace lampline::test::transfer
