// kill -9 in the middle of the office's calls: phones that talk talk on, and the lamps say so.
#include <map>

#include "scenario/restart_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::restart;

TEST_CASE(
    "a talking call goes on after kill -9: the lamp is steady, and a BYE of either side ends it")
{
    Talking call;
    call.restarts();
    SUBCASE("the caller hangs up")
    {
        call.ends(call.alice, call.bob);
    }
    SUBCASE("the callee hangs up")
    {
        call.ends(call.bob, call.alice);
    }
}

TEST_CASE("a call is stored once when it is answered, and removed once")
{
    Talking call;
    CHECK(call.times_stored() == 1);
    CHECK(call.pbx.kept().calls.size() == 1);
    call.ends(call.alice, call.bob);
    CHECK(call.times_stored() == 1);
}

TEST_CASE("the record goes on: id, parties and times are those of before")
{
    Talking call;
    const auto before = call.pbx.view().calls.at(0);
    call.pbx.passes(10s);
    call.restarts();
    const auto after = call.pbx.view().calls.at(0);
    CHECK(after.id == before.id);
    CHECK(after.from == "101");
    CHECK(after.dialled == "102");
    CHECK(after.started_at == before.started_at);
    CHECK(after.answered_at == before.answered_at);
    CHECK(after.legs.size() == 2);
    call.bob.sends(BYE);
    call.bob.receives(200U);
    call.alice.receives(BYE);
    call.lamp_is_dark();
    call.carol.sends(INVITE, "101", carol_sdp);
    call.alice.receives(INVITE);
    CHECK(call.pbx.view().calls.at(0).id > before.id);
    call.carol.cancels();
    call.alice.receives(CANCEL);
}

TEST_CASE("what was agreed before the kill still holds: hold, identities, the phone's new place")
{
    Talking call;
    call.alice.sends_invite(hold_sdp);
    call.bob.receives(INVITE);
    call.bob.replies(200, "v=0\r\nm=audio 1 x\r\na=recvonly\r\n");
    call.alice.receives(200U);
    call.bob.receives(ACK);
    while (!call.dave.hears_nothing()) call.dave.receives(NOTIFY);
    call.restarts();
    const auto legs = call.pbx.view().calls.at(0).legs;
    CHECK(legs.at(0).held);
    CHECK_FALSE(legs.at(1).held);
    call.ends(call.alice, call.bob);
}

TEST_CASE("requests within a call taken up go to the other phone, and change what is stored")
{
    Talking call;
    call.restarts();
    call.is_held();
    call.restarts();
    CHECK(call.pbx.view().calls.at(0).legs.at(1).held);
    call.ends(call.bob, call.alice);
}

TEST_CASE("our CSeq goes on above all that was sent, and is not stored with each request")
{
    Talking call;
    constexpr std::uint32_t requests = 500;
    for (std::uint32_t i = 0; i < requests; ++i) {
        call.alice.sends(INFO);
        call.bob.receives(INFO);
        call.bob.replies(200);
        call.alice.receives(200U);
    }
    CHECK(call.times_stored() <= 1 + requests / 32);
    call.restarts();
    CHECK(call.bob.resumed_cseq > requests + 1);
    CHECK(call.bob.resumed_cseq < requests + 200);
    const auto before = call.bob.resumed_cseq;
    for (int i = 0; i < 100; ++i) {
        call.alice.sends(INFO);
        call.bob.receives(INFO);
        call.bob.replies(200);
        call.alice.receives(200U);
    }
    call.restarts();
    CHECK(call.bob.resumed_cseq > before + 100);
    call.ends(call.bob, call.alice);
}

TEST_CASE("calls that only rang are not taken up, and their lamps are dark")
{
    Talking call;
    call.carol.sends(INVITE, "102", carol_sdp);  // a second call, ringing at Bob
    call.bob.receives(INVITE);
    call.bob.replies(180);
    call.carol.receives(180U);
    while (!call.dave.hears_nothing()) call.dave.receives(NOTIFY);
    SUBCASE("for a moment: nothing of it is stored")
    {
        call.pbx.passes(70ms);
    }
    SUBCASE("for as long as a person needs to see it: both sides are told")
    {
        call.pbx.passes(90ms);
        CHECK(call.pbx.kept().ringing.size() == 1);
        call.pbx.restarts();
        call.bob.receives(CANCEL);
        call.carol.receives(500U);
        call.lamp_is_steady();
    }
    SUBCASE("for a while, and is answered: it is a talking call like any other")
    {
        call.pbx.passes(1s);
        call.bob.replies(200, bob_sdp);
        call.carol.receives(200U);
        call.bob.receives(ACK);
        while (!call.dave.hears_nothing()) call.dave.receives(NOTIFY);
        call.bob.sends(BYE);
        call.bob.receives(200U);
        call.carol.receives(BYE);
        while (!call.dave.hears_nothing()) call.dave.receives(NOTIFY);
    }
    SUBCASE("for a while, and nobody answers")
    {
        call.pbx.passes(1s);
        call.carol.cancels();
        call.bob.receives(CANCEL);
        while (!call.dave.hears_nothing()) call.dave.receives(NOTIFY);
    }
    CHECK(call.pbx.kept().ringing.empty());
    call.restarts();  // one dialog only: the one that talks
    CHECK(call.pbx.view().calls.size() == 1);
    CHECK_FALSE(call.carol.has_dialog());
    call.ends(call.bob, call.alice);
}

TEST_CASE("a phone that wants gaps between NOTIFYs is told first who was in a call at the kill")
{
    bool unasked = false;
    SUBCASE("by lamps that it has asked for") {}
    SUBCASE("by lamps that it has not asked for")
    {
        unasked = true;
    }
    std::vector<std::string> colleagues;
    for (int number = 101; number < 109; ++number) colleagues.push_back(std::to_string(number));
    Scenario pbx{{Group{"all", "", colleagues, {{"109", unasked}}}}};
    auto& alice = pbx.phone("106");
    auto& bob = pbx.phone("107");
    auto& carol = pbx.phone("108");
    auto& dave = pbx.phone("109");
    for (auto* phone : {&alice, &bob, &carol}) phone->answers_probes = true;
    while (!dave.hears_nothing()) dave.receives(NOTIFY);
    dave.user_agent = "COMfortel D-600";  // ten a second
    dave.registers();
    if (!unasked)
        for (const auto& colleague : colleagues) {
            dave.watches(colleague);
            pbx.passes(100ms);
        }
    alice.sends(INVITE, "107", alice_sdp);
    bob.receives(INVITE);
    bob.replies(200, bob_sdp);
    alice.receives(200U);
    bob.receives(ACK);
    carol.sends(INVITE, "107", carol_sdp);
    bob.receives(INVITE);
    bob.replies(180);
    carol.receives(180U);
    pbx.passes(10s);
    while (!dave.hears_nothing()) dave.receives(NOTIFY);

    pbx.restarts();
    bob.receives(CANCEL);
    carol.receives(500U);
    std::map<std::string, bool> idle;
    const auto hears = [&] {
        const auto told = dave.receives(NOTIFY);
        idle[told.document().entity] = told.idle();
        CHECK(dave.hears_nothing());
    };
    hears();  // somebody, whoever is the first
    for (int turn = 0; turn < 3; ++turn) {
        pbx.passes(100ms);
        hears();
    }
    CHECK_FALSE(idle.at("sip:106@office.test"));
    CHECK_FALSE(idle.at("sip:107@office.test"));
    CHECK(idle.at("sip:108@office.test"));
    pbx.passes(1s);  // and then of everybody else
    while (!dave.hears_nothing()) idle[dave.receives(NOTIFY).document().entity] = true;
    CHECK(idle.size() == colleagues.size());
}

TEST_CASE("a call that is answered or refused at once is stored as a ringing one never")
{
    Talking call;
    const auto before = call.pbx.stored.size();
    call.carol.sends(INVITE, "102", carol_sdp);
    call.bob.receives(INVITE);
    call.pbx.passes(50ms);
    SUBCASE("answered")
    {
        call.bob.replies(200, bob_sdp);
        call.carol.receives(200U);
        call.bob.receives(ACK);
        call.pbx.passes(1s);
        call.carol.sends(BYE);
        call.carol.receives(200U);
        call.bob.receives(BYE);
    }
    SUBCASE("refused")
    {
        call.bob.replies(486);
        call.carol.receives(486U);
    }
    while (!call.dave.hears_nothing()) call.dave.receives(NOTIFY);
    call.pbx.passes(2s);
    for (auto at = before; at < call.pbx.stored.size(); ++at)
        CHECK_FALSE(std::holds_alternative<RingingStored>(call.pbx.stored[at]));
    call.ends(call.alice, call.bob);
}

TEST_CASE("a phone that forgot the call: the other one is hung up, and the lamp goes dark")
{
    Talking call;
    SUBCASE("it answers 481")
    {
        call.bob.answers_probes = false;
        call.restarts();
        call.pbx.passes(1s);
        call.bob.receives(OPTIONS);
        call.bob.replies(481);
        call.bob.receives(BYE);
    }
    SUBCASE("it does not answer")
    {
        call.bob.answers_probes = false;
        call.restarts();
        call.pbx.passes(1s);
        call.bob.receives(OPTIONS);
        call.bob.fails_with(408);
        call.bob.receives(BYE);
    }
    call.alice.receives(BYE);
    call.lamp_is_dark();
    call.nothing_is_left();
}

TEST_CASE("phones are asked once after a start even where no probes are wanted")
{
    ExchangeSettings settings;
    settings.calls.probe_interval = 0s;
    Talking call{settings};
    call.alice.answers_probes = call.bob.answers_probes = false;
    call.restarts();
    call.pbx.passes(1s);
    for (auto* phone : {&call.alice, &call.bob}) {
        phone->receives(OPTIONS);
        phone->replies(200);
    }
    call.pbx.stays_silent_for(1000s);
    call.ends(call.alice, call.bob);
}

TEST_CASE("the phones that ring for a transfer are silenced, and the parties are where they were")
{
    Talking call;
    call.bob.sends(Method::refer, refer_to("<sip:103@office.test>"));
    call.bob.receives(202U);
    call.bob.replies_to(call.bob.receives(NOTIFY), 200);
    call.carol.receives(INVITE);
    call.pbx.passes(1s);
    call.restarts();
    call.carol.receives(CANCEL);
    call.ends(call.bob, call.alice);
}

TEST_CASE("a dialog that cannot be taken up ends its call")
{
    Talking call;
    call.restarts();
    call.pbx.receive(DialogLost{call.bob.dialog()});
    call.alice.receives(BYE);
    call.lamp_is_dark();
    call.nothing_is_left();
}

TEST_CASE("a dialog that is stored twice is taken up once, and the other row is removed")
{
    Talking call;
    call.pbx.restarts([](Kept& kept) {
        auto copy = kept.calls.at(0);
        copy.id = CallRef{77};
        kept.calls.push_back(copy);
    });
    call.lamp_is_steady();
    CHECK(call.pbx.view().calls.size() == 1);
    const auto removed = std::ranges::count_if(call.pbx.stored, [](const StorageChange& change) {
        const auto* one = std::get_if<CallRemoved>(&change);
        return one && one->call == CallRef{77};
    });
    CHECK(removed == 1);
    std::erase_if(call.pbx.stored, [](const StorageChange& change) {
        return std::holds_alternative<CallRemoved>(change);
    });
    call.ends(call.alice, call.bob);
}

TEST_CASE(
    "a clicked call that rings at a kill is ended at both phones, the one that waits included")
{
    Scenario pbx;
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    pbx.orders({.action = CallAction::place, .from = "101", .to = "102"});
    alice.receives(INVITE);
    alice.replies(200, hold_sdp);
    alice.receives(ACK);
    bob.receives(INVITE);
    bob.replies(180);
    pbx.passes(1s);
    const auto left = pbx.kept();
    REQUIRE(left.ringing.size() == 1);
    CHECK(left.ringing[0].invites.size() == 2);
    pbx.restarts();
    bob.receives(CANCEL);
    alice.receives(BYE).header("Reason", "SIP;cause=500;text=\"Exchange restarted\"");
    CHECK(pbx.kept().ringing.empty());
    CHECK(pbx.has_no_calls());
    CHECK(pbx.has_no_dialogs());
    pbx.stays_silent_for(41s);
}

TEST_CASE("who is alone in the calling-card application at a kill is hung up; who talks talks on")
{
    Scenario pbx;
    pbx.has_calling_card({.number = "800"});
    auto& alice = pbx.phone("101");
    alice.sends(INVITE, "800");
    alice.receives(200U);
    const auto subscribe = alice.receives(SUBSCRIBE);
    alice.replies_to(subscribe, 489);
    pbx.passes(1s);
    CHECK(pbx.kept().ringing.size() == 1);
    pbx.restarts();
    alice.receives(BYE);
    CHECK(pbx.kept().ringing.empty());
    CHECK(pbx.has_no_dialogs());
    pbx.stays_silent_for(41s);
}

TEST_CASE("what a phone has refused is remembered over a restart, until it registers anew")
{
    auto sales = group("sales", {}, {"102", "104"});
    sales.watchers = {{"103", true}};
    Scenario pbx{{sales}};
    pbx.configures("103",
                   [](Extension& extension) { extension.messages = MessageCounts{.fresh = 2}; });
    auto& carol = pbx.silent_phone("103");
    carol.answers_notify = 489;
    carol.registers();
    CHECK(carol.inbox.size() > 1);
    carol.inbox.clear();
    pbx.restarts();
    CHECK(carol.hears_nothing());
    const auto account = pbx.explains("103", "102");
    REQUIRE(account.phones.size() == 1);
    REQUIRE(account.phones[0].refusal);
    CHECK(account.phones[0].refusal->first == 489);
    carol.registers();  // a mere refresh
    CHECK(carol.hears_nothing());
    carol.registers(3600s, 500);  // one that changes something
    pbx.restarts();
    CHECK(carol.hears_nothing());
    carol.answers_notify = 200;
    carol.reboots = 1;
    carol.registers();
    std::set<std::string> told;
    while (!carol.hears_nothing()) told.insert(carol.receives(NOTIFY).notify->dialog->event);
    CHECK(told == std::set<std::string>{"dialog", "message-summary"});
}
