// INVITEs that are passed on: the branches, one transaction of ours each.
#include <algorithm>
#include <utility>

#include "sip/forwarder_parts.hpp"
#include "sip/inspection.hpp"
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

/// Session-Expires that a 2xx lacks for who has asked for a session; 0: none. Whoever has passed on
/// the request adds it (RFC 4028 §8.2): who asked has to refresh, or else reads that nobody does.
SessionTimer lacking_session(const sip_t& response, std::chrono::seconds asked)
{
    const auto method = to_method(response);
    const bool accepts = response.sip_status->st_status / 100 == 2 &&
                         (method == Method::invite || method == Method::update);
    if (!accepts || to_session_timer(response).expires.count() > 0) return {};
    return {.expires = asked, .refresher = Refresher::uac};
}

}  // namespace

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

    const auto token =
        tokens_.write({.caller = passing.request.source, .callee = command.target.flow},
                      sip.sip_call_id->i_id, text_of(sip.sip_from->a_tag));
    if (!branch.hop.listener || !token) return fail(branch, 503);
    branch.token = *token;
    const auto& url = *sip.sip_request->rq_url;
    branch.via = via_line(
        branch.hop,
        branch_of(sip, branch.id, passing.request,
                  loop_mark(text_of(url.url_user), text_of(url.url_host), text_of(url.url_port))));
    std::string added;
    if (!sip.sip_session_expires) append_session_timer(added, command.session_timer);
    branch.invite = packet_of(pass_request(
        sip,
        {.request_uri = branch.request_uri,
         .via = branch.via,
         .routes_kept = 0,
         .routes_before = branch.routes,
         .routes_after = {},
         .record_routes = record_routes(*token, *branch.hop.listener, *passing.request.listener),
         .realm = parts_.settings.domain,
         .added = added,
         .replaced = &command.headers},
        parts_.kept_messages != nullptr));
    if (!send(branch.hop, branch.invite, sip)) return fail(branch, 503);
    const auto now = std::chrono::steady_clock::now();
    set_timer({branch.id.value, TimerKind::branch_gives_up}, now + parts_.settings.t1x64);
    set_timer({branch.id.value, TimerKind::branch_too_long}, now + parts_.settings.timer_c);
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
            timers_.cancel({id, TimerKind::repeat_invite});
            timers_.cancel({id, TimerKind::branch_gives_up});
            branch.state = Branch::State::proceeding;
            if (branch.wants_cancel) cancel(branch);
        }
        // A 100 says nothing of the callee (RFC 3261 §16.7 step 2).
        if (!branch.wants_cancel && status > 100)
            set_timer({id, TimerKind::branch_too_long}, now + parts_.settings.timer_c);
    } else {
        finish(branch);
        if (status >= 300) acknowledge(branch, response);
        branch.state = Branch::State::completed;
    }
    if (!std::exchange(branch.reported, branch.reported || status >= 200)) {
        auto input = to_response(response, branch.leg, branch.id, Method::invite);
        // What is kept is the way from us to the phone; below ours is that of the caller. Behind us
        // may be another exchange like this one, or this one again.
        const auto ours = std::ranges::find_if(input.record_route, [&](const std::string& route) {
            return route.find(branch.token) != std::string::npos;
        });
        input.record_route.erase(ours, input.record_route.end());
        input.message = std::make_shared<ReceivedMessage>(std::move(message), response);
        if (status < 200) input.via = branch.via;
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
    const auto asked = seconds_of(hexadecimal(rest));
    const auto stem = branch.substr(0, branch.size() - rest.size() - 1);
    const auto signature = hexadecimal(rest);
    if (tokens_.sign(signed_text(response, *sender, stem)) != signature) return true;
    const bool success = invite && response.sip_status->st_status / 100 == 2;
    if (id && found != branches_.end() && !(success && found->second->reported)) {
        receive_for(*found->second, message, response);
        return true;
    }
    // A late one; whoever refuses an INVITE that is forgotten repeats that until it is acknowledged.
    if (id && !success) return !invite || response.sip_status->st_status < 300;
    if (!id) settle(std::string{branch}, response);
    // The same each time: its copies pass, and are the first one for who has missed that.
    const auto lacking = lacking_session(response, asked);
    std::string added;
    append_added_session(added, lacking);
    report(response, to_method(response),
           lacking.expires.count() > 0 ? lacking : to_session_timer(response));
    const auto received = text_of(sender->v_received);
    auto port = port_in(sender->v_rport);
    if (port == 0) port = port_in(sender->v_port);
    const bool tcp = strcasecmp(sender->v_protocol, sip_transport_tcp) == 0;
    const Flow back{tcp ? Transport::tcp : Transport::udp,
                    std::string{received.empty() ? text_of(sender->v_host) : received},
                    port != 0 ? port : std::uint16_t{5060}, connection, listener};
    auto hop = hop_to(back, {});
    send(hop, packet_of(pass_response(response, added, parts_.kept_messages != nullptr)), response);
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
        if ((repetition.subscribing != 0 || repetition.notify) &&
            repetition.hop.flow.connection == connection)
            lost.push_back(id);
    for (const auto id : lost) {
        timers_.cancel({id, TimerKind::repeat_request});
        give_up(id);
    }
}

}  // namespace lampline::sip
