#pragma once
// Lines to the outside: how they are reached, who is shown on them, and what they may cost.
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/call_mode.hpp"
#include "core/numeric_address.hpp"
#include "core/outside_rights.hpp"
#include "core/sip_types.hpp"

namespace lampline {

enum class TrunkKind : std::uint8_t {
    registering,  ///< we are a user of the carrier: REGISTER, and INVITEs come to that contact
    peer,         ///< known by its addresses alone
};
/// The word for it in storage and in REST; nullopt: not one of them.
std::string_view name(TrunkKind kind) noexcept;
std::optional<TrunkKind> trunk_kind(std::string_view word) noexcept;

/// One place where a trunk is reached.
struct TrunkServer {
    std::string host;                      ///< a name, or a numeric address, IPv6 without brackets
    std::uint16_t port = 0;                ///< 0: of a name by SRV (RFC 3263), else 5060
    std::optional<Transport> transport{};  ///< empty: of a name by NAPTR or SRV, else UDP

    friend bool operator==(const TrunkServer&, const TrunkServer&) = default;
};

/// What answers the challenges of one trunk (RFC 3261 §22), and of nobody else. Never logged.
struct TrunkCredentials {
    std::string username;
    std::string secret;   ///< in clear: it is hashed with what the challenge says
    std::string realm;    ///< the only one that is answered
    std::string trunk{};  ///< whose they are: only its addresses are answered

    friend bool operator==(const TrunkCredentials&, const TrunkCredentials&) = default;
};
using TrunkCredentialsRef =
    std::shared_ptr<const TrunkCredentials>;  ///< null: challenges are refusals

/// What becomes of a number: the first rule whose `pattern` matches the whole of it counts (RE2).
struct NumberRule {
    std::string pattern;
    std::string number;  ///< \1 to \9 are the groups of the pattern

    friend bool operator==(const NumberRule&, const NumberRule&) = default;
};

/// Who is shown to those who are called over a trunk.
struct TrunkCallerId {
    std::string main_number;  ///< for who has no number of its own; empty: the trunk's username
    std::vector<NumberRule> numbers;    ///< of extensions
    bool show_outside_callers = false;  ///< a forwarded call shows who called, not who forwarded
    bool anonymous = false;             ///< nobody is shown, whatever the phone asks for

    friend bool operator==(const TrunkCallerId&, const TrunkCallerId&) = default;
};

/// Who is meant by a number that is called over the trunk from outside.
struct InboundNumber {
    std::string pattern;      ///< matches the whole number (RE2)
    std::string destination;  ///< what is dialled instead; \1 to \9 the groups of the pattern
    bool outside = false;     ///< may lead to outside again, at the cost of this trunk
    /// The extension by whose rights, within whose limits and at whose cost the caller acts: it may
    /// reach what only phones may. Empty: nobody's.
    std::string on_behalf_of{};

    friend bool operator==(const InboundNumber&, const InboundNumber&) = default;
};

/// A line to the outside, as it is configured.
struct Trunk {
    static constexpr std::size_t max_servers = 8;
    static constexpr std::size_t max_sources = 32;
    static constexpr std::size_t max_numbers = 200;
    static constexpr std::chrono::seconds min_expires{60};
    static constexpr std::chrono::seconds max_expires{86400};

    std::string name;  ///< 1 to 32 of [a-z0-9_-]
    std::string display_name;
    TrunkKind kind = TrunkKind::peer;
    bool enabled = true;
    std::vector<TrunkServer> servers;  ///< the first that can be reached is used
    std::vector<std::string> sources;  ///< numeric addresses its INVITEs come from beside `servers`
    std::string domain;                ///< host of From, To and Request-URI; the registrar's domain
    TrunkCredentialsRef credentials{};  ///< null: none; a registering trunk has some
    std::chrono::seconds expires{600};  ///< asked for in REGISTER
    std::chrono::seconds qualify{60};   ///< interval of OPTIONS; 0: never
    bool trusted =
        true;  ///< of our Trust Domain (RFC 3325): identities and diversions are told and believed
    /// proxy: another proxy of ours, with which phones share their dialogs, From and all other
    /// headers included. redirect: callers here are told its address, and those that call by it
    /// where phones in that mode are. Both for peers only. bridge: whatever the phones' mode.
    CallMode mode = CallMode::bridge;
    TrunkCallerId caller_id{};
    std::vector<InboundNumber> inbound{};  ///< the first that fits; none: 404
    OutsideLimits limits{};                ///< of all calls over it to outside
};

using TrunkRef = std::shared_ptr<const Trunk>;

/// Challenges of one request that are answered: the second when it says that only the nonce was
/// old.
constexpr unsigned most_challenges = 2;

/// User part of our Contact for `trunk`, so that an INVITE to it tells whose it is, should several
/// share an address.
std::string trunk_contact_user(std::string_view trunk);

}  // namespace lampline
