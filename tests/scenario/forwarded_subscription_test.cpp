// Extensions whose phones notify their watchers themselves: the exchange forwards the SUBSCRIBE,
// and is silent for as long as the phone tells.
#include <doctest/doctest.h>

#include "support/scenario.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

const Subscribing to_bob{.event = "dialog", .to = "102"};

Subscribing within(const Phone& notifier, std::chrono::seconds expires = 3600s)
{
    return {.event = "dialog",
            .to = "102",
            .expires = expires,
            .to_tag = notifier.notifier_tag(),
            .notifier = "102"};
}

void notifies(Scenario& pbx, bool itself)
{
    pbx.configures("102", [itself](Extension& bob) { bob.phone_notifies = itself; });
}

Group told_unasked()
{
    auto sales = group("sales", {}, {"102"});
    sales.watchers = {{"103", true}};
    return sales;
}

/// From 101 to 102: rings, and is given up.
void ring(Phone& alice, Phone& bob)
{
    alice.sends(INVITE, "102");
    bob.receives(INVITE);
    bob.replies(180);
    alice.receives(180U);
    alice.cancels();
    bob.receives(CANCEL);
}

std::string kinds(const Scenario& pbx)
{
    std::string text;
    for (const auto& lamp : pbx.view().lamps)
        text += lamp.watcher + " " + lamp.kind + " " + lamp.state + "\n";
    return text;
}

/// The CSeq of the NOTIFY that has passed to `watcher`, and what the exchange has made of it.
std::string passed(Phone& watcher)
{
    const auto notify = *watcher.receives(NOTIFY).notify;
    CHECK_FALSE(notify.dialog);
    return std::to_string(notify.cseq) + notify.subscription_state;
}

/// Why, by which CSeq and version the exchange has ended what `notifier` tells `watcher`; dark.
std::string ended(Phone& watcher, const Phone& notifier)
{
    const auto last = watcher.receives(NOTIFY);
    REQUIRE(last.notify->dialog);
    CHECK(last.idle());
    CHECK(last.notify->dialog->from == "<sip:102@office.test>;tag=" + notifier.notifier_tag());
    CHECK(last.notify->dialog->to == "<sip:103@office.test>;tag=watch");
    const std::string_view ends{"terminated;reason="};
    CHECK(last.notify->subscription_state.starts_with(ends));
    return last.notify->subscription_state.substr(ends.size()) + " " +
           std::to_string(last.notify->cseq) + " version " +
           std::to_string(last.document().version);
}

}  // namespace

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
        desk.registers(7200s);
        carol.asks(within(desk));
        desk.answers_subscribe(desk.receives(SUBSCRIBE), 200, 600s);
        carol.receives(200U);
        pbx.passes(3599s);
        CHECK(kinds(pbx) == "103 forwarded unknown\n");
        pbx.passes(2s);
        CHECK(kinds(pbx).empty());
    }
}

TEST_CASE("a right that goes ends it at once, with a last word above the phone's (RFC 6665 §4.1.3)")
{
    Scenario pbx{{group("sales", {"103"}, {"102"})}};
    notifies(pbx, true);
    auto& bob = pbx.phone("102");
    auto& carol = pbx.phone("103");
    carol.asks(to_bob);
    const auto asked = bob.receives(SUBSCRIBE);
    bob.notifies(asked, {.cseq = 41, .version = 7});
    CHECK(passed(carol) == "41");
    bob.answers_subscribe(asked, 200);
    carol.receives(200U);
    bob.notifies(asked, {.cseq = 42, .version = 8});
    CHECK(passed(carol) == "42");

    SUBCASE("the group lets it go")
    {
        pbx.replaces_directory({});
        CHECK(ended(carol, bob) == "rejected 43 version 9");
        CHECK(pbx.kept().subscriptions.empty());
    }
    SUBCASE("the group lets it go, and the exchange restarts before the phone hears of it")
    {
        pbx.replaces_directory({});
        CHECK(ended(carol, bob) == "rejected 43 version 9");
        pbx.restarts();
    }
    SUBCASE("the member hides")
    {
        pbx.configures("102", [](Extension& hidden) { hidden.visibility = Visibility::hidden; });
        CHECK(ended(carol, bob) == "rejected 43 version 9");
    }
    SUBCASE("the member shows no parties any more: to be begun anew, with the exchange")
    {
        pbx.configures("102", [](Extension& shy) { shy.visibility = Visibility::anonymous; });
        CHECK(ended(carol, bob) == "deactivated 43 version 9");
        carol.asks(within(bob));
        carol.receives(481U);
    }
    SUBCASE("what the phone repeats, or says without a version, is not taken for less")
    {
        bob.notifies(asked, {.cseq = 41, .version = std::nullopt});
        CHECK(passed(carol) == "41");
        pbx.replaces_directory({});
        CHECK(ended(carol, bob) == "rejected 43 version 9");
    }
    SUBCASE("after a restart, above all that may have passed before it")
    {
        pbx.restarts();
        bob.notifies(asked, {.cseq = 43, .version = 9});
        CHECK(passed(carol) == "43");
        pbx.replaces_directory({});
        CHECK(ended(carol, bob) == "rejected 106 version 72");
    }
    SUBCASE("there is no write for each NOTIFY")
    {
        const auto before = pbx.stored.size();
        for (std::uint32_t i = 1; i <= 64; ++i) {
            bob.notifies(asked, {.cseq = 42 + i, .version = 8 + i});
            carol.receives(NOTIFY);
        }
        CHECK(pbx.stored.size() == before + 2);
        pbx.restarts();
        pbx.replaces_directory({});
        const auto last = carol.receives(NOTIFY);
        CHECK(last.notify->cseq > 106);
        CHECK(last.document().version > 72);
    }
    bob.notifies(asked, {.cseq = 110, .version = 80});  // in vain
    bob.receives(481U);
    CHECK(carol.hears_nothing());
    pbx.configures("102", [](Extension& open) { open.visibility = Visibility::open; });
    pbx.replaces_directory({group("sales", {"103"}, {"102"})});
    bob.notifies(asked, {.cseq = 111, .version = 81});
    bob.receives(481U);
    carol.asks(within(bob));
    carol.receives(481U);
}

TEST_CASE("a watcher's phone that leaves is told nothing more by the phone that notifies")
{
    Scenario pbx{{group("sales", {"103"}, {"102"})}};
    notifies(pbx, true);
    auto& bob = pbx.phone("102");
    auto& carol = pbx.phone("103");
    carol.asks(to_bob);
    const auto asked = bob.receives(SUBSCRIBE);
    bob.notifies(asked, {.cseq = 41, .version = 7});
    CHECK(passed(carol) == "41");
    bob.answers_subscribe(asked, 200);
    carol.receives(200U);
    SUBCASE("by its word")
    {
        carol.unregisters();
        CHECK(ended(carol, bob) == "deactivated 42 version 8");
        bob.notifies(asked, {.cseq = 42, .version = 8});
        bob.receives(481U);
        CHECK(carol.hears_nothing());
        CHECK(kinds(pbx).empty());
    }
    SUBCASE("but not when its registration is merely not renewed")
    {
        carol.registers(60s);
        pbx.passes(61s);
        bob.notifies(asked, {.cseq = 42, .version = 8});
        CHECK(passed(carol) == "42");
    }
}

TEST_CASE("when the last phone that notifies is gone, nobody's lamp stays as it was")
{
    Scenario pbx{{told_unasked()}};
    notifies(pbx, true);
    auto& desk = pbx.phone("102");
    auto& mobile = pbx.phone("102");
    auto& carol = pbx.phone("103");
    carol.receives(NOTIFY);
    carol.asks(to_bob);
    desk.receives(SUBSCRIBE);
    mobile.answers_subscribe(mobile.receives(SUBSCRIBE), 489);
    carol.receives(489U);
    carol.asks(to_bob);
    const auto again = desk.receives(SUBSCRIBE);
    mobile.receives(SUBSCRIBE);
    desk.answers_subscribe(again, 200, 7200s);
    carol.receives(200U);
    desk.notifies(again, {.cseq = 5, .version = 4});
    CHECK(passed(carol) == "5");
    mobile.unregisters();
    CHECK(carol.hears_nothing());
    SUBCASE("it says so")
    {
        desk.unregisters();
        CHECK(ended(carol, desk) == "deactivated 6 version 5");
        CHECK(carol.receives(NOTIFY).idle());  // unasked
    }
    SUBCASE("its registration ends")
    {
        carol.registers(7200s);
        pbx.passes(3601s);
        CHECK(ended(carol, desk) == "deactivated 6 version 5");
        CHECK(carol.receives(NOTIFY).idle());
    }
    carol.asks(to_bob);
    carol.receives(480U);
}

TEST_CASE(
    "a phone that notifies and registers anew has forgotten its watchers: they are to begin anew")
{
    Scenario pbx{{group("sales", {"103"}, {"102"})}};
    notifies(pbx, true);
    auto& bob = pbx.phone("102");
    auto& carol = pbx.phone("103");
    carol.asks(to_bob);
    const auto asked = bob.receives(SUBSCRIBE);
    bob.answers_subscribe(asked, 200);
    carol.receives(200U);
    bob.notifies(asked, {.cseq = 41, .version = 7});
    CHECK(passed(carol) == "41");
    bob.registers();  // a refresh
    CHECK(carol.hears_nothing());
    SUBCASE("by another call, as after a reboot")
    {
        ++bob.reboots;
    }
    SUBCASE("the same after a restart of the exchange")
    {
        pbx.restarts();
        CHECK(carol.hears_nothing());
        ++bob.reboots;
    }
    bob.registers();
    const auto last = ended(carol, bob);
    CHECK(last.starts_with("deactivated "));
    carol.asks(to_bob);
    bob.answers_subscribe(bob.receives(SUBSCRIBE), 200);
    carol.receives(200U);
    bob.registers();
    CHECK(carol.hears_nothing());
}

TEST_CASE("of a subscription that the exchange does not know the phone's next NOTIFY is the last")
{
    Scenario pbx{{group("sales", {"103"}, {"102"})}};
    notifies(pbx, true);
    auto& bob = pbx.phone("102");
    auto& carol = pbx.phone("103");
    carol.asks(to_bob);
    const auto asked = bob.receives(SUBSCRIBE);
    bob.answers_subscribe(asked, 200);
    carol.receives(200U);
    pbx.restarts([](Kept& kept) { kept.subscriptions.clear(); });
    bob.notifies(asked, {.cseq = 1});
    CHECK(passed(carol) == "1");
    pbx.replaces_directory({});
    bob.notifies(asked, {.cseq = 2});
    CHECK(passed(carol) == "2terminated;reason=rejected");
    bob.notifies(asked, {.cseq = 2});  // it was lost
    CHECK(passed(carol) == "2terminated;reason=rejected");
    bob.notifies(asked, {.cseq = 3});
    bob.receives(481U);
    CHECK(carol.hears_nothing());
}

TEST_CASE("more phones than can be ended are refused")
{
    Scenario pbx{{group("sales", {"103"}, {"102"})}};
    notifies(pbx, true);
    auto& bob = pbx.phone("102");
    auto& carol = pbx.phone("103");
    carol.asks(to_bob);
    auto asked = bob.receives(SUBSCRIBE);
    bob.answers_subscribe(asked, 200);
    carol.receives(200U);
    for (int i = 0; i < 15; ++i) {
        asked.shared.local_tag = "fork-" + std::to_string(i);
        bob.notifies(asked, {});
        CHECK(passed(carol) == "1");
    }
    for (const auto* tag : {"fork-15", ""}) {
        asked.shared.local_tag = tag;
        bob.notifies(asked, {});
        bob.receives(481U);
    }
    asked.shared.local_tag = std::string(257, 't');
    bob.notifies(asked, {});
    bob.receives(481U);
}

TEST_CASE("a phone tells all its watchers the same: who may not see with whom, and who asks for a "
          "list or a feature key, is told by the exchange")
{
    auto sales = group("sales", {"103"}, {"102"});
    sales.rights.parties = false;
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
    Scenario pbx{{group("sales", {"103"}, {"102"})}};
    notifies(pbx, true);
    auto& bob = pbx.phone("102");
    auto& carol = pbx.phone("103");
    carol.asks(to_bob);
    const auto asked = bob.receives(SUBSCRIBE);
    bob.answers_subscribe(asked, 200, 72h);
    carol.receives(200U);
    for (int hour = 0; hour < 23; ++hour) {
        bob.registers(7200s);
        pbx.passes(1h);
    }
    bob.registers(7200s);
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
