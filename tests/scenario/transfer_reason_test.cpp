// Why a transfer is refused, as the transferor is told it: what a caller would be told (RFC 3420).
#include "outside_limits_office.hpp"
#include "transfer_office.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

constexpr std::string_view no_circuit = "Reason: Q.850;cause=34;text=\"No circuit available\"";

/// Bob, who may call outside, sends Alice there.
struct Moving : outside_limits::Office {
    void refers(std::string_view number)
    {
        bob.sends(Method::refer, outside_limits::refer_to(number));
        bob.receives(202U);
        is_told("SIP/2.0 100 Trying");
    }

    void is_told(std::string_view lines)
    {
        auto notify = bob.receives(NOTIFY);
        notify.with(std::string{lines} + "\r\n");
        bob.replies_to(notify, 200);
    }

    /// Bob's other phone calls by the second trunk, and talks.
    void second_line_is_taken()
    {
        dialer.sends(INVITE, "0844");
        other.receives(INVITE);
        other.replies(200, talking_sdp);
        dialer.receives(200U);
        other.receives(ACK);
    }
};

Forwarding always(std::string to)
{
    Forwarding forwarding;
    forwarding.always = std::move(to);
    return forwarding;
}

}  // namespace

TEST_CASE("a transfer over a limit of who pays is refused with its Reason, and says which")
{
    Moving office;
    SUBCASE("calls at once")
    {
        office.bobs_limits().calls = 1;
        office.apply();
        office.second_line_is_taken();
        office.alice_talks_to_bob();
        office.refers("0555");
        office.is_told("SIP/2.0 486 Too Many Calls To Outside\r\n" + std::string{no_circuit} +
                       "\r\nWarning: 399 office.test "
                       "\"102 has its 1 calls at once to outside already\"");
    }
    SUBCASE("calls a day")
    {
        office.bobs_limits().calls_per_day = 1;
        office.apply();
        office.bob_calls_outside_once();
        office.alice_talks_to_bob();
        office.refers("0555");
        office.is_told("SIP/2.0 403 Daily Limit Reached\r\n"
                       "Reason: Q.850;cause=21;text=\"Call rejected\"\r\n"
                       "Warning: 399 office.test "
                       "\"102 has its 1 calls a day to outside already\"");
    }
    SUBCASE("a class of destinations, which is a right and no limit")
    {
        office.alice_talks_to_bob();
        office.refers("0900555");
        office.is_told("SIP/2.0 403 Not Allowed\r\n"
                       "Warning: 399 office.test \"102 may not make premium calls\"");
    }
    CHECK(office.far.hears_nothing());
    office.forget();
}

TEST_CASE("a limit that a transfer meets only while it hunts on is told with its Reason")
{
    Moving office;
    office.two.limits.calls = 1;
    office.apply();
    office.alice_talks_to_bob();
    office.refers("0555");
    office.far.receives(INVITE);
    office.second_line_is_taken();
    office.pbx.passes(4s);
    office.far.receives(CANCEL);
    office.is_told("SIP/2.0 486 All Lines Busy\r\n" + std::string{no_circuit} +
                   "\r\nWarning: 399 office.test "
                   "\"Every trunk for this number has as many calls as it may have\"");
    office.forget();
}

TEST_CASE("minutes that are over end a transfer with the Reason that all parties are told")
{
    Moving office;
    office.bobs_limits().minutes = 1min;
    office.apply();
    office.bob.sends(INVITE, "0555");
    office.far.receives(INVITE);
    office.far.replies(200, talking_sdp);
    office.bob.receives(200U);
    office.far.receives(ACK);
    office.refers("103");
    office.carol.receives(INVITE);
    office.pbx.passes(1min);
    office.carol.receives(CANCEL);
    office.far.receives(BYE);
    office.is_told("SIP/2.0 487 Request Terminated\r\n"
                   "Reason: SIP;cause=403;text=\"Time limit of calls to outside\"");
    office.forget();
}

TEST_CASE("a loop of forwards that a transfer meets is 482 with the chain in a Warning")
{
    transfer::Talking call;
    const std::string loop = "SIP/2.0 482 Loop Detected\r\n"
                             "Warning: 399 office.test \"Forwarding loop: 103 > 104 > 103\"";
    call.pbx.forwards("104", always("103"));
    SUBCASE("at once")
    {
        call.pbx.forwards("103", always("104"));
        call.bob_refers("<sip:103@office.test>");
        call.bob.receives(202U);
        call.bob_hears("SIP/2.0 100 Trying");
        call.bob_hears(loop);
        CHECK(call.carol.hears_nothing());
    }
    SUBCASE("in time")
    {
        Forwarding in_time;
        in_time.no_answer = "104";
        in_time.no_answer_after = 10s;
        call.pbx.forwards("103", in_time);
        call.bob_refers("<sip:103@office.test>");
        call.bob.receives(202U);
        call.bob_hears("SIP/2.0 100 Trying");
        call.carol.receives(INVITE);
        call.pbx.passes(10s);
        call.carol.receives(CANCEL);
        call.bob_hears(loop);
    }
    call.alice_and_bob_still_talk();
}

TEST_CASE("what the target's phone says of its refusal goes on: Reason and Warning, nothing else")
{
    transfer::Talking call;
    call.bob_refers("<sip:103@office.test>");
    call.bob.receives(202U);
    call.bob_hears("SIP/2.0 100 Trying");
    call.carol.receives(INVITE);
    SUBCASE("busy")
    {
        call.carol.answer_headers = {{"Warning", "399 carol \"In a meeting\""},
                                     {"Organization", "Carol"},
                                     {"Reason", "Q.850;cause=17;text=\"User busy\""}};
        call.carol.replies(486);
        call.bob_hears("SIP/2.0 486 \r\n"
                       "Reason: Q.850;cause=17;text=\"User busy\"\r\n"
                       "Warning: 399 carol \"In a meeting\"");
    }
    SUBCASE("queued, and then busy without a word")
    {
        call.carol.answer_headers = {{"Warning", "399 carol \"Second in the queue\""}};
        call.carol.replies(182);
        call.bob_hears("SIP/2.0 182 \r\nWarning: 399 carol \"Second in the queue\"");
        call.carol.answer_headers = {};
        call.carol.replies(486);
        call.bob_hears("SIP/2.0 486 ");
    }
    SUBCASE("redirected to where calls do not go")
    {
        call.carol.redirects({*SipUri::parse("sip:1@elsewhere.test")});
        call.bob_hears("SIP/2.0 403 Redirected To Outside\r\n"
                       "Warning: 399 office.test \"A phone of 103 redirects to no number here\"");
    }
    SUBCASE("the transferee takes no such media")
    {
        call.carol.replies(200, transfer::carol_sdp);
        call.alice.receives(INVITE);
        call.alice.answer_headers = {{"Warning", "305 alice \"Incompatible media format\""}};
        call.alice.replies(488);
        call.alice.answer_headers = {};
        call.carol.receives(ACK);
        call.carol.receives(BYE);
        call.bob_hears("SIP/2.0 488 \r\nWarning: 305 alice \"Incompatible media format\"");
    }
    call.alice_and_bob_still_talk();
}

TEST_CASE("a transfer that fails once the transferor has left: its cause is recorded in words")
{
    transfer::Talking call;
    call.bob_refers("<sip:103@office.test>");
    call.bob.receives(202U);
    call.bob_hears("SIP/2.0 100 Trying");
    call.carol.receives(INVITE);
    call.bob.sends(BYE);
    call.bob.receives(200U);
    call.alice.answers_probes = true;
    call.pbx.passes(120s);
    call.carol.receives(CANCEL);
    const std::string reason = "SIP;cause=480;text=\"Transfer failed: No Answer\"";
    call.alice.receives(BYE).header("Reason", reason);
    const auto record = call.pbx.records().at(0);
    CHECK(record.status == 480);
    CHECK(record.reason == reason);
    call.nothing_is_left();
}

TEST_CASE("a click that the office itself would refuse is refused before a phone rings")
{
    Moving office;
    const CallOrder click{.action = CallAction::place, .from = "102", .to = "0555"};
    const auto refused = [&](const std::string& words) {
        const auto answer = office.pbx.orders(click);
        CHECK(answer.outcome == OrderOutcome::wrong_state);
        CHECK(answer.message == "0555: " + words);
        CHECK(office.bob.hears_nothing());
    };
    SUBCASE("a limit")
    {
        office.bobs_limits().calls = 1;
        office.apply();
        office.second_line_is_taken();
        const std::string words =
            "Too Many Calls To Outside: 102 has its 1 calls at once to outside already";
        refused(words);
        office.bob.refers("102", outside_limits::refer_to("0555"));
        office.bob.receives(486U)
            .phrase("Too Many Calls To Outside")
            .header("Warning", "399 office.test \"Refer-To: 0555: " + words + '"')
            .header("Reason", "Q.850;cause=34;text=\"No circuit available\"");
        office.dialer.sends(BYE);
        office.dialer.receives(200U);
        office.other.receives(BYE);
        CHECK(office.pbx.orders(click).outcome == OrderOutcome::begun);
    }
    SUBCASE("no trunk")
    {
        office.one.enabled = office.two.enabled = false;
        office.apply();
        refused("No Trunk Available: No trunk for this number can be reached");
    }
    SUBCASE("a rule")
    {
        office.rules.rules = {{.pattern = "0555", .status = 480, .phrase = "At Night Only"}};
        office.apply();
        refused("At Night Only");
    }
    SUBCASE("a limit of the day is no matter of a moment: the number is refused")
    {
        office.bobs_limits().calls_per_day = 1;
        office.apply();
        office.bob_calls_outside_once();
        const auto answer = office.pbx.orders(click);
        CHECK(answer.outcome == OrderOutcome::bad_member);
        CHECK(answer.pointer == "/to");
        CHECK(answer.code == "not_allowed");
        CHECK(answer.message ==
              "Daily Limit Reached: 102 has its 1 calls a day to outside already");
    }
    SUBCASE("but not for who is called: that one may be free by then")
    {
        Forwarding wishes;
        wishes.do_not_disturb = true;
        office.pbx.forwards("101", wishes);
        const CallOrder to_alice{.action = CallAction::place, .from = "102", .to = "101"};
        CHECK(office.pbx.orders(to_alice).outcome == OrderOutcome::begun);
        office.bob.receives(INVITE);
    }
    office.forget();
}
