#include "sip/screen.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <atomic>
#include <cstring>
#include <dlfcn.h>
#include <netinet/in.h>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

#include "sip/faulty_fields.hpp"
#include "sip/late_cancel.hpp"
#include "sip/sofia.hpp"

namespace lampline::sip {
namespace {

constexpr int max_vias = 32;
constexpr int max_headers = 256;
constexpr std::size_t max_word = 256;  // Call-ID, tags, branch
constexpr std::size_t max_url = 1024;

std::atomic<std::uint64_t> asked{0};
std::atomic<std::uint64_t> turned_away{0};

struct SilentAck {
    std::string call_id;
    std::chrono::steady_clock::time_point until;
};
std::vector<SilentAck> silent_acks;

bool fits(const char* text, std::size_t limit) noexcept
{
    return !text || strnlen(text, limit + 1) <= limit;
}

bool fits(const url_t& url) noexcept
{
    // Of a URN that the stack does not know, what follows a colon is no port.
    const auto max_port = url.url_type == url_unknown ? max_word : 5;
    return fits(url.url_user, max_url) && fits(url.url_host, max_word) &&
           fits(url.url_port, max_port) &&
           fits(url.url_params, max_url) && fits(url.url_headers, max_url) &&
           fits(url.url_password, max_word);
}

/// Too much of what is kept, or copied, for each transaction.
constexpr std::string_view shorter = "expected a shorter one";

/// A port that a response can be sent to.
bool is_port(const char* text) noexcept
{
    if (!text || !*text) return true;
    unsigned value = 0;
    for (const char* digit = text; *digit; ++digit) {
        if (*digit < '0' || *digit > '9' || digit - text > 4) return false;
        value = value * 10 + static_cast<unsigned>(*digit - '0');
    }
    return value > 0 && value <= 65535;
}

bool vias_pass(const sip_via_t* top) noexcept
{
    if (!top->v_host || !*top->v_host || !fits(top->v_host, max_word) || !is_port(top->v_port))
        return false;
    // Responses would go to a third party that asked for nothing.
    if (top->v_maddr) return false;
    int count = 0;
    for (const auto* via = top; via; via = via->v_next)
        if (++count > max_vias || !fits(via->v_branch, max_word)) return false;
    return true;
}

/// The stack reads past the end of the parameters of a route when the last one begins with `lr` and
/// is another one.
bool routes_pass(const sip_route_t* routes) noexcept
{
    for (; routes; routes = routes->r_next) {
        if (!fits(*routes->r_url)) return false;
        const std::string_view params{routes->r_url->url_params ? routes->r_url->url_params : ""};
        const auto last = params.substr(params.rfind(';') + 1);
        if (last.size() > 2 && strncasecmp(last.data(), "lr", 2) == 0 && last[2] != '=')
            return false;
    }
    return true;
}

bool method_passes(const sip_request_t& request, const sip_cseq_t& cseq) noexcept
{
    if (request.rq_method != cseq.cs_method) return false;
    return request.rq_method != sip_method_unknown ||
           (request.rq_method_name && cseq.cs_method_name &&
            std::strcmp(request.rq_method_name, cseq.cs_method_name) == 0 &&
            fits(request.rq_method_name, 32));
}

bool request_uri_passes(const url_t& url) noexcept
{
    if (!fits(url)) return false;
    switch (static_cast<url_type_e>(url.url_type)) {
    case url_sip:
    case url_sips: return url.url_host && *url.url_host && is_port(url.url_port);
    case url_tel: return url.url_user && *url.url_user;
    case url_invalid: return false;
    default: return url.url_scheme != nullptr;  // answered 416
    }
}

bool few_headers(const sip_t& sip) noexcept
{
    const msg_header_t* first = sip.sip_request
                                    ? reinterpret_cast<const msg_header_t*>(sip.sip_request)
                                    : reinterpret_cast<const msg_header_t*>(sip.sip_status);
    int count = 0;
    for (const auto* header = first; header; header = header->sh_succ)
        if (++count > max_headers) return false;
    return true;
}

bool ack_passes(const sip_t& sip)
{
    if (silent_acks.empty()) return true;
    const auto now = std::chrono::steady_clock::now();
    std::erase_if(silent_acks, [&](const SilentAck& silent) { return silent.until < now; });
    return std::none_of(silent_acks.begin(), silent_acks.end(), [&](const SilentAck& silent) {
        return silent.call_id == sip.sip_call_id->i_id;
    });
}

/// What is wrong with it; nothing is `wanted`: it passes. What the stack finds missing or malformed it names by itself.
FaultyField fault_of(const sip_t* sip)
{
    if (!sip || !sip->sip_request == !sip->sip_status || !sip->sip_to || !sip->sip_from ||
        !sip->sip_call_id || !sip->sip_cseq || !sip->sip_via || (sip->sip_flags & MSG_FLG_TRUNC))
        return {"Request", "expected From, To, Call-ID, CSeq and Via"};
    if (!sip->sip_call_id->i_id || !fits(sip->sip_call_id->i_id, max_word))
        return {"Call-ID", shorter};
    if (!fits(sip->sip_from->a_tag, max_word) || !fits(*sip->sip_from->a_url))
        return {"From", shorter};
    if (!fits(sip->sip_to->a_tag, max_word) || !fits(*sip->sip_to->a_url)) return {"To", shorter};
    if (!few_headers(*sip)) return {"Request", "expected fewer headers"};
    constexpr std::string_view routes = "expected shorter addresses, with lr as RFC 3261 has it";
    if (!routes_pass(sip->sip_route)) return {"Route", routes};
    if (!routes_pass(sip->sip_record_route)) return {"Record-Route", routes};
    if (!routes_pass(sip->sip_path)) return {"Path", routes};
    if (sip->sip_status) return {};
    if (!vias_pass(sip->sip_via))
        return {"Via", "expected at most 32, and an address that can be answered, without maddr"};
    if (!method_passes(*sip->sip_request, *sip->sip_cseq))
        return {"CSeq", "expected the method of the request"};
    if (!request_uri_passes(*sip->sip_request->rq_url))
        return {"Request-URI", "expected one with a host or a number"};
    if (sip->sip_request->rq_method == sip_method_ack && !ack_passes(*sip)) return {"ACK", "none"};
    return {};
}

/// As a late CANCEL is: the endpoint refuses it.
void keep_faulty_from_stack(const sip_t& sip) noexcept
{
    if (sip.sip_request && faulty_field(sip)) ++sip.sip_call_id->i_hash;
}

struct Socket {
    explicit Socket(int descriptor) : fd{descriptor} {}
    ~Socket()
    {
        if (fd >= 0) close(fd);
    }
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    int fd;
};

/// One message through a stack on 127.0.0.1 or ::1; nullopt when there is no such address.
std::optional<bool> screen_is_asked(const char* url)
{
    const RootHandle root{su_root_create(nullptr)};
    if (!root) return std::nullopt;
    const AgentHandle agent{
        nta_agent_create(root.get(), url_text(url), nullptr, nullptr, NTATAG_UA(1), TAG_END())};
    if (!agent) return std::nullopt;
    const auto* address = tport_get_address(tport_primaries(nta_agent_tports(agent.get())));
    const Socket sender{socket(address->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    constexpr std::string_view probe =
        "OPTIONS sip:self-test@invalid SIP/2.0\r\nVia: SIP/2.0/UDP "
        "self-test.invalid:0;branch=z9hG4bKself\r\n"
        "From: <sip:self-test@invalid>;tag=1\r\nTo: <sip:self-test@invalid>\r\nCall-ID: "
        "self-test\r\n"
        "CSeq: 1 OPTIONS\r\nMax-Forwards: 0\r\nContent-Length: 0\r\n\r\n";
    const auto before = asked.load();
    if (sendto(sender.fd, probe.data(), probe.size(), 0, address->ai_addr,
               static_cast<socklen_t>(address->ai_addrlen)) < 0)
        return std::nullopt;
    for (int turn = 0; turn < 100 && asked == before; ++turn) su_root_step(root.get(), 20);
    turned_away = 0;
    return asked != before;
}

}  // namespace

std::uint64_t screened_out() noexcept
{
    return turned_away.load(std::memory_order_relaxed);
}

void turn_away_acks(std::string_view call_id, std::chrono::milliseconds time)
{
    constexpr std::size_t at_most = 1024;
    if (silent_acks.size() == at_most) silent_acks.erase(silent_acks.begin());
    silent_acks.push_back({std::string{call_id}, std::chrono::steady_clock::now() + time});
}

void prove_screen()
{
    static bool proven = false;
    if (proven) return;
    auto answer = screen_is_asked("sip:127.0.0.1:0;transport=udp");
    if (!answer) answer = screen_is_asked("sip:[::1]:0;transport=udp");
    if (!answer) throw std::runtime_error{"self-test of the SIP pre-screen: no loopback address"};
    if (!*answer)
        throw std::runtime_error{
            "self-test of the SIP pre-screen: the SIP library does not ask it; the program is "
            "linked wrongly and would not survive malformed messages"};
    if (!dlsym(RTLD_NEXT, "msg_next"))
        throw std::runtime_error{
            "self-test of the SIP pre-screen: not linked with the shared SIP library"};
    proven = true;
}

}  // namespace lampline::sip

/// Takes the place of Sofia's function of this name; see screen.hpp.
extern "C" __attribute__((visibility("default"))) int sip_sanity_check(sip_t const* sip)
{
    namespace sip_floor = lampline::sip;
    sip_floor::asked.fetch_add(1, std::memory_order_relaxed);
    const auto fault = sip_floor::fault_of(sip);
    if (fault.wanted.empty()) {
        sip_floor::LateCancel::keep_from_stack(*sip);
        sip_floor::keep_faulty_from_stack(*sip);
        return 0;
    }
    sip_floor::note_screened(fault.name, fault.wanted);
    sip_floor::turned_away.fetch_add(1, std::memory_order_relaxed);
    return -1;
}

/// Takes the place of Sofia's function of this name, which gives the rest of what a connection has
/// brought to a new message, without the size limit of the one before: a Content-Length of some
/// gigabytes would then be allocated, or end the process. Nor does it know that the message is to
/// be kept whole.
extern "C" __attribute__((visibility("default"))) msg_t* msg_next(msg_t* message)
{
    static auto* const next_of =
        reinterpret_cast<decltype(&msg_next)>(dlsym(RTLD_NEXT, "msg_next"));
    auto* next = next_of ? next_of(message) : nullptr;
    if (!next) return nullptr;
    msg_maxsize(next, msg_maxsize(message, 0));
    msg_set_flags(next, msg_get_flags(message, MSG_DO_EXTRACT_COPY));
    return next;
}
