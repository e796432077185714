// What phones tell by themselves ends with the right to see it, in the name of each phone.
#include "scenario/forwarded_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::forwarded;

TEST_CASE("a right that goes ends it at once, with a last word above the phone's (RFC 6665 §4.1.3)")
{
    Asked office;
    auto& [pbx, bob, carol, asked] = office;
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

TEST_CASE("of a subscription that the exchange does not know the phone's next NOTIFY is the last")
{
    Asked office;
    auto& [pbx, bob, carol, asked] = office;
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

namespace {

/// A phone of 102 has told 103 what it does, and 103 is cut off in the moment in which it is to hear
/// the end.
struct CutOffWatcher : Asked {
    CutOffWatcher()
    {
        bob.notifies(asked, {.cseq = 41, .version = 7});
        CHECK(passed(carol) == "41");
        bob.answers_subscribe(asked, 200);
        carol.receives(200U);
        carol.registers(36000s);
        bob.registers(36000s);
        carol.answers_notify.reset();
    }
    /// So it happens: the right goes, and the last NOTIFY and its repetitions are lost.
    void is_lost()
    {
        pbx.replaces_directory({});
        const auto last = carol.receives(NOTIFY);
        CHECK(last.notify->subscription_state == "terminated;reason=rejected");
        CHECK(last.notify->cseq == 42);
        CHECK(pbx.view().lamp_ends == 1);
        CHECK(kinds(pbx).empty());
        pbx.passes(32s);
        carol.answers(last, 408, true);
        CHECK(carol.hears_nothing());
    }
    void is_settled()
    {
        CHECK(pbx.view().lamp_ends == 0);
        CHECK(pbx.kept().subscriptions.empty());
        pbx.stays_silent_for(600s);
        bob.notifies(asked, {.cseq = 110, .version = 80});  // in vain, as before
        bob.receives(481U);
        CHECK(carol.hears_nothing());
    }
};

}  // namespace

TEST_CASE("the end of what a phone told is told again until it is answered")
{
    CutOffWatcher office;
    auto& [pbx, bob, carol, asked] = static_cast<Asked&>(office);
    office.is_lost();
    SUBCASE("once the watcher's phone is back")
    {
        pbx.passes(1s);
        const auto again = carol.receives(NOTIFY);
        pbx.passes(32s);
        carol.answers(again, 408, true);
        carol.answers_notify = 200;
        carol.registers(36000s);
        CHECK(ended(carol, bob) == "rejected 44 version 10");
    }
    SUBCASE("by its 2xx")
    {
        carol.answers_notify = 200;
        pbx.passes(1s);
        CHECK(ended(carol, bob) == "rejected 43 version 9");
    }
    SUBCASE("by its 481, as it has rebooted")
    {
        carol.answers_notify = 481;
        pbx.passes(1s);
        CHECK(ended(carol, bob) == "rejected 43 version 9");
    }
    SUBCASE("until the subscription would have expired")
    {
        pbx.passes(1s);
        CHECK(ended(carol, bob) == "rejected 43 version 9");
        pbx.passes(3600s);
        CHECK(carol.hears_nothing());
    }
    SUBCASE("until its phone leaves")
    {
        carol.unregisters();
        CHECK(carol.hears_nothing());
    }
    SUBCASE("after a kill")
    {
        carol.answers_notify = 200;
        pbx.restarts();
        const auto again = carol.receives(NOTIFY);
        CHECK(again.idle());
        CHECK(again.notify->cseq > 43);
        CHECK(again.document().version > 9);
        CHECK(again.notify->subscription_state == "terminated;reason=rejected");
        CHECK(again.notify->dialog->from == "<sip:102@office.test>;tag=" + bob.notifier_tag());
        pbx.restarts();
        CHECK(carol.hears_nothing());
    }
    SUBCASE("after a kill, with a right that is back: it is to begin anew")
    {
        carol.answers_notify = 200;
        pbx.replaces_directory({group("sales", {"103"}, {"102"})});
        pbx.restarts();
        CHECK(ended(carol, bob).starts_with("deactivated "));
    }
    SUBCASE("by the 481 to its refresh, with a right that is back")
    {
        pbx.replaces_directory({group("sales", {"103"}, {"102"})});
        carol.asks(within(bob));
        carol.receives(481U);
    }
    office.is_settled();
}

TEST_CASE("a phone that begins anew with the Call-ID and tag it had is owed no end of a phone's word")
{
    CutOffWatcher office;
    auto& [pbx, bob, carol, asked] = static_cast<Asked&>(office);
    office.is_lost();
    pbx.replaces_directory({group("sales", {"103"}, {"102"})});
    carol.answers_notify = 200;
    carol.asks(to_bob);
    bob.answers_subscribe(bob.receives(SUBSCRIBE), 200);
    carol.receives(200U);
    CHECK(pbx.view().lamp_ends == 0);
    CHECK(kinds(pbx) == "103 forwarded unknown\n");
    CHECK(pbx.kept().subscriptions.size() == 1);
    CHECK(carol.hears_nothing());
    pbx.stays_silent_for(600s);
}
