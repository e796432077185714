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
