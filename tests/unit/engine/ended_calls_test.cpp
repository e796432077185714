#include <doctest/doctest.h>

#include "base/clock.hpp"
#include "engine/ended_calls.hpp"

using namespace lampline;

namespace {

const std::chrono::steady_clock::time_point start{};

Replaces named(std::string call_id, std::string to = "a", std::string from = "b")
{
    return {.call_id = std::move(call_id), .to_tag = std::move(to), .from_tag = std::move(from)};
}

}  // namespace

TEST_CASE("an ended dialog is known for 32 s, by its tags in any order, or one of them")
{
    EndedCalls ended;
    ended.add({"id", "a", "b"}, start);
    ended.add({"id", "c", "d"}, start + 1s);
    CHECK(ended.has(named("id"), start));
    CHECK(ended.has(named("id", "b", "a"), start));
    CHECK(ended.has(named("id", "", "b"), start));
    CHECK(ended.has(named("id", "c", "d"), start));
    CHECK_FALSE(ended.has(named("id", "a", "d"), start));
    CHECK_FALSE(ended.has(named("id", "", ""), start));
    CHECK_FALSE(ended.has(named("other"), start));
    CHECK_FALSE(ended.has(named("id"), start + 32s));
    CHECK(ended.has(named("id", "c", "d"), start + 32s));
    CHECK_FALSE(ended.has(named("id", "c", "d"), start + 33s));
}

TEST_CASE("of many ended dialogs the latest 4096 are known")
{
    EndedCalls ended;
    for (int i = 0; i < 5000; ++i) ended.add({std::to_string(i), "a", "b"}, start);
    CHECK_FALSE(ended.has(named("0"), start));
    CHECK_FALSE(ended.has(named("903"), start));
    CHECK(ended.has(named("904"), start));
    CHECK(ended.has(named("4999"), start));
}
