// The end of what a phone has subscribed to, while it is unplugged: it is owed as a state is.
#include <doctest/doctest.h>

#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "scenario/cut_off_office.hpp"
#include "scenario/package_events.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::cut_off;

namespace {

std::string our_tag(const Arrived& notify)
{
    const auto& from = notify.notify->dialog->from;
    return from.substr(from.find(";tag=") + 5);
}

/// Bob has subscribed to Carol, or to her group, and is unplugged.
struct Unplugged : CutOffOffice {
    explicit Unplugged(Subscribing subscribing)
        : CutOffOffice{false, 36000s}, wanted{std::move(subscribing)}
    {
        tag = our_tag(subscribes());
        bob.answers_notify.reset();
    }

    Arrived subscribes()
    {
        bob.asks(wanted);
        bob.receives(200U);
        return bob.receives(NOTIFY);
    }
    /// Nobody waits for anything.
    void is_settled()
    {
        CHECK(pbx.view().lamp_ends == 0);
        CHECK(pbx.view().lamps.empty());
        CHECK(pbx.view().subscriptions.empty());
        CHECK(pbx.kept().subscriptions.empty());
        pbx.stays_silent_for(600s);
    }

    Subscribing wanted;
    std::string tag;
};

const Subscribing a_list{.event = "dialog", .to = "sales", .supported = OptionTag::eventlist};
const Subscribing presence{.event = "presence", .to = "103"};
const Subscribing presences{.event = "presence", .to = "sales", .supported = OptionTag::eventlist};
const std::vector<Subscribing> kinds{{.event = "dialog", .to = "103"}, a_list, presence, presences};

}  // namespace

TEST_CASE("a right goes while a phone is unplugged that has subscribed: once it is back it knows")
{
    enum class Gone : std::uint8_t { right, group, member };
    for (const auto& kind : kinds)
        for (const auto gone : {Gone::right, Gone::group, Gone::member}) {
            CAPTURE(kind.event);
            CAPTURE(kind.to);
            CAPTURE(static_cast<int>(gone));
            if (gone == Gone::member && kind.to == "sales") continue;  // that ends no list
            Unplugged office{kind};
            if (gone == Gone::right) office.may_watch(false);
            if (gone == Gone::group) office.pbx.replaces_directory({});
            if (gone == Gone::member) {
                office.hangs_up();
                office.pbx.removes("103");
            }
            const auto end = office.ends();
            CHECK(office.pbx.view().lamps.empty());
            CHECK(office.pbx.view().subscriptions.empty());
            CHECK(office.pbx.view().lamp_ends == 1);
            CHECK(office.pbx.kept().subscriptions.size() == 1);
            office.is_lost(end);
            office.pbx.passes(1s);
            const auto again = office.ends();
            CHECK(again.notify->dialog->call_id == end.notify->dialog->call_id);
            CHECK(again.notify->cseq == end.notify->cseq + 1);
            CHECK(again.notify->version == end.notify->version + 1);
            CHECK(again.notify->subscription_state == end.notify->subscription_state);
            office.is_lost(again);
            office.bob.answers_notify = 200;  // plugged in, a minute later
            office.pbx.passes(2s);
            office.ends();
            office.is_settled();
        }
}

TEST_CASE("a phone that is heard again is told the end at once; one that refuses it for now, later")
{
    enum class Is : std::uint8_t { heard, busy, ignorant };
    for (const auto& kind : kinds)
        for (const auto phone : {Is::heard, Is::busy, Is::ignorant}) {
            CAPTURE(kind.event);
            CAPTURE(kind.to);
            CAPTURE(static_cast<int>(phone));
            Unplugged office{kind};
            office.may_watch(false);
            const auto end = office.ends();
            if (phone == Is::heard) {
                office.is_lost(end);
                office.bob.answers_notify = 200;
                office.bob.registers(36000s);
                office.ends();
            } else if (phone == Is::busy) {
                office.bob.answers(end, 503);
                office.pbx.passes(1s);
                office.bob.answers(office.ends(), 200);
            } else {
                office.bob.answers(end, 481);
            }
            office.is_settled();
        }
}

TEST_CASE("a phone that refreshes while its end is owed hears it by the answer")
{
    for (const auto& kind : kinds)
        for (const bool under_way : {true, false}) {
            CAPTURE(kind.event);
            CAPTURE(kind.to);
            CAPTURE(under_way);
            Unplugged office{kind};
            office.may_watch(false);
            const auto end = office.ends();
            if (!under_way) office.is_lost(end);
            auto refresh = kind;
            refresh.to_tag = office.tag;
            office.bob.asks(refresh);
            office.bob.receives(481U);
            office.is_settled();
        }
}

TEST_CASE("a phone that asks for something else in that dialog is refused, and has not heard its end")
{
    for (const auto& kind : kinds)
        for (const auto& event : {kind.event + ";id=2", std::string{"message-summary"}}) {
            CAPTURE(event);
            CAPTURE(kind.to);
            Unplugged office{kind};
            office.may_watch(false);
            const auto end = office.ends();
            auto other = kind;
            other.call_id = end.notify->dialog->call_id;
            other.to_tag = office.tag;
            other.event = event;
            office.bob.asks(other);
            office.bob.receives(481U);
            CHECK(office.pbx.view().lamp_ends == 1);
            office.is_lost(end);
            office.bob.answers_notify = 200;
            office.pbx.passes(1s);
            office.ends();
            office.is_settled();
        }
}

TEST_CASE("an end that a phone has not heard when its subscription would have expired is over")
{
    for (const auto& kind : kinds) {
        CAPTURE(kind.event);
        CAPTURE(kind.to);
        Unplugged office{kind};
        office.hangs_up();
        office.may_watch(false);
        const auto end = office.ends();
        office.pbx.passes(3601s);
        CHECK(office.bob.hears_nothing());
        office.bob.answers(end, 408, true);
        office.is_settled();
    }
}

TEST_CASE("a phone that unregisters needs no end")
{
    for (const auto& kind : kinds) {
        CAPTURE(kind.event);
        CAPTURE(kind.to);
        Unplugged office{kind};
        office.may_watch(false);
        office.is_lost(office.ends());
        office.bob.unregisters();
        office.is_settled();
    }
}

TEST_CASE("an end that is owed as the exchange is killed is told after its restart")
{
    enum class Told : std::uint8_t { once, lost, not_at_all };
    for (const auto& kind : kinds)
        for (const auto told : {Told::once, Told::lost, Told::not_at_all}) {
            CAPTURE(kind.event);
            CAPTURE(kind.to);
            CAPTURE(static_cast<int>(told));
            Unplugged office{kind};
            office.hangs_up();
            const auto stored = office.pbx.stored.size();
            office.may_watch(false);
            const auto end = office.ends();
            if (told == Told::lost) office.is_lost(end);
            if (told == Told::not_at_all) office.pbx.stored.resize(stored);
            office.pbx.restarts();
            const auto again = office.ends();
            CHECK(again.notify->dialog->call_id == end.notify->dialog->call_id);
            CHECK(again.notify->cseq > end.notify->cseq);
            office.pbx.restarts();  // before it is told twice
            const auto third = office.ends();
            CHECK(third.notify->cseq > again.notify->cseq);
            CHECK(third.notify->version > again.notify->version);
            office.bob.answers(third, 200);
            CHECK(office.pbx.kept().subscriptions.empty());
            office.pbx.restarts();
            CHECK(office.bob.hears_nothing());
            office.is_settled();
        }
}

TEST_CASE("a right that is back after a restart takes the place of an end that was not answered")
{
    for (const auto& kind : kinds)
        for (const bool has_heard : {false, true}) {  // and its answer was lost
            CAPTURE(kind.event);
            CAPTURE(kind.to);
            CAPTURE(has_heard);
            Unplugged office{kind};
            office.hangs_up();
            office.may_watch(false);
            office.is_lost(office.ends());
            office.may_watch(true);
            CHECK(office.bob.hears_nothing());
            office.pbx.restarts();
            const auto truth = office.bob.receives(NOTIFY);
            CHECK(truth.notify->subscription_state.starts_with("active"));
            office.bob.answers_notify = 200;
            office.bob.answers(truth, has_heard ? 481 : 200);
            if (has_heard) {
                office.is_settled();
                continue;
            }
            while (!office.bob.hears_nothing()) office.bob.receives(NOTIFY);
            CHECK(office.pbx.kept().subscriptions.size() == 1);
            office.pbx.stays_silent_for(60s);
        }
}

TEST_CASE("a phone that subscribes with the Call-ID and tag it had is told by that alone")
{
    for (const auto& kind : kinds) {
        CAPTURE(kind.event);
        CAPTURE(kind.to);
        Unplugged office{kind};
        office.may_watch(false);
        office.is_lost(office.ends());
        office.may_watch(true);
        office.bob.answers_notify = 200;
        CHECK(office.subscribes().notify->subscription_state.starts_with("active"));
        CHECK(office.pbx.view().lamp_ends == 0);
        CHECK(office.pbx.kept().subscriptions.size() == 1);
        office.pbx.stays_silent_for(60s);
    }
}

TEST_CASE("a phone with two keys that subscribes anew with one of them hears the end of both, and "
          "the truth after that")
{
    enum class Knows : std::uint8_t { both, neither };  // neither: it has rebooted
    for (const auto& kind : kinds)
        for (const auto phone : {Knows::both, Knows::neither}) {
            CAPTURE(kind.event);
            CAPTURE(kind.to);
            CAPTURE(static_cast<int>(phone));
            Unplugged office{kind};
            while (!office.bob.hears_nothing()) office.bob.receives(NOTIFY);
            office.bob.answers_notify = 200;
            office.wanted.call_id = "of another key";
            office.subscribes();
            while (!office.bob.hears_nothing()) office.bob.receives(NOTIFY);
            office.bob.answers_notify.reset();
            office.may_watch(false);
            CHECK(office.pbx.view().lamp_ends == 2);
            office.pbx.passes(32s);
            while (!office.bob.hears_nothing())
                office.bob.answers(office.bob.receives(NOTIFY), 408, true);
            office.may_watch(true);
            office.wanted.call_id = "anew";
            office.bob.asks(office.wanted);
            office.bob.receives(200U);
            std::set<std::string> ended;
            bool is_true = false;
            while (!office.bob.hears_nothing()) {
                const auto notify = office.bob.receives(NOTIFY);
                const bool is_end = notify.notify->subscription_state.starts_with("terminated");
                const auto& dialog = *notify.notify->dialog;
                CHECK((dialog.call_id == "anew") == !is_end);
                if (is_end) ended.insert(dialog.call_id);
                is_true = !is_end;
                const bool known = !is_end || phone == Knows::both;
                office.bob.answers(notify, known ? 200 : 481);
            }
            CHECK(ended.size() == 2);
            CHECK(is_true);
            CHECK(office.pbx.view().lamp_ends == 0);
            CHECK(office.pbx.kept().subscriptions.size() == 1);
            office.pbx.stays_silent_for(60s);
        }
}

TEST_CASE("a phone whose right is back before it has heard the end is told to begin anew")
{
    for (const auto& kind : kinds) {
        CAPTURE(kind.event);
        CAPTURE(kind.to);
        Unplugged office{kind};
        office.may_watch(false);
        const auto end = office.ends();
        CHECK(end.notify->subscription_state == "terminated;reason=rejected");
        office.is_lost(end);
        office.may_watch(true);
        CHECK(office.bob.hears_nothing());
        office.pbx.passes(1s);
        const auto again = office.ends();
        CHECK(again.notify->subscription_state == "terminated;reason=deactivated");
        if (kind.to == "103")  // and shows nothing until it has
            CHECK(*again.notify->body_head == *end.notify->body_head);
        office.bob.answers(again, 200);
        office.is_settled();
    }
}

TEST_CASE("messages that are told unasked no more, while the phone is unplugged, leave it dark")
{
    Scenario pbx;
    auto& bob = pbx.phone("102");
    counts(pbx, "102", {.fresh = 3});
    CHECK(says(bob.receives(NOTIFY), "Messages-Waiting: yes"));
    bob.answers_notify.reset();
    const auto ends = [&] {
        const auto end = bob.receives(NOTIFY);
        CHECK(says(end, "Messages-Waiting: no\r\n"));
        CHECK(end.notify->subscription_state == "terminated;reason=rejected");
        CHECK(bob.hears_nothing());
        return end;
    };
    const auto is_lost = [&](const Arrived& notify) {
        pbx.passes(32s);
        bob.answers(notify, 408, true);
    };
    counts(pbx, "102", {.fresh = 3, .unsolicited = false});
    auto end = ends();
    CHECK(pbx.view().subscriptions.empty());
    CHECK(pbx.view().lamp_ends == 1);
    is_lost(end);
    SUBCASE("it is back")
    {
        pbx.passes(1s);
        is_lost(ends());
        bob.answers_notify = 200;
        pbx.passes(2s);
        ends();
    }
    SUBCASE("it registers anew")
    {
        ++bob.reboots;
        bob.registers();
        const auto again = ends();
        CHECK(again.notify->dialog->call_id != end.notify->dialog->call_id);
        bob.answers(again, 200);
    }
    SUBCASE("it does not want it, which says nothing of what else there is")
    {
        pbx.passes(1s);
        bob.answers(ends(), 489);
        bob.answers_notify = 200;
        counts(pbx, "102", {.fresh = 4});
        CHECK(says(bob.receives(NOTIFY), "Messages-Waiting: yes"));
    }
    SUBCASE("they are told again: that takes its place")
    {
        bob.answers_notify = 200;
        counts(pbx, "102", {.fresh = 4});
        CHECK(says(bob.receives(NOTIFY), "Messages-Waiting: yes"));
    }
    CHECK(pbx.view().lamp_ends == 0);
    pbx.stays_silent_for(600s);
}

TEST_CASE("an end of messages told unasked that is owed as the exchange is killed is told after that")
{
    enum class Is : std::uint8_t { registered, expired, lit_as_it_expires };
    for (const auto phone : {Is::registered, Is::expired, Is::lit_as_it_expires}) {
        CAPTURE(static_cast<int>(phone));
        Scenario pbx;
        auto& bob = pbx.silent_phone("102");
        bob.registers(phone == Is::registered ? 3600s : 60s);
        counts(pbx, "102", {.fresh = 3});
        CHECK(says(bob.receives(NOTIFY), "Messages-Waiting: yes"));
        CHECK(pbx.kept().unasked_lamps.empty());  // none for each phone of a mailbox
        bob.answers_notify.reset();
        const auto ends = [&] {
            const auto end = bob.receives(NOTIFY);
            CHECK(says(end, "Messages-Waiting: no\r\n"));
            CHECK(end.notify->subscription_state == "terminated;reason=rejected");
            CHECK(bob.hears_nothing());
            return end;
        };
        const auto withdraw = [&] { counts(pbx, "102", {.fresh = 3, .unsolicited = false}); };
        if (phone != Is::lit_as_it_expires) {
            withdraw();
            ends();
        }
        if (phone != Is::registered) pbx.passes(61s);
        CHECK(pbx.kept().unasked_lamps.size() == 1);
        pbx.restarts();
        if (phone == Is::lit_as_it_expires) withdraw();
        bob.answers_notify = 200;
        if (phone != Is::registered) {
            CHECK(bob.hears_nothing());
            bob.registers();
        }
        const auto again = ends();
        if (phone == Is::registered) bob.answers(again, 200);
        CHECK(pbx.view().lamp_ends == 0);
        CHECK(pbx.kept().unasked_lamps.empty());
        pbx.restarts();
        pbx.stays_silent_for(600s);
    }
}
