#include "sip/command_runner.hpp"

#include "base/table_room.hpp"
#include "sip/header_text.hpp"
#include "sip/inspection.hpp"
#include "sip/translate.hpp"

namespace lampline::sip {
namespace {

/// The status for the stack, which sends nothing more then.
int refuse(nta_incoming_t& request, const Rejection& rejection)
{
    const auto status = static_cast<int>(rejection.status);
    nta_incoming_treply(
        &request, status, nullptr,
        TAG_IF(!rejection.headers.empty(), SIPTAG_HEADER_STR(rejection.headers.c_str())),
        TAG_END());
    return status;
}

}  // namespace

int CommandRunner::on_request(DialogUsage& dialog, nta_incoming_t& request, const sip_t& sip)
{
    const auto method = to_method(sip);
    // Returning a final status makes the stack destroy the transaction; an ACK is not answered.
    if (method == Method::ack) return 200;
    if (dialog.is_closed()) return 481;
    if (method == Method::cancel) {
        // The stack knows no INVITE of it. Its CSeq is one that was counted, if it is of the phone.
        dialog.disown_request();
        return 481;
    }
    const MessageRef message{nta_incoming_getrequest(&request)};
    const TransportRef transport{nta_incoming_transport(&agent_, &request, nullptr)};
    auto source = transports_.source_of(*message, transport.get());
    auto rejection = inspect_sender(dialog, sip, source);
    if (rejection) {
        dialog.disown_request();
        return refuse(request, *rejection);
    }
    dialog.count(sip.sip_cseq->cs_seq);
    if (method == Method::invite && orphans_.refusal_of(sip)) return 500;
    rejection = inspect_body(sip, settings_.limits.body_bytes);
    if (!rejection && method != Method::bye) rejection = inspect_require(sip);
    if (rejection) return refuse(request, *rejection);
    if (server_.size() >= settings_.limits.unanswered_requests && method != Method::bye) return 503;
    auto& transaction = add_server(request, method, dialog.id(), transaction_ids_.next());
    auto input = to_request(sip, transaction.id, dialog.id());
    const bool over_udp = source.transport == Transport::udp;
    if (refreshes_target(method) || dialog.is_cut_off()) {
        if (transport) source.connection = transports_.connections().adopt(*transport);
        input.source = source;
        dialog.move_to(std::move(source));
    }
    if (refreshes_target(method)) dialog.refresh_target(sip);
    // Over UDP the stack sends it after 200 ms. Until then the phone repeats its INVITE, to the next
    // run if this one is killed meanwhile; then it is stored.
    if (method == Method::invite && !over_udp)
        nta_incoming_treply(&request, SIP_100_TRYING, TAG_END());
    on_input_(std::move(input));
    return 0;
}

std::optional<Rejection> CommandRunner::inspect_sender(const DialogUsage& dialog, const sip_t& sip,
                                                       const Flow& source) const
{
    // A PRACK is told by the RSeq that only its INVITE was answered with.
    if (to_method(sip) == Method::prack || dialog.leads_to(source.host)) return std::nullopt;
    if (dialog.is_outside()) {
        if (sender_check_.is_trunk(source)) return std::nullopt;
        return Rejection{403, {}, {}};
    }
    auto outcome = sender_check_.authenticate(sip, source.host);
    if (auto* refused = std::get_if<Refused>(&outcome)) return std::move(refused->rejection);
    if (std::get<Authenticated>(outcome).extension == dialog.extension()) return std::nullopt;
    return Rejection{403, {}, "Warning: 399 lampline \"This call is not one of the credentials\"\r\n"};
}

int CommandRunner::ack_or_cancel(ServerTransaction* self, nta_incoming_t*,
                                 const sip_t* sip) noexcept
try {
    self->runner->on_ack_or_cancel(*self, sip);
    return 0;
} catch (...) {
    return 0;
}

void CommandRunner::on_ack_or_cancel(ServerTransaction& transaction, const sip_t* sip)
{
    const auto id = transaction.id;
    const auto leg = transaction.leg;
    const bool answered = nta_incoming_status(transaction.handle.get()) >= 200;
    const auto payload = sip ? to_payload(*sip) : PayloadRef{};
    const bool ack = sip && sip->sip_request && sip->sip_request->rq_method == sip_method_ack;
    forget_server(id);
    drop_if_idle(leg);
    if (leg && !is_wanted(leg)) return;
    if (ack)
        on_input_(AckReceived{id, leg, payload});
    else if (!sip && answered)
        on_input_(AckMissing{id, leg});
    else
        // Also when a reliable provisional response was never acknowledged: the stack has refused
        // the INVITE.
        on_input_(CancelReceived{id, leg, payload});
}

std::optional<std::string> CommandRunner::receive_late(const sip_t& cancel, const Flow& source)
{
    const auto* transaction = LateCancel::find(cancel);
    if (!transaction || transaction->runner != this) return std::nullopt;
    // It comes from the hop that has sent the INVITE (§9.1). Behind a NAT the port may be another by
    // now, as may a connection; the host is compared as for all requests within a dialog.
    if (transaction->opens_dialog && transaction->source.host != source.host) return std::nullopt;
    std::string tag{text_of(nta_incoming_gettag(transaction->handle.get()))};
    // That of a re-INVITE says nothing of the dialog.
    if (transaction->opens_dialog && is_wanted(transaction->leg))
        on_input_(CancelReceived{.transaction = transaction->id,
                                 .leg = transaction->leg,
                                 .payload = to_payload(cancel),
                                 .answered = true});
    return tag;
}

int CommandRunner::prack(ServerTransaction* self, nta_reliable_t* reliable, nta_incoming_t* request,
                         const sip_t* sip) noexcept
try {
    if (request && sip) self->runner->on_prack(*self, *request, *sip);
    nta_reliable_destroy(reliable);
    return 0;
} catch (...) {
    nta_reliable_destroy(reliable);
    return 200;
}

void CommandRunner::on_prack(ServerTransaction& invite, nta_incoming_t& request, const sip_t& sip)
{
    if (invite.unacknowledged > 0) --invite.unacknowledged;
    auto& transaction = add_server(request, Method::prack, invite.leg, transaction_ids_.next());
    on_input_(to_request(sip, transaction.id, invite.leg));
}

int CommandRunner::response(ClientTransaction* self, nta_outgoing_t*, const sip_t* sip) noexcept
try {
    if (sip && sip->sip_status) self->runner->on_response(*self, *sip);
    return 0;
} catch (...) {
    return 0;
}

void CommandRunner::on_response(ClientTransaction& transaction, const sip_t& sip)
{
    const auto status = sip.sip_status->st_status;
    const auto leg = transaction.leg;
    auto* dialog = find(leg);
    if (answers_challenge(transaction, sip)) return;
    if (dialog && status < 300) {
        if (transaction.method == Method::invite && !dialog->is_confirmed()) {
            if (!dialog->follow(sip)) return;
        } else if (status >= 200 && refreshes_target(transaction.method))
            dialog->refresh_target(sip);
    }
    if (!is_wanted(leg)) {
        end_unwanted(transaction, sip);
        return;
    }
    auto input = to_response(sip, leg, transaction.id, transaction.method);
    if (transaction.method == Method::invite && status >= 200 && status < 300)
        transaction.answered = true;
    else if (status >= 200)
        forget(transaction);
    on_input_(std::move(input));
}

void CommandRunner::end_unwanted(ClientTransaction& transaction, const sip_t& sip)
{
    if (sip.sip_status->st_status < 200) return;
    const auto leg = transaction.leg;
    auto* dialog = find(leg);
    if (dialog && transaction.method == Method::invite && sip.sip_status->st_status < 300) {
        // The phone believes in a call that nobody wants any more (RFC 3261 §15).
        std::string lines;
        append_header(lines, "User-Agent", settings_.product);
        dialog->acknowledge(*transaction.handle, lines, {});
        // Not waiting for the answer does not keep the stack from repeating the request.
        const auto bye = dialog->send({Method::bye, {}, lines, {}}, nullptr, nullptr);
    }
    forget(transaction);
    drop_if_idle(leg);
}

}  // namespace lampline::sip
