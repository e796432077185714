#include "bench/registration.hpp"

#include <utility>

namespace bench {

bool Registration::start(Done done)
{
    if (done_) return false;
    done_ = std::move(done);
    challenged_ = false;
    send({});
    return true;
}

void Registration::send(std::string_view authorization)
{
    const auto token = line_.next_token();
    auto text = line_.request({.method = "REGISTER",
                               .uri = "sip:" + line_.domain(),
                               .from = from_ + ";tag=" + line_.number(),
                               .to = from_,
                               .call_id = call_id_,
                               .cseq = ++cseq_,
                               .branch = token});
    text.append(line_.contact_header())
        .append("Expires: 3600\r\nAllow: INVITE, ACK, BYE, CANCEL, OPTIONS, NOTIFY\r\n");
    request_.start(text.append(authorization).append(no_body));
}

void Registration::receive(const SipMessage& response)
{
    if (!done_ || response.cseq != cseq_) return line_.note_repetition();
    if (response.status < 200) return;
    request_.stop();
    if (response.status == 401 && !std::exchange(challenged_, true))
        if (const auto line = line_.digest().answer(response, "REGISTER", "sip:" + line_.domain()))
            return send(*line);
    std::exchange(done_, {})(response.status);
}

}  // namespace bench
