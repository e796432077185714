#include "sip/translate.hpp"

#include <algorithm>
#include <string>

#include "base/text.hpp"
#include "core/refer.hpp"
#include "core/xml_parser.hpp"
#include "sip/inflated.hpp"
#include "sip/inspection.hpp"
#include "sip/lost_text.hpp"

namespace lampline::sip {
namespace {

/// `;a=1;b`, or empty.
std::string joined(const msg_param_t* params)
{
    std::string text;
    for (; params && *params; ++params) {
        text += ';';
        text += *params;
    }
    return text;
}

/// What requests outside a dialog have in common, as far as `Received` has a place for it.
template <class Received>
Received received(const sip_t& sip, TransactionId transaction, Flow source,
                  std::string_view extension)
{
    Received request;
    request.transaction = transaction;
    request.source = std::move(source);
    if constexpr (requires { request.authenticated; }) request.authenticated = extension;
    if constexpr (requires { request.request_uri; })
        request.request_uri = to_uri(*sip.sip_request->rq_url);
    if constexpr (requires { request.parties; }) request.parties = to_parties(sip);
    if constexpr (requires { request.call_id; }) request.call_id = sip.sip_call_id->i_id;
    if constexpr (requires { request.cseq; }) request.cseq = sip.sip_cseq->cs_seq;
    if constexpr (requires { request.contact; })
        if (sip.sip_contact) request.contact = to_uri(*sip.sip_contact->m_url);
    if constexpr (requires { request.record_route; })
        request.record_route = field_texts(sip.sip_record_route);
    if constexpr (requires { request.max_forwards; }) request.max_forwards = max_forwards_of(sip);
    if constexpr (requires { request.supported; })
        request.supported = to_option_tags(sip.sip_supported);
    if constexpr (requires { request.required; })
        request.required = to_option_tags(sip.sip_require);
    if constexpr (requires { request.event; })
        if (sip.sip_event) request.event = lowered(text_of(sip.sip_event->o_type));
    if constexpr (requires { request.expires; }) request.expires = expires_of(sip);
    if constexpr (requires { request.user_agent; }) request.user_agent = user_agent_of(sip);
    if constexpr (requires { request.payload; }) request.payload = to_payload(sip);
    return request;
}

/// Without a Call-ID, and so refused, where it is malformed or not the only one.
std::optional<Replaces> to_replaces(const sip_t& sip)
{
    if (is_faulty(sip, sip_replaces_class)) return Replaces{};
    const auto* replaces = sip.sip_replaces;
    if (!replaces) return std::nullopt;
    return Replaces{std::string{text_of(replaces->rp_call_id)},
                    std::string{text_of(replaces->rp_to_tag)},
                    std::string{text_of(replaces->rp_from_tag)}, replaces->rp_early_only != 0};
}

/// What cannot be read the stack keeps out of the message, as if it were not there. With a comma
/// before it a Refer-To is no single address, whatever it is.
PayloadRef with_faulty_fields(PayloadRef payload, const sip_t& sip)
{
    const bool referred_by = is_faulty(sip, sip_referred_by_class);
    const auto refer_to = is_faulty(sip, sip_refer_to_class) ? take_unreadable_refer_to() : "";
    if (!referred_by && refer_to.empty()) return payload;
    auto more = std::make_shared<Payload>(payload ? *payload : Payload{});
    if (referred_by) more->headers.push_back({"Referred-By", {}});
    if (!refer_to.empty()) more->headers.push_back({"Refer-To", ',' + refer_to});
    return more;
}

/// The stack does not know Target-Dialog. Further than to us it says nothing, so it does not pass.
PayloadRef with_target_dialog(PayloadRef payload, const sip_t& sip)
{
    const auto dialogs = unknown_fields(sip, "Target-Dialog");
    if (dialogs.empty()) return payload;
    auto more = std::make_shared<Payload>(payload ? *payload : Payload{});
    for (const auto& dialog : dialogs) more->headers.push_back({"Target-Dialog", dialog});
    return more;
}

/// RFC 5367 §3.
bool is_recipient_list(const sip_t& sip)
{
    const auto* disposition = sip.sip_content_disposition;
    return (disposition && same_word(text_of(disposition->cd_type), "recipient-list")) ||
           sip_has_feature(sip.sip_require, "recipient-list-subscribe");
}

}  // namespace

InviteReceived to_invite(const sip_t& sip, TransactionId transaction, Flow source,
                         std::string_view extension)
{
    auto invite = received<InviteReceived>(sip, transaction, std::move(source), extension);
    invite.via = field_texts(sip.sip_via);
    invite.session_timer = to_session_timer(sip);
    invite.replaces = to_replaces(sip);
    if (const auto joins = unknown_fields(sip, "Join"); !joins.empty())
        invite.join = (joins.size() == 1 ? parse_replaces(joins.front()) : std::nullopt)
                          .value_or(Replaces{});  // without tags, and so refused
    invite.focus = is_focus(sip);
    invite.allows_update = allows_update(sip);
    invite.denies_update = sip.sip_allow && !invite.allows_update;
    invite.unsupported = unsupported_options(sip);
    invite.uri_has_headers = !text_of(sip.sip_request->rq_url->url_headers).empty();
    return invite;
}

RegisterReceived to_register(const sip_t& sip, TransactionId transaction, Flow source,
                             std::string_view extension)
{
    auto request = received<RegisterReceived>(sip, transaction, std::move(source), extension);
    request.aor = extension;
    request.path = field_texts(sip.sip_path);
    for (const auto* contact = sip.sip_contact; contact; contact = contact->m_next) {
        if (contact->m_url->url_type == url_any) {
            request.wildcard = true;
            continue;
        }
        if (request.contacts.size() == max_register_contacts) break;
        request.contacts.push_back(to_register_contact(*contact));
    }
    return request;
}

SubscribeReceived to_subscribe(const sip_t& sip, TransactionId transaction, Flow source,
                               std::string_view extension)
{
    auto request = received<SubscribeReceived>(sip, transaction, std::move(source), extension);
    if (sip.sip_event) request.event_params = joined(sip.sip_event->o_params);
    for (const auto* accept = sip.sip_accept; accept; accept = accept->ac_next) {
        if (!accept->ac_type) continue;
        const bool wanted = thousandths(msg_params_find(accept->ac_params, "q=")) > 0;
        (wanted ? request.accept : request.accept_not).push_back(lowered(text_of(accept->ac_type)));
    }
    request.supported = request.supported | to_option_tags(sip.sip_require);
    request.recipient_list = is_recipient_list(sip);
    // What cannot be inflated stays as it is, and so is not what Content-Type says.
    if (has_body(request.payload) && is_deflated(sip))
        if (auto body = inflated(request.payload->body, max_xml_text)) {
            auto payload = std::make_shared<Payload>(*request.payload);
            payload->body = *std::move(body);
            request.payload = std::move(payload);
        }
    return request;
}

PublishReceived to_publish(const sip_t& sip, TransactionId transaction, Flow source,
                           std::string_view extension)
{
    auto request = received<PublishReceived>(sip, transaction, std::move(source), extension);
    if (sip.sip_if_match) request.if_match = text_of(sip.sip_if_match->g_string);
    // Beside one that can be read it would be passed over, as the stack puts it away.
    if (is_faulty(sip, sip_call_info_class) || has_empty_call_info(sip)) {
        auto payload = std::make_shared<Payload>(request.payload ? *request.payload : Payload{});
        payload->headers.push_back({"Call-Info", {}});
        request.payload = std::move(payload);
    }
    return request;
}

ReferReceived to_refer(const sip_t& sip, TransactionId transaction, Flow source,
                       std::string_view extension)
{
    auto request = received<ReferReceived>(sip, transaction, std::move(source), extension);
    request.payload =
        with_target_dialog(with_faulty_fields(std::move(request.payload), sip), sip);
    return request;
}

MessageReceived to_message(const sip_t& sip, TransactionId transaction, Flow source,
                           std::string_view extension)
{
    return received<MessageReceived>(sip, transaction, std::move(source), extension);
}

RequestReceived to_request(const sip_t& sip, TransactionId transaction, LegId leg)
{
    RequestReceived request;
    request.transaction = transaction;
    request.leg = leg;
    request.method = to_method(sip);
    request.method_name = text_of(sip.sip_request->rq_method_name);
    request.cseq = sip.sip_cseq->cs_seq;
    const bool refreshes = request.method == Method::invite || request.method == Method::update;
    if (refreshes && sip.sip_contact && sip.sip_contact->m_url->url_host)
        request.contact = to_uri(*sip.sip_contact->m_url);
    request.supported = to_option_tags(sip.sip_supported);
    request.session_timer = to_session_timer(sip);
    if (sip.sip_rack) request.rack_rseq = sip.sip_rack->ra_response;
    request.focus = refreshes && is_focus(sip);
    if (request.method == Method::bye) {
        const auto also = unknown_fields(sip, "Also");
        const bool malformed = also.size() > 1 || (also.size() == 1 && also.front().empty());
        // With a comma before it, it is no single address, whatever it is.
        if (!also.empty()) request.also = malformed ? ',' + also.front() : also.front();
        if (sip.sip_contact && sip.sip_contact->m_url->url_host)
            request.left_contact = to_uri(*sip.sip_contact->m_url);
    }
    if (request.method == Method::invite) request.via = field_texts(sip.sip_via);
    if (request.method == Method::subscribe) request.expires = expires_of(sip);
    request.payload = to_payload(sip);
    if (request.method == Method::refer)
        request.payload = with_faulty_fields(std::move(request.payload), sip);
    return request;
}

}  // namespace lampline::sip
