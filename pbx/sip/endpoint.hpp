#pragma once
// The exchange's side of the network: SIP messages in as SipInput, SipCommand out as messages.
#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/call_event.hpp"
#include "core/directory.hpp"
#include "core/message_ring.hpp"
#include "core/sip_command.hpp"
#include "core/sip_input.hpp"
#include "sip/event_loop.hpp"
#include "sip/resolver_settings.hpp"

namespace lampline::sip {

class Authenticator;

/// One `--sip` address.
struct ListenAddress {
    Transport transport = Transport::udp;
    std::string host;        ///< numeric; IPv6 without brackets
    std::uint16_t port = 0;  ///< 0: any free one

    friend bool operator==(const ListenAddress&, const ListenAddress&) = default;
};

/// What the endpoint refuses to let grow.
struct EndpointLimits {
    std::size_t connections = 4096;  ///< open TCP connections, both ways together
    /// Of these, those on which nobody has authenticated: from one address (IPv6: one /64), and all. One more takes the place
    /// of the oldest.
    std::size_t strangers_of_host = 512, strangers = 2048;
    std::size_t unanswered_requests =
        20000;                       ///< REGISTER, SUBSCRIBE and INVITE waiting for their Reply
    std::size_t body_bytes = 65536;  ///< above: 413, or 400 where it is XML of an event package
    std::size_t notifies_per_peer = 1024;  ///< NOTIFYs under way to one address; above: they wait
    std::chrono::milliseconds overload_lag{
        250};  ///< above: new INVITEs get 503, but for emergencies
    std::chrono::seconds idle_connection{7200};   ///< without a byte either way: closed
};

struct EndpointSettings {
    std::vector<ListenAddress> listen;
    std::string domain;                 ///< the realm, and the host of our addresses
    std::string product = "Lampline";   ///< Server and User-Agent
    std::chrono::milliseconds t1{500};  ///< RFC 3261 §17.1.1.1
    std::chrono::milliseconds t2{4000};
    std::chrono::milliseconds t1x64{32000};     ///< timers B, F, H
    std::chrono::milliseconds timer_c{185000};  ///< of INVITEs passed on (RFC 3261 §16.6 step 11)
    /// Signs the record routes of proxied calls; empty: a new one, so that these end with the run.
    std::optional<std::array<unsigned char, 16>> route_key;
    EndpointLimits limits;
    MessageRingLimits trace;
    ResolverSettings resolver{};
};

/// A `--sip` address that cannot be listened on; what() names it and says why.
class CannotBind : public std::runtime_error {
public:
    explicit CannotBind(const ListenAddress& address, const std::string& why);
    [[nodiscard]] const ListenAddress& address() const noexcept { return address_; }

private:
    ListenAddress address_;
};

/// Counters since start.
struct EndpointCounters {
    std::uint64_t requests_received = 0, responses_received = 0;
    std::uint64_t screened_out = 0;  ///< never reached the stack
    std::uint64_t refused = 0;       ///< answered by the endpoint itself: 4xx but 401/407, 5xx
    std::uint64_t challenged = 0;
    std::uint64_t shed = 0;  ///< 503 for overload or draining
    std::uint64_t notifies_sent = 0, notifies_repeated = 0, notifies_timed_out = 0;
    std::uint64_t notifies_fragmented = 0;
};

/// Listens, screens, authenticates, translates. Everything on the loop's thread.
class Endpoint {
public:
    /// May be called from inside Sofia's callbacks and from inside run(): only queue what it is
    /// given.
    using OnInput = std::function<void(SipInput&&)>;

    /// `authenticator` must outlive it.
    /// @throws CannotBind; std::runtime_error when the pre-screen is not in force (see screen.hpp).
    Endpoint(EventLoop& loop, EndpointSettings settings, Authenticator& authenticator,
             OnInput on_input);
    ~Endpoint();
    Endpoint(const Endpoint&) = delete;
    Endpoint& operator=(const Endpoint&) = delete;

    /// The addresses it really listens on, in the order of the settings.
    [[nodiscard]] const std::vector<ListenAddress>& listening() const noexcept;
    /// Carries out one command. Commands for legs and transactions that are gone are ignored.
    void run(SipCommand&& command);
    /// Sends the NOTIFYs collected since the last flush; call after each batch of commands.
    void flush();
    /// Who exists, from now on.
    void set_directory(DirectoryRef directory);
    /// Draining: INVITEs outside a dialog get 503 with Retry-After.
    void refuse_new_calls(bool refuse) noexcept;
    [[nodiscard]] const EndpointCounters& counters() const noexcept;
    /// Keeps the messages of this dialog with those of the recorded call.
    void keep_messages(const PartRecorded& part);
    /// The messages kept of a call, secrets and all; null: none.
    [[nodiscard]] SipTraceRef messages_of(CallRecordId record) const;

private:
    struct Inner;
    std::unique_ptr<Inner> inner_;
};

}  // namespace lampline::sip
