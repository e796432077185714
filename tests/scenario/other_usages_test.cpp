// What a phone says of something else within the dialog of a call ends no call (RFC 5057 §5.1).
#include <doctest/doctest.h>

#include "support/scenario.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

struct Talking {
    Talking()
    {
        alice.sends(INVITE, "102");
        bob.receives(INVITE);
        bob.replies(200, talking_sdp);
        alice.receives(200U);
        bob.receives(ACK);
    }

    void alice_sends(Method method, PayloadRef payload)
    {
        alice.sends(method, std::move(payload));
        bob.receives(method);
    }

    void ends()
    {
        CHECK(pbx.view().calls.size() == 1);
        alice.sends(BYE);
        alice.receives(200U);
        bob.receives(BYE);
        CHECK(pbx.has_no_calls());
        CHECK(pbx.has_no_dialogs());
    }

    Scenario pbx;
    Phone& alice = pbx.phone("101");
    Phone& bob = pbx.phone("102");
};

PayloadRef event(std::string name)
{
    return std::make_shared<const Payload>(
        Payload{{}, {}, {{"Event", std::move(name)}, {"Subscription-State", "active"}}});
}

PayloadRef words()
{
    return std::make_shared<const Payload>(Payload{"text/plain", "hello", {}});
}

}  // namespace

TEST_CASE("a NOTIFY that the other phone knows no subscription for: its sender hears so, and both talk on")
{
    Talking call;
    call.alice_sends(NOTIFY, event("talk"));
    call.bob.replies(481);
    call.alice.receives(481U);
    call.ends();
}

TEST_CASE("a NOTIFY or MESSAGE that the other phone leaves unanswered is no sign that it has left the call")
{
    Talking call;
    SUBCASE("NOTIFY") { call.alice_sends(NOTIFY, event("talk")); }
    SUBCASE("MESSAGE") { call.alice_sends(MESSAGE, words()); }
    call.bob.fails_with(408);
    call.alice.receives(480U);
    call.ends();
}

TEST_CASE("a MESSAGE refused with 481 does not tell its sender that its call is gone")
{
    Talking call;
    call.alice_sends(MESSAGE, words());
    call.bob.replies(481);
    call.alice.receives(480U);
    call.ends();
}

TEST_CASE("keys that nobody has asked for are no other phone's business")
{
    Talking call;
    call.alice.sends(NOTIFY, event("kpml"));
    call.alice.receives(481U);
    call.ends();
}
