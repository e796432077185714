// REGISTER: what is bound and listed, in which order, and what is refused.
#include "unit/engine/registrar_office.hpp"

using namespace lampline;
using namespace lampline::registering;

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
