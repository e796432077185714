#include "sip/passed_text.hpp"

#include <algorithm>
#include <strings.h>

#include <fmt/format.h>

#include "base/text.hpp"
#include "sip/header_text.hpp"
#include "sip/translate.hpp"

namespace lampline::sip {
namespace {

template <class SofiaHeader>
const msg_header_t* header_of(const SofiaHeader* header) noexcept
{
    return reinterpret_cast<const msg_header_t*>(header);
}

bool is_of(const msg_header_t& header, const msg_hclass_t* kind) noexcept
{
    return header.sh_class == kind;
}

std::string_view name_of(const msg_header_t& header) noexcept
{
    if (msg_is_unknown(&header)) {
        const auto* name = reinterpret_cast<const msg_unknown_t&>(header).un_name;
        return name ? name : "";
    }
    return header.sh_class->hc_name ? header.sh_class->hc_name : "";
}

/// One header, not those after it in its list.
void append_one(std::string& text, const msg_header_t& header)
{
    auto copy_of_next = header.sh_next;
    const_cast<msg_header_t&>(header).sh_next = nullptr;
    append_headers(text, &header);
    const_cast<msg_header_t&>(header).sh_next = copy_of_next;
}

/// As it came where that is known. Of a comma-separated line the first entry has the whole text.
void append_untouched(std::string& text, const msg_header_t& header, bool whole)
{
    const auto* data = static_cast<const char*>(header.sh_data);
    if (whole && data) {
        text.append(data, static_cast<std::size_t>(header.sh_len));
        return;
    }
    append_one(text, header);
}

bool is_for_realm(const msg_auth_t& credentials, std::string_view realm) noexcept
{
    const auto* value = msg_params_find(credentials.au_params, "realm=");
    if (!value) return false;
    std::string_view text{value};
    if (text.size() >= 2 && text.front() == '"') text = text.substr(1, text.size() - 2);
    return same_word(text, realm);
}

/// Written by us, or not to be passed on.
bool is_ours_to_write(const msg_header_t& header) noexcept
{
    return is_of(header, sip_request_class) || is_of(header, sip_status_class) ||
           is_of(header, sip_via_class) || is_of(header, sip_separator_class) ||
           is_of(header, sip_payload_class) || is_of(header, sip_content_length_class);
}

/// RFC 3325 §5: what a phone asserts about itself is its word only.
bool asserts_identity(std::string_view name) noexcept
{
    return same_word(name, "P-Asserted-Identity") || same_word(name, "Remote-Party-ID");
}

void append_body(std::string& text, const sip_t& sip, bool without = false)
{
    std::string_view body;
    if (sip.sip_payload && !without) body = {sip.sip_payload->pl_data, sip.sip_payload->pl_len};
    fmt::format_to(std::back_inserter(text), "Content-Length: {}\r\n\r\n", body.size());
    text += body;
}

std::size_t room_for(const sip_t& sip) noexcept
{
    return 1024 + (sip.sip_payload ? sip.sip_payload->pl_len : 0) + 512;
}

bool replaces(const std::vector<Header>* headers, std::string_view name) noexcept
{
    return headers && std::ranges::any_of(*headers, [&](const Header& header) {
               return same_word(header.name, name);
           });
}

std::string_view uri_of(std::string_view changed, const sip_t& sip, std::string& written)
{
    if (!changed.empty()) return changed;
    std::array<char, 1200> text{};
    const auto length =
        url_e(text.data(), static_cast<isize_t>(text.size()), sip.sip_request->rq_url);
    if (length > 0 && static_cast<std::size_t>(length) < text.size())
        written.assign(text.data(), static_cast<std::size_t>(length));
    return written;
}

}  // namespace

std::string pass_request(const sip_t& sip, const PassedRequest& change, bool whole)
{
    std::string text;
    text.reserve(room_for(sip));
    std::string written;
    text += sip.sip_request->rq_method_name;
    text += ' ';
    text += uri_of(change.request_uri, sip, written);
    text += " SIP/2.0\r\nVia: ";
    text += change.via;
    text += "\r\n";
    for (const auto* via = header_of(sip.sip_via); via; via = via->sh_next) append_one(text, *via);
    for (const auto& route : change.record_routes) append_header(text, "Record-Route", route);
    for (const auto& route : change.routes_before) append_header(text, "Route", route);
    const auto* route = header_of(sip.sip_route);
    for (std::size_t i = 0; route && i < change.routes_gone; ++i) route = route->sh_next;
    for (std::size_t i = 0; route && i < change.routes_kept; ++i, route = route->sh_next)
        append_one(text, *route);
    for (const auto& last : change.routes_after) append_header(text, "Route", last);
    const auto hops = sip.sip_max_forwards ? std::min(sip.sip_max_forwards->mf_count, 255UL) : 70UL;
    fmt::format_to(std::back_inserter(text), "Max-Forwards: {}\r\n", hops > 0 ? hops - 1 : 0);

    for (const auto* header = header_of(sip.sip_request); header; header = header->sh_succ) {
        if (is_ours_to_write(*header) || is_of(*header, sip_route_class) ||
            is_of(*header, sip_max_forwards_class))
            continue;
        if (is_of(*header, sip_record_route_class)) continue;
        if (change.without_body && is_of(*header, sip_content_type_class)) continue;
        const bool credentials = is_of(*header, sip_proxy_authorization_class) ||
                                 is_of(*header, sip_authorization_class);
        if (credentials && is_for_realm(*reinterpret_cast<const msg_auth_t*>(header), change.realm))
            continue;
        const auto name = name_of(*header);
        if (asserts_identity(name) || replaces(change.replaced, name)) continue;
        append_untouched(text, *header, whole);
    }
    for (const auto* before = header_of(sip.sip_record_route); before; before = before->sh_next)
        append_one(text, *before);
    text += change.added;
    if (change.replaced) append_headers(text, *change.replaced);
    append_body(text, sip, change.without_body);
    return text;
}

std::string pass_response(const sip_t& sip, std::string_view added, bool whole)
{
    std::string text;
    text.reserve(room_for(sip));
    fmt::format_to(std::back_inserter(text), "SIP/2.0 {} {}\r\n", sip.sip_status->st_status,
                   sip.sip_status->st_phrase ? sip.sip_status->st_phrase : "");
    for (const auto* via = header_of(sip.sip_via)->sh_next; via; via = via->sh_next)
        append_one(text, *via);
    for (const auto* header = header_of(sip.sip_status); header; header = header->sh_succ) {
        if (is_ours_to_write(*header) || asserts_identity(name_of(*header))) continue;
        append_untouched(text, *header, whole);
    }
    text += added;
    append_body(text, sip);
    return text;
}

std::string hop_request(const sip_t& sip, std::string_view method, std::string_view request_uri,
                        std::string_view via, const std::vector<std::string>& routes,
                        std::string_view to, std::string_view headers)
{
    std::string text;
    text.reserve(768);
    fmt::format_to(std::back_inserter(text), "{} {} SIP/2.0\r\nVia: {}\r\n", method, request_uri,
                   via);
    for (const auto& route : routes) append_header(text, "Route", route);
    text += "Max-Forwards: 70\r\n";
    append_one(text, *header_of(sip.sip_from));
    text += to;
    append_one(text, *header_of(sip.sip_call_id));
    fmt::format_to(std::back_inserter(text), "CSeq: {} {}\r\n{}Content-Length: 0\r\n\r\n",
                   sip.sip_cseq->cs_seq, method, headers);
    return text;
}

}  // namespace lampline::sip
