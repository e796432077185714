#include "sip/message_tap.hpp"

#include <arpa/inet.h>
#include <chrono>
#include <cstring>
#include <dlfcn.h>
#include <netinet/in.h>
#include <vector>

#include "sip/faulty_fields.hpp"
#include "sip/stack_sockets.hpp"

// Of Sofia's tport_internal.h.
extern "C" msg_t* tport_msg_alloc(tport_t const* transport, usize_t size);

struct sigcomp_compartment;
struct sigcomp_udvm;

namespace lampline::sip {
namespace {

MessageRing* tapped = nullptr;

PacketAddress packet_address(const sockaddr* address) noexcept
{
    PacketAddress result;
    if (address == nullptr) return result;
    if (address->sa_family == AF_INET6) {
        const auto& six = *reinterpret_cast<const sockaddr_in6*>(address);
        std::memcpy(result.bytes.data(), &six.sin6_addr, sizeof six.sin6_addr);
        result.port = ntohs(six.sin6_port);
        result.six = true;
    } else if (address->sa_family == AF_INET) {
        const auto& four = *reinterpret_cast<const sockaddr_in*>(address);
        std::memcpy(result.bytes.data(), &four.sin_addr, sizeof four.sin_addr);
        result.port = ntohs(four.sin_port);
    }
    return result;
}

PacketAddress packet_address(const std::string& host, std::uint16_t port) noexcept
{
    PacketAddress result;
    result.port = port;
    result.six = inet_pton(AF_INET6, host.c_str(), result.bytes.data()) == 1;
    if (!result.six) inet_pton(AF_INET, host.c_str(), result.bytes.data());
    return result;
}

bool is_outside_dialogs(const sip_t& sip) noexcept
{
    return sip.sip_request && sip.sip_to && !sip.sip_to->a_tag;
}

/// Whether it belongs to a call where its Call-ID is that of one.
bool may_be_of_a_call(const sip_t& sip) noexcept
{
    if (!sip.sip_cseq || !sip.sip_call_id || !sip.sip_call_id->i_id) return false;
    switch (sip.sip_cseq->cs_method) {
    case sip_method_register:
    case sip_method_publish: return false;
    case sip_method_subscribe:
    case sip_method_message: return !is_outside_dialogs(sip);
    default: return true;
    }
}

/// A REFER, too, is a call's: that which it asks for.
bool begins_dialog(const sip_t& sip) noexcept
{
    if (!is_outside_dialogs(sip)) return false;
    const auto method = sip.sip_request->rq_method;
    return method == sip_method_invite || method == sip_method_refer;
}

/// The message as it is on the wire, in as few pieces as it lies in memory; until the next one.
std::span<const std::string_view> pieces_of(const msg_header_t* head)
{
    static std::vector<std::string_view> pieces;
    pieces.clear();
    for (const auto* header = head; header; header = header->sh_succ) {
        const auto* data = static_cast<const char*>(header->sh_data);
        const auto size = static_cast<std::size_t>(header->sh_len);
        if (data == nullptr || size == 0) continue;
        if (!pieces.empty() && pieces.back().data() + pieces.back().size() == data)
            pieces.back() = {pieces.back().data(), pieces.back().size() + size};
        else
            pieces.emplace_back(data, size);
    }
    return pieces;
}

void tap(tport_t* transport, msg_t* message, bool received) noexcept
try {
    if (tapped == nullptr || message == nullptr) return;
    const auto* sip = sip_object(message);
    if (!sip || !sip->sip_call_id || !sip->sip_cseq || !may_be_of_a_call(*sip)) return;
    const auto* own = tport_get_address(tport_parent(transport));
    PacketHead head;
    head.at = std::chrono::system_clock::now();
    head.received = received;
    head.transport = tport_is_tcp(transport) ? Transport::tcp : Transport::udp;
    head.local = packet_address(own ? own->ai_addr : nullptr);
    head.remote = packet_address(reinterpret_cast<const sockaddr*>(msg_addr(message)));
    const auto datagram = last_datagram();
    if (received && head.transport == Transport::udp && !datagram.empty())
        tapped->add(sip->sip_call_id->i_id, begins_dialog(*sip), head, {&datagram, 1});
    else
        tapped->add(sip->sip_call_id->i_id, begins_dialog(*sip), head,
                    pieces_of(*msg_chain_head(message)));
} catch (...) {  // no memory: a message less is kept
}

}  // namespace

MessageTap::MessageTap(MessageRing& ring) noexcept
{
    tapped = &ring;
}

MessageTap::~MessageTap()
{
    tapped = nullptr;
}

void tap_answer(MessageRing& ring, const sip_t& request, const Listener& listener,
                const Flow& source, std::string_view answer)
{
    if (!may_be_of_a_call(request)) return;
    PacketHead head;
    head.at = std::chrono::system_clock::now();
    head.transport = source.transport;
    head.local = packet_address(listener.address.host, listener.address.port);
    head.remote = packet_address(source.host, source.port);
    ring.add(request.sip_call_id->i_id, false, head, {&answer, 1});
}

void tap_datagram(std::string_view sip_call_id, std::string_view text, const Listener& from,
                  const sockaddr& to) noexcept
try {
    if (tapped == nullptr) return;
    PacketHead head;
    head.at = std::chrono::system_clock::now();
    head.transport = Transport::udp;
    head.local = packet_address(from.address.host, from.address.port);
    head.remote = packet_address(&to);
    tapped->add(sip_call_id, false, head, {&text, 1});
} catch (...) {  // no memory: a message less is kept
}

}  // namespace lampline::sip

/// Takes the place of Sofia's function of this name, which hands a received message to the stack.
extern "C" __attribute__((visibility("default"))) void tport_deliver(tport_t* transport,
                                                                     msg_t* message, msg_t* next,
                                                                     sigcomp_udvm** compressor,
                                                                     su_time_t now)
{
    static auto* const deliver =
        reinterpret_cast<decltype(&tport_deliver)>(dlsym(RTLD_NEXT, "tport_deliver"));
    lampline::sip::tap(transport, message, true);
    const lampline::sip::Delivery delivery{message};
    if (deliver) deliver(transport, message, next, compressor, now);
}

/// Takes the place of Sofia's function of this name, which makes the message that is going to be
/// received. Parsing takes one apart where it lies; of a datagram the tap finds a copy elsewhere,
/// but what a connection brings has to stay whole.
extern "C" __attribute__((visibility("default"))) msg_t* tport_msg_alloc(tport_t const* transport,
                                                                         usize_t size)
{
    static auto* const make =
        reinterpret_cast<decltype(&tport_msg_alloc)>(dlsym(RTLD_NEXT, "tport_msg_alloc"));
    auto* message = make ? make(transport, size) : nullptr;
    if (message && lampline::sip::tapped && tport_is_stream(transport))
        msg_set_flags(message, MSG_DO_EXTRACT_COPY);
    return message;
}

/// Takes the place of Sofia's function of this name, through which every message goes out once,
/// repetitions too. Only then is it written.
extern "C" __attribute__((visibility("default"))) int
tport_prepare_and_send(tport_t* transport, msg_t* message, tp_name_t const* name,
                       sigcomp_compartment* compartment, unsigned mtu)
{
    static auto* const send = reinterpret_cast<decltype(&tport_prepare_and_send)>(
        dlsym(RTLD_NEXT, "tport_prepare_and_send"));
    if (message) lampline::sip::explain_refusal(*message);
    const int result = send ? send(transport, message, name, compartment, mtu) : -1;
    if (result >= 0) lampline::sip::tap(transport, message, false);
    return result;
}
