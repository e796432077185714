#pragma once
// Messages into values. Stateless; nothing here sends or keeps anything.
#include <string>
#include <string_view>
#include <vector>

#include "core/sip_input.hpp"
#include "sip/sofia.hpp"

namespace lampline::sip {

/// Values of one message; all text is copied, nothing refers into the message afterwards.
SipUri to_uri(const url_t& url);
NameAddr to_name_addr(const sip_addr_t& address);
Parties to_parties(const sip_t& sip);
Method to_method(const sip_t& sip);
/// The option tags that a rule reads, of Supported or Require.
OptionTag to_option_tags(const msg_list_t* tags);
SessionTimer to_session_timer(const sip_t& sip);
/// The body, and the headers that pass through: see passes_through(). Null when there is neither.
PayloadRef to_payload(const sip_t& sip);

/// The allow-list of headers that go from leg to leg as they are. Never on it: what describes one
/// hop or one leg (Via, Route, Contact, Call-ID, Allow, Supported, ...), what asserts or proves an
/// identity (P-Asserted-Identity, Authorization, ...), and what names the software of the phone.
bool passes_through(std::string_view header_name) noexcept;

/// Requests outside a dialog, authenticated as `extension`.
/// The first P-Asserted-Identity (RFC 3325); nullopt: none that can be read.
std::optional<NameAddr> asserted_identity(const sip_t& sip);
InviteReceived to_invite(const sip_t& sip, TransactionId transaction, Flow source,
                         std::string_view extension);
RegisterReceived to_register(const sip_t& sip, TransactionId transaction, Flow source,
                             std::string_view extension);
SubscribeReceived to_subscribe(const sip_t& sip, TransactionId transaction, Flow source,
                               std::string_view extension);
PublishReceived to_publish(const sip_t& sip, TransactionId transaction, Flow source,
                           std::string_view extension);

ReferReceived to_refer(const sip_t& sip, TransactionId transaction, Flow source,
                       std::string_view extension);
/// Values of the headers of this name that the stack has no class for.
std::vector<std::string> unknown_fields(const sip_t& sip, std::string_view name);
MessageReceived to_message(const sip_t& sip, TransactionId transaction, Flow source,
                           std::string_view extension);
/// A final response to a request of ours outside a dialog.
StandaloneAnswered to_standalone_answer(const sip_t& sip, ClientTransactionId transaction);

/// A request within the dialog of `leg`.
RequestReceived to_request(const sip_t& sip, TransactionId transaction, LegId leg);
ResponseReceived to_response(const sip_t& sip, LegId leg, ClientTransactionId transaction,
                             Method method);

/// The value of a header as it is written on the wire, without its name.
std::string field_text(const msg_header_t* header);
/// Appends whole header lines, name and line end included, one for each header of the list.
void append_headers(std::string& text, const msg_header_t* first);

}  // namespace lampline::sip
