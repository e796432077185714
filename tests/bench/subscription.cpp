#include "bench/subscription.hpp"

#include <algorithm>
#include <utility>

namespace bench {

Subscription::Subscription(Line& line, std::string member)
    : line_{line}, request_{line}, member_{std::move(member)}, uri_{line.uri_of_number(member_)},
      call_id_{line.next_token()}, from_{line.address_of_record() + ";tag=" + line.next_token()}
{
    seen_cseqs_.fill(~0U);  // no CSeq is above 2^31
}

void Subscription::start(Done done)
{
    done_ = std::move(done);
    challenged_ = false;
    send({});
}

void Subscription::send(std::string_view authorization)
{
    const auto token = line_.next_token();
    auto text = line_.request({.method = "SUBSCRIBE",
                               .uri = uri_,
                               .from = from_,
                               .to = "<" + uri_ + ">",
                               .call_id = call_id_,
                               .cseq = ++cseq_,
                               .branch = token});
    text.append(line_.contact_header());
    text.append("Event: dialog\r\nAccept: application/dialog-info+xml\r\nExpires: 3600\r\n");
    request_.start(text.append(authorization).append(no_body));
}

void Subscription::receive_response(const SipMessage& response)
{
    if (!done_ || response.cseq != cseq_) return line_.note_repetition();
    if (response.status < 200) return;
    request_.stop();
    if ((response.status == 401 || response.status == 407) && !std::exchange(challenged_, true))
        if (const auto line = line_.digest().answer(response, "SUBSCRIBE", uri_))
            return send(*line);
    std::exchange(done_, {})(response.status < 300 ? succeeded : response.status);
}

bool Subscription::receive_notify(const SipMessage& notify)
{
    if (std::find(seen_cseqs_.begin(), seen_cseqs_.end(), notify.cseq) != seen_cseqs_.end()) {
        line_.note_repetition();
        return false;
    }
    seen_cseqs_[notifies_++ % seen_cseqs_.size()] = notify.cseq;
    if (!notify.body.empty()) lamp_.apply(notify.body);
    return true;
}

}  // namespace bench
