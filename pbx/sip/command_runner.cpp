#include "sip/command_runner.hpp"

#include <stdexcept>
#include <utility>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "base/table_room.hpp"
#include "sip/header_text.hpp"
#include "sip/screen.hpp"
#include "sip/tokens.hpp"
#include "sip/translate.hpp"

namespace lampline::sip {
namespace {

using namespace std::chrono_literals;

const char* or_null(const std::string& text) noexcept
{
    return text.empty() ? nullptr : text.c_str();
}

/// Of a response that may wait in the stack for the PRACK of an earlier one: the stack keeps no copy
/// of it, so it lives as long as the request.
const char* kept_phrase(nta_incoming_t* handle, const Reply& command)
{
    const auto& phrase = command.phrase;
    const char* standard = sip_status_phrase(static_cast<int>(command.status));
    if (phrase.empty() || (standard && phrase == standard)) return nullptr;
    const MessageRef request{nta_incoming_getrequest(handle)};
    return su_strdup(msg_home(request.get()), phrase.c_str());
}

/// What all requests of ours say, apart from the dialog.
template <class Command>
std::string request_headers(const Command& command, const std::string& product, bool outside)
{
    std::string lines;
    lines.reserve(512);
    append_option_tags(lines, command.supported, command.required);
    append_session_timer(lines, command.session_timer);
    append_headers(lines, command.headers);
    append_payload_headers(lines, command.payload.get(), outside);
    append_header(lines, "User-Agent", product);
    return lines;
}

void append_allow(std::string& lines, bool with_update)
{
    append_header(lines, "Allow", with_update ? allowed_methods : allowed_without_update);
}

std::string origin_of(const sip_t& invite)
{
    const auto* tag = invite.sip_from->a_tag;
    return fmt::format("{} {} {}", invite.sip_cseq->cs_seq, tag ? tag : "", invite.sip_call_id->i_id);
}

std::string_view name_of(const SendRequest& command) noexcept
{
    return stack_method(command.method, command.method_name.c_str()).second;
}

}  // namespace

CommandRunner::CommandRunner(EventLoop& loop, nta_agent_t& agent, Transports& transports,
                             DigestClient& digest, const EndpointSettings& settings,
                             IdSource<TransactionId>& transaction_ids, SenderCheck sender_check,
                             Orphans& orphans, OnInput on_input)
    : loop_{loop}, agent_{agent}, transports_{transports}, digest_{digest}, settings_{settings},
      transaction_ids_{transaction_ids}, sender_check_{std::move(sender_check)}, orphans_{orphans},
      on_input_{std::move(on_input)}
{
}

CommandRunner::~CommandRunner()
{
    *alive_ = false;
}

DialogUsage* CommandRunner::find(LegId id) noexcept
{
    const auto found = legs_.find(id.value);
    return found == legs_.end() ? nullptr : found->second.dialog.get();
}

bool CommandRunner::is_wanted(LegId leg) noexcept
{
    const auto* dialog = find(leg);
    return dialog && !dialog->is_closed();
}

ClientTransaction* CommandRunner::find(ClientTransactionId id) noexcept
{
    const auto found = client_.find(id.value);
    return found == client_.end() ? nullptr : found->second.get();
}

ServerTransaction& CommandRunner::add_server(nta_incoming_t& handle, Method method, LegId leg,
                                             TransactionId id)
{
    auto transaction = std::make_unique<ServerTransaction>();
    transaction->runner = this;
    transaction->id = id;
    transaction->leg = leg;
    transaction->method = method;
    transaction->handle.reset(&handle);
    if (method == Method::invite) nta_incoming_bind(&handle, ack_or_cancel, transaction.get());
    return *server_.emplace(id.value, std::move(transaction)).first->second;
}

void CommandRunner::forget_server(TransactionId id)
{
    const auto found = server_.find(id.value);
    if (found == server_.end()) return;
    if (!found->second->origin.empty()) origins_.erase(found->second->origin);
    server_.erase(found);
    give_back_room(server_);
}

bool CommandRunner::is_merged(const sip_t& invite) const
{
    return !invite.sip_to->a_tag && !origins_.empty() && origins_.contains(origin_of(invite));
}

ClientTransaction& CommandRunner::add_client(ClientTransactionId id, LegId leg, Method method)
{
    auto transaction = std::make_unique<ClientTransaction>();
    transaction->runner = this;
    transaction->id = id;
    transaction->leg = leg;
    transaction->method = method;
    return *client_.insert_or_assign(id.value, std::move(transaction)).first->second;
}

void CommandRunner::emit_later(SipInput input)
{
    loop_.defer([this, alive = alive_, input = std::move(input)]() mutable {
        if (*alive) on_input_(std::move(input));
    });
}

void CommandRunner::take_invite(TransactionId id, HeldRequest&& invite)
{
    auto* transport = invite.connection ? invite.connection.get() : invite.listener->primary;
    auto* request = invite.message.release();
    auto* sip = sip_object(request);
    auto* handle =
        nta_incoming_create(&agent_, nullptr, request, sip, NTATAG_TPORT(transport), TAG_END());
    if (!handle) return;
    auto& transaction = add_server(*handle, Method::invite, {}, id);
    transaction.listener = invite.listener;
    transaction.source = std::move(invite.source);
    transaction.opens_dialog = true;
    transaction.origin = origin_of(*sip);
    origins_.insert(transaction.origin);
    if (sip->sip_request->rq_url->url_user) transaction.user = sip->sip_request->rq_url->url_user;
    nta_incoming_treply(handle, SIP_100_TRYING, TAG_END());
}

void CommandRunner::run(const OpenDialog& command)
{
    const auto found = server_.find(command.transaction.value);
    if (found == server_.end() || find(command.leg)) return;
    auto& transaction = *found->second;
    const MessageRef request{nta_incoming_getrequest(transaction.handle.get())};
    nta_incoming_tag(transaction.handle.get(), command.local_tag.c_str());
    auto dialog = std::make_unique<DialogUsage>(*this, agent_, transports_, transaction,
                                                *sip_object(request.get()), command);
    legs_[command.leg.value].dialog = std::move(dialog);
    legs_[command.leg.value].credentials = command.credentials;
    transaction.leg = command.leg;
}

void CommandRunner::run(const ResumeDialog& command)
try {
    if (find(command.leg)) return;
    auto dialog = std::make_unique<DialogUsage>(*this, agent_, transports_, command);
    auto& leg = legs_[command.leg.value];
    leg.dialog = std::move(dialog);
    leg.credentials = command.credentials;
} catch (const std::runtime_error& refusal) {
    spdlog::error("a dialog of the last run cannot be taken up: {}", refusal.what());
    emit_later(DialogLost{command.leg});
}

void CommandRunner::run(const MoveDialog& command)
{
    if (auto* dialog = find(command.leg)) dialog->move_to(command.flow);
}

bool CommandRunner::run(const Reply& command)
{
    const auto found = server_.find(command.transaction.value);
    if (found == server_.end()) return false;
    auto& transaction = *found->second;
    if (command.status <= 100) return true;  // has been sent already
    auto* handle = transaction.handle.get();
    if (!command.local_tag.empty()) nta_incoming_tag(handle, command.local_tag.c_str());

    std::string lines;
    lines.reserve(512);
    const bool in_dialog = command.status < 300;
    // That of a REFER begins a subscription (RFC 3515 §2.2).
    const bool with_contact =
        refreshes_target(transaction.method) || transaction.method == Method::refer;
    if (in_dialog && with_contact && !names(command.headers, "Contact"))
        if (const auto* dialog = find(transaction.leg))
            lines += dialog->contact_line(command.focus);
    const bool tells_methods = in_dialog && transaction.method == Method::invite;
    if (tells_methods || command.status == 405) append_allow(lines, command.allows_update);
    append_option_tags(lines, command.supported, command.required);
    append_session_timer(lines, command.session_timer);
    append_headers(lines, command.headers);
    const auto* dialog = find(transaction.leg);
    append_payload_headers(lines, command.payload.get(), dialog && dialog->is_outside());
    append_header(lines, "Server", settings_.product);
    if (command.status >= 200) {
        reply_finally(transaction, command, lines);
        return true;
    }

    const PayloadTag payload{body_of(command.payload)};
    const auto status = static_cast<int>(command.status);
    const bool may_wait = command.reliable || transaction.unacknowledged > 0;
    const char* phrase = may_wait ? kept_phrase(handle, command) : or_null(command.phrase);
    if (command.reliable && transaction.method == Method::invite &&
        nta_reliable_treply(handle, prack, &transaction, status, phrase,
                            SIPTAG_HEADER_STR(lines.c_str()), SIPTAG_PAYLOAD(payload), TAG_END())) {
        ++transaction.unacknowledged;
        return true;
    }
    nta_incoming_treply(handle, status, phrase, SIPTAG_HEADER_STR(lines.c_str()),
                        SIPTAG_PAYLOAD(payload), TAG_END());
    return true;
}

void CommandRunner::reply_finally(ServerTransaction& transaction, const Reply& command,
                                  const std::string& headers)
{
    auto* handle = transaction.handle.get();
    const PayloadTag payload{body_of(command.payload)};
    const char* phrase = transaction.unacknowledged > 0 ? kept_phrase(handle, command)
                                                        : or_null(command.phrase);
    nta_incoming_treply(handle, static_cast<int>(command.status), phrase,
                        SIPTAG_HEADER_STR(headers.c_str()), SIPTAG_PAYLOAD(payload), TAG_END());

    const bool invite = transaction.method == Method::invite;
    const bool success = command.status < 300;
    // A 2xx may wait in the stack for the PRACK of an earlier response; otherwise no status means
    // that it failed.
    const bool failed = nta_incoming_status(handle) < 200 && transaction.unacknowledged == 0;
    if (invite && success && !failed) {  // until its ACK, or timer H
        const MessageRef request{nta_incoming_getrequest(handle)};
        transaction.late_cancel.emplace(*sip_object(request.get()), transaction);
        return;
    }
    if (invite && failed) {
        const MessageRef request{nta_incoming_getrequest(handle)};
        turn_away_acks(sip_object(request.get())->sip_call_id->i_id, 10s);
        if (success) emit_later(AckMissing{transaction.id, transaction.leg});
    }
    const auto leg = transaction.leg;
    forget_server(transaction.id);
    drop_if_idle(leg);
}

void CommandRunner::run(const SendInvite& command)
try {
    if (find(command.leg) || find(command.transaction)) return;
    auto made = std::make_unique<DialogUsage>(*this, agent_, transports_, command);
    auto& leg = legs_[command.leg.value];
    leg.dialog = std::move(made);
    auto lines = invite_lines(*leg.dialog, command);
    auto& transaction = add_client(command.transaction, command.leg, Method::invite);
    if (command.credentials) {
        leg.credentials = command.credentials;
        auto guarded = std::make_unique<GuardedRequest>();
        guarded->credentials = command.credentials;
        guarded->invite = command;
        guarded->uri = write(as_request_uri(command.target.request_uri));
        const auto& home = leg.dialog->home();
        guarded->authorization =
            digest_.introduce(*command.credentials, "INVITE", guarded->uri, home, home);
        lines += guarded->authorization;
        transaction.guarded = std::move(guarded);
    }
    transaction.handle = leg.dialog->send_invite(command, lines, 0, response, &transaction);
    if (!transaction.handle)
        return report_unsendable(command.transaction, command.leg, Method::invite);
    leg.invites.push_back(command.transaction);
} catch (const std::runtime_error&) {
    // Addresses that the stack does not take; they came from a phone.
    report_unsendable(command.transaction, command.leg, Method::invite);
}

void CommandRunner::run(const SendRequest& command)
{
    auto* dialog = find(command.leg);
    if (!dialog || dialog->is_closed() || find(command.transaction)) return;
    auto lines = request_lines(*dialog, command);
    auto& transaction = add_client(command.transaction, command.leg, command.method);
    const auto& credentials = legs_[command.leg.value].credentials;
    if (credentials) {
        auto guarded = std::make_unique<GuardedRequest>();
        guarded->credentials = credentials;
        guarded->request = command;
        guarded->uri = dialog->target_uri();
        guarded->authorization = digest_.introduce(*credentials, name_of(command), guarded->uri,
                                                   dialog->destination(), dialog->home());
        lines += guarded->authorization;
        transaction.guarded = std::move(guarded);
    }
    transaction.handle = send_in(*dialog, command, lines, transaction);
    if (!transaction.handle)
        return report_unsendable(command.transaction, command.leg, command.method);
    if (command.method == Method::invite)
        legs_[command.leg.value].invites.push_back(command.transaction);
}

OutgoingHandle CommandRunner::send_in(DialogUsage& dialog, const SendRequest& command,
                                      std::string_view lines, ClientTransaction& transaction)
{
    const DialogRequest request{command.method, command.method_name, lines,
                                body_of(command.payload)};
    if (command.method != Method::prack) return dialog.send(request, response, &transaction);
    auto* invite = find(command.acknowledges);
    if (!invite || !invite->handle) return {};
    return dialog.send_prack(*invite->handle, command.rack_rseq, command.early_tag, request,
                             response, &transaction);
}

std::string CommandRunner::invite_lines(const DialogUsage& dialog, const SendInvite& command) const
{
    auto lines = dialog.contact_line(command.focus);
    append_allow(lines, command.allows_update);
    return lines + request_headers(command, settings_.product, command.outside);
}

std::string CommandRunner::request_lines(const DialogUsage& dialog,
                                         const SendRequest& command) const
{
    // SUBSCRIBE and NOTIFY as well (RFC 6665 §4.1.2, §4.2.2), whose answers do not move the target of the call.
    const bool with_contact = refreshes_target(command.method) ||
                              command.method == Method::subscribe ||
                              command.method == Method::notify;
    auto lines = with_contact ? dialog.contact_line(command.focus) : std::string{};
    if (command.method == Method::invite) append_allow(lines, command.allows_update);
    return lines + request_headers(command, settings_.product, dialog.is_outside());
}

bool CommandRunner::answers_challenge(ClientTransaction& transaction, const sip_t& sip)
{
    const auto status = sip.sip_status->st_status;
    auto* guarded = transaction.guarded.get();
    const auto* dialog = find(transaction.leg);
    if ((status != 401 && status != 407) || !guarded || guarded->cancelled || !dialog) return false;
    const MessageRef message{nta_outgoing_getresponse(transaction.handle.get())};
    if (!message) return false;  // it could not be sent
    auto line = digest_.answer(sip, *guarded->credentials,
                               guarded->invite ? "INVITE" : name_of(guarded->request), guarded->uri,
                               transports_.source_of(*message, nullptr).host, dialog->home(),
                               guarded->attempts);
    if (line.empty()) return false;
    guarded->authorization = std::move(line);
    // Not from the callback of the transaction whose place it takes.
    loop_.defer([this, alive = alive_, id = transaction.id] {
        if (*alive) send_again(id);
    });
    return true;
}

void CommandRunner::send_again(ClientTransactionId id)
{
    auto* transaction = find(id);
    if (!transaction) return;
    auto& guarded = *transaction->guarded;
    const auto leg = transaction->leg;
    const auto method = transaction->method;
    auto* dialog = find(leg);
    if (!dialog || dialog->is_closed() || guarded.cancelled) {
        forget(*transaction);
        if (dialog && !dialog->is_closed())
            emit_later(ResponseReceived{
                .leg = leg, .transaction = id, .method = method, .status = 487, .generated = true});
        drop_if_idle(leg);
        return;
    }
    if (guarded.invite) {
        const auto lines = invite_lines(*dialog, *guarded.invite) + guarded.authorization;
        transaction->handle = dialog->send_invite(*guarded.invite, lines, guarded.attempts.answered,
                                                  response, transaction);
    } else {
        const auto lines = request_lines(*dialog, guarded.request) + guarded.authorization;
        transaction->handle = send_in(*dialog, guarded.request, lines, *transaction);
    }
    if (!transaction->handle) report_unsendable(id, leg, method);
}

void CommandRunner::report_unsendable(ClientTransactionId id, LegId leg, Method method)
{
    client_.erase(id.value);
    ResponseReceived response;
    response.leg = leg;
    response.transaction = id;
    response.method = method;
    response.status = 503;
    response.generated = true;
    emit_later(std::move(response));
}

void CommandRunner::run(const SendAck& command)
{
    auto* transaction = find(command.transaction);
    auto* dialog = find(command.leg);
    if (!transaction || !transaction->answered || !dialog) return;
    std::string lines;
    append_payload_headers(lines, command.payload.get(), dialog->is_outside());
    append_header(lines, "User-Agent", settings_.product);
    // An ACK has the credentials of its INVITE (RFC 3261 §22.1).
    if (const auto* guarded = transaction->guarded.get();
        guarded &&
        digest_.is_the_trunk(*guarded->credentials, dialog->destination(), dialog->home()))
        lines += guarded->authorization;
    dialog->acknowledge(*transaction->handle, lines, body_of(command.payload));
    forget(*transaction);
    drop_if_idle(command.leg);
}

void CommandRunner::run(const SendCancel& command)
{
    auto* transaction = find(command.transaction);
    if (!transaction || !transaction->handle || transaction->answered) return;
    if (transaction->guarded) transaction->guarded->cancelled = true;
    std::string lines;
    append_headers(lines, command.headers);
    // The CANCEL's own outcome is of no interest: the INVITE ends by its final response or its
    // timer.
    nta_outgoing_tcancel(transaction->handle.get(), nullptr, nullptr,
                         TAG_IF(!lines.empty(), SIPTAG_HEADER_STR(lines.c_str())), TAG_END());
}

void CommandRunner::run(const CloseDialog& command)
{
    auto* dialog = find(command.leg);
    if (!dialog) return;
    dialog->close();
    drop_if_idle(command.leg);
}

void CommandRunner::drop_if_idle(LegId id)
{
    const auto found = legs_.find(id.value);
    if (found == legs_.end() || !found->second.dialog->is_closed()) return;
    // A 2xx to an INVITE under way must still be acknowledged in this dialog.
    for (const auto invite : found->second.invites)
        if (const auto* transaction = find(invite); transaction && !transaction->answered) return;
    loop_.defer([this, alive = alive_, id] {
        if (!*alive) return;
        const auto still = legs_.find(id.value);
        if (still == legs_.end()) return;
        for (const auto invite : still->second.invites) client_.erase(invite.value);
        legs_.erase(still);
        give_back_room(legs_);
        give_back_room(client_);
    });
}

void CommandRunner::forget(const ClientTransaction& transaction)
{
    const auto id = transaction.id;
    if (const auto leg = legs_.find(transaction.leg.value); leg != legs_.end())
        std::erase(leg->second.invites, id);
    client_.erase(id.value);
    give_back_room(client_);
}

}  // namespace lampline::sip
