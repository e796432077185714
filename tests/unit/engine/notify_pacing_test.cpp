// Whose turn it is to be told.
#include <initializer_list>
#include <set>
#include <string>
#include <vector>

#include "engine/notify_pacing.hpp"

#include "unit/engine/indication_office.hpp"

using namespace lampline;
using namespace lampline::test;
using enum LegState;
using std::chrono::milliseconds;

namespace {

constexpr milliseconds gap{100};
const std::string watcher{"201"};

/// One watcher, and who wants to be told to it: what is `urgent`, and what is not.
class Line {
public:
    Line() { CHECK(pacing_.take_turn(watcher, {99}, gap, now_)); }

    void waits(std::initializer_list<std::uint64_t> ids) { queue(ids, false); }
    void urgent(std::initializer_list<std::uint64_t> ids) { queue(ids, true); }
    /// It owes nothing any more.
    void is_settled(std::uint64_t id) { settled_.insert(id); }

    /// Who is told next, one in each gap.
    std::vector<std::uint64_t> told(int turns)
    {
        std::vector<std::uint64_t> all;
        for (; turns > 0; --turns) {
            now_ += gap;
            while (const auto due = pacing_.take_due(now_)) {
                if (settled_.contains(due->value)) continue;
                CHECK(pacing_.take_turn(watcher, *due, gap, now_, urgent_.contains(due->value)));
                all.push_back(due->value);
            }
        }
        return all;
    }

private:
    void queue(std::initializer_list<std::uint64_t> ids, bool is_urgent)
    {
        for (const auto id : ids) {
            if (is_urgent) urgent_.insert(id);
            CHECK_FALSE(pacing_.take_turn(watcher, {id}, gap, now_, is_urgent));
        }
    }

    NotifyPacing pacing_;
    NotifyPacing::TimePoint now_{std::chrono::hours{1}};
    std::set<std::uint64_t> urgent_, settled_;
};

using Turns = std::vector<std::uint64_t>;

BodyProfile slow()
{
    BodyProfile row = *built_in(standard_profile);
    row.name = "slow";
    row.gap = seconds{2};
    return row;
}

/// 201 is told unasked of 300 to 339, every two seconds.
DirectoryRef many_keys()
{
    std::vector<std::string> members;
    for (int number = 300; number < 340; ++number) members.push_back(std::to_string(number));
    auto all = members;
    all.insert(all.begin(), "201");
    return office_directory(all, members, {{"201", true, "slow"}}, {slow()});
}

class ManyKeys : public Office {
public:
    ManyKeys() : Office{many_keys()} {}

    /// "339 confirmed": what the next NOTIFY says, in its turn.
    std::string next()
    {
        passes(seconds{2});
        return told();
    }
    std::string told()
    {
        const auto notify = acknowledged();
        CHECK(silent());
        const auto entity = document_of(notify).entity;
        const auto number = entity.substr(4, 3);
        heard_.insert(number);
        return number + " " + states_of(notify);
    }
    /// Until everybody is told.
    void rests()
    {
        for (passes(seconds{2}); !silent(); passes(seconds{2})) told();
    }
    [[nodiscard]] std::size_t heard() const { return heard_.size(); }

private:
    std::set<std::string> heard_;
};

}  // namespace

TEST_CASE("what is urgent is told first, in the order in which it became so")
{
    Line line;
    line.waits({1, 2, 3, 4});
    line.urgent({10, 3, 11, 1});
    line.waits({10});  // does not go back
    CHECK(line.told(3) == Turns{10, 3, 11});
    line.is_settled(2);
    CHECK(line.told(2) == Turns{4, 1});
    CHECK(line.told(1).empty());
}

TEST_CASE("what is not urgent has every fourth turn")
{
    Line line;
    line.waits({1, 2, 3});
    line.urgent({10, 11, 12, 13, 14, 15, 16, 17, 18, 19});
    SUBCASE("whatever else waits")
    {
        CHECK(line.told(12) == Turns{10, 11, 12, 1, 13, 14, 15, 2, 16, 17, 18, 3});
        CHECK(line.told(2) == Turns{19});
    }
    SUBCASE("and who does not use it leaves it to its like")
    {
        line.is_settled(1);
        CHECK(line.told(8) == Turns{10, 11, 12, 2, 13, 14, 15, 3});
    }
}

TEST_CASE("with many keys a call is seen before the idle ones, and so is its end")
{
    ManyKeys office;
    office.call(1, confirmed, "339");
    office.registers("201");
    CHECK(office.told() == "300 terminated");  // nobody had been told anything
    CHECK(office.next() == "339 confirmed");
    office.call(2, early, "320");
    CHECK(office.silent());
    CHECK(office.next() == "320 early");
    office.call(2, terminated, "320");
    CHECK(office.silent());
    CHECK(office.next() == "320 terminated");
    CHECK(office.heard() == 3);
    office.rests();
    CHECK(office.heard() == 40);
    for (const auto& lamp : office.view().lamps) CHECK_FALSE(lamp.owed);
}

TEST_CASE("a phone that was away is told what may be lit there before the idle keys")
{
    ManyKeys office;
    office.registers("201");
    office.told();
    office.rests();
    office.call(1, confirmed, "339");
    CHECK(office.told() == "339 confirmed");
    office.unregisters("201");
    office.call(1, terminated, "339");
    office.passes(seconds{2});
    CHECK(office.silent());
    office.registers("201", 2);
    CHECK(office.told() == "300 terminated");
    CHECK(office.next() == "339 terminated");
    office.rests();
    for (const auto& lamp : office.view().lamps) CHECK_FALSE(lamp.owed);
}
