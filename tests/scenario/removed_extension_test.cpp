// An extension is deleted while calls ring or talk at its phones.
#include "call_control_office.hpp"
#include "park_office.hpp"
#include "trunk_office.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

void is_cancelled(Phone& phone)
{
    phone.receives(CANCEL).header("Reason", "SIP;cause=480;text=\"Registration is over\"");
}

struct Ringing : call_control::Office {
    explicit Ringing(std::string_view to = "102") : Ringing{to, {}} {}
    Ringing(std::string_view to, const Forwarding& bobs)
    {
        pbx.forwards("102", bobs);
        RingGroup group;
        group.number = "600";
        group.members = {{"102"}, {"103", 5s}};
        pbx.has_ring_groups({group});
        alice.sends(INVITE, to, call_control::alice_sdp);
        at_bob = bob.receives(INVITE);
        bob.replies(180);
        alice.receives(180U);
    }

    void carol_answers()
    {
        carol.replies(200, call_control::carol_sdp);
        carol.receives(ACK);
        alice.receives(200U).with(call_control::carol_sdp);
        carol.sends(BYE);
        carol.receives(200U);
        alice.receives(BYE);
        nothing_is_left();
    }

    Arrived at_bob;
};

}  // namespace

TEST_CASE("a phone that rings is cancelled when its extension is deleted, and the caller hears 480")
{
    Ringing call;
    SUBCASE("at once")
    {
        call.pbx.removes("102");
        is_cancelled(call.bob);
        call.alice.receives(480U).phrase("No Phone Registered");
    }
    SUBCASE("whatever the phone says to the CANCEL")
    {
        call.bob.answers_cancel = false;
        call.pbx.removes("102");
        is_cancelled(call.bob);
        call.alice.receives(480U);
        call.bob.replies_to(call.at_bob, 200, call_control::bob_sdp);
        call.bob.receives(ACK);
        call.bob.receives(BYE);
    }
    SUBCASE("with another one beside it")
    {
        call.pbx.removes("104");
        CHECK(call.bob.hears_nothing());
        call.pbx.removes("102");
        is_cancelled(call.bob);
        call.alice.receives(480U);
    }
    call.nothing_is_left();
    CHECK(call.pbx.kept().bindings.size() == 2);
}

TEST_CASE("the other members of a ring group ring on when one is deleted")
{
    Ringing call{"600"};
    SUBCASE("while they ring")
    {
        call.pbx.passes(5s);
        call.carol.receives(INVITE);
        call.pbx.removes("102");
        is_cancelled(call.bob);
        CHECK(call.alice.hears_nothing());
        call.carol_answers();
    }
    SUBCASE("before their turn, which comes at once")
    {
        call.pbx.removes("102");
        is_cancelled(call.bob);
        call.carol.receives(INVITE);
        call.carol_answers();
    }
    SUBCASE("before its own turn, which never comes")
    {
        call.pbx.removes("103");
        call.pbx.passes(5s);
        CHECK(call.carol.hears_nothing());
        call.bob.replies(486);
        call.alice.receives(486U);
        call.nothing_is_left();
    }
}

TEST_CASE("a call that rang at a deleted extension goes where those of unregistered phones go")
{
    Forwarding away;
    away.unregistered = "103";
    Ringing call{"102", away};
    call.pbx.removes("102");
    is_cancelled(call.bob);
    call.alice.receives(181U);
    call.carol.receives(INVITE).header("Diversion",
                                       "<sip:102@office.test>;reason=unavailable;counter=1");
    call.carol_answers();
}

TEST_CASE("a deleted extension sends no call outside, whatever everybody may")
{
    trunks::Office office;
    office.rules.default_outside = {.forward = true, .limits = {}};
    office.apply();
    Forwarding away;
    away.unregistered = "0664999";
    office.pbx.forwards("102", away);
    office.alice.sends(INVITE, "102");
    office.bob.receives(INVITE);
    office.pbx.removes("102");
    is_cancelled(office.bob);
    office.alice.receives(403U);
    CHECK(office.far.hears_nothing());
    office.all_is_over();
}

TEST_CASE("who talks while its extension is deleted talks on")
{
    call_control::Talking call;
    call.pbx.removes("102");
    call.bob.sends(INFO);
    call.alice.receives(INFO);
    call.alice.replies(200);
    call.bob.receives(200U);
    call.they_end();
}

TEST_CASE("whom a deleted extension has called rings on")
{
    Ringing call;
    call.pbx.removes("101");
    CHECK(call.bob.hears_nothing());
    call.bob.replies(200, call_control::bob_sdp);
    call.bob.receives(ACK);
    call.alice.receives(200U);
    call.bob.sends(BYE);
    call.bob.receives(200U);
    call.alice.receives(BYE);
    call.nothing_is_left();
}

TEST_CASE("a click is over when the extension is deleted whose phone rings first")
{
    call_control::Clicked call;
    call.pbx.removes("101");
    is_cancelled(call.alice);
    CHECK(call.bob.hears_nothing());
    call.nothing_is_left();
    CHECK(call.pbx.records().back().status == 480);
}

TEST_CASE("a clicked call whose target is deleted while it rings ends for who waits")
{
    call_control::Clicked call;
    call.alice_answers();
    call.pbx.removes("102");
    is_cancelled(call.bob);
    call.alice_is_released("SIP;cause=480;text=\"No Phone Registered\"");
}

TEST_CASE(
    "a parked call rings at the fallback when its parker is deleted while it rings back there")
{
    park::Office office{{.number = "700", .first_slot = "701", .slots = 2, .fallback = "103"}};
    office.bob_parks();
    office.pbx.passes(120s);
    office.bob.receives(INVITE);
    office.pbx.removes("102");
    is_cancelled(office.bob);
    CHECK(office.parked_in() == "701");
    office.pbx.passes(1ms);
    office.carol.receives(INVITE).from("101");
    office.carol.replies(200, park::carol_sdp);
    office.alice.receives(INVITE).with(park::carol_sdp);
    office.alice.replies(200, park::alice_sdp);
    office.carol.receives(ACK);
    office.alice.receives(ACK);
    office.alice_hangs_up(office.carol);
}
