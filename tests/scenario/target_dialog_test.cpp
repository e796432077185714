// REFER outside a dialog that names one by Target-Dialog (RFC 4538): a program beside a phone
// transfers the call of that phone, as RFC 5589 §6 has transferors do.
#include "transfer_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::transfer;

namespace {

/// Alice talks to Bob; a program has the credentials of 102, which are Bob's.
struct Beside : Talking {
    /// The dialog with Bob's phone, by its Target-Dialog.
    [[nodiscard]] std::string dialog(std::string_view ours = "local-tag",
                                     std::string_view of_phone = "remote-tag") const
    {
        const auto calls = pbx.view().calls;
        for (const auto& leg : calls.at(0).legs)
            if (leg.extension == "102")
                return leg.call_id + ';' + std::string{ours} + '=' +
                       pbx.naming(leg.call_id).to_tag + ';' + std::string{of_phone} + '=' +
                       bob.callee_tag();
        return {};
    }

    void refers(std::string_view target, std::vector<Header> more)
    {
        program.refers("102", refer_to(target, std::move(more)));
    }

    void hears(std::string_view line, bool last = false)
    {
        auto notify = program.receives(NOTIFY);
        notify.with(std::string{line} + "\r\n");
        REQUIRE(notify.notify);
        CHECK(notify.notify->subscription_state.starts_with("terminated") == last);
    }

    void refused(std::string_view dialog, unsigned status, std::string_view warns)
    {
        CAPTURE(std::string{dialog});
        refers("<sip:103@office.test>", {{"Target-Dialog", std::string{dialog}}});
        const auto answer = program.receives(status);
        CHECK(answer.value("Warning").find(warns) != std::string::npos);
        CHECK(program.hears_nothing());
        CHECK(bob.hears_nothing());
        CHECK(carol.hears_nothing());
    }

    Phone& program = pbx.silent_phone("102");
};

}  // namespace

TEST_CASE("a REFER that names a dialog transfers it, and is told of it in a dialog of its own")
{
    Beside office;
    std::string dialog = office.dialog();
    SUBCASE("as we see it") {}
    SUBCASE("as the phone sees it") { dialog = office.dialog("remote-tag", "local-tag"); }
    office.refers("<sip:103@office.test>", {{"Target-Dialog", dialog}});
    CHECK_FALSE(office.program.receives(202U).local_tag.empty());
    office.hears("SIP/2.0 100 Trying");
    CHECK(office.bob.hears_nothing());
    office.carol.receives(INVITE).from("101").without_body();
    office.carol.replies(180);
    office.hears("SIP/2.0 180 ");
    office.carol.replies(200, carol_sdp);
    office.alice_and_carol_are_joined();
    office.hears("SIP/2.0 200 OK", true);
    office.bob.receives(BYE).header("Reason", "SIP;cause=200;text=\"Transferred\"");
    CHECK(office.pbx.view().calls.at(0).legs.back().extension == "103");
    office.alice_and_carol_talk_and_end();
}

TEST_CASE("a transfer of a named dialog that fails leaves the two where they were")
{
    Beside office;
    office.refers("<sip:103@office.test>", {{"Target-Dialog", office.dialog()}});
    office.program.receives(202U);
    office.hears("SIP/2.0 100 Trying");
    office.carol.receives(INVITE);
    SUBCASE("the target is busy")
    {
        office.carol.replies(486);
        office.hears("SIP/2.0 486 ", true);
        office.alice_and_bob_still_talk();
        const auto moves = office.pbx.records().back().failed_moves;
        REQUIRE(moves.size() == 1);
        CHECK(moves.at(0).by == "102");
    }
    SUBCASE("another one is under way")
    {
        office.refused(office.dialog(), 491, "under way");
        office.carol.replies(486);
        office.hears("SIP/2.0 486 ", true);
        office.alice_and_bob_still_talk();
    }
    SUBCASE("who is to be transferred hangs up")
    {
        office.alice.sends(BYE);
        office.alice.receives(200U);
        office.hears("SIP/2.0 487 Request Terminated", true);
        office.bob.receives(BYE);
        office.carol.receives(CANCEL);
        office.nothing_is_left();
    }
}

TEST_CASE("a named dialog is transferred without reports, and attended")
{
    Beside office;
    SUBCASE("without reports (RFC 4488)")
    {
        office.refers("<sip:103@office.test>",
                      {{"Target-Dialog", office.dialog()}, {"Refer-Sub", "false"}});
        office.program.receives(202U).header("Refer-Sub", "false");
        office.carol.receives(INVITE);
        office.carol.replies(200, carol_sdp);
        office.alice_and_carol_are_joined();
        office.bob.receives(BYE);
    }
    SUBCASE("with Replaces of the other dialog of the phone")
    {
        const auto dialog = office.dialog();
        office.bob.sends(INVITE, "103", bob_sdp);
        office.carol.receives(INVITE);
        office.carol.replies(200, carol_sdp);
        office.bob.receives(200U);
        office.carol.receives(ACK);
        std::string second;
        const auto calls = office.pbx.view().calls;
        for (const auto& each : calls)
            if (each.dialled == "103") second = each.legs.at(0).call_id;
        office.refers("<sip:103@office.test?Replaces=" + second + "%3Bto-tag%3D0%3Bfrom-tag%3D0>",
                      {{"Target-Dialog", dialog}});
        office.program.receives(202U);
        office.hears("SIP/2.0 100 Trying");
        office.alice.receives(INVITE).without_body();
        office.alice.replies(200, alice_sdp);
        office.carol.receives(INVITE).with(alice_sdp);
        office.carol.replies(200, carol_sdp);
        office.carol.receives(ACK);
        office.alice.receives(ACK).with(carol_sdp);
        office.hears("SIP/2.0 200 OK", true);
        office.bob.receives(BYE);
        office.bob.receives(BYE);
    }
    office.alice_and_carol_talk_and_end();
}

TEST_CASE("a REFER that names no dialog of its own extension begins nothing")
{
    Beside office;
    const auto dialog = office.dialog();
    office.refused("nonsense", 400, "Target-Dialog");
    office.refused("", 400, "Target-Dialog");
    office.refused(dialog + ";remote-tag=again", 400, "Target-Dialog");
    office.refused(dialog + ", " + dialog, 400, "Target-Dialog");
    office.refused(dialog + "x", 481, "Target-Dialog");
    office.refused("none;local-tag=a;remote-tag=b", 481, "Target-Dialog");
    office.refers("<sip:103@office.test>", {{"Target-Dialog", dialog}, {"Target-Dialog", dialog}});
    office.program.receives(400U);
    office.refers("<sip:@office.test>", {{"Target-Dialog", dialog}});
    office.program.receives(400U);

    // Somebody else's dialog looks like none.
    auto& dan = office.pbx.silent_phone("104");
    dan.refers("104", refer_to("<sip:103@office.test>", {{"Target-Dialog", dialog}}));
    dan.receives(481U);
    office.alice_and_bob_still_talk();
    office.refused(dialog, 481, "Target-Dialog");
    office.nothing_is_left();
}
