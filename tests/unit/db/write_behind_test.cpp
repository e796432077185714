#include "db/write_behind.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <doctest/doctest.h>

#include <algorithm>

#include "unit/db/stored_values.hpp"

using namespace lampline;
using namespace lampline::db;
using namespace lampline::testing;
using namespace std::chrono_literals;

namespace {

const WriteBehind::TimePoint start{};

struct Owing {
    Office office;
    WriteBehind behind{office.database};

    Owing() { office.add_extensions({"201", "207"}); }

    std::vector<Binding> bindings() { return BindingStore{office.database}.all(); }
    std::vector<StoredCall> calls() { return CallStore{office.database}.all().calls; }
    std::vector<StoredSubscription> subscriptions()
    {
        return SubscriptionStore{office.database}.all();
    }
};

Binding binding_until(long expires)
{
    auto binding = full_binding("207");
    binding.expires_at = at(expires);
    return binding;
}

}  // namespace

TEST_CASE("a new binding, a removal and a subscription are written within 20 ms")
{
    Owing owing;
    std::vector<StorageChange> changes;
    SUBCASE("binding")
    {
        changes = {BindingStored{binding_until(5000), false}};
    }
    SUBCASE("removal")
    {
        changes = {BindingRemoved{"207", full_binding("207").contact}};
    }
    SUBCASE("subscription")
    {
        changes = {SubscriptionStored{full_subscription("201", "207")}};
    }
    SUBCASE("end of a subscription")
    {
        changes = {SubscriptionRemoved{"c", "t"}};
    }
    owing.behind.add(changes, start);
    CHECK(owing.behind.next_deadline() == start + 20ms);
    owing.behind.flush_due(start + 19ms);
    CHECK(owing.behind.owed() == 1);
    owing.behind.flush_due(start + 20ms);
    CHECK(owing.behind.owed() == 0);
    CHECK_FALSE(owing.behind.next_deadline());
}

TEST_CASE("refreshes wait a second and only the newest of a binding is written")
{
    Owing owing;
    owing.behind.add({BindingStored{binding_until(5000), false}}, start);
    owing.behind.flush(start);
    for (long i = 1; i <= 100; ++i)
        owing.behind.add({BindingStored{binding_until(5000 + i), true}}, start + 5ms * i);
    CHECK(owing.behind.owed() == 1);
    CHECK(owing.behind.next_deadline() == start + 1005ms);
    CHECK(owing.bindings().at(0).expires_at == at(5000));
    owing.behind.flush_due(start + 1005ms);
    CHECK(owing.bindings().at(0).expires_at == at(5100));
}

TEST_CASE("a refresh on top of an unwritten registration still writes all of it")
{
    Owing owing;
    SUBCASE("of a new binding") {}
    SUBCASE("of one that is stored")
    {
        owing.behind.add({BindingStored{binding_until(4000), false}}, start);
        owing.behind.flush(start);
    }
    auto moved = binding_until(5000);
    moved.flow.host = "192.0.2.99";
    auto refreshed = moved;
    refreshed.expires_at = at(6000);
    owing.behind.add({BindingStored{moved, false}, BindingStored{refreshed, true}}, start);
    CHECK(owing.behind.next_deadline() == start + 20ms);
    owing.behind.flush_due(start + 20ms);
    REQUIRE(owing.bindings().size() == 1);
    CHECK(owing.bindings().at(0).flow.host == "192.0.2.99");
    CHECK(owing.bindings().at(0).expires_at == at(6000));
}

TEST_CASE("the last word on a binding or subscription counts")
{
    Owing owing;
    const auto contact = full_binding("207").contact;
    const auto subscription = full_subscription("201", "207");
    owing.behind.add({BindingStored{binding_until(5000), false}, BindingRemoved{"207", contact},
                      SubscriptionStored{subscription},
                      SubscriptionRemoved{subscription.call_id, subscription.local_tag}},
                     start);
    CHECK(owing.behind.owed() == 2);
    owing.behind.flush(start);
    CHECK(owing.bindings().empty());
    CHECK(owing.subscriptions().empty());
    owing.behind.add({BindingRemoved{"207", contact}, BindingStored{binding_until(5000), true},
                      SubscriptionStored{subscription}},
                     start);
    owing.behind.flush(start);
    CHECK(owing.bindings().size() == 1);
    CHECK(owing.subscriptions().size() == 1);
}

TEST_CASE(
    "a failing disk: everything stays owed, is tried again ever more slowly, and then written")
{
    Owing owing;
    SQLite::Database blocker{owing.office.folder.database().string(), SQLite::OPEN_READWRITE};
    owing.office.database.handle().setBusyTimeout(0);
    blocker.exec("BEGIN IMMEDIATE");
    owing.behind.add({BindingStored{binding_until(5000), false}}, start);
    CHECK_FALSE(owing.behind.flush(start));
    CHECK(owing.behind.next_deadline() == start + 1s);
    owing.behind.add({BindingStored{binding_until(6000), false}}, start);
    CHECK(owing.behind.next_deadline() == start + 1s);
    owing.behind.flush_due(start + 1s);
    CHECK(owing.behind.next_deadline() == start + 3s);
    for (int i = 0; i < 10; ++i) CHECK_FALSE(owing.behind.flush(start));
    CHECK(owing.behind.next_deadline() == start + 30s);
    blocker.exec("ROLLBACK");
    CHECK(owing.behind.flush(start));
    CHECK(owing.bindings().at(0).expires_at == at(6000));
}

TEST_CASE("a row that the schema refuses is dropped, the others are written")
{
    Owing owing;
    owing.office.database.handle().exec(
        "CREATE TRIGGER refuse BEFORE INSERT ON binding WHEN new.aor = '201' "
        "BEGIN SELECT RAISE(ABORT, 'refused'); END");
    owing.behind.add({BindingStored{full_binding("201"), false},
                      BindingStored{full_binding("207"), false},
                      SubscriptionStored{full_subscription("201", "207")}},
                     start);
    CHECK(owing.behind.flush(start));
    CHECK(owing.behind.owed() == 0);
    CHECK(owing.bindings().size() == 1);
    CHECK(owing.subscriptions().size() == 1);
}

TEST_CASE("an answer is written at once, but not sooner than 10 ms a change after what was written "
          "before")
{
    Owing owing;
    owing.behind.add({CallStored{shared(full_call(7)), true}}, start);
    CHECK(owing.behind.next_deadline() == start);
    owing.behind.flush_due(start);
    CHECK(owing.calls().size() == 1);
    owing.behind.add({CallStored{shared(full_call(8)), true}}, start + 3ms);
    CHECK(owing.behind.next_deadline() == start + 10ms);
    owing.behind.add({CallStored{shared(full_call(9)), true}}, start + 6ms);
    owing.behind.flush_due(start + 10ms);
    CHECK(owing.calls().size() == 3);
    owing.behind.add({CallStored{shared(full_call(10)), true}}, start + 25ms);
    CHECK(owing.behind.next_deadline() == start + 30ms);
    owing.behind.flush_due(start + 30ms);
    owing.behind.add({CallStored{shared(full_call(11)), true}}, start + 250ms);
    CHECK(owing.behind.next_deadline() == start + 250ms);

    SUBCASE("many share a transaction")
    {
        std::vector<StorageChange> many;
        for (unsigned i = 20; i < 60; ++i)
            many.emplace_back(CallStored{shared(full_call(i)), true});
        owing.behind.add(std::move(many), start + 1s);
        owing.behind.flush_due(start + 1s);
        owing.behind.add({CallStored{shared(full_call(60)), true}}, start + 1s);
        CHECK(owing.behind.next_deadline() == start + 1100ms);
    }
}

TEST_CASE("what is written soon waits 2 ms for each change that was written before, 100 ms at most")
{
    Owing owing;
    const auto add = [&](unsigned first, unsigned count, WriteBehind::TimePoint when) {
        std::vector<StorageChange> changes;
        for (unsigned i = first; i < first + count; ++i) {
            auto subscription = full_subscription("201", "207");
            subscription.call_id = std::to_string(i);
            changes.emplace_back(SubscriptionStored{std::move(subscription)});
        }
        owing.behind.add(std::move(changes), when);
    };
    add(0, 15, start);
    CHECK(owing.behind.next_deadline() == start + 20ms);
    owing.behind.flush_due(start + 20ms);
    add(15, 1, start + 25ms);
    CHECK(owing.behind.next_deadline() == start + 50ms);
    add(16, 1, start + 40ms);
    CHECK(owing.behind.next_deadline() == start + 50ms);
    owing.behind.flush_due(start + 50ms);
    CHECK(owing.subscriptions().size() == 17);
    add(17, 1, start + 51ms);
    CHECK(owing.behind.next_deadline() == start + 71ms);
    owing.behind.flush_due(start + 71ms);

    SUBCASE("never longer than a call")
    {
        add(20, 200, start + 1s);
        owing.behind.flush_due(start + 1020ms);
        add(220, 1, start + 1021ms);
        CHECK(owing.behind.next_deadline() == start + 1120ms);
    }
}

TEST_CASE("a call is written with its latest change, and removed after 100 ms")
{
    Owing owing;
    auto held = full_call(7);
    held.legs[0].held = false;
    owing.behind.flush(start);
    owing.behind.add({BindingStored{full_binding("207"), false}}, start);
    owing.behind.flush(start);
    owing.behind.add({CallStored{shared(full_call(7)), true}}, start);
    CHECK(owing.behind.next_deadline() == start + 10ms);
    owing.behind.add({CallStored{shared(held), false}}, start + 5ms);
    CHECK(owing.behind.owed() == 1);
    owing.behind.flush_due(start + 10ms);
    REQUIRE(owing.calls().size() == 1);
    CHECK_FALSE(owing.calls().at(0).legs[0].held);

    owing.behind.add({CallRemoved{CallRef{7}}}, start + 1s);
    CHECK(owing.behind.next_deadline() == start + 1100ms);
    owing.behind.flush_due(start + 1100ms);
    CHECK(owing.calls().empty());
}

TEST_CASE("a call that ends before it is written never is")
{
    Owing owing;
    owing.behind.add({CallStored{shared(full_call(7)), true},
                      CallStored{shared(full_call(7)), false}, CallRemoved{CallRef{7}}},
                     start);
    CHECK(owing.behind.owed() == 0);
    owing.behind.flush_due(start + 100ms);
    CHECK_FALSE(owing.behind.next_deadline());
    CHECK(owing.calls().empty());
}

TEST_CASE("a call that is on disk is removed even if a change of it is still owed")
{
    Owing owing;
    owing.behind.add({CallStored{shared(full_call(7)), true}}, start);
    owing.behind.flush(start);
    owing.behind.add({CallStored{shared(full_call(7)), false}, CallRemoved{CallRef{7}}}, start);
    CHECK(owing.behind.owed() == 1);
    owing.behind.flush(start);
    CHECK(owing.calls().empty());
}

TEST_CASE("a call that rings is written within 100 ms, and one that is answered before that never")
{
    Owing owing;
    const auto ringing = [&] { return CallStore{owing.office.database}.all().ringing; };
    const auto shared_ringing = [](std::uint64_t id) {
        return std::make_shared<const StoredRinging>(full_ringing(id));
    };
    owing.behind.add({RingingStored{shared_ringing(7), true}}, start);
    CHECK(owing.behind.next_deadline() == start + 100ms);
    owing.behind.add({RingingStored{shared_ringing(7), false}, RingingRemoved{CallRef{7}}}, start);
    CHECK(owing.behind.owed() == 0);
    SUBCASE("but what is on disk is removed from it")
    {
        owing.behind.add({RingingStored{shared_ringing(8), true}}, start);
        CHECK(owing.behind.flush(start));
        CHECK(ringing().size() == 1);
        SUBCASE("even if a change of it is still owed")
        {
            owing.behind.add({RingingStored{shared_ringing(8), false}}, start);
        }
        SUBCASE("even if it has rung, stopped and rings again")
        {
            owing.behind.add({RingingRemoved{CallRef{8}}, RingingStored{shared_ringing(8), true}},
                             start);
        }
        owing.behind.add({RingingRemoved{CallRef{8}}}, start);
        CHECK(owing.behind.owed() == 1);
    }
    CHECK(owing.behind.flush(start));
    CHECK(ringing().empty());
}

TEST_CASE(
    "a publication is written within 20 ms, the newest of each, and one that was too short never")
{
    Owing owing;
    const auto all = [&] { return PublicationStore{owing.office.database}.all(); };
    auto refreshed = full_publication();
    refreshed.etag = "second";
    refreshed.dialogs.pop_back();
    owing.behind.add(
        {PublicationStored{full_publication(), true}, PublicationStored{refreshed, false}}, start);
    CHECK(owing.behind.next_deadline() == start + 20ms);
    CHECK(owing.behind.owed() == 1);
    CHECK(owing.behind.flush(start));
    REQUIRE(all().size() == 1);
    CHECK(all()[0].etag == "second");
    CHECK(all()[0].dialogs.size() == 1);

    auto brief = full_publication();
    brief.id = "brief";
    owing.behind.add({PublicationStored{brief, true}, PublicationStored{brief, false},
                      PublicationRemoved{"brief"}},
                     start);
    CHECK(owing.behind.owed() == 0);
    owing.behind.add({PublicationStored{refreshed, false}, PublicationRemoved{refreshed.id}},
                     start);
    CHECK(owing.behind.owed() == 1);
    CHECK(owing.behind.flush(start));
    CHECK(all().empty());
}

TEST_CASE("whose turn it was comes back for the ring groups that there are, the newest of each")
{
    Owing owing;
    owing.office.database.handle().exec(
        "INSERT INTO ring_group VALUES ('600', '', 'round_robin', 20, '', 1, 1, 1, 1)");
    std::vector<StorageChange> changes{TurnTaken{"600", "201"}, TurnTaken{"600", "207"},
                                       TurnTaken{"601", "201"}};
    owing.behind.add(std::move(changes), start);
    CHECK(owing.behind.owed() == 2);
    CHECK(owing.behind.next_deadline() == start + WritePacing::refresh_delay);
    CHECK(owing.behind.flush(start));
    const auto turns = TurnStore{owing.office.database}.all();
    REQUIRE(turns.size() == 1);
    CHECK(turns[0].group == "600");
    CHECK(turns[0].first == "207");
}

TEST_CASE("dialogs in which phones may notify no more come back, until their time is over")
{
    Owing owing;
    const std::chrono::sys_seconds noon{std::chrono::sys_days{std::chrono::year{2026} / 3 / 1} +
                                        std::chrono::hours{12}};
    const auto ended = [&](const std::string& dialog, std::uint32_t last, std::chrono::hours at) {
        return NotifierEnded{dialog, last, noon + at, noon + at + std::chrono::hours{24}};
    };
    using std::chrono::hours;
    owing.behind.add({ended("a", 41, hours{0}), ended("b", 0, hours{1}), ended("a", 7, hours{2})},
                     start);
    CHECK(owing.behind.owed() == 2);
    CHECK(owing.behind.flush(start));
    CHECK(owing.behind.owed() == 0);
    auto kept = EndedNotifierStore{owing.office.database}.all();
    REQUIRE(kept.size() == 2);
    CHECK(kept[0].dialog == "a");
    CHECK(kept[0].last_cseq == 41);  // the first word counts
    CHECK(kept[0].until == noon + hours{24});
    CHECK(kept[1].dialog == "b");
    owing.behind.add({ended("c", 3'000'000'000U, hours{25})}, start);
    CHECK(owing.behind.flush(start));
    kept = EndedNotifierStore{owing.office.database}.all();
    REQUIRE(kept.size() == 2);
    CHECK(kept[0].dialog == "b");
    CHECK(kept[1].last_cseq == 3'000'000'000U);
}

TEST_CASE("lamps that phones may show come back, the newest word of each, until they are dark")
{
    Owing owing;
    const std::chrono::sys_seconds noon{std::chrono::seconds{1'800'000'000}};
    const auto lamp = [](const std::string& member, std::chrono::sys_seconds since = {}) {
        return UnaskedLamp{"201", "192.0.2.201:5060", member, since};
    };
    owing.behind.add({UnaskedLampStored{lamp("207")}, UnaskedLampStored{lamp("208")},
                      UnaskedLampRemoved{lamp("209")}, UnaskedLampStored{lamp("210")},
                      UnaskedLampRemoved{lamp("210", noon)}},
                     start);
    CHECK(owing.behind.owed() == 4);
    CHECK(owing.behind.next_deadline() == start + WritePacing::soon);
    CHECK(owing.behind.flush(start));
    CHECK(owing.behind.owed() == 0);
    const UnaskedLampStore store{owing.office.database};
    auto kept = store.all();
    std::ranges::sort(kept, {}, &UnaskedLamp::member);
    CHECK(kept == std::vector{lamp("207"), lamp("208")});
    owing.behind.add({UnaskedLampStored{lamp("207", noon)}, UnaskedLampRemoved{lamp("208")}},
                     start);
    CHECK(owing.behind.flush(start));
    CHECK(store.all() == std::vector{lamp("207", noon)});
}

TEST_CASE("of many dialogs in which phones may notify no more those that last longest are kept")
{
    Owing owing;
    const std::chrono::sys_seconds noon{std::chrono::seconds{1'800'000'000}};
    for (int i = 0; i < EndedNotifierStore::max_kept + 10; ++i) {
        const auto at = noon + std::chrono::seconds{i};
        owing.behind.add({NotifierEnded{std::to_string(i), 1, at, at + std::chrono::hours{24}}},
                         start);
    }
    CHECK(owing.behind.flush(start));
    owing.behind.add({NotifierEnded{"last", 1, noon, noon + std::chrono::hours{48}}}, start);
    CHECK(owing.behind.flush(start));
    const auto kept = EndedNotifierStore{owing.office.database}.all();
    CHECK(kept.size() == EndedNotifierStore::max_kept + 1);  // the one that came after the others
    CHECK(kept.front().dialog == "10");
    CHECK(kept.back().dialog == "last");
}

TEST_CASE("of a day's calls to outside the newest count is written, and older days are forgotten")
{
    Owing owing;
    const std::chrono::sys_days day{std::chrono::days{20000}};
    owing.behind.add({OutsideDay{day, "201", {}, 1}, OutsideDay{day, "201", {}, 2},
                      OutsideDay{day, {}, "line", 2}},
                     start);
    CHECK(owing.behind.owed() == 2);
    REQUIRE(owing.behind.flush(start));
    CHECK(OutsideDayStore{owing.office.database}.latest().size() == 2);
    const OutsideDay next{day + std::chrono::days{1}, {}, "line", 1};
    owing.behind.add({next}, start);
    REQUIRE(owing.behind.flush(start));
    CHECK(OutsideDayStore{owing.office.database}.latest() == std::vector{next});
}
