// Group indications: what a document calls the extension, and where it says that its parties are.
#include <set>

#include "unit/engine/indication_office.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

/// Who was set up with an address of the exchange, and has the domain from nowhere.
SubscribeReceived by_address(const Office& office, const std::string& host, std::uint16_t port)
{
    auto request = office.subscribe("201", "207");
    for (auto* uri : {&request.request_uri, &request.parties.to.uri, &request.parties.from.uri}) {
        uri->host = host;
        uri->port = port;
    }
    return request;
}

DirectoryRef office_with_slots()
{
    std::vector<Extension> extensions{{"201", {}, {}, {}}, {"702", {}, {}, {}}};
    Group group{"sales", "Sales", {"702"}, {{"201", false, ""}}};
    Numbering numbering;
    numbering.park_lot.number = "700";
    numbering.park_lot.first_slot = "701";
    RingGroup group_of_a_slot;
    group_of_a_slot.number = "703";
    numbering.ring_groups.push_back(group_of_a_slot);
    return std::make_shared<const Directory>("office.test", std::move(extensions),
                                             std::vector<Group>{std::move(group)},
                                             std::move(numbering));
}

}  // namespace

TEST_CASE("who asks at an address is told about that address, of those in the office")
{
    Office office;
    office.subscribed("202", "207");
    CHECK(office.receives(by_address(office, "192.0.2.1", 5070)).status == 200);
    CHECK(document_of(office.acknowledged()).entity == "sip:207@192.0.2.1:5070");

    auto ringing = DialogSnapshot{.leg = {1},
                                  .extension = "207",
                                  .dialog = {"call-1", "phone", "ours"},
                                  .state = LegState::early,
                                  .local = {{"Anna", extension_uri("207", "office.test")}, {}},
                                  .remote = {{"Ben", extension_uri("211", "office.test")}, {}}};
    office.fold(ringing);
    std::set<std::string> remote;
    for (int i = 0; i < 2; ++i)
        remote.insert(document_of(office.acknowledged()).dialogs.at(0).remote_target);
    CHECK(remote == std::set<std::string>{"sip:211@192.0.2.1:5070", "sip:211@office.test"});

    ringing.remote.identity.uri = SipUri::parse("sip:0170@carrier.example").value();
    office.fold(ringing);
    for (int i = 0; i < 2; ++i)
        CHECK(document_of(office.acknowledged()).dialogs.at(0).remote_target ==
              "sip:0170@carrier.example");
}

TEST_CASE("a name in To that is not ours is not what we are called")
{
    Office office;
    CHECK(office.receives(by_address(office, "elsewhere.example", 0)).status == 200);
    CHECK(document_of(office.acknowledged()).entity == "sip:207@office.test");
    Office other;
    CHECK(other.receives(by_address(other, "[2001:db8::1]", 0)).status == 200);
    CHECK(document_of(other.acknowledged()).entity == "sip:207@[2001:db8::1]");
}

TEST_CASE("a park slot may be asked for by its number, and is called so")
{
    Office office{office_with_slots()};
    office.subscribed("201", "park+701");
    CHECK(office.receives(office.subscribe("201", "701")).status == 200);
    CHECK(document_of(office.acknowledged()).entity == "sip:701@office.test");
    office.call(1, LegState::confirmed, "park+701");
    std::set<std::string> entities;
    for (int i = 0; i < 2; ++i) {
        const auto told = document_of(office.acknowledged());
        CHECK(told.dialogs.size() == 1);
        entities.insert(told.entity);
    }
    CHECK(entities == std::set<std::string>{"sip:park+701@office.test", "sip:701@office.test"});
}

TEST_CASE("an extension, or a ring group, goes before the slot that has its number")
{
    Office office{office_with_slots()};
    CHECK(office.receives(office.subscribe("201", "702")).status == 200);
    CHECK(document_of(office.acknowledged()).entity == "sip:702@office.test");
    office.call(1, LegState::confirmed, "park+702");
    CHECK(office.silent());
    office.call(2, LegState::confirmed, "702");
    CHECK_FALSE(office.silent());
    CHECK(office.receives(office.subscribe("201", "703")).status == 403);
}
