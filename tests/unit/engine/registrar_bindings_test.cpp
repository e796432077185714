// What becomes of bindings: repeated requests, limits, instances, expiry, storage.
#include "unit/engine/registrar_office.hpp"

using namespace lampline;
using namespace lampline::registering;

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

TEST_CASE("a phone for which there is no room takes the place of one that is not there")
{
    Office office;
    const auto nth = [](std::size_t i) { return "sip:201@203.0.113." + std::to_string(i); };
    for (std::size_t i = 0; i < LocationTable::max_contacts; ++i) {
        auto request = office.request({contact(nth(i))});
        request.call_id = "phone-" + std::to_string(i);
        if (i == 5) request.source = {Transport::tcp, "203.0.113.5", 40000, ConnectionId{5}, 0};
        office.send(request);
    }
    auto& locations = office.registrar.locations();
    auto wanted = office.request({contact(home)});
    const auto takes_the_place_of = [&](std::size_t i) {
        CHECK(office.send(wanted).status == 200);
        CHECK(locations.size() == LocationTable::max_contacts);
        CHECK(locations.find("201", SipUri::parse(home).value()));
        CHECK_FALSE(locations.find("201", SipUri::parse(nth(i)).value()));
        REQUIRE(office.stored<BindingRemoved>().size() == 1);
        CHECK(write(office.stored<BindingRemoved>()[0].contact) == nth(i));
    };
    const auto falls_silent = [&](std::size_t i) {
        CHECK(locations.note_reach("201", SipUri::parse(nth(i)).value(),
                                   {.state = Reach::State::unreachable}));
    };
    SUBCASE("all are there, as far as is known")
    {
        CHECK(office.send(wanted).status == 503);
        CHECK(locations.size() == LocationTable::max_contacts);
    }
    SUBCASE("of several that do not answer the one that has been registered for longest")
    {
        falls_silent(7);
        falls_silent(3);
        takes_the_place_of(3);
    }
    SUBCASE("one whose connection is gone")
    {
        office.registrar.receive(ConnectionClosed{ConnectionId{5}});
        takes_the_place_of(5);
    }
    SUBCASE("one that does not answer, before one whose connection is gone")
    {
        office.registrar.receive(ConnectionClosed{ConnectionId{5}});
        falls_silent(9);
        takes_the_place_of(9);
    }
    SUBCASE("not one that the same REGISTER names")
    {
        falls_silent(3);
        wanted.contacts.push_back(contact(nth(3)));
        CHECK(office.send(wanted).status == 503);
        CHECK(office.stored<BindingRemoved>().empty());
    }
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
    const Directory before{"office.test", {{"201", {}, {}, {}}, {"202", {}, {}, {}}}, {}};
    SUBCASE("it was removed")
    {
        office.registrar.replace_directory(
            before, Directory{"office.test", {{"202", {}, {}, {}}}, {}}, office.out);
    }
    SUBCASE("or has another password")
    {
        office.registrar.replace_directory(
            before,
            Directory{"office.test", {{"201", {}, "other", "other"}, {"202", {}, {}, {}}}, {}},
            office.out);
        CHECK(std::ranges::count_if(office.out.events, [](const CallEvent& event) {
                  const auto* left = std::get_if<PhoneLeft>(&event);
                  return left && left->expelled && left->aor == "201";
              }) == 1);
    }
    CHECK(office.contacts().empty());
    CHECK(office.contacts("202").size() == 1);
    CHECK(office.announced() == 1);
    CHECK(office.announced("202") == 0);
    CHECK(office.stored<BindingRemoved>().size() == 2);
}

TEST_CASE(
    "a phone that registers by another way is known by its Call-ID, or by what it says of itself")
{
    Office office;
    const auto from = [&](std::string uri, Flow flow) {
        auto request = office.request({contact(std::move(uri))});
        request.source = std::move(flow);
        return request;
    };
    const auto moved = [&](const RegisterReceived& request) {
        office.send(request);
        std::string text;
        for (const auto& event : office.out.events) {
            if (std::holds_alternative<BindingChanged>(event)) text += "changed";
            const auto* const one = std::get_if<PhoneMoved>(&event);
            if (!one) continue;
            CHECK(one->aor == "201");
            text += write(one->old_contact) + ' ' + std::to_string(one->old_flow.port) + " -> " +
                    write(one->contact) + ' ' + std::to_string(one->flow.port) + ' ';
        }
        return text;
    };
    const Flow udp{Transport::udp, "192.0.2.7", 5060, {}, 0};
    auto nat = udp;
    nat.port = 40'000;
    const auto over = [&](std::uint16_t port) {
        return from("sip:201@192.0.2.7:" + std::to_string(port) + ";transport=tcp",
                    {Transport::tcp, "192.0.2.7", port, {port}, 0});
    };
    const std::string same = std::string{desk} + " 5060 -> " + desk + " 40000 changed";
    CHECK(moved(from(desk, udp)) == "changed");
    CHECK(moved(from(desk, udp)).empty());

    SUBCASE("the same contact from another port")
    {
        CHECK(moved(from(desk, nat)) == same);
        CHECK(moved(from(desk, nat)).empty());
    }
    SUBCASE("of another phone, as far as anybody can tell")
    {
        auto request = from(desk, nat);
        request.call_id = "phone-b";
        CHECK(moved(request) == "changed");
    }
    SUBCASE("of the same one after a restart")
    {
        auto before = from(desk, udp);
        before.user_agent = "Acme 001565aabbcc";
        CHECK(moved(before) == "changed");
        auto request = from(desk, nat);
        request.user_agent = before.user_agent;
        request.call_id = "phone-a after its restart";
        CHECK(moved(request) == same);
    }
    SUBCASE("another contact, instead of the old one or beside it")
    {
        CHECK(moved(from("sip:201@192.0.2.7:40000", nat)) == "changed");
        auto request = from("sip:201@192.0.2.7:41000", nat);
        request.contacts.push_back(contact(desk, {.expires = 0s}));
        CHECK(moved(request) ==
              std::string{desk} + " 5060 -> sip:201@192.0.2.7:41000 40000 changed");
    }
    SUBCASE("another connection, which its contact names")
    {
        CHECK(moved(over(40'001)) == "changed");
        CHECK(moved(over(40'002)) == "sip:201@192.0.2.7:40001;transport=tcp 40001 -> "
                                     "sip:201@192.0.2.7:40002;transport=tcp 40002 changed");
    }
    SUBCASE("behind a proxy nobody moves")
    {
        auto request = from(desk, nat);
        request.path = {"<sip:192.0.2.7;lr>"};
        CHECK(moved(request) == "changed");
    }
}

TEST_CASE("a phone that leaves is heard of, also when its binding has expired")
{
    Office office;
    const auto left = [&] {
        std::vector<PhoneLeft> phones;
        for (const auto& event : office.out.events)
            if (const auto* one = std::get_if<PhoneLeft>(&event)) phones.push_back(*one);
        return phones;
    };
    office.send({contact(desk, {.expires = 60s}), contact(home)});
    CHECK(left().empty());
    office.send({contact(home, {.expires = 0s})});
    CHECK(left().empty());  // its binding says so
    CHECK(office.announced() == 1);
    office.pass(61s);
    CHECK(left().empty());

    auto leaves = office.request({contact(desk, {.expires = 0s})});
    leaves.user_agent = "Acme 001565aabbcc";
    for (int at = 0; at < 2; ++at) {  // the second time since the 200 was lost
        CHECK(office.send(leaves).status == 200);
        REQUIRE(left().size() == 1);
        CHECK(left()[0].aor == "201");
        CHECK(write(left()[0].contact.value()) == desk);
        CHECK(left()[0].devices == std::vector<std::string>{"001565aabbcc"});
        CHECK(office.announced() == 0);
    }
    auto all = office.request({});
    all.wildcard = true;
    all.expires = 0s;
    office.send(all);
    REQUIRE(left().size() == 1);
    CHECK_FALSE(left()[0].contact);
}
