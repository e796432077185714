#include "sip/endpoint_inner.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "core/extension_uri.hpp"
#include "sip/address_text.hpp"
#include "sip/authentication.hpp"
#include "sip/faulty_fields.hpp"
#include "sip/field_values.hpp"
#include "sip/header_text.hpp"
#include "sip/translate.hpp"

namespace lampline::sip {

using namespace std::chrono_literals;

namespace {

/// The Routes of `sip` behind ours. The topmost has led here, by whatever name it knows us.
std::vector<SipUri> routes_behind_ours(const sip_t& sip, const Transports& transports)
{
    std::vector<SipUri> routes;
    const auto* route = sip.sip_route ? sip.sip_route->r_next : nullptr;
    while (route && transports.is_us(*route->r_url)) route = route->r_next;
    for (; route; route = route->r_next) routes.push_back(to_uri(*route->r_url));
    return routes;
}

}  // namespace

/// Requests beyond the limit that are kept free for emergency numbers.
constexpr std::size_t room_for_emergencies = 100;

void Endpoint::Inner::receive(MessageRef message, sip_t& sip) noexcept
try {
    if (sip.sip_request) {
        ++counters.requests_received;
        receive_request(std::move(message), sip);
    } else {
        ++counters.responses_received;
        if (forwarder->receive(message, sip)) return;
        // Any other response without a transaction is a late one.
        if (take_orphan(*message, sip)) return;
        const auto status = sip.sip_status->st_status;
        const bool challenge = status == 401 || status == 407;
        light->receive(sip, challenge ? transports->source_of(*message, nullptr).host : "");
    }
} catch (const std::exception& error) {
    spdlog::error("request dropped: {}", error.what());
}

bool Endpoint::Inner::take_orphan(msg_t& message, const sip_t& sip)
{
    if (sip.sip_cseq->cs_method != sip_method_invite) return false;
    auto* transport = transports->transport_of(message);
    if (!transport) return false;
    return orphans->take(sip, transports->source_of(message, transport),
                         tport_is_secondary(transport) ? transport : nullptr);
}

void Endpoint::Inner::receive_request(MessageRef message, sip_t& sip)
{
    const auto method = sip.sip_request->rq_method;
    auto* transport = transports->transport_of(*message);
    if (!transport) return;
    HeldRequest request;
    request.sip = &sip;
    request.source = transports->source_of(*message, transport);
    request.listener = transports->listener_of(request.source);
    if (tport_is_secondary(transport)) request.connection.reset(tport_ref(transport));
    request.message = std::move(message);
    if (!request.listener) return;

    if (const auto fault = faulty_field(sip)) {
        if (method == sip_method_ack) return;
        const auto phrase = fmt::format("Bad {} Header", fault->name);
        std::string lines;
        append_header(lines, "Warning", warning_of(fault->name, fault->wanted));
        return refuse(request, {400, phrase, std::move(lines)});
    }
    if (method == sip_method_ack) {
        if (!forwarder->acknowledge(sip)) static_cast<void>(forwarder->pass(request));
        return;
    }
    if (method == sip_method_cancel) {
        if (forwarder->cancel(sip)) return answer(request, {.status = 200});
        if (const auto tag = calls->receive_late(sip, request.source))
            return answer(request, {.status = 200, .to_tag = *tag});
    }
    // To a phone that gives no tag its requests have none: they are told by the token in their
    // route.
    const bool may_be_within =
        sip.sip_to->a_tag || sip.sip_route || sip.sip_request->rq_url->url_params;
    if (may_be_within && passes(request)) return;
    if (method == sip_method_cancel)
        return refuse(request, {481, "Call/Transaction Does Not Exist", {}});
    if (is_repeated(request)) return;
    if (method == sip_method_invite && is_known_invite(sip)) return;
    if (method == sip_method_invite && calls->is_merged(sip))
        return refuse(request, {482, "Request Merged", {}});
    if (method == sip_method_invite && is_refused(request)) return;
    if (auto rejection = inspect_body(sip, settings.limits.body_bytes))
        return refuse(request, *rejection);
    if (auto rejection = inspect_request(sip, *transports)) return refuse(request, *rejection);
    if (is_emergency_service(*sip.sip_request->rq_url) && emergency_number().empty())
        return refuse(request, {416, {}, {}});
    if (method == sip_method_options) return answer_options(request);
    const bool invite = method == sip_method_invite;
    const auto waiting =
        held.size() + invites.size() + calls->server_transactions() + forwarder->under_way();
    const auto room = settings.limits.unanswered_requests;
    const bool load = waiting >= room || (overloaded && (invite || method == sip_method_message));
    const bool ends = draining && invite;
    const bool passes =
        (load || ends) && invite && waiting < room + room_for_emergencies && is_emergency(request);
    if ((ends || load) && !passes) {
        ++counters.shed;
        return answer(
            request,
            {.status = 503, .headers = draining ? "Retry-After: 30\r\n" : "Retry-After: 5\r\n"});
    }
    if (invite)
        if (const auto trunk = trunk_of(request); !trunk.empty()) {
            if (request.connection)
                request.source.connection = transports->connections().adopt(*request.connection);
            return take_invite(std::move(request), {}, trunk);
        }
    auto outcome = authenticate(sip, request.source.host, authenticator, *transports, present());
    if (auto* refused = std::get_if<Refused>(&outcome)) {
        if (refused->challenged) ++counters.challenged;
        if (refused->delay > 0ms)
            return refuse_later(std::move(request), refused->rejection, refused->delay);
        if (refused->challenged)
            return answer(request, {.status = refused->rejection.status,
                                    .headers = refused->rejection.headers});
        return refuse(request, refused->rejection);
    }
    if (request.connection) {
        auto& connections = transports->connections();
        request.source.connection = connections.adopt(*request.connection);
        connections.note_phone(request.source.connection);
    }
    take(std::move(request), std::get<Authenticated>(outcome).extension);
}

bool Endpoint::Inner::is_emergency(const HeldRequest& request) const
{
    const auto& sip = *request.sip;
    if (!directory || !trunk_of(request).empty()) return false;
    const auto& url = *sip.sip_request->rq_url;
    return is_emergency_service(url) ||
           directory->digit_plan().is_emergency(extension_of(to_uri(url)));
}

std::string Endpoint::Inner::emergency_number() const
{
    return directory ? directory->digit_plan().emergency_number() : std::string{};
}

std::string_view Endpoint::Inner::trunk_of(const HeldRequest& request) const
{
    if (request.connection && transports->connections().is_phones(*request.connection)) return {};
    const auto* user = request.sip->sip_request->rq_url->url_user;
    return trunk_sources.find(request.source, user ? user : "");
}

bool Endpoint::Inner::is_repeated(HeldRequest& request)
{
    const auto method = request.sip->sip_request->rq_method;
    if (request.connection || (method != sip_method_register && method != sip_method_subscribe &&
                               method != sip_method_message && method != sip_method_publish &&
                               method != sip_method_refer))
        return false;
    // Only accepted ones are kept, and a repetition brings the same credentials.
    if (!request.sip->sip_authorization && !request.sip->sip_proxy_authorization) return false;
    request.key = RepeatedRequests::key_of(*request.sip);
    const auto found = repeated.find(request.key, std::chrono::steady_clock::now());
    if (found.seen == RepeatedRequests::Seen::answered) {
        datagrams.add(found.answer, SocketAddress::of(request.source.host, request.source.port),
                      *request.listener);
        flush_soon();
    }
    return found.seen != RepeatedRequests::Seen::first;
}

void Endpoint::Inner::take(HeldRequest&& request, std::string_view extension)
{
    const auto& sip = *request.sip;
    if (sip.sip_request->rq_method == sip_method_invite)
        return take_invite(std::move(request), extension, {});
    const auto id = transaction_ids.next();
    if (!request.key.empty()) repeated.add(request.key, std::chrono::steady_clock::now());
    const bool in_dialog = sip.sip_to->a_tag != nullptr;
    const auto passed = in_dialog && sip.sip_request->rq_method == sip_method_subscribe
                            ? forwarder->subscription_of(sip)
                            : std::nullopt;
    if (passed && passed->watcher != extension) return refuse(request, {403, {}, {}});
    const auto input = [&]() -> SipInput {
        switch (sip.sip_request->rq_method) {
        case sip_method_register: return to_register(sip, id, request.source, extension);
        case sip_method_message: return to_message(sip, id, request.source, extension);
        case sip_method_publish: return to_publish(sip, id, request.source, extension);
        case sip_method_refer: return to_refer(sip, id, request.source, extension);
        default:
            auto subscribe = to_subscribe(sip, id, request.source, extension);
            if (passed) subscribe.notifier = passed->member;
            return subscribe;
        }
    };
    auto taken = input();
    held.emplace(id.value, std::move(request));
    on_input(std::move(taken));
}

/// Whether it becomes a dialog of ours or is passed on, the engine says in its first command: then
/// it gets its transaction.
void Endpoint::Inner::take_invite(HeldRequest&& request, std::string_view extension,
                                  std::string_view trunk)
{
    const auto id = transaction_ids.next();
    const auto& sip = *request.sip;
    auto invite = to_invite(sip, id, request.source, extension);
    const auto& url = *sip.sip_request->rq_url;
    invite.to_us = url.url_type == url_tel || transports->is_ours(url.url_host);
    invite.routes = routes_behind_ours(sip, *transports);
    if (is_emergency_service(url)) {  // as if its number was dialled
        invite.request_uri = extension_uri(emergency_number(), directory->domain());
        invite.to_us = true;
    }
    if (!trunk.empty()) {
        invite.trunk = trunk;
        invite.asserted = asserted_identity(sip);
    }
    invite_keys.insert(Forwarder::key_of(sip));
    invites.emplace(id.value, std::move(request));
    on_input(std::move(invite));
}

bool Endpoint::Inner::is_known_invite(const sip_t& sip)
{
    return (!invite_keys.empty() && invite_keys.contains(Forwarder::key_of(sip))) ||
           forwarder->is_repeated(sip);
}

/// A request within a dialog of two phones.
bool Endpoint::Inner::passes(HeldRequest& request)
{
    auto outcome = forwarder->pass(request);
    if (outcome.notify) {
        outcome.notify->transaction = transaction_ids.next();
        held.emplace(outcome.notify->transaction.value, std::move(request));
        on_input(*std::move(outcome.notify));
        return true;
    }
    if (outcome.status != 0) refuse(request, {outcome.status, {}, outcome.headers});
    return outcome.passed || outcome.status != 0;
}

void Endpoint::Inner::pass_notify(const PassNotify& command)
{
    auto node = held.extract(command.request.value);
    if (!node) return;
    const auto outcome = forwarder->pass_notify(node.mapped(), command);
    if (!outcome.passed) refuse(node.mapped(), {outcome.status, {}, outcome.headers});
}

}  // namespace lampline::sip
