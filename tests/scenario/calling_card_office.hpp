#pragma once
// A caller in the calling-card application, and whom it calls.
#include <doctest/doctest.h>

#include "core/sdp.hpp"
#include "support/scenario.hpp"

namespace lampline::test::calling_card {

inline constexpr std::string_view alice_sdp =
    "v=0\r\no=a 1 1 IN IP4 h\r\nm=audio 4000 RTP/AVP 0\r\n";
inline constexpr std::string_view bob_sdp = "v=0\r\no=b 1 7 IN IP4 h\r\nm=audio 5000 RTP/AVP 0\r\n";
inline constexpr std::string_view carol_sdp =
    "v=0\r\no=c 1 1 IN IP4 h\r\nm=audio 6000 RTP/AVP 0\r\n";

inline const CallingCard card{.number = "800", .display_name = "Card", .rules = {.back = "*0"}};

inline PayloadRef key_event(std::string_view tag, std::string_view digits,
                            std::string_view state = "active;expires=7200")
{
    const auto body = "<kpml-response version=\"1.0\" code=\"200\" text=\"OK\" digits=\"" +
                      std::string{digits} + "\" tag=\"" + std::string{tag} + "\"/>";
    return std::make_shared<const Payload>(
        Payload{"application/kpml-response+xml",
                body,
                {{"Event", "kpml"}, {"Subscription-State", std::string{state}}}});
}

inline PayloadRef info(std::string_view key, int duration = 160)
{
    return std::make_shared<const Payload>(
        Payload{"application/dtmf-relay",
                "Signal=" + std::string{key} + "\r\nDuration=" + std::to_string(duration) + "\r\n",
                {}});
}

/// Alice has called the application; Dan watches her and the others.
struct Card {
    explicit Card(CallingCard own = card)
    {
        pbx.has_calling_card(std::move(own));
        dan.watches("101");
        alice.sends(INVITE, "800", alice_sdp);
        alice.receives(200U)
            .with(inactive_answer(alice_sdp, {}))
            .header("P-Asserted-Identity", "\"Card\" <sip:800@office.test>");
        subscribe = alice.receives(SUBSCRIBE).header("Event", "kpml").header("Expires", "7200");
    }

    /// Alice's phone has key events.
    void accepts(unsigned status = 200) { alice.replies_to(subscribe, status); }
    void asks_for_keys()
    {
        subscribe = alice.receives(SUBSCRIBE);
        CHECK(subscribe.body().find("persist=\"persist\"") != std::string::npos);
        CHECK(subscribe.body().find("[x*#ABCD]") != std::string::npos);
    }
    void asks_for_the_way_back()
    {
        subscribe = alice.receives(SUBSCRIBE);
        CHECK(subscribe.body().find("persist=\"one-shot\" long=\"2500\"") != std::string::npos);
        CHECK(
            subscribe.body().find("<regex tag=\"back\">L#</regex><regex tag=\"back\">*0</regex>") !=
            std::string::npos);
    }
    void presses(std::string_view keys)
    {
        for (const char key : keys) {
            alice.sends(NOTIFY, key_event("key", {&key, 1}));
            alice.receives(200U);
        }
    }
    void presses_by_info(std::string_view keys)
    {
        for (const char key : keys) {
            alice.sends(INFO, info({&key, 1}));
            alice.receives(200U);
        }
    }
    void long_pound()
    {
        alice.sends(NOTIFY, key_event("back", "#", "terminated;reason=noresource"));
        alice.receives(200U);
    }
    void dials_bob()
    {
        presses("102#");
        asks_for_the_way_back_or_rings();
    }
    void asks_for_the_way_back_or_rings()
    {
        bob.receives(INVITE).from("101").without_body();
        asks_for_the_way_back();
        accepts();
    }
    void is_connected_to(Phone& target, std::string_view sdp)
    {
        target.replies(200, sdp);
        alice.receives(INVITE).with(sdp);
        alice.replies(200, alice_sdp);
        alice.receives(ACK);
        target.receives(ACK).with(alice_sdp);
    }
    /// Taken back, and asked for keys again.
    void is_taken_back(std::string_view from_sdp)
    {
        const auto silenced = alice.receives(INVITE)
                                  .with(made_inactive(from_sdp))
                                  .header("P-Asserted-Identity", "\"Card\" <sip:800@office.test>");
        asks_for_keys();
        alice.replies_to(silenced, 200);
        alice.receives(ACK);
        accepts();
    }
    [[nodiscard]] std::vector<std::string> states() const
    {
        std::vector<std::string> all;
        const auto view = pbx.view();
        for (const auto& leg : view.calls.at(0).legs)
            if (leg.state != "terminated") all.push_back(leg.extension + ' ' + leg.state);
        return all;
    }
    void hangs_up()
    {
        alice.sends(BYE);
        alice.receives(200U);
    }
    void nothing_is_left()
    {
        CHECK(dan.inbox.back().idle());
        dan.inbox.clear();
        CHECK(pbx.has_no_calls());
        CHECK(pbx.has_no_dialogs());
        pbx.stays_silent_for(150s);
    }
    CallRecord record() const
    {
        std::vector<CallRecord> all;
        for (const auto& change : pbx.stored)
            if (const auto* call = std::get_if<CallRecorded>(&change)) all.push_back(*call->record);
        REQUIRE(all.size() == 1);
        return all[0];
    }

    Scenario pbx{{group("all", {"104"}, {"101", "102", "103"})}};
    Phone& alice = pbx.phone("101");
    Phone& bob = pbx.phone("102");
    Phone& carol = pbx.phone("103");
    Phone& dan = pbx.phone("104");
    Arrived subscribe;
};

}  // namespace lampline::test::calling_card
