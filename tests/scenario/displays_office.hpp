#pragma once
// Bob has parked Alice, and takes her back: his phone, which knows no UPDATE, is to show that.
#include <doctest/doctest.h>

#include <string>

#include "support/scenario.hpp"

namespace lampline::test::displays {

inline constexpr std::string_view name_101 = "\"Name 101\" <sip:101@office.test>";
inline constexpr std::string_view name_102 = "\"Name 102\" <sip:102@office.test>";
inline constexpr std::string_view name_103 = "\"Name 103\" <sip:103@office.test>";
inline constexpr std::string_view nobody = "\"Anonymous\" <sip:anonymous@anonymous.invalid>";
inline constexpr std::string_view shown = "P-Asserted-Identity";

inline constexpr std::string_view alice_sdp = "v=0\r\no=alice 1 1\r\nm=audio 4000 RTP/AVP 0 101\r\n";
inline constexpr std::string_view alice_hears = "v=0\r\nm=audio 4000 RTP/AVP 0 101\r\na=recvonly\r\n";
inline constexpr std::string_view bob_sdp = "v=0\r\no=bob 1 1\r\nm=audio 5000 RTP/AVP 8 0 101\r\n";
/// The same, as an answer to Alice's.
inline constexpr std::string_view bob_again = "v=0\r\no=bob 1 2\r\nm=audio 5000 RTP/AVP 0 101\r\n";
inline constexpr std::string_view bob_elsewhere = "v=0\r\no=bob 1 2\r\nm=audio 7000 RTP/AVP 0 101\r\n";
inline constexpr std::string_view carol_sdp = "v=0\r\no=carol 1 1\r\nm=audio 6000 RTP/AVP 0\r\n";

inline constexpr auto told_after = 500ms;

inline PayloadRef private_from_here()
{
    return std::make_shared<const Payload>(Payload{{}, {}, {{"Privacy", "id"}}});
}

/// Bob has parked Alice, and nobody has taken her: his phone, which knows no UPDATE, rings.
struct Recalled {
    Recalled()
    {
        pbx.has_park_lot({.number = "700", .first_slot = "701"});
        for (auto* phone : {&alice, &bob, &carol}) phone->answers_probes = true;
        bob.denies_update = true;
        alice.sends(INVITE, "102", alice_sdp);
        bob.receives(INVITE);
        bob.replies(200, bob_sdp);
        alice.receives(200U);
        bob.receives(ACK);
        pbx.orders({.action = CallAction::park});
        alice.receives(INVITE);
        alice.replies(200, hold_sdp);
        alice.receives(ACK);
        bob.receives(BYE);
        pbx.passes(120s);
        CHECK(bob.receives(INVITE).from_address.display_name == "Parked 701: Name 101");
    }

    void bob_lifts()
    {
        bob.replies(200, bob_sdp);
        alice.receives(INVITE).with(bob_sdp).header(shown, name_102);
        alice.replies(200, alice_sdp);
        bob.receives(ACK).with(alice_sdp);
        alice.receives(ACK);
        CHECK(bob.hears_nothing());
    }

    Arrived is_told(std::string_view party)
    {
        return bob.receives(INVITE).with(alice_sdp).header(shown, party);
    }

    void bob_accepts()
    {
        bob.replies(200, bob_again);
        bob.receives(ACK).without_body();
    }

    void alice_says(std::string_view sdp)
    {
        alice.sends_invite(sdp);
        bob.receives(INVITE).with(sdp);
        bob.replies(200, bob_again);
        alice.receives(200U);
        bob.receives(ACK);
    }

    void ends(Phone& other)
    {
        pbx.stays_silent_for(11s);
        bob.sends(BYE);
        bob.receives(200U);
        other.receives(BYE);
        CHECK(pbx.has_no_calls());
        CHECK(pbx.has_no_dialogs());
    }

    Scenario pbx{{group("sales", {"102", "103"}, {"101"})}};
    Phone& alice = pbx.phone("101");
    Phone& bob = pbx.phone("102");
    Phone& carol = pbx.phone("103");
};

/// The INVITE that tells his phone waits for its answer.
struct BeingTold : Recalled {
    BeingTold()
    {
        bob_lifts();
        pbx.passes(told_after);
        invite = is_told(name_101);
    }

    Arrived invite;
};

}  // namespace lampline::test::displays
