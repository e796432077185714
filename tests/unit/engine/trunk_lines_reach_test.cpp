// Servers of trunks that fail or fall silent: the next one, pauses, questions.
#include "unit/engine/trunk_lines_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::trunk_lines;

TEST_CASE("a server that fails leads to the next one, and all of them to a pause that grows")
{
    Lines line{with_servers({"192.0.2.1", "192.0.2.2"})};
    for (const auto pause : {15s, 30s, 60s}) {
        auto first = line.next(Method::register_);
        line.silent(first);
        auto second = line.next(Method::register_);
        CHECK(first.target.flow.host != second.target.flow.host);
        line.answers(second, {.status = 503, .phrase = "Busy"});
        CHECK(line.status().state == TrunkState::unreachable);
        CHECK(line.status().last_error == "REGISTER: 503 Busy");
        CHECK(line.sent.empty());
        line.passes(pause - 1s);
        CHECK(line.sent.empty());
        line.passes(2s);
        CHECK(line.sent.size() == 1);
    }
    line.registers();
    CHECK(line.status().state == TrunkState::registered);
    CHECK(line.states ==
          std::vector{TrunkState::starting, TrunkState::unreachable, TrunkState::registered});
}

TEST_CASE("Retry-After is kept to")
{
    Lines line{carrier()};
    line.answers(line.next(Method::register_), {.status = 503, .retry_after = 100s});
    line.passes(99s);
    CHECK(line.sent.empty());
    line.passes(2s);
    CHECK(line.sent.size() == 1);
}

TEST_CASE("while a registration lasts, a refresh that fails changes nothing")
{
    Lines line{carrier()};
    line.registers(600s);
    line.passes(481s);
    line.silent(line.next(Method::register_));
    CHECK(line.status().state == TrunkState::registered);
    CHECK(line.status().last_error == "REGISTER: no answer");
    for (int i = 0; i < 10; ++i) {
        line.passes(30s);
        while (!line.sent.empty()) line.silent(line.next(Method::register_));
    }
    CHECK(line.status().state == TrunkState::unreachable);
    CHECK(line.paths().empty());
}

TEST_CASE("a peer is there until it leaves questions unanswered")
{
    auto trunk = with_servers({"192.0.2.1", "192.0.2.2"});
    trunk.kind = TrunkKind::peer;
    trunk.credentials = nullptr;
    trunk.qualify = 60s;
    Lines line{trunk};
    CHECK(line.status().state == TrunkState::available);
    line.passes(16s);
    line.answers(line.next(Method::options), {.status = 404});
    CHECK(line.status().state == TrunkState::available);
    line.passes(61s);
    for (int i = 0; i < 3; ++i) {
        line.silent(line.next(Method::options));
        line.passes(12s);
    }
    CHECK(line.status().state == TrunkState::unreachable);
    CHECK(line.paths().empty());
    const auto other = line.next(Method::options);  // the other server
    CHECK(other.target.flow.host == "192.0.2.2");
    SUBCASE("another server answers")
    {
        line.answers(other, {.status = 200});
        CHECK(line.status().state == TrunkState::available);
        CHECK(line.paths()[0].flow.host == "192.0.2.2");
        CHECK(line.paths()[1].flow.host == "192.0.2.1");
        CHECK(line.status().last_error.empty());

        // The first is asked now and then, and used again when it answers.
        line.passes(61s);
        line.answers(line.next(Method::options), {.status = 200});
        std::size_t asked = 0;
        for (int i = 0; i < 10; ++i) {
            line.passes(66s);
            while (!line.sent.empty()) {
                const auto question = line.next(Method::options);
                const bool first = question.target.flow.host == "192.0.2.1";
                asked += first;
                first ? line.silent(question) : line.answers(question, {.status = 200});
            }
            CHECK(line.status().state == TrunkState::available);
            CHECK(line.paths()[0].flow.host == "192.0.2.2");
        }
        CHECK(asked >= 1);
        CHECK(asked <= 3);
        for (int i = 0; i < 6; ++i) {
            line.passes(66s);
            while (!line.sent.empty()) line.answers(line.next(Method::options), {.status = 200});
        }
        CHECK(line.paths()[0].flow.host == "192.0.2.1");
    }
    SUBCASE("it calls")
    {
        line.lines.heard("line", line.now, line.outbox);
        line.take();
        CHECK(line.status().state == TrunkState::available);
    }
}

TEST_CASE(
    "a registered trunk whose server falls silent registers with the next one, and comes back")
{
    auto trunk = with_servers({"192.0.2.1", "192.0.2.2"});
    trunk.qualify = 60s;
    Lines line{trunk};
    line.registers();
    line.passes(16s);
    line.answers(line.next(Method::options), {.status = 200});
    line.passes(61s);
    for (int i = 0; i < 3; ++i) {
        line.silent(line.next(Method::options));
        if (i < 2) line.passes(12s);
    }
    CHECK(line.status().state == TrunkState::unreachable);
    CHECK(line.registers().target.flow.host == "192.0.2.2");
    CHECK(line.status().state == TrunkState::registered);
    CHECK(line.paths()[0].flow.host == "192.0.2.2");

    const auto refresh = [&] {
        for (int i = 0; i < 20; ++i) {
            line.passes(30s);
            while (!line.sent.empty() && line.sent.front().method == Method::options)
                line.answers(line.next(Method::options), {.status = 200});
            if (!line.sent.empty()) break;
        }
        return line.next(Method::register_);
    };
    auto trial = refresh();
    CHECK(trial.target.flow.host == "192.0.2.1");
    CHECK(line.paths()[0].flow.host == "192.0.2.2");  // until the first has said yes
    line.silent(trial);
    CHECK(line.registers().target.flow.host == "192.0.2.2");
    CHECK(line.status().state == TrunkState::registered);
    trial = refresh();
    CHECK(trial.target.flow.host == "192.0.2.1");
    line.answers(trial, {.status = 200, .expires = 600s});
    CHECK(line.paths()[0].flow.host == "192.0.2.1");
    CHECK(refresh().target.flow.host == "192.0.2.1");
}

TEST_CASE("a trunk whose connection has ended registers anew, and does not hammer")
{
    Lines line{carrier()};
    const auto registers_over = [&](std::uint64_t connection) {
        line.answers(line.next(Method::register_),
                     {.status = 200, .connection = ConnectionId{connection}, .expires = 3600s});
    };
    const auto ends = [&](std::uint64_t connection) {
        line.lines.receive(ConnectionClosed{ConnectionId{connection}}, line.now);
    };
    registers_over(1);
    line.passes(700s);
    ends(2);  // somebody else's
    line.passes(10s);
    CHECK(line.sent.empty());
    ends(1);
    CHECK(line.status().state == TrunkState::registered);
    line.passes(2s);
    registers_over(3);
    for (const auto pause : {30s, 60s, 120s}) {
        ends(3);
        line.passes(pause - 1s);
        CHECK(line.sent.empty());
        line.passes(2s);
        REQUIRE(line.sent.size() == 1);
        registers_over(3);
    }
    line.passes(600s);  // this one has lasted
    ends(3);
    line.passes(2s);
    CHECK(line.sent.size() == 1);
}

TEST_CASE("servers of one rank share the load: none of them is returned to")
{
    auto trunk = carrier();
    trunk.servers = {{"carrier.test", 0, std::nullopt}};
    Lines line{trunk};
    TrunkResolved resolved{line.lookups.back().line, "line", {}, std::nullopt, {}};
    for (const auto* host : {"192.0.2.1", "192.0.2.2"})
        resolved.addresses.push_back(
            {"carrier.test", {Transport::udp, host, 5060, ConnectionId{}, 0}, 7});
    line.lines.receive(resolved, line.now, line.outbox);
    line.take();
    line.silent(line.next(Method::register_));
    CHECK(line.registers().target.flow.host == "192.0.2.2");
    line.passes(481s);
    CHECK(line.registers().target.flow.host == "192.0.2.2");
}

TEST_CASE("a carrier that answers no OPTIONS at all is judged by its answers to REGISTER")
{
    auto trunk = carrier();
    trunk.qualify = 60s;
    Lines line{trunk};
    line.registers();
    for (int i = 0; i < 8; ++i) {
        line.passes(50s);
        while (!line.sent.empty()) line.silent(line.next(Method::options));
        CHECK(line.status().state == TrunkState::registered);
        CHECK(line.status().last_error.empty());
    }
}
