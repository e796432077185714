#pragma once
// A received SIP message as views into its datagram: only what a phone under test load has to look
// at.
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace bench {

/// CLOCK_REALTIME, as the kernel stamps datagrams.
using Stamp = std::chrono::nanoseconds;
[[nodiscard]] Stamp now_stamp() noexcept;

/// A few header values in the order of the message; more than fit are left out.
class Values {
public:
    void add(std::string_view value) noexcept
    {
        if (count_ < values_.size()) values_[count_++] = value;
    }
    [[nodiscard]] const std::string_view* begin() const noexcept { return values_.data(); }
    [[nodiscard]] const std::string_view* end() const noexcept { return values_.data() + count_; }
    [[nodiscard]] bool empty() const noexcept { return count_ == 0; }

private:
    std::array<std::string_view, 8> values_{};
    std::size_t count_ = 0;
};

struct SipMessage {
    int status = 0;           ///< 0: a request
    std::string_view method;  ///< of a response: from its CSeq
    std::string_view request_uri;
    std::uint32_t cseq = 0;
    Values via;
    Values record_route;
    Values challenge;  ///< of WWW-Authenticate and Proxy-Authenticate
    std::string_view from, to, call_id, contact;
    std::string_view body;
    Stamp arrived{};
};

/// False when `datagram` is no SIP message. The views live as long as `datagram`.
[[nodiscard]] bool parse(std::string_view datagram, SipMessage& message);

/// The URI of a name-addr, without brackets and header parameters.
[[nodiscard]] std::string_view uri_of(std::string_view name_addr) noexcept;

/// Everything a response echoes (RFC 3261 §8.2.6.2): Via, From, To, Call-ID and CSeq lines.
/// `to_tag` is added when the request has none; Record-Route is echoed `with_routes`.
[[nodiscard]] std::string echoed_headers(const SipMessage& request, std::string_view to_tag,
                                         bool with_routes);

}  // namespace bench
