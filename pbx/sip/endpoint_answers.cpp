#include "sip/endpoint_inner.hpp"

#include "core/event_package.hpp"
#include "sip/header_text.hpp"

namespace lampline::sip {
namespace {

constexpr std::size_t max_delayed_answers = 1024;

}  // namespace

bool Endpoint::Inner::reply(const Reply& command)
{
    auto node = held.extract(command.transaction.value);
    if (!node) return false;
    const auto& request = node.mapped();
    std::string lines;
    lines.reserve(512);
    const auto& url = *request.sip->sip_request->rq_url;
    const auto method = request.sip->sip_request->rq_method;
    const bool makes_dialog = method == sip_method_subscribe || method == sip_method_refer;
    if (command.status < 300 && makes_dialog && !names(command.headers, "Contact")) {
        std::string contact{"<sip:"};
        if (url.url_user) contact += url.url_user;
        contact.append(request.listener->contact_tail, url.url_user ? 0 : 1).append(">");
        append_header(lines, "Contact", contact);
    }
    append_option_tags(lines, command.supported, command.required);
    append_session_timer(lines, command.session_timer);
    append_headers(lines, command.headers);
    if (command.payload) append_headers(lines, command.payload->headers);
    answer(request,
           {.status = command.status,
            .phrase = command.phrase,
            .to_tag = command.local_tag,
            .headers = lines,
            .content_type = command.payload ? std::string_view{command.payload->content_type} : "",
            .body = command.payload ? std::string_view{command.payload->body} : ""});
    return true;
}

void Endpoint::Inner::answer(const HeldRequest& request, const StatelessReply& reply)
{
    auto text = write_reply(*request.sip, reply, settings.product);
    if (request.connection) {  // through the stack's transports, which are tapped
        send_over(*request.connection, text);
        return;
    }
    if (tap) tap_answer(kept_messages, *request.sip, *request.listener, request.source, text);
    auto packet = std::make_shared<Packet>();
    packet->text = std::move(text);
    if (!request.key.empty()) repeated.answer(request.key, packet);
    datagrams.add(std::move(packet), SocketAddress::of(request.source.host, request.source.port),
                  *request.listener);
    flush_soon();
}

void Endpoint::Inner::refuse(const HeldRequest& request, const Rejection& rejection)
{
    ++counters.refused;
    answer(request,
           {.status = rejection.status, .phrase = rejection.phrase, .headers = rejection.headers});
}

void Endpoint::Inner::refuse_later(HeldRequest&& request, const Rejection& rejection,
                                   std::chrono::milliseconds delay)
{
    if (delayed.size() >= max_delayed_answers) return;
    auto text = write_reply(
        *request.sip, {.status = rejection.status, .headers = rejection.headers}, settings.product);
    request.message.reset();
    request.sip = nullptr;
    delayed.emplace(std::chrono::steady_clock::now() + delay,
                    DelayedAnswer{std::move(request), std::move(text)});
}

/// Final, so it is repeated (RFC 3261 §17.2.1), but blindly: its ACK finds no transaction. A phone
/// on TCP knows that its connection has died, and so has its INVITE.
void Endpoint::Inner::refuse_forgotten(const StoredInvite& invite)
{
    const auto* listener = transports->listener_of(invite.flow);
    if (!listener || invite.flow.transport != Transport::udp) return;
    const auto text = orphans->refuse(invite);
    const auto now = std::chrono::steady_clock::now();
    for (const auto after : {0 * settings.t1, settings.t1, 3 * settings.t1, 7 * settings.t1}) {
        if (delayed.size() >= max_delayed_answers) return;
        HeldRequest request;
        request.source = invite.flow;
        request.listener = listener;
        delayed.emplace(now + after, DelayedAnswer{std::move(request), text});
    }
}

bool Endpoint::Inner::is_refused(HeldRequest& invite)
{
    const auto* refusal = orphans->refusal_of(*invite.sip);
    if (!refusal) return false;
    if (delayed.size() < max_delayed_answers)
        delayed.emplace(std::chrono::steady_clock::now(),
                        DelayedAnswer{std::move(invite), *refusal});
    return true;
}

void Endpoint::Inner::answer_options(const HeldRequest& request)
{
    std::string lines;
    append_header(lines, "Allow", allowed_methods);
    append_header(lines, "Accept", "application/sdp");
    append_header(lines, "Supported",
                  "timer, 100rel, replaces, join, norefersub, path, eventlist, "
                  "recipient-list-subscribe");
    append_header(lines, "Allow-Events", allow_events() + ", refer");
    answer(request, {.status = 200, .headers = lines});
}

}  // namespace lampline::sip
