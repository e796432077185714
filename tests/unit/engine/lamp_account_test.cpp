// Why a lamp shows what it shows.
#include "unit/engine/indication_office.hpp"

using namespace lampline;
using namespace lampline::test;
using enum LegState;

namespace {

/// What happened to lamps, as words: "notified dark flashing".
std::vector<std::string> lamp_steps(const Office& office)
{
    std::vector<std::string> steps;
    for (const auto& event : office.shown)
        if (const auto* lamp = std::get_if<LampEvent>(&event.what))
            steps.push_back(std::string{name(lamp->step)}
                                .append(" ")
                                .append(name(lamp->shown))
                                .append(" ")
                                .append(name(lamp->present)));
    return steps;
}

AccountedPhone only_phone(const Office& office)
{
    const auto account = office.explains("201", "207");
    REQUIRE(account.phones.size() == 1);
    return account.phones.front();
}

AccountedLamp only_lamp(const Office& office)
{
    const auto phone = only_phone(office);
    REQUIRE(phone.lamp);
    return *phone.lamp;
}

}  // namespace

TEST_CASE("colours: ringing flashes, any other dialog is steady, by the words of the profile")
{
    for (const auto& [profile, state, direction, colour] :
         {std::tuple{"standard", early, Direction::recipient, LampColour::flashing},
          {"standard", confirmed, Direction::recipient, LampColour::steady},
          {"standard", early, Direction::initiator, LampColour::steady},
          {"standard", trying, Direction::initiator, LampColour::steady},
          {"innovaphone", early, Direction::recipient, LampColour::flashing},
          {"innovaphone", early, Direction::initiator, LampColour::steady},
          {"innovaphone", trying, Direction::recipient, LampColour::dark}}) {
        Office office{office_directory({"201", "207"}, {"207"}, {{"201", false, profile}})};
        office.subscribed("201", "207");
        office.call(1, state, "207", direction);
        CHECK(only_lamp(office).present.colour == colour);
    }
    // A row that has but one direction says by its word alone what rings.
    for (const auto fixed : {Direction::initiator, Direction::recipient}) {
        Office office{office_directory({"201", "207"}, {"207"}, {{"201", false, "plain"}},
                                       {{.name = "plain", .direction = fixed}})};
        office.subscribed("201", "207");
        office.call(1, early);
        CHECK(only_lamp(office).present.colour == LampColour::flashing);
    }
}

TEST_CASE("who dials does not flash, whoever watches; who is called meanwhile does")
{
    Office office;
    office.call(1, early, "207", Direction::initiator);
    auto look = office.explains("201", "207").member_look;
    CHECK(look.colour == LampColour::steady);
    CHECK(look.state == early);
    office.call(2, early, "207", Direction::recipient);
    CHECK(office.explains("201", "207").member_look.colour == LampColour::flashing);
    office.subscribed("201", "207");
    CHECK(office.explains("201", "207").member_look.colour == LampColour::flashing);
}

TEST_CASE("shown is what the phone acknowledged, present is what it should show")
{
    Office office;
    office.subscribed("201", "207");
    const auto first = office.now.wall;
    office.passes(seconds{5});
    office.call(1, early);
    const auto rang = office.now.wall;
    auto lamp = only_lamp(office);
    CHECK(lamp.shown.colour == LampColour::dark);
    CHECK_FALSE(lamp.shown.state);
    CHECK(lamp.shown.since == first);
    CHECK(lamp.present.colour == LampColour::flashing);
    CHECK(lamp.present.state == early);
    CHECK(lamp.present.since == rang);
    CHECK(lamp.under_way);
    CHECK_FALSE(lamp.agrees());

    office.passes(seconds{1});
    office.acknowledged();
    lamp = only_lamp(office);
    CHECK(lamp.agrees());
    CHECK(lamp.shown.since == office.now.wall);
    CHECK(lamp.present.since == rang);
    CHECK_FALSE(lamp.under_way);
    CHECK(office.explains("201", "207").member_look.since == rang);
}

TEST_CASE("hold changes the body, but not since when the lamp is steady")
{
    Office office;
    office.subscribed("201", "207");
    office.call(1, confirmed);
    office.acknowledged();
    const auto since = only_lamp(office).present.since;
    office.passes(seconds{9});
    office.fold({.leg = {1},
                 .extension = "207",
                 .dialog = {"call-1", "phone", "ours"},
                 .direction = Direction::recipient,
                 .state = confirmed,
                 .held = true});
    office.acknowledged();
    const auto lamp = only_lamp(office);
    CHECK(lamp.present.since == since);
    CHECK(lamp.shown.since == since);
}

TEST_CASE("the last NOTIFY: body, numbers, way, answer")
{
    Office office;
    office.subscribed("201", "207");
    office.call(1, early);
    const auto notify = office.notified();
    auto told = only_lamp(office).notify.value();
    CHECK(told.body == body_of(notify));
    CHECK(told.cseq == notify.cseq);
    CHECK(told.version == notify.version);
    CHECK(told.sent_at == office.now.wall);
    CHECK(told.flow == Office::flow_of("201"));
    CHECK_FALSE(told.answer);
    office.passes(seconds{2});
    office.answers(notify, 200);
    told = only_lamp(office).notify.value();
    CHECK(told.answer == 200U);
    CHECK(told.answered_at == office.now.wall);
    CHECK_FALSE(told.silent);
}

TEST_CASE("the calls behind the lamp, and with whom")
{
    Office office;
    office.fold({.leg = {7},
                 .call = {3},
                 .extension = "207",
                 .dialog = {"call-7", "phone", "ours"},
                 .direction = Direction::initiator,
                 .state = confirmed,
                 .held = true,
                 .remote = {{"Ben", extension_uri("211", "office.test")}, {}}});
    const auto account = office.explains("201", "207");  // nobody is subscribed
    REQUIRE(account.calls.size() == 1);
    const auto& call = account.calls.front();
    CHECK(call.call == CallRef{3});
    CHECK(call.leg == LegId{7});
    CHECK(call.direction == Direction::initiator);
    CHECK(call.with == "211");
    CHECK(call.with_name == "Ben");
    CHECK(call.held);
    CHECK(call.call_id == "call-7");
    CHECK(account.member_look.colour == LampColour::steady);
    CHECK(account.phones.empty());
}

TEST_CASE("who chose the profile: the group, the User-Agent, or nobody")
{
    for (const auto& [choice, user_agent, origin] :
         {std::tuple{"innovaphone", "snom360/1", ProfileOrigin::group},
          {"", "snom360/1", ProfileOrigin::user_agent},
          {"", "Wire/1", ProfileOrigin::by_default}}) {
        Office office{office_directory({"201", "207"}, {"207"}, {{"201", false, choice}})};
        auto request = office.subscribe("201", "207");
        request.user_agent = user_agent;
        office.receives(request);
        CHECK(only_lamp(office).profile_origin == origin);
    }
}

TEST_CASE("no lamp: not allowed, not subscribed, nobody registered")
{
    Office office;
    CHECK(office.explains("201", "207").phones.empty());
    office.registers("201");
    CHECK(only_phone(office).why_none == NoLamp::not_subscribed);
    CHECK(only_phone(office).registered);
    CHECK_FALSE(only_phone(office).lamp);
    office.registers("203");
    const auto account = office.explains("203", "207");
    REQUIRE(account.phones.size() == 1);
    CHECK(account.phones[0].why_none == NoLamp::not_allowed);
    CHECK(account.phones[0].contact == write(Office::contact_of("203")));
}

TEST_CASE("no lamp: the phone refused unsolicited NOTIFYs, with what and when")
{
    Office office{standard_office(true)};
    office.registers("201");
    const auto when = office.now.wall;
    office.answers(office.notified(), 489);
    office.passes(seconds{60});
    auto phone = only_phone(office);
    CHECK_FALSE(phone.lamp);
    CHECK(phone.why_none == NoLamp::refuses);
    REQUIRE(phone.refusal);
    CHECK(phone.refusal->first == 489);
    CHECK(phone.refusal->second == when);

    office.receives(office.subscribe("201", "207"));
    phone = only_phone(office);
    CHECK(phone.lamp);
    CHECK(phone.registered);
}

TEST_CASE("no lamp any more: unsubscribed, expired, refused")
{
    Office office;
    office.registers("201", 1, seconds{7200});
    auto request = office.subscribe("201", "207");
    SUBCASE("unsubscribed")
    {
        request.parties.to_tag = office.receives(request).local_tag;
        request.cseq = 2;
        request.expires = seconds{0};
        office.receives(request);
        CHECK(only_phone(office).ended->how == LampEnd::unsubscribed);
    }
    SUBCASE("expired")
    {
        office.receives(request);
        office.acknowledged();
        office.passes(seconds{3600});
        CHECK(only_phone(office).ended->how == LampEnd::expired);
    }
    SUBCASE("refused")
    {
        office.receives(request);
        office.answers(office.notified(), 481);
        CHECK(only_phone(office).ended->how == LampEnd::refused);
        CHECK(only_phone(office).ended->status == 481);
    }
    CHECK(only_phone(office).ended->at == office.now.wall);
    CHECK(only_phone(office).why_none == NoLamp::not_subscribed);
    office.unregisters("201");
    CHECK(only_phone(office).why_none == NoLamp::not_registered);
    CHECK_FALSE(only_phone(office).registered);
}

TEST_CASE("a phone that does not answer: how often, and when it is sent again")
{
    Office office;
    office.subscribed("201", "207");
    office.call(1, early);
    const auto notify = office.notified();
    office.indications.receive(
        NotifyAnswered{notify.subscription, notify.cseq, 408, seconds{0}, true}, office.now,
        office.outbox);
    office.collect();
    auto lamp = only_lamp(office);
    CHECK(lamp.failures == 1);
    CHECK(lamp.retry_at == office.now.wall + seconds{1});
    CHECK(lamp.notify->silent);
    CHECK(lamp.shown.colour == LampColour::dark);
    office.passes(seconds{1});
    lamp = only_lamp(office);
    CHECK_FALSE(lamp.retry_at);
    CHECK(lamp.under_way);
    CHECK(lamp.failures == 1);
}

TEST_CASE("what an earlier run has told is not known to be shown")
{
    Office before;
    before.subscribed("201", "207");
    Office after;
    after.now = before.now;
    after.indications.restore(before.kept(), after.locations, after.now, after.outbox);
    after.collect();
    CHECK(only_lamp(after).shown.colour == LampColour::unknown);
    after.acknowledged();
    CHECK(only_lamp(after).shown.colour == LampColour::dark);
}

TEST_CASE("resend: the present state, in full, to each phone of the watcher, and to nobody else")
{
    Office office;
    office.subscribed("201", "207");
    office.subscribed("201", "208");
    office.subscribed("202", "207");
    office.call(1, early);
    office.acknowledged();
    office.acknowledged();
    REQUIRE(office.silent());
    const auto resent = office.resends("201", "207");
    REQUIRE(resent.size() == 1);
    const auto notify = office.acknowledged();
    CHECK(states_of(notify) == "early");
    CHECK(resent[0].cseq == notify.cseq);
    CHECK_FALSE(resent[0].waits);
    CHECK(resent[0].contact == notify.dialog->request_uri);
    CHECK(office.silent());
    CHECK(office.resends("203", "207").empty());
    CHECK(office.resends("201", "299").empty());
}

TEST_CASE("resend does not wait for a retry, but for the answer to what is under way")
{
    Office office;
    office.subscribed("201", "207");
    office.call(1, early);
    office.answers(office.notified(), 500, seconds{200});
    CHECK(office.silent());
    CHECK_FALSE(office.resends("201", "207").at(0).waits);
    const auto under_way = office.notified();
    CHECK(states_of(under_way) == "early");
    CHECK(office.resends("201", "207").at(0).waits);
    CHECK(office.silent());
    office.answers(under_way, 200);
    CHECK(states_of(office.acknowledged()) == "early");
    CHECK(office.silent());
    office.passes(seconds{300});
    CHECK(office.silent());
}

TEST_CASE("resend waits for its turn where the phone wants a pause between NOTIFYs")
{
    BodyProfile slow = *built_in(standard_profile);
    slow.name = "slow";
    slow.gap = std::chrono::milliseconds{2000};
    Office office{office_directory({"201", "207"}, {"207"}, {{"201", false, "slow"}}, {slow})};
    office.subscribed("201", "207");
    office.passes(seconds{2});
    const auto at_once = office.resends("201", "207").at(0);
    CHECK_FALSE(at_once.waits);
    CHECK(office.acknowledged().cseq == at_once.cseq);
    CHECK(office.resends("201", "207").at(0).waits);
    CHECK(office.silent());
    office.passes(seconds{2});
    CHECK(office.acknowledged().cseq == at_once.cseq + 1);
}

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

TEST_CASE("a lamp that ended with the registration of its phone says so")
{
    Office office;
    office.registers("201");
    office.subscribed("201", "207");
    office.unregisters("201");
    CHECK(office.notified().subscription_state == "terminated;reason=deactivated");
    const auto account = office.explains("201", "207");
    REQUIRE(account.phones.size() == 1);
    REQUIRE(account.phones.front().ended);
    CHECK(account.phones.front().ended->how == LampEnd::left);
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
