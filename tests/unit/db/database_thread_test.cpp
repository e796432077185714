#include "db/database_thread.hpp"

#include <doctest/doctest.h>

#include <future>
#include <stdexcept>

#include "db/binding_store.hpp"
#include "db/subscription_store.hpp"
#include "unit/db/stored_values.hpp"

using namespace lampline;
using namespace lampline::db;
using namespace lampline::testing;

namespace {

struct Serving {
    TempFolder folder;
    DatabaseThread thread;

    explicit Serving(DatabaseThreadSettings settings = {})
        : thread{std::make_unique<Database>(folder.database(), "office.test"), settings}
    {
        CHECK(thread.post([](Database& database) {
            Transaction transaction{database, Durability::normal};
            ExtensionStore{database}.put({{"201", "", "", ""}, {}});
            ExtensionStore{database}.put({{"207", "", "", ""}, {}});
            transaction.commit();
        }));
    }
};

}  // namespace

TEST_CASE("jobs run in order on one thread that is not ours, and what they throw ends nothing")
{
    Serving serving;
    std::promise<std::vector<std::thread::id>> done;
    std::vector<std::thread::id> threads;
    const auto note = [&](Database&) { threads.push_back(std::this_thread::get_id()); };
    CHECK(serving.thread.post(note));
    CHECK(serving.thread.post([](Database&) { throw std::runtime_error{"broken"}; }));
    CHECK(serving.thread.post([](Database&) { throw 7; }));
    CHECK(serving.thread.post(note));
    CHECK(serving.thread.post([&](Database&) { done.set_value(threads); }));
    const auto seen = done.get_future().get();
    REQUIRE(seen.size() == 2);
    CHECK(seen[0] == seen[1]);
    CHECK(seen[0] != std::this_thread::get_id());
}

TEST_CASE("changes are written without anybody asking, and stop writes what is still owed")
{
    Serving serving;
    SUBCASE("stop")
    {
        serving.thread.write_behind({BindingStored{full_binding("207"), true},
                                     SubscriptionStored{full_subscription("201", "207")}});
    }
    SUBCASE("time")
    {
        serving.thread.write_behind({BindingStored{full_binding("207"), false},
                                     SubscriptionStored{full_subscription("201", "207")}});
        bool written = false;
        while (!written) {
            std::promise<bool> seen;
            REQUIRE(serving.thread.post([&](Database& database) {
                seen.set_value(!SubscriptionStore{database}.all().empty());
            }));
            written = seen.get_future().get();
        }
    }
    serving.thread.stop();
    Database database{serving.folder.database()};
    CHECK(BindingStore{database}.all().size() == 1);
    CHECK(SubscriptionStore{database}.all().size() == 1);
}

TEST_CASE("after stop nothing is taken; stop again does nothing")
{
    Serving serving;
    serving.thread.stop();
    serving.thread.stop();
    CHECK_FALSE(serving.thread.post([](Database&) { FAIL("ran after stop"); }));
    serving.thread.write_behind({BindingStored{full_binding("207"), false}});
    Database database{serving.folder.database()};
    CHECK(BindingStore{database}.all().empty());
}

TEST_CASE("both queues are bounded: jobs are refused, refreshes dropped before anything else")
{
    Serving serving{{.max_jobs = 3, .max_changes = 2}};
    std::promise<void> open;
    std::promise<void> running;
    auto gate = open.get_future();
    CHECK(serving.thread.post([&](Database&) {
        running.set_value();
        gate.wait();
    }));
    running.get_future().wait();
    for (int i = 0; i < 3; ++i) CHECK(serving.thread.post([](Database&) {}));
    CHECK_FALSE(serving.thread.post([](Database&) {}));

    for (int i = 0; i < 5; ++i)
        serving.thread.write_behind({BindingStored{full_binding("207"), true}});
    CHECK(serving.thread.dropped_changes() == 3);
    serving.thread.write_behind({SubscriptionStored{full_subscription("201", "207")}});
    CHECK(serving.thread.dropped_changes() == 3);
    for (int i = 0; i < 5; ++i)
        serving.thread.write_behind({SubscriptionStored{full_subscription("201", "207")}});
    CHECK(serving.thread.dropped_changes() == 7);
    open.set_value();
    serving.thread.stop();
    Database database{serving.folder.database()};
    CHECK(SubscriptionStore{database}.all().size() == 1);
}

TEST_CASE("flush: what is owed is on disk when it returns, and a stuck disk is not waited for")
{
    std::promise<void> release;  // outlives the job that waits for it
    Serving serving;
    serving.thread.write_behind({SubscriptionStored{full_subscription("201", "207")},
                                 BindingStored{full_binding("207"), true}});
    SUBCASE("written")
    {
        serving.thread.flush(std::chrono::seconds{10});
        Database database{serving.folder.database()};
        CHECK(SubscriptionStore{database}.all().size() == 1);
        CHECK(BindingStore{database}.all().size() == 1);
    }
    SUBCASE("stuck")
    {
        CHECK(serving.thread.post([&](Database&) { release.get_future().wait(); }));
        serving.thread.flush(std::chrono::milliseconds{5});
        release.set_value();
    }
    serving.thread.stop();
    serving.thread.flush(std::chrono::seconds{10});
}

TEST_CASE("a chore goes on in steps until nothing is left, lets jobs in between, and then rests")
{
    std::promise<void> ended;
    int steps = 0;
    DatabaseThreadSettings settings;
    settings.chore_interval = std::chrono::hours{1};
    settings.chore = [&](Database&) {
        if (++steps == 3) ended.set_value();
        return steps < 3;
    };
    Serving serving{settings};
    ended.get_future().get();
    std::promise<int> seen;
    CHECK(serving.thread.post([&](Database&) { seen.set_value(steps); }));
    CHECK(seen.get_future().get() == 3);
}

TEST_CASE("a chore that fails is logged, and tried again later")
{
    std::promise<void> again;
    int steps = 0;
    DatabaseThreadSettings settings;
    settings.chore_interval = std::chrono::milliseconds{1};
    settings.chore = [&](Database&) -> bool {
        if (++steps == 2) again.set_value();
        throw std::runtime_error{"broken chore"};
    };
    Serving serving{settings};
    again.get_future().get();
}
