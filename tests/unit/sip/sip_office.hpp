#pragma once
// An endpoint on loopback, and phones that are plain sockets: nothing of the stack under test on
// their side.
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <deque>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <strings.h>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "sip/digest.hpp"
#include "sip/endpoint.hpp"

namespace lampline::sip::test {

using namespace std::chrono_literals;

inline std::string md5_hex(std::string_view text)
{
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned length = 0;
    EVP_Digest(text.data(), text.size(), digest.data(), &length, EVP_md5(), nullptr);
    std::string hex;
    for (unsigned i = 0; i < length; ++i) hex += fmt::format("{:02x}", digest[i]);
    return hex;
}

/// A message as a phone sees it: lines, nothing more.
struct Message {
    std::string first_line;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;

    static Message parse(std::string_view text)
    {
        Message message;
        const auto head = text.substr(0, text.find("\r\n\r\n"));
        message.body = text.substr(std::min(text.size(), head.size() + 4));
        std::size_t at = 0;
        while (at < head.size()) {
            const auto end = std::min(head.find("\r\n", at), head.size());
            const auto line = head.substr(at, end - at);
            if (at == 0) {
                message.first_line = line;
            } else if (const auto colon = line.find(':'); colon != std::string_view::npos) {
                auto value = line.substr(colon + 1);
                while (value.starts_with(' ')) value.remove_prefix(1);
                message.headers.emplace_back(line.substr(0, colon), value);
            }
            at = end + 2;
        }
        return message;
    }
    [[nodiscard]] std::vector<std::string> all(std::string_view name) const
    {
        std::vector<std::string> values;
        for (const auto& [key, value] : headers)
            if (key.size() == name.size() && strncasecmp(key.data(), name.data(), name.size()) == 0)
                values.push_back(value);
        return values;
    }
    /// The first header of that name; empty when there is none.
    [[nodiscard]] std::string operator[](std::string_view name) const
    {
        const auto values = all(name);
        return values.empty() ? std::string{} : values.front();
    }
    [[nodiscard]] unsigned status() const
    {
        return first_line.starts_with("SIP/2.0 ")
                   ? static_cast<unsigned>(std::stoul(first_line.substr(8)))
                   : 0;
    }
    [[nodiscard]] std::string method() const
    {
        return status() ? "" : first_line.substr(0, first_line.find(' '));
    }
    [[nodiscard]] std::string parameter(std::string_view header, std::string_view name) const
    {
        const auto value = (*this)[header];
        const auto at = value.find(fmt::format(";{}=", name));
        if (at == std::string::npos) return {};
        const auto start = at + name.size() + 2;
        return value.substr(start, value.find_first_of(";> ,", start) - start);
    }
};

/// Socket calls of a phone, never waiting.
class Socket {
public:
    Socket() = default;
    explicit Socket(int descriptor) : fd_{descriptor}
    {
        if (fd_ < 0) throw std::runtime_error{"socket"};
        fcntl(fd_, F_SETFL, O_NONBLOCK);
    }
    ~Socket()
    {
        if (fd_ >= 0) close(fd_);
    }
    Socket(Socket&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
    Socket& operator=(Socket&& other) noexcept
    {
        std::swap(fd_, other.fd_);
        return *this;
    }
    [[nodiscard]] int fd() const noexcept { return fd_; }

private:
    int fd_ = -1;
};

inline sockaddr_in loopback(std::uint16_t port)
{
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    return address;
}

inline std::uint16_t bind_loopback(int fd)
{
    auto address = loopback(0);
    socklen_t length = sizeof address;
    if (bind(fd, reinterpret_cast<sockaddr*>(&address), length) < 0)
        throw std::runtime_error{"bind"};
    getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length);
    return ntohs(address.sin_port);
}

/// While `lost`, the kernel drops what arrives for the socket before it answers or acknowledges it.
inline void lose_all(int fd, bool lost)
{
    sock_filter nothing{BPF_RET | BPF_K, 0, 0, 0};
    const sock_fprog filter{1, &nothing};
    if (setsockopt(fd, SOL_SOCKET, lost ? SO_ATTACH_FILTER : SO_DETACH_FILTER, &filter,
                   sizeof filter) < 0)
        throw std::runtime_error{"setsockopt"};
}

constexpr std::string_view domain = "office.test";
inline std::string secret_of(std::string_view number)
{
    return fmt::format("secret-{}", number);
}

inline DirectoryRef directory_of(std::initializer_list<std::string> numbers)
{
    std::vector<Extension> extensions;
    for (const auto& number : numbers)
        extensions.push_back(
            {number, "", md5_hex(fmt::format("{}:{}:{}", number, domain, secret_of(number))), ""});
    return std::make_shared<const Directory>(std::string{domain}, std::move(extensions),
                                             std::vector<Group>{});
}

/// The endpoint under test, and everything it reports.
class Office {
public:
    explicit Office(EndpointSettings settings = quick())
        : authenticator{AuthenticatorSettings{}, directory_of({"201", "202", "203"})},
          endpoint{loop, std::move(settings), authenticator,
                   [this](SipInput&& input) { inputs.push_back(std::move(input)); }}
    {
    }

    /// Both transports, and timers short enough to wait for.
    static EndpointSettings quick()
    {
        EndpointSettings settings;
        settings.listen = {{Transport::udp, "127.0.0.1", 0}, {Transport::tcp, "127.0.0.1", 0}};
        settings.domain = domain;
        settings.product = "Lampline/test";
        settings.t1 = 30ms;
        settings.t2 = 120ms;
        settings.t1x64 = 600ms;
        return settings;
    }

    [[nodiscard]] std::uint16_t port(Transport transport) const
    {
        for (const auto& address : endpoint.listening())
            if (address.transport == transport) return address.port;
        return 0;
    }

    /// Turns the loop until `done`, for at most `longest`.
    template <class Condition>
    bool until(Condition&& done, std::chrono::milliseconds longest = 5s)
    {
        const auto deadline = std::chrono::steady_clock::now() + longest;
        while (!done()) {
            if (std::chrono::steady_clock::now() > deadline) return false;
            loop.step(2ms);
        }
        return true;
    }
    /// The next input, which must be of this kind.
    template <class Input>
    Input next(std::chrono::milliseconds longest = 5s)
    {
        REQUIRE(until([&] { return !inputs.empty(); }, longest));
        auto input = std::move(inputs.front());
        inputs.pop_front();
        REQUIRE_MESSAGE(std::holds_alternative<Input>(input), "input number ", input.index());
        return std::get<Input>(std::move(input));
    }
    void stays_silent(std::chrono::milliseconds time)
    {
        until([] { return false; }, time);
        CHECK(inputs.empty());
    }
    void run(SipCommand command)
    {
        endpoint.run(std::move(command));
        endpoint.flush();
    }

    EventLoop loop;
    Authenticator authenticator;
    std::deque<SipInput> inputs;
    Endpoint endpoint;
};

/// A phone with one socket. Requests it composes carry its identity; everything else is up to the
/// test.
class Phone {
public:
    Phone(Office& office, std::string number, Transport transport = Transport::udp)
        : office_{office}, number_{std::move(number)}, transport_{transport},
          socket_{socket(AF_INET, transport == Transport::udp ? SOCK_DGRAM : SOCK_STREAM, 0)}
    {
        port_ = bind_loopback(socket_.fd());
        const auto server = loopback(office.port(transport));
        if (connect(socket_.fd(), reinterpret_cast<const sockaddr*>(&server), sizeof server) < 0 &&
            errno != EINPROGRESS)
            throw std::runtime_error{"connect"};
    }
    /// Takes a connection of the endpoint instead of opening one.
    Phone(Office& office, std::string number, Socket accepted, std::uint16_t port)
        : office_{office}, number_{std::move(number)},
          transport_{Transport::tcp}, socket_{std::move(accepted)}, port_{port}
    {
    }

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    [[nodiscard]] const std::string& number() const noexcept { return number_; }
    [[nodiscard]] std::string contact() const
    {
        return fmt::format("sip:{}@127.0.0.1:{}{}", number_, port_,
                           transport_ == Transport::tcp ? ";transport=tcp" : "");
    }
    [[nodiscard]] Flow flow(ConnectionId connection = {}) const
    {
        return {transport_, "127.0.0.1", port_, connection,
                static_cast<std::uint8_t>(transport_ == Transport::tcp)};
    }
    [[nodiscard]] std::string via() const
    {
        return fmt::format("Via: SIP/2.0/{} 127.0.0.1:{};branch=z9hG4bK{}-{}",
                           transport_ == Transport::tcp ? "TCP" : "UDP", port_, port_, ++branches_);
    }

    void send(std::string_view text)
    {
        const auto connected = [&] {
            return ::send(socket_.fd(), text.data(), text.size(), MSG_NOSIGNAL) >= 0;
        };
        REQUIRE(office_.until(connected));
    }
    /// The next message, whatever it is.
    Message receive(std::chrono::milliseconds longest = 5s)
    {
        REQUIRE_MESSAGE(office_.until([&] { return take(); }, longest), "nothing came");
        auto message = std::move(arrived_.front());
        arrived_.pop_front();
        return message;
    }
    /// The next message that is not a 100.
    Message receive_beyond_100()
    {
        for (;;)
            if (auto message = receive(); message.status() != 100) return message;
    }
    [[nodiscard]] bool receives_nothing_for(std::chrono::milliseconds time)
    {
        return !office_.until([&] { return take(); }, time);
    }
    void hang_up() { socket_ = Socket{}; }
    [[nodiscard]] int fd() const noexcept { return socket_.fd(); }
    [[nodiscard]] bool has_message() { return take(); }
    /// The endpoint has closed the connection.
    [[nodiscard]] bool is_closed() const
    {
        char byte = 0;
        return recv(socket_.fd(), &byte, 1, MSG_PEEK) == 0;
    }

    /// A request with everything that RFC 3261 §8.1.1 wants; `more` are whole header lines.
    std::string request(std::string_view method, std::string_view uri, std::string_view to,
                        unsigned number_in_sequence, std::string_view more = "",
                        std::string_view body = "")
    {
        return fmt::format(
            "{} {} SIP/2.0\r\n{}\r\nMax-Forwards: 70\r\nFrom: <sip:{}@{}>;tag=phone{}\r\nTo: {}\r\n"
            "Call-ID: {}\r\nCSeq: {} {}\r\nContact: <{}>\r\n{}{}Content-Length: {}\r\n\r\n{}",
            method, uri, via(), number_, domain, number_, to, call_id, number_in_sequence, method,
            contact(), more, body.empty() ? "" : "Content-Type: application/sdp\r\n", body.size(),
            body);
    }
    /// The header line that answers the challenge of `refusal`.
    [[nodiscard]] std::string answer_to(const Message& refusal, std::string_view method,
                                        std::string_view uri, std::string_view secret = {},
                                        unsigned nonce_count = 1) const
    {
        const bool proxy = refusal.status() == 407;
        const auto challenge = refusal[proxy ? "Proxy-Authenticate" : "WWW-Authenticate"];
        const auto quoted = [&](std::string_view key) {
            const auto at = challenge.find(fmt::format("{}=\"", key));
            REQUIRE(at != std::string::npos);
            const auto start = at + key.size() + 2;
            return challenge.substr(start, challenge.find('"', start) - start);
        };
        const auto nonce = quoted("nonce");
        const auto own = secret.empty() ? secret_of(number_) : std::string{secret};
        const auto ha1 = md5_hex(fmt::format("{}:{}:{}", number_, domain, own));
        const auto ha2 = md5_hex(fmt::format("{}:{}", method, uri));
        const auto response =
            md5_hex(fmt::format("{}:{}:{:08x}:cn:auth:{}", ha1, nonce, nonce_count, ha2));
        return fmt::format(
            "{}: Digest username=\"{}\", realm=\"{}\", nonce=\"{}\", uri=\"{}\", response=\"{}\", "
            "algorithm=MD5, cnonce=\"cn\", nc={:08x}, qop=auth\r\n",
            proxy ? "Proxy-Authorization" : "Authorization", number_, domain, nonce, uri, response,
            nonce_count);
    }
    /// Sends a request outside a dialog, answers its challenge (ACK included), and sends it again.
    /// Returns the text of the second.
    std::string send_authorised(std::string_view method, std::string_view uri, std::string_view to,
                                std::string_view more = "", std::string_view body = "")
    {
        send(request(method, uri, to, ++cseq, more, body));
        const auto refusal = receive();
        REQUIRE((refusal.status() == 401 || refusal.status() == 407));
        if (method == "INVITE") acknowledge_refusal(refusal, uri);
        const auto second =
            request(method, uri, to, ++cseq,
                    fmt::format("{}{}", answer_to(refusal, method, uri), more), body);
        send(second);
        return second;
    }
    /// The ACK of a final response other than 2xx: hop by hop, with the branch of the INVITE (RFC
    /// 3261 §17.1.1.3).
    void acknowledge_refusal(const Message& refusal, std::string_view uri)
    {
        send(fmt::format(
            "ACK {} SIP/2.0\r\nVia: {}\r\nMax-Forwards: 70\r\nFrom: {}\r\nTo: {}\r\nCall-ID: {}\r\n"
            "CSeq: {} ACK\r\nContent-Length: 0\r\n\r\n",
            uri, refusal["Via"], refusal["From"], refusal["To"], refusal["Call-ID"],
            refusal["CSeq"].substr(0, refusal["CSeq"].find(' '))));
    }
    /// The ACK of a 2xx: end to end, with a branch of its own (RFC 3261 §13.2.2.4).
    void acknowledge_success(const Message& success, std::string_view body = "")
    {
        const auto contact_header = success["Contact"];
        const auto target = contact_header.substr(1, contact_header.find('>') - 1);
        send(fmt::format(
            "ACK {} SIP/2.0\r\n{}\r\nMax-Forwards: 70\r\nFrom: {}\r\nTo: {}\r\nCall-ID: {}\r\n"
            "CSeq: {} ACK\r\n{}Content-Length: {}\r\n\r\n{}",
            target, via(), success["From"], success["To"], success["Call-ID"],
            success["CSeq"].substr(0, success["CSeq"].find(' ')),
            body.empty() ? "" : "Content-Type: application/sdp\r\n", body.size(), body));
    }
    /// Answers a request.
    void reply(const Message& request, unsigned status, std::string_view phrase,
               std::string_view more = "", std::string_view body = "",
               std::string_view tag = "callee")
    {
        std::string text = fmt::format("SIP/2.0 {} {}\r\n", status, phrase);
        for (const auto& value : request.all("Via")) text += fmt::format("Via: {}\r\n", value);
        for (const auto& value : request.all("Record-Route"))
            text += fmt::format("Record-Route: {}\r\n", value);
        const bool tagged = request["To"].find(";tag=") != std::string::npos;
        text +=
            fmt::format("From: {}\r\nTo: {}{}\r\nCall-ID: {}\r\nCSeq: {}\r\n", request["From"],
                        request["To"], tagged || status == 100 ? "" : fmt::format(";tag={}", tag),
                        request["Call-ID"], request["CSeq"]);
        if (status > 100 && status < 300) text += fmt::format("Contact: <{}>\r\n", contact());
        text +=
            fmt::format("{}{}Content-Length: {}\r\n\r\n{}", more,
                        body.empty() ? "" : "Content-Type: application/sdp\r\n", body.size(), body);
        send(text);
    }

    std::string call_id = fmt::format("call-{}-{}", ::getpid(), ++calls_);
    unsigned cseq = 0;

private:
    bool take()
    {
        if (!arrived_.empty()) return true;
        std::array<char, 65536> buffer;
        const auto length = recv(socket_.fd(), buffer.data(), buffer.size(), 0);
        if (length <= 0) return false;
        if (transport_ == Transport::udp) {
            arrived_.push_back(Message::parse({buffer.data(), static_cast<std::size_t>(length)}));
            return true;
        }
        stream_.append(buffer.data(), static_cast<std::size_t>(length));
        for (;;) {
            while (stream_.starts_with("\r\n")) stream_.erase(0, 2);
            const auto head = stream_.find("\r\n\r\n");
            if (head == std::string::npos) break;
            const auto size =
                head + 4 +
                std::stoul("0" + Message::parse(stream_.substr(0, head + 4))["Content-Length"]);
            if (stream_.size() < size) break;
            arrived_.push_back(Message::parse(stream_.substr(0, size)));
            stream_.erase(0, size);
        }
        return !arrived_.empty();
    }

    static inline unsigned calls_ = 0;
    Office& office_;
    std::string number_;
    Transport transport_;
    Socket socket_;
    std::uint16_t port_ = 0;
    mutable unsigned branches_ = 0;
    std::string stream_;
    std::deque<Message> arrived_;
};

inline std::string address_of(std::string_view number)
{
    return fmt::format("<sip:{}@{}>", number, domain);
}
inline std::string uri_of(std::string_view number)
{
    return fmt::format("sip:{}@{}", number, domain);
}

}  // namespace lampline::sip::test
