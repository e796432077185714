#include "sip/notify_sender.hpp"

#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "sip/header_text.hpp"

namespace lampline::sip {
namespace {

void append(std::string& text, std::initializer_list<std::string_view> parts)
{
    for (const auto part : parts) text += part;
}

LightKey key_of(SubscriptionId subscription) noexcept
{
    return {LightKey::Kind::notify, subscription.value};
}

}  // namespace

PacketRef NotifySender::compose(const SendNotify& command, const Listener& listener,
                                std::string_view branch) const
{
    const auto& dialog = *command.dialog;
    auto packet = std::make_shared<Packet>();
    packet->body_head = command.body_head;
    packet->body_tail = command.body_tail;
    if (command.body_head && command.body_tail) {
        const auto written =
            std::to_chars(packet->version.data(), packet->version.data() + packet->version.size(),
                          command.version);
        packet->version_length = static_cast<std::uint8_t>(written.ptr - packet->version.data());
    }
    if (command.of_call) packet->kept_as = {command.dialog, &command.dialog->call_id};
    const auto body_size = packet->size();
    auto& text = packet->text;
    text.reserve(1024);
    const bool tcp = listener.address.transport == Transport::tcp;
    append(text, {"NOTIFY ", dialog.request_uri, " SIP/2.0\r\nVia: SIP/2.0/", tcp ? "TCP " : "UDP ",
                  listener.sent_by, ";branch=", branch, ";rport\r\n"});
    for (const auto& route : dialog.route) append_header(text, "Route", route);
    text += "Max-Forwards: 70\r\n";
    append_header(text, "From", dialog.from);
    append_header(text, "To", dialog.to);
    append_header(text, "Call-ID", dialog.call_id);
    append(text, {"CSeq: ", fmt::format_int{command.cseq}.c_str(),
                  " NOTIFY\r\nContact: <sip:", dialog.contact,
                  std::string_view{listener.contact_tail}.substr(dialog.contact.empty() ? 1 : 0),
                  ">\r\n"});
    append_option_tags(text, OptionTag::none, dialog.require);
    append_header(text, "Event", dialog.event);
    append_header(text, "Subscription-State", command.subscription_state);
    append_headers(text, command.headers);
    append_header(text, "User-Agent", settings_.product);
    if (!command.content_type.empty() && body_size > 0)
        append_header(text, "Content-Type", command.content_type);
    append(text, {"Content-Length: ", fmt::format_int{body_size}.c_str(), "\r\n\r\n"});
    return packet;
}

void NotifySender::send(SendNotify&& command)
{
    if (!command.dialog) return;
    transactions_.send({.key = key_of(command.subscription),
                        .cseq = command.cseq,
                        .flow = &command.dialog->flow,
                        .request_uri = command.dialog->request_uri},
                       [&](const Listener& listener, std::string_view branch) {
                           return compose(command, listener, branch);
                       });
}

void NotifySender::forget(SubscriptionId subscription)
{
    transactions_.forget(key_of(subscription));
}

void NotifySender::answered(const LightAnswer& answer)
{
    const auto* after = answer.response ? answer.response->sip_retry_after : nullptr;
    on_input_(
        NotifyAnswered{SubscriptionId{answer.key.number}, answer.cseq, answer.status,
                       std::chrono::seconds{after ? static_cast<std::int64_t>(after->af_delta) : 0},
                       !answer.response && !answer.plain});
}

}  // namespace lampline::sip
