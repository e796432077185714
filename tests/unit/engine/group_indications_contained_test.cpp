// Lamps of those whom a SUBSCRIBE lists itself: RFC 5367.
#include "unit/engine/list_office.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

SubscribeReceived asks_for(const Office& office, const std::vector<std::string>& uris,
                           std::uint32_t cseq = 1)
{
    auto request = list_request(office, cseq);
    request.request_uri.user = "friends";
    request.recipient_list = true;
    std::string text{"<resource-lists xmlns=\"urn:ietf:params:xml:ns:resource-lists\"><list>"};
    for (const auto& one : uris) text += "<entry uri=\"" + one + "\"/>";
    request.payload = std::make_shared<const Payload>(Payload{
        "application/resource-lists+xml; charset=utf-8", text + "</list></resource-lists>", {}});
    return request;
}

ReadList read(const SendNotify& notify)
{
    REQUIRE(notify.body_head);
    auto list = read_list(notify.content_type, *notify.body_head);
    CHECK(list.uri == "sip:friends@office.test");
    return list;
}

}  // namespace

TEST_CASE("a list may name what has a lamp: extensions, keys, oneself; the rest is refused")
{
    Office office{house(2, {"301"})};
    const std::vector<std::string> uris{"sip:300@office.test;user=phone", uri("301"),
                                        uri("dnd+201"), uri("201"), "sip:300@elsewhere.test"};
    CHECK(office.receives(asks_for(office, uris)).status == 200);
    const auto first = read(office.acknowledged());
    CHECK(first.full);
    REQUIRE(first.resources.size() == 5);
    for (const auto at : {0U, 2U, 3U}) {
        const auto* seen = first.find(uris[at]);
        REQUIRE(seen);
        CHECK(seen->state == "active");
        CHECK(seen->name.empty());
        CHECK(seen->document);
    }
    CHECK(first.find(uris[0])->document->entity == uri("300"));
    for (const auto at : {1U, 4U}) {
        const auto* refused = first.find(uris[at]);
        REQUIRE(refused);
        CHECK(refused->state == "terminated");
        CHECK(refused->reason == "rejected");
        CHECK_FALSE(refused->document);
    }
    office.call(1, early, "300");
    office.call(2, early, "301");
    const auto ringing = read(office.acknowledged());
    CHECK(ringing.resources.size() == 1);
    CHECK(states(ringing.find(uris[0])) == "early");
    CHECK(office.silent());
    const auto account = office.explains("201", "300");
    REQUIRE(account.phones.size() == 1);
    REQUIRE(account.phones[0].lamp);
    CHECK(account.phones[0].lamp->list == "friends");
}

TEST_CASE("a lamp that the phone leaves out of its list is told no more")
{
    Office office{house(2)};
    auto request = asks_for(office, {uri("300"), uri("301")});
    request.parties.to_tag = office.receives(request).local_tag;
    office.acknowledged();
    office.call(1, early, "301");
    office.acknowledged();

    auto other = asks_for(office, {uri("300"), uri("399")}, 2);
    other.parties.to_tag = request.parties.to_tag;
    CHECK(office.receives(other).status == 200);
    const auto list = read(office.acknowledged());
    CHECK(list.full);
    REQUIRE(list.resources.size() == 2);
    CHECK(list.find(uri("399"))->reason == "rejected");
    office.call(1, terminated, "301");
    CHECK(office.silent());
    CHECK(office.view().lamps.size() == 1);
    REQUIRE(office.kept().size() == 1);
    CHECK(office.kept()[0].entries.size() == 2);

    office.configures(house(2, {"300"}));
    const auto gone = read(office.acknowledged());
    REQUIRE(gone.find(uri("300")));
    CHECK(gone.find(uri("300"))->reason == "rejected");
    CHECK(office.view().lamps.empty());
}
