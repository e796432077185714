#include "base/timer_queue.hpp"

#include <doctest/doctest.h>

#include <string>

namespace {

using namespace lampline;
using namespace std::chrono_literals;

const std::chrono::steady_clock::time_point start{};

}  // namespace

TEST_CASE("keys come out in the order of their deadlines, those of one instant in the order they "
          "were set")
{
    TimerQueue<std::string> timers;
    timers.set("late", start + 3s);
    timers.set("first", start + 1s);
    timers.set("second", start + 1s);

    CHECK(timers.take_due(start) == std::nullopt);
    CHECK(timers.take_due(start + 1s) == "first");
    CHECK(timers.take_due(start + 1s) == "second");
    CHECK(timers.take_due(start + 2s) == std::nullopt);
    CHECK(timers.take_due(start + 3s) == "late");
    CHECK(timers.size() == 0);
}

TEST_CASE("setting a key again moves its only deadline")
{
    TimerQueue<std::string> timers;
    timers.set("call", start + 1s);
    timers.set("call", start + 5s);
    CHECK(timers.size() == 1);
    CHECK(timers.take_due(start + 4s) == std::nullopt);
    CHECK(timers.take_due(start + 5s) == "call");
    CHECK(timers.take_due(start + 9s) == std::nullopt);
}

TEST_CASE("a cancelled key never comes due")
{
    TimerQueue<std::string> timers;
    timers.set("call", start + 1s);
    timers.set("other", start + 2s);
    timers.cancel("call");
    timers.cancel("unknown");
    CHECK(timers.take_due(start + 2s) == "other");
    CHECK(timers.take_due(start + 2s) == std::nullopt);
    CHECK(timers.next_deadline() == std::nullopt);
}

TEST_CASE("the next deadline is never later than the earliest key")
{
    TimerQueue<int> timers;
    CHECK(timers.next_deadline() == std::nullopt);
    timers.set(1, start + 7s);
    timers.set(2, start + 4s);
    CHECK(timers.next_deadline() == start + 4s);
    timers.cancel(2);
    REQUIRE(timers.next_deadline().has_value());
    CHECK(*timers.next_deadline() <= start + 7s);
}

TEST_CASE("moving deadlines for ever loses none")
{
    TimerQueue<int> timers;
    for (int round = 0; round < 1000; ++round)
        for (int key = 0; key < 10; ++key)
            timers.set(key, start + std::chrono::seconds{round + key});
    CHECK(timers.size() == 10);
    for (int key = 0; key < 10; ++key) CHECK(timers.take_due(start + 2000s) == key);
    CHECK(timers.take_due(start + 2000s) == std::nullopt);
}

TEST_CASE("deadlines survive when the memory of many others is given back")
{
    Keys keys = Keys::passing;
    SUBCASE("passing") {}
    SUBCASE("lasting")
    {
        keys = Keys::lasting;
    }
    TimerQueue<int> timers{keys};
    for (int key = 0; key < 5000; ++key) timers.set(key, start + std::chrono::seconds{key});
    for (int key = 0; key < 5000; ++key)
        if (key % 1000 != 500) timers.cancel(key);
    CHECK(timers.size() == 5);
    timers.set(9000, start + 9000s);
    for (const int key : {500, 1500, 2500, 3500, 4500, 9000})
        CHECK(timers.take_due(start + 10'000s) == key);
    CHECK(timers.take_due(start + 10'000s) == std::nullopt);
    timers.set(1, start + 1s);
    CHECK(timers.take_due(start + 1s) == 1);
}
