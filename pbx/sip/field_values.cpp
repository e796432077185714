#include "sip/field_values.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <memory>

#include "base/text.hpp"
#include "sip/passed_headers.hpp"

namespace lampline::sip {
namespace {

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
    const auto text = unquoted(text_of(raw));
    std::string name;
    name.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\' && i + 1 < text.size()) ++i;
        name += text[i];
    }
    return name;
}

std::string_view header_name(const msg_header_t& header) noexcept
{
    if (msg_is_unknown(&header))
        return text_of(reinterpret_cast<const msg_unknown_t&>(header).un_name);
    return text_of(header.sh_class->hc_name);
}

}  // namespace

std::string field_text(const msg_header_t* header)
{
    // The stack writes those it does not know with their names.
    if (msg_is_unknown(header))
        return std::string{text_of(reinterpret_cast<const msg_unknown_t*>(header)->un_value)};
    // What comes of it is kept with the call, and so takes no more than it needs.
    std::array<char, 256> most;
    auto length = msg_header_field_e(most.data(), static_cast<isize_t>(most.size()), header, 0);
    if (length < 0) return {};
    if (static_cast<std::size_t>(length) < most.size())
        return {most.data(), static_cast<std::size_t>(length)};
    std::string text(static_cast<std::size_t>(length) + 1, '\0');
    length = msg_header_field_e(text.data(), static_cast<isize_t>(text.size()), header, 0);
    if (length < 0 || static_cast<std::size_t>(length) >= text.size()) return {};
    text.resize(static_cast<std::size_t>(length));
    return text;
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

SipUri contact_of(const sip_t& sip)
{
    return sip.sip_contact ? to_uri(*sip.sip_contact->m_url) : SipUri{};
}

NameAddr to_name_addr(const sip_addr_t& address)
{
    return {display_name(address.a_display), to_uri(*address.a_url)};
}

Parties to_parties(const sip_t& sip)
{
    return {to_name_addr(*sip.sip_from), std::string{text_of(sip.sip_from->a_tag)},
            to_name_addr(*sip.sip_to), std::string{text_of(sip.sip_to->a_tag)}};
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
            if (same_word(*item, "199")) set = set | OptionTag::early_end;
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
    const auto* software = sip.sip_user_agent ? sip.sip_user_agent : sip.sip_server;
    return std::string{text_of(software ? software->g_string : nullptr)};
}

unsigned max_forwards_of(const sip_t& sip) noexcept
{
    return sip.sip_max_forwards
               ? static_cast<unsigned>(std::min(sip.sip_max_forwards->mf_count, 255UL))
               : 70;
}

bool is_focus(const sip_t& sip) noexcept
{
    return sip.sip_contact && msg_params_find(sip.sip_contact->m_params, "isfocus");
}

bool allows_update(const sip_t& sip) noexcept
{
    return sip.sip_allow && sip_is_allowed(sip.sip_allow, SIP_METHOD_UPDATE);
}

bool is_faulty(const sip_t& sip, const msg_hclass_t* kind) noexcept
{
    for (const auto* error = sip.sip_error; error; error = error->er_next) {
        const auto* of = error->er_common->h_class;
        if (of == kind) return true;  // the stack puts away what is one too many as it is
        if (of == sip_error_class && error->er_name && same_word(error->er_name, kind->hc_name))
            return true;
    }
    return false;
}

std::vector<std::string> unknown_fields(const sip_t& sip, std::string_view name)
{
    std::vector<std::string> values;
    for (const auto* header = sip.sip_unknown; header; header = header->un_next)
        if (header->un_name && header->un_value && same_word(header->un_name, name))
            values.emplace_back(header->un_value);
    return values;
}

}  // namespace lampline::sip
