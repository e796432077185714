// One phone with two numbers: what it does in a dialog of one may name a dialog of the other.
#include "transfer_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::transfer;

namespace {

/// Bob talks to Alice, and to Carol by another number of his.
struct TwoLines : Talking {
    explicit TwoLines(bool of_one_phone)
    {
        if (of_one_phone) line.flow = bob.flow;
        line.registers();
        shown = dave.watches("102").dialog();
        line.sends(INVITE, "103", bob_sdp);
        carol.receives(INVITE);
        carol.replies(200, carol_sdp);
        line.receives(200U);
        carol.receives(ACK);
    }

    /// Carol is to talk to Alice, whose dialog with Bob is of the other number.
    void line_refers()
    {
        line.sends(REFER, refer_to("<sip:101@office.test?Replaces=" + shown.call_id +
                                   "%3Bto-tag%3D" + shown.local_tag + "%3Bfrom-tag%3D" +
                                   shown.remote_tag + ">"));
        line.receives(202U);
        line_hears("SIP/2.0 100 Trying");
    }

    void line_hears(std::string_view words)
    {
        auto notify = line.receives(NOTIFY);
        notify.with(std::string{words} + "\r\n");
        line.replies_to(notify, 200);
    }

    Phone& line = pbx.silent_phone("105");
    Phone& dave = pbx.phone("104");
    DialogElement shown;
};

}  // namespace

TEST_CASE("attended transfer from one line of a phone to another of its lines (RFC 5589 §7)")
{
    TwoLines call{true};
    call.line_refers();
    call.carol.receives(INVITE);
    call.carol.replies(200, carol_sdp);
    call.alice.receives(INVITE).with(carol_sdp);
    call.alice.replies(200, alice_sdp);
    call.alice.receives(ACK);
    call.carol.receives(ACK).with(alice_sdp);
    call.bob.receives(BYE);
    CHECK(call.dave.receives(NOTIFY).dialog().state == "terminated");
    call.line_hears("SIP/2.0 200 OK");
    call.line.receives(BYE);
    call.alice_and_carol_talk_and_end();
}

TEST_CASE("no phone transfers to the dialog of another phone's line")
{
    TwoLines call{false};
    call.line_refers();
    call.line_hears("SIP/2.0 481 No Such Dialog To Replace");
    call.line.sends(BYE);
    call.line.receives(200U);
    call.carol.receives(BYE);
    call.alice.sends(BYE);
    call.alice.receives(200U);
    call.bob.receives(BYE);
    CHECK(call.dave.receives(NOTIFY).dialog().state == "terminated");
    call.nothing_is_left();
}
