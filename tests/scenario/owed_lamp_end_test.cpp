// The end of a lamp that a phone is told unasked, while it is cut off: it is owed as a state is.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <utility>
#include <variant>
#include <vector>

#include "scenario/cut_off_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::cut_off;

namespace {

/// Bob is told unasked of Carol, and as he was cut off his lamp was lit.
struct CutOff : CutOffOffice {
    explicit CutOff(std::chrono::seconds registered = 3600s) : CutOffOffice{true, registered}
    {
        CHECK_FALSE(latest().idle());
        bob.answers_notify.reset();
    }

    Arrived ends()
    {
        auto notify = CutOffOffice::ends();
        CHECK(notify.idle());
        return notify;
    }
    void comes_back()
    {
        bob.answers_notify = 200;
        bob.registers();
    }
    /// All that Bob hears is that Carol talks.
    void hears_truth()
    {
        const auto notify = bob.receives(NOTIFY);
        CHECK(notify.notify->subscription_state.starts_with("active"));
        CHECK_FALSE(notify.idle());
        CHECK(bob.hears_nothing());
    }
};

}  // namespace

TEST_CASE("a right goes while a phone is cut off that is told unasked: once it is back it goes dark")
{
    CutOff office;
    auto groups = std::vector{office.sales};
    SUBCASE("the watcher leaves the group")
    {
        groups[0].watchers.clear();
        office.pbx.replaces_directory(groups);
    }
    SUBCASE("the member leaves the group")
    {
        groups[0].members.clear();
        office.pbx.replaces_directory(groups);
    }
    SUBCASE("the group is deleted")
    {
        office.pbx.replaces_directory({});
    }
    SUBCASE("it is to be told unasked no more")
    {
        groups[0].watchers[0].unsolicited = false;
        office.pbx.replaces_directory(groups);
    }
    SUBCASE("the member is deleted")
    {
        office.hangs_up();
        office.pbx.removes("103");
    }
    const auto end = office.ends();
    office.is_lost(end);
    CHECK(office.pbx.view().lamps.empty());
    CHECK(office.pbx.view().lamp_ends == 1);
    office.pbx.passes(1s);
    const auto again = office.ends();
    CHECK(again.notify->dialog->call_id == end.notify->dialog->call_id);
    CHECK(again.notify->cseq == end.notify->cseq + 1);
    CHECK(again.notify->version == end.notify->version + 1);
    CHECK(again.notify->subscription_state == end.notify->subscription_state);
    office.is_lost(again);
    office.comes_back();
    office.ends();
    CHECK(office.pbx.view().lamp_ends == 0);
    CHECK(office.pbx.kept().unasked_lamps.empty());
    office.pbx.stays_silent_for(600s);
    office.bob.registers();
    CHECK(office.bob.hears_nothing());
}

TEST_CASE("a phone that refuses an end for now hears it again")
{
    CutOff office;
    office.may_watch(false);
    office.bob.answers(office.ends(), 503);
    office.pbx.passes(1s);
    office.bob.answers(office.ends(), 200);
    office.pbx.stays_silent_for(600s);
}

TEST_CASE("a phone whose registration has expired hears the end when it registers again")
{
    enum class Back : std::uint8_t { as_it_was, rebooted, after_restart };
    for (const bool told_before : {true, false})
        for (const auto back : {Back::as_it_was, Back::rebooted, Back::after_restart}) {
            CAPTURE(told_before);
            CAPTURE(static_cast<int>(back));
            CutOff office{60s};
            if (told_before) {
                office.may_watch(false);
                office.is_lost(office.ends());
                office.pbx.passes(1s);
                const auto under_way = office.ends();
                office.pbx.passes(30s);
                office.bob.answers(under_way, 408, true);
            } else {
                office.pbx.passes(61s);
                office.may_watch(false);
            }
            office.hangs_up();
            CHECK(office.pbx.kept().unasked_lamps.size() == 1);
            office.pbx.stays_silent_for(3600s);
            if (back == Back::rebooted) ++office.bob.reboots;
            if (back == Back::after_restart) office.pbx.restarts();
            office.pbx.stays_silent_for(60s);
            office.comes_back();
            const auto end = office.ends();
            CHECK(end.notify->version == 0);
            CHECK(end.notify->cseq == 1);
            CHECK(office.pbx.kept().unasked_lamps.empty());
            office.pbx.stays_silent_for(600s);
        }
}

TEST_CASE("a phone that shows a dark lamp is owed nothing once its registration has expired")
{
    CutOff office{60s};
    office.hangs_up();
    office.bob.answers(office.latest(), 200);
    office.pbx.passes(61s);
    office.may_watch(false);
    CHECK(office.pbx.kept().unasked_lamps.empty());
    office.comes_back();
    CHECK(office.bob.hears_nothing());
}

TEST_CASE("what comes back after a week is a phone that has begun anew")
{
    CutOff office{60s};
    office.hangs_up();
    office.latest();
    office.pbx.passes(61s);
    office.may_watch(false);
    office.pbx.stays_silent_for(8 * 24h);
    office.comes_back();
    CHECK(office.bob.hears_nothing());
    CHECK(office.pbx.kept().unasked_lamps.empty());
}

TEST_CASE("a right that is given back takes the place of the end that is owed")
{
    SUBCASE("while that waits")
    {
        CutOff office;
        office.may_watch(false);
        office.is_lost(office.ends());
        office.bob.answers_notify = 200;
        office.may_watch(true);
        office.hears_truth();
    }
    SUBCASE("while the phone is not registered")
    {
        CutOff office{60s};
        office.may_watch(false);
        office.ends();
        office.pbx.passes(61s);
        office.may_watch(true);
        office.comes_back();
        office.hears_truth();
    }
    SUBCASE("while that is under way, once it is answered or lost: it could overtake the truth")
    {
        CutOff office;
        office.may_watch(false);
        const auto end = office.ends();
        office.may_watch(true);
        CHECK(office.bob.hears_nothing());
        SUBCASE("lost")
        {
            office.pbx.passes(32s);
            office.bob.answers(end, 408, true);
        }
        SUBCASE("answered")
        {
            office.bob.answers(end, 200);
        }
        SUBCASE("refused, which says nothing of a lamp that there is")
        {
            office.bob.answers(end, 481);
        }
        const auto truth = office.bob.receives(NOTIFY);
        CHECK(truth.notify->dialog->call_id != end.notify->dialog->call_id);
        CHECK_FALSE(truth.idle());
        office.bob.answers(truth, 200);
        office.pbx.stays_silent_for(60s);
    }
}

TEST_CASE("a phone that has missed the end, and what took its place, may show what it did before")
{
    CutOff office;
    office.hangs_up();
    office.latest();
    office.may_watch(false);
    office.is_lost(office.ends());
    office.may_watch(true);
    const auto idle = office.latest();
    CHECK(idle.notify->subscription_state.starts_with("active"));
    CHECK(office.pbx.kept().unasked_lamps.size() == 1);
    const auto stored = office.pbx.stored.size();
    office.may_watch(false);
    office.ends();
    office.pbx.stored.resize(stored);  // killed in the moment of that
    office.pbx.restarts();
    office.bob.answers(office.ends(), 200);
    CHECK(office.pbx.kept().unasked_lamps.empty());
}

TEST_CASE("a phone that subscribes by itself is told by that alone")
{
    CutOff office;
    auto watches_all = office.sales;
    watches_all.watchers[0].unsolicited = false;
    office.pbx.replaces_directory({watches_all});
    office.is_lost(office.ends());
    office.bob.answers_notify = 200;
    CHECK_FALSE(office.bob.watches("103").idle());
    CHECK(office.pbx.kept().unasked_lamps.empty());
    office.pbx.stays_silent_for(60s);
}

TEST_CASE("a phone that does not want the end is not asked again")
{
    for (const unsigned status : {405U, 481U, 489U, 403U}) {
        CAPTURE(status);
        CutOff office;
        office.may_watch(false);
        office.bob.answers(office.ends(), status);
        CHECK(office.pbx.kept().unasked_lamps.empty());
        office.pbx.stays_silent_for(60s);
        office.comes_back();
        CHECK(office.bob.hears_nothing());
        office.may_watch(true);  // it has refused nothing else
        office.hears_truth();
    }
}

TEST_CASE("an end that is owed as the exchange is killed is told after its restart")
{
    enum class Told : std::uint8_t {
        once,
        lost_again_and_again,
        not_at_all,  // the right was withdrawn in the moment of the kill
    };
    for (const auto told : {Told::once, Told::lost_again_and_again, Told::not_at_all})
        for (const bool killed_twice : {false, true}) {
            CAPTURE(static_cast<int>(told));
            CAPTURE(killed_twice);
            CutOff office;
            office.hangs_up();
            office.latest();
            const auto stored = office.pbx.stored.size();
            office.may_watch(false);
            auto end = office.ends();
            if (told == Told::lost_again_and_again) {
                office.is_lost(end);
                office.pbx.passes(1s);
                office.is_lost(office.ends());
            } else if (told == Told::not_at_all) {
                office.pbx.stored.resize(stored);
            }
            office.pbx.restarts();
            end = office.ends();
            if (killed_twice) {
                office.pbx.restarts();
                end = office.ends();
            }
            office.bob.answers(end, 200);
            CHECK(office.pbx.kept().unasked_lamps.empty());
            office.pbx.restarts();
            CHECK(office.bob.hears_nothing());
        }
}

TEST_CASE("the extension of a phone is deleted: nothing is owed, nor to who has its number later")
{
    CutOff office;
    office.hangs_up();
    office.latest();
    SUBCASE("while it is registered")
    {
        office.pbx.removes("102");
        office.ends();
    }
    SUBCASE("while it is not")
    {
        office.may_watch(false);
        office.ends();
        office.pbx.passes(3601s);
        CHECK(office.pbx.kept().unasked_lamps.size() == 1);
        office.pbx.removes("102");
    }
    CHECK(office.pbx.kept().unasked_lamps.empty());
    office.pbx.stays_silent_for(60s);
}

TEST_CASE("a phone that registers anew again and again, and never answers, costs no write each time")
{
    CutOff office;
    office.may_watch(false);
    office.ends();
    const auto writes = [&] {
        return std::ranges::count_if(office.pbx.stored, [](const StorageChange& change) {
            return std::holds_alternative<UnaskedLampStored>(change) ||
                   std::holds_alternative<UnaskedLampRemoved>(change);
        });
    };
    const auto before = writes();
    for (int at = 0; at < 3; ++at) {
        ++office.bob.reboots;
        office.bob.registers();
        office.ends();
    }
    CHECK(writes() == before);
    CHECK(office.pbx.kept().unasked_lamps.size() == 1);
}
