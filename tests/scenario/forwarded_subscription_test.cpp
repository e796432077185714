// Extensions whose phones notify their watchers themselves: the exchange forwards the SUBSCRIBE,
// and is silent for as long as the phone tells.
#include "scenario/forwarded_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::forwarded;

TEST_CASE("a SUBSCRIBE goes to the phone that notifies by itself; the exchange is silent then, "
          "unasked as well")
{
    Scenario pbx{{told_unasked()}};
    notifies(pbx, true);
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    auto& carol = pbx.phone("103");
    CHECK(carol.receives(NOTIFY).idle());  // nobody has asked yet

    carol.asks(to_bob);
    const auto asked = bob.receives(SUBSCRIBE).from("103");
    CHECK(carol.hears_nothing());
    bob.answers_subscribe(asked, 200);
    carol.receives(200U);
    CHECK(kinds(pbx) == "103 forwarded unknown\n");
    ring(alice, bob);
    CHECK(carol.hears_nothing());

    SUBCASE("it is refreshed, and ended, at the phone; then it is told unasked again")
    {
        carol.asks(within(bob));
        bob.answers_subscribe(bob.receives(SUBSCRIBE), 200, 600s);
        carol.receives(200U);
        carol.asks(within(bob, 0s));
        bob.answers_subscribe(bob.receives(SUBSCRIBE), 200, 0s);
        carol.receives(200U);
        CHECK(carol.receives(NOTIFY).idle());
    }
    SUBCASE("it expires at the phone's time")
    {
        carol.asks(within(bob));
        bob.answers_subscribe(bob.receives(SUBSCRIBE), 200, 600s);
        carol.receives(200U);
        pbx.passes(599s);
        CHECK(carol.hears_nothing());
        pbx.passes(2s);
        CHECK(carol.receives(NOTIFY).idle());
    }
    SUBCASE("the phone says by a NOTIFY that it is over")
    {
        bob.notifies(asked, {.over = true});
        CHECK(passed(carol) == "1");
        CHECK(carol.receives(NOTIFY).idle());
    }
    SUBCASE("a phone that has forgotten it, or is gone, ends it")
    {
        for (const unsigned status : {481U, 480U}) {
            carol.asks(within(bob));
            bob.answers_subscribe(bob.receives(SUBSCRIBE), status);
            carol.receives(status);
            CHECK(carol.receives(NOTIFY).idle());
            carol.asks(to_bob);
            bob.answers_subscribe(bob.receives(SUBSCRIBE), 200);
            carol.receives(200U);
        }
    }
    SUBCASE("a refresh that merely failed leaves it as it is")
    {
        carol.asks(within(bob));
        bob.answers_subscribe(bob.receives(SUBSCRIBE), 500);
        carol.receives(500U);
        CHECK(kinds(pbx) == "103 forwarded unknown\n");
    }
    SUBCASE("it is so after a restart")
    {
        pbx.restarts();
        CHECK(carol.hears_nothing());
        ring(alice, bob);
        CHECK(carol.hears_nothing());
        carol.asks(within(bob));
        bob.answers_subscribe(bob.receives(SUBSCRIBE), 200);
        carol.receives(200U);
    }
    SUBCASE("whose right goes is refused at the next refresh, and nothing is kept")
    {
        pbx.replaces_directory({});
        CHECK(ended(carol, bob) == "rejected 1 version 0");
        CHECK(kinds(pbx).empty());
        carol.asks(within(bob));
        carol.receives(403U);
        carol.asks(to_bob);
        carol.receives(403U);
        CHECK(pbx.kept().subscriptions.empty());
    }
    SUBCASE("who asks for the exchange again gets it by subscribing anew")
    {
        notifies(pbx, false);
        CHECK(ended(carol, bob) == "deactivated 1 version 0");
        CHECK(carol.receives(NOTIFY).idle());  // unasked at once
        carol.asks(within(bob));
        carol.receives(481U);
        CHECK(carol.watches("102").idle());
    }
}

TEST_CASE("a subscription that the exchange tells is ended, to be begun anew at the phone")
{
    Scenario pbx{{group("sales", {"103"}, {"102"})}};
    auto& bob = pbx.phone("102");
    auto& carol = pbx.phone("103");
    carol.watches("102");
    notifies(pbx, true);
    const auto last = carol.receives(NOTIFY);
    CHECK(last.idle());
    CHECK(last.notify->subscription_state == "terminated;reason=deactivated");
    carol.asks(to_bob);
    bob.answers_subscribe(bob.receives(SUBSCRIBE), 200);
    carol.receives(200U);
}

TEST_CASE("no phone that notifies is there: 480, with what to do; one that refuses has its say")
{
    Scenario pbx{{group("sales", {"103"}, {"102"})}};
    notifies(pbx, true);
    auto& carol = pbx.phone("103");
    carol.asks(to_bob);
    CHECK(carol.receives(480U).value("Warning").find("no phone of 102 is registered") !=
          std::string::npos);
    auto& bob = pbx.phone("102");
    carol.asks(to_bob);
    bob.answers_subscribe(bob.receives(SUBSCRIBE), 489);
    carol.receives(489U);
    CHECK(kinds(pbx).empty());
    CHECK(pbx.kept().subscriptions.empty());
}

TEST_CASE("two phones of the extension: both are asked, the first that accepts counts (RFC 3265 "
          "§4.4.9)")
{
    Scenario pbx{{group("sales", {"103"}, {"102"})}};
    notifies(pbx, true);
    auto& desk = pbx.phone("102");
    auto& mobile = pbx.phone("102");
    auto& carol = pbx.phone("103");
    carol.asks(to_bob);
    const auto first = desk.receives(SUBSCRIBE);
    const auto second = mobile.receives(SUBSCRIBE);
    mobile.answers_subscribe(second, 200);
    carol.receives(200U);
    desk.answers_subscribe(first, 200);
    CHECK(carol.hears_nothing());
    CHECK(kinds(pbx) == "103 forwarded unknown\n");
    mobile.notifies(second, {.cseq = 1, .version = 0});
    desk.notifies(first, {.cseq = 31, .version = 5});
    CHECK(passed(carol) == "1");
    CHECK(passed(carol) == "31");

    SUBCASE("both are ended in their own names")
    {
        pbx.replaces_directory({});
        CHECK(ended(carol, mobile) == "rejected 2 version 1");
        CHECK(ended(carol, desk) == "rejected 32 version 6");
        desk.notifies(first, {.cseq = 32});
        desk.receives(481U);
        mobile.notifies(second, {.cseq = 2});
        mobile.receives(481U);
    }
    SUBCASE("the watcher wants one of them: it goes on with that")
    {
        pbx.receive(ForwardedEnded{first.shared.call_id, "watch", desk.notifier_tag()});
        CHECK(kinds(pbx) == "103 forwarded unknown\n");
        pbx.replaces_directory({});
        CHECK(ended(carol, mobile) == "rejected 2 version 1");
    }
    SUBCASE("it ends with the last of them, as each says")
    {
        mobile.notifies(second, {.cseq = 2, .over = true});
        CHECK(passed(carol) == "2");
        carol.asks(within(desk, 0s));
        desk.answers_subscribe(desk.receives(SUBSCRIBE), 200, 0s);
        carol.receives(200U);
        CHECK(kinds(pbx).empty());
        CHECK(pbx.kept().subscriptions.empty());
    }
    SUBCASE("it lasts as long as the longest")
    {
        for (auto* phone : {&desk, &mobile}) phone->registers(7200s);
        carol.asks(within(desk));
        desk.answers_subscribe(desk.receives(SUBSCRIBE), 200, 600s);
        carol.receives(200U);
        pbx.passes(3599s);
        CHECK(kinds(pbx) == "103 forwarded unknown\n");
        pbx.passes(2s);
        CHECK(kinds(pbx).empty());
    }
}

TEST_CASE("a phone tells all its watchers the same: who may not see with whom, or by which Call-ID, "
          "and who asks for a list or a feature key, is told by the exchange")
{
    auto sales = group("sales", {"103"}, {"102"});
    SUBCASE("with whom") { sales.rights.parties = false; }
    SUBCASE("by which Call-ID") { sales.rights.pickup = false; }
    Scenario pbx{{sales}};
    notifies(pbx, true);
    auto& bob = pbx.phone("102");
    auto& carol = pbx.phone("103");
    CHECK(carol.watches("102").idle());
    CHECK(carol.watches("dnd+102").idle());
    CHECK(bob.hears_nothing());
}

TEST_CASE("who may not see is refused before anything is forwarded, and the limit counts")
{
    ExchangeSettings settings;
    settings.indications.max_subscriptions_per_watcher = 1;
    Scenario pbx{{group("sales", {"103"}, {"102", "104"})}, settings};
    notifies(pbx, true);
    auto& bob = pbx.phone("102");
    auto& carol = pbx.phone("103");
    auto& dave = pbx.phone("105");
    dave.asks(to_bob);
    dave.receives(403U);
    carol.watches("104");
    carol.asks(to_bob);
    carol.receives(403U);
    CHECK(bob.hears_nothing());
}

TEST_CASE("what a phone grants is remembered for a day at most")
{
    Asked office;
    auto& [pbx, bob, carol, asked] = office;
    bob.answers_subscribe(asked, 200, 72h);
    carol.receives(200U);
    const auto are_there = [&] {
        for (auto* phone : {&bob, &carol}) phone->registers(7200s);
    };
    for (int hour = 0; hour < 23; ++hour) {
        are_there();
        pbx.passes(1h);
    }
    are_there();
    pbx.passes(1h - 1s);
    CHECK(kinds(pbx) == "103 forwarded unknown\n");
    pbx.passes(2s);
    CHECK(kinds(pbx).empty());
    CHECK(pbx.kept().subscriptions.empty());
    bob.notifies(asked, {.cseq = 7});
    CHECK(passed(carol) == "7");
    pbx.replaces_directory({});
    bob.notifies(asked, {.cseq = 8});
    CHECK(passed(carol) == "8terminated;reason=rejected");
}
