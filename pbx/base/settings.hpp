#pragma once
// What the program is told at start. Everything else lives in the database.
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace lampline {

/// A local address to listen on.
struct ListenAddress {
    std::string host;        ///< numeric IPv4, or IPv6 without brackets
    std::uint16_t port = 0;  ///< 0: the system picks a free one

    friend bool operator==(const ListenAddress&, const ListenAddress&) = default;
};

enum class ListenProtocol : std::uint8_t { udp, tcp };

/// One `--sip`. The host is never a wildcard: it is what our Contact and Via say.
struct SipListener {
    ListenProtocol protocol = ListenProtocol::udp;
    ListenAddress address;

    friend bool operator==(const SipListener&, const SipListener&) = default;
};

enum class LogLevel : std::uint8_t { trace, debug, info, warning, error };
enum class LogFormat : std::uint8_t { text, json };

struct LogSettings {
    LogLevel level = LogLevel::info;
    LogFormat format = LogFormat::text;
    std::filesystem::path file;  ///< empty: standard error
};

/// Which digest algorithms phones are offered, in order (RFC 8760); only these are accepted.
enum class DigestOffer : std::uint8_t { md5_and_sha256, sha256_and_md5, md5, sha256 };

/// Everything `serve` needs, resolved and checked.
struct ServeSettings {
    std::filesystem::path data_directory{"data"};
    std::string domain;  ///< lower case; empty: the one that the data folder remembers
    std::vector<SipListener> sip{{ListenProtocol::udp, {"127.0.0.1", 5060}},
                                 {ListenProtocol::tcp, {"127.0.0.1", 5060}}};
    ListenAddress http{"127.0.0.1", 8080};
    LogSettings log;
    std::string resolver;  ///< name server for trunks, `192.0.2.1:53`; empty: those of the system

    std::chrono::seconds drain_timeout{10};  ///< from SIGTERM to the end at the latest
    std::chrono::seconds ring_timeout{120};  ///< an unanswered call ends (RFC 3261 §16.6 timer C)
    std::chrono::seconds session_expires{1800};  ///< RFC 4028 §4
    std::chrono::seconds min_se{90};             ///< RFC 4028 §5
    std::chrono::seconds probe_interval{60};  ///< between OPTIONS in a call without timer; 0: none
    std::chrono::seconds min_expires{60};     ///< of bindings and subscriptions: below it 423
    std::chrono::seconds default_expires{3600};  ///< when the phone names none
    std::chrono::seconds max_expires{7200};      ///< what asks for more is granted this
    std::chrono::seconds qualify_interval{60};  ///< between OPTIONS to each phone; 0: never
    std::size_t qualify_misses = 3;  ///< unanswered in a row: the phone is unreachable
    DigestOffer digest = DigestOffer::md5_and_sha256;
    std::chrono::seconds nonce_lifetime{300};  ///< of a digest challenge; after it `stale`
    std::size_t call_log_days = 90;            ///< how long calls stay in the log; 0: for ever
    std::size_t call_log_rows = 100'000;       ///< how many of them; 0: any number
    std::size_t audit_days = 730;              ///< how long changes stay in the audit; 0: for ever
    std::size_t audit_rows = 100'000;          ///< how many of them; 0: any number
    std::size_t trace_calls = 200;  ///< calls whose SIP messages are kept in memory; 0: none
    std::size_t trace_kilobytes = 8192;  ///< at most so much of them

    [[nodiscard]] std::filesystem::path database_file() const
    {
        return data_directory / "lampline.db";
    }
};

}  // namespace lampline
