#include <doctest/doctest.h>

#include <string>

#include "base/clock.hpp"
#include "engine/taken_calls.hpp"

using namespace lampline;

namespace {

const TakenCalls::TimePoint start{};

Flow at(std::uint16_t port)
{
    return {Transport::udp, "192.0.2.1", port, {}, 0};
}

}  // namespace

TEST_CASE("what was taken at an extension is known for 5 s, but not to the phone that has it")
{
    TakenCalls taken;
    taken.add("102", "102", "103", at(1), start);
    CHECK(taken.has_another("102", {}, "104", at(2), start));
    CHECK(taken.has_another("102", {}, "104", at(1), start));  // behind the same proxy
    CHECK(taken.has_another("102", {}, "103", at(2), start));  // the other phone of who has it
    CHECK_FALSE(taken.has_another("102", {}, "103", at(1), start));
    CHECK_FALSE(taken.has_another("105", {}, "104", at(2), start));
    CHECK(taken.has_another("102", {}, "104", at(2), start + 4999ms));
    CHECK_FALSE(taken.has_another("102", {}, "104", at(2), start + 5s));
    CHECK_FALSE(taken.next_end());
}

TEST_CASE("the last one that was taken at an extension counts, for 5 s more")
{
    TakenCalls taken;
    taken.add("102", "102", "103", at(1), start);
    taken.add("105", "105", "103", at(1), start + 1s);
    taken.add("102", "102", "104", at(2), start + 2s);
    CHECK(taken.next_end() == start + 6s);
    CHECK(taken.has_another("102", {}, "103", at(1), start + 2s));
    CHECK_FALSE(taken.has_another("102", {}, "104", at(2), start + 2s));
    taken.forget_old(start + 6s);
    CHECK(taken.next_end() == start + 7s);
    CHECK(taken.has_another("102", {}, "103", at(1), start + 6s));
    CHECK_FALSE(taken.has_another("105", {}, "104", at(2), start + 6s));
}

TEST_CASE("who asks for the calls of a ring group is late for one of these alone")
{
    TakenCalls taken;
    taken.add("102", "600", "103", at(1), start);
    taken.add("105", "105", "103", at(1), start);
    CHECK(taken.has_another("102", "600", "104", at(2), start));
    CHECK(taken.has_another("102", {}, "104", at(2), start));
    CHECK_FALSE(taken.has_another("102", "601", "104", at(2), start));
    CHECK_FALSE(taken.has_another("105", "600", "104", at(2), start));
}

TEST_CASE("of many extensions at which calls were taken the latest 1024 are known")
{
    TakenCalls taken;
    for (int i = 0; i < 1100; ++i) taken.add(std::to_string(i), "600", "103", at(1), start);
    CHECK_FALSE(taken.has_another("75", {}, "104", at(2), start));
    CHECK(taken.has_another("76", {}, "104", at(2), start));
    CHECK(taken.has_another("1099", {}, "104", at(2), start));
    taken.forget_old(start + 5s);
    CHECK_FALSE(taken.next_end());
}
