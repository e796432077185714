#include "sip/translate.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <memory>

#include "base/text.hpp"
#include "core/refer.hpp"

namespace lampline::sip {
namespace {

constexpr std::size_t max_redirects = 16;
constexpr std::size_t max_register_contacts = 32;

std::string text_of(const char* text)
{
    return text ? std::string{text} : std::string{};
}

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

std::string_view unquoted(std::string_view text) noexcept
{
    if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
        text.remove_prefix(1);
        text.remove_suffix(1);
    }
    return text;
}

std::string display_name(const char* raw)
{
    const auto text = unquoted(raw ? raw : "");
    std::string name;
    name.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\' && i + 1 < text.size()) ++i;
        name += text[i];
    }
    return name;
}

std::chrono::seconds seconds_of(unsigned long count) noexcept
{
    return std::chrono::seconds{static_cast<std::int64_t>(std::min(count, 0xffffffffUL))};
}

std::optional<std::chrono::seconds> seconds_of(const char* digits) noexcept
{
    if (!digits) return std::nullopt;
    const std::string_view text{digits};
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc::result_out_of_range) return std::chrono::seconds{0xffffffffL};
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return seconds_of(static_cast<unsigned long>(value));
}

std::optional<std::chrono::seconds> expires_of(const sip_t& sip) noexcept
{
    if (!sip.sip_expires || sip.sip_expires->ex_date) return std::nullopt;
    return seconds_of(static_cast<unsigned long>(sip.sip_expires->ex_delta));
}

/// A q value times 1000 (RFC 3261 §25.1 qvalue); malformed ones count as 1.
unsigned thousandths(const char* text) noexcept
{
    if (!text || !*text) return 1000;
    if (*text == '1' || (*text != '0' && *text != '.')) return 1000;
    const char* digit = std::strchr(text, '.');
    unsigned value = 0;
    unsigned weight = 100;
    for (digit = digit ? digit + 1 : ""; *digit >= '0' && *digit <= '9' && weight;
         ++digit, weight /= 10)
        value += static_cast<unsigned>(*digit - '0') * weight;
    return value;
}

std::string user_agent_of(const sip_t& sip)
{
    if (sip.sip_user_agent) return text_of(sip.sip_user_agent->g_string);
    return sip.sip_server ? text_of(sip.sip_server->g_string) : std::string{};
}

unsigned max_forwards_of(const sip_t& sip) noexcept
{
    return sip.sip_max_forwards
               ? static_cast<unsigned>(std::min(sip.sip_max_forwards->mf_count, 255UL))
               : 70;
}

/// The values of all headers of a kind, top first.
template <class Header>
std::vector<std::string> field_texts(const Header* first)
{
    std::vector<std::string> texts;
    for (const auto* header = reinterpret_cast<const msg_header_t*>(first); header;
         header = header->sh_next)
        texts.push_back(field_text(header));
    return texts;
}

bool is_focus(const sip_t& sip) noexcept
{
    return sip.sip_contact && msg_params_find(sip.sip_contact->m_params, "isfocus");
}

bool allows_update(const sip_t& sip) noexcept
{
    return sip.sip_allow && sip_is_allowed(sip.sip_allow, SIP_METHOD_UPDATE);
}

std::string_view header_name(const msg_header_t& header) noexcept
{
    if (msg_is_unknown(&header)) {
        const auto* name = reinterpret_cast<const msg_unknown_t&>(header).un_name;
        return name ? name : "";
    }
    return header.sh_class->hc_name ? header.sh_class->hc_name : "";
}

constexpr std::array passing_headers = std::to_array<std::string_view>({
    "accept",
    "accept-language",
    "alert-info",
    "allow-events",
    "answer-mode",
    "call-info",
    "content-disposition",
    "content-encoding",
    "content-id",
    "content-language",
    "diversion",
    "error-info",
    "event",
    "history-info",
    "in-reply-to",
    "info-package",
    "mime-version",
    "organization",
    "p-early-media",
    "priority",
    "priv-answer-mode",
    "privacy",
    "reason",
    "recv-info",
    "refer-sub",
    "refer-to",
    "referred-by",
    "retry-after",
    "subject",
    "subscription-state",
    "warning",
});
static_assert(std::ranges::is_sorted(passing_headers));

constexpr std::size_t longest_passing = 24;

/// By length: the first letters of the names above, a bit for each of the alphabet.
constexpr auto passing_initials = [] {
    std::array<std::uint32_t, longest_passing + 1> initials{};
    for (const auto name : passing_headers) initials[name.size()] |= 1U << (name.front() & 31);
    return initials;
}();

}  // namespace

bool passes_through(std::string_view header_name) noexcept
{
    std::array<char, longest_passing> name;
    if (header_name.empty() || header_name.size() > name.size()) return false;
    // Most headers of a message describe its dialog; they end here.
    if ((passing_initials[header_name.size()] >> (header_name.front() & 31) & 1) == 0) return false;
    std::ranges::transform(header_name, name.begin(), lower);
    return std::ranges::binary_search(passing_headers,
                                      std::string_view{name.data(), header_name.size()});
}

std::string field_text(const msg_header_t* header)
{
    // The stack writes those it does not know with their names.
    if (msg_is_unknown(header))
        return text_of(reinterpret_cast<const msg_unknown_t*>(header)->un_value);
    std::string text(256, '\0');
    for (int attempt = 0; attempt < 2; ++attempt) {
        const auto length =
            msg_header_field_e(text.data(), static_cast<isize_t>(text.size()), header, 0);
        if (length < 0) return {};
        const bool fitted = static_cast<std::size_t>(length) < text.size();
        text.resize(static_cast<std::size_t>(length) + (fitted ? 0 : 1));
        if (fitted) return text;
    }
    return {};
}

void append_headers(std::string& text, const msg_header_t* first)
{
    for (const auto* header = first; header; header = header->sh_next) {
        const auto start = text.size();
        std::size_t room = 256;
        for (int attempt = 0; attempt < 2; ++attempt) {
            text.resize(start + room);
            const auto length =
                msg_header_e(text.data() + start, static_cast<isize_t>(room), header, 0);
            if (length < 0) {
                text.resize(start);
                break;
            }
            if (static_cast<std::size_t>(length) < room) {
                text.resize(start + static_cast<std::size_t>(length));
                break;
            }
            room = static_cast<std::size_t>(length) + 1;
        }
    }
}

SipUri to_uri(const url_t& url)
{
    SipUri uri;
    switch (static_cast<url_type_e>(url.url_type)) {
    case url_sips: uri.scheme = UriScheme::sips; break;
    case url_tel: uri.scheme = UriScheme::tel; break;
    default: break;
    }
    uri.user = text_of(url.url_user);
    uri.host = text_of(url.url_host);
    if (url.url_port) {
        const std::string_view port{url.url_port};
        std::from_chars(port.data(), port.data() + port.size(), uri.port);
    }
    if (url.url_params && *url.url_params) {
        uri.params.reserve(1 + std::strlen(url.url_params));
        uri.params = ';';
        uri.params += url.url_params;
    }
    return uri;
}

NameAddr to_name_addr(const sip_addr_t& address)
{
    return {display_name(address.a_display), to_uri(*address.a_url)};
}

Parties to_parties(const sip_t& sip)
{
    return {to_name_addr(*sip.sip_from), text_of(sip.sip_from->a_tag), to_name_addr(*sip.sip_to),
            text_of(sip.sip_to->a_tag)};
}

Method to_method(const sip_t& sip)
{
    const auto method = sip.sip_request ? sip.sip_request->rq_method : sip.sip_cseq->cs_method;
    switch (method) {
    case sip_method_invite: return Method::invite;
    case sip_method_ack: return Method::ack;
    case sip_method_bye: return Method::bye;
    case sip_method_cancel: return Method::cancel;
    case sip_method_options: return Method::options;
    case sip_method_info: return Method::info;
    case sip_method_update: return Method::update;
    case sip_method_prack: return Method::prack;
    case sip_method_refer: return Method::refer;
    case sip_method_notify: return Method::notify;
    case sip_method_subscribe: return Method::subscribe;
    case sip_method_publish: return Method::publish;
    case sip_method_message: return Method::message;
    case sip_method_register: return Method::register_;
    default: return Method::other;
    }
}

OptionTag to_option_tags(const msg_list_t* tags)
{
    auto set = OptionTag::none;
    for (; tags; tags = tags->k_next)
        for (const auto* item = tags->k_items; item && *item; ++item) {
            if (same_word(*item, "timer")) set = set | OptionTag::timer;
            if (same_word(*item, "100rel")) set = set | OptionTag::reliable;
            if (same_word(*item, "replaces")) set = set | OptionTag::replaces;
            if (same_word(*item, "join")) set = set | OptionTag::join;
            if (same_word(*item, "norefersub")) set = set | OptionTag::norefersub;
            if (same_word(*item, "eventlist")) set = set | OptionTag::eventlist;
        }
    return set;
}

SessionTimer to_session_timer(const sip_t& sip)
{
    SessionTimer timer;
    if (const auto* expires = sip.sip_session_expires) {
        timer.expires = seconds_of(expires->x_delta);
        const std::string_view refresher{expires->x_refresher ? expires->x_refresher : ""};
        if (same_word(refresher, "uac")) timer.refresher = Refresher::uac;
        if (same_word(refresher, "uas")) timer.refresher = Refresher::uas;
    }
    if (sip.sip_min_se) timer.min_se = seconds_of(sip.sip_min_se->min_delta);
    return timer;
}

PayloadRef to_payload(const sip_t& sip)
{
    std::shared_ptr<Payload> payload;
    const auto make = [&]() -> Payload& {
        if (!payload) payload = std::make_shared<Payload>();
        return *payload;
    };
    if (const auto* body = sip.sip_payload; body && body->pl_len > 0) {
        make().body.assign(body->pl_data, body->pl_len);
        if (sip.sip_content_type)
            payload->content_type =
                field_text(reinterpret_cast<const msg_header_t*>(sip.sip_content_type));
    }
    const auto* header = sip.sip_request ? reinterpret_cast<const msg_header_t*>(sip.sip_request)
                                         : reinterpret_cast<const msg_header_t*>(sip.sip_status);
    for (; header; header = header->sh_succ) {
        const auto name = header_name(*header);
        if (passes_through(name)) make().headers.push_back({std::string{name}, field_text(header)});
    }
    return payload;
}

InviteReceived to_invite(const sip_t& sip, TransactionId transaction, Flow source,
                         std::string_view extension)
{
    InviteReceived invite;
    invite.transaction = transaction;
    invite.source = std::move(source);
    invite.authenticated = extension;
    invite.request_uri = to_uri(*sip.sip_request->rq_url);
    invite.parties = to_parties(sip);
    invite.call_id = sip.sip_call_id->i_id;
    invite.cseq = sip.sip_cseq->cs_seq;
    invite.record_route = field_texts(sip.sip_record_route);
    invite.via = field_texts(sip.sip_via);
    if (sip.sip_contact) invite.contact = to_uri(*sip.sip_contact->m_url);
    invite.max_forwards = max_forwards_of(sip);
    invite.supported = to_option_tags(sip.sip_supported);
    invite.required = to_option_tags(sip.sip_require);
    invite.session_timer = to_session_timer(sip);
    if (const auto* replaces = sip.sip_replaces)
        invite.replaces = Replaces{text_of(replaces->rp_call_id), text_of(replaces->rp_to_tag),
                                   text_of(replaces->rp_from_tag), replaces->rp_early_only != 0};
    if (const auto joins = unknown_fields(sip, "Join"); !joins.empty())
        invite.join = (joins.size() == 1 ? parse_replaces(joins.front()) : std::nullopt)
                          .value_or(Replaces{});  // without tags, and so refused
    invite.focus = is_focus(sip);
    invite.allows_update = allows_update(sip);
    invite.user_agent = user_agent_of(sip);
    invite.payload = to_payload(sip);
    return invite;
}

std::optional<NameAddr> asserted_identity(const sip_t& sip)
{
    const auto* header = reinterpret_cast<const msg_header_t*>(sip.sip_request);
    for (; header; header = header->sh_succ) {
        if (!same_word(header_name(*header), "P-Asserted-Identity")) continue;
        // One SIP and one tel URI may stand there (RFC 3325 §9.1), in either order: both say the
        // number.
        const auto text = field_text(header);
        const auto end = text.find('>');
        return NameAddr::parse(
            std::string_view{text}.substr(0, end == std::string::npos ? end : end + 1));
    }
    return std::nullopt;
}

RegisterContact to_register_contact(const sip_contact_t& contact)
{
    RegisterContact entry;
    entry.uri = to_uri(*contact.m_url);
    entry.display_name = display_name(contact.m_display);
    entry.expires = seconds_of(contact.m_expires);
    entry.q_thousandths = thousandths(contact.m_q);
    if (const auto* instance = msg_params_find(contact.m_params, "+sip.instance="))
        entry.instance = unquoted(instance);
    return entry;
}

RegisterReceived to_register(const sip_t& sip, TransactionId transaction, Flow source,
                             std::string_view extension)
{
    RegisterReceived request;
    request.transaction = transaction;
    request.source = std::move(source);
    request.aor = extension;
    request.expires = expires_of(sip);
    request.call_id = sip.sip_call_id->i_id;
    request.cseq = sip.sip_cseq->cs_seq;
    request.user_agent = user_agent_of(sip);
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
    SubscribeReceived request;
    request.transaction = transaction;
    request.source = std::move(source);
    request.authenticated = extension;
    request.request_uri = to_uri(*sip.sip_request->rq_url);
    request.parties = to_parties(sip);
    request.call_id = sip.sip_call_id->i_id;
    request.cseq = sip.sip_cseq->cs_seq;
    if (sip.sip_contact) request.contact = to_uri(*sip.sip_contact->m_url);
    request.record_route = field_texts(sip.sip_record_route);
    if (sip.sip_event) {
        request.event = lowered(text_of(sip.sip_event->o_type));
        request.event_params = joined(sip.sip_event->o_params);
    }
    for (const auto* accept = sip.sip_accept; accept; accept = accept->ac_next)
        if (accept->ac_type) request.accept.push_back(lowered(text_of(accept->ac_type)));
    request.expires = expires_of(sip);
    request.supported = to_option_tags(sip.sip_supported) | to_option_tags(sip.sip_require);
    request.user_agent = user_agent_of(sip);
    request.payload = to_payload(sip);
    return request;
}

PublishReceived to_publish(const sip_t& sip, TransactionId transaction, Flow source,
                           std::string_view extension)
{
    PublishReceived request;
    request.transaction = transaction;
    request.source = std::move(source);
    request.authenticated = extension;
    request.request_uri = to_uri(*sip.sip_request->rq_url);
    if (sip.sip_event) request.event = lowered(text_of(sip.sip_event->o_type));
    if (sip.sip_if_match) request.if_match = text_of(sip.sip_if_match->g_string);
    request.expires = expires_of(sip);
    request.payload = to_payload(sip);
    return request;
}

ReferReceived to_refer(const sip_t& sip, TransactionId transaction, Flow source,
                       std::string_view extension)
{
    ReferReceived request;
    request.transaction = transaction;
    request.source = std::move(source);
    request.authenticated = extension;
    request.request_uri = to_uri(*sip.sip_request->rq_url);
    request.parties = to_parties(sip);
    request.call_id = sip.sip_call_id->i_id;
    request.cseq = sip.sip_cseq->cs_seq;
    if (sip.sip_contact) request.contact = to_uri(*sip.sip_contact->m_url);
    request.record_route = field_texts(sip.sip_record_route);
    request.supported = to_option_tags(sip.sip_supported);
    request.required = to_option_tags(sip.sip_require);
    request.payload = to_payload(sip);
    return request;
}

std::vector<std::string> unknown_fields(const sip_t& sip, std::string_view name)
{
    std::vector<std::string> values;
    for (const auto* header = sip.sip_unknown; header; header = header->un_next)
        if (header->un_name && header->un_value && same_word(header->un_name, name))
            values.emplace_back(header->un_value);
    return values;
}

MessageReceived to_message(const sip_t& sip, TransactionId transaction, Flow source,
                           std::string_view extension)
{
    MessageReceived message;
    message.transaction = transaction;
    message.source = std::move(source);
    message.authenticated = extension;
    message.request_uri = to_uri(*sip.sip_request->rq_url);
    message.parties = to_parties(sip);
    message.max_forwards = max_forwards_of(sip);
    message.payload = to_payload(sip);
    return message;
}

StandaloneAnswered to_standalone_answer(const sip_t& sip, ClientTransactionId transaction)
{
    StandaloneAnswered answer;
    answer.transaction = transaction;
    answer.status = static_cast<unsigned>(sip.sip_status->st_status);
    answer.phrase = text_of(sip.sip_status->st_phrase);
    answer.cseq = sip.sip_cseq->cs_seq;
    if (sip.sip_retry_after)
        answer.retry_after = seconds_of(static_cast<unsigned long>(sip.sip_retry_after->af_delta));
    if (sip.sip_min_expires) answer.min_expires = seconds_of(sip.sip_min_expires->me_delta);
    if (sip.sip_cseq->cs_method == sip_method_register && answer.status / 100 == 2) {
        for (const auto* contact = sip.sip_contact; contact; contact = contact->m_next)
            if (answer.contacts.size() < max_register_contacts)
                answer.contacts.push_back(to_register_contact(*contact));
        answer.expires = expires_of(sip);
        answer.service_route = field_texts(sip.sip_service_route);
    }
    answer.payload = to_payload(sip);
    return answer;
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
        if (!also.empty()) request.also = also.size() == 1 ? also.front() : ",";
        if (sip.sip_contact && sip.sip_contact->m_url->url_host)
            request.left_contact = to_uri(*sip.sip_contact->m_url);
    }
    request.payload = to_payload(sip);
    return request;
}

ResponseReceived to_response(const sip_t& sip, LegId leg, ClientTransactionId transaction,
                             Method method)
{
    ResponseReceived response;
    response.leg = leg;
    response.transaction = transaction;
    response.method = method;
    response.status = static_cast<unsigned>(sip.sip_status->st_status);
    response.phrase = text_of(sip.sip_status->st_phrase);
    response.to_tag = text_of(sip.sip_to->a_tag);
    response.generated = nta_sip_is_internal(&sip) != 0;
    if (response.generated) return response;
    response.cseq = sip.sip_cseq->cs_seq;
    if (sip.sip_contact && sip.sip_contact->m_url->url_host)
        response.contact = to_uri(*sip.sip_contact->m_url);
    if (response.status / 100 == 2 && method == Method::invite)
        response.record_route = field_texts(sip.sip_record_route);
    if (response.status / 100 == 3) {
        std::vector<const sip_contact_t*> contacts;
        for (const auto* contact = sip.sip_contact; contact; contact = contact->m_next)
            contacts.push_back(contact);
        std::ranges::stable_sort(
            contacts, std::ranges::greater{},
            [](const sip_contact_t* contact) { return thousandths(contact->m_q); });
        for (const auto* contact : contacts)
            if (response.redirects.size() < max_redirects)
                response.redirects.push_back(to_uri(*contact->m_url));
    }
    response.required = to_option_tags(sip.sip_require);
    if (sip.sip_rseq && has(response.required, OptionTag::reliable))
        response.reliable.rseq = static_cast<std::uint32_t>(sip.sip_rseq->rs_response);
    response.supported = to_option_tags(sip.sip_supported);
    response.session_timer = to_session_timer(sip);
    response.user_agent = user_agent_of(sip);
    response.focus = is_focus(sip);
    response.allows_update = allows_update(sip);
    response.payload = to_payload(sip);
    return response;
}

}  // namespace lampline::sip
