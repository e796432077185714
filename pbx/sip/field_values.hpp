#pragma once
// Headers of a message as values.
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/sip_input.hpp"
#include "sip/sofia.hpp"

namespace lampline::sip {

/// Refers into the message, as nothing else here. Empty for null.
inline std::string_view text_of(const char* text) noexcept
{
    return text ? text : "";
}

SipUri to_uri(const url_t& url);
/// The first Contact; without host: there is none.
SipUri contact_of(const sip_t& sip);
NameAddr to_name_addr(const sip_addr_t& address);
Parties to_parties(const sip_t& sip);
Method to_method(const sip_t& sip);
/// The option tags that a rule reads, of Supported or Require.
OptionTag to_option_tags(const msg_list_t* tags);
SessionTimer to_session_timer(const sip_t& sip);
/// The body, and the headers that pass through: see passes_through(). Null when there is neither.
PayloadRef to_payload(const sip_t& sip);
RegisterContact to_register_contact(const sip_contact_t& contact);

std::chrono::seconds seconds_of(unsigned long count) noexcept;
std::optional<std::chrono::seconds> seconds_of(const char* digits) noexcept;
/// Expires; nullopt: none, or a date.
std::optional<std::chrono::seconds> expires_of(const sip_t& sip) noexcept;
/// A q value times 1000 (RFC 3261 §25.1 qvalue); malformed ones count as 1.
unsigned thousandths(const char* text) noexcept;
/// User-Agent, else Server.
std::string user_agent_of(const sip_t& sip);
/// 70 where there is none, at most 255.
unsigned max_forwards_of(const sip_t& sip) noexcept;
/// Whether the Contact is the focus of a conference (RFC 4579 §5.1).
bool is_focus(const sip_t& sip) noexcept;
bool allows_update(const sip_t& sip) noexcept;
/// The first P-Asserted-Identity (RFC 3325); nullopt: none that can be read.
std::optional<NameAddr> asserted_identity(const sip_t& sip);
/// A header of `kind`, of which there may be one, is malformed, or there is another one.
bool is_faulty(const sip_t& sip, const msg_hclass_t* kind) noexcept;
/// Values of the headers of this name that the stack has no class for.
std::vector<std::string> unknown_fields(const sip_t& sip, std::string_view name);

/// The value of a header as it is written on the wire, without its name.
std::string field_text(const msg_header_t* header);
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
/// Appends whole header lines, name and line end included, one for each header of the list.
void append_headers(std::string& text, const msg_header_t* first);

}  // namespace lampline::sip
