#pragma once
// Trunks that are kept in order, what they sent, and the clock.
#include <doctest/doctest.h>

#include <deque>

#include "engine/trunk_lines.hpp"

namespace lampline::test::trunk_lines {

inline Trunk carrier()
{
    Trunk trunk;
    trunk.name = "line";
    trunk.kind = TrunkKind::registering;
    trunk.servers = {{"192.0.2.1", 5060, Transport::udp}};
    trunk.domain = "carrier.test";
    trunk.credentials = std::make_shared<const TrunkCredentials>(
        TrunkCredentials{"4310", "secret", "carrier.test"});
    trunk.expires = 600s;
    trunk.qualify = 0s;
    return trunk;
}

/// The lines, what they sent, and the clock.
struct Lines {
    explicit Lines(Trunk trunk, TrunkLineSettings settings = {})
        : lines{std::move(settings), [] { return std::string{"token"}; }, ids}
    {
        now.mono = std::chrono::steady_clock::time_point{1000h};
        now.wall = std::chrono::sys_days{std::chrono::year{2026} / 11 / 27};
        configure({std::move(trunk)});
    }

    void configure(std::vector<Trunk> trunks)
    {
        std::vector<TrunkRef> shared;
        for (auto& trunk : trunks)
            shared.push_back(std::make_shared<const Trunk>(std::move(trunk)));
        lines.replace(shared, now, outbox);
        take();
    }
    void take()
    {
        for (auto& command : outbox.commands) {
            if (auto* request = std::get_if<SendStandalone>(&command))
                sent.push_back(std::move(*request));
            if (auto* lookup = std::get_if<ResolveTrunk>(&command)) lookups.push_back(*lookup);
        }
        for (const auto& event : outbox.events)
            states.push_back(std::get<TrunkChanged>(event).status.state);
        outbox = {};
    }
    void passes(std::chrono::milliseconds span)
    {
        const auto end = now.mono + span;
        while (now.mono < end) {
            const auto deadline = lines.next_deadline();
            const auto until = deadline && *deadline < end ? std::max(*deadline, now.mono) : end;
            now.wall += std::chrono::duration_cast<std::chrono::microseconds>(until - now.mono);
            now.mono = until;
            lines.advance(now, outbox);
            take();
            if (deadline && *deadline <= now.mono && lines.next_deadline() == deadline)
                now.mono += 1ms;
        }
    }
    /// The next request, which must be there.
    SendStandalone next(Method method)
    {
        REQUIRE_FALSE(sent.empty());
        auto request = std::move(sent.front());
        sent.pop_front();
        REQUIRE(request.method == method);
        return request;
    }
    void answers(const SendStandalone& request, StandaloneAnswered answer)
    {
        answer.transaction = request.transaction;
        if (answer.cseq == 0) answer.cseq = request.cseq;
        REQUIRE(lines.receive(answer, now, outbox));
        take();
    }
    /// REGISTER and its 200, which grants so long.
    SendStandalone registers(std::chrono::seconds granted = 600s)
    {
        auto request = next(Method::register_);
        answers(request, {.status = 200, .expires = granted});
        return request;
    }
    void silent(const SendStandalone& request)
    {
        answers(request, {.status = 408, .generated = true});
    }
    void resolves(std::vector<std::string> hosts, std::optional<std::chrono::seconds> ttl = 300s,
                  std::string error = {})
    {
        TrunkResolved resolved{lookups.back().line, "line", {}, ttl, std::move(error)};
        for (const auto& host : hosts)
            resolved.addresses.push_back(
                {"sip.carrier.test", {Transport::udp, host, 5060, ConnectionId{}, 0}});
        lines.receive(resolved, now, outbox);
        take();
    }
    [[nodiscard]] const TrunkStatus& status() const { return *lines.find("line"); }
    [[nodiscard]] std::vector<TrunkPath> paths() const { return lines.paths(carrier()); }

    IdSource<ClientTransactionId> ids;
    TrunkLines lines;
    Outbox outbox;
    Moment now{};
    std::deque<SendStandalone> sent;
    std::vector<ResolveTrunk> lookups;
    std::vector<TrunkState> states;
};

inline std::string header(const SendStandalone& request, std::string_view name)
{
    for (const auto& each : request.headers)
        if (each.name == name) return each.value;
    return {};
}

inline Trunk with_servers(std::initializer_list<std::string_view> hosts)
{
    auto trunk = carrier();
    trunk.servers.clear();
    for (const auto host : hosts)
        trunk.servers.push_back({std::string{host}, 5060, Transport::udp});
    return trunk;
}

}  // namespace lampline::test::trunk_lines
