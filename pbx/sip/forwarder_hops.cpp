// How what is passed on leaves: to which address, and with which Via and Record-Route.
#include <climits>

#include <fmt/format.h>

#include "sip/forwarder_parts.hpp"
#include "sip/message_tap.hpp"

namespace lampline::sip {

std::string Forwarder::key_of(const sip_t& request)
{
    std::string key;
    key.reserve(160);
    for (const char* part :
         {request.sip_via->v_branch, request.sip_via->v_host, request.sip_via->v_port,
          request.sip_call_id->i_id, request.sip_from->a_tag}) {
        if (part) key += part;
        key += '\n';
    }
    key += std::to_string(request.sip_cseq->cs_seq);
    return key;
}

Forwarder::Hop Forwarder::hop_to(const Flow& flow, SipUri target) const
{
    Hop hop{flow, parts_.transports.listener_of(flow), {}, std::move(target)};
    if (flow.transport == Transport::udp) hop.address = SocketAddress::of(flow.host, flow.port);
    return hop;
}

bool Forwarder::send(Hop& hop, const PacketRef& packet, const sip_t& about)
{
    if (!hop.listener) return false;
    if (hop.flow.transport == Transport::udp) {
        if (hop.address.length == 0) return false;
        if (parts_.kept_messages)
            tap_answer(*parts_.kept_messages, about, *hop.listener, hop.flow, packet->text);
        parts_.datagrams.add(packet, hop.address, *hop.listener);
        parts_.flush_soon();
        return true;
    }
    auto& transports = parts_.transports;
    if (auto* open = transports.connection_of(hop.flow)) {
        // Numbers of connections begin anew with each run: it must lead to the same address.
        const auto* name = tport_name(open);
        if (text_of(name->tpn_host) == hop.flow.host && port_in(name->tpn_port) == hop.flow.port)
            return send_over(*open, packet->text);
    }
    const auto url = Transports::next_hop(hop.flow, hop.target);
    const MessageRef message{msg_make(sip_default_mclass(), 0, packet->text.data(),
                                      static_cast<ssize_t>(packet->text.size()))};
    auto* sip = sip_object(message.get());
    if (!sip || msg_serialize(message.get(), reinterpret_cast<msg_pub_t*>(sip)) < 0) return false;
    tp_name_t name[1] = {};
    Home home;
    if (tport_name_by_url(home, name, url_text(url.c_str())) != 0) return false;
    name->tpn_ident = hop.listener->ident.c_str();
    auto* opened =
        tport_tsend(hop.listener->primary, message.get(), name, TPTAG_MTU(INT_MAX), TAG_END());
    if (!opened) return false;
    hop.flow.connection = transports.connections().adopt(*opened);
    return true;
}

std::string Forwarder::via_line(const Hop& hop, std::string_view branch) const
{
    return fmt::format("SIP/2.0/{} {};branch={};rport",
                       hop.flow.transport == Transport::tcp ? "TCP" : "UDP", hop.listener->sent_by,
                       branch);
}

/// `sender` is the Via of who is to get the response, as it comes back.
std::string Forwarder::signed_text(const sip_t& message, const sip_via_t& sender,
                                   std::string_view stem) const
{
    return fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}", stem, text_of(sender.v_host),
                       text_of(sender.v_port), text_of(sender.v_branch), text_of(sender.v_received),
                       text_of(sender.v_rport), message.sip_call_id->i_id,
                       message.sip_cseq->cs_seq);
}

std::string Forwarder::branch_of(const sip_t& request, ClientTransactionId id,
                                 const HeldRequest& from, std::string_view mark) const
{
    const auto stem =
        fmt::format("{}{:x}.{:x}.{:x}.{:x}", branch_mark, id.value, from.source.connection.value,
                    from.source.listener, asked_session(request).count());
    return fmt::format("{}.{:016x}{}", stem,
                       tokens_.sign(signed_text(request, *request.sip_via, stem)), mark);
}

/// Each side sees the address, and the transport, that it knows us by (RFC 5658).
std::vector<std::string> Forwarder::record_routes(const std::string& token, const Listener& nearer,
                                                  const Listener& farther)
{
    const auto record_route = [&](const Listener& listener) {
        return fmt::format("<sip:{};lr;{}{}>", std::string_view{listener.contact_tail}.substr(1),
                           pass_parameter, token);
    };
    std::vector<std::string> routes{record_route(nearer)};
    if (&nearer != &farther) routes.push_back(record_route(farther));
    return routes;
}

}  // namespace lampline::sip
