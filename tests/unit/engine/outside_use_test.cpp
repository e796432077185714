#include "engine/outside_use.hpp"

#include <doctest/doctest.h>

using namespace lampline;

namespace {

const auto today = std::chrono::sys_days{std::chrono::year{2026} / 3 / 1};

struct Use : OutsideUse {
    Use() { set_day(today); }
    void call(std::string_view payer, Anew anew = {true, true})
    {
        began(payer, "line", anew, outbox);
    }
    Outbox outbox;
};

OutsideLimits at_once(unsigned calls)
{
    return {.calls = calls};
}

OutsideLimits a_day(unsigned calls)
{
    return {.calls_per_day = calls};
}

}  // namespace

TEST_CASE("calls at once are counted for who pays and for the trunk")
{
    Use use;
    use.call("201");
    use.call("202");
    CHECK(use.payer_limit("201", at_once(1)) == OutsideLimit::calls);
    CHECK(use.payer_limit("201", at_once(2)) == OutsideLimit::none);
    CHECK(use.payer_limit("201", {}) == OutsideLimit::none);
    CHECK(use.trunk_limit("line", at_once(2)) == OutsideLimit::calls);
    CHECK(use.trunk_limit("other", at_once(1)) == OutsideLimit::none);
    use.ended("201", "line");
    CHECK(use.payer_limit("201", at_once(1)) == OutsideLimit::none);
    CHECK(use.calls_over("line") == 1);
    use.call({});  // nobody's, but the trunk's
    CHECK(use.payer_limit("", at_once(1)) == OutsideLimit::none);
    CHECK(use.calls_over("line") == 2);
}

TEST_CASE("calls of a day: another way for the same call is none, another day begins anew")
{
    Use use;
    use.call("201");
    use.call("201", {.payer = false});
    use.call("201", {.payer = false, .trunk = false});
    CHECK(use.payer_limit("201", a_day(2)) == OutsideLimit::none);
    CHECK(use.trunk_limit("line", a_day(3)) == OutsideLimit::none);
    CHECK(use.payer_limit("201", a_day(1)) == OutsideLimit::calls_per_day);
    CHECK(use.trunk_limit("line", a_day(2)) == OutsideLimit::calls_per_day);
    use.set_day(today);
    CHECK(use.payer_limit("201", a_day(1)) == OutsideLimit::calls_per_day);
    use.set_day(today + std::chrono::days{1});
    CHECK(use.payer_limit("201", a_day(1)) == OutsideLimit::none);
    CHECK(use.payer_limit("201", at_once(2)) == OutsideLimit::calls);  // they talk on
}

TEST_CASE("what is stored brings the counts back, those of today only")
{
    Use use;
    use.call("201");
    use.call("201");
    std::vector<OutsideDay> stored;
    for (const auto& change : use.outbox.storage) stored.push_back(std::get<OutsideDay>(change));
    CHECK(stored.size() == 4);
    CHECK(stored.back() == OutsideDay{today, "201", {}, 2});
    Use next;
    next.restore({stored[2], stored[3], {today - std::chrono::days{1}, "202", {}, 9}});
    CHECK(next.payer_limit("201", a_day(2)) == OutsideLimit::calls_per_day);
    CHECK(next.trunk_limit("line", a_day(2)) == OutsideLimit::calls_per_day);
    CHECK(next.payer_limit("202", a_day(1)) == OutsideLimit::none);
    CHECK(next.payer_limit("201", at_once(1)) == OutsideLimit::none);
}
