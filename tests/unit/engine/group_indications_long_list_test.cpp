// Lists that do not fit into a datagram (RFC 3261 §18.1.1).
#include "unit/engine/long_list_office.hpp"

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
        CHECK(fits(notify));
        for (const auto& resource : list.resources) {
            if (!resource.document) continue;
            shown[resource.uri] = states(&resource);
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

TEST_CASE("a member that talks fits into a datagram with whom it talks to, and is not oversized")
{
    Office office{house(12)};
    CHECK(office.receives(over_udp(office)).status == 200);
    ShownKeys keys;
    read_all(office, keys);
    office.call(1, confirmed, "311");
    const auto notify = office.acknowledged();
    CHECK(fits(notify));
    CHECK(states(notify, "311") == "confirmed");
    const auto list = list_of(notify);
    CHECK(list.find(uri("311"))->document->dialogs[0].remote_identity == uri("211"));
    CHECK(office.view().counters.notifies_oversized == 0);
}

TEST_CASE("names of all members and as many bodies as fit fill a datagram, to the last bytes")
{
    constexpr std::size_t members = 4;
    constexpr std::size_t longer_numbers = 16 + 9 + 1;  // that are allowed for: of parts, of a body
    std::map<bool, std::size_t> least_left;             // with display names, and without
    for (std::size_t safe_size = 1100; safe_size < 1700; ++safe_size) {
        CAPTURE(safe_size);
        Office office{house(members), {.safe_size = safe_size}};
        CHECK(office.receives(over_udp(office)).status == 200);
        std::size_t told = 0;
        while (!office.silent()) {
            const auto notify = office.notified();
            const auto list = list_of(notify);
            const auto size = notify.body_head->size() + header_size(*notify.dialog);
            if (list.resources.size() == members) {
                REQUIRE(size <= safe_size);
                const auto left = safe_size - size;
                const bool with_names = !list.resources.front().name.empty();
                auto& least = least_left.try_emplace(with_names, left).first->second;
                least = std::min(least, left);
            }
            told += static_cast<std::size_t>(
                std::ranges::count_if(list.resources, [](const ReadResource& resource) {
                    return resource.document.has_value();
                }));
            office.answers(notify, 200);
        }
        CHECK(told == members);
    }
    CHECK(least_left.size() == 2);
    for (const auto& [with_names, left] : least_left) CHECK(left <= longer_numbers);
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

TEST_CASE("the last NOTIFY of a long list is one datagram, whatever ends it")
{
    for (const std::size_t members : {12U, 40U})
        for (const bool expires : {false, true}) {
            Office office{house(members)};
            auto request = over_udp(office);
            const auto reply = office.receives(request);
            ShownKeys keys;
            read_all(office, keys);
            CHECK(keys.size() == members);
            if (expires) {
                office.passes(seconds{3600});
            } else {
                request.parties.to_tag = reply.local_tag;
                request.cseq = 2;
                request.expires = seconds{0};
                CHECK(office.receives(request).status == 200);
            }
            const auto last = office.notified();
            CHECK(office.silent());
            CHECK(last.subscription_state == "terminated;reason=timeout");
            CHECK(fits(last));
            CHECK(list_of(last).full);  // who is not named is in no list any more
            CHECK(office.storage.empty());
            CHECK(office.view().lamps.empty());
            CHECK(office.view().counters.notifies_oversized == 0);
        }
}

TEST_CASE(
    "a withdrawn right darkens all that is lit of a long list, in datagrams, and then ends it")
{
    for (const std::size_t members : {12U, 40U}) {
        Office office{house(members)};
        CHECK(office.receives(over_udp(office)).status == 200);
        ShownKeys keys;
        read_all(office, keys);
        for (std::uint64_t at = 0; at < members; ++at) {
            office.call(at + 1, early, std::to_string(300 + at));
            read_all(office, keys);
        }
        CHECK(keys.at("311") == "early");
        office.configures(std::make_shared<const Directory>(
            "office.test", std::vector<Extension>{{"201", {}, {}, {}}}, std::vector<Group>{}));
        bool over = false;
        while (!office.silent()) {
            const auto notify = office.notified();
            CHECK(fits(notify));
            CHECK_FALSE(over);
            over = is_last(notify);
            CHECK(notify.subscription_state ==
                  (over ? "terminated;reason=noresource" : notify.subscription_state));
            keys.read(notify);
            office.answers(notify, 200);
        }
        CHECK(over);
        for (std::size_t at = 0; at < members; ++at)
            CHECK(keys.at(std::to_string(300 + at)) == "terminated");
        CHECK(office.storage.empty());
        CHECK(office.view().lamps.empty());
    }
}

TEST_CASE("a phone that does not answer while its list is withdrawn is told the end at once")
{
    Office office{house(12)};
    auto request = over_udp(office);
    const auto reply = office.receives(request);
    ShownKeys keys;
    read_all(office, keys);
    for (std::uint64_t at = 0; at < 12; ++at) {
        office.call(at + 1, confirmed, std::to_string(300 + at));
        read_all(office, keys);
    }
    std::vector<Extension> extensions{{"201", {}, {}, {}}};
    office.configures(
        std::make_shared<const Directory>("office.test", extensions, std::vector<Group>{}));
    request.parties.to_tag = reply.local_tag;
    request.cseq = 2;
    CHECK(office.receives(request).status == 481);
    office.call(3, terminated, "302");  // its watcher has no right to hear of it
    office.hears_nothing(office.notified());
    const auto last = office.notified();
    CHECK(is_last(last));
    CHECK(fits(last));
    CHECK(office.silent());
    CHECK(office.view().lamps.empty());
    CHECK(office.view().lamp_ends == 1);
    office.hears_nothing(last);
    office.passes(seconds{1});
    const auto again = office.acknowledged();
    CHECK(is_last(again));
    CHECK(fits(again));
    CHECK(again.cseq == last.cseq + 1);
    CHECK(office.silent());
    CHECK(office.storage.empty());
    CHECK(office.view().lamp_ends == 0);
}

TEST_CASE("nobody is owed the end of a long list whose watcher is deleted")
{
    Office office{house(12)};
    CHECK(office.receives(over_udp(office)).status == 200);
    ShownKeys keys;
    read_all(office, keys);
    for (std::uint64_t at = 0; at < 12; ++at) {
        office.call(at + 1, confirmed, std::to_string(300 + at));
        read_all(office, keys);
    }
    office.configures(std::make_shared<const Directory>("office.test", std::vector<Extension>{},
                                                        std::vector<Group>{}));
    const auto first = office.notified();
    SUBCASE("its phone does not answer")
    {
        office.hears_nothing(first);
        CHECK(is_last(office.notified()));
    }
    SUBCASE("it goes dark to its end")
    {
        auto notify = first;
        while (!is_last(notify)) {
            office.answers(notify, 200);
            notify = office.notified();
        }
    }
    CHECK(office.silent());
    CHECK(office.view().lamp_ends == 0);
    CHECK(office.storage.empty());
}

TEST_CASE("a list that goes dark, since it was withdrawn, does so to its end also where its phone is "
          "expelled meanwhile")
{
    Office office{house(12)};
    CHECK(office.receives(over_udp(office)).status == 200);
    ShownKeys keys;
    read_all(office, keys);
    for (std::uint64_t at = 0; at < 12; ++at) {
        office.call(at + 1, confirmed, std::to_string(300 + at));
        read_all(office, keys);
    }
    office.configures(std::make_shared<const Directory>(
        "office.test", std::vector<Extension>{{"201", {}, {}, {}}}, std::vector<Group>{}));
    office.indications.phone_left({.aor = "201", .expelled = true}, office.now, office.outbox);
    office.collect();
    read_all(office, keys);
    for (std::size_t at = 0; at < 12; ++at)
        CHECK(keys.at(std::to_string(300 + at)) == "terminated");
    CHECK(office.view().lamps.empty());
}

TEST_CASE("RFC 6665 §4.4.3: a fetch of a long list tells the state of each member, then ends")
{
    for (const std::size_t members : {3U, 12U, 40U}) {
        Office office{house(members)};
        const auto lit = std::to_string(300 + members - 1);
        office.call(1, confirmed, lit);
        auto fetch = over_udp(office);
        fetch.expires = seconds{0};
        const auto reply = office.receives(fetch);
        CHECK(reply.status == 200);
        CHECK(header(reply, "Expires") == "0");
        CHECK(office.receives(fetch).local_tag == reply.local_tag);  // sent again
        CHECK(states(office.notifies.front(), lit) == "confirmed");  // who is lit comes first
        ShownKeys keys;
        bool over = false;
        while (!office.silent()) {
            const auto notify = office.notified();
            CHECK(office.silent());
            CHECK(fits_as_far_as_it_can(notify));
            CHECK_FALSE(over);
            over = is_last(notify);
            CHECK(notify.subscription_state ==
                  (over ? "terminated;reason=timeout" : "active;expires=0"));
            keys.read(notify);
            office.answers(notify, 200);
        }
        CHECK(over);
        CHECK(keys.at(lit) == "confirmed");
        for (std::size_t at = 0; at + 1 < members; ++at)
            CHECK(keys.at(std::to_string(300 + at)) == "terminated");
        CHECK(office.storage.empty());
        CHECK(office.view().lamps.empty());
    }
}

TEST_CASE("a fetch that nobody answers is over when the first part has failed")
{
    Office office{house(12)};
    auto fetch = over_udp(office);
    fetch.expires = seconds{0};
    CHECK(office.receives(fetch).status == 200);
    office.hears_nothing(office.notified());
    CHECK(is_last(office.notified()));
    CHECK(office.silent());
    CHECK(office.storage.empty());
    CHECK(office.view().lamps.empty());
}

TEST_CASE("RFC 4662 §5.2: a refresh whose names do not fit is not called full, and begins with who "
          "is lit")
{
    Office office{house(40)};
    auto request = over_udp(office);
    const auto reply = office.receives(request);
    ShownKeys keys;
    read_all(office, keys);
    CHECK(keys.size() == 40);
    office.call(1, confirmed, "337");
    read_all(office, keys);
    request.parties.to_tag = reply.local_tag;
    request.cseq = 2;
    CHECK(office.receives(request).status == 200);
    CHECK_FALSE(list_of(office.notifies.front()).full);
    CHECK(states(office.notifies.front(), "337") == "confirmed");
    keys.read(office.notifies.front());
    CHECK(keys.size() == 40);  // none is dropped meanwhile
    CHECK(keys.at("337") == "confirmed");
    read_all(office, keys);
    CHECK(keys.size() == 40);

    office.call(1, terminated, "337");
    const auto lost = office.notified();
    office.answers(lost, 408);
    office.passes(seconds{1});
    CHECK(list_of(office.notifies.front()).full);  // a change after a gap would be doubted
    CHECK(states(office.notifies.front(), "337") == "terminated");
    read_all(office, keys);
    CHECK(keys.size() == 40);
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
