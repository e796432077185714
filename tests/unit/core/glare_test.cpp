#include "core/glare.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace lampline;
using namespace std::chrono_literals;

namespace {

const Glare::TimePoint start{1h};

/// All waits there can be.
std::set<std::chrono::milliseconds> waits(LegRole role)
{
    std::set<std::chrono::milliseconds> all;
    std::uint32_t below = 1;
    for (std::uint32_t number = 0; number < below; ++number) {
        const RandomSource random = [&](std::uint32_t limit) {
            below = limit;
            return number;
        };
        const auto again = Glare{}.met(role, random, start);
        REQUIRE(again);
        all.insert(std::chrono::duration_cast<std::chrono::milliseconds>(*again - start));
    }
    return all;
}

}  // namespace

TEST_CASE("who has made the Call-ID waits 2.1 to 4 s after a 491, the other up to 2 s, in units of "
          "10 ms (RFC 3261 §14.1)")
{
    const auto ours = waits(LegRole::callee);
    CHECK(*ours.begin() == 2100ms);
    CHECK(*ours.rbegin() == 4000ms);
    CHECK(ours.size() == 191);
    const auto phones = waits(LegRole::caller);
    CHECK(*phones.begin() == 0ms);
    CHECK(*phones.rbegin() == 2000ms);
    CHECK(phones.size() == 201);
}

TEST_CASE("an INVITE that meets others for ten seconds is given up, whatever stood in its way")
{
    const RandomSource least = [](std::uint32_t) { return 0U; };
    Glare glare;
    CHECK(glare.held_up(start) == start + 500ms);
    CHECK(glare.met(LegRole::callee, least, start + 500ms) == start + 2600ms);
    CHECK(glare.held_up(start + 9500ms) == start + 10s);
    CHECK_FALSE(glare.held_up(start + 9501ms));
    CHECK_FALSE(glare.met(LegRole::callee, least, start + 8s));
    CHECK(glare.met(LegRole::caller, least, start + 10s) == start + 10s);
    CHECK_FALSE(glare.met(LegRole::caller, least, start + 10001ms));
    glare.over();
    CHECK(glare.held_up(start + 20s) == start + 20500ms);
}
