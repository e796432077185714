#pragma once
// A phone's socket and the parts of its messages that never change.
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include <netinet/in.h>

#include "bench/digest.hpp"
#include "bench/loop.hpp"
#include "bench/sip_message.hpp"

namespace bench {

/// Where the server is and which domain it serves.
struct Server {
    sockaddr_in address{};
    std::string domain;
};

/// A UDP socket of its own, connected to the server. Pinned: the loop keeps `this`.
class Line : private Reader {
public:
    using OnMessage = std::function<void(const SipMessage&)>;

    /// @throws std::system_error when there is no socket or port to be had.
    Line(Loop& loop, const Server& server, std::string number, std::string secret,
         OnMessage on_message);
    ~Line() override;
    Line(const Line&) = delete;
    Line& operator=(const Line&) = delete;

    void send(std::string_view message) const noexcept;
    /// The message that is being received or sent repeats an earlier one; counted for the report.
    void note_repetition() noexcept { ++repetitions_; }
    [[nodiscard]] std::uint64_t repetitions() const noexcept { return repetitions_; }

    /// Start line to CSeq of a request of ours. `to` and `from` are whole header values.
    struct RequestHead {
        std::string_view method, uri, from, to, call_id;
        std::uint32_t cseq;
        std::string_view branch;
    };
    [[nodiscard]] std::string request(const RequestHead& head) const;
    [[nodiscard]] std::string next_token();  ///< unique on this machine while the generator runs
    [[nodiscard]] std::string uri_of_number(std::string_view number) const;
    [[nodiscard]] std::string address_of_record() const
    {
        return "<" + uri_of_number(number_) + ">";
    }

    [[nodiscard]] Loop& loop() const noexcept { return loop_; }
    [[nodiscard]] DigestClient& digest() noexcept { return digest_; }
    [[nodiscard]] const std::string& number() const noexcept { return number_; }
    [[nodiscard]] const std::string& domain() const noexcept { return domain_; }
    [[nodiscard]] const std::string& contact_header() const noexcept { return contact_header_; }
    [[nodiscard]] const std::string& sdp() const noexcept { return sdp_; }
    /// The same session, on hold (RFC 3264 §8.4).
    [[nodiscard]] const std::string& held_sdp() const noexcept { return held_sdp_; }

private:
    void readable() override;

    Loop& loop_;
    std::string number_, domain_;
    DigestClient digest_;
    OnMessage on_message_;
    int socket_;
    std::string sent_by_, address_of_record_, contact_header_, sdp_, held_sdp_;
    std::uint64_t tokens_ = 0;
    std::uint64_t repetitions_ = 0;
};

inline constexpr std::string_view max_forwards_and_agent =
    "Max-Forwards: 70\r\nUser-Agent: bench-phone 1.0\r\n";
inline constexpr std::string_view no_body = "Content-Length: 0\r\n\r\n";
/// Content-Type, Content-Length, the empty line and `body`.
[[nodiscard]] std::string sdp_body(std::string_view body);

}  // namespace bench
