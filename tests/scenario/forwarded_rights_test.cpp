// What phones tell by themselves ends with the right to see it, in the name of each phone.
#include "scenario/forwarded_office.hpp"

using namespace lampline;
using namespace lampline::test;

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
