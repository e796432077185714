// What the watchers see while phones call each other.
#include <doctest/doctest.h>

#include "support/scenario.hpp"

using namespace lampline;
using namespace lampline::test;

TEST_CASE("a watcher sees the callee ring, talk and end; the dialog is the one towards the watched "
          "phone (RFC 4235)")
{
    Scenario pbx{{group("sales", {"103"}, {"102"})}};
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    auto& carol = pbx.phone("103");
    CHECK(carol.watches("102").idle());

    alice.sends(INVITE, "102");
    bob.receives(INVITE);
    CHECK(carol.receives(NOTIFY).dialog().state == "trying");
    bob.replies(180);
    alice.receives(180U);
    const auto ringing = carol.receives(NOTIFY).dialog();
    CHECK(ringing.state == "early");
    CHECK(ringing.direction == "recipient");
    CHECK(ringing.local_tag == "tag-102-5061");  // the phone's own
    CHECK(ringing.remote_identity == "sip:101@office.test");
    CHECK(ringing.remote_display == "Name 101");

    bob.replies(200, talking_sdp);
    alice.receives(200U);
    bob.receives(ACK);
    const auto talking = carol.receives(NOTIFY).dialog();
    CHECK(talking.state == "confirmed");
    CHECK(talking.call_id == ringing.call_id);
    CHECK(talking.id == ringing.id);

    alice.sends(BYE);
    alice.receives(200U);
    bob.receives(BYE);
    const auto ended = carol.receives(NOTIFY).dialog();
    CHECK(ended.state == "terminated");
    CHECK(ended.id == ringing.id);
}

TEST_CASE("a watcher sees the caller as initiator, with the tags of its own dialog")
{
    Scenario pbx{{group("sales", {"103"}, {"101"})}};
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    auto& carol = pbx.phone("103");
    carol.watches("101");

    alice.sends(INVITE, "102");
    bob.receives(INVITE);
    const auto trying = carol.receives(NOTIFY).dialog();
    CHECK(trying.state == "trying");
    CHECK(trying.direction == "initiator");
    CHECK(trying.call_id.starts_with("call-"));
    CHECK(trying.local_tag.starts_with("from-"));
    CHECK(trying.remote_identity == "sip:102@office.test");

    alice.cancels();
    bob.receives(CANCEL);
    CHECK(carol.receives(NOTIFY).dialog().state == "terminated");
}

TEST_CASE("the phone that loses the race goes dark only together with the one that talks on")
{
    Scenario pbx{{group("sales", {"103"}, {"102"})}};
    auto& alice = pbx.phone("101");
    auto& desk = pbx.phone("102");
    auto& mobile = pbx.phone("102");
    auto& carol = pbx.phone("103");
    carol.watches("102");
    alice.sends(INVITE, "102");
    desk.receives(INVITE);
    mobile.receives(INVITE);
    while (!carol.hears_nothing()) carol.receives(NOTIFY);
    mobile.replies(200, talking_sdp);
    alice.receives(200U);
    desk.receives(CANCEL);
    mobile.receives(ACK);

    std::string last;
    while (!carol.hears_nothing()) {
        const auto notify = carol.receives(NOTIFY);
        CHECK_FALSE(notify.idle());
        for (const auto& dialog : notify.document().dialogs)
            if (dialog.state != "terminated") last = dialog.state;
    }
    CHECK(last == "confirmed");
    alice.sends(BYE);
    alice.receives(200U);
    mobile.receives(BYE);
    carol.receives(NOTIFY);
}

TEST_CASE("hold shows in the dialog of the phone that holds: +sip.rendering=no")
{
    Scenario pbx{{group("sales", {"103"}, {"101"})}};
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    auto& carol = pbx.phone("103");
    alice.sends(INVITE, "102");
    bob.receives(INVITE);
    bob.replies(200, talking_sdp);
    alice.receives(200U);
    bob.receives(ACK);
    CHECK(carol.watches("101").dialog().rendered);

    alice.sends_invite(hold_sdp);
    bob.receives(INVITE);
    bob.replies(200, talking_sdp);
    alice.receives(200U);
    bob.receives(ACK);
    const auto held = carol.receives(NOTIFY).dialog();
    CHECK(held.state == "confirmed");
    CHECK_FALSE(held.rendered);
    alice.sends(BYE);
    alice.receives(200U);
    bob.receives(BYE);
    carol.receives(NOTIFY);
}

TEST_CASE("who may not see gets 403, and loses its lamps when the right is withdrawn")
{
    Scenario pbx{{group("sales", {"103"}, {"102"})}};
    auto& carol = pbx.phone("103");
    carol.watches("102");
    pbx.replaces_directory({});
    const auto last = carol.receives(NOTIFY);
    CHECK(last.notify->subscription_state.starts_with("terminated;reason=rejected"));
    pbx.stays_silent_for(3600s);
}

namespace {

/// 103 watches 102, which talks to 101; the NOTIFY that says so is under way.
struct TalkingOffice {
    TalkingOffice()
    {
        CHECK(carol.watches("102").idle());
        carol.asks({.event = "presence", .to = "102"});
        carol.receives(200U);
        carol.receives(NOTIFY);
        alice.sends(INVITE, "102");
        bob.receives(INVITE);
        carol.receives(NOTIFY);
        carol.answers_notify.reset();
        bob.replies(200, talking_sdp);
        alice.receives(200U);
        bob.receives(ACK);
        under_way = carol.receives(NOTIFY);
        presence = carol.receives(NOTIFY);
    }
    void bob_offers(std::string_view sdp)
    {
        bob.sends_invite(sdp);
        alice.receives(INVITE);
        alice.replies(200, talking_sdp);
        bob.receives(200U);
        alice.receives(ACK);
    }

    Scenario pbx{{group("sales", {"103"}, {"102"})}};
    Phone& alice = pbx.phone("101");
    Phone& bob = pbx.phone("102");
    Phone& carol = pbx.phone("103");
    Arrived under_way, presence;
};

}  // namespace

TEST_CASE("what has changed and changed back while a NOTIFY was under way is not told")
{
    TalkingOffice office;
    office.bob_offers(hold_sdp);
    office.bob_offers(talking_sdp);
    office.carol.answers(office.under_way, 200);
    office.pbx.stays_silent_for(1s);
    office.bob_offers(hold_sdp);
    auto held = office.carol.receives(NOTIFY);
    CHECK_FALSE(held.dialog().rendered);
    office.bob_offers(talking_sdp);
    office.carol.answers(held, 500);  // seen or not: it is told what is true
    office.pbx.passes(1s);
    CHECK(office.carol.receives(NOTIFY).dialog().rendered);
}

TEST_CASE("presence that is the same again when the NOTIFY is answered is not told")
{
    TalkingOffice office;
    office.alice.sends(BYE);
    office.alice.receives(200U);
    office.bob.receives(BYE);
    office.alice.sends(INVITE, "102");
    office.bob.receives(INVITE);
    office.bob.replies(200, talking_sdp);
    office.alice.receives(200U);
    office.bob.receives(ACK);
    office.carol.answers(office.presence, 200);
    office.pbx.stays_silent_for(1s);
    office.carol.answers(office.under_way, 200);  // a lamp has to go out between two calls
    CHECK(office.carol.receives(NOTIFY).idle());
}

TEST_CASE("who may see with whom, or no longer, is told where that changes something")
{
    auto sales = group("sales", {"103"}, {"102", "104"});
    Scenario pbx{{sales}};
    auto& carol = pbx.phone("103");
    carol.watches("102");
    carol.asks({.event = "dialog", .to = "sales", .supported = OptionTag::eventlist});
    carol.receives(200U);
    while (!carol.hears_nothing()) carol.receives(NOTIFY);
    for (const bool named : {false, true}) {
        sales.rights.parties = named;
        pbx.replaces_directory({sales});
        pbx.stays_silent_for(1s);
    }
}

TEST_CASE("a phone that begins after a reboot as it did before is told at once")
{
    Scenario pbx{{group("sales", {"103"}, {"102"})}};
    auto& carol = pbx.phone("103");
    for (const auto* package : {"dialog", "presence"}) {
        CAPTURE(package);
        carol.subscribes(package, "102");
        pbx.passes(31s);
        carol.asks_again();  // the same request, whose answer was lost
        carol.receives(200U);
        CHECK(carol.hears_nothing());
        pbx.passes(2s);
        const auto before = pbx.view();
        carol.asks_again();  // the same text in another life
        carol.receives(200U);
        CHECK(carol.receives(NOTIFY).notify->subscription_state.starts_with("active"));
        const auto after = pbx.view();
        CHECK(after.lamps.size() == before.lamps.size());
        CHECK(after.subscriptions.size() == before.subscriptions.size());
    }
}

TEST_CASE("a phone may watch the line of its own extension, when it asks for it")
{
    Scenario pbx{{group("sales", {"102", "104"}, {"103"})}};
    pbx.configures("102", [](Extension& bob) { bob.visibility = Visibility::hidden; });
    auto& alice = pbx.phone("101");
    auto& desk = pbx.phone("102");
    auto& lab = pbx.phone("102");
    CHECK(lab.subscribes("dialog;sla", "102").idle());
    desk.sends(INVITE, "101");
    alice.receives(INVITE);
    const auto dials = lab.receives(NOTIFY).dialog();
    CHECK(dials.direction == "initiator");
    CHECK(dials.remote_identity == "sip:101@office.test");
    desk.cancels();
    alice.receives(CANCEL);
    CHECK(lab.receives(NOTIFY).idle());
    CHECK(desk.hears_nothing());  // nobody is told unasked
    pbx.replaces_directory({});
    CHECK(lab.hears_nothing());  // no group has given it, and none takes it
}

TEST_CASE("a display name that changes in mid-call is told at once to lamps that show it, and to no other")
{
    Scenario pbx{{group("sales", {"104"}, {"101", "102", "103"})}};
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    auto& dan = pbx.phone("104");
    const auto is_called = [&](const std::string& name) {
        pbx.configures("101", [name](Extension& extension) { extension.display_name = name; });
    };
    dan.watches("102");
    dan.watches("103");
    is_called("Alice");  // nobody talks
    CHECK(dan.hears_nothing());
    alice.sends(INVITE, "102");
    bob.receives(INVITE);
    CHECK(dan.receives(NOTIFY).dialog().remote_display == "Alice");
    bob.replies(180);
    alice.receives(180U);
    CHECK(dan.receives(NOTIFY).dialog().remote_display == "Alice");
    is_called("Alice Liddell");
    auto told = dan.receives(NOTIFY).dialog();
    CHECK(told.state == "early");
    CHECK(told.remote_display == "Alice Liddell");
    is_called("Alice Liddell");  // as before
    CHECK(dan.hears_nothing());
    bob.replies(200, talking_sdp);
    bob.receives(ACK);
    alice.receives(200U);
    dan.receives(NOTIFY);
    is_called("Alice Hargreaves");
    told = dan.receives(NOTIFY).dialog();
    CHECK(told.state == "confirmed");
    CHECK(told.remote_display == "Alice Hargreaves");
    alice.sends(BYE);
    alice.receives(200U);
    bob.receives(BYE);
    dan.receives(NOTIFY);
    CHECK(pbx.has_no_calls());
}
