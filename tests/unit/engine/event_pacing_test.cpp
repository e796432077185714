// How often a watcher is told by event packages, and by lamps beside them.
#include <algorithm>

#include "engine/group_indications.hpp"
#include "unit/engine/event_office.hpp"

using namespace lampline;
using namespace lampline::test;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

/// 201, 202 and 203 watch 207, which has a shared line; `Slow` phones want two seconds between
/// NOTIFYs.
DirectoryRef slow_office()
{
    std::vector<Extension> extensions;
    for (const char* number : {"201", "202", "203", "207"})
        extensions.push_back({number, {}, {}, {}});
    extensions.front().messages = MessageCounts{.fresh = 1};
    extensions.back().appearances = 2;
    Group group{
        "sales", "Sales", {"207"}, {{"201", false, {}}, {"202", false, {}}, {"203", false, {}}}};
    return std::make_shared<const Directory>(
        "office.test", std::move(extensions), std::vector<Group>{std::move(group)}, Numbering{},
        std::vector<BodyProfile>{
            {.name = "slow", .user_agents = {"Slow"}, .gap = milliseconds{2000}}});
}

DialogSnapshot call(LegState state)
{
    return test::call("207", state);
}

class SlowOffice : public EventOffice {
public:
    SlowOffice() : EventOffice{slow_office()} {}

    void subscribes(const EventPhone& phone, EventPackage package, const std::string& member,
                    const std::string& user_agent = "Slow 1.0")
    {
        auto request = subscribe(phone, package, member, ++cseq_);
        request.user_agent = user_agent;
        CHECK(receives(request).status == 200);
    }
    /// Asks what is so now, and for nothing more.
    void fetches(const EventPhone& phone, EventPackage package, const std::string& member)
    {
        auto request = subscribe(phone, package, member, ++cseq_);
        request.user_agent = "Slow 1.0";
        request.expires = seconds{0};
        CHECK(receives(request).status == 200);
    }
    /// The gap is over, and nobody has looked at the clock yet.
    void gap_ends() { now.mono += seconds{2}; }
    /// The event of the next NOTIFY, which is answered.
    std::string told()
    {
        last = acknowledged();
        return last.dialog->event;
    }
    [[nodiscard]] bool says(std::string_view text) const
    {
        std::string all = last.body_head ? *last.body_head : std::string{};
        for (const auto& header : last.headers) all += header.value;
        return all.find(text) != all.npos;
    }
    SendNotify last;

private:
    std::uint32_t cseq_ = 0;
};

const EventPhone watcher{"201"}, other{"202"}, third{"203"};

}  // namespace

TEST_CASE("pacing: a gap between NOTIFYs of all packages to one watcher; the last state is told")
{
    SlowOffice office;
    office.subscribes(watcher, EventPackage::message_summary, "201");
    CHECK(office.told() == "message-summary");
    office.subscribes(watcher, EventPackage::presence, "207");
    CHECK(office.notifies.empty());
    for (const auto state : {LegState::early, LegState::confirmed}) office.fold(call(state));
    office.passes(milliseconds{1999});
    CHECK(office.notifies.empty());
    CHECK(office.subscriptions().size() == 2);
    office.passes(milliseconds{1});
    CHECK(office.told() == "presence");
    CHECK(office.says("on-the-phone"));
    office.fold(call(LegState::terminated));
    CHECK(office.notifies.empty());
    office.passes(seconds{2});
    CHECK(office.told() == "presence");
    CHECK_FALSE(office.says("on-the-phone"));
    office.passes(seconds{60});
    CHECK(office.notifies.empty());
    CHECK(office.subscriptions().size() == 2);
    for (const auto& one : office.subscriptions()) CHECK_FALSE(one.owed);
}

TEST_CASE("pacing: who waits for one watcher's turn holds up nobody else")
{
    SlowOffice office;
    office.subscribes(watcher, EventPackage::presence, "207");
    office.subscribes(other, EventPackage::presence, "207", "Quick 1.0");
    CHECK(office.told() == "presence");
    CHECK(office.told() == "presence");
    for (const auto state : {LegState::confirmed, LegState::terminated}) {
        office.fold(call(state));
        REQUIRE(office.notifies.size() == 1);
        CHECK(office.notifies.front().dialog->to.find("202") != std::string::npos);
        office.told();
    }
}

TEST_CASE("pacing: a fetch that is told with others, when its turn has come, takes nobody's turn")
{
    SlowOffice office;
    for (const auto& phone : {watcher, third}) {
        office.subscribes(phone, EventPackage::message_summary, phone.number);
        CHECK(office.told() == "message-summary");
    }
    office.fetches(watcher, EventPackage::presence, "207");
    office.subscribes(other, EventPackage::presence, "207", "Quick 1.0");
    CHECK(office.told() == "presence");
    office.fetches(third, EventPackage::presence, "207");
    CHECK(office.notifies.empty());
    CHECK(office.subscriptions().size() == 5);
    office.gap_ends();

    bool talks = false;
    SUBCASE("by a call")
    {
        talks = true;
        office.fold(call(LegState::confirmed));
    }
    SUBCASE("by a phone that registers")
    {
        office.registers({"207"}, 1);
    }
    std::vector<std::string> told;
    while (!office.notifies.empty()) {
        CHECK(office.told() == "presence");
        CHECK(office.says("on-the-phone") == talks);
        told.push_back(office.last.dialog->to + " " + office.last.subscription_state);
    }
    REQUIRE(told.size() == 3);
    CHECK(told[0].find("201") != std::string::npos);
    CHECK(told[0].find("terminated") != std::string::npos);
    CHECK(told[1].find("202") != std::string::npos);
    CHECK(told[1].find("active") != std::string::npos);
    CHECK(told[2].find("203") != std::string::npos);
    CHECK(told[2].find("terminated") != std::string::npos);
    CHECK(office.subscriptions().size() == 3);
    for (const auto& one : office.subscriptions()) CHECK_FALSE(one.owed);
    office.passes(seconds{60});
    CHECK(office.notifies.empty());
}

TEST_CASE("pacing: a fetch that is told in the moment in which its time is up is told once")
{
    SlowOffice office;
    office.subscribes(watcher, EventPackage::message_summary, "201");
    CHECK(office.told() == "message-summary");
    office.fetches(watcher, EventPackage::presence, "207");
    office.now.mono += seconds{32};
    office.notifier->fold({call(LegState::confirmed)}, office.now, office.outbox);
    office.notifier->advance(office.now, office.outbox);
    office.collect();
    CHECK(office.notifies.size() == 1);
    CHECK(office.told() == "presence");
    CHECK(office.last.subscription_state == "terminated;reason=timeout");
    CHECK(office.subscriptions().size() == 1);
}

TEST_CASE("pacing: a phone that asks for its messages once is told them unasked all the same")
{
    SlowOffice office;
    office.registers(watcher, 1);
    CHECK(office.told() == "message-summary");
    office.subscribes(watcher, EventPackage::presence, "207");
    CHECK(office.told() == "presence");
    office.fetches(watcher, EventPackage::message_summary, "201");
    CHECK(office.notifies.empty());
    office.subscribes(watcher, EventPackage::reg, "201", "Quick 1.0");
    CHECK(office.told() == "reg");
    office.passes(seconds{2});
    CHECK(office.told() == "message-summary");
    CHECK(office.last.subscription_state == "terminated;reason=timeout");
    CHECK(office.notifies.empty());
    CHECK(std::ranges::count(office.subscriptions(), "unsolicited", &LiveSubscription::kind) == 1);
}

TEST_CASE("pacing: who asks for a line, or what is on it, is answered at once")
{
    SlowOffice office;
    const EventPhone desk{"207"};
    office.subscribes(desk, EventPackage::message_summary, "207");
    CHECK(office.told() == "message-summary");
    office.subscribes(desk, EventPackage::call_info, "207");
    CHECK(office.told() == "call-info");
    auto seizes = office.subscribe(desk, EventPackage::line_seize, "207", 9);
    seizes.user_agent = "Slow 1.0";
    seizes.expires = seconds{15};
    seizes.payload = std::make_shared<const Payload>(
        Payload{{}, {}, {{"Call-Info", "<sip:207@office.test>;appearance-index=2"}}});
    CHECK(office.receives(seizes).status == 200);
    CHECK(office.told() == "line-seize");
    office.passes(seconds{2});
    CHECK(office.told() == "call-info");
    CHECK(office.says("appearance-index=2"));
    office.fold(call(LegState::early));
    CHECK(office.notifies.empty());
    office.passes(seconds{2});
    CHECK(office.told() == "call-info");
    CHECK(office.says("alerting"));
}

TEST_CASE("pacing: lamps and packages share the turns of their watcher, who is in a call first")
{
    SlowOffice office;
    GroupIndications lamps{{},
                           [&] { return "t" + std::to_string(++office.tokens); },
                           slow_office(),
                           office.locations,
                           office.pacing};
    auto request = office.subscribe(watcher, EventPackage::presence, "207", 9);
    request.event = "dialog";
    request.user_agent = "Slow 1.0";
    lamps.receive(request, office.now, office.outbox);
    lamps.finish_step(office.now, office.outbox);
    office.collect();
    CHECK(office.replies.at(0).status == 200);
    office.replies.clear();
    REQUIRE(office.notifies.size() == 1);
    const auto lamp = office.notifies.front();
    office.notifies.clear();
    lamps.receive(NotifyAnswered{lamp.subscription, lamp.cseq, 200, {}}, office.now, office.outbox);

    office.subscribes(watcher, EventPackage::presence, "207");
    lamps.fold({call(LegState::confirmed)}, office.now, office.outbox);
    lamps.finish_step(office.now, office.outbox);
    office.collect();
    CHECK(office.notifies.empty());
    const auto turn = [&] {
        office.now.mono += seconds{2};
        const auto due = office.pacing.take_due(office.now.mono);
        REQUIRE(due);
        if (EventNotifier::owns(*due))
            office.notifier->turn_came(*due, office.now, office.outbox);
        else
            lamps.turn_came(*due, office.now, office.outbox);
        office.collect();
        CHECK_FALSE(office.pacing.take_due(office.now.mono));
        REQUIRE(office.notifies.size() == 1);
        const auto event = office.notifies.front().dialog->event;
        office.notifies.clear();
        return event;
    };
    CHECK(turn() == "dialog");
    CHECK(turn() == "presence");
}
