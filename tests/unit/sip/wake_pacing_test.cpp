#include <chrono>

#include <doctest/doctest.h>

#include "sip/wake_pacing.hpp"

using namespace lampline::sip;
using namespace std::chrono_literals;

namespace {

/// A loop that gets messages as told, with the time it would take.
struct BusyLoop {
    /// Turns the loop for one message, and for looking whether there are more. Whether it rested.
    bool message_after(std::chrono::microseconds pause, std::uint64_t count = 1)
    {
        now += pause;
        CHECK_FALSE(pacing.rests_after(count, now));
        if (!pacing.paced()) return false;
        const bool rests = pacing.rests_after(0, now);
        if (rests) now += WakePacing::rest;
        return rests;
    }

    WakePacing pacing;
    WakePacing::TimePoint now{1h};
};

}  // namespace

TEST_CASE("the messages of one call are taken as they come, however fast")
{
    BusyLoop loop;
    for (int i = 0; i < 15; ++i) CHECK_FALSE(loop.message_after(100us));
}

TEST_CASE("a message every two milliseconds never waits")
{
    BusyLoop loop;
    for (int i = 0; i < 1000; ++i) CHECK_FALSE(loop.message_after(2ms));
}

TEST_CASE("where messages keep coming faster, the loop rests after each look that brought some")
{
    BusyLoop loop;
    for (int i = 0; i < 50; ++i) loop.message_after(200us);
    for (int i = 0; i < 50; ++i) CHECK(loop.message_after(0us, 5));
}

TEST_CASE("when a rest brought nothing, the next message is waited for and taken at once")
{
    BusyLoop loop;
    for (int i = 0; i < 50; ++i) loop.message_after(200us);
    REQUIRE(loop.pacing.paced());
    CHECK_FALSE(loop.pacing.rests_after(0, loop.now));
    CHECK_FALSE(loop.pacing.paced());
    CHECK_FALSE(loop.message_after(1s));
}

TEST_CASE("a burst is forgotten soon, however large it was")
{
    BusyLoop loop;
    loop.message_after(0us, 1'000'000'000);
    static_cast<void>(loop.pacing.rests_after(0, loop.now));
    CHECK_FALSE(loop.message_after(50ms));
}
