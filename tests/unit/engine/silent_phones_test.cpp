// Who asks phones that do not answer, and what that costs.
#include <deque>
#include <map>
#include <utility>

#include "engine/silent_phones.hpp"

#include "unit/engine/indication_office.hpp"

using namespace lampline;
using namespace lampline::test;
using enum LegState;

namespace {

using Time = SilentPhones::TimePoint;
constexpr Time start{std::chrono::hours{1}};
constexpr SubscriptionId one{1}, two{2}, three{3};
const PhoneName desk{"201", 1}, cell{"201", 2};

/// How many NOTIFYs leave in the last of `minutes`, when `count` phones fall silent at the same
/// moment, and each NOTIFY is repeated for `took`.
std::size_t last_minute(std::size_t count, seconds took, int minutes)
{
    SilentPhones silent;
    for (std::size_t at = 1; at <= count; ++at) silent.add({std::to_string(at), 1}, {at}, start);
    std::deque<std::pair<Time, SubscriptionId>> under_way;  // by when it was sent
    std::size_t sent_then = 0;
    const auto end = start + std::chrono::minutes{minutes};
    for (Time now = start; now < end; now += std::chrono::milliseconds{100}) {
        while (!under_way.empty() && under_way.front().first + took < now) {
            const auto id = under_way.front().second;
            under_way.pop_front();
            silent.add({std::to_string(id.value), 1}, id, now);
        }
        while (const auto next = silent.take_due(now)) {
            under_way.emplace_back(now, *next);
            if (now >= end - std::chrono::minutes{1}) ++sent_then;
        }
    }
    return sent_then;
}

}  // namespace

TEST_CASE("the subscriptions of a silent phone are told in turn, one at a time")
{
    SilentPhones silent;
    silent.add(desk, one, start + seconds{32});
    silent.add(desk, two, start + seconds{32});
    CHECK(silent.next_turn(desk) == start + seconds{33});
    CHECK_FALSE(silent.take_due(start + seconds{32}));
    CHECK(silent.take_due(start + seconds{33}) == one);
    CHECK_FALSE(silent.take_due(start + seconds{60}));
    CHECK_FALSE(silent.next_turn(desk));
    silent.add(desk, one, start + seconds{65});
    CHECK(silent.next_turn(desk) == start + seconds{67});
    CHECK(silent.take_due(start + seconds{67}) == two);
    for (const auto next : {one, two, one, two}) {
        const auto now = start + seconds{100};
        silent.add(desk, next == one ? two : one, now);
        CHECK(silent.next_turn(desk) == now + seconds{4});
        CHECK(silent.take_due(now + seconds{4}) == next);
    }
}

TEST_CASE("who asks and is over, or need not be told any more, leaves its turn to the next")
{
    SilentPhones silent;
    for (const auto id : {one, two, three}) silent.add(desk, id, start);
    REQUIRE(silent.take_due(start + seconds{1}) == one);
    silent.remove(two, start + seconds{2});
    CHECK_FALSE(silent.take_due(start + seconds{2}));
    silent.remove(one, start + seconds{3});
    CHECK(silent.take_due(start + seconds{3}) == three);
    silent.remove(three, start + seconds{4});
    CHECK(silent.empty());
    CHECK_FALSE(silent.take_due(start + seconds{3600}));
    silent.add(desk, one, start + seconds{3600});  // patience starts over
    CHECK(silent.next_turn(desk) == start + seconds{3601});
}

TEST_CASE("a phone that answers frees all that wait for it, and no other phone's")
{
    SilentPhones silent;
    silent.add(desk, one, start);
    silent.add(desk, two, start);
    silent.add(cell, three, start);
    REQUIRE(silent.take_due(start + seconds{1}) == one);
    REQUIRE(silent.take_due(start + seconds{1}) == three);
    CHECK(silent.take_all_of(one) == std::vector{two});
    CHECK(silent.take_all_of(one).empty());
    CHECK_FALSE(silent.take_due(start + seconds{3600}));
    CHECK_FALSE(silent.empty());
    CHECK(silent.take_all_of(three).empty());
    CHECK(silent.empty());
}

TEST_CASE("a subscription that has gone over to another phone waits for that one")
{
    SilentPhones silent;
    silent.add(desk, one, start);
    silent.add(cell, one, start);
    CHECK(silent.take_due(start + seconds{1}) == one);
    CHECK_FALSE(silent.take_due(start + seconds{3600}));
    silent.remove(one, start + seconds{3600});
    CHECK(silent.empty());
}

TEST_CASE("after a quiet while 400 are told at once, and the others one by one")
{
    using std::chrono::milliseconds;
    SilentPhones silent;
    constexpr std::size_t count = 1000;
    const auto name = [](std::size_t at) { return PhoneName{std::to_string(at), 1}; };
    for (std::size_t at = 1; at <= count; ++at)
        silent.add(name(at), {at}, start + milliseconds{at / 500});  // the last ones later
    const auto now = start + seconds{2};
    const auto taken = [&](Time at) {
        std::vector<std::uint64_t> ids;
        while (const auto next = silent.take_due(at)) ids.push_back(next->value);
        return ids;
    };
    auto first = taken(now);
    CHECK(first.size() == 400);
    CHECK(std::ranges::max(first) < 500);                     // who has waited longest
    CHECK(silent.next_deadline() == now + milliseconds{10});  // nobody looks in vain before
    CHECK(taken(now + milliseconds{9}).empty());
    CHECK(taken(now + milliseconds{10}).size() == 1);
    CHECK(taken(now + milliseconds{110}).size() == 10);
    CHECK(taken(now + seconds{2}).size() == 189);
    for (std::size_t at = 1; at <= count; ++at) silent.remove({at}, now);
    CHECK(silent.empty());
    for (std::size_t at = 1; at <= 500; ++at) silent.add(name(at), {at}, now + seconds{100});
    CHECK(silent.next_deadline() == now + seconds{101});
    CHECK(taken(now + seconds{101}).size() == 400);  // and no more, however quiet it was
}

TEST_CASE("who begins to wait puts nobody's turn off, and asks for nothing while another one does")
{
    SilentPhones silent;
    silent.add(desk, one, start);
    silent.add(desk, two, start + std::chrono::milliseconds{900});
    CHECK(silent.next_turn(desk) == start + seconds{1});
    REQUIRE(silent.take_due(start + seconds{1}) == one);
    silent.add(desk, three, start + seconds{2});
    CHECK_FALSE(silent.next_turn(desk));
    CHECK_FALSE(silent.next_deadline());
    CHECK_FALSE(silent.take_due(start + seconds{32}));
    silent.add(desk, one, start + seconds{33});
    CHECK(silent.next_turn(desk) == start + seconds{35});
    CHECK(silent.take_due(start + seconds{35}) == two);
}

TEST_CASE("nobody is left in whose turn it was: there is none, and patience lasts while one asks")
{
    SilentPhones silent;
    silent.add(desk, one, start);
    silent.remove(one, start);
    CHECK_FALSE(silent.next_deadline());
    CHECK_FALSE(silent.take_due(start + seconds{3600}));
    silent.add(desk, one, start);
    silent.add(desk, two, start);
    REQUIRE(silent.take_due(start + seconds{1}) == one);
    silent.remove(two, start + seconds{2});
    CHECK_FALSE(silent.empty());
    silent.add(desk, one, start + seconds{33});
    CHECK(silent.next_turn(desk) == start + seconds{35});  // the second pause
    silent.remove(three, start + seconds{34});             // it is not known
    CHECK(silent.take_due(start + seconds{35}) == one);
}

TEST_CASE("each silent phone is asked within 4 s while they are 3600, and 100 a second beyond")
{
    const auto near = [](std::size_t count, std::size_t expected) {
        CAPTURE(count);
        CHECK(count <= expected * 103 / 100);
        CHECK(count >= expected * 95 / 100);
    };
    near(last_minute(3600, seconds{32}, 10), 3600 * 60 / 36);
    near(last_minute(10'000, seconds{32}, 10), 6000);
    near(last_minute(10'000, seconds{0}, 10), 6000);  // what cannot even be sent
}

TEST_CASE("no answer at all: tried again within 4 s, so that the end of an outage ends the lie")
{
    Office office;
    office.subscribed("201", "207");
    office.call(1, early);
    int wait = 1;
    for (const auto back = office.now.mono + std::chrono::minutes{50}; office.now.mono < back;) {
        office.hears_nothing(office.notified());
        CHECK(office.silent());
        office.passes(seconds{wait});
        CHECK_FALSE(office.silent());
        wait = std::min(2 * wait, 4);
    }
    CHECK(states_of(office.acknowledged()) == "early");
    CHECK(office.silent());
}

TEST_CASE("a silent phone with many subscriptions is asked by one of them at a time")
{
    Office office;
    office.subscribed("201", "207");
    office.subscribed("201", "208");
    office.subscribed("202", "208");
    office.call(1, early, "207");
    office.call(2, early, "208");
    office.acknowledged();  // in the order of the calls: 201's of 207 answers, as if by chance
    office.call(1, confirmed, "207");
    const auto of_208 = office.notified();
    const auto other_phone = office.notified();
    const auto of_207 = office.notified();
    office.hears_nothing(of_208);
    office.answers(other_phone, 200);
    office.hears_nothing(of_207);
    CHECK(office.explains("201", "207").phones.at(0).lamp->waiting);
    SUBCASE("in turn")
    {
        for (const auto& next : {of_208, of_207, of_208, of_207}) {
            if (office.silent()) office.passes(seconds{4});
            const auto again = office.notified();
            CHECK(again.subscription == next.subscription);
            CHECK(office.silent());
            CHECK_FALSE(
                office.explains("201", next.subscription == of_208.subscription ? "207" : "208")
                    .phones.at(0)
                    .lamp->retry_at);
            office.hears_nothing(again);
        }
    }
    SUBCASE("whose answer frees the others at once, whatever it is")
    {
        if (office.silent()) office.passes(seconds{4});
        const auto again = office.notified();
        SUBCASE("delivered")
        {
            office.answers(again, 200);
        }
        SUBCASE("refused for now")
        {
            office.answers(again, 503, seconds{300});
        }
        SUBCASE("over")
        {
            office.answers(again, 481);
        }
        CHECK(states_of(office.acknowledged()) == "confirmed");
        CHECK(office.silent());
    }
    SUBCASE("which may expire meanwhile")
    {
        if (office.silent()) office.passes(seconds{4});
        office.notified();
        auto end = office.subscribe("201", "208", 2);
        end.parties.to_tag = of_208.dialog->from.substr(of_208.dialog->from.find(";tag=") + 5);
        end.expires = seconds{0};
        end.source = Office::flow_of("203");  // so that the phone is not heard
        office.receives(end);
        office.notified();  // the last of 208
        office.passes(seconds{0});
        CHECK(office.notified().subscription == of_207.subscription);
    }
}

TEST_CASE("what a silent phone has asked for and what it is told unasked is one phone's")
{
    Office office{standard_office(true)};
    office.registers("201");
    office.acknowledged();
    office.acknowledged();
    office.registers("202");
    office.acknowledged();
    office.acknowledged();
    SUBCASE("all of it unasked") {}
    SUBCASE("one of them asked for")
    {
        office.subscribed("201", "207");
    }
    office.call(1, early, "207");
    office.call(2, early, "208");
    std::map<std::string, std::vector<SendNotify>> sent;
    while (!office.silent()) {
        auto notify = office.notified();
        sent[notify.dialog->request_uri].push_back(std::move(notify));
    }
    REQUIRE(sent.size() == 2);
    const auto& of_201 = sent.at(write(Office::contact_of("201")));
    const auto& of_202 = sent.at(write(Office::contact_of("202")));
    REQUIRE(of_201.size() == 2);
    office.passes(seconds{32});
    for (const auto& notify : of_201)
        office.indications.receive(NotifyAnswered{notify.subscription, notify.cseq, 408, {}, true},
                                   office.now, office.outbox);
    office.collect();
    CHECK(office.silent());
    office.passes(seconds{1});
    const auto again = office.notified();
    CHECK(again.dialog->request_uri == of_201[0].dialog->request_uri);
    CHECK(office.silent());  // the other one waits
    office.passes(seconds{10});
    CHECK(office.silent());
    for (const auto& notify : of_202) office.answers(notify, 200);  // another phone, no news of it
    CHECK(office.silent());
    office.answers(again, 200);
    CHECK(office.notified().dialog->request_uri == of_201[0].dialog->request_uri);
    CHECK(office.silent());
}

TEST_CASE(
    "10,000 phones that answer nothing are told 100 times a second in all, and then the truth")
{
    std::vector<std::string> numbers{"207", "208"};
    std::vector<OfficeWatcher> watchers;
    for (int at = 0; at < 10'000; ++at) {
        watchers.push_back({std::to_string(10'000 + at)});
        numbers.push_back(watchers.back().number);
    }
    Office office{office_directory(numbers, {"207", "208"}, watchers)};
    for (const auto& watcher : watchers)
        for (const auto* member : {"207", "208"}) office.subscribed(watcher.number, member);
    office.call(1, early, "207");
    office.call(2, early, "208");
    std::deque<std::pair<std::chrono::steady_clock::time_point, SendNotify>> under_way;
    std::size_t this_minute = 0;
    const auto passes_one = [&] {
        office.passes(seconds{1});
        while (!under_way.empty() && under_way.front().first <= office.now.mono) {
            const auto lost = std::move(under_way.front().second);
            under_way.pop_front();
            office.indications.receive(NotifyAnswered{lost.subscription, lost.cseq, 408, {}, true},
                                       office.now, office.outbox);
        }
        office.collect();
        while (!office.silent()) {
            under_way.emplace_back(office.now.mono + seconds{32}, office.notified());
            ++this_minute;
        }
    };
    for (int minute = 0; minute < 10; ++minute) {
        this_minute = 0;
        for (int second = 0; second < 60; ++second) passes_one();
        if (minute >= 3) CHECK(this_minute <= 6100);
    }
    office.call(1, confirmed, "207");
    passes_one();
    CHECK(this_minute <= 6300);  // what changes is not told to who does not answer
    for (const auto& [due, notify] : under_way) office.answers(notify, 200);
    for (int second = 0; second < 110; ++second) {
        while (!office.silent()) office.acknowledged();
        office.passes(seconds{1});
    }
    const auto lamps = office.view().lamps;
    CHECK(lamps.size() == 20'000);
    CHECK(std::ranges::none_of(
        lamps, [](const LiveLamp& lamp) { return lamp.owed || lamp.waiting || lamp.under_way; }));
}
