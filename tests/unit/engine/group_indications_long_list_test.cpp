// Lists that do not fit into a datagram (RFC 3261 §18.1.1).
#include "unit/engine/list_office.hpp"

using namespace lampline;
using namespace lampline::test;

TEST_CASE("RFC 3261 §18.1.1: over UDP a long list comes in several NOTIFYs, one after the other")
{
    Office office{house(12)};
    auto request = list_request(office);
    request.source.transport = Transport::udp;
    office.call(1, confirmed, "311");
    CHECK(office.receives(request).status == 200);
    std::map<std::string, std::string> shown;
    std::uint32_t version = 0;
    bool first = true;
    while (!office.silent()) {
        const auto notify = office.notified();
        CHECK(office.silent());
        const auto list = list_of(notify);
        CHECK(list.full == first);
        CHECK(list.version == version++);
        const bool fits = notify.body_head->size() + header_size(*notify.dialog) <= 1300;
        for (const auto& resource : list.resources) {
            if (!resource.document) continue;
            shown[resource.uri] = states(&resource);
            if (!fits) {  // one member at least, with as little as there is to be said of it
                CHECK(list.resources.size() == 1);
                CHECK(resource.document->dialogs[0].remote_target.empty());
                CHECK(resource.uri == uri("311"));
            }
        }
        first = false;
        office.answers(notify, 200);
    }
    CHECK(version > 2);
    CHECK(shown.size() == 12);
    CHECK(shown[uri("311")] == "confirmed");
    CHECK(shown[uri("300")] == "terminated");

    office.call(1, terminated, "311");
    CHECK(states(office.acknowledged(), "311") == "terminated");
    CHECK(office.silent());
}

TEST_CASE("what names of the others take is not given to bodies")
{
    int with_all_names = 0;
    for (std::size_t longer = 0; longer < 200; longer += 8) {
        constexpr std::size_t members = 2;
        CAPTURE(longer);
        Office office{house(members)};
        auto request = list_request(office);
        request.source.transport = Transport::udp;
        request.contact.user += std::string(longer, 'x');  // leaves less room
        CHECK(office.receives(request).status == 200);
        std::size_t told = 0;
        while (!office.silent()) {
            const auto notify = office.notified();
            const auto list = list_of(notify);
            if (list.full && list.resources.size() == members)
                CHECK(notify.body_head->size() + header_size(*notify.dialog) <= 1300);
            const auto bodies =
                std::ranges::count_if(list.resources, [](const ReadResource& resource) {
                    return resource.document.has_value();
                });
            if (list.full && list.resources.size() == members) ++with_all_names;
            told += static_cast<std::size_t>(bodies);
            office.answers(notify, 200);
        }
        CHECK(told == members);
    }
    CHECK(with_all_names > 0);
}

TEST_CASE("over UDP a list too long for a datagram goes over a connection of the same phone")
{
    Office office{house(40)};
    Binding binding;
    binding.aor = "201";
    binding.contact = Office::contact_of("201");
    binding.flow = {Transport::tcp, "192.0.2.201", 5061, {7}, 0};
    binding.user_agent = "Acme";
    binding.expires_at = office.now.seconds() + seconds{600};
    office.locations.put(binding);
    auto request = list_request(office);
    request.source.transport = Transport::udp;
    request.user_agent = "Acme";
    CHECK(office.receives(request).status == 200);
    const auto notify = office.acknowledged();
    CHECK(notify.dialog->flow.transport == Transport::tcp);
    const auto list = list_of(notify);
    CHECK(list.resources.size() == 40);
    CHECK(list.resources[39].document);
    CHECK(office.silent());
}

TEST_CASE("over UDP the last NOTIFY of a list says no more than fits, what was lit first")
{
    for (const std::size_t members : {12U, 40U})
        for (const bool withdrawn : {false, true}) {
            CAPTURE(members);
            CAPTURE(withdrawn);
            Office office{house(members)};
            auto request = list_request(office);
            request.source.transport = Transport::udp;
            request.parties.to_tag = office.receives(request).local_tag;
            while (!office.silent()) office.acknowledged();
            office.call(1, confirmed, "311");
            office.acknowledged();
            if (withdrawn) {
                office.configures(std::make_shared<const Directory>(
                    "office.test", std::vector<Extension>{{"201", {}, {}, {}}},
                    std::vector<Group>{}));
            } else {
                request.cseq = 2;
                request.expires = seconds{0};
                office.receives(request);
            }
            const auto last = office.notified();
            CHECK(office.silent());
            CHECK(last.subscription_state.starts_with("terminated"));
            CHECK(last.body_head->size() + header_size(*last.dialog) <= 1300);
            const auto list = list_of(last);
            CHECK(list.full);  // who is not named is in no list any more
            if (withdrawn) CHECK(states(list.find(uri("311"))) == "terminated");
        }
}
