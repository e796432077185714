// What happens to lamps, as it is shown to who listens.
#include "unit/engine/lamp_account.hpp"

using namespace lampline;
using namespace lampline::test;
using enum LegState;

TEST_CASE("events: what happens to a lamp, in order, and nothing while nobody listens")
{
    Office office;
    office.subscribed("201", "207");
    CHECK(office.shown.empty());
    office.listened = true;
    office.collect();
    office.call(1, early);
    office.answers(office.notified(), 408);
    office.passes(seconds{1});
    office.acknowledged();
    office.call(1, confirmed);
    office.answers(office.notified(), 481);
    CHECK(lamp_steps(office) ==
          std::vector<std::string>{"notified dark flashing", "unanswered dark flashing",
                                   "notified dark flashing", "answered flashing flashing",
                                   "notified flashing steady", "unanswered flashing steady",
                                   "ended unknown steady"});
    const auto& event = std::get<LampEvent>(office.shown.front().what);
    CHECK(event.watcher == "201");
    CHECK(event.member == "207");
    CHECK(event.contact == write(Office::contact_of("201")));
}

TEST_CASE("events: what changes while a phone is not to be told is shown at once")
{
    const auto steps = [](Office& office) {
        auto all = lamp_steps(office);
        office.shown.clear();
        return all;
    };
    using Steps = std::vector<std::string>;
    SUBCASE("a NOTIFY is under way, or waits to be repeated")
    {
        Office office;
        office.subscribed("201", "207");
        office.listened = true;
        office.collect();
        office.call(1, early);
        office.call(1, confirmed);
        CHECK(steps(office) == Steps{"notified dark flashing", "changed dark steady"});
        office.answers(office.notified(), 408);
        office.call(1, LegState::terminated);
        CHECK(steps(office) == Steps{"unanswered dark steady", "changed dark dark"});
    }
    SUBCASE("its turn has not come")
    {
        Office office{office_directory({"201", "207"}, {"207"}, {{"201", false, "slow"}},
                                       {{.name = "slow", .gap = std::chrono::seconds{2}}})};
        office.subscribed("201", "207");
        office.listened = true;
        office.collect();
        office.call(1, early);
        CHECK(steps(office) == Steps{"changed dark flashing"});
        office.passes(seconds{2});
        office.acknowledged();
        CHECK(steps(office) == Steps{"notified dark flashing", "answered flashing flashing"});
    }
    SUBCASE("in a list, of the member alone")
    {
        Office office;
        auto request = office.subscribe("201", "sales");
        request.source.transport = Transport::tcp;
        request.supported = OptionTag::eventlist;
        request.accept = {};
        CHECK(office.receives(request).status == 200);
        office.acknowledged();
        office.listened = true;
        office.collect();
        office.call(1, early, "207");
        office.call(2, early, "208");
        CHECK(steps(office) == Steps{"notified dark flashing", "changed dark flashing"});
        CHECK(office.silent() == false);
    }
}

TEST_CASE("events: who leaves a list has ended, once its phone has seen that")
{
    const auto office_of = [](std::vector<std::string> members) {
        return office_directory({"201", "202", "203", "207", "208"}, std::move(members),
                                {{"201", false}});
    };
    Office office{office_of({"207", "208"})};
    auto request = office.subscribe("201", "sales");
    request.source.transport = Transport::tcp;
    request.supported = OptionTag::eventlist;
    request.accept = {};
    CHECK(office.receives(request).status == 200);
    const auto ended = [&](const std::string& member) {
        std::string last;
        for (const auto& one : office.shown)
            if (const auto* event = std::get_if<LampEvent>(&one.what);
                event && event->member == member)
                last = std::string{name(event->step)} + ' ' + std::string{name(event->shown)};
        return last == "ended unknown";
    };
    office.listened = true;
    office.collect();
    SUBCASE("after it was told that it leaves")
    {
        office.acknowledged();
        office.call(1, confirmed, "208");
        office.acknowledged();
        office.configures(office_of({"207"}));
        CHECK_FALSE(ended("208"));
        office.acknowledged();
        CHECK(ended("208"));
    }
    SUBCASE("without a word where the phone has not been told of it")
    {
        const auto first = office.notified();
        office.configures(office_of({"203", "207", "208"}));
        office.configures(office_of({"207", "208"}));
        CHECK(ended("203"));
        office.answers(first, 200);
        CHECK_FALSE(ended("207"));
        CHECK_FALSE(ended("208"));
    }
}

TEST_CASE("events: a fetch is no lamp")
{
    Office office;
    office.listened = true;
    office.collect();
    auto fetch = office.subscribe("201", "207");
    fetch.expires = seconds{0};
    office.receives(fetch);
    CHECK(office.notified().subscription_state == "terminated;reason=timeout");
    CHECK(office.shown.empty());
}
