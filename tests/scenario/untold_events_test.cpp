// What could not be told to a phone: when it is tried again, and by which way.
#include <set>
#include <string>
#include <vector>

#include "scenario/package_events.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

void ring_and_answer(Phone& caller, Phone& callee)
{
    caller.sends(INVITE, callee.number);
    callee.receives(INVITE);
    callee.replies(180);
    caller.receives(180U);
    callee.replies(200, talking_sdp);
    callee.receives(ACK);
    caller.receives(200U);
    caller.answers_probes = callee.answers_probes = true;
}

/// The packages of the NOTIFYs that have come next.
std::set<std::string> next_events(Phone& phone, int count)
{
    std::set<std::string> events;
    for (int i = 0; i < count; ++i) events.insert(phone.receives(NOTIFY).notify->dialog->event);
    return events;
}

}  // namespace

TEST_CASE("a phone that says 481 is left alone, one that is silent is told when it is back")
{
    Scenario pbx;
    auto& bob = pbx.phone("102");
    auto& desk = pbx.phone("102");
    bob.subscribes("presence", "102");
    desk.subscribes("presence", "102");
    bob.answers_notify = 481;
    desk.answers_notify = 500;
    pbx.forwards("102", {.do_not_disturb = true});
    bob.receives(NOTIFY);
    desk.receives(NOTIFY);
    CHECK(pbx.view().subscriptions.size() == 1);
    pbx.passes(4s);  // again after 1 s, and after 2 s more
    desk.receives(NOTIFY);
    desk.receives(NOTIFY);
    desk.answers_notify = 200;
    desk.asks({.event = "reg", .to = "102"});  // a sign of life
    desk.receives(200U);
    CHECK(says(desk.receives(NOTIFY), "Do not disturb"));
    desk.receives(NOTIFY);
    pbx.stays_silent_for(60s);
}

TEST_CASE("a registration that is merely refreshed ends the wait of all that could not be told")
{
    Scenario pbx{{group("sales", {"102"}, {"103"})}};
    auto& bob = pbx.phone("102");
    bob.watches("103");
    bob.subscribes("presence", "102");
    bob.subscribes("message-summary", "102");
    bob.answers_notify = 500;
    ring_and_answer(pbx.phone("101"), pbx.phone("103"));
    counts(pbx, "102", {.fresh = 2});
    pbx.forwards("102", {.do_not_disturb = true});
    pbx.passes(100s);  // by now each waits a minute for its turn
    bob.inbox.clear();
    bob.answers_notify = 200;
    bob.registers(36000s);
    CHECK(next_events(bob, 3) == std::set<std::string>{"dialog", "presence", "message-summary"});
    pbx.stays_silent_for(300s);
}

TEST_CASE("whatever a phone says ends the wait of what nobody had answered, not of what it refused")
{
    ExchangeSettings settings;
    settings.qualify = {.interval = 20s, .misses = 3};
    Scenario pbx{{group("sales", {"102"}, {"103"})}, settings};
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    auto& carol = pbx.phone("103");
    for (auto* phone : {&alice, &carol}) phone->answers_options = 200;
    bob.answers_options = 408;
    bob.watches("103");
    bob.subscribes("presence", "103");
    bob.answers_notify.reset();
    ring_and_answer(alice, carol);
    const auto retry_in = [&] {
        const auto at = pbx.explains("102", "103").phones.at(0).lamp->retry_at;
        return at ? *at - pbx.now().wall : std::chrono::system_clock::duration{};
    };
    const auto lets_pass = [&](std::chrono::seconds time, unsigned status, bool silent) {
        for (auto left = time; left > 0s || retry_in() < (silent ? 3s : 45s); left -= 1s) {
            while (!bob.inbox.empty()) bob.answers(bob.receives(NOTIFY), status, silent);
            pbx.passes(1s);
        }
    };
    const std::set<std::string> both{"dialog", "presence"};
    SUBCASE("a request")
    {
        lets_pass(600s, 408, true);
        bob.answers_notify = 200;
        bob.publishes({.event = "dialog", .to = "102", .if_match = "unknown"});
        bob.receives(412U);
        CHECK(next_events(bob, 2) == both);
    }
    SUBCASE("a SUBSCRIBE to something else")
    {
        lets_pass(600s, 408, true);
        bob.answers_notify = 200;
        bob.asks({.event = "reg", .to = "102"});
        bob.receives(200U);
        CHECK(next_events(bob, 3) == std::set<std::string>{"dialog", "presence", "reg"});
    }
    SUBCASE("the answer to another NOTIFY")
    {
        lets_pass(600s, 408, true);
        // Both fell silent at the same moment: part them.
        bob.publishes({.event = "dialog", .to = "102", .if_match = "unknown"});
        bob.receives(412U);
        const auto first = bob.receives(NOTIFY);
        bob.answers(bob.receives(NOTIFY), 408, true);
        bob.answers_notify = 200;
        bob.answers(first, 200);
        CHECK(next_events(bob, 1).size() == 1);
    }
    SUBCASE("what it refused for now keeps its time")
    {
        lets_pass(600s, 500, false);
        const auto left = retry_in();
        bob.publishes({.event = "dialog", .to = "102", .if_match = "unknown"});
        bob.receives(412U);
        bob.answers_options = 200;
        pbx.passes(25s);
        CHECK(bob.hears_nothing());
        CHECK(retry_in() == left - 25s);
        bob.answers_notify = 200;
        pbx.passes(60s);
        CHECK(next_events(bob, 2) == both);
    }
    pbx.stays_silent_for(300s);
}

TEST_CASE("whose connection died with the exchange is told by its contact, else where it registers "
          "anew")
{
    Scenario pbx{{group("sales", {"102"}, {"103"})}};
    auto& alice = pbx.phone("101");
    auto& carol = pbx.phone("103");
    auto& bob = pbx.silent_phone("102");
    bob.flow.transport = Transport::tcp;
    bob.flow.connection = ConnectionId{7};
    bob.registers();
    bob.watches("103");
    bob.subscribes("presence", "103");
    bob.answers_notify.reset();
    bob.flow.connection = {};
    pbx.restarts();
    bob.flow.connection = ConnectionId{9};
    const std::set<std::string> both{"dialog", "presence"};
    std::vector<Arrived> told{bob.receives(NOTIFY), bob.receives(NOTIFY)};
    for (const auto& notify : told) CHECK(!notify.notify->dialog->flow.connection);
    SUBCASE("its contact takes connections")
    {
        bob.answers_notify = 200;
        for (const auto& notify : told) bob.answers(notify, 200);
        bob.registers();
    }
    SUBCASE("it does not")
    {
        for (const auto& notify : told) bob.answers(notify, 503, true);
        bob.answers_notify = 200;
        bob.registers();
        CHECK(next_events(bob, 2) == both);
    }
    SUBCASE("it registers while that is not yet known")
    {
        bob.answers_notify = 200;
        bob.registers();
        CHECK(next_events(bob, 2) == both);
        for (const auto& notify : told) bob.answers(notify, 408, true);
    }
    pbx.stays_silent_for(60s);
    ring_and_answer(alice, carol);
    while (!bob.hears_nothing())
        CHECK(bob.receives(NOTIFY).notify->dialog->flow.connection == ConnectionId{9});
    for (const auto& kept : pbx.kept().subscriptions) CHECK(kept.flow.port == bob.flow.port);
}

TEST_CASE("RFC 5923: once its connection is closed, nothing is sent to a phone by it")
{
    auto sales = group("sales", {"102"}, {"103"});
    sales.watchers.push_back({"104", true});
    Scenario pbx{{sales}};
    auto& alice = pbx.phone("101");
    auto& carol = pbx.phone("103");
    auto& fred = pbx.phone("106");
    auto& bob = pbx.silent_phone("102");
    auto& dan = pbx.silent_phone("104");
    for (auto* phone : {&bob, &dan}) {
        phone->flow.transport = Transport::tcp;
        phone->flow.connection = ConnectionId{phone->flow.port};
        phone->registers();
    }
    bob.watches("103");
    bob.subscribes("presence", "103");
    dan.inbox.clear();
    for (auto* phone : {&bob, &dan}) {
        pbx.receive(ConnectionClosed{phone->flow.connection});
        phone->flow.connection = {};
    }
    ring_and_answer(alice, carol);
    for (auto* phone : {&bob, &dan}) {
        CHECK_FALSE(phone->hears_nothing());
        while (!phone->hears_nothing())
            CHECK_FALSE(phone->receives(NOTIFY).notify->dialog->flow.connection);
    }
    fred.sends(INVITE, "102");
    bob.receives(INVITE);
    bob.replies(486);
    fred.receives(486U);
    dan.inbox.clear();
    sales.members.push_back("105");
    pbx.replaces_directory({sales});
    CHECK_FALSE(dan.receives(NOTIFY).notify->dialog->flow.connection);
}

TEST_CASE("another phone of the extension that registers takes no NOTIFY over")
{
    Scenario pbx{{group("sales", {"102"}, {"103"})}};
    auto& carol = pbx.phone("103");
    auto& alice = pbx.phone("101");
    auto& desk = pbx.phone("102");
    auto& mobile = pbx.silent_phone("102");
    mobile.flow.transport = Transport::tcp;
    mobile.flow.connection = ConnectionId{7};
    desk.watches("103");
    desk.answers_notify = 500;
    ring_and_answer(alice, carol);
    desk.inbox.clear();
    mobile.registers();
    CHECK(desk.hears_nothing());
    CHECK(mobile.hears_nothing());
    pbx.passes(10s);
    CHECK(mobile.hears_nothing());
    desk.inbox.clear();
}
