#pragma once
// A call that is being transferred, and another phone of one of its parties (RFC 3891).
#include <doctest/doctest.h>

#include "support/scenario.hpp"

namespace lampline::test::take_over {

inline constexpr std::string_view alice_sdp = "v=0\r\no=alice\r\nm=audio 4000 RTP/AVP 0\r\n";
inline constexpr std::string_view desk_sdp = "v=0\r\no=desk\r\nm=audio 5000 RTP/AVP 0\r\n";
inline constexpr std::string_view carol_sdp = "v=0\r\no=carol\r\nm=audio 6000 RTP/AVP 0\r\n";
inline constexpr std::string_view mobile_sdp = "v=0\r\no=mobile\r\nm=audio 7000 RTP/AVP 0\r\n";

/// Alice talks to Bob at his desk, who sends her to Carol; his mobile is there.
struct Transferring {
    Transferring()
    {
        alice.sends(INVITE, "102", alice_sdp);
        desk.receives(INVITE);
        desk.replies(200, desk_sdp);
        alice.receives(200U);
        desk.receives(ACK);
        at_alice = pbx.naming(pbx.view().calls.at(0).legs.at(0).call_id);
        at_desk = pbx.naming(pbx.view().calls.at(0).legs.at(1).call_id);
    }

    void desk_refers()
    {
        by_refer = true;
        desk.sends(Method::refer, std::make_shared<const Payload>(
                                      Payload{{}, {}, {{"Refer-To", "<sip:103@office.test>"}}}));
        desk.receives(202U);
        desk_hears("SIP/2.0 100 Trying", false);
        carol.receives(INVITE);
    }

    void third_party_transfers()
    {
        pbx.orders({.action = CallAction::transfer, .to = "103", .by = "102"});
        carol.receives(INVITE);
    }

    void desk_hears(std::string_view line, bool last = true)
    {
        auto notify = desk.receives(NOTIFY);
        notify.with(std::string{line} + "\r\n").header("Event", "refer");
        notify.header("Subscription-State",
                      last ? "terminated;reason=noresource" : "active;expires=180");
        desk.replies_to(notify, 200);
    }

    void mobile_asks(std::string_view sdp = mobile_sdp)
    {
        mobile.sends_replacing(at_desk, "101", sdp);
    }

    void alice_is_asked() { alice.receives(INVITE).with(mobile_sdp); }

    void desk_is_released()
    {
        if (by_refer) desk_hears("SIP/2.0 100 ");
        desk.receives(BYE).header("Reason", "SIP;cause=200;text=\"Call completed elsewhere\"");
    }

    void mobile_has_the_call()
    {
        alice.replies(200, alice_sdp);
        mobile.receives(200U).with(alice_sdp);
        alice.receives(ACK);
        desk_is_released();
    }

    void mobile_takes_over()
    {
        mobile_asks();
        alice_is_asked();
        mobile_has_the_call();
    }

    /// Carol has answered, and Alice is asked.
    void alice_gets_carol(Phone& at)
    {
        at.receives(INVITE).with(carol_sdp);
        at.replies(200, alice_sdp);
        carol.receives(ACK).with(alice_sdp);
        at.receives(ACK);
    }

    void mobile_is_released()
    {
        mobile.receives(BYE).header("Reason", "SIP;cause=200;text=\"Transferred\"");
    }

    void talk_and_end(Phone& one, Phone& other)
    {
        one.sends(INFO);
        other.receives(INFO);
        other.replies(200);
        one.receives(200U);
        CHECK(pbx.view().calls.size() == 1);
        other.sends(BYE);
        other.receives(200U);
        one.receives(BYE);
        nothing_is_left();
    }

    void nothing_is_left()
    {
        CHECK(pbx.has_no_calls());
        CHECK(pbx.has_no_dialogs());
        pbx.stays_silent_for(41s);
    }

    Scenario pbx;
    Phone& alice = pbx.phone("101");
    Phone& desk = pbx.phone("102");
    Phone& carol = pbx.phone("103");
    Phone& mobile = pbx.silent_phone("102");
    Replaces at_alice, at_desk;
    bool by_refer = false;
};

}  // namespace lampline::test::take_over
