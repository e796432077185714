// What an extension is without a call, the keys for it, and the profile of one device.
#include "unit/engine/indication_office.hpp"

#include "core/feature_key.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

constexpr auto early = LegState::early;
constexpr auto confirmed = LegState::confirmed;
constexpr auto terminated = LegState::terminated;

const BodyProfile telling{.name = "telling",
                          .unregistered = "trying",
                          .do_not_disturb = "confirmed",
                          .forwarded = "early",
                          .switched_on = "proceeding",
                          .parked = "early"};

/// 201 sees 207 in `profile`; 207 wants what `wishes` says.
DirectoryRef house(const std::string& profile, Forwarding wishes = {},
                   std::vector<DeviceProfile> devices = {})
{
    std::vector<Extension> extensions{
        {"201", {}, {}, {}}, {"203", {}, {}, {}}, {"207", {}, {}, {}}};
    extensions.back().forwarding = std::move(wishes);
    Group group{"sales", "Sales", {"207"}, {{"201", false, profile}}};
    return std::make_shared<const Directory>("office.test", std::move(extensions),
                                             std::vector<Group>{std::move(group)}, Numbering{},
                                             std::vector<BodyProfile>{telling}, std::move(devices));
}

Forwarding quiet()
{
    Forwarding wishes;
    wishes.do_not_disturb = true;
    return wishes;
}

}  // namespace

TEST_CASE(
    "idle, unregistered, wanting peace and forwarding are told apart where the profile says so")
{
    Office office{house("telling")};
    CHECK(states_of(office.subscribed("201", "207")) == "trying");  // it has no phone
    office.registers("207");
    CHECK(states_of(office.acknowledged()) == "terminated");
    office.configures(house("telling", quiet()));
    const auto told = office.acknowledged();
    CHECK(states_of(told) == "confirmed");
    CHECK(document_of(told).dialogs[0].id == "dnd");
    Forwarding away;
    away.always = "203";
    office.configures(house("telling", away));
    CHECK(states_of(office.acknowledged()) == "terminated early");
    office.unregisters("207");
    CHECK(states_of(office.acknowledged()) == "terminated trying");
    office.registers("207");
    office.acknowledged();
    office.configures(house("telling"));
    CHECK(states_of(office.acknowledged()) == "terminated");
    CHECK(office.silent());
}

TEST_CASE("a call that waits in a park slot is told from one that talks where the profile says so")
{
    Office office{house("telling")};
    office.subscribed("201", "207");
    office.registers("207");
    office.acknowledged();
    auto waits = DialogSnapshot{.leg = {1},
                                .extension = "207",
                                .dialog = {"call-1", "phone", "ours"},
                                .direction = Direction::recipient,
                                .state = LegState::confirmed,
                                .parked = true};
    office.fold(waits);
    CHECK(states_of(office.acknowledged()) == "early");
    waits.state = LegState::terminated;
    office.fold(waits);
    CHECK(states_of(office.acknowledged()) == "terminated");
    office.call(2, LegState::confirmed);
    CHECK(states_of(office.acknowledged()) == "confirmed");
}

TEST_CASE("an extension whose phones do not answer counts as not registered")
{
    Office office{house("telling")};
    office.registers("207");
    CHECK(states_of(office.subscribed("201", "207")) == "terminated");
    for (const auto state : {Reach::State::unreachable, Reach::State::reachable}) {
        office.locations.note_reach("207", Office::contact_of("207"), {.state = state});
        office.indications.reach_changed("207", office.now, office.outbox);
        office.collect();
        CHECK(states_of(office.acknowledged()) ==
              (state == Reach::State::unreachable ? "trying" : "terminated"));
    }
    CHECK(office.silent());
}

TEST_CASE("where the profile does not say so, an extension without a call is dark")
{
    Office office{house("standard")};
    CHECK(states_of(office.subscribed("201", "207")) == "terminated");
    office.registers("207");
    office.configures(house("standard", quiet()));
    CHECK(office.silent());
}

TEST_CASE("a call counts more, and between two calls the idle edge is told")
{
    Office office{house("telling", quiet())};
    office.registers("207");
    office.subscribed("201", "207");
    office.call(1, confirmed);
    CHECK(states_of(office.acknowledged()) == "terminated confirmed");
    office.call(1, terminated);
    CHECK(states_of(office.acknowledged()) == "terminated");
    CHECK(states_of(office.acknowledged()) == "confirmed");
    office.call(2, confirmed);
    const auto under_way = office.notified();
    office.call(2, terminated);
    office.call(3, early);
    office.answers(under_way, 200);
    CHECK(states_of(office.acknowledged()) == "terminated");
    CHECK(states_of(office.acknowledged()) == "early");
    CHECK(office.silent());
}

TEST_CASE("dnd+ and fwd+ are lit while they hold, for their owner and for who may see the owner")
{
    Office office{house("standard")};
    for (const auto* watcher : {"207", "201"}) {
        CHECK(states_of(office.subscribed(watcher, "dnd+207")) == "terminated");
        CHECK(document_of(office.subscribed(watcher, "fwd+207")).entity ==
              "sip:fwd+207@office.test");
    }
    auto wishes = quiet();
    wishes.always = "203";
    CHECK(office.explains("201", "dnd+207").member_look.colour == LampColour::dark);
    office.configures(house("standard", wishes));
    for (int lamp = 0; lamp < 4; ++lamp) CHECK(states_of(office.acknowledged()) == "confirmed");
    const auto on = office.explains("201", "dnd+207").member_look;
    CHECK(on.colour == LampColour::steady);
    CHECK(on.state == LegState::confirmed);
    office.configures(house("standard"));
    for (int lamp = 0; lamp < 4; ++lamp) CHECK(states_of(office.acknowledged()) == "terminated");
    CHECK(office.silent());
    CHECK(office.receives(office.subscribe("203", "dnd+207")).status == 403);
    CHECK(office.receives(office.subscribe("201", "dnd+999")).status == 403);
    CHECK(office.receives(office.subscribe("201", "dnd+201")).status == 200);

    office.acknowledged();
    CHECK(office.explains("207", "dnd+207").phones.size() == 1);
    office.configures(office_directory({"201", "203"}, {}, {}));
    CHECK(office.notifies.size() == 4);
    for (const auto& last : office.notifies)
        CHECK(last.subscription_state == "terminated;reason=noresource");
    CHECK(office.view().lamps.size() == 1);
}

TEST_CASE("a key that is on is told in the word that the profile has for it")
{
    for (const auto* profile : {"telling", "innovaphone"}) {
        Office office{house(profile, quiet())};
        CHECK(states_of(office.subscribed("201", "dnd+207")) == "proceeding");
        CHECK(states_of(office.subscribed("201", "fwd+207")) == "terminated");
    }
}

TEST_CASE("unsolicited NOTIFYs are for extensions, not for their keys")
{
    Office office{standard_office(true)};
    office.registers("201");
    while (!office.silent()) office.acknowledged();
    auto request = office.subscribe("201", "dnd+207");
    request.contact.port = 7000;
    request.source.port = 7000;
    const auto reply = office.receives(request);
    office.acknowledged();
    request.parties.to_tag = reply.local_tag;
    request.cseq = 2;
    request.expires = seconds{0};
    CHECK(office.receives(request).status == 200);
    office.notified();
    CHECK(office.silent());
    CHECK(office.view().lamps.size() == 2);
}

TEST_CASE("the profile of a device counts before that of the watcher, by instance or User-Agent")
{
    const std::vector<DeviceProfile> devices{{"001565aabbcc", "innovaphone"},
                                             {"001565000000", "nobody"}};
    Office office{house("standard", {}, devices)};
    auto request = office.subscribe("201", "207");
    request.user_agent = "Acme 00:15:65:AA:BB:CC";
    CHECK(office.receives(request).status == 200);
    office.acknowledged();
    CHECK(office.view().lamps[0].profile == "innovaphone");
    CHECK(office.explains("201", "207").phones[0].lamp->profile_origin == ProfileOrigin::device);

    Binding binding;
    binding.aor = "201";
    binding.contact = Office::contact_of("201");
    binding.contact.port = 5070;
    binding.flow = Office::flow_of("201");
    binding.flow.port = 5070;
    binding.instance = "<urn:uuid:00000000-0000-1000-8000-001565aabbcc>";
    binding.expires_at = office.now.seconds() + seconds{600};
    office.registers(binding);
    request = office.subscribe("201", "207");
    request.call_id = "by-instance";
    request.contact = binding.contact;
    request.source = binding.flow;
    CHECK(office.receives(request).status == 200);
    office.acknowledged();
    request = office.subscribe("201", "207");
    request.call_id = "another";
    request.contact.port = 5080;
    request.source.port = 5080;
    CHECK(office.receives(request).status == 200);
    office.acknowledged();
    std::map<std::string, int> told;
    for (const auto& lamp : office.view().lamps) ++told[lamp.profile];
    CHECK(told == std::map<std::string, int>{{"innovaphone", 2}, {"standard", 1}});

    office.configures(house("standard", {}));
    CHECK(office.notifies.size() == 2);  // the phones concerned are told anew
    CHECK(office.view().lamps.size() == 3);
    for (const auto& lamp : office.view().lamps) CHECK(lamp.profile == "standard");
}
