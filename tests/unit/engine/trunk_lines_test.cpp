// Trunks kept in order: names, registration, refusals, servers that fail, questions.
#include "unit/engine/trunk_lines_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::trunk_lines;

TEST_CASE("a trunk registers, and refreshes before it expires")
{
    Lines line{carrier()};
    CHECK(line.status().state == TrunkState::starting);
    CHECK(line.paths().empty());
    const auto first = line.next(Method::register_);
    CHECK(write(first.target.request_uri) == "sip:carrier.test");
    CHECK(write(first.from.uri) == "sip:4310@carrier.test");
    CHECK(write(first.to.uri) == "sip:4310@carrier.test");
    CHECK(first.contact_user == "trunk-line");
    CHECK(header(first, "Expires") == "600");
    CHECK(first.credentials->secret == "secret");
    line.passes(20ms);
    line.answers(first, {.status = 200,
                         .cseq = 2,
                         .expires = 300s,
                         .service_route = {"<sip:edge.carrier.test;lr>"}});
    CHECK(line.status().state == TrunkState::registered);
    CHECK(line.status().round_trip >= 20ms);
    REQUIRE(line.paths().size() == 1);
    CHECK(line.paths()[0].flow.host == "192.0.2.1");
    CHECK(line.paths()[0].route == std::vector<std::string>{"<sip:edge.carrier.test;lr>"});

    line.passes(239s);
    CHECK(line.sent.empty());
    line.passes(2s);
    const auto refresh = line.registers();
    CHECK(refresh.call_id == first.call_id);
    CHECK(refresh.local_tag == first.local_tag);
    CHECK(refresh.cseq == 3);  // the challenge has used 2
    CHECK(line.states == std::vector{TrunkState::starting, TrunkState::registered});
}

TEST_CASE("our own contact counts, whatever else the 200 lists")
{
    Lines line{carrier()};
    RegisterContact others;
    others.uri.user = "4310";
    others.expires = 3600s;
    RegisterContact ours;
    ours.uri.user = "trunk-line";
    ours.expires = 60s;
    line.answers(line.next(Method::register_),
                 {.status = 200, .contacts = {others, ours}, .expires = 3600s});
    line.passes(50s);
    CHECK(line.sent.size() == 1);
}

TEST_CASE("423 is answered with what the registrar wants, but not for ever")
{
    Lines line{carrier()};
    line.answers(line.next(Method::register_), {.status = 423, .min_expires = 900s});
    auto second = line.next(Method::register_);
    CHECK(header(second, "Expires") == "900");
    SUBCASE("it is content")
    {
        line.answers(second, {.status = 200, .expires = 900s});
        CHECK(line.status().state == TrunkState::registered);
    }
    SUBCASE("it never has enough")
    {
        line.answers(second, {.status = 423, .min_expires = 1000s});
        line.answers(line.next(Method::register_), {.status = 423, .min_expires = 1100s});
        CHECK(line.sent.empty());
        CHECK(line.status().state == TrunkState::failed);
    }
    SUBCASE("it wants the impossible")
    {
        line.answers(second, {.status = 423, .min_expires = 1000000s});
        CHECK(line.sent.empty());
        CHECK(line.status().state == TrunkState::failed);
    }
}

TEST_CASE("a refusal is a matter for people, and tried again slowly")
{
    Lines line{with_servers({"192.0.2.1", "192.0.2.2"})};
    const unsigned status = 403;
    line.answers(line.next(Method::register_), {.status = status, .phrase = "Forbidden"});
    CHECK(line.status().state == TrunkState::failed);
    CHECK(line.status().last_error == "carrier refused the registration: 403 Forbidden");
    CHECK(line.sent.empty());  // no other server would think otherwise
    line.passes(599s);
    CHECK(line.sent.empty());
    CHECK(line.status().next_attempt == line.now.wall + 1s);
    line.passes(70s);
    for (const auto pause : {1200s, 2400s, 3600s, 3600s}) {  // who asks too often is locked out
        line.answers(line.next(Method::register_), {.status = status, .phrase = "Forbidden"});
        line.passes(pause - 1s);
        CHECK(line.sent.empty());
        line.passes(pause / 10);
        REQUIRE(line.sent.size() == 1);
    }
    line.registers();
    CHECK(line.status().state == TrunkState::registered);
    CHECK(line.status().last_error.empty());
    CHECK_FALSE(line.status().next_attempt);
}

TEST_CASE("what is wrong is said so that a person can put it right")
{
    const auto told = [](StandaloneAnswered answer) {
        Lines line{carrier()};
        line.answers(line.next(Method::register_), std::move(answer));
        CHECK(line.status().state == TrunkState::failed);
        CHECK(line.paths().empty());
        return line.status().last_error;
    };
    CHECK(told({.status = 403, .phrase = "Forbidden", .credentials_sent = true}) ==
          "carrier refused the password: 403 Forbidden (username or secret is wrong)");
    CHECK(told({.status = 401,
                .phrase = "Unauthorized",
                .challenged_by = "carrier.test",
                .credentials_sent = true}) ==
          "carrier refused the password: 401 Unauthorized (username or secret is wrong)");
    CHECK(told({.status = 401, .phrase = "Unauthorized", .challenged_by = "asterisk"}) ==
          "carrier asks for the realm \"asterisk\", the trunk has \"carrier.test\": 401 "
          "Unauthorized");
    CHECK(told({.status = 401, .phrase = "Unauthorized", .challenged_by = "carrier.test"}) ==
          "carrier asks for a password in a way that cannot be answered: 401 Unauthorized");
    CHECK(told({.status = 404, .phrase = "Not Found"}) ==
          "carrier refused the registration: 404 Not Found");
}

TEST_CASE("a registrar that redirects is followed to where the trunk may be (RFC 3261 §8.1.3.4)")
{
    auto trunk = with_servers({"192.0.2.1", "192.0.2.2"});
    trunk.sources = {"192.0.2.9"};
    Lines line{trunk};
    const auto redirects_to = [&](std::vector<std::string> uris) {
        StandaloneAnswered answer{.status = 302, .phrase = "Moved Temporarily"};
        for (const auto& uri : uris) answer.contacts.push_back({.uri = *SipUri::parse(uri)});
        line.answers(line.next(Method::register_), answer);
    };
    const auto follows = [&](std::string_view uri, TrunkServer server) {
        redirects_to({"sip:elsewhere.test", std::string{uri}});
        REQUIRE_FALSE(line.lookups.empty());
        CHECK(line.lookups.back().servers.front() == server);
        CHECK(line.lookups.back().servers.size() == 3);  // the others are there all the same
        CHECK(line.sent.empty());
    };
    const auto found = [&](std::string server, std::vector<std::string> hosts) {
        TrunkResolved resolved{line.lookups.back().line, "line", {}, std::nullopt, {}};
        for (const auto& host : hosts)
            resolved.addresses.push_back({host == hosts.front() ? server : host,
                                          {Transport::udp, host, 5060, ConnectionId{}, 0},
                                          static_cast<std::uint32_t>(resolved.addresses.size())});
        line.lines.receive(resolved, line.now, line.outbox);
        line.take();
    };
    SUBCASE("to a name within its domain, and back when that fails")
    {
        follows("sip:edge.Carrier.test:5070;transport=tcp",
                {"edge.Carrier.test", 5070, Transport::tcp});
        found("edge.Carrier.test", {"192.0.2.7", "192.0.2.1", "192.0.2.2"});
        const auto there = line.next(Method::register_);
        CHECK(there.target.flow.host == "192.0.2.7");
        CHECK(write(there.target.request_uri) == "sip:edge.Carrier.test:5070");
        CHECK(write(there.to.uri) == "sip:4310@carrier.test");
        line.answers(there, {.status = 200, .expires = 600s});
        CHECK(line.status().state == TrunkState::registered);
        CHECK(line.paths().front().flow.host == "192.0.2.7");
        line.passes(481s);
        line.silent(line.next(Method::register_));
        const auto back = line.next(Method::register_);
        CHECK(back.target.flow.host == "192.0.2.1");
        CHECK(write(back.target.request_uri) == "sip:carrier.test");
        line.answers(back, {.status = 200, .expires = 600s});
        line.passes(1s);
        CHECK(line.paths().size() == 2);
    }
    SUBCASE("to another of its servers, or of its sources")
    {
        follows("sip:192.0.2.2", {"192.0.2.2", 0, std::nullopt});
        found("192.0.2.2", {"192.0.2.2", "192.0.2.1"});
        follows("sip:192.0.2.9:5080;transport=UDP", {"192.0.2.9", 5080, Transport::udp});
    }
    SUBCASE("to nobody else, nor in another way: the next server is asked")
    {
        redirects_to({"sip:elsewhere.test", "sip:notcarrier.test", "sip:carrier.test.evil.test",
                      "sip:198.51.100.7", "sips:edge.carrier.test",
                      "sip:edge.carrier.test;transport=tls"});
        CHECK(line.lookups.empty());
        CHECK(line.status().last_error.starts_with(
            "carrier redirects to elsewhere.test, notcarrier.test, carrier.test.evil.test, "
            "198.51.100.7,"));
        CHECK(line.next(Method::register_).target.flow.host == "192.0.2.2");
    }
    SUBCASE("to nowhere")
    {
        redirects_to({});
        CHECK(line.status().last_error ==
              "carrier redirects and does not say where: 302 Moved Temporarily");
        CHECK(line.next(Method::register_).target.flow.host == "192.0.2.2");
    }
    SUBCASE("not for ever")
    {
        for (int i = 0; i < 5; ++i) {
            follows("sip:192.0.2.1", {"192.0.2.1", 0, std::nullopt});
            found("192.0.2.1", {"192.0.2.1", "192.0.2.2"});
        }
        redirects_to({"sip:192.0.2.1"});
        CHECK(line.status().last_error ==
              "carrier redirects again and again: 302 Moved Temporarily");
        CHECK(line.next(Method::register_).target.flow.host == "192.0.2.2");
    }
}

TEST_CASE("names are looked up, and again when their answers grow old")
{
    auto trunk = carrier();
    trunk.servers = {{"carrier.test", 0, std::nullopt}};
    Lines line{trunk};
    REQUIRE(line.lookups.size() == 1);
    CHECK(line.sent.empty());
    SUBCASE("the name has no address")
    {
        line.resolves({}, 30s, "carrier.test has no address");
        CHECK(line.status().state == TrunkState::unreachable);
        CHECK(line.status().last_error == "carrier.test has no address");
        line.passes(31s);
        CHECK(line.lookups.size() == 2);
        line.resolves({"192.0.2.7"});
        line.registers();
        CHECK(line.status().state == TrunkState::registered);
        CHECK(line.status().server == "sip.carrier.test (udp:192.0.2.7:5060)");
    }
    SUBCASE("the same addresses change nothing")
    {
        line.resolves({"192.0.2.7", "192.0.2.8"}, 60s);
        line.registers();
        line.passes(61s);
        CHECK(line.lookups.size() == 2);
        line.resolves({"192.0.2.8", "192.0.2.7"}, 60s);
        CHECK(line.sent.empty());
        CHECK(line.paths()[0].flow.host == "192.0.2.7");
    }
    SUBCASE("another address is registered with at once")
    {
        line.resolves({"192.0.2.7"}, 60s);
        line.registers();
        line.passes(61s);
        line.resolves({"192.0.2.9"}, 60s);
        CHECK(line.registers().target.flow.host == "192.0.2.9");
    }
    SUBCASE("when nobody answers about the name any more, the old addresses are used")
    {
        line.resolves({"192.0.2.7"}, 60s);
        line.registers();
        line.passes(61s);
        line.resolves({}, 30s, "no name server answers about carrier.test");
        CHECK(line.status().state == TrunkState::registered);
        CHECK(line.paths().size() == 1);
    }
}

TEST_CASE("a trunk that goes is unregistered, and one that stays as it was is left alone")
{
    Lines line{carrier()};
    line.registers();
    auto same = carrier();
    same.display_name = "Renamed";
    same.limits.calls = 3;
    line.configure({same});
    CHECK(line.sent.empty());
    CHECK(line.status().state == TrunkState::registered);

    SUBCASE("removed")
    {
        line.configure({});
        const auto last = line.next(Method::register_);
        CHECK(header(last, "Expires") == "0");
        CHECK(last.cseq == 2);
        CHECK(line.lines.is_leaving());
        line.answers(last, {.status = 200});
        CHECK_FALSE(line.lines.is_leaving());
        CHECK_FALSE(line.lines.find("line"));
        line.passes(3600s);
        CHECK(line.sent.empty());
    }
    SUBCASE("disabled")
    {
        same.enabled = false;
        line.configure({same});
        CHECK(header(line.next(Method::register_), "Expires") == "0");
        CHECK(line.status().state == TrunkState::disabled);
        CHECK(line.paths().empty());
    }
    SUBCASE("with another secret")
    {
        same.credentials = std::make_shared<const TrunkCredentials>(
            TrunkCredentials{"4310", "other", "carrier.test"});
        line.configure({same});
        const auto last = line.next(Method::register_);
        CHECK(header(last, "Expires") == "0");
        CHECK(line.sent.empty());  // both are the same contact: what comes second counts
        line.answers(last, {.status = 200});
        CHECK(line.registers().credentials->secret == "other");
    }
    SUBCASE("another secret, and nobody answers the first")
    {
        same.credentials = std::make_shared<const TrunkCredentials>(
            TrunkCredentials{"4310", "other", "carrier.test"});
        line.configure({same});
        line.silent(line.next(Method::register_));
        CHECK(line.registers().credentials->secret == "other");
    }
    SUBCASE("at the end of the program")
    {
        line.lines.stop(line.outbox);
        line.take();
        CHECK(header(line.next(Method::register_), "Expires") == "0");
        line.passes(3600s);
        CHECK(line.sent.empty());
    }
}
