#pragma once
// Two phones that talk, and a lamp that says so, when the exchange is killed.
#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "support/scenario.hpp"

namespace lampline::test::restart {

constexpr std::string_view alice_sdp = "v=0\r\no=alice\r\nm=audio 4000 RTP/AVP 0\r\n";
constexpr std::string_view bob_sdp = "v=0\r\no=bob\r\nm=audio 5000 RTP/AVP 0\r\n";
constexpr std::string_view carol_sdp = "v=0\r\no=carol\r\nm=audio 6000 RTP/AVP 0\r\n";

inline PayloadRef refer_to(std::string value)
{
    return std::make_shared<const Payload>(Payload{{}, {}, {{"Refer-To", std::move(value)}}});
}

/// Alice talks to Bob, Carol's phone is there, and Dave watches Bob.
struct Talking {
    explicit Talking(ExchangeSettings settings = {})
        : pbx{{group("sales", {"104"}, {"101", "102", "103"})}, settings}
    {
        for (auto* phone : {&alice, &bob, &carol}) phone->answers_probes = true;
        dave.watches("102");
        alice.sends(INVITE, "102", alice_sdp);
        bob.receives(INVITE);
        bob.replies(200, bob_sdp);
        alice.receives(200U);
        bob.receives(ACK);
        shown = dave.receives(NOTIFY).dialog();
        while (!dave.hears_nothing()) shown = dave.receives(NOTIFY).dialog();
    }

    /// The lamp stays as it was: nothing but the same call again.
    void lamp_is_steady()
    {
        const auto again = dave.receives(NOTIFY).dialog();
        CHECK(again.state == "confirmed");
        CHECK(again.id == shown.id);
        CHECK(dave.hears_nothing());
    }

    void restarts()
    {
        pbx.restarts();
        lamp_is_steady();
    }

    void lamp_is_dark() { CHECK(dave.receives(NOTIFY).idle()); }

    void nothing_is_left()
    {
        CHECK(pbx.has_no_calls());
        CHECK(pbx.has_no_dialogs());
        CHECK(pbx.kept().calls.empty());
        pbx.stays_silent_for(41s);
    }

    /// Bob puts Alice on hold; his lamp says so, with +sip.rendering.
    void is_held()
    {
        bob.sends_invite(hold_sdp);
        alice.receives(INVITE).with(hold_sdp);
        alice.replies(200, alice_sdp);
        bob.receives(200U).with(alice_sdp);
        alice.receives(ACK);
        CHECK(dave.receives(NOTIFY).dialog().state == "confirmed");
    }

    void ends(Phone& one, Phone& other)
    {
        one.sends(BYE);
        one.receives(200U);
        other.receives(BYE);
        lamp_is_dark();
        nothing_is_left();
    }

    [[nodiscard]] std::size_t times_stored() const
    {
        return static_cast<std::size_t>(
            std::ranges::count_if(pbx.stored, [](const StorageChange& change) {
                return std::holds_alternative<CallStored>(change);
            }));
    }

    Scenario pbx;
    Phone& alice = pbx.phone("101");
    Phone& bob = pbx.phone("102");
    Phone& carol = pbx.phone("103");
    Phone& dave = pbx.phone("104");
    DialogElement shown;
};

}  // namespace lampline::test::restart
