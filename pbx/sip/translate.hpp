#pragma once
// Messages into what the engine receives. Stateless; nothing here sends or keeps anything.
#include <cstddef>
#include <string_view>

#include "core/sip_input.hpp"
#include "sip/field_values.hpp"
#include "sip/sofia.hpp"

namespace lampline::sip {

/// Of one message; more are passed over.
inline constexpr std::size_t max_register_contacts = 32;

/// Requests outside a dialog, authenticated as `extension`.
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
MessageReceived to_message(const sip_t& sip, TransactionId transaction, Flow source,
                           std::string_view extension);

/// A request within the dialog of `leg`.
RequestReceived to_request(const sip_t& sip, TransactionId transaction, LegId leg);

ResponseReceived to_response(const sip_t& sip, LegId leg, ClientTransactionId transaction,
                             Method method);
/// A final response to a request of ours outside a dialog.
StandaloneAnswered to_standalone_answer(const sip_t& sip, ClientTransactionId transaction);

}  // namespace lampline::sip
