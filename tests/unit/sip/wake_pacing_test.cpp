#include <chrono>

#include <doctest/doctest.h>

#include "sip/wake_pacing.hpp"

using namespace lampline::sip;
using namespace std::chrono_literals;

namespace {

/// A loop that is woken by one message after another, or that looks and rests.
struct BusyLoop {
    /// A message comes `pause` after the one before, and is taken at once.
    void is_woken_after(std::chrono::microseconds pause)
    {
        now += pause;
        REQUIRE_FALSE(pacing.paced());
        REQUIRE(pacing.rest_after(1, now) == 0us);
    }
    /// Looks until nothing is left. How long it rests then.
    std::chrono::microseconds looks(int messages)
    {
        REQUIRE(pacing.paced());
        if (messages > 0) REQUIRE(pacing.rest_after(static_cast<unsigned>(messages), now) == 0us);
        const auto rest = pacing.rest_after(0, now);
        now += rest;
        return rest;
    }
    void becomes_busy()
    {
        while (!pacing.paced()) is_woken_after(500us);
    }

    WakePacing pacing;
    WakePacing::TimePoint now{1h};
};

}  // namespace

TEST_CASE("the messages of one call are taken as they come, however fast")
{
    BusyLoop loop;
    for (int i = 0; i < 15; ++i) loop.is_woken_after(200us);
    CHECK_FALSE(loop.pacing.paced());
}

TEST_CASE("who is woken less often than a rest is long never rests")
{
    BusyLoop loop;
    for (int i = 0; i < 1000; ++i) loop.is_woken_after(WakePacing::shortest_rest + 10us);
    CHECK_FALSE(loop.pacing.paced());
}

TEST_CASE("a burst finds the loop awake and does not count, however large it is")
{
    BusyLoop loop;
    for (int i = 0; i < 1000; ++i) loop.is_woken_after(30us);
    CHECK_FALSE(loop.pacing.paced());
}

TEST_CASE("where wake-ups would keep coming faster, the loop rests after each look")
{
    BusyLoop loop;
    loop.becomes_busy();
    for (int i = 0; i < 100; ++i) {
        CHECK(loop.looks(5) > 0us);
        CHECK(loop.looks(1) > 0us);
    }
}

TEST_CASE("when the looks are in vain, messages are waited for again and taken at once")
{
    BusyLoop loop;
    loop.becomes_busy();
    for (int i = 0; i < 100; ++i) loop.looks(5);
    const auto begin = loop.now;
    while (loop.looks(0) > 0us) {
    }
    CHECK(loop.now - begin <= 40ms);
    CHECK_FALSE(loop.pacing.paced());
    loop.is_woken_after(50ms);
    CHECK_FALSE(loop.pacing.paced());
}

TEST_CASE("it is not worth resting when half of the looks are in vain")
{
    BusyLoop loop;
    loop.becomes_busy();
    for (int i = 0; i < 100 && loop.pacing.paced(); ++i)
        if (loop.looks(3) > 0us) static_cast<void>(loop.looks(0));
    CHECK_FALSE(loop.pacing.paced());
}

TEST_CASE("the less comes, the longer are the rests, within limits")
{
    BusyLoop loop;
    loop.becomes_busy();
    CHECK(loop.looks(5) < 3ms);
    for (int i = 0; i < 100; ++i) loop.looks(5);
    CHECK(loop.looks(5) == WakePacing::longest_rest);
}

TEST_CASE("what comes fast does not wait until the buffer of the socket is full")
{
    BusyLoop loop;
    loop.becomes_busy();
    for (int i = 0; i < 100; ++i) loop.looks(5);
    CHECK(loop.looks(60) <= WakePacing::longest_rest / 2);
    for (int i = 0; i < 100; ++i) CHECK(loop.looks(33) == WakePacing::shortest_rest);
}
