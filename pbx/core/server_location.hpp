#pragma once
// From the name of a SIP server to addresses, in the order in which they are tried (RFC 3263).
#include <chrono>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/token_source.hpp"
#include "core/trunk.hpp"
#include "core/trunk_line.hpp"

namespace lampline {

/// As `Flow::listener`: it goes out from the address that the way to its host leads out of.
inline constexpr std::uint8_t listener_by_way = 255;

enum class DnsType : std::uint8_t { a, aaaa, srv, naptr };

struct DnsQuestion {
    DnsType type = DnsType::a;
    std::string name;  ///< lower case, without the last dot

    friend auto operator<=>(const DnsQuestion&, const DnsQuestion&) = default;
};

/// RFC 2782.
struct SrvRecord {
    std::uint16_t priority = 0, weight = 0, port = 0;
    std::string target;  ///< empty: the service is not there
};

/// RFC 3403 §4.
struct NaptrRecord {
    std::uint16_t order = 0, preference = 0;
    std::string flags, service;  ///< `s`, `SIP+D2U`
    std::string replacement;
};

/// What is known about one question. No records: there are none, or nobody said.
struct DnsAnswer {
    std::vector<std::string> addresses;  ///< A, AAAA: numeric
    std::vector<SrvRecord> srv;
    std::vector<NaptrRecord> naptr;
    bool failed = false;  ///< no server answered: nothing is known
    std::chrono::steady_clock::time_point valid_until;
};
using DnsAnswers = std::map<DnsQuestion, DnsAnswer>;

/// Which transports and address families we have listeners for.
struct LocalMeans {
    bool udp = true, tcp = true, ipv4 = true, ipv6 = false;
};

struct Location {
    std::vector<ServerAddress> addresses;
    std::vector<DnsQuestion>
        missing;  ///< whoever answers these gets further; then `addresses` is not final
    std::optional<std::chrono::steady_clock::time_point> valid_until{};  ///< nullopt: for ever
    std::string error;  ///< why a server has no address
};

/// Finds the addresses of `servers`, in their order: a numeric one as it is; a name with a port by
/// A and AAAA; another one by SRV, of the transport that is given, or that NAPTR tells, or of both
/// (RFC 3263 §4.1, §4.2). SRV in order of priority, and by weight within one (RFC 2782).
/// `answers` may have outdated ones.
Location locate(std::span<const TrunkServer> servers, const DnsAnswers& answers,
                const LocalMeans& means, const RandomSource& random,
                std::chrono::steady_clock::time_point now);

}  // namespace lampline
