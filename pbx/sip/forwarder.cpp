
#include <algorithm>
#include <climits>
#include <utility>

#include <fmt/format.h>
#include <strings.h>

#include "sip/forwarder_parts.hpp"
#include "sip/inspection.hpp"
#include "sip/message_tap.hpp"
#include "sip/passed_text.hpp"
#include "sip/tokens.hpp"
#include "sip/translate.hpp"

namespace lampline::sip {
namespace {

std::uint64_t hexadecimal(std::string_view& text) noexcept
{
    std::uint64_t value = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value, 16);
    text.remove_prefix(static_cast<std::size_t>(read.ptr - text.data()));
    if (!text.empty()) text.remove_prefix(1);
    return value;
}

struct ReceivedMessage final : WireMessage {
    ReceivedMessage(MessageRef message, const sip_t& of) : held{std::move(message)}, sip{of} {}
    MessageRef held;
    const sip_t& sip;
};

const sip_t& sip_of(const WireMessageRef& message) noexcept
{
    return static_cast<const ReceivedMessage&>(*message).sip;
}

template <class SofiaHeader>
void append_all(std::string& text, const SofiaHeader* header)
{
    if (header) append_headers(text, reinterpret_cast<const msg_header_t*>(header));
}

}  // namespace

Forwarder::Forwarder(ForwarderParts parts, const RouteKey& key)
    : parts_{std::move(parts)}, tokens_{key}, timer_{parts_.loop, [this] { expire(); }}
{
}

Forwarder::~Forwarder() = default;

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
    const auto stem = fmt::format("{}{:x}.{:x}.{:x}", branch_mark, id.value,
                                  from.source.connection.value, from.source.listener);
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

// The transaction of the sender

void Forwarder::take(TransactionId id, HeldRequest&& invite)
{
    auto passing = std::make_unique<Passing>();
    passing->id = id;
    passing->key = key_of(*invite.sip);
    passing->back = hop_to(invite.source, to_uri(*invite.sip->sip_request->rq_url));
    passing->back.target = {};
    passing->request = std::move(invite);
    auto& kept = *passing;
    passings_.emplace(id.value, &kept);
    by_key_[kept.key] = std::move(passing);
    ++open_;
    const auto& sip = *kept.request.sip;
    std::string text = "SIP/2.0 100 Trying\r\n";
    append_all(text, sip.sip_via);
    append_all(text, sip.sip_from);
    append_all(text, sip.sip_to);
    append_all(text, sip.sip_call_id);
    append_all(text, sip.sip_cseq);
    text += "Content-Length: 0\r\n\r\n";
    answer(kept, std::move(text), 100, sip);
}

void Forwarder::answer(Passing& passing, std::string text, unsigned status, const sip_t& about)
{
    using enum Passing::State;
    if (passing.state == completed || passing.state == confirmed) return;
    if (passing.state == accepted && status / 100 != 2) return;
    passing.answer = packet_of(std::move(text));
    send(passing.back, passing.answer, about);
    if (status < 200 || passing.state == accepted) return;
    --open_;
    const auto now = std::chrono::steady_clock::now();
    set_timer({passing.id.value, TimerKind::passing_forgotten}, now + parts_.settings.t1x64);
    if (status < 300) {
        passing.state = accepted;  // its sender is told again by who has accepted it
        return;
    }
    passing.state = completed;
    if (passing.back.flow.transport == Transport::tcp) return;
    passing.interval = parts_.settings.t1;
    set_timer({passing.id.value, TimerKind::repeat_answer}, now + passing.interval);
}

bool Forwarder::run(const Reply& command)
{
    const auto found = passings_.find(command.transaction.value);
    if (found == passings_.end()) return false;
    if (command.status <= 100 || !found->second->request.sip) return true;
    std::string lines;
    append_headers(lines, command.headers);
    if (command.payload) append_headers(lines, command.payload->headers);
    append_session_timer(lines, command.session_timer);
    auto& passing = *found->second;
    answer(passing,
           write_reply(*passing.request.sip,
                       {.status = command.status, .phrase = command.phrase, .headers = lines},
                       parts_.settings.product),
           command.status, *passing.request.sip);
    return true;
}

void Forwarder::run(const ForwardResponse& command)
{
    const auto found = passings_.find(command.request.value);
    if (found == passings_.end() || !command.message) return;
    const auto& response = sip_of(command.message);
    std::string added;
    for (const auto& challenge : command.challenges) {
        append_all(added, sip_of(challenge).sip_www_authenticate);
        append_all(added, sip_of(challenge).sip_proxy_authenticate);
    }
    append_session_timer(added, command.session_timer);
    if (command.session_timer.expires.count() > 0) append_header(added, "Require", "timer");
    append_headers(added, command.headers);
    answer(*found->second, pass_response(response, added, parts_.kept_messages != nullptr),
           static_cast<unsigned>(response.sip_status->st_status), response);
    release(*found->second);
}

bool Forwarder::is_repeated(const sip_t& invite)
{
    const auto found = by_key_.find(key_of(invite));
    if (found == by_key_.end()) return false;
    auto& passing = *found->second;
    using enum Passing::State;
    if (passing.answer && (passing.state == proceeding || passing.state == completed))
        send(passing.back, passing.answer, invite);
    return true;
}

bool Forwarder::cancel(const sip_t& cancel)
{
    const auto found = by_key_.find(key_of(cancel));
    if (found == by_key_.end()) return false;
    const auto& passing = *found->second;
    if (passing.state == Passing::State::proceeding)
        parts_.on_input(CancelReceived{passing.id, passing.caller, to_payload(cancel)});
    return true;
}

bool Forwarder::acknowledge(const sip_t& ack)
{
    const auto found = by_key_.find(key_of(ack));
    if (found == by_key_.end()) return false;
    auto& passing = *found->second;
    if (passing.state == Passing::State::accepted) return false;  // it belongs to the dialog
    passing.state = Passing::State::confirmed;
    timers_.cancel({passing.id.value, TimerKind::repeat_answer});
    return true;
}

/// Once it is accepted and nobody rings any more, only its key is needed.
void Forwarder::release(Passing& passing)
{
    if (passing.state != Passing::State::accepted || !passing.branches.empty()) return;
    passing.request.message.reset();
    passing.request.sip = nullptr;
    passing.answer.reset();
}

void Forwarder::forget(Passing& passing)
{
    for (const auto id : passing.branches) branches_.erase(id.value);
    passings_.erase(passing.id.value);
    const auto key = passing.key;
    by_key_.erase(key);
}

// Its branches

void Forwarder::run(const ForwardInvite& command)
{
    const auto found = passings_.find(command.request.value);
    if (found == passings_.end()) return;
    auto& passing = *found->second;
    if (!passing.request.sip) return;
    passing.caller = command.caller;
    const auto& sip = *passing.request.sip;

    auto owned = std::make_unique<Branch>();
    auto& branch = *owned;
    branch.id = command.transaction;
    branch.leg = command.leg;
    branch.of = &passing;
    const auto uri = as_request_uri(command.target.request_uri);
    branch.request_uri = write(uri);
    branch.hop = hop_to(command.target.flow, uri);
    branch.routes = command.target.route;
    branches_.emplace(command.transaction.value, std::move(owned));
    passing.branches.push_back(branch.id);

    const auto token = tokens_.write({.caller = passing.request.source,
                                      .callee = command.target.flow},
                                     sip.sip_call_id->i_id, text_of(sip.sip_from->a_tag));
    if (!branch.hop.listener || !token) return fail(branch, 503);
    const auto& url = *sip.sip_request->rq_url;
    branch.via = via_line(
        branch.hop,
        branch_of(sip, branch.id, passing.request,
                  loop_mark(text_of(url.url_user), text_of(url.url_host), text_of(url.url_port))));
    std::string added;
    if (!sip.sip_session_expires) append_session_timer(added, command.session_timer);
    branch.invite = packet_of(pass_request(sip,
                                           {.request_uri = branch.request_uri,
                                            .via = branch.via,
                                            .routes_kept = 0,
                                            .routes_before = branch.routes,
                                            .routes_after = {},
                                            .record_routes = record_routes(
                                                *token, *branch.hop.listener,
                                                *passing.request.listener),
                                            .realm = parts_.settings.domain,
                                            .added = added,
                                            .replaced = &command.headers},
                                           parts_.kept_messages != nullptr));
    if (!send(branch.hop, branch.invite, sip)) return fail(branch, 503);
    const auto now = std::chrono::steady_clock::now();
    set_timer({branch.id.value, TimerKind::branch_gives_up}, now + parts_.settings.t1x64);
    if (branch.hop.flow.transport == Transport::tcp) return;
    branch.interval = parts_.settings.t1;
    set_timer({branch.id.value, TimerKind::repeat_invite}, now + branch.interval);
}

bool Forwarder::run(const SendCancel& command)
{
    const auto found = branches_.find(command.transaction.value);
    if (found == branches_.end()) return false;
    auto& branch = *found->second;
    append_headers(branch.cancel_headers, command.headers);
    cancel(branch);
    return true;
}

/// Not before the phone has said anything (RFC 3261 §9.1).
void Forwarder::cancel(Branch& branch)
{
    branch.wants_cancel = true;
    if (branch.state != Branch::State::proceeding || branch.cancel) return;
    const auto& sip = *branch.of->request.sip;
    std::string to;
    append_all(to, sip.sip_to);
    branch.cancel = packet_of(hop_request(sip, "CANCEL", branch.request_uri, branch.via,
                                          branch.routes, to, branch.cancel_headers));
    send(branch.hop, branch.cancel, sip);
    const auto now = std::chrono::steady_clock::now();
    timers_.cancel({branch.id.value, TimerKind::branch_too_long});
    set_timer({branch.id.value, TimerKind::branch_gives_up}, now + parts_.settings.t1x64);
    if (branch.hop.flow.transport == Transport::tcp) return;
    branch.interval = parts_.settings.t1;
    set_timer({branch.id.value, TimerKind::repeat_cancel}, now + branch.interval);
}

/// No more is to be heard of it that the engine would want.
void Forwarder::fail(Branch& branch, unsigned status)
{
    if (!branch.wants_cancel || branch.state != Branch::State::proceeding) {
        finish(branch);
        branch.state = Branch::State::completed;
    }
    if (std::exchange(branch.reported, true)) return;
    ResponseReceived response;
    response.leg = branch.leg;
    response.transaction = branch.id;
    response.method = Method::invite;
    response.status = status;
    response.generated = true;
    parts_.on_input(std::move(response));
}

void Forwarder::finish(Branch& branch)
{
    for (const auto kind : {TimerKind::repeat_invite, TimerKind::repeat_cancel,
                            TimerKind::branch_gives_up, TimerKind::branch_too_long})
        timers_.cancel({branch.id.value, kind});
}

void Forwarder::acknowledge(Branch& branch, const sip_t& response)
{
    std::string to;
    append_all(to, response.sip_to);
    send(branch.hop,
         packet_of(hop_request(*branch.of->request.sip, "ACK", branch.request_uri, branch.via,
                               branch.routes, to, {})),
         response);
}

void Forwarder::receive_for(Branch& branch, MessageRef& message, const sip_t& response)
{
    const auto status = static_cast<unsigned>(response.sip_status->st_status);
    if (response.sip_cseq->cs_method == sip_method_cancel) {
        timers_.cancel({branch.id.value, TimerKind::repeat_cancel});
        return;
    }
    const auto id = branch.id.value;
    if (branch.state == Branch::State::completed) {
        if (status >= 300) acknowledge(branch, response);
        return;
    }
    const auto now = std::chrono::steady_clock::now();
    if (status < 200) {
        if (branch.state == Branch::State::calling) {
            finish(branch);
            branch.state = Branch::State::proceeding;
            if (branch.wants_cancel) cancel(branch);
        }
        if (!branch.wants_cancel)
            set_timer({id, TimerKind::branch_too_long}, now + parts_.settings.timer_c);
    } else {
        finish(branch);
        if (status >= 300) acknowledge(branch, response);
        branch.state = Branch::State::completed;
    }
    if (!std::exchange(branch.reported, branch.reported || status >= 200)) {
        auto input = to_response(response, branch.leg, branch.id, Method::invite);
        // What is kept is the way from us to the phone; below ours is that of the caller.
        const auto ours = std::ranges::find_if(input.record_route, [](const std::string& route) {
            return route.find(pass_parameter) != std::string::npos;
        });
        input.record_route.erase(ours, input.record_route.end());
        input.message = std::make_shared<ReceivedMessage>(std::move(message), response);
        parts_.on_input(std::move(input));
    }
    if (status < 200) return;
    const bool over_udp = branch.hop.flow.transport == Transport::udp;
    const auto kept =
        status >= 300 && over_udp ? parts_.settings.t1x64 : std::chrono::milliseconds{0};
    if (kept.count() > 0) return set_timer({id, TimerKind::branch_forgotten}, now + kept);
    auto& passing = *branch.of;
    std::erase(passing.branches, branch.id);
    branches_.erase(id);
    release(passing);
}

bool Forwarder::receive(MessageRef& message, const sip_t& response)
{
    const auto branch = text_of(response.sip_via->v_branch);
    if (branch.starts_with(probe_mark) || branch.starts_with(subscribe_mark)) {
        settle(std::string{branch}, response);
        return true;
    }
    if (!branch.starts_with(branch_mark)) return false;
    const auto* sender = response.sip_via->v_next;
    auto rest = branch.substr(branch_mark.size());
    const ClientTransactionId id{hexadecimal(rest)};
    const bool invite = response.sip_cseq->cs_method == sip_method_invite;
    const auto found = branches_.find(id.value);
    if (!sender) {  // to a CANCEL of ours
        if (!invite && id && found != branches_.end() &&
            found->second->via.find(branch) != std::string::npos)
            receive_for(*found->second, message, response);
        return true;
    }
    const auto connection = ConnectionId{hexadecimal(rest)};
    const auto listener = static_cast<std::uint8_t>(hexadecimal(rest));
    const auto stem = branch.substr(0, branch.size() - rest.size() - 1);
    const auto signature = hexadecimal(rest);
    if (tokens_.sign(signed_text(response, *sender, stem)) != signature) return true;
    const bool success = invite && response.sip_status->st_status / 100 == 2;
    if (id && found != branches_.end() && !(success && found->second->reported)) {
        receive_for(*found->second, message, response);
        return true;
    }
    if (id && !success) return true;  // a late one
    if (!id) {
        settle(std::string{branch}, response);
        report(response, to_method(response));
    }
    const auto received = text_of(sender->v_received);
    auto port = port_in(sender->v_rport);
    if (port == 0) port = port_in(sender->v_port);
    const bool tcp = strcasecmp(sender->v_protocol, sip_transport_tcp) == 0;
    const Flow back{tcp ? Transport::tcp : Transport::udp,
                    std::string{received.empty() ? text_of(sender->v_host) : received},
                    port != 0 ? port : std::uint16_t{5060}, connection, listener};
    auto hop = hop_to(back, {});
    send(hop, packet_of(pass_response(response, {}, parts_.kept_messages != nullptr)), response);
    return true;
}

void Forwarder::fail(ConnectionId connection)
{
    std::vector<Branch*> failed;
    for (const auto& [id, branch] : branches_)
        if (branch->hop.flow.connection == connection && branch->state != Branch::State::completed)
            failed.push_back(branch.get());
    for (auto* branch : failed) {
        branch->wants_cancel = false;  // there is nobody to tell
        fail(*branch, 503);
    }
    std::vector<std::uint64_t> lost;
    for (const auto& [id, repetition] : repetitions_)
        if (repetition.subscribing != 0 && repetition.hop.flow.connection == connection)
            lost.push_back(id);
    for (const auto id : lost) {
        timers_.cancel({id, TimerKind::repeat_request});
        give_up(id);
    }
}

void Forwarder::set_timer(TimerKey key, TimePoint when)
{
    timers_.set(key, when);
    if (armed_ && *armed_ <= when) return;
    armed_ = when;
    timer_.set(when);
}

void Forwarder::expire()
{
    armed_.reset();
    const auto now = std::chrono::steady_clock::now();
    while (const auto due = timers_.take_due(now)) expire(*due, now);
    if (const auto next = timers_.next_deadline()) {
        armed_ = *next;
        timer_.set(*next);
    }
}

void Forwarder::expire(TimerKey key, TimePoint now)
{
    const auto& settings = parts_.settings;
    const auto branch_at = branches_.find(key.id);
    auto* branch = branch_at == branches_.end() ? nullptr : branch_at->second.get();
    const auto passing_at = passings_.find(key.id);
    auto* passing = passing_at == passings_.end() ? nullptr : passing_at->second;
    switch (key.kind) {
    case TimerKind::repeat_invite:
        if (!branch) return;
        send(branch->hop, branch->invite, *branch->of->request.sip);
        branch->interval *= 2;
        return set_timer(key, now + branch->interval);
    case TimerKind::repeat_cancel:
        if (!branch) return;
        send(branch->hop, branch->cancel, *branch->of->request.sip);
        branch->interval = std::min(branch->interval * 2, settings.t2);
        return set_timer(key, now + branch->interval);
    case TimerKind::branch_gives_up:
        if (!branch) return;
        branch->wants_cancel = false;
        return fail(*branch, 408);
    case TimerKind::branch_too_long:  // RFC 3261 §16.8
        if (!branch) return;
        cancel(*branch);
        return fail(*branch, 408);
    case TimerKind::branch_forgotten:
        if (!branch) return;
        passing = branch->of;
        std::erase(passing->branches, branch->id);
        branches_.erase(branch_at);
        return release(*passing);
    case TimerKind::repeat_answer:
        if (!passing) return;
        send(passing->back, passing->answer, *passing->request.sip);
        passing->interval = std::min(passing->interval * 2, settings.t2);
        return set_timer(key, now + passing->interval);
    case TimerKind::passing_forgotten:
        if (!passing) return;
        timers_.cancel({key.id, TimerKind::repeat_answer});
        // A branch that was cancelled may still answer.
        if (std::ranges::any_of(passing->branches, [&](ClientTransactionId id) {
                const auto found = branches_.find(id.value);
                return found != branches_.end() && found->second->state != Branch::State::completed;
            }))
            return set_timer(key, now + settings.t1x64);
        return forget(*passing);
    case TimerKind::repeat_request: return repeat_again(key, now);
    }
}

}  // namespace lampline::sip
