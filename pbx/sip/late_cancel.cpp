#include "sip/late_cancel.hpp"

#include <unordered_map>

#include "base/table_room.hpp"
#include "sip/dialog_usage.hpp"
#include "sip/forwarder.hpp"

namespace lampline::sip {
namespace {

// One for all, as the screen is asked without a word about whose message it is.
std::unordered_map<std::string, ServerTransaction*> awaiting_ack;

}  // namespace

LateCancel::LateCancel(const sip_t& invite, ServerTransaction& transaction)
    : key_{Forwarder::key_of(invite)}
{
    awaiting_ack.insert_or_assign(key_, &transaction);
}

LateCancel::~LateCancel()
{
    awaiting_ack.erase(key_);
    give_back_room(awaiting_ack);
}

ServerTransaction* LateCancel::find(const sip_t& cancel)
{
    if (awaiting_ack.empty()) return nullptr;
    const auto found = awaiting_ack.find(Forwarder::key_of(cancel));
    if (found == awaiting_ack.end()) return nullptr;
    // One that waits for the PRACK of an earlier response can still be withdrawn.
    return nta_incoming_status(found->second->handle.get()) < 200 ? nullptr : found->second;
}

/// Transactions and legs are looked up by the hash of their Call-ID, which stands beside its text.
void LateCancel::keep_from_stack(const sip_t& message)
{
    if (!message.sip_request || message.sip_request->rq_method != sip_method_cancel) return;
    if (find(message)) ++message.sip_call_id->i_hash;
}

}  // namespace lampline::sip
