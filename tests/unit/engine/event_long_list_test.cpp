// Presence of a group that does not fit into a datagram, and of one that is asked for once.
#include "unit/engine/presence_list_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::presence_list;

TEST_CASE("over UDP a long list of presence comes in several NOTIFYs, one after the other")
{
    for (const std::size_t count : {3U, 8U, 40U})
        for (const bool withdrawn : {false, true}) {
            ListOffice office{house(many(count))};
            CHECK(office.receives(office.request(Transport::udp)).status == 200);
            CHECK(list_of(office.notifies.front()).full);
            office.reads_all();
            CHECK(office.shown.size() == count);
            for (std::size_t at = 0; at < count; ++at)
                office.fold(call(std::to_string(300 + at), LegState::confirmed, at + 1));
            CHECK_FALSE(list_of(office.reads_all()).full);
            CHECK(office.shown.size() == count);
            for (const auto& [member, shown] : office.shown) CHECK(shown == "On the phone");

            if (withdrawn) {  // all of it goes dark, before it ends
                office.configures(house(many(count), {}, false));
                const auto end = office.reads_all();
                CHECK(end.subscription_state == "terminated;reason=rejected");
                office.answers(end, 200);
                CHECK(office.shown.size() == count);
                for (const auto& [member, shown] : office.shown) CHECK(shown == "Not online");
            } else {
                office.passes(seconds{3600});
                const auto end = office.notified();
                CHECK(fits(end));
                CHECK(end.subscription_state == timeout_state);
                CHECK(list_of(end).full);
            }
            CHECK(office.notifies.empty());
            CHECK(office.subscriptions().empty());
            CHECK(office.storage.empty());
        }
}

TEST_CASE("who talks while a long list of presence is told does not wait for who is as before")
{
    ListOffice office{house(many(40))};
    CHECK(office.receives(office.request(Transport::udp)).status == 200);
    office.acknowledged();
    const auto under_way = office.notified();
    office.fold(call("338", LegState::confirmed));  // has not had its turn
    office.answers(under_way, 200);
    const auto list = list_of(office.notifies.front());
    CHECK(note(list.find(uri("338"))) == "On the phone");
    office.reads_all();
    CHECK(office.shown.size() > 20);  // the others are told all the same
}

TEST_CASE("a list too long for UDP goes over a connection of the same phone")
{
    ListOffice office{house(many(20))};
    auto binding = Binding{};
    binding.aor = "201";
    binding.contact = EventPhone{"201"}.contact();
    binding.flow = {Transport::tcp, "192.0.2.201", 5061, {7}, 0};
    binding.expires_at = office.now.seconds() + seconds{600};
    REQUIRE(office.locations.put(binding));
    CHECK(office.receives(office.request(Transport::udp)).status == 200);
    const auto notify = office.acknowledged();
    CHECK(notify.dialog->flow.transport == Transport::tcp);
    const auto list = list_of(notify);
    CHECK(list.full);
    CHECK(list.resources.size() == 20);
    for (const auto& member : list.resources) CHECK(note(&member) == "Not online");
    CHECK(office.notifies.empty());
}

TEST_CASE("RFC 6665 §4.4.3: a fetch of presence of a group tells each member, then ends")
{
    for (const auto transport : {Transport::udp, Transport::tcp})
        for (const std::size_t count : {2U, 20U}) {
            ListOffice office{house(many(count))};
            const auto lit = std::to_string(300 + count - 1);
            office.fold(call(lit, LegState::confirmed));
            auto fetch = office.request(transport);
            fetch.expires = seconds{0};
            const auto reply = office.receives(fetch);
            CHECK(reply.status == 200);
            CHECK(reply.required == OptionTag::eventlist);
            CHECK(office.receives(fetch).local_tag == reply.local_tag);  // sent again
            CHECK(note(list_of(office.notifies.front()).find(uri(lit))) == "On the phone");
            std::map<std::string, std::string> shown;
            bool over = false;
            while (!office.notifies.empty()) {
                const auto notify = office.notified();
                CHECK_FALSE(over);
                over = is_last(notify);
                CHECK(notify.subscription_state == (over ? timeout_state : "active;expires=0"));
                for (const auto& resource : list_of(notify).resources)
                    if (!resource.body.empty()) shown[resource.uri] = note(&resource);
                office.answers(notify, 200);
            }
            CHECK(over);
            CHECK(shown.size() == count);
            CHECK(shown[uri(lit)] == "On the phone");
            CHECK(office.storage.empty());
            CHECK(office.subscriptions().empty());
        }
}
