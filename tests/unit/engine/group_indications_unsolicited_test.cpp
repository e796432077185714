// NOTIFY without SUBSCRIBE, for registered phones of watchers.
#include "unit/engine/indication_office.hpp"

using namespace lampline;
using namespace lampline::test;
using enum LegState;

namespace {

DirectoryRef unasked()
{
    return standard_office(true);
}

/// Acknowledges everything; returns the NOTIFYs sorted by member.
std::vector<SendNotify> all(Office& office)
{
    std::vector<SendNotify> notifies;
    while (!office.silent()) notifies.push_back(office.acknowledged());
    std::ranges::sort(notifies, {}, [](const auto& notify) { return notify.dialog->from; });
    return notifies;
}

}  // namespace

TEST_CASE("a phone that registers is told the state of every member unasked, idle ones too")
{
    Office office{unasked()};
    office.call(1, confirmed, "208");
    office.registers("201");
    const auto notifies = all(office);
    REQUIRE(notifies.size() == 2);
    const auto& idle = notifies[0];
    CHECK(states_of(idle) == "terminated");
    CHECK(states_of(notifies[1]) == "confirmed");

    CHECK(idle.cseq == 1);
    CHECK(idle.version == 0);
    CHECK(idle.subscription_state == "active;expires=600");
    CHECK(idle.dialog->from.starts_with("<sip:207@office.test>;tag="));
    CHECK(idle.dialog->to == "<sip:201@office.test>");  // no tag: there is no dialog
    CHECK(idle.dialog->call_id.ends_with("@office.test"));
    CHECK(idle.dialog->call_id != notifies[1].dialog->call_id);
    CHECK(idle.dialog->event == "dialog");
    CHECK(idle.dialog->request_uri == "sip:201@192.0.2.201:5060;line=x");
    CHECK(idle.dialog->flow == Office::flow_of("201"));
    CHECK(office.storage.empty());  // made anew from the bindings after a restart
    CHECK(office.view().lamps.at(0).kind == "unsolicited");
}

TEST_CASE("an unsolicited NOTIFY never says more than the registration was granted")
{
    Office office{unasked()};
    office.now.wall += std::chrono::milliseconds{500};
    Binding binding;
    binding.aor = "201";
    binding.contact = Office::contact_of("201");
    binding.flow = Office::flow_of("201");
    binding.generation = 1;
    binding.expires_at = std::chrono::ceil<seconds>(office.now.wall) + seconds{600};
    office.registers(std::move(binding));
    for (const auto& notify : all(office))
        CHECK(notify.subscription_state == "active;expires=600");
}

TEST_CASE("unsolicited NOTIFYs follow the calls like subscribed ones")
{
    Office office{unasked()};
    office.registers("201");
    all(office);
    office.call(1, early);
    office.passes(seconds{100});
    const auto notify = office.notified();
    CHECK(states_of(notify) == "early");
    CHECK(notify.version == 1);
    CHECK(notify.cseq == 2);
    office.call(1, confirmed);
    CHECK(office.silent());
    office.answers(notify, 200);
    const auto next = office.acknowledged();
    CHECK(states_of(next) == "confirmed");
    CHECK(next.dialog == notify.dialog);
    CHECK(next.subscription_state == "active;expires=500");
}

TEST_CASE("who is not to be told unasked is not, nor who watches nobody")
{
    Office office{
        office_directory({"201", "202", "203", "207"}, {"207"}, {{"201", false}, {"202", true}})};
    office.registers("201");
    office.registers("203");
    CHECK(office.silent());
    office.registers("202");
    CHECK(all(office).size() == 1);
}

TEST_CASE(
    "a phone that has subscribed gets no second NOTIFY; when it ends, the unsolicited come back")
{
    Office office{unasked()};
    office.registers("201");
    all(office);
    auto request = office.subscribe("201", "207");
    request.parties.to_tag = office.receives(request).local_tag;
    CHECK(all(office).size() == 1);
    office.call(1, early);
    const auto early_told = all(office);
    REQUIRE(early_told.size() == 1);
    CHECK(early_told[0].dialog->call_id == "201-207");
    CHECK(office.view().lamps.size() == 2);  // 207 subscribed, 208 unsolicited

    request.cseq = 2;
    request.expires = seconds{0};
    office.receives(request);
    const auto last = office.notified();
    CHECK(last.subscription_state == "terminated;reason=timeout");
    const auto back = all(office);
    REQUIRE(back.size() == 1);
    CHECK(back[0].dialog->to == "<sip:201@office.test>");
    CHECK(back[0].version == 0);
    CHECK(states_of(back[0]) == "early");
}

TEST_CASE("an expired or refused subscription brings the unsolicited NOTIFYs back as well")
{
    Office office{unasked()};
    office.registers("201", 1, seconds{7200});
    all(office);
    office.subscribed("201", "207");
    office.passes(seconds{3600});
    CHECK(all(office).size() == 2);  // the last of the subscription, the first unsolicited

    office.receives(office.subscribe("201", "208"));
    office.answers(office.notified(), 481);
    CHECK(all(office).size() == 1);
}

TEST_CASE("another phone of the same watcher goes on being told unasked")
{
    Office office{unasked()};
    office.registers("201");
    Binding second;
    second.aor = "201";
    second.contact = SipUri::parse("sip:201@198.51.100.7:5060").value();
    second.flow = {Transport::udp, "198.51.100.7", 5060, {}, 0};
    second.generation = 2;
    second.expires_at = office.now.seconds() + seconds{600};
    office.registers(second);
    CHECK(all(office).size() == 4);
    office.subscribed("201", "207");
    office.call(1, early);
    auto told = all(office);
    REQUIRE(told.size() == 2);
    CHECK(told[0].dialog->flow.host != told[1].dialog->flow.host);
}

TEST_CASE("a phone is the same one by its flow, whatever its Contact says")
{
    Office office{unasked()};
    office.registers("201");
    all(office);
    auto request = office.subscribe("201", "207");
    request.contact = SipUri::parse("sip:201@10.1.1.1:5060").value();
    office.receives(request);
    all(office);
    office.call(1, early);
    CHECK(all(office).size() == 1);
}

TEST_CASE("taking over forgets the unsolicited NOTIFY under way")
{
    Office office{unasked()};
    office.registers("201");
    const auto to_207 = office.notified();
    office.subscribed("201", "207");
    CHECK(std::ranges::count(office.forgotten, to_207.subscription) == 1);
}

TEST_CASE("when the binding goes, its NOTIFYs end silently")
{
    Office office{unasked()};
    office.registers("201");
    const auto under_way = office.notified();
    office.unregisters("201");
    CHECK(std::ranges::count(office.forgotten, under_way.subscription) == 1);
    CHECK(office.view().lamps.empty());
    office.notifies.clear();
    office.call(1, early);
    CHECK(office.silent());
}

TEST_CASE("a refreshed registration is no news, and prolongs")
{
    Office office{unasked()};
    office.registers("201");
    all(office);
    office.passes(seconds{500});
    office.registers("201");
    CHECK(office.silent());
    office.call(1, early);
    CHECK(office.notified().subscription_state == "active;expires=600");
}

TEST_CASE("a phone that registers anew is told everything anew, in a new sequence")
{
    Office office{unasked()};
    office.registers("201", 1);
    const auto first = all(office);
    office.registers("201", 2);
    const auto second = all(office);
    REQUIRE(second.size() == 2);
    CHECK(second[0].version == 0);
    CHECK(second[0].dialog->call_id != first[0].dialog->call_id);
    CHECK(office.view().lamps.size() == 2);
}

TEST_CASE("a phone that is found elsewhere is told there")
{
    Office office{unasked()};
    office.registers("201");
    all(office);
    Binding moved = *office.locations.find("201", Office::contact_of("201"));
    moved.flow.port = 6060;
    office.registers(moved);
    const auto told = all(office);
    REQUIRE(told.size() == 2);
    CHECK(told[0].dialog->flow.port == 6060);
    CHECK(told[0].version == 1);  // the same sequence goes on
}

TEST_CASE("a Path is followed (RFC 3327)")
{
    Office office{unasked()};
    Binding binding;
    binding.aor = "201";
    binding.contact = Office::contact_of("201");
    binding.flow = Office::flow_of("201");
    binding.path = {"<sip:192.0.2.9:5070;lr>"};
    binding.generation = 1;
    binding.expires_at = office.now.seconds() + seconds{600};
    const Target target = target_of(binding);
    office.registers(binding);
    const auto notify = office.notified();
    CHECK(notify.dialog->route == target.route);
    CHECK(notify.dialog->flow == target.flow);
}

TEST_CASE("a contact that answers 405, 481 or 489 is left alone until it registers anew")
{
    for (const unsigned status : {405U, 481U, 489U}) {
        Office office{unasked()};
        office.registers("201", 1);
        const auto first = office.notified();
        office.notifies.clear();
        office.answers(first, status);
        CHECK(office.view().lamps.empty());
        CHECK(office.forgotten.size() == 1);  // the one about the other member
        office.call(1, early);
        office.registers("201", 1);  // a refresh
        office.passes(seconds{100});
        CHECK(office.silent());

        office.registers("201", 2);
        const auto anew = all(office);
        REQUIRE(anew.size() == 2);
        CHECK(states_of(anew[0]) == "early");
    }
}

TEST_CASE("a phone that refuses may still subscribe, and is left alone again afterwards")
{
    Office office{unasked()};
    office.registers("201");
    office.answers(office.notified(), 489);
    office.notifies.clear();
    auto request = office.subscribe("201", "207");
    request.parties.to_tag = office.receives(request).local_tag;
    office.acknowledged();
    request.cseq = 2;
    request.expires = seconds{0};
    office.receives(request);
    CHECK(office.notified().subscription_state == "terminated;reason=timeout");
    CHECK(office.silent());
}

TEST_CASE("an unanswered unsolicited NOTIFY is repeated like any other")
{
    Office office{unasked()};
    office.registers("201");
    all(office);
    office.call(1, early);
    office.answers(office.notified(), 408);
    office.call(1, terminated);
    office.passes(seconds{1});
    CHECK(states_of(office.acknowledged()) == "terminated");
}

TEST_CASE("switching unsolicited off ends them with a dark lamp, switching on starts them")
{
    Office office{unasked()};
    office.registers("201");
    all(office);
    office.call(1, early);
    all(office);
    office.configures(standard_office(false));
    const auto last = all(office);
    REQUIRE(last.size() == 2);
    CHECK(last[0].subscription_state == "terminated;reason=rejected");
    CHECK(states_of(last[0]) == "terminated");
    CHECK(office.view().lamps.empty());

    office.configures(standard_office(true));
    const auto again = all(office);
    REQUIRE(again.size() == 2);
    CHECK(states_of(again[0]) == "early");
}

TEST_CASE("a new member appears, a deleted one goes, the others are not disturbed")
{
    Office office{unasked()};
    office.registers("201");
    all(office);
    office.configures(office_directory({"201", "202", "207", "209"}, {"207", "209"},
                                       {{"201", true}, {"202", true}}));
    const auto told = all(office);
    REQUIRE(told.size() == 2);
    CHECK(told[0].dialog->from.starts_with("<sip:208@"));
    CHECK(told[0].subscription_state == "terminated;reason=noresource");
    CHECK(told[1].dialog->from.starts_with("<sip:209@"));
    CHECK(told[1].subscription_state == "active;expires=600");
}

TEST_CASE("after a restart a phone with a subscription gets that, the others are told unasked")
{
    Office before{unasked()};
    before.registers("201");
    before.registers("202");
    all(before);
    before.subscribed("201", "207");

    Office after{unasked()};
    after.now = before.now;
    after.locations = before.locations;
    after.indications.restore(before.kept(), after.locations, after.now, after.outbox);
    after.collect();
    CHECK(all(after).size() == 4);
    CHECK(after.view().lamps.size() == 4);
    CHECK(std::ranges::count(after.view().lamps, std::string{"subscribed"}, &LiveLamp::kind) == 1);
}

TEST_CASE("an automatic profile follows the User-Agent of the registration")
{
    Office office{office_directory({"201", "207"}, {"207"}, {{"201", true, ""}})};
    office.registers("201", 1, seconds{600}, "snom360/5.5");
    CHECK(document_of(office.notified()).dialogs.empty());
    CHECK(office.view().lamps.at(0).profile == "snom");
}

TEST_CASE("the ends of so many lamps are told until they are answered, those of any more once")
{
    std::vector<std::string> numbers{"201"};
    std::vector<std::string> members;
    for (std::size_t n = 0; n < OwedEnds::most_of_watcher + 6; ++n)
        members.push_back(std::to_string(1000 + n));
    numbers.insert(numbers.end(), members.begin(), members.end());
    Office office{office_directory(numbers, members, {{"201", true}})};
    office.registers("201");
    all(office);
    office.configures(office_directory(numbers, members, {}));
    std::vector<SendNotify> ends;
    while (!office.silent()) ends.push_back(office.notified());
    CHECK(ends.size() == members.size());
    CHECK(office.view().lamp_ends == OwedEnds::most_of_watcher);
    for (const auto& end : ends) office.answers(end, 503, seconds{300});
    office.registers("201");
    CHECK(all(office).size() == OwedEnds::most_of_watcher);
    CHECK(office.view().lamp_ends == 0);
}

TEST_CASE("an end goes along with a phone that is found elsewhere")
{
    Office office{unasked()};
    office.registers("201");
    all(office);
    office.configures(standard_office(false));
    office.notifies.clear();  // nothing gets through to where it was
    Binding moved = *office.locations.find("201", Office::contact_of("201"));
    moved.flow.port = 6060;
    office.registers(moved);
    const auto told = all(office);
    REQUIRE(told.size() == 2);
    for (const auto& end : told) {
        CHECK(end.dialog->flow.port == 6060);
        CHECK(end.subscription_state == "terminated;reason=rejected");
    }
    CHECK(office.view().lamp_ends == 0);
}

TEST_CASE("a phone that is registered twice is told what it missed by the way that it is back by")
{
    Office office{unasked()};
    office.call(1, confirmed);
    Binding wired;
    wired.aor = "201";
    wired.contact = Office::contact_of("201");
    wired.flow = Office::flow_of("201");
    wired.generation = 1;
    wired.user_agent = "Desk 0004130000a1";
    wired.expires_at = office.now.seconds() + seconds{600};
    Binding wireless = wired;
    wireless.contact = SipUri::parse("sip:201@192.0.2.99:5060").value();
    wireless.flow.host = "192.0.2.99";
    wireless.generation = 2;
    wireless.q_thousandths = 500;
    office.registers(wired);
    office.registers(wireless);
    CHECK(all(office).size() == 4);

    office.locations.remove("201", wireless.contact);
    office.indications.bindings_changed("201", office.locations, office.now, office.outbox);
    office.configures(standard_office(false));
    CHECK(office.notifies.size() == 2);
    office.notifies.clear();  // its cable is out

    wireless.generation = 3;
    office.registers(wireless);
    const auto end = office.acknowledged();
    CHECK(end.dialog->flow.host == "192.0.2.99");
    CHECK(end.dialog->from.starts_with("<sip:207@"));
    CHECK(end.subscription_state == "terminated;reason=rejected");
    CHECK(office.silent());
    CHECK(office.view().lamp_ends == 2);
}

TEST_CASE("a phone that is registered twice, and subscribes by one way, is owed no end by the other")
{
    Office office{unasked()};
    Binding wired;
    wired.aor = "201";
    wired.contact = Office::contact_of("201");
    wired.flow = Office::flow_of("201");
    wired.generation = 1;
    wired.user_agent = "Desk 0004130000a1";
    wired.expires_at = office.now.seconds() + seconds{600};
    Binding wireless = wired;
    wireless.contact = SipUri::parse("sip:201@192.0.2.99:5060").value();
    wireless.flow.host = "192.0.2.99";
    wireless.generation = 2;
    wireless.q_thousandths = 500;
    office.registers(wired);
    office.registers(wireless);
    CHECK(all(office).size() == 4);

    office.configures(standard_office(false));
    CHECK(office.notifies.size() == 4);
    while (!office.silent()) {
        const auto end = office.notified();
        office.answers(end, end.dialog->flow.host == "192.0.2.99" ? 503 : 200);
    }
    CHECK(office.view().lamp_ends == 2);
    auto request = office.subscribe("201", "207");
    request.user_agent = wired.user_agent;
    CHECK(office.receives(request).status == 200);
    CHECK(office.acknowledged().subscription_state.starts_with("active"));
    CHECK(office.view().lamp_ends == 1);
    office.passes(seconds{1});
    CHECK(office.acknowledged().dialog->from.starts_with("<sip:208@"));
    CHECK(office.silent());
    CHECK(office.view().lamp_ends == 0);
}
