#include "engine/registrar.hpp"

#include <algorithm>

#include <doctest/doctest.h>

using namespace lampline;

namespace {

struct ContactOptions {
    std::optional<std::chrono::seconds> expires{};
    unsigned q = 1000;
    std::string instance{};
};

RegisterContact contact(std::string_view uri, ContactOptions options = {})
{
    return {
        SipUri::parse(uri).value(), {}, options.expires, options.q, std::move(options.instance)};
}

/// A registrar on a clock that stands still until it is told, and what its last step put out.
class Office {
public:
    explicit Office(RegistrarSettings settings = {60s, 3600s, 7200s}) : registrar{settings} {}

    /// A REGISTER of 201 from one phone: its own Call-ID, CSeq rising by itself.
    RegisterReceived request(std::vector<RegisterContact> contacts)
    {
        RegisterReceived received;
        received.transaction = TransactionId{++last_transaction_};
        received.source = {Transport::udp, "192.0.2.7", 5060, {}, 0};
        received.aor = "201";
        received.contacts = std::move(contacts);
        received.call_id = "phone-a";
        received.cseq = ++last_cseq_;
        received.user_agent = "phone/1";
        return received;
    }
    Reply send(const RegisterReceived& received)
    {
        out = {};
        registrar.receive(received, now, out);
        REQUIRE(out.commands.size() == 1);
        auto reply = std::get<Reply>(out.commands[0]);
        CHECK(reply.transaction == received.transaction);
        return reply;
    }
    Reply send(std::vector<RegisterContact> contacts) { return send(request(std::move(contacts))); }

    void pass(std::chrono::milliseconds time)
    {
        now.mono += time;
        now.wall += time;
        out = {};
        registrar.advance(now, out);
    }

    [[nodiscard]] std::vector<std::string> contacts(std::string_view aor = "201") const
    {
        std::vector<std::string> uris;
        for (const auto& binding : registrar.locations().bindings(aor))
            uris.push_back(write(binding.contact));
        return uris;
    }
    [[nodiscard]] const Binding& only() const
    {
        REQUIRE(registrar.locations().size() == 1);
        return *registrar.locations().all()[0];
    }
    [[nodiscard]] std::size_t announced(std::string_view aor = "201") const
    {
        return static_cast<std::size_t>(
            std::ranges::count_if(out.events, [&](const CallEvent& event) {
                const auto* const changed = std::get_if<BindingChanged>(&event);
                return changed && changed->aor == aor;
            }));
    }
    template <class Change>
    [[nodiscard]] std::vector<Change> stored() const
    {
        std::vector<Change> changes;
        for (const auto& change : out.storage)
            if (const auto* const one = std::get_if<Change>(&change)) changes.push_back(*one);
        return changes;
    }

    Registrar registrar;
    Moment now{std::chrono::steady_clock::time_point{1000h},
               std::chrono::sys_days{std::chrono::year{2026} / 3 / 1}};
    Outbox out;

private:
    std::uint64_t last_transaction_ = 0;
    std::uint32_t last_cseq_ = 0;
};

std::vector<std::string> values(const Reply& reply, std::string_view name)
{
    std::vector<std::string> found;
    for (const auto& header : reply.headers)
        if (header.name == name) found.push_back(header.value);
    return found;
}

using Texts = std::vector<std::string>;

constexpr auto desk = "sip:201@192.0.2.7:5060";
constexpr auto home = "sip:201@198.51.100.9:5060";

}  // namespace

TEST_CASE("a phone is bound, and told for how long (RFC 3261 §10.3)")
{
    Office office;
    const auto reply = office.send({contact(desk)});
    CHECK(reply.status == 200);
    CHECK(values(reply, "Contact") == Texts{"<sip:201@192.0.2.7:5060>;expires=3600"});
    CHECK(office.announced() == 1);

    const auto& binding = office.only();
    CHECK(binding.aor == "201");
    CHECK(binding.flow.host == "192.0.2.7");
    CHECK(binding.call_id == "phone-a");
    CHECK(binding.user_agent == "phone/1");
    CHECK(binding.registered_at == office.now.seconds());
    CHECK(binding.expires_at == office.now.seconds() + 3600s);
    REQUIRE(office.stored<BindingStored>().size() == 1);
    CHECK_FALSE(office.stored<BindingStored>()[0].refresh);
    CHECK(office.stored<BindingStored>()[0].binding.contact == binding.contact);
    CHECK(office.registrar.registrations() == 1);
}

TEST_CASE("the expires parameter goes before the Expires header, and both before the default")
{
    Office office;
    auto request = office.request({contact(desk, {.expires = 300s}), contact(home)});
    request.expires = 600s;
    CHECK(values(office.send(request), "Contact") ==
          Texts{"<sip:201@198.51.100.9:5060>;expires=600", "<sip:201@192.0.2.7:5060>;expires=300"});
    CHECK(values(office.send({contact(home)}), "Contact")[0] ==
          "<sip:201@198.51.100.9:5060>;expires=3600");
}

TEST_CASE("a too brief interval gets 423 with Min-Expires, and changes nothing (RFC 3261 §10.3)")
{
    Office office;
    const auto reply = office.send({contact(home), contact(desk, {.expires = 59s})});
    CHECK(reply.status == 423);
    CHECK(values(reply, "Min-Expires") == Texts{"60"});
    CHECK(office.registrar.locations().size() == 0);
    CHECK(office.out.storage.empty());
    CHECK(office.out.events.empty());
    CHECK(office.send({contact(desk, {.expires = 60s})}).status == 200);
}

TEST_CASE("an hour is never too brief (RFC 3261 §10.3)")
{
    Office office{{7200s, 7200s, 7200s}};
    CHECK(office.send({contact(desk, {.expires = 3599s})}).status == 423);
    CHECK(office.send({contact(desk, {.expires = 3600s})}).status == 200);
}

TEST_CASE("more than the longest interval is cut down to it")
{
    Office office;
    CHECK(values(office.send({contact(desk, {.expires = 999999s})}), "Contact") ==
          Texts{"<sip:201@192.0.2.7:5060>;expires=7200"});
}

TEST_CASE("expires 0 removes one contact, and removing what is not there is fine")
{
    Office office;
    office.send({contact(desk), contact(home)});
    const auto reply = office.send({contact(desk, {.expires = 0s})});
    CHECK(reply.status == 200);
    CHECK(values(reply, "Contact") == Texts{"<sip:201@198.51.100.9:5060>;expires=3600"});
    CHECK(office.announced() == 1);
    REQUIRE(office.stored<BindingRemoved>().size() == 1);
    CHECK(write(office.stored<BindingRemoved>()[0].contact) == desk);

    CHECK(office.send({contact(desk, {.expires = 0s})}).status == 200);
    CHECK(office.announced() == 0);
    CHECK(office.out.storage.empty());
}

TEST_CASE("Contact: * with Expires: 0 removes all bindings (RFC 3261 §10.2.2)")
{
    Office office;
    office.send({contact(desk), contact(home)});
    auto request = office.request({});
    request.wildcard = true;
    request.expires = 0s;
    const auto reply = office.send(request);
    CHECK(reply.status == 200);
    CHECK(values(reply, "Contact").empty());
    CHECK(office.registrar.locations().size() == 0);
    CHECK(office.stored<BindingRemoved>().size() == 2);
    CHECK(office.announced() == 1);
    CHECK_FALSE(office.registrar.next_deadline());
    CHECK(office.send(request).status == 200);  // repeated
}

TEST_CASE("Contact: * with another contact, or without Expires: 0, gets 400 (RFC 3261 §10.3)")
{
    Office office;
    office.send({contact(desk)});
    auto request = office.request({});
    request.wildcard = true;
    CHECK(office.send(request).status == 400);
    request.expires = 60s;
    CHECK(office.send(request).status == 400);
    request.expires = 0s;
    request.contacts = {contact(home)};
    CHECK(office.send(request).status == 400);
    CHECK(office.registrar.locations().size() == 1);
}

TEST_CASE("Contact: * out of order gets 500 and removes nothing (RFC 3261 §10.3)")
{
    Office office;
    auto request = office.request({});
    request.wildcard = true;
    request.expires = 0s;
    office.send({contact(desk)});
    CHECK(office.send(request).status == 500);
    CHECK(office.registrar.locations().size() == 1);
}

TEST_CASE("a REGISTER without Contact only lists (RFC 3261 §10.2.3)")
{
    Office office;
    office.send({contact(desk)});
    office.pass(600s);
    const auto reply = office.send(std::vector<RegisterContact>{});
    CHECK(reply.status == 200);
    CHECK(values(reply, "Contact") == Texts{"<sip:201@192.0.2.7:5060>;expires=3000"});
    CHECK(office.out.storage.empty());
    CHECK(office.out.events.empty());
    CHECK(office.registrar.registrations() == 1);
}

TEST_CASE("bindings are listed with q, highest first")
{
    Office office;
    const auto reply = office.send({contact("sip:a@h", {.q = 50}), contact("sip:b@h", {.q = 0}),
                                    contact("sip:c@h"), contact("sip:d@h", {.q = 700})});
    CHECK(values(reply, "Contact") ==
          Texts{"<sip:c@h>;expires=3600", "<sip:d@h>;expires=3600;q=0.7",
                "<sip:a@h>;expires=3600;q=0.05", "<sip:b@h>;expires=3600;q=0.0"});
}

TEST_CASE("a refresh is stored as one and announced to nobody")
{
    Office office;
    office.send({contact(desk)});
    const auto first = office.only();
    office.pass(1800s);
    CHECK(values(office.send({contact(desk)}), "Contact") ==
          Texts{"<sip:201@192.0.2.7:5060>;expires=3600"});
    CHECK(office.out.events.empty());
    REQUIRE(office.stored<BindingStored>().size() == 1);
    const auto change = office.stored<BindingStored>()[0];
    CHECK(change.refresh);
    CHECK(change.binding.cseq == 2);
    CHECK(change.binding.expires_at == office.now.seconds() + 3600s);
    CHECK(office.only().generation == first.generation);
    CHECK(office.only().registered_at == first.registered_at);
    CHECK(office.only().expires_at == office.now.seconds() + 3600s);
}

TEST_CASE("the same contact under a new Call-ID is registered anew")
{
    Office office;
    office.send({contact(desk)});
    const auto first = office.only();
    office.pass(10s);
    auto request = office.request({contact(desk)});
    request.call_id = "phone-a after its restart";
    request.cseq = 1;
    CHECK(office.send(request).status == 200);
    CHECK(office.only().generation > first.generation);
    CHECK(office.only().registered_at == office.now.seconds());
    CHECK(office.announced() == 1);
    CHECK_FALSE(office.stored<BindingStored>()[0].refresh);
}

TEST_CASE("a phone that registers from elsewhere is reached there from then on")
{
    Office office;
    office.send({contact(desk)});
    const auto first = office.only();
    auto request = office.request({contact(desk)});
    request.source = {Transport::tcp, "203.0.113.4", 40000, ConnectionId{9}, 1};
    CHECK(office.send(request).status == 200);
    CHECK(office.only().flow == request.source);
    CHECK(office.only().generation == first.generation);
    CHECK(office.announced() == 1);
    CHECK_FALSE(office.stored<BindingStored>()[0].refresh);
}

TEST_CASE("an equivalent contact is the same binding, kept as written last")
{
    Office office;
    office.send({contact("sip:201@Phone.test;ob")});
    office.send({contact("sip:201@phone.test")});
    CHECK(office.contacts() == Texts{"sip:201@phone.test"});
    REQUIRE(office.stored<BindingRemoved>().size() == 1);
    CHECK(write(office.stored<BindingRemoved>()[0].contact) == "sip:201@Phone.test;ob");
    CHECK(office.stored<BindingStored>().size() == 1);
}

TEST_CASE("a lower CSeq of the same Call-ID gets 500, and nothing changes (RFC 3261 §10.3)")
{
    Office office;
    const auto late = office.request({contact(home), contact(desk, {.expires = 0s})});
    office.send({contact(desk)});
    const auto reply = office.send(late);
    CHECK(reply.status == 500);
    CHECK(office.contacts() == Texts{desk});
    CHECK(office.out.storage.empty());
    CHECK(office.out.events.empty());
}

TEST_CASE("a late REGISTER does not bring back a contact that a later one replaced")
{
    Office office;
    const auto late = office.request({contact(home)});
    office.send({contact(home, {.expires = 0s}), contact(desk)});
    CHECK(office.send(late).status == 500);
    CHECK(office.contacts() == Texts{desk});
}

TEST_CASE("another Call-ID is not measured against this one's CSeq (RFC 3261 §10.3)")
{
    Office office;
    office.send({contact(desk)});
    office.send({contact(desk)});
    auto request = office.request({contact(home)});
    request.call_id = "phone-b";
    request.cseq = 1;
    CHECK(office.send(request).status == 200);
    CHECK(office.contacts().size() == 2);
}

TEST_CASE("a repeated REGISTER is answered again and changes nothing")
{
    Office office;
    const auto request = office.request({contact(desk), contact(home, {.expires = 0s})});
    office.send(request);
    office.pass(4s);
    const auto reply = office.send(request);
    CHECK(reply.status == 200);
    CHECK(values(reply, "Contact") == Texts{"<sip:201@192.0.2.7:5060>;expires=3596"});
    CHECK(office.out.storage.empty());
    CHECK(office.out.events.empty());
    CHECK(office.registrar.registrations() == 1);
}

TEST_CASE("the same CSeq with other content gets 500")
{
    Office office;
    const auto request = office.request({contact(desk)});
    office.send(request);

    auto other = request;
    other.contacts = {contact(home)};
    CHECK(office.send(other).status == 500);
    other.contacts = {contact(desk, {.expires = 60s})};
    CHECK(office.send(other).status == 500);
    other.contacts = {contact(desk, {.expires = 0s})};
    CHECK(office.send(other).status == 500);
    other.contacts = {contact(desk, {.q = 500})};
    CHECK(office.send(other).status == 500);
    other = request;
    other.source.port = 5061;
    CHECK(office.send(other).status == 500);
    CHECK(office.contacts() == Texts{desk});
    CHECK(office.only().expires_at == office.now.seconds() + 3600s);
}

TEST_CASE("more contacts than fit get 503, and none of them is bound")
{
    Office office;
    office.send({contact(desk)});
    std::vector<RegisterContact> many;
    for (std::size_t i = 0; i < LocationTable::max_contacts; ++i)
        many.push_back(contact("sip:201@203.0.113." + std::to_string(i)));
    const auto reply = office.send(many);
    CHECK(reply.status == 503);
    CHECK(values(reply, "Retry-After").size() == 1);
    CHECK(values(reply, "Warning").size() == 1);
    CHECK(office.contacts() == Texts{desk});
    CHECK(office.out.storage.empty());

    many.push_back(contact(desk, {.expires = 0s}));  // makes room
    CHECK(office.send(many).status == 200);
    CHECK(office.registrar.locations().size() == LocationTable::max_contacts);

    CHECK(office.send(std::vector<RegisterContact>(1000, contact(home))).status == 503);
}

TEST_CASE("of a contact named twice the last counts")
{
    Office office;
    const auto reply =
        office.send({contact(desk, {.expires = 60s}), contact(desk, {.expires = 120s})});
    CHECK(values(reply, "Contact") == Texts{"<sip:201@192.0.2.7:5060>;expires=120"});
    CHECK(office.stored<BindingStored>().size() == 1);
}

TEST_CASE("a contact that is no SIP URI gets 400")
{
    Office office;
    CHECK(office.send({contact("tel:+4930123")}).status == 400);
    CHECK(office.registrar.locations().size() == 0);
}

TEST_CASE("a phone with a new address takes the place of its old binding (+sip.instance)")
{
    Office office;
    office.send({contact(desk, {.instance = "<urn:uuid:1>"})});
    auto other = office.request({contact("sip:201@192.0.2.99", {.instance = "<urn:uuid:2>"})});
    other.call_id = "phone-b";
    office.send(other);

    auto moved = office.request({contact(home, {.instance = "<urn:uuid:1>"})});
    moved.call_id = "phone-a after its restart";
    CHECK(office.send(moved).status == 200);
    CHECK(office.contacts() == Texts{home, "sip:201@192.0.2.99"});
    CHECK(office.announced() == 1);
    REQUIRE(office.stored<BindingRemoved>().size() == 1);
    CHECK(write(office.stored<BindingRemoved>()[0].contact) == desk);
}

TEST_CASE("a phone may register two contacts of one instance at once")
{
    Office office;
    const std::vector both{contact(desk, {.instance = "<urn:uuid:1>"}),
                           contact(home, {.instance = "<urn:uuid:1>"})};
    office.send(both);
    CHECK(office.contacts().size() == 2);
    office.send(both);
    CHECK(office.contacts().size() == 2);
    CHECK(office.out.events.empty());
}

TEST_CASE("a full Aor has room for a phone that takes its own place")
{
    Office office;
    std::vector<RegisterContact> many;
    for (std::size_t i = 0; i < LocationTable::max_contacts; ++i)
        many.push_back(contact("sip:201@203.0.113." + std::to_string(i),
                               {.instance = "<urn:uuid:" + std::to_string(i) + ">"}));
    office.send(many);
    CHECK(office.send({contact(home, {.instance = "<urn:uuid:3>"})}).status == 200);
    CHECK(office.registrar.locations().size() == LocationTable::max_contacts);
}

TEST_CASE("Path is kept with the binding and goes back in the answer (RFC 3327 §5.3)")
{
    Office office;
    auto request = office.request({contact(desk)});
    request.path = {"<sip:edge.test;lr>", "<sip:inner.test;lr>"};
    CHECK(values(office.send(request), "Path") == request.path);
    CHECK(office.only().path == request.path);
    CHECK(values(office.send({contact(desk)}), "Path").empty());
    CHECK(office.announced() == 1);  // reached in another way
    CHECK(office.only().path.empty());
}

TEST_CASE("a binding that is not refreshed ends on time")
{
    Office office;
    office.now.wall += 300ms;
    office.send({contact(desk, {.expires = 60s}), contact(home, {.expires = 90s})});
    office.pass(59'900ms);
    CHECK(office.contacts().size() == 2);  // never before what was granted
    REQUIRE(office.registrar.next_deadline());
    CHECK(*office.registrar.next_deadline() <= office.now.mono + 1s);
    office.pass(1100ms);
    CHECK(office.contacts() == Texts{home});
    CHECK(office.announced() == 1);
    CHECK(office.stored<BindingRemoved>().size() == 1);
    office.pass(30s);
    CHECK(office.contacts().empty());
    CHECK(office.announced() == 1);
    CHECK_FALSE(office.registrar.next_deadline());
}

TEST_CASE("a refreshed binding lives on past its first expiry, and ends at its last")
{
    Office office;
    office.send({contact(desk, {.expires = 60s})});
    for (int i = 0; i < 5; ++i) {
        office.pass(50s);
        office.send({contact(desk, {.expires = 60s})});
    }
    office.pass(59s);
    CHECK(office.contacts() == Texts{desk});
    CHECK(office.out.events.empty());
    office.pass(1s);
    CHECK(office.contacts().empty());
    CHECK(office.announced() == 1);
}

TEST_CASE("a refresh may shorten the interval")
{
    Office office;
    office.send({contact(desk, {.expires = 3600s})});
    office.send({contact(desk, {.expires = 60s})});
    office.pass(60s);
    CHECK(office.contacts().empty());
}

TEST_CASE("what is over counts as gone, even before its timer has been looked at")
{
    Office office;
    office.send({contact(desk, {.expires = 60s})});
    const auto first = office.only().generation;
    office.now.mono += 60s;
    office.now.wall += 60s;
    office.send({contact(desk, {.expires = 60s})});
    CHECK(office.only().generation > first);
    CHECK(office.announced() >= 1);
}

TEST_CASE("a closed connection leaves its bindings, reachable by a new one")
{
    Office office;
    auto request = office.request({contact(desk)});
    request.source = {Transport::tcp, "192.0.2.7", 40000, ConnectionId{9}, 1};
    office.send(request);
    office.registrar.receive(ConnectionClosed{ConnectionId{9}});
    CHECK(office.contacts() == Texts{desk});
    CHECK_FALSE(office.only().flow.connection);

    request = office.request({contact(desk)});
    request.source = {Transport::tcp, "192.0.2.7", 40001, ConnectionId{10}, 1};
    office.send(request);
    CHECK(office.only().flow.connection == ConnectionId{10});
    CHECK(office.announced() == 1);
}

TEST_CASE("bindings come back from storage, those that are over excepted")
{
    Office before;
    auto request = before.request({contact(desk, {.expires = 60s}), contact(home)});
    request.source.connection = ConnectionId{5};
    before.send(request);
    std::vector<Binding> kept;
    for (const auto* binding : before.registrar.locations().all()) kept.push_back(*binding);
    const auto latest = std::ranges::max(kept, {}, &Binding::generation).generation;

    Office after;
    after.now.wall += 61s;
    after.registrar.restore(kept, after.now, after.out);
    CHECK(after.contacts() == Texts{home});
    CHECK(after.announced() == 1);
    CHECK_FALSE(after.only().flow.connection);
    REQUIRE(after.stored<BindingRemoved>().size() == 1);
    CHECK(write(after.stored<BindingRemoved>()[0].contact) == desk);

    auto refresh = after.request({contact(home)});
    refresh.cseq = 7;
    after.send(refresh);
    CHECK(after.announced() == 0);  // the restart is nothing to a phone that stayed
    auto again = after.request({contact(desk)});
    again.call_id = "another";
    after.send(again);
    CHECK(after.registrar.locations().find("201", SipUri::parse(desk).value())->generation >
          latest);
    after.pass(3700s);
    CHECK(after.contacts().empty());
}

TEST_CASE("the phones of an extension that is gone are gone")
{
    Office office;
    office.send({contact(desk), contact(home)});
    auto other = office.request({contact("sip:202@192.0.2.8")});
    other.aor = "202";
    office.send(other);
    office.out = {};
    office.registrar.replace_directory(Directory{"office.test", {{"202", {}, {}, {}}}, {}},
                                       office.out);
    CHECK(office.contacts().empty());
    CHECK(office.contacts("202").size() == 1);
    CHECK(office.announced() == 1);
    CHECK(office.announced("202") == 0);
    CHECK(office.stored<BindingRemoved>().size() == 2);
}
