#pragma once
// Questions to name servers, asked and answered on the loop's thread (c-ares), and what they told.
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/server_location.hpp"
#include "core/sip_command.hpp"
#include "core/sip_input.hpp"
#include "sip/event_loop.hpp"
#include "sip/resolver_settings.hpp"

namespace lampline::sip {

/// The records of an answer as it came from the network (RFC 1035 §4.1); nullopt when it is
/// malformed. Its `valid_until` counts from `now`, by the lowest TTL.
std::optional<DnsAnswer> parse_dns(std::span<const unsigned char> message, DnsType type,
                                   const ResolverSettings& settings,
                                   std::chrono::steady_clock::time_point now);

/// Finds the addresses of trunks' servers. Loop thread only; never waits.
class Resolver {
public:
    using OnInput = std::function<void(SipInput&&)>;

    /// @throws std::runtime_error when the library gives no channel, or takes no such server.
    Resolver(EventLoop& loop, ResolverSettings settings, LocalMeans means, OnInput on_input);
    ~Resolver();
    Resolver(const Resolver&) = delete;
    Resolver& operator=(const Resolver&) = delete;

    /// Answers with TrunkResolved, once; a later command for the same line replaces this one, and
    /// one without servers only forgets it.
    void run(const ResolveTrunk& command);

private:
    struct Channel;
    struct Query;
    /// From the names of one trunk's servers to their addresses, as far as it has come.
    struct Walk {
        ResolveTrunk command;
        std::chrono::steady_clock::time_point began;
        DnsAnswers answers{};
    };

    void go_on(std::uint64_t line);
    void ask(const DnsQuestion& question);
    void answered(const DnsQuestion& question, const DnsAnswer& answer);
    /// Puts what the line's last walk knew in the place of an answer that failed (RFC 8767): a name
    /// server that is away for a moment moves no trunk.
    void keep_known(std::uint64_t line, const DnsQuestion& question, DnsAnswer& answer) const;
    /// The channel wants another descriptor watched, or differently.
    void watch(int descriptor, bool reading, bool writing) noexcept;
    void process(int reading, int writing);
    void set_timer();

    EventLoop& loop_;
    ResolverSettings settings_;
    LocalMeans means_;
    OnInput on_input_;
    std::unordered_map<std::uint64_t, Walk> walks_;               // by line
    std::unordered_map<std::uint64_t, DnsAnswers> known_;         // by line: of its last walk
    std::map<DnsQuestion, std::vector<std::uint64_t>> asked_;     // who waits
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // for what is deferred
    std::unordered_map<int, std::unique_ptr<LoopWatch>> watches_;
    LoopTimer timer_;
    std::unique_ptr<Channel> channel_;
};

}  // namespace lampline::sip
