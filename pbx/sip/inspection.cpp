#include "sip/inspection.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <strings.h>

#include <fmt/format.h>

#include "core/extension_uri.hpp"
#include "core/xml_parser.hpp"
#include "sip/faulty_fields.hpp"
#include "sip/field_values.hpp"
#include "sip/header_text.hpp"

namespace lampline::sip {
namespace {

std::string allow_header()
{
    return fmt::format("Allow: {}\r\n", allowed_methods);
}

std::optional<Rejection> inspect_method(const sip_t& sip)
{
    switch (sip.sip_request->rq_method) {
    case sip_method_invite:
    case sip_method_options:
    case sip_method_refer:
    case sip_method_register:
    case sip_method_message:
    case sip_method_publish:
    case sip_method_subscribe: break;
    case sip_method_bye:
    case sip_method_info:
    case sip_method_update:
    case sip_method_prack:
    case sip_method_notify: return Rejection{481, "Call/Transaction Does Not Exist", {}};
    default: return Rejection{501, {}, allow_header()};
    }
    // A SUBSCRIBE within a dialog is ours too: subscriptions have no leg in the stack.
    const auto method = sip.sip_request->rq_method;
    if (sip.sip_to->a_tag &&
        (method == sip_method_invite || method == sip_method_message || method == sip_method_refer))
        return Rejection{481, "Call/Transaction Does Not Exist", {}};
    return std::nullopt;
}

bool has_usable_contact(const sip_t& sip) noexcept
{
    const auto* contact = sip.sip_contact;
    if (!contact || !contact->m_url->url_host || !*contact->m_url->url_host) return false;
    return contact->m_url->url_type == url_sip || contact->m_url->url_type == url_sips;
}

/// A contact at our own address would be dialled like a number here, and ring a phone instead.
bool registers_our_address(const sip_t& sip, const Transports& transports)
{
    for (const auto* contact = sip.sip_contact; contact; contact = contact->m_next)
        if (contact->m_url->url_host && transports.is_us(*contact->m_url)) return true;
    return false;
}

/// As Addresses::is_of_other_plan().
bool is_of_other_plan(const url_t& url, const Transports& transports)
{
    const bool may_say = url.url_type == url_tel ? url.url_params != nullptr
                                                 : url.url_user && std::strchr(url.url_user, ';');
    const auto context = may_say ? phone_context(to_uri(url)) : std::nullopt;
    return context && !context->starts_with('+') && !transports.is_ours(*context);
}

/// A number of somebody else's plan is nobody's here. Of an INVITE the engine judges that, which lets calls for help
/// through.
std::optional<Rejection> inspect_plan(const sip_t& sip, const Transports& transports)
{
    const auto refuse = [](std::string_view field) {
        return Rejection{404, "Not A Number Here",
                         "Warning: " + warning_of(field, "its phone-context is not of this exchange") +
                             "\r\n"};
    };
    if (is_of_other_plan(*sip.sip_request->rq_url, transports)) return refuse("Request-URI");
    if (sip.sip_request->rq_method == sip_method_register &&
        is_of_other_plan(*sip.sip_to->a_url, transports))
        return refuse("To");
    return std::nullopt;
}

bool came_back(const sip_t& sip, const Transports& transports)
{
    const auto text = [](const char* part) { return std::string_view{part ? part : ""}; };
    const auto& url = *sip.sip_request->rq_url;
    std::string mark;
    for (const auto* via = sip.sip_via; via; via = via->v_next) {
        if (!via->v_branch || !via->v_host ||
            !transports.is_our_sent_by(via->v_host, via->v_port ? via->v_port : ""))
            continue;
        if (mark.empty())
            mark = loop_mark(text(url.url_user), text(url.url_host), text(url.url_port));
        if (std::string_view{via->v_branch}.ends_with(mark)) return true;
    }
    return false;
}

/// A document of an event package has a limit of its own that is far below, and one that is beyond
/// both is refused in the same way.
Rejection overlong_body(const sip_t& sip, std::size_t body_limit)
{
    const auto method = sip.sip_request ? sip.sip_request->rq_method : sip_method_unknown;
    const bool of_event = method == sip_method_subscribe || method == sip_method_publish ||
                          method == sip_method_notify;
    const auto* type = sip.sip_content_type ? sip.sip_content_type->c_type : nullptr;
    if (!of_event || !type || !is_xml(type)) return {413, "Request Entity Too Large", {}};
    // What a phone notifies is mostly another phone's to read.
    const auto most = method == sip_method_notify ? body_limit : std::min(body_limit, max_xml_text);
    return {400, "Malformed Body",
            fmt::format("Warning: 399 lampline \"the body is not what Content-Type says: XML of at "
                        "most {} KB\"\r\n",
                        most / 1024)};
}

}  // namespace

std::string loop_mark(std::string_view user, std::string_view host, std::string_view port)
{
    return fmt::format("-{:016x}",
                       std::hash<std::string>{}(fmt::format("{}\n{}\n{}", user, host, port)));
}

std::vector<std::string> unsupported_options(const sip_t& sip)
{
    constexpr std::array calls =
        std::to_array<std::string_view>({"timer", "100rel", "replaces", "join"});
    const auto method = sip.sip_request->rq_method;
    const auto is_known = [&](std::string_view tag) {
        switch (method) {
        case sip_method_invite: return std::ranges::find(calls, tag) != calls.end();
        case sip_method_update: return tag == "timer";
        case sip_method_register: return tag == "path";
        case sip_method_refer: return tag == "norefersub" || tag == "tdialog";
        case sip_method_subscribe: return tag == "eventlist" || tag == "recipient-list-subscribe";
        default: return false;
        }
    };
    std::vector<std::string> unsupported;
    for (const auto* require = sip.sip_require; require; require = require->k_next)
        for (const auto* item = require->k_items; item && *item; ++item)
            if (!is_known(*item)) unsupported.emplace_back(*item);
    return unsupported;
}

std::optional<Rejection> inspect_require(const sip_t& sip)
{
    std::string unsupported;
    for (const auto& tag : unsupported_options(sip)) append_header(unsupported, "Unsupported", tag);
    if (unsupported.empty()) return std::nullopt;
    return Rejection{420, {}, std::move(unsupported)};
}

std::optional<Rejection> inspect_proxy_require(const sip_t& sip)
{
    std::string unsupported;
    for (const auto* require = sip.sip_proxy_require; require; require = require->k_next)
        for (const auto* item = require->k_items; item && *item; ++item)
            append_header(unsupported, "Unsupported", *item);
    if (unsupported.empty()) return std::nullopt;
    return Rejection{420, {}, std::move(unsupported)};
}

bool is_emergency_service(const url_t& url) noexcept
{
    // The stack reads what follows the scheme as host and port.
    const auto is = [](const char* part, const char* word) {
        return part && strcasecmp(part, word) == 0;
    };
    return url.url_type == url_unknown && !url.url_user && is(url.url_scheme, "urn") &&
           is(url.url_host, "service") && url.url_port &&
           (is(url.url_port, "sos") || strncasecmp(url.url_port, "sos.", 4) == 0);
}

std::optional<Rejection> inspect_body(const sip_t& sip, std::size_t body_limit)
{
    if (sip.sip_payload && sip.sip_payload->pl_len > body_limit)
        return overlong_body(sip, body_limit);
    // What only the two phones read is theirs to refuse.
    if (sip.sip_request && sip.sip_request->rq_method == sip_method_message) return std::nullopt;
    const bool inflates = sip.sip_request && sip.sip_request->rq_method == sip_method_subscribe;
    if (inflates && is_deflated(sip)) return std::nullopt;
    for (const auto* encoding = sip.sip_content_encoding; encoding; encoding = encoding->k_next)
        for (const auto* item = encoding->k_items; item && *item; ++item)
            if (strcasecmp(*item, "identity") != 0)
                return Rejection{415,
                                 {},
                                 inflates ? "Accept-Encoding: deflate, identity\r\n"
                                          : "Accept-Encoding: identity\r\n"};
    return std::nullopt;
}

bool is_deflated(const sip_t& sip) noexcept
{
    const auto* encoding = sip.sip_content_encoding;
    return encoding && !encoding->k_next && encoding->k_items && encoding->k_items[0] &&
           !encoding->k_items[1] && strcasecmp(encoding->k_items[0], "deflate") == 0;
}

std::optional<Rejection> inspect_request(const sip_t& sip, const Transports& transports)
{
    if (auto rejection = inspect_method(sip)) return rejection;
    const auto& url = *sip.sip_request->rq_url;
    const auto method = sip.sip_request->rq_method;
    const bool for_help = method == sip_method_invite && is_emergency_service(url);
    if (url.url_type != url_sip && url.url_type != url_sips && url.url_type != url_tel && !for_help)
        return Rejection{416, {}, {}};
    const bool to_us = url.url_type == url_tel || for_help || transports.is_ours(url.url_host);
    if (sip.sip_max_forwards && sip.sip_max_forwards->mf_count == 0 &&
        !(method == sip_method_options && to_us))
        return Rejection{483, {}, {}};
    if (method == sip_method_invite && came_back(sip, transports)) return Rejection{482, {}, {}};
    // An INVITE may name a phone by its contact, and a dialog with a phone does.
    const bool at_a_phone =
        method == sip_method_invite || (method == sip_method_subscribe && sip.sip_to->a_tag);
    if (!to_us && !at_a_phone) return Rejection{404, {}, {}};
    if (method == sip_method_register &&
        (!sip.sip_to->a_url->url_host || !transports.is_ours(sip.sip_to->a_url->url_host)))
        return Rejection{404, {}, {}};
    if (to_us && method != sip_method_invite && method != sip_method_options)
        if (auto rejection = inspect_plan(sip, transports)) return rejection;
    if (method == sip_method_register && registers_our_address(sip, transports))
        return Rejection{403, "Contact Is Not Yours", {}};
    // Of an INVITE the route decides: a phone in proxy mode answers that itself.
    if (sip.sip_request->rq_method != sip_method_invite)
        if (auto rejection = inspect_require(sip)) return rejection;
    // Which calls are passed on as by a proxy is not known yet.
    if (method == sip_method_invite)
        if (auto rejection = inspect_proxy_require(sip)) return rejection;
    const bool begins_dialog =
        method == sip_method_invite || method == sip_method_subscribe || method == sip_method_refer;
    // Within its dialog the target stays, unless another one is named (RFC 3261 §12.2.2).
    const bool keeps_target =
        method == sip_method_subscribe && sip.sip_to->a_tag && !sip.sip_contact;
    if (begins_dialog && !keeps_target && !has_usable_contact(sip))
        return Rejection{
            400, "Missing Contact Header",
            "Warning: " + warning_of("Contact", "expected one SIP URI with a host") + "\r\n"};
    return std::nullopt;
}

}  // namespace lampline::sip
