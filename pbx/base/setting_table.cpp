#include "base/setting_table.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.hpp"

namespace lampline {
namespace {

using Values = std::span<const std::string>;
using Reason = std::optional<std::string>;

constexpr std::size_t most_sip_listeners = 64;  // a Flow names its listener in one byte
constexpr std::size_t longest_domain = 253;     // RFC 1035 §2.3.4

struct AddressOrReason {
    ListenAddress address;
    Reason reason;
};

bool is_numeric(int family, const std::string& host)
{
    std::array<unsigned char, sizeof(in6_addr)> bytes{};
    return inet_pton(family, host.c_str(), bytes.data()) == 1;
}

std::optional<std::uint16_t> read_port(std::string_view text)
{
    std::uint16_t port{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return port;
}

AddressOrReason read_address(std::string_view text)
{
    const auto refuse = [&](std::string_view why) {
        return AddressOrReason{{}, fmt::format("'{}': {}", text, why)};
    };
    const auto colon = text.rfind(':');
    if (colon == text.npos) return refuse("expected ADDR:PORT");
    const auto port = read_port(text.substr(colon + 1));
    if (!port) return refuse("the port must be 0 to 65535");

    std::string host{text.substr(0, colon)};
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
        host = host.substr(1, host.size() - 2);
        if (!is_numeric(AF_INET6, host)) return refuse("no IPv6 address in the brackets");
    } else if (is_numeric(AF_INET6, host)) {
        return refuse("an IPv6 address goes in brackets");
    } else if (!is_numeric(AF_INET, host)) {
        return refuse("the address must be numeric");
    }
    return {{std::move(host), *port}, std::nullopt};
}

bool is_wildcard(const std::string& host)
{
    in6_addr six{};
    if (inet_pton(AF_INET6, host.c_str(), &six) == 1) return IN6_IS_ADDR_UNSPECIFIED(&six);
    return host == "0.0.0.0";
}

Reason read_sip(ServeSettings& settings, Values values)
{
    std::vector<SipListener> listeners;
    for (const std::string_view text : values) {
        const bool udp = text.starts_with("udp:");
        if (!udp && !text.starts_with("tcp:"))
            return fmt::format("'{}': expected udp:ADDR:PORT or tcp:ADDR:PORT", text);
        auto [address, reason] = read_address(text.substr(4));
        if (reason) return reason;
        if (is_wildcard(address.host))
            return fmt::format(
                "'{}': phones are told this address, so name each one of the machine", text);
        SipListener listener{udp ? ListenProtocol::udp : ListenProtocol::tcp, std::move(address)};
        if (listener.address.port != 0 && std::ranges::find(listeners, listener) != listeners.end())
            return fmt::format("'{}': given twice", text);
        listeners.push_back(std::move(listener));
    }
    if (listeners.size() > most_sip_listeners)
        return fmt::format("at most {} addresses", most_sip_listeners);
    settings.sip = std::move(listeners);
    return std::nullopt;
}

Reason read_http(ServeSettings& settings, Values values)
{
    auto [address, reason] = read_address(values.back());
    if (!reason) settings.http = std::move(address);
    return reason;
}

Reason read_resolver(ServeSettings& settings, Values values)
{
    auto [address, reason] = read_address(values.back());
    if (!reason) settings.resolver = write(address);
    return reason;
}

Reason read_data(ServeSettings& settings, Values values)
{
    if (values.back().empty()) return "expected the path of a folder";
    settings.data_directory = values.back();
    return std::nullopt;
}

Reason read_domain(ServeSettings& settings, Values values)
{
    std::string domain = lowered(values.back());
    const auto allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
    };
    const bool well_formed = !domain.empty() && domain.size() <= longest_domain &&
                             std::ranges::all_of(domain, allowed) && domain.front() != '.' &&
                             domain.back() != '.' && domain.find("..") == domain.npos;
    if (!well_formed) return fmt::format("'{}': not a domain name", values.back());
    settings.domain = std::move(domain);
    return std::nullopt;
}

Reason read_log_file(ServeSettings& settings, Values values)
{
    settings.log.file = values.back();
    return std::nullopt;
}

template <class Enum>
struct Word {
    std::string_view word;
    Enum value;
};
template <class Enum>
Word(const char*, Enum) -> Word<Enum>;  // clang before 17 does not deduce aggregates
constexpr std::array log_levels{Word{"trace", LogLevel::trace}, Word{"debug", LogLevel::debug},
                                Word{"info", LogLevel::info}, Word{"warning", LogLevel::warning},
                                Word{"error", LogLevel::error}};
constexpr std::array digest_offers{Word{"md5,sha-256", DigestOffer::md5_and_sha256},
                                   Word{"sha-256,md5", DigestOffer::sha256_and_md5},
                                   Word{"md5", DigestOffer::md5},
                                   Word{"sha-256", DigestOffer::sha256}};
constexpr std::array log_formats{Word{"text", LogFormat::text}, Word{"json", LogFormat::json}};

/// A member of the settings, or of their log part.
template <auto member, class Settings>
auto& value_at(Settings& settings)
{
    if constexpr (requires { settings.*member; })
        return settings.*member;
    else
        return settings.log.*member;
}

template <auto& words, auto member>
Reason read_word(ServeSettings& settings, Values values)
{
    std::string expected;
    for (const auto& row : words) {
        if (row.word == values.back()) {
            value_at<member>(settings) = row.value;
            return std::nullopt;
        }
        expected += fmt::format("{}{}", expected.empty() ? "" : ", ", row.word);
    }
    return fmt::format("'{}': expected one of {}", values.back(), expected);
}

template <auto& words, auto member>
std::vector<std::string> show_word(const ServeSettings& settings)
{
    for (const auto& row : words)
        if (row.value == value_at<member>(settings)) return {std::string{row.word}};
    return {};
}

/// `90`, `90s`, `30m`, `2h`
std::optional<std::chrono::seconds> read_seconds(std::string_view text)
{
    std::uint32_t count{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc{}) return std::nullopt;
    const std::string_view unit{end, static_cast<std::size_t>(text.data() + text.size() - end)};
    if (unit.empty() || unit == "s") return std::chrono::seconds{count};
    if (unit == "m") return std::chrono::minutes{count};
    if (unit == "h") return std::chrono::hours{count};
    return std::nullopt;
}

template <auto member, int least, int most>
Reason read_duration(ServeSettings& settings, Values values)
{
    const auto seconds = read_seconds(values.back());
    if (!seconds)
        return fmt::format("'{}': expected a duration such as 90s, 30m or 2h", values.back());
    if (seconds->count() < least || seconds->count() > most)
        return fmt::format("'{}': expected {}s to {}s", values.back(), least, most);
    settings.*member = *seconds;
    return std::nullopt;
}

template <auto member>
std::vector<std::string> show_duration(const ServeSettings& settings)
{
    return {fmt::format("{}s", (settings.*member).count())};
}

template <auto member, int least, int most>
constexpr Setting duration(std::string_view name, std::string_view help)
{
    return {name, "TIME", help, false, read_duration<member, least, most>, show_duration<member>};
}

template <auto member, std::size_t least, std::size_t most>
Reason read_count(ServeSettings& settings, Values values)
{
    const std::string_view text = values.back();
    std::size_t count{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc{} || end != text.data() + text.size() || count < least || count > most)
        return fmt::format("'{}': expected a number from {} to {}", text, least, most);
    settings.*member = count;
    return std::nullopt;
}

template <auto member>
std::vector<std::string> show_count(const ServeSettings& settings)
{
    return {fmt::format("{}", settings.*member)};
}

template <auto member, std::size_t least, std::size_t most>
constexpr Setting count(std::string_view name, std::string_view help)
{
    return {name, "NUMBER", help, false, read_count<member, least, most>, show_count<member>};
}

using S = ServeSettings;
constexpr int hour = 3600;
constexpr int day = 24 * hour;

constexpr std::array settings_in_order{
    Setting{"data", "DIR", "folder of the database", false, read_data,
            [](const S& s) { return std::vector{s.data_directory.string()}; }},
    Setting{"domain", "NAME",
            "SIP domain and digest realm; default: the one the data folder remembers", false,
            read_domain,
            [](const S& s) {
                return s.domain.empty() ? std::vector<std::string>{} : std::vector{s.domain};
            }},
    Setting{"sip", "PROTOCOL:ADDR:PORT",
            "udp: or tcp: address for phones; repeatable; port 0: any free one", true, read_sip,
            [](const S& s) {
                std::vector<std::string> all;
                for (const auto& listener : s.sip) all.push_back(write(listener));
                return all;
            }},
    Setting{"http", "ADDR:PORT", "address of REST; port 0: any free one", false, read_http,
            [](const S& s) { return std::vector{write(s.http)}; }},
    Setting{"resolver", "ADDR:PORT",
            "name server for the servers of trunks; default: those of the system", false,
            read_resolver,
            [](const S& s) {
                return s.resolver.empty() ? std::vector<std::string>{} : std::vector{s.resolver};
            }},
    Setting{"log-level", "WORD", "trace, debug, info, warning or error", false,
            read_word<log_levels, &LogSettings::level>, show_word<log_levels, &LogSettings::level>},
    Setting{"log-format", "WORD", "text or json", false,
            read_word<log_formats, &LogSettings::format>,
            show_word<log_formats, &LogSettings::format>},
    Setting{"log-file", "FILE", "instead of standard error; SIGHUP opens it anew", false,
            read_log_file, [](const S& s) { return std::vector{s.log.file.string()}; }},
    duration<&S::drain_timeout, 0, hour>("drain-timeout", "how long SIGTERM lets calls go on"),
    duration<&S::ring_timeout, 5, hour>("ring-timeout", "how long an unanswered call rings"),
    duration<&S::session_expires, 90, day>("session-expires", "session timer of calls (RFC 4028)"),
    duration<&S::min_se, 90, day>("min-se", "shortest session timer accepted (RFC 4028)"),
    duration<&S::probe_interval, 0, hour>(
        "probe-interval", "between OPTIONS in a call without session timer; 0: never"),
    duration<&S::min_expires, 1, day>("min-expires", "shortest registration and subscription"),
    duration<&S::default_expires, 1, day>("default-expires", "when the phone names none"),
    duration<&S::max_expires, 1, day>("max-expires", "longest registration and subscription"),
    duration<&S::qualify_interval, 0, day>("qualify-interval",
                                           "between OPTIONS to each registered phone; 0: never"),
    count<&S::qualify_misses, 1, 100>("qualify-misses",
                                      "unanswered OPTIONS in a row that make a phone unreachable"),
    Setting{"digest", "WORD",
            "md5,sha-256 or sha-256,md5 or md5 or sha-256: offered, in this order", false,
            read_word<digest_offers, &S::digest>, show_word<digest_offers, &S::digest>},
    duration<&S::nonce_lifetime, 10, day>("nonce-lifetime", "how long a digest challenge is good"),
    count<&S::call_log_days, 0, 36'500>("call-log-days",
                                        "how long calls stay in the log; 0: for ever"),
    count<&S::call_log_rows, 0, 10'000'000>("call-log-rows",
                                            "how many calls stay in the log; 0: any number"),
    count<&S::audit_days, 0, 36'500>("audit-days",
                                     "how long changes stay in the audit; 0: for ever"),
    count<&S::audit_rows, 0, 10'000'000>("audit-rows",
                                         "how many changes stay in the audit; 0: any number"),
    count<&S::trace_calls, 0, 10'000>("trace-calls",
                                      "calls whose SIP messages are kept in memory; 0: none"),
    count<&S::trace_kilobytes, 256, 1'048'576>("trace-kilobytes",
                                               "at most so much of SIP messages"),
};

}  // namespace

std::span<const Setting> setting_table() noexcept
{
    return settings_in_order;
}

std::optional<Contradiction> find_contradiction(const ServeSettings& settings)
{
    if (settings.min_se > settings.session_expires)
        return Contradiction{"min-se", "is longer than session-expires"};
    if (settings.min_expires > settings.default_expires)
        return Contradiction{"default-expires", "is shorter than min-expires"};
    if (settings.default_expires > settings.max_expires)
        return Contradiction{"max-expires", "is shorter than default-expires"};
    return std::nullopt;
}

std::string write(const ListenAddress& address)
{
    const bool six = address.host.find(':') != address.host.npos;
    return fmt::format("{}{}{}:{}", six ? "[" : "", address.host, six ? "]" : "", address.port);
}

std::string write(const SipListener& listener)
{
    return fmt::format("{}:{}", listener.protocol == ListenProtocol::udp ? "udp" : "tcp",
                       write(listener.address));
}

}  // namespace lampline
