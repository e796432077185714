// A password is changed: what was granted to who knew the old one is over.
#include "scenario/publishing.hpp"
#include "scenario/shared_line.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

struct Office {
    void changes_password()
    {
        pbx.configures("103", [](Extension& extension) {
            extension.ha1_md5 = "of another one";
            extension.ha1_sha256 = "of another one";
        });
    }
    static void is_left(Phone& phone)
    {
        CHECK(got(phone, NOTIFY).notify->subscription_state == "terminated;reason=deactivated");
    }
    [[nodiscard]] std::size_t told() const
    {
        const auto view = pbx.view();
        return view.lamps.size() + view.subscriptions.size();
    }
    Scenario pbx{{group("sales", {"103"}, {"101", "102"})}};
    Phone& alice = pbx.phone("101");
    Phone& carol = pbx.phone("103");
};

}  // namespace

TEST_CASE("phones that were registered with the old password have nothing any more")
{
    Office office;
    auto& program = office.pbx.silent_phone("103");  // subscribes without a registration
    office.carol.subscribes("dialog", "102");
    office.carol.subscribes("message-summary", "103");
    program.subscribes("dialog", "101");
    CHECK(office.told() == 3);
    office.changes_password();
    Office::is_left(office.carol);
    Office::is_left(office.carol);
    Office::is_left(program);
    CHECK(office.told() == 0);
    CHECK(office.pbx.kept().subscriptions.empty());
    CHECK(office.pbx.kept().bindings.size() == 1);
    office.alice.sends(INVITE, "103");
    office.alice.receives(480U);

    office.carol.registers();  // it was given the new one
    office.carol.subscribes("dialog", "102");
    office.alice.sends(INVITE, "103");
    office.carol.receives(INVITE);
    office.alice.cancels();
    office.carol.receives(CANCEL);
}

TEST_CASE("what a program has published with the old password is over")
{
    Office office;
    auto& program = office.pbx.silent_phone("103");
    published(program, {.event = "dialog",
                        .to = "103",
                        .content_type = "application/dialog-info+xml",
                        .body = document(dialog("1", "outside", "confirmed"), "full", "103")});
    CHECK(office.pbx.view().publications == 1);
    office.changes_password();
    CHECK(office.pbx.view().publications == 0);
}

TEST_CASE("who talks while the password changes talks on")
{
    Office office;
    office.alice.sends(INVITE, "103");
    office.carol.receives(INVITE);
    office.carol.replies(200, talking_sdp);
    office.carol.receives(ACK);
    office.alice.receives(200U);
    office.changes_password();
    office.carol.sends(INFO);
    office.alice.receives(INFO);
    office.alice.replies(200);
    office.carol.receives(200U);
    office.alice.sends(BYE);
    office.alice.receives(200U);
    office.carol.receives(BYE);
    CHECK(office.pbx.has_no_calls());
}

namespace {

struct Ringing : Office {
    Ringing()
    {
        alice.sends(INVITE, "103");
        at_carol = carol.receives(INVITE);
        carol.replies(180);
        alice.receives(180U);
    }
    void stops_at_carol()
    {
        changes_password();
        carol.receives(CANCEL).header("Reason", "SIP;cause=480;text=\"Registration is over\"");
    }
    void is_answered_by(Phone& phone, const Arrived& invite)
    {
        phone.replies_to(invite, 200, talking_sdp);
        phone.receives(ACK);
        alice.receives(200U);
        alice.sends(BYE);
        alice.receives(200U);
        phone.receives(BYE);
    }
    void nothing_is_left()
    {
        CHECK(pbx.has_no_calls());
        CHECK(pbx.has_no_dialogs());
        CHECK(pbx.unanswered() == 0);
        pbx.stays_silent_for(150s);
    }
    Arrived at_carol;
};

}  // namespace

TEST_CASE("a phone that rings while its password changes is cancelled, and the caller hears 480")
{
    Ringing call;
    SUBCASE("at once")
    {
        call.stops_at_carol();
        call.alice.receives(480U).phrase("No Phone Registered");
    }
    SUBCASE("whatever the phone says to the CANCEL")
    {
        call.carol.answers_cancel = false;
        call.stops_at_carol();
        call.alice.receives(480U);
        call.carol.replies_to(call.at_carol, 200, talking_sdp);
        call.carol.receives(ACK);
        call.carol.receives(BYE);
    }
    call.nothing_is_left();
}

TEST_CASE("a call that rang at an expelled phone goes where those of unregistered phones go")
{
    Ringing call;
    auto& bob = call.pbx.phone("102");
    Forwarding away;
    away.unregistered = "102";
    SUBCASE("set before the call")
    {
        call.alice.cancels();
        call.carol.receives(CANCEL);
        call.pbx.forwards("103", away);
        call.alice.sends(INVITE, "103");
        call.carol.receives(INVITE);
        call.stops_at_carol();
        call.alice.receives(181U);
        const auto at_bob = bob.receives(INVITE).header(
            "Diversion", "<sip:103@office.test>;reason=unavailable;counter=1");
        call.is_answered_by(bob, at_bob);
    }
    SUBCASE("not set: a transfer to it fails, and the parties talk on")
    {
        call.alice.cancels();
        call.carol.receives(CANCEL);
        call.alice.sends(INVITE, "102");
        bob.receives(INVITE);
        bob.replies(200, talking_sdp);
        bob.receives(ACK);
        call.alice.receives(200U);
        CHECK(call.pbx.orders({.action = CallAction::transfer, .to = "103", .by = "102"}).outcome ==
              OrderOutcome::begun);
        call.carol.receives(INVITE);
        call.stops_at_carol();
        bob.sends(INFO);
        call.alice.receives(INFO);
        call.alice.replies(200);
        bob.receives(200U);
        call.alice.sends(BYE);
        call.alice.receives(200U);
        bob.receives(BYE);
    }
    call.nothing_is_left();
}

TEST_CASE("other phones that the call rings at ring on when one is expelled")
{
    Office office;
    auto& bob = office.pbx.phone("102");
    RingGroup group;
    group.number = "600";
    group.members = {{"102"}, {"103"}};
    office.pbx.has_ring_groups({group});
    office.alice.sends(INVITE, "600");
    office.carol.receives(INVITE);
    bob.receives(INVITE);
    office.changes_password();
    office.carol.receives(CANCEL);
    bob.replies(200, talking_sdp);
    bob.receives(ACK);
    office.alice.receives(200U);
    office.alice.sends(BYE);
    office.alice.receives(200U);
    bob.receives(BYE);
    CHECK(office.pbx.has_no_calls());
}

TEST_CASE("what a phone has dialled rings on while its password changes")
{
    Office office;
    office.carol.sends(INVITE, "101");
    office.alice.receives(INVITE);
    office.alice.replies(180);
    office.carol.receives(180U);
    office.changes_password();
    CHECK(office.alice.hears_nothing());
    office.alice.replies(200, talking_sdp);
    office.alice.receives(ACK);
    office.carol.receives(200U);
    office.alice.sends(BYE);
    office.alice.receives(200U);
    office.carol.receives(BYE);
    CHECK(office.pbx.has_no_calls());
}

TEST_CASE("an extension that keeps its password keeps its phones, whatever else changes")
{
    Office office;
    office.carol.subscribes("dialog", "102");
    office.pbx.configures("101", [](Extension& extension) { extension.ha1_md5 = "another"; });
    office.pbx.configures("103", [](Extension& extension) { extension.display_name = "Carol"; });
    CHECK(office.told() == 1);
    CHECK(office.pbx.kept().bindings.size() == 1);
}
