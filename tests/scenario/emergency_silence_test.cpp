// Silence in calls to emergency numbers: those who talk may hear each other all the same.
#include <string>

#include "emergency_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::emergency;

TEST_CASE("silence to a probe ends no call for help, but any other")
{
    for (const bool help : {true, false}) {
        CAPTURE(help);
        Outside call{help};
        call.pbx.passes(60s);
        call.far.receives(OPTIONS);
        call.far.fails_with(408);
        if (help) {
            call.pbx.passes(60s);
            call.far.receives(OPTIONS);
            call.far.fails_with(408);
        }
        call.ends(help);
    }
}

TEST_CASE("two probes that cannot be sent end no call for help, but any other")
{
    for (const bool help : {true, false}) {
        CAPTURE(help);
        Outside call{help};
        for (int i = 0; i < 2; ++i) {
            call.pbx.passes(60s);
            call.far.receives(OPTIONS);
            call.far.fails_with(503);
        }
        call.ends(help);
    }
}

TEST_CASE("silence to a display, and to the question after it, ends no call for help, but any other")
{
    for (const bool help : {true, false}) {
        CAPTURE(help);
        Outside call{help};
        call.alice_is_told();
        call.alice.answers_probes = false;
        call.pbx.passes(32s);
        call.alice.fails_with(408);
        call.alice.receives(OPTIONS);
        call.alice.fails_with(408);
        call.alice.answers_probes = true;
        call.ends(help);
    }
}

TEST_CASE("an INVITE of the exchange that is never answered, nor what follows, ends no call for help, "
          "but any other")
{
    for (const bool help : {true, false}) {
        CAPTURE(help);
        Outside call{help};
        CHECK(call.pbx.orders({.action = CallAction::hold}).outcome == OrderOutcome::begun);
        const auto invite = call.alice.receives(INVITE);
        call.alice.replies(180);
        call.alice.answers_cancel = call.alice.answers_probes = false;
        call.pbx.passes(25s);
        call.alice.receives(CANCEL);
        call.pbx.passes(32s);
        call.alice.fails_with(invite, 408);
        call.alice.receives(OPTIONS);
        call.alice.fails_with(408);
        call.alice.answers_probes = true;
        call.ends(help);
    }
}

namespace {

/// Alice has called for help, and for so long nobody of the two has answered anything.
struct Silent : Outside {
    explicit Silent(int minutes = 59) : Outside{true}
    {
        alice.answers_probes = false;
        for (int minute = 0; minute < minutes; ++minute) {
            pbx.passes(60s);
            is_silent(alice);
            is_silent(far);
        }
        CHECK_FALSE(pbx.has_no_calls());
    }

    static void is_silent(Phone& phone)
    {
        phone.receives(OPTIONS);
        phone.fails_with(408);
    }
};

}  // namespace

TEST_CASE("a call for help whose phones have both been silent for an hour is over, and says so")
{
    Silent call;
    constexpr auto reason = "SIP;cause=408;text=\"Nobody has answered for an hour\"";
    call.pbx.passes(60s);
    call.alice.receives(BYE).header("Reason", reason);
    call.far.receives(BYE).header("Reason", reason);
    CHECK(call.pbx.has_no_calls());
    CHECK(call.pbx.has_no_dialogs());
    const auto records = call.pbx.records();
    REQUIRE(records.size() == 1);
    CHECK(records[0].reason == reason);
    CHECK(records[0].status == 408);
}

TEST_CASE("a call for help goes on for as long as one of its phones answers")
{
    Silent call{58};
    call.far.answers_probes = true;
    call.pbx.passes(60s);
    for (int minute = 0; minute < 61; ++minute) {
        Silent::is_silent(call.alice);
        call.pbx.passes(60s);
    }
    Silent::is_silent(call.alice);
    CHECK(call.far.hears_nothing());
    call.far.sends(BYE);
    call.far.receives(200U);
    call.alice.receives(BYE);
    CHECK(call.pbx.has_no_calls());
}

TEST_CASE("after a restart the hour of silence of a call for help begins anew")
{
    Silent call;
    call.pbx.restarts();
    call.pbx.passes(1s);
    Silent::is_silent(call.alice);
    Silent::is_silent(call.far);
    call.pbx.passes(60s);
    Silent::is_silent(call.alice);
    Silent::is_silent(call.far);
    call.far.sends(BYE);
    call.far.receives(200U);
    call.alice.receives(BYE);
    CHECK(call.pbx.has_no_calls());
}

TEST_CASE("an answer that nobody acknowledges ends no call for help, but any other")
{
    for (const bool help : {true, false}) {
        CAPTURE(help);
        Office office;
        auto& [pbx, trunk, alice, bob, far] = office;
        alice.acknowledges = false;
        alice.sends(INVITE, help ? "112" : "0664");
        far.receives(INVITE);
        far.replies(200, talking_sdp);
        const auto success = alice.receives(200U);
        if (help) far.receives(ACK);
        CHECK(far.hears_nothing());
        pbx.passes(32s);
        alice.never_acknowledges(success);
        if (!help) {
            alice.receives(BYE).header("Reason", "SIP;cause=408;text=\"ACK missing\"");
            far.receives(ACK);
            far.receives(BYE);
            CHECK(pbx.has_no_calls());
            continue;
        }
        alice.receives(OPTIONS);
        alice.replies(200);
        alice.acknowledges = alice.answers_probes = far.answers_probes = true;
        pbx.stays_silent_for(200s);
        alice.sends_invite(hold_sdp);  // nothing stands in its way
        far.receives(INVITE).with(hold_sdp);
        far.replies(200, talking_sdp);
        alice.receives(200U);
        far.receives(ACK);
        CHECK(far.hears_nothing());  // one is enough
        alice.sends(BYE);
        alice.receives(200U);
        far.receives(BYE);
        CHECK(pbx.has_no_calls());
        CHECK(pbx.has_no_dialogs());
    }
}

TEST_CASE("a change of the session that nobody acknowledges ends no call for help")
{
    Outside call{true};
    call.alice.acknowledges = false;
    call.alice.sends_invite(hold_sdp);
    call.far.receives(INVITE).with(hold_sdp);
    call.far.replies(200, talking_sdp);
    const auto success = call.alice.receives(200U);
    call.far.receives(ACK);
    call.pbx.passes(32s);
    call.alice.never_acknowledges(success);
    CHECK(call.far.hears_nothing());
    call.alice.acknowledges = true;
    call.alice.sends_invite(talking_sdp);
    call.far.receives(INVITE).with(talking_sdp);
    call.far.replies(200, talking_sdp);
    call.alice.receives(200U);
    call.far.receives(ACK);
    call.ends(true);
}

TEST_CASE("a call for help ends where the ACK that is missing has the answer to an offer")
{
    Office office;
    auto& [pbx, trunk, alice, bob, far] = office;
    alice.acknowledges = false;
    alice.sends(INVITE, "112", "");
    far.receives(INVITE).without_body();
    far.replies(200, talking_sdp);
    const auto success = alice.receives(200U);
    CHECK(far.hears_nothing());
    pbx.passes(32s);
    alice.never_acknowledges(success);
    alice.receives(BYE);
    far.receives(ACK);
    far.receives(BYE);
    CHECK(pbx.has_no_calls());
}
