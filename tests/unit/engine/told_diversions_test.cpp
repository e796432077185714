#include "engine/told_diversions.hpp"

#include <doctest/doctest.h>

using namespace lampline;

namespace {

constexpr std::string_view domain = "office.test";

TrunkRules trunk(std::string name, std::string trunk_domain = "carrier.test")
{
    Trunk trunk;
    trunk.name = std::move(name);
    trunk.domain = std::move(trunk_domain);
    trunk.caller_id.main_number = "+4310";
    trunk.caller_id.numbers = {{"(10[1-5])", "+431\\1"}};
    return TrunkRules{std::move(trunk)};
}

std::vector<Diversion> by(std::vector<std::string> numbers, std::string_view host = {})
{
    std::vector<Diversion> chain;
    for (auto& number : numbers) chain.push_back({std::move(number), std::string{host}});
    return chain;
}

struct Chains : ToldDiversions {
    void rings(std::uint64_t leg, std::vector<std::string> numbers)
    {
        add(LegId{leg}, one, by(std::move(numbers)), domain);
    }
    /// What the numbers `heard` from the second trunk are here.
    [[nodiscard]] std::vector<std::string> here(std::vector<std::string> heard,
                                                std::string_view host = "carrier.test") const
    {
        auto diversions = by(std::move(heard), host);
        name_as_here(diversions, two.trunk(), domain);
        std::vector<std::string> numbers;
        for (const auto& each : diversions) {
            numbers.push_back(each.number);
            CHECK((each.host.empty() || each.host == host));
        }
        return numbers;
    }
    TrunkRules one = trunk("one");
    TrunkRules two = trunk("two", "other.test");
};

using Numbers = std::vector<std::string>;

}  // namespace

TEST_CASE("a chain is found by what a trunk was told, at the beginning of what is heard")
{
    Chains told;
    told.rings(1, {"102"});
    CHECK(told.here({"+431102"}) == Numbers{"102"});
    CHECK(told.here({"+431102"}, domain) == Numbers{"102"});
    CHECK(told.here({"+431102"}, "other.test") == Numbers{"102"});
    CHECK(told.here({"+431102", "+4930"}) == Numbers{"102", "+4930"});
    CHECK(told.here({"+4930", "+431102"}) == Numbers{"+4930", "+431102"});
    CHECK(told.here({"102"}) == Numbers{"102"});
    CHECK(told.here({"+431102"}, "elsewhere.test") == Numbers{"+431102"});
    CHECK(told.here({}).empty());
}

TEST_CASE("a number that was somebody else's stays as it is")
{
    Chains told;
    auto chain = by({"+4930"}, "far.test");
    chain.push_back({"103", {}});
    told.add(LegId{1}, told.one, chain, domain);
    CHECK(told.here({"+4930", "+431103"}) == Numbers{"+4930", "103"});
    CHECK(told.here({"+4931", "+431103"}) == Numbers{"+4931", "+431103"});
}

TEST_CASE("of several chains the longest one counts, and none where that is more than one")
{
    Chains told;
    told.rings(1, {"106"});
    told.rings(2, {"106"});
    CHECK(told.here({"+4310"}) == Numbers{"106"});
    told.rings(3, {"107"});
    CHECK(told.here({"+4310"}) == Numbers{"+4310"});
    CHECK(told.here({"+4310", "+4310"}) == Numbers{"+4310", "+4310"});
    told.rings(4, {"107", "106"});
    CHECK(told.here({"+4310", "+4310"}) == Numbers{"107", "106"});
    SUBCASE("by another trunk as well")
    {
        told.add(LegId{5}, told.two, by({"106", "107"}), domain);
        CHECK(told.here({"+4310", "+4310"}, "other.test") == Numbers{"+4310", "+4310"});
        // In the domain of the first trunk only that one was told so.
        CHECK(told.here({"+4310", "+4310"}) == Numbers{"107", "106"});
    }
}

TEST_CASE("a chain is there as long as a leg rings with it, and leaves nothing behind")
{
    Chains told;
    told.rings(1, {"106"});
    told.rings(2, {"106"});
    told.rings(3, {"107"});
    told.rings(4, {});
    told.remove(LegId{3});
    CHECK(told.here({"+4310"}) == Numbers{"106"});
    told.remove(LegId{1});
    CHECK(told.here({"+4310"}) == Numbers{"106"});
    told.remove(LegId{1});
    told.remove(LegId{4});
    CHECK_FALSE(told.empty());
    told.remove(LegId{2});
    CHECK(told.here({"+4310"}) == Numbers{"+4310"});
    CHECK(told.empty());
}
