#include "sip/dialog_usage.hpp"

#include <stdexcept>

#include <strings.h>

#include <fmt/format.h>

#include "base/text.hpp"
#include "core/tagged_address.hpp"
#include "core/trunk.hpp"
#include "sip/command_runner.hpp"
#include "sip/field_values.hpp"
#include "sip/header_text.hpp"
#include "sip/inspection.hpp"
#include "sip/translate.hpp"

namespace lampline::sip {
namespace {

/// The number that DialogState counts on from: the stack would else begin with one of its own.
const std::string initial_cseq_value = fmt::format("{} INVITE", initial_cseq);

/// Of the route set; nullptr: there is none.
const sip_route_t* first_route(const nta_leg_t* leg) noexcept
{
    const sip_route_t* route = nullptr;
    const sip_contact_t* target = nullptr;
    nta_leg_get_route(const_cast<nta_leg_t*>(leg), &route, &target);
    return route;
}

bool has_route(const nta_leg_t* leg) noexcept
{
    return first_route(leg) != nullptr;
}

/// 0: it is not sent reliably.
std::uint32_t rseq_of(const sip_t& response) noexcept
{
    const bool reliable = response.sip_status->st_status < 200 && response.sip_rseq &&
                          sip_has_feature(response.sip_require, "100rel");
    return reliable ? static_cast<std::uint32_t>(response.sip_rseq->rs_response) : 0;
}

/// The host of `url`, IPv6 without brackets; empty when it is a name.
std::string numeric_host(const url_t& url)
{
    const std::string_view host{url.url_host ? url.url_host : ""};
    const bool six = host.size() > 2 && host.front() == '[';
    auto address = canonical_address(six ? host.substr(1, host.size() - 2) : host);
    return is_numeric_address(address) ? address : std::string{};
}

}  // namespace

std::pair<sip_method_t, const char*> stack_method(Method method, const char* other) noexcept
{
    switch (method) {
    case Method::invite: return {SIP_METHOD_INVITE};
    case Method::ack: return {SIP_METHOD_ACK};
    case Method::bye: return {SIP_METHOD_BYE};
    case Method::cancel: return {SIP_METHOD_CANCEL};
    case Method::options: return {SIP_METHOD_OPTIONS};
    case Method::info: return {SIP_METHOD_INFO};
    case Method::update: return {SIP_METHOD_UPDATE};
    case Method::prack: return {SIP_METHOD_PRACK};
    case Method::refer: return {SIP_METHOD_REFER};
    case Method::notify: return {SIP_METHOD_NOTIFY};
    case Method::subscribe: return {SIP_METHOD_SUBSCRIBE};
    case Method::publish: return {SIP_METHOD_PUBLISH};
    case Method::message: return {SIP_METHOD_MESSAGE};
    case Method::register_: return {SIP_METHOD_REGISTER};
    case Method::other: break;
    }
    return {sip_method_unknown, other};
}

std::string invite_branch(std::string_view local_tag, const SipUri& request_uri, unsigned attempt)
{
    return fmt::format("z9hG4bK{}{}{}", local_tag, attempt == 0 ? "" : fmt::format(".{}.", attempt),
                       loop_mark(request_uri.user, request_uri.host,
                                 request_uri.port ? std::to_string(request_uri.port) : ""));
}

DialogUsage::DialogUsage(CommandRunner& runner, nta_agent_t& agent, Transports& transports,
                         const ServerTransaction& invite, const sip_t& sip,
                         const OpenDialog& command)
    : runner_{runner}, agent_{agent}, transports_{transports}, id_{command.leg},
      flow_{invite.source}, home_{invite.source.host}, extension_{command.extension},
      outside_{command.outside}, confirmed_{true}, remote_cseq_{sip.sip_cseq->cs_seq}
{
    Home home;
    auto* local = sip_to_dup(home, sip.sip_to);
    // With its tag from the start: a leg that is tagged later also catches requests that have no
    // To-tag.
    if (!local || sip_to_tag(home, local, command.local_tag.c_str()) < 0)
        throw std::runtime_error{"sip_to_tag"};
    leg_.reset(nta_leg_tcreate(&agent_, on_request, this, SIPTAG_CALL_ID(sip.sip_call_id),
                               SIPTAG_FROM(local), SIPTAG_TO(sip.sip_from),
                               SIPTAG_CSEQ_STR(initial_cseq_value.c_str()),
                               NTATAG_REMOTE_CSEQ(remote_cseq_), TAG_END()));
    if (!leg_) throw std::runtime_error{"nta_leg_tcreate"};
    refresh_target(sip);
    if (invite.listener) set_contact(*invite.listener, invite.user);
}

DialogUsage::DialogUsage(CommandRunner& runner, nta_agent_t& agent, Transports& transports,
                         const SendInvite& command)
    : runner_{runner}, agent_{agent}, transports_{transports}, id_{command.leg},
      flow_{transports.settled(command.target.flow)}, target_{command.target.request_uri},
      home_{command.target.flow.host}, extension_{command.extension}, outside_{command.outside},
      names_{std::make_unique<const Names>(
          Names{command.call_id, fmt::format("{};tag={}", write(command.from), command.local_tag),
                write(command.to)})}
{
    leg_ = make_leg(*names_, initial_cseq, 0);
    if (!leg_) throw std::runtime_error{"nta_leg_tcreate"};
    if (const auto* listener = transports_.listener_of(flow_))
        set_contact(*listener,
                    command.contact_user.empty() ? command.from.uri.user : command.contact_user);
}

DialogUsage::DialogUsage(CommandRunner& runner, nta_agent_t& agent, Transports& transports,
                         const ResumeDialog& command)
    : runner_{runner}, agent_{agent}, transports_{transports}, id_{command.leg},
      flow_{transports.settled(command.flow)}, target_{as_request_uri(command.state.target)},
      extension_{command.extension}, outside_{command.outside}, confirmed_{true},
      remote_cseq_{command.state.remote_cseq}
{
    leg_ = make_leg({command.dialog.call_id,
                     with_tag(write(command.state.local_party), command.dialog.local_tag),
                     with_tag(write(command.state.remote_party), command.dialog.remote_tag)},
                    command.state.cseq, command.state.remote_cseq);
    const char* tag = leg_ ? nta_leg_get_tag(leg_.get()) : nullptr;
    const auto remote_tag = text_of(leg_ ? nta_leg_get_rtag(leg_.get()) : nullptr);
    if (command.dialog.call_id.empty() || !tag || command.dialog.local_tag != tag ||
        command.dialog.remote_tag != remote_tag)
        throw std::runtime_error{"dialog values that the stack does not take"};

    Home home;
    sip_record_route_t* routes = nullptr;
    for (auto route = command.state.route.rbegin(); route != command.state.route.rend(); ++route) {
        auto* first = sip_record_route_make(home, route->c_str());
        if (!first) throw std::runtime_error{"a route that the stack does not take"};
        auto* last = first;
        while (last->r_next) last = last->r_next;
        last->r_next = routes;
        routes = first;
    }
    const auto target = write(target_);
    auto* contact = sip_contact_make(home, fmt::format("<{}>", target).c_str());
    if (!contact) throw std::runtime_error{"a target that the stack does not take"};
    nta_leg_server_route(leg_.get(), routes, contact);
    if (const auto* listener = transports_.listener_of(flow_))
        set_contact(*listener, command.state.contact_user);
}

LegHandle DialogUsage::make_leg(const Names& names, std::uint32_t cseq, std::uint32_t remote_cseq)
{
    return LegHandle{
        nta_leg_tcreate(&agent_, on_request, this, SIPTAG_CALL_ID_STR(names.call_id.c_str()),
                        SIPTAG_FROM_STR(names.local.c_str()), SIPTAG_TO_STR(names.remote.c_str()),
                        SIPTAG_CSEQ_STR(fmt::format("{} INVITE", cseq).c_str()),
                        NTATAG_REMOTE_CSEQ(remote_cseq), TAG_END())};
}

void DialogUsage::set_contact(const Listener& listener, std::string_view user)
{
    contact_line_.clear();
    append_header(contact_line_, "Contact",
                  user.empty()
                      ? fmt::format("<sip:{}>", std::string_view{listener.contact_tail}.substr(1))
                      : fmt::format("<sip:{}{}>", user, listener.contact_tail));
}

std::string DialogUsage::contact_line(bool focus) const
{
    auto line = contact_line_;
    if (focus && line.size() > 2) line.insert(line.size() - 2, ";isfocus");
    return line;
}

bool DialogUsage::follow(const sip_t& response)
{
    constexpr std::size_t most_early = 8;
    const bool success = response.sip_status->st_status >= 200;
    const char* tag = response.sip_to->a_tag;
    // A 2xx without one begins a dialog all the same (RFC 3261 §12.1.2).
    if (confirmed_ || (!tag && !success)) return true;
    const char* followed = nta_leg_get_rtag(leg_.get());
    if (!tag) tag = followed;
    auto* other = followed && strcasecmp(followed, tag) != 0 ? find_early(tag) : nullptr;
    const bool is_new = followed && !other && strcasecmp(followed, tag) != 0;
    if (const auto rseq = rseq_of(response); rseq != 0) {
        auto& heard = other ? other->rseq : rseq_;
        if (!is_new && heard != 0 && rseq != heard + 1) return false;
        if (!is_new) heard = rseq;
    }
    if (is_new) {
        // The remote tag of a leg cannot be changed, so each early dialog has one of its own. Our
        // CSeq goes on, as it is counted for all of them.
        auto leg = make_leg(*names_, nta_leg_get_seq(leg_.get()), 0);
        if (!leg) return true;
        if (early_.size() == most_early) early_.erase(early_.begin());
        early_.push_back({std::move(leg), target_, rseq_of(response), 0});
        other = &early_.back();
    }
    if (other) follow(*other);
    if (tag) nta_leg_rtag(leg_.get(), tag);
    set_target(response, TargetFrom::first_response);
    confirmed_ = success;
    if (!confirmed_) return true;
    names_.reset();
    early_.clear();
    return true;
}

DialogUsage::Early* DialogUsage::find_early(std::string_view tag) noexcept
{
    for (auto& each : early_)
        if (const char* known = nta_leg_get_rtag(each.leg.get()); known && same_word(known, tag))
            return &each;
    return nullptr;
}

void DialogUsage::follow(Early& early) noexcept
{
    std::swap(leg_, early.leg);
    std::swap(target_, early.target);
    std::swap(rseq_, early.rseq);
    std::swap(remote_cseq_, early.remote_cseq);
}

/// The stack counts a CSeq before it asks us, and has no way to count back: all that the phone sent
/// with a lower one would get 500. So the leg is made anew, with what it was before.
void DialogUsage::disown_request()
{
    const sip_route_t* route = nullptr;
    const sip_contact_t* target = nullptr;
    nta_leg_get_route(leg_.get(), &route, &target);
    // The names are the leg's alone, which tells them in requests; an ACK does not count up.
    const MessageRef message{nta_msg_create(&agent_, 0)};
    if (!message ||
        nta_msg_request_complete(message.get(), leg_.get(), SIP_METHOD_ACK, nullptr) < 0)
        return;
    const auto& names = *sip_object(message.get());
    const auto cseq = fmt::format("{} INVITE", nta_leg_get_seq(leg_.get()));
    LegHandle fresh{nta_leg_tcreate(
        &agent_, on_request, this, SIPTAG_CALL_ID(names.sip_call_id), SIPTAG_FROM(names.sip_from),
        SIPTAG_TO(names.sip_to), SIPTAG_CSEQ_STR(cseq.c_str()),
        TAG_IF(route, SIPTAG_ROUTE(route)), NTATAG_REMOTE_CSEQ(remote_cseq_), TAG_END())};
    if (!fresh) return;
    // Also says whether the first route is a loose one.
    nta_leg_server_route(fresh.get(), nullptr, target);
    leg_ = std::move(fresh);
}

void DialogUsage::refresh_target(const sip_t& message)
{
    set_target(message, message.sip_request ? TargetFrom::request : TargetFrom::later_response);
}

void DialogUsage::set_target(const sip_t& message, TargetFrom from)
{
    if (!message.sip_contact || !message.sip_contact->m_url->url_host) return;
    target_ = as_request_uri(to_uri(*message.sip_contact->m_url));
    sip_contact_t contact[1];
    *sip_contact_init(contact)->m_url = *message.sip_contact->m_url;
    // The stack would strip `method` and `ttl` itself, but reads past the end of some parameters
    // when it does.
    contact->m_url->url_params = target_.params.empty() ? nullptr : target_.params.c_str() + 1;
    contact->m_url->url_headers = nullptr;
    if (from == TargetFrom::request)
        nta_leg_server_route(leg_.get(), message.sip_record_route, contact);
    else
        nta_leg_client_reroute(leg_.get(), message.sip_record_route, contact,
                               from == TargetFrom::first_response);
}

void DialogUsage::move_to(Flow source)
{
    if (!has_route(leg_.get())) flow_ = std::move(source);
}

bool DialogUsage::is_cut_off() const noexcept
{
    return flow_.transport == Transport::tcp && !transports_.connection_of(flow_) &&
           !has_route(leg_.get());
}

bool DialogUsage::leads_to(std::string_view host) const
{
    if (host == flow_.host || host == home_) return true;
    const sip_route_t* route = nullptr;
    const sip_contact_t* target = nullptr;
    nta_leg_get_route(leg_.get(), &route, &target);
    // Of a carrier's server with a name we do not know here which addresses that has.
    const auto may_be_at = [&](const url_t& url) {
        const auto address = numeric_host(url);
        return address == host || (outside_ && address.empty());
    };
    if (target && may_be_at(*target->m_url)) return true;
    for (; route; route = route->r_next)
        if (may_be_at(*route->r_url)) return true;
    return false;
}

std::string DialogUsage::destination() const
{
    const sip_route_t* route = nullptr;
    const sip_contact_t* target = nullptr;
    nta_leg_get_route(leg_.get(), &route, &target);
    if (route) return numeric_host(*route->r_url);
    if (outside_ && !transports_.connection_of(flow_) && is_numeric_address(target_.host))
        return canonical_address(target_.host);
    return flow_.host;
}

/// The stack would take its first address. A name is looked up by it, and may lead anywhere.
tport_t* DialogUsage::transport_to(const url_t& hop) const
{
    Flow flow{Transport::udp, numeric_host(hop), 0, {}, flow_.listener};
    if (flow.host.empty() || hop.url_type != url_sip) return nullptr;
    char transport[8] = "";
    url_param(hop.url_params, "transport", transport, sizeof transport);
    if (strcasecmp(transport, "tcp") == 0) flow.transport = Transport::tcp;
    const auto* listener = transports_.listener_of(flow);
    if (!listener || transports_.is_first_of_its_kind(*listener)) return nullptr;
    return listener->primary;
}

std::optional<DialogUsage::Hop> DialogUsage::next_hop() const
{
    Hop hop;
    if (const auto* route = first_route(leg_.get())) {
        hop.transport = transport_to(*route->r_url);
        return hop;
    }
    hop.transport = transports_.connection_of(flow_);
    if (hop.transport) return hop;
    const auto* listener = transports_.listener_of(flow_);
    if (!listener) return std::nullopt;
    hop.transport = listener->primary;
    if (!outside_) {
        hop.url = Transports::next_hop(flow_, target_);
        return hop;
    }
    auto flow = flow_;
    if (is_numeric_address(target_.host)) {
        flow.host = target_.host;
        flow.port = target_.port;
    }
    hop.url = Transports::next_hop(flow);
    return hop;
}

OutgoingHandle DialogUsage::send(const DialogRequest& request, nta_response_f* on_response,
                                 ClientTransaction* magic)
{
    const auto hop = next_hop();
    if (!hop) return {};
    const std::string other{request.method_name};
    const std::string headers{request.headers};
    const auto [method, method_name] = stack_method(request.method, other.c_str());
    const PayloadTag payload{request.body};
    return OutgoingHandle{nta_outgoing_tcreate(
        leg_.get(), on_response, magic, hop->url.empty() ? nullptr : url_text(hop->url.c_str()),
        method, method_name, nullptr, TAG_IF(hop->transport, NTATAG_TPORT(hop->transport)),
        SIPTAG_HEADER_STR(headers.c_str()), SIPTAG_PAYLOAD(payload), TAG_END())};
}

OutgoingHandle DialogUsage::send_invite(const SendInvite& command, std::string_view headers,
                                        unsigned attempt, nta_response_f* on_response,
                                        ClientTransaction* magic)
{
    const auto uri = as_request_uri(command.target.request_uri);
    const auto request_uri = write(uri);
    auto* transport = transports_.connection_of(flow_);
    std::string hop;
    if (!transport) {
        const auto* listener = transports_.listener_of(flow_);
        if (!listener) return {};
        transport = listener->primary;
        hop = outside_ ? Transports::next_hop(flow_) : Transports::next_hop(flow_, uri);
    }
    std::string lines;
    for (const auto& route : command.target.route) append_header(lines, "Route", route);
    lines += headers;
    const auto branch = invite_branch(command.local_tag, uri, attempt);
    const auto max_forwards = std::to_string(command.max_forwards);
    const PayloadTag payload{command.payload ? std::string_view{command.payload->body}
                                             : std::string_view{}};
    return OutgoingHandle{nta_outgoing_tcreate(
        leg_.get(), on_response, magic, hop.empty() ? nullptr : url_text(hop.c_str()),
        SIP_METHOD_INVITE, url_text(request_uri.c_str()), NTATAG_TPORT(transport),
        NTATAG_BRANCH_KEY(branch.c_str()), NTATAG_PASS_100(1),
        SIPTAG_MAX_FORWARDS_STR(max_forwards.c_str()), SIPTAG_HEADER_STR(lines.c_str()),
        SIPTAG_PAYLOAD(payload), TAG_END())};
}

/// Not by the stack's own function for it: of the responses to one INVITE that knows a single RSeq,
/// and keeps back those of all other early dialogs.
OutgoingHandle DialogUsage::send_prack(const nta_outgoing_t& invite, std::uint32_t rseq,
                                       std::string_view early_tag, const DialogRequest& request,
                                       nta_response_f* on_response, ClientTransaction* magic)
{
    const char* followed = nta_leg_get_rtag(leg_.get());
    const bool elsewhere = !early_tag.empty() && (!followed || !same_word(followed, early_tag));
    auto* early = elsewhere ? find_early(early_tag) : nullptr;
    if (elsewhere && !early) return {};
    std::string headers{request.headers};
    append_header(headers, "RAck", fmt::format("{} {} INVITE", rseq, nta_outgoing_cseq(&invite)));
    if (early) follow(*early);
    auto sent =
        send({request.method, request.method_name, headers, request.body}, on_response, magic);
    if (early) follow(*early);
    return sent;
}

void DialogUsage::acknowledge(nta_outgoing_t& invite, std::string_view headers,
                              std::string_view body)
{
    acknowledge(nta_outgoing_cseq(&invite), nta_outgoing_branch(&invite), headers, body);
}

void DialogUsage::acknowledge(const sip_t& orphan, std::string_view headers)
{
    acknowledge(orphan.sip_cseq->cs_seq, orphan.sip_via->v_branch, headers, {});
}

/// Without the INVITE's `branch` the stack would look for it, abort when there is none, and copy
/// its credentials to wherever the ACK goes.
void DialogUsage::acknowledge(std::uint32_t invite_cseq, const char* branch,
                              std::string_view headers, std::string_view body)
{
    const auto hop = next_hop();
    if (!hop) return;
    const std::string lines{headers};
    const auto cseq = fmt::format("{} ACK", invite_cseq);
    const PayloadTag payload{body};
    // Destroying it only says that we do not want its outcome; the stack keeps it for repeated 2xx.
    const OutgoingHandle ack{nta_outgoing_tcreate(
        leg_.get(), nullptr, nullptr, hop->url.empty() ? nullptr : url_text(hop->url.c_str()),
        SIP_METHOD_ACK, nullptr, TAG_IF(hop->transport, NTATAG_TPORT(hop->transport)),
        NTATAG_ACK_BRANCH(branch), SIPTAG_CSEQ_STR(cseq.c_str()), SIPTAG_HEADER_STR(lines.c_str()),
        SIPTAG_PAYLOAD(payload), TAG_END())};
}

DialogUsage* DialogUsage::of(const nta_leg_t* leg) noexcept
{
    return leg ? nta_leg_magic(leg, on_request) : nullptr;
}

int DialogUsage::on_request(DialogUsage* self, nta_leg_t* leg, nta_incoming_t* request,
                            const sip_t* sip) noexcept
try {
    auto* early = leg == self->leg_.get() ? nullptr
                                          : self->find_early(text_of(nta_leg_get_rtag(leg)));
    if (early) self->follow(*early);
    const int status = self->runner_.on_request(*self, *request, *sip);
    if (early && status >= 300) self->follow(*early);
    return status;
} catch (...) {
    return 500;
}

}  // namespace lampline::sip
