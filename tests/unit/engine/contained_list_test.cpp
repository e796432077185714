// Presence and lamps of those whom a SUBSCRIBE lists itself: RFC 5367.
#include "support/list_notify_reader.hpp"
#include "unit/engine/event_office.hpp"

using namespace lampline;
using namespace lampline::test;
using std::chrono::seconds;

namespace {

using Uris = std::vector<std::string>;

constexpr auto timeout_state = "terminated;reason=timeout";

/// 201 watches 207 and 208, and those of 300, 301, ... that are not `hidden`, but not 209.
DirectoryRef house(std::size_t more = 0, bool shows_208 = true)
{
    std::vector<Extension> extensions;
    for (const auto* number : {"201", "207", "208", "209"})
        extensions.push_back({number, "Name " + std::string{number}, {}, {}});
    Group group{"sales", "Sales", {"207"}, {{"201", false, {}}}};
    if (shows_208) group.members.emplace_back("208");
    for (std::size_t at = 0; at < more; ++at) {
        auto number = std::to_string(300 + at);
        extensions.push_back({number, {}, {}, {}});
        group.members.push_back(std::move(number));
    }
    return std::make_shared<const Directory>("office.test", std::move(extensions),
                                             std::vector<Group>{std::move(group)});
}

PayloadRef list(const Uris& uris, std::string type = "application/resource-lists+xml")
{
    std::string text{"<resource-lists xmlns=\"urn:ietf:params:xml:ns:resource-lists\"><list>"};
    for (const auto& one : uris) text += "<entry uri=\"" + one + "\"/>";
    return std::make_shared<const Payload>(
        Payload{std::move(type), text + "</list></resource-lists>", {}});
}

/// Neither its existence nor anything else of it is shown.
void is_refused(const ReadList& list, const std::string& uri)
{
    const auto* resource = list.find(uri);
    REQUIRE(resource);
    CHECK(resource->state == "terminated");
    CHECK(resource->reason == "rejected");
    CHECK(resource->name.empty());
    CHECK(resource->body.empty());
}

class ContainedOffice : public EventOffice {
public:
    using EventOffice::EventOffice;

    [[nodiscard]] SubscribeReceived request(PayloadRef payload,
                                            Transport transport = Transport::tcp,
                                            const std::string& to = "rls") const
    {
        auto wanted = subscribe({"201"}, EventPackage::presence, to, 1);
        wanted.source.transport = transport;
        wanted.supported = OptionTag::eventlist;
        wanted.accept = {"application/pidf+xml", "application/rlmi+xml", "multipart/related"};
        wanted.recipient_list = true;
        wanted.payload = std::move(payload);
        return wanted;
    }
    ReadList told()
    {
        const auto notify = notified();
        last_state = notify.subscription_state;
        REQUIRE(notify.body_head);
        auto read = read_list(notify.content_type, *notify.body_head);
        CHECK(read.version == notify.version);
        if (!is_last(notify)) answers(notify, 200);
        return read;
    }
    std::string last_state;
};

const Uris friends{"sip:207@192.0.2.9", "sip:209@office.test", "sip:299@office.test",
                   "sip:anna@elsewhere.test", "sip:208@office.test"};

}  // namespace

TEST_CASE("RFC 5367: presence of those whom the SUBSCRIBE lists, as far as each may be seen")
{
    ContainedOffice office{house()};
    auto request = office.request(list(friends));
    request.request_uri.host = "192.0.2.9";  // the exchange
    const auto reply = office.receives(request);
    CHECK(reply.status == 200);
    CHECK(reply.required == OptionTag::eventlist);
    auto told = office.told();
    CHECK(told.full);
    CHECK(told.uri == "sip:rls@office.test");
    CHECK(told.name.empty());
    REQUIRE(told.resources.size() == 5);
    for (const auto& seen : {friends[0], friends[4]}) {
        CHECK(told.find(seen)->state == "active");
        CHECK(told.find(seen)->name.empty());
        CHECK(note(told.find(seen)) == "Not online");
    }
    for (const auto& other : {friends[1], friends[2], friends[3]}) is_refused(told, other);
    CHECK(office.notifies.empty());

    office.fold(call("207", LegState::confirmed));
    told = office.told();
    CHECK_FALSE(told.full);
    REQUIRE(told.resources.size() == 1);
    CHECK(note(told.find(friends[0])) == "On the phone");
    office.fold(call("209", LegState::confirmed));
    CHECK(office.notifies.empty());
    REQUIRE(office.subscriptions().size() == 1);
    CHECK(office.subscriptions()[0].resource == "rls");
}

TEST_CASE("a list is asked of any address here, of a group and of oneself too")
{
    ContainedOffice office{house()};
    std::string to, name;
    SUBCASE("nobody")
    {
        to = name = "friends";
    }
    SUBCASE("oneself")
    {
        to = name = "201";
    }
    SUBCASE("the domain")
    {
        to = "";
        name = "201";
    }
    SUBCASE("a group, whose name is not told")
    {
        to = name = "sales";
    }
    SUBCASE("somebody who may not be seen")
    {
        to = name = "209";
    }
    SUBCASE("what can be no name")
    {
        to = "a%0d%0ab";
        name = "201";
    }
    auto request = office.request(list({uri("207")}));
    request.request_uri.user = to;
    CHECK(office.receives(request).status == 200);
    const auto told = office.told();
    CHECK(told.uri == uri(name));
    CHECK(told.name.empty());
    REQUIRE(told.resources.size() == 1);
}

TEST_CASE("rights that come and go move an entry of the list, and it stays in it")
{
    ContainedOffice office{house()};
    CHECK(office.receives(office.request(list(friends))).status == 200);
    office.told();
    office.fold(call("208", LegState::confirmed));
    office.told();

    office.configures(house(0, false));
    auto told = office.told();
    const auto* left = told.find(uri("208"));
    REQUIRE(left);
    CHECK(left->state == "terminated");
    CHECK(left->reason == "rejected");
    CHECK(note(left) == "Not online");
    office.fold(call("208", LegState::terminated));
    CHECK(office.notifies.empty());

    office.configures(house());
    told = office.told();
    CHECK(told.find(uri("208"))->state == "active");
    CHECK(note(told.find(uri("208"))) == "Not online");
    CHECK(told.resources.size() == 5);
    CHECK(office.notifies.empty());
}

TEST_CASE("a refresh without a list keeps it, one with a list replaces it")
{
    ContainedOffice office{house()};
    auto request = office.request(list(friends));
    request.parties.to_tag = office.receives(request).local_tag;
    office.told();
    office.fold(call("208", LegState::confirmed));
    office.told();

    request.payload = {};
    request.cseq = 2;
    CHECK(office.receives(request).status == 200);
    auto told = office.told();
    CHECK(told.full);
    CHECK(told.resources.size() == 5);

    request.payload = list({uri("207"), uri("199")});
    request.cseq = 3;
    CHECK(office.receives(request).status == 200);
    told = office.told();
    CHECK(told.full);
    REQUIRE(told.resources.size() == 2);
    CHECK(told.find(uri("207"))->state == "active");
    is_refused(told, uri("199"));
    office.fold(call("208", LegState::terminated));
    CHECK(office.notifies.empty());
    REQUIRE(office.storage.size() == 1);
    CHECK(office.storage.begin()->second.entries ==
          std::vector<ContainedEntry>{{"207", uri("207")}, {"199", uri("199")}});

    request.payload = list({});
    request.cseq = 4;
    CHECK(office.receives(request).status == 400);
    CHECK(office.notifies.empty());
    request.payload = {};
    request.expires = seconds{0};
    request.cseq = 5;
    CHECK(office.receives(request).status == 200);
    CHECK(office.told().resources.size() == 2);
    CHECK(office.last_state == timeout_state);
    CHECK(office.storage.empty());
}

TEST_CASE("Linphone is told lists as it reads them, after a crash too")
{
    ContainedOffice office{house()};
    auto request = office.request(list(friends));
    request.user_agent = "Linphone-Desktop/5.1.65 (belle-sip/5.1.64)";
    CHECK(office.receives(request).status == 200);
    for (const bool crashed : {false, true}) {
        CAPTURE(crashed);
        if (crashed) office.crashes(house());
        REQUIRE(office.notifies.size() == 1);
        const auto notify = office.notified();
        CHECK(notify.dialog->event == "Presence");
        const auto& body = *notify.body_head;
        const auto cid = attribute(body.substr(body.find("<instance id=")), "cid");
        CHECK_FALSE(cid.empty());
        CHECK(body.find("\r\nContent-Id: " + cid + "\r\n\r\n<presence") != std::string::npos);
        CHECK(body.find("Content-ID") == std::string::npos);
        office.answers(notify, 200);
    }
    REQUIRE(office.storage.size() == 1);
    CHECK(office.storage.begin()->second.event == "presence");
    CHECK(office.notifies.empty());
}

TEST_CASE("a list outlives a crash with all its entries")
{
    ContainedOffice office{house()};
    auto request = office.request(list(friends));
    request.request_uri.host = "192.0.2.9";
    CHECK(office.receives(request).status == 200);
    office.told();
    office.crashes(house());
    const auto told = office.told();
    CHECK(told.full);
    REQUIRE(told.resources.size() == 5);
    REQUIRE(told.find("sip:207@192.0.2.9"));
    CHECK(told.find("sip:207@192.0.2.9")->state == "active");
    is_refused(told, "sip:anna@elsewhere.test");
    CHECK(note(told.find(uri("208"))) == "Not online");
}

TEST_CASE("a long list over UDP names all whom it refuses, one datagram at a time")
{
    ContainedOffice office{house(20)};
    Uris uris;
    for (int at = 0; at < 20; ++at) {
        uris.push_back(uri(std::to_string(300 + at)));
        uris.push_back("sip:" + std::to_string(300 + at) + "@elsewhere.test");
    }
    seconds expires{3600};
    SUBCASE("subscribed to") {}
    SUBCASE("fetched")
    {
        expires = seconds{0};
    }
    auto request = office.request(list(uris), Transport::udp);
    request.expires = expires;
    CHECK(office.receives(request).status == 200);
    std::map<std::string, std::string> shown;
    while (!office.notifies.empty()) {
        CHECK(office.notifies.front().body_head->size() < safe_message_size);
        const auto told = office.told();
        if (told.full) shown.clear();
        for (const auto& one : told.resources)
            shown[one.uri] = one.body.empty() ? one.reason : note(&one);
    }
    for (std::size_t at = 0; at < uris.size(); ++at)
        CHECK(shown[uris[at]] == (at % 2 == 0 ? "Not online" : "rejected"));
    CHECK(shown.size() == uris.size());
    CHECK((office.last_state == timeout_state) == (expires.count() == 0));
}

TEST_CASE("a list of strangers alone is one NOTIFY in which all are refused")
{
    ContainedOffice office{house()};
    auto request = office.request(list({uri("209"), "xmpp:anna@elsewhere.test"}), Transport::udp);
    CHECK(office.receives(request).status == 200);
    const auto told = office.told();
    CHECK(told.full);
    is_refused(told, uri("209"));
    is_refused(told, "xmpp:anna@elsewhere.test");
    CHECK(office.notifies.empty());
}

TEST_CASE("what cannot be taken for a list is refused, and says why")
{
    ContainedOffice office{house()};
    const auto warning_of = [](const Reply& reply) {
        for (const auto& header : reply.headers)
            if (header.name == "Warning") return header.value;
        return std::string{};
    };
    auto request = office.request(list(friends));
    SUBCASE("no list")
    {
        request.payload = {};
        const auto reply = office.receives(request);
        CHECK(reply.status == 400);
        CHECK(warning_of(reply).find("recipient-list-subscribe") != std::string::npos);
    }
    SUBCASE("an entry without URI")
    {
        request.payload = list({""});
        const auto reply = office.receives(request);
        CHECK(reply.status == 400);
        CHECK(warning_of(reply).find("entry") != std::string::npos);
    }
    SUBCASE("another type")
    {
        request.payload = list(friends, "multipart/mixed");
        const auto reply = office.receives(request);
        CHECK(reply.status == 415);
        CHECK(reply.headers[0].value == "application/resource-lists+xml");
    }
    SUBCASE("a phone that reads no lists")
    {
        request.supported = OptionTag::none;
        CHECK(office.receives(request).status == 421);
    }
    SUBCASE("a phone that takes none")
    {
        request.accept = {"application/pidf+xml"};
        CHECK(office.receives(request).status == 406);
    }
    CHECK(office.notifies.empty());
    CHECK(office.storage.empty());
}

TEST_CASE("each entry counts among the subscriptions of the phone, whoever it is")
{
    ContainedOffice office{house()};
    Uris many;
    for (std::size_t at = 0; at < 999; ++at) many.push_back("x" + std::to_string(at));
    auto request = office.request(list(many));
    request.parties.to_tag = office.receives(request).local_tag;
    office.told();
    auto second = office.request(list(many));
    second.call_id = "call-2";
    second.cseq = 2;
    CHECK(office.receives(second).status == 200);
    office.told();
    auto third = office.request(list({"x1", "x2", "x3"}));
    third.call_id = "call-3";
    third.cseq = 3;
    CHECK(office.receives(third).status == 403);
    third.payload = list({"x1", "x2"});
    CHECK(office.receives(third).status == 200);
    office.told();
    request.cseq = 4;
    request.payload = list({"x1"});  // its list of before counts no more
    CHECK(office.receives(request).status == 200);
    office.told();
}
