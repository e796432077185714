#include <doctest/doctest.h>

#include "core/delay_histogram.hpp"

using namespace lampline;
using namespace std::chrono_literals;

TEST_CASE("a delay is counted in the first bucket whose bound it does not exceed")
{
    DelayHistogram delays;
    delays.observe(0ms);
    delays.observe(1ms);
    delays.observe(1001us);
    delays.observe(60s);
    delays.observe(61s);
    delays.observe(-1s);
    CHECK(delays.count(0) == 3);
    CHECK(delays.count(1) == 1);
    CHECK(delays.count(DelayHistogram::bounds.size() - 1) == 1);
    CHECK(delays.count(DelayHistogram::bounds.size()) == 1);
    CHECK(delays.total() == 6);
    CHECK(delays.sum() == doctest::Approx(121.002001));
}
