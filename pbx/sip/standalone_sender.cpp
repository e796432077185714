#include "sip/standalone_sender.hpp"

#include <fmt/format.h>

#include "sip/header_text.hpp"
#include "sip/translate.hpp"

namespace lampline::sip {
namespace {

std::string_view method_name(Method method) noexcept
{
    switch (method) {
    case Method::options: return "OPTIONS";
    case Method::message: return "MESSAGE";
    case Method::register_: return "REGISTER";
    default: return {};
    }
}

std::string request_uri_of(const SendStandalone& command)
{
    return write(as_request_uri(command.target.request_uri));
}

}  // namespace

PacketRef StandaloneSender::compose(const SendStandalone& command, std::string_view request_uri,
                                    std::string_view authorization, const Listener& listener,
                                    std::string_view branch) const
{
    auto packet = std::make_shared<Packet>();
    auto& text = packet->text;
    text.reserve(1024);
    const bool tcp = listener.address.transport == Transport::tcp;
    const auto method = method_name(command.method);
    fmt::format_to(std::back_inserter(text),
                   "{} {} SIP/2.0\r\nVia: SIP/2.0/{} {};branch={};rport\r\n", method, request_uri,
                   tcp ? "TCP" : "UDP", listener.sent_by, branch);
    for (const auto& route : command.target.route) append_header(text, "Route", route);
    append_header(text, "Max-Forwards", std::to_string(command.max_forwards));
    append_header(text, "From", write(command.from) + ";tag=" + command.local_tag);
    append_header(text, "To", write(command.to));
    append_header(text, "Call-ID", command.call_id);
    append_header(text, "CSeq", fmt::format("{} {}", command.cseq, method));
    if (command.contact_user)
        append_header(text, "Contact",
                      fmt::format("<sip:{}{}>", *command.contact_user,
                                  std::string_view{listener.contact_tail}.substr(
                                      command.contact_user->empty() ? 1 : 0)));
    append_headers(text, command.headers);
    text += authorization;
    append_header(text, "User-Agent", settings_.product);
    if (command.method == Method::options) append_header(text, "Accept", "application/sdp");
    append_payload_headers(text, command.payload.get());
    const std::string_view body = command.payload ? std::string_view{command.payload->body} : "";
    fmt::format_to(std::back_inserter(text), "Content-Length: {}\r\n\r\n{}", body.size(), body);
    return packet;
}

void StandaloneSender::send(SendStandalone&& command)
{
    if (!command.credentials) return dispatch(command, {});
    auto& guarded = guarded_[command.transaction];
    guarded.command = std::move(command);
    const auto& held = guarded.command;
    const auto& host = held.target.flow.host;
    const auto line = digest_.introduce(*held.credentials, method_name(held.method),
                                        request_uri_of(held), host, host);
    guarded.introduced = !line.empty();
    dispatch(held, line);
}

void StandaloneSender::dispatch(const SendStandalone& command, std::string_view authorization)
{
    const auto request_uri = request_uri_of(command);
    transactions_.send({.key = {LightKey::Kind::standalone, command.transaction.value},
                        .cseq = command.cseq,
                        .flow = &command.target.flow,
                        .request_uri = command.outside ? std::string_view{} : request_uri,
                        .patience = command.patience},
                       [&](const Listener& listener, std::string_view branch) {
                           return compose(command, request_uri, authorization, listener, branch);
                       });
}

bool StandaloneSender::answers_challenge(const LightAnswer& answer, ClientTransactionId transaction)
{
    const auto found = guarded_.find(transaction);
    if (found == guarded_.end()) return false;
    auto& [command, attempts, introduced] = found->second;
    const auto line =
        digest_.answer(*answer.response, *command.credentials, method_name(command.method),
                       request_uri_of(command), answer.source, command.target.flow.host, attempts);
    if (line.empty()) return false;
    ++command.cseq;
    // A copy: when it cannot be sent, that is told in here, and the entry is gone.
    const auto again = command;
    dispatch(again, line);
    return true;
}

void StandaloneSender::answered(const LightAnswer& answer)
{
    const ClientTransactionId transaction{answer.key.number};
    const bool challenged = answer.status == 401 || answer.status == 407;
    if (answer.response && challenged && answers_challenge(answer, transaction)) return;
    const auto guarded = guarded_.extract(transaction);
    if (answer.response) {
        auto told = to_standalone_answer(*answer.response, transaction);
        if (challenged) told.challenged_by = challenged_by(*answer.response);
        told.credentials_sent =
            guarded && (guarded.mapped().introduced || guarded.mapped().attempts.answered > 0);
        told.connection = answer.connection;
        return on_input_(std::move(told));
    }
    on_input_(StandaloneAnswered{.transaction = transaction,
                                 .status = answer.status,
                                 .generated = true,
                                 .cseq = answer.cseq});
}

}  // namespace lampline::sip
