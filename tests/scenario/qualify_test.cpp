// Phones that are asked whether they are there, and what follows when they are not.
#include <doctest/doctest.h>

#include "support/scenario.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

ExchangeSettings asking()
{
    ExchangeSettings settings;
    settings.qualify = {.interval = 60s, .misses = 3};
    return settings;
}

/// Alice at 101 calls; 102 has a desk phone and a softphone; all answer OPTIONS.
struct Office {
    Scenario pbx{{}, asking()};
    Phone& alice = pbx.phone("101");
    Phone& desk = pbx.phone("102");
    Phone& soft = pbx.phone("102");

    Office()
    {
        for (auto* phone : {&alice, &desk, &soft}) phone->answers_options = 200;
        pbx.looks_on();
    }
    [[nodiscard]] Reach::State state_of(const Phone& phone) const
    {
        for (const auto& binding : pbx.view().registrations)
            if (binding.flow == phone.flow) return binding.reach.state;
        FAIL("not registered");
        return {};
    }
    [[nodiscard]] std::vector<bool> flips() const
    {
        std::vector<bool> result;
        for (const auto& event : pbx.shown)
            if (const auto* reach = std::get_if<ReachEvent>(&event.what))
                result.push_back(reach->reachable);
        return result;
    }
    /// 408 to three questions in a row.
    void falls_silent(Phone& phone)
    {
        phone.answers_options = 408;
        pbx.passes(100s);
        CHECK(state_of(phone) == Reach::State::unreachable);
    }
    void hangs_up_all()
    {
        alice.cancels();
        for (auto* phone : {&alice, &desk, &soft}) phone->inbox.clear();
        CHECK(pbx.has_no_calls());
    }
};

}  // namespace

TEST_CASE("a phone is asked within the interval, and any answer shows that it is there")
{
    Office office;
    office.soft.answers_options = 486;
    CHECK(office.state_of(office.desk) == Reach::State::unknown);
    office.pbx.passes(61s);
    CHECK(office.state_of(office.desk) == Reach::State::reachable);
    CHECK(office.state_of(office.soft) == Reach::State::reachable);
    CHECK(office.flips().empty());
    CHECK(office.pbx.view().counters.qualifies_sent >= 3);
}

TEST_CASE("a round trip is measured from the question to its answer")
{
    Office office;
    office.desk.answers_options.reset();
    office.pbx.passes(1ms);
    const auto question = office.desk.receives(OPTIONS);
    office.pbx.passes(25ms);
    office.desk.answers_standalone(question, 200);
    for (const auto& binding : office.pbx.view().registrations)
        if (binding.flow == office.desk.flow) {
            CHECK(binding.reach.round_trip >= 25ms);
            CHECK(binding.reach.round_trip < 30ms);
        }
}

TEST_CASE("after three unanswered questions only the other phone rings")
{
    Office office;
    office.falls_silent(office.soft);
    CHECK(office.flips() == std::vector{false});

    office.alice.sends(INVITE, "102");
    office.desk.receives(INVITE);
    CHECK(office.soft.hears_nothing());
    office.hangs_up_all();
}

TEST_CASE("two unanswered questions are a mishap")
{
    Office office;
    office.soft.answers_options = 408;
    office.pbx.passes(10s);
    office.soft.answers_options = 200;
    office.pbx.passes(20s);
    CHECK(office.state_of(office.soft) == Reach::State::reachable);
    CHECK(office.flips().empty());
}

TEST_CASE(
    "when no phone answers questions they are rung all the same, unless a forward says where to")
{
    Office office;
    office.falls_silent(office.soft);
    office.falls_silent(office.desk);
    office.alice.sends(INVITE, "102");
    office.desk.receives(INVITE);
    office.soft.receives(INVITE);
    office.hangs_up_all();

    auto& carol = office.pbx.phone("103");
    carol.answers_options = 200;
    office.falls_silent(office.soft);  // its 487 was a sign of life
    office.falls_silent(office.desk);
    office.pbx.forwards("102", {.unregistered = "103"});
    office.alice.sends(INVITE, "102");
    office.alice.receives(181U);
    carol.receives(INVITE);
    office.hangs_up_all();
    carol.inbox.clear();
}

TEST_CASE("what a proxy answers for a phone that it cannot reach is no answer of the phone")
{
    Office office;
    const auto is_behind_proxy = [](Phone& phone) {
        phone.path = {"<sip:" + phone.flow.host + ':' + std::to_string(phone.flow.port) + ";lr>"};
        phone.registers();
    };
    is_behind_proxy(office.soft);
    SUBCASE("it says that the phone is not there")
    {
        for (const unsigned status : {404, 408, 410, 430, 500, 503, 504}) {
            CAPTURE(status);
            office.soft.answers_options = status;
            office.desk.answers_options = status;
            office.pbx.passes(100s);
            CHECK(office.state_of(office.soft) == Reach::State::unreachable);
            CHECK(office.state_of(office.desk) ==
                  (status == 408 ? Reach::State::unreachable : Reach::State::reachable));
            office.alice.sends(INVITE, "102");
            office.desk.receives(INVITE);
            if (status == 408)
                office.soft.receives(INVITE);
            else
                CHECK(office.soft.hears_nothing());
            office.hangs_up_all();
            office.soft.answers_options = office.desk.answers_options = 200;
            office.pbx.passes(70s);
            CHECK(office.state_of(office.soft) == Reach::State::reachable);
        }
    }
    SUBCASE("nor is its answer to a call")
    {
        auto& carol = office.pbx.phone("103");
        is_behind_proxy(carol);
        carol.answers_options = 430;
        office.pbx.passes(100s);
        office.alice.sends(INVITE, "103");
        carol.receives(INVITE);
        carol.replies(430);
        office.alice.receives(480U);
        CHECK(office.state_of(carol) == Reach::State::unreachable);
        office.alice.sends(INVITE, "103");
        carol.receives(INVITE);
        carol.replies(180);
        office.alice.receives(180U);
        CHECK(office.state_of(carol) == Reach::State::reachable);
        office.hangs_up_all();
        carol.inbox.clear();
    }
    SUBCASE("the phone says that it cannot be asked, or wants no calls")
    {
        for (const unsigned status : {405, 480, 486, 501, 603}) {
            CAPTURE(status);
            office.soft.answers_options = status;
            office.pbx.passes(100s);
            CHECK(office.state_of(office.soft) == Reach::State::reachable);
        }
    }
}

TEST_CASE("whatever a phone says shows that it is back")
{
    Office office;
    SUBCASE("REGISTER")
    {
        office.falls_silent(office.soft);
        office.soft.registers();
        CHECK(office.state_of(office.soft) == Reach::State::reachable);
        CHECK(office.flips() == std::vector{false, true});
    }
    SUBCASE("INVITE")
    {
        office.falls_silent(office.alice);
        office.alice.sends(INVITE, "102");
        CHECK(office.state_of(office.alice) == Reach::State::reachable);
        office.hangs_up_all();
    }
    SUBCASE("an answer to an INVITE")
    {
        office.falls_silent(office.desk);
        office.falls_silent(office.soft);
        office.alice.sends(INVITE, "102");
        office.desk.receives(INVITE);
        office.desk.replies(180);
        office.alice.receives(180U);
        CHECK(office.state_of(office.desk) == Reach::State::reachable);
        CHECK(office.state_of(office.soft) == Reach::State::unreachable);
        office.hangs_up_all();
    }
    SUBCASE("an answer to the next question")
    {
        office.falls_silent(office.desk);
        office.desk.answers_options = 481;
        office.pbx.passes(70s);
        CHECK(office.flips() == std::vector{false, true});
    }
}

TEST_CASE("a ring group passes over who does not answer, but rather rings them than nobody")
{
    Office office;
    RingGroup team{.number = "600", .strategy = RingStrategy::linear};
    team.members = {{"102"}, {"103"}};
    office.pbx.has_ring_groups({team});
    auto& carol = office.pbx.phone("103");
    carol.answers_options = 200;
    office.falls_silent(office.desk);
    office.falls_silent(office.soft);
    office.alice.sends(INVITE, "600");
    carol.receives(INVITE);
    office.hangs_up_all();
    carol.inbox.clear();

    office.falls_silent(carol);
    office.alice.sends(INVITE, "600");
    office.desk.receives(INVITE);
    office.soft.receives(INVITE);
    office.hangs_up_all();
}

TEST_CASE("many phones are asked one after the other, and forgotten when they leave")
{
    ExchangeSettings settings = asking();
    std::uint32_t last = 0;
    settings.qualify.random = [&last](std::uint32_t below) { return (last += 7919) % below; };
    Scenario pbx{{}, settings};
    std::vector<Phone*> phones;
    for (int i = 0; i < 16; ++i) phones.push_back(&pbx.phone("10" + std::to_string(1 + i % 9)));
    std::size_t most = 0;
    for (int second = 0; second < 60; ++second) {
        const auto before = pbx.view().counters.qualifies_sent;
        pbx.passes(1s);
        most = std::max<std::size_t>(most, pbx.view().counters.qualifies_sent - before);
        for (auto* phone : phones)
            for (; !phone->hears_nothing(); phone->inbox.pop_front())
                pbx.receive(StandaloneAnswered{.transaction = phone->inbox.front().answers_to,
                                               .status = 200});
    }
    CHECK(pbx.view().counters.qualifies_sent >= 16);
    CHECK(most <= 4);
    for (auto* phone : phones) phone->unregisters();
    pbx.stays_silent_for(130s);
}
