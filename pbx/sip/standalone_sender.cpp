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

}  // namespace

PacketRef StandaloneSender::compose(const SendStandalone& command, std::string_view request_uri,
                                    const Listener& listener, std::string_view branch) const
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
    append_header(text, "User-Agent", settings_.product);
    if (command.method == Method::options) append_header(text, "Accept", "application/sdp");
    append_payload_headers(text, command.payload.get());
    const std::string_view body = command.payload ? std::string_view{command.payload->body} : "";
    fmt::format_to(std::back_inserter(text), "Content-Length: {}\r\n\r\n{}", body.size(), body);
    return packet;
}

void StandaloneSender::send(SendStandalone&& command)
{
    dispatch(command, write(as_request_uri(command.target.request_uri)));
}

void StandaloneSender::dispatch(const SendStandalone& command, std::string_view request_uri)
{
    transactions_.send({.key = {LightKey::Kind::standalone, command.transaction.value},
                        .cseq = command.cseq,
                        .flow = &command.target.flow,
                        .request_uri = request_uri,
                        .patience = command.patience},
                       [&](const Listener& listener, std::string_view branch) {
                           return compose(command, request_uri, listener, branch);
                       });
}

void StandaloneSender::answered(const LightAnswer& answer)
{
    const ClientTransactionId transaction{answer.key.number};
    if (answer.response) return on_input_(to_standalone_answer(*answer.response, transaction));
    on_input_(StandaloneAnswered{.transaction = transaction,
                                 .status = answer.status,
                                 .generated = true,
                                 .cseq = answer.cseq});
}

}  // namespace lampline::sip
