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
        REQUIRE_FALSE(pacing.rests_after(1, now));
    }
    /// Looks until nothing is left. Whether it rests then.
    bool looks(int messages)
    {
        REQUIRE(pacing.paced());
        if (messages > 0) REQUIRE_FALSE(pacing.rests_after(static_cast<unsigned>(messages), now));
        const bool rests = pacing.rests_after(0, now);
        if (rests) now += WakePacing::rest;
        return rests;
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
    for (int i = 0; i < 1000; ++i) loop.is_woken_after(WakePacing::rest + 10us);
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
        CHECK(loop.looks(5));
        CHECK(loop.looks(1));
    }
}

TEST_CASE("when the looks are in vain, messages are waited for again and taken at once")
{
    BusyLoop loop;
    loop.becomes_busy();
    for (int i = 0; i < 100; ++i) loop.looks(5);
    int rests = 0;
    while (loop.looks(0)) ++rests;
    CHECK(rests <= 10);  // 20 ms
    CHECK_FALSE(loop.pacing.paced());
    loop.is_woken_after(50ms);
    CHECK_FALSE(loop.pacing.paced());
}

TEST_CASE("it is not worth resting when half of the looks are in vain")
{
    BusyLoop loop;
    loop.becomes_busy();
    for (int i = 0; i < 100 && loop.pacing.paced(); ++i)
        if (loop.looks(3)) static_cast<void>(loop.looks(0));
    CHECK_FALSE(loop.pacing.paced());
}
