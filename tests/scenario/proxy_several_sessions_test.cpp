// Proxy mode with several phones that answer: each dialog of the caller has a session of its own,
// and ends with it (RFC 4028).
#include <algorithm>

#include "several_answers_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::proxy;

namespace {

/// Nobody is asked whether it is there: what ends, ends by its session.
ExchangeSettings unasked()
{
    return {.calls = {.probe_interval = 0s}};
}

struct Sessions : Answered {
    explicit Sessions(const Asked& session) : Answered{session, unasked()} {}
    /// Alice refreshes; `granted`: Session-Expires of the 2xx.
    void refreshes(const DialogId& dialog, Phone& other, std::chrono::seconds granted)
    {
        alice.uses_shared(dialog);
        alice.passes(UPDATE);
        other.accepts(UPDATE, {}, granted);
    }
    /// So long after the answers, and not before, lamps change to this.
    /// `before`: who talks until then.
    void changes_at(std::chrono::seconds since, const Numbers& before, const Lamps& lamps)
    {
        const auto when = answered_at + since - 1s;
        pbx.passes(std::chrono::duration_cast<std::chrono::milliseconds>(when - pbx.now().mono));
        CHECK(who_talks() == before);
        CHECK(dan.hears_nothing());
        pbx.passes(2s);
        CHECK(told() == lamps);
    }
    void restarts()
    {
        pbx.restarts();
        pbx.passes(1s);
        for (auto* phone : {&alice, &bob, &carol})
            for (; !phone->hears_nothing(); phone->replies(200)) phone->receives(OPTIONS);
        told();
    }

    const std::chrono::steady_clock::time_point answered_at = pbx.now().mono;
};

const Numbers all{"101", "103", "102"};

}  // namespace

TEST_CASE("proxy mode: of two answered dialogs only the one that is not refreshed ends")
{
    Sessions office{{.alice = 300s, .carol = 300s, .bob = 200s}};
    office.pbx.passes(100s);
    SUBCASE("the first is refreshed")
    {
        office.refreshes(office.with_carol, office.carol, 300s);
        office.changes_at(200s, all, {{"102", "idle"}});
        office.changes_at(400s, {"101", "103"}, {{"101", "idle"}, {"103", "idle"}});
    }
    SUBCASE("the second is")
    {
        office.refreshes(office.with_bob, office.bob, 300s);
        office.changes_at(300s, all, {{"101", "confirmed"}, {"103", "idle"}});
        office.changes_at(400s, {"101", "102"}, {{"101", "idle"}, {"102", "idle"}});
    }
    office.is_over();
    const auto record = office.record();
    const auto first = Answered::part_of(record, "103");
    const auto second = Answered::part_of(record, "102");
    CHECK(std::max(first.ended_at, second.ended_at) - std::min(first.ended_at, second.ended_at) >
          90s);
    CHECK(record.status == 408);
}

TEST_CASE("proxy mode: a call of two dialogs that nobody refreshes is over with the later one")
{
    Sessions office{{.alice = 300s, .carol = 200s}};  // Bob's is what the exchange has added
    office.changes_at(200s, all, {{"101", "confirmed"}, {"103", "idle"}});
    office.changes_at(300s, {"101", "102"}, {{"101", "idle"}, {"102", "idle"}});
    office.is_over();
}

TEST_CASE("proxy mode: two dialogs whose sessions expire together end together")
{
    Sessions office{{.alice = 300s, .carol = 300s, .bob = 300s}};
    office.changes_at(300s, all, {{"101", "idle"}, {"102", "idle"}, {"103", "idle"}});
    office.is_over();
}

TEST_CASE("proxy mode: the dialog that lives keeps its own session when the other one is hung up")
{
    Sessions office{{.alice = 300s, .carol = 200s, .bob = 300s}};
    office.pbx.passes(50s);
    SUBCASE("the first is")
    {
        office.alice_hangs_up(office.with_carol);
        CHECK(office.told() == Lamps{{"101", "confirmed"}, {"103", "idle"}});
        office.changes_at(300s, {"101", "102"}, {{"101", "idle"}, {"102", "idle"}});
    }
    SUBCASE("the second is")
    {
        office.bob.passes(BYE);
        CHECK(office.told() == Lamps{{"102", "idle"}});
        office.changes_at(200s, {"101", "103"}, {{"101", "idle"}, {"103", "idle"}});
    }
    office.is_over();
}

TEST_CASE("proxy mode: a refresh in one of two dialogs says nothing of the other one's session")
{
    Sessions office{{}};
    office.refreshes(office.with_carol, office.carol, 90s);
    office.changes_at(90s, all, {{"101", "confirmed"}, {"103", "idle"}});
    office.pbx.passes(1700s);
    CHECK(office.who_talks() == Numbers{"101", "102"});
    office.alice_hangs_up(office.with_bob);
    office.told();
    office.is_over();
}

TEST_CASE("proxy mode: a 2xx without Session-Expires ends that dialog's session timer (§7.2)")
{
    Sessions office{{.alice = 300s, .carol = 200s, .bob = 300s}};
    office.refreshes(office.with_carol, office.carol, 0s);
    office.changes_at(300s, all, {{"102", "idle"}});
    office.pbx.passes(300s);
    CHECK(office.who_talks() == Numbers{"101", "103"});
    office.carol.passes(BYE);
    office.told();
    office.is_over();
}

TEST_CASE("proxy mode: who answers behind another proxy has a session of its own")
{
    Office office{unasked()};
    office.alice.supported = office.bob.supported = OptionTag::timer;
    office.alice.session_timer.expires = office.bob.session_timer.expires = 300s;
    office.they_talk();
    auto& [pbx, alice, bob, dan] = office;
    DialogId forked = alice.shared();
    forked.remote_tag = "forked";
    office.answers(forked, 200s);
    office.told();
    const auto talking = [&] {
        const auto legs = pbx.view().calls.at(0).legs;
        return std::ranges::count(legs, "confirmed", &LiveLeg::state);
    };
    pbx.passes(199s);
    CHECK(talking() == 3);
    pbx.passes(1s);
    CHECK(talking() == 2);
    pbx.passes(99s);
    CHECK(talking() == 2);
    pbx.passes(1s);
    CHECK(office.told() == Lamps{{"101", "idle"}, {"102", "idle"}});
    CHECK(pbx.has_no_calls());
}

TEST_CASE("proxy mode: each of two answered dialogs keeps its session over kill -9")
{
    Sessions office{{.alice = 300s, .carol = 300s, .bob = 200s}};
    office.pbx.passes(49s);
    SUBCASE("both are taken up")
    {
        office.restarts();
        office.changes_at(200s, all, {{"102", "idle"}});
        office.changes_at(300s, {"101", "103"}, {{"101", "idle"}, {"103", "idle"}});
    }
    SUBCASE("one of them had ended")
    {
        office.alice_hangs_up(office.with_carol);
        office.restarts();
        office.changes_at(200s, {"101", "102"}, {{"101", "idle"}, {"102", "idle"}});
    }
    SUBCASE("one of them is refreshed by then")
    {
        office.refreshes(office.with_bob, office.bob, 300s);
        office.restarts();
        office.changes_at(300s, all, {{"101", "confirmed"}, {"103", "idle"}});
        office.changes_at(349s, {"101", "102"}, {{"101", "idle"}, {"102", "idle"}});
    }
    office.is_over();
}
