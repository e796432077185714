// How many NOTIFYs were answered how, and how soon.
#include "unit/engine/lamp_account.hpp"

using namespace lampline;
using namespace lampline::test;
using enum LegState;

TEST_CASE("counters: answers by class, refusals, repetitions")
{
    Office office;
    office.subscribed("201", "207");
    office.subscribed("202", "207");
    office.call(1, early);
    const auto one = office.notified();
    office.answers(office.notified(), 481);
    office.indications.receive(NotifyAnswered{one.subscription, one.cseq, 408, seconds{0}, true},
                               office.now, office.outbox);
    office.passes(seconds{1});
    office.acknowledged();
    const auto counters = office.view().counters;
    CHECK(counters.notify_answers == std::array<std::uint64_t, 7>{1, 0, 3, 0, 1, 0, 0});
    CHECK(counters.notifies_refused == 1);
    CHECK(counters.notifies_retried == 1);
}

TEST_CASE("delays: a NOTIFY says which event it is the first to tell; the answer is timed")
{
    Office office;
    const auto first = office.subscribed("201", "207");
    CHECK_FALSE(first.event_at);  // no event of a call
    const auto rang = office.now.mono;
    office.call(1, early);
    const auto notify = office.notified();
    CHECK(notify.event_at == rang);
    office.passes(seconds{2});
    const auto answered = office.now.mono;
    office.call(1, confirmed);  // waits behind it
    office.passes(seconds{1});
    office.answers(notify, 200);
    auto delays = office.view().counters.event_to_answer;
    CHECK(delays.total() == 1);
    CHECK(delays.sum() == doctest::Approx(3));
    const auto second = office.notified();
    CHECK(second.event_at == answered);
    office.answers(second, 408);
    office.passes(seconds{1});
    const auto again = office.notified();
    CHECK_FALSE(again.event_at);
    office.passes(seconds{1});
    office.answers(again, 200);
    delays = office.view().counters.event_to_answer;
    CHECK(delays.total() == 2);
    CHECK(delays.sum() == doctest::Approx(3 + 3));
}

TEST_CASE("delays: an idle edge before the news is no answer to the event")
{
    Office office{office_directory({"201", "207"}, {"207"}, {{"201", false, "innovaphone"}})};
    office.subscribed("201", "207");
    office.call(1, early);
    office.acknowledged();
    office.call(1, confirmed);
    office.passes(seconds{1});
    CHECK(states_of(office.acknowledged()) == "terminated");
    CHECK(office.view().counters.event_to_answer.total() == 1);
    office.passes(seconds{1});
    CHECK(states_of(office.acknowledged()) == "proceeding");
    CHECK(office.view().counters.event_to_answer.total() == 2);
    CHECK(office.view().counters.event_to_answer.sum() == doctest::Approx(2));
}
