// Taking a colleague's call by dialling the target of its dialog: phones that send no Replaces.
#include <doctest/doctest.h>

#include "support/scenario.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

constexpr std::string_view alice_sdp = "v=0\r\no=alice\r\nm=audio 4000 RTP/AVP 0\r\n";
constexpr std::string_view carol_sdp = "v=0\r\no=carol\r\nm=audio 6000 RTP/AVP 0 8\r\n";

/// Alice calls Bob, whose phone rings. Carol may pick that up, Dave may not, and both have phones
/// that dial targets; Eve's is of another kind.
struct Ringing {
    explicit Ringing(PickupTarget where)
    {
        pbx.rows.push_back({.name = "dialler", .pickup_target = where});
        auto sales = group("sales", {"103", "105"}, {"102"});
        auto joiners = group("joiners", {"104"}, {"102"});
        sales.watchers.at(0).profile = joiners.watchers.at(0).profile = "dialler";
        joiners.rights.pickup = false;
        joiners.rights.join = true;
        pbx.replaces_directory({sales, joiners});
        for (auto* watcher : {&carol, &dave, &eve}) watcher->watches("102");
        alice.sends(INVITE, "102", alice_sdp);
        bob.receives(INVITE);
        for (auto* watcher : {&carol, &dave, &eve}) watcher->receives(NOTIFY);
        bob.replies(180);
        alice.receives(180U);
        shown = carol.receives(NOTIFY).dialog();
        to_dave = dave.receives(NOTIFY).dialog();
        to_eve = eve.receives(NOTIFY).dialog();
    }

    void carol_dials(const std::string& target)
    {
        const auto uri = SipUri::parse(target);
        REQUIRE(uri);
        CHECK(uri->host == "office.test");
        carol.sends(INVITE, uri->user, carol_sdp);
    }

    void all_are_told_of(std::string_view state)
    {
        for (auto* watcher : {&carol, &dave, &eve})
            CHECK(watcher->receives(NOTIFY).dialog().state == state);
    }

    void carol_has_the_call()
    {
        carol.receives(200U).with(alice_sdp);
        alice.receives(200U).with(carol_sdp);
        bob.receives(CANCEL).header("Reason", "SIP;cause=200;text=\"Call completed elsewhere\"");
        all_are_told_of("terminated");
        carol.sends(BYE);
        carol.receives(200U);
        alice.receives(BYE);
        CHECK(pbx.has_no_calls());
        CHECK(pbx.has_no_dialogs());
        pbx.stays_silent_for(32s);
    }

    Scenario pbx;
    Phone& alice = pbx.phone("101");
    Phone& bob = pbx.phone("102");
    Phone& carol = pbx.phone("103");
    Phone& dave = pbx.phone("104");
    Phone& eve = pbx.phone("105");
    DialogElement shown, to_dave, to_eve;
};

constexpr std::string_view dialled = "sip:**102@office.test";

}  // namespace

TEST_CASE("the remote target of a call that rings picks it up, where the row of the phone says so")
{
    Ringing call{PickupTarget::remote};
    CHECK(call.shown.remote_target == dialled);
    CHECK(call.shown.local_target == call.to_eve.local_target);
    CHECK(call.shown.remote_identity == "sip:101@office.test");
    call.carol_dials(call.shown.remote_target);
    call.carol_has_the_call();
}

TEST_CASE("the local target does, for phones that dial that one")
{
    Ringing call{PickupTarget::local};
    CHECK(call.shown.local_target == dialled);
    CHECK(call.shown.remote_target == call.to_eve.remote_target);
    call.carol_dials(call.shown.local_target);
    call.carol_has_the_call();
}

TEST_CASE("who may not pick up, and whose row does not ask, is told where the parties are")
{
    Ringing call{PickupTarget::both};
    CHECK(call.shown.remote_target == dialled);
    CHECK(call.shown.local_target == dialled);
    CHECK(call.to_dave.call_id == call.to_eve.call_id);  // he may join, once they talk
    CHECK(call.to_dave.remote_target == "sip:101@office.test");
    CHECK(call.to_dave.local_target == call.to_eve.local_target);
    CHECK(call.to_eve.remote_target == "sip:101@office.test");
    CHECK(call.to_eve.local_target == "sip:102@office.test");
    call.carol_dials(call.shown.remote_target);
    call.carol_has_the_call();
}

TEST_CASE("a Replaces counts, whatever target the phone dials")
{
    Ringing call{PickupTarget::both};
    auto replaces = replacing(call.shown);
    SUBCASE("one that names the call")
    {
        call.carol.sends_replacing(replaces, "**102", carol_sdp);
    }
    SUBCASE("one that names none: 481, and the target is not looked at")
    {
        replaces.call_id = "x";
        call.carol.sends_replacing(replaces, "**102", carol_sdp);
        call.carol.receives(481U);
        call.carol_dials(call.shown.remote_target);
    }
    call.carol_has_the_call();
}

TEST_CASE("who dials the target too late rings nobody, and is not told to any more")
{
    Ringing call{PickupTarget::both};
    SUBCASE("the caller has given up")
    {
        call.alice.cancels();
        call.bob.receives(CANCEL);
        for (auto* watcher : {&call.carol, &call.dave, &call.eve}) {
            const auto told = watcher->receives(NOTIFY).dialog();
            CHECK(told.state == "terminated");
            CHECK(told.remote_target == "sip:101@office.test");
        }
        call.carol_dials(call.shown.remote_target);
        call.carol.receives(480U).phrase("Nothing Rings There");
    }
    SUBCASE("it was answered")
    {
        call.bob.replies(200, talking_sdp);
        call.alice.receives(200U);
        call.bob.receives(ACK);
        const auto told = call.carol.receives(NOTIFY).dialog();
        CHECK(told.state == "confirmed");
        CHECK(told.remote_target == call.dave.receives(NOTIFY).dialog().remote_target);
        CHECK(told.local_target == call.eve.receives(NOTIFY).dialog().local_target);
        call.carol_dials(call.shown.local_target);
        call.carol.receives(480U).phrase("Nothing Rings There");
        call.alice.sends(BYE);
        call.alice.receives(200U);
        call.bob.receives(BYE);
        call.all_are_told_of("terminated");
    }
    CHECK(call.bob.hears_nothing());
    CHECK(call.alice.hears_nothing());
    CHECK(call.pbx.has_no_calls());
    call.pbx.stays_silent_for(32s);
}
