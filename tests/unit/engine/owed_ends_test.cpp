// Which ends are owed to phones that are not there.
#include "engine/owed_ends.hpp"

#include <doctest/doctest.h>

using namespace lampline;

namespace {

constexpr std::chrono::sys_seconds noon{std::chrono::seconds{1'800'000'000}};

UnaskedLamp lamp(std::string member, std::string phone = "one", std::string watcher = "201",
                 std::chrono::sys_seconds since = noon)
{
    return {std::move(watcher), std::move(phone), std::move(member), since};
}

}  // namespace

TEST_CASE("what is owed is taken by the phone that is back, and by no other")
{
    OwedEnds owed;
    CHECK(owed.add(lamp("207"), noon).empty());
    CHECK(owed.add(lamp("208", "two"), noon).empty());
    CHECK(owed.add(lamp("208"), noon).empty());
    CHECK(owed.add(lamp("207", "one", "202"), noon).empty());
    CHECK(owed.take("201", "three").empty());
    CHECK(owed.take("203", "one").empty());
    CHECK(owed.take("201", "one") == std::vector{lamp("207"), lamp("208")});
    CHECK(owed.take("201", "one").empty());
    CHECK(owed.any_of("201"));
    CHECK(owed.take("201", "two") == std::vector{lamp("208", "two")});
    CHECK_FALSE(owed.any_of("201"));
    CHECK(owed.watchers() == std::vector<std::string>{"202"});
    CHECK(owed.take_all_of("202").size() == 1);
    CHECK(owed.watchers().empty());
}

TEST_CASE("of one extension the latest are remembered, each once")
{
    OwedEnds owed;
    for (std::size_t n = 0; n < OwedEnds::most_of_watcher; ++n) {
        CHECK(owed.add(lamp(std::to_string(n)), noon).empty());
        CHECK(owed.add(lamp(std::to_string(n), "one", "202"), noon).empty());
    }
    CHECK(owed.add(lamp("0"), noon).empty());  // it is the latest now
    CHECK(owed.add(lamp("new"), noon) == std::vector{lamp("1")});
    CHECK(owed.take("201", "one").size() == OwedEnds::most_of_watcher);
    CHECK(owed.take("202", "one").size() == OwedEnds::most_of_watcher);
}

TEST_CASE("what nobody came back for is over after a week, counted from when that is known")
{
    OwedEnds owed;
    const auto later = noon + OwedEnds::longest + std::chrono::seconds{1};
    CHECK(owed.add(lamp("207"), noon).empty());
    CHECK_FALSE(OwedEnds::is_over(lamp("207"), later - std::chrono::seconds{1}));
    CHECK(OwedEnds::is_over(lamp("207"), later));
    CHECK(owed.add(lamp("208", "one", "201", {}), later) == std::vector{lamp("207")});
    CHECK_FALSE(OwedEnds::is_over(lamp("208", "one", "201", {}), later));
    CHECK(owed.date(later) == std::vector{lamp("208", "one", "201", later)});
    CHECK(owed.date(later).empty());
    CHECK(owed.take("201", "one") == std::vector{lamp("208", "one", "201", later)});
}
