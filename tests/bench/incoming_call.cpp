#include "bench/call.hpp"

namespace bench {

IncomingCall::IncomingCall(Line& line, const SipMessage& invite, const OnReply& on_reply)
    : line_{line}, on_reply_{on_reply}, answer_{line}, request_{line}, call_id_{invite.call_id},
      tag_{line.next_token()}, head_{echoed_headers(invite, tag_, true)},
      remote_target_{uri_of(invite.contact)}, remote_{invite.from}, invite_cseq_{invite.cseq}
{
}

void IncomingCall::render(int status, std::string_view reason, std::string_view rest)
{
    last_reply_ = "SIP/2.0 " + std::to_string(status) + " ";
    last_reply_.append(reason)
        .append("\r\n")
        .append(head_)
        .append(line_.contact_header())
        .append(rest);
}

void IncomingCall::ring()
{
    render(180, "Ringing", no_body);
    const auto now = now_stamp();
    line_.send(last_reply_);
    if (on_reply_) on_reply_(180, now);
}

void IncomingCall::answer()
{
    render(200, "OK", line_.sdp());
    const auto now = now_stamp();
    answer_.start(last_reply_);
    if (on_reply_) on_reply_(200, now);
}

void IncomingCall::refer(std::string_view number)
{
    const auto token = line_.next_token();
    auto text = line_.request({.method = "REFER",
                               .uri = remote_target_,
                               .from = line_.address_of_record() + ";tag=" + tag_,
                               .to = remote_,
                               .call_id = call_id_,
                               .cseq = 1,
                               .branch = token});
    text.append(line_.contact_header())
        .append("Refer-To: <")
        .append(line_.uri_of_number(number))
        .append(">\r\n");
    request_.start(text.append(no_body));
}

void IncomingCall::receive_response(const SipMessage& response)
{
    if (response.status >= 200) request_.stop();
}

void IncomingCall::receive(const SipMessage& request)
{
    if (request.method == "INVITE") {
        if (request.cseq == invite_cseq_) {
            line_.note_repetition();
            return line_.send(last_reply_);
        }
        invite_cseq_ = request.cseq;
        head_ = echoed_headers(request, tag_, true);
        render(200, "OK", line_.sdp());
        return answer_.start(last_reply_);
    }
    if (request.method == "ACK" || request.method == "BYE") answer_.stop();
    if (request.method != "BYE") return;
    finished_ = true;
    line_.send("SIP/2.0 200 OK\r\n" + echoed_headers(request, tag_, false).append(no_body));
    if (on_reply_) on_reply_(0, now_stamp());
}

}  // namespace bench
