#pragma once
// Alice talks to Bob, who may park her; Carol may take her, and Dave watches the slot.
#include <doctest/doctest.h>

#include "support/scenario.hpp"

namespace lampline::test::park {

inline constexpr std::string_view alice_sdp = "v=0\r\no=alice\r\nm=audio 4000 RTP/AVP 0\r\n";
inline constexpr std::string_view bob_sdp = "v=0\r\no=bob\r\nm=audio 5000 RTP/AVP 0\r\n";
inline constexpr std::string_view carol_sdp = "v=0\r\no=carol\r\nm=audio 6000 RTP/AVP 0\r\n";
inline constexpr Method REFER = Method::refer;

inline PayloadRef refer_to(std::string_view value, std::vector<Header> more = {})
{
    more.push_back({"Refer-To", std::string{value}});
    return std::make_shared<const Payload>(Payload{{}, {}, std::move(more)});
}

/// Alice talks to Bob, who may park; Carol's phone is there, Dave's lamp shows slot 701.
struct Office {
    explicit Office(ParkLot park_lot = {.number = "700", .first_slot = "701", .slots = 2})
    {
        pbx.has_park_lot(std::move(park_lot));
        alice.answers_probes = bob.answers_probes = carol.answers_probes = true;
        alice.sends(INVITE, "102", alice_sdp);
        bob.receives(INVITE);
        bob.replies(200, bob_sdp);
        alice.receives(200U);
        bob.receives(ACK);
    }

    void lights_up_for_dave() { CHECK(dave.watches("park+701").idle()); }

    void bob_hears(std::string_view line)
    {
        auto notify = bob.receives(NOTIFY);
        notify.with(std::string{line} + "\r\n").header("Event", "refer");
        bob.replies_to(notify, 200);
    }

    void alice_hears_nothing_any_more(std::string_view slot = "701")
    {
        auto invite = alice.receives(INVITE);
        CHECK(invite.body().find("a=inactive") != std::string::npos);
        invite.header("P-Asserted-Identity", "\"Park " + std::string{slot} + "\" <sip:park+" +
                                                 std::string{slot} + "@office.test>");
        alice.replies(200, hold_sdp);
        alice.receives(ACK);
    }

    void bob_parks(std::string_view number = "701")
    {
        bob.sends(REFER, refer_to("<sip:" + std::string{number} + "@office.test>"));
        bob.receives(202U);
        bob_hears("SIP/2.0 100 Trying");
        alice_hears_nothing_any_more();
        bob_hears("SIP/2.0 200 Parked In 701");
        bob.receives(BYE).header("Reason", "SIP;cause=200;text=\"Parked In 701\"");
    }

    /// Carol's INVITE is on its way; Alice takes her offer.
    void carol_gets_alice()
    {
        alice.receives(INVITE).with(carol_sdp).header("P-Asserted-Identity",
                                                      "\"Name 103\" <sip:103@office.test>");
        alice.replies(200, alice_sdp);
        carol.receives(200U).with(alice_sdp).header("P-Asserted-Identity",
                                                    "\"Name 101\" <sip:101@office.test>");
        alice.receives(ACK);
    }

    /// It rings back at Bob, who parked her; they talk, and that is all.
    void bob_takes_her_back()
    {
        bob.receives(INVITE).from("101");
        bob.replies(200, bob_sdp);
        alice.receives(INVITE).with(bob_sdp);
        alice.replies(200, alice_sdp);
        bob.receives(ACK).with(alice_sdp);
        alice.receives(ACK);
        alice_hangs_up(bob);
    }

    void alice_hangs_up(Phone& other)
    {
        alice.sends(BYE);
        alice.receives(200U);
        other.receives(BYE);
        nothing_is_left();
    }

    void nothing_is_left()
    {
        while (!dave.hears_nothing()) last_lamp = dave.receives(NOTIFY);
        if (last_lamp) CHECK(last_lamp->idle());
        CHECK(pbx.has_no_calls());
        CHECK(pbx.has_no_dialogs());
        pbx.stays_silent_for(41s);
    }

    std::string parked_in() { return pbx.view().calls.at(0).parked_in; }

    Scenario pbx{{group("sales", {"102", "103"})}};
    Phone& alice = pbx.phone("101");
    Phone& bob = pbx.phone("102");
    Phone& carol = pbx.phone("103");
    Phone& dave = pbx.phone("104");
    std::optional<Arrived> last_lamp;
};

}  // namespace lampline::test::park
