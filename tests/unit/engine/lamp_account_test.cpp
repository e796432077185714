// Why a lamp shows what it shows.
#include <array>
#include <cstdint>

#include "unit/engine/lamp_account.hpp"

using namespace lampline;
using namespace lampline::test;
using enum LegState;

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
    CHECK_FALSE(told.list_bytes);
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

TEST_CASE("a phone that is registered by two ways, and has subscribed by one or a third, is one phone")
{
    for (const auto port : std::to_array<std::uint16_t>({5060, 5070, 5080})) {
        CAPTURE(port);
        Office office;
        const std::string agent{"Acme 001565aabbcc"};
        for (const auto way : std::to_array<std::uint16_t>({5060, 5070})) {
            Binding binding;
            binding.aor = "201";
            binding.contact = Office::contact_of("201");
            binding.contact.port = way;
            binding.flow = Office::flow_of("201");
            binding.flow.port = way;
            binding.generation = way;
            binding.user_agent = agent;
            binding.expires_at = office.now.seconds() + seconds{600};
            office.registers(std::move(binding));
        }
        CHECK(office.explains("201", "207").phones.size() == 2);
        auto request = office.subscribe("201", "207");
        request.contact.port = request.source.port = port;
        request.user_agent = agent;
        CHECK(office.receives(request).status == 200);
        const auto phone = only_phone(office);
        CHECK(phone.registered);
        CHECK(phone.lamp);
        if (port != 5080) CHECK(phone.contact == write(request.contact));
    }
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
