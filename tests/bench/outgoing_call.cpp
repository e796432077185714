#include "bench/call.hpp"

#include <utility>
#include <vector>

namespace bench {
namespace {

/// Route header lines from the Record-Routes of a response (RFC 3261 §12.1.2: in reverse order).
std::string route_set(const SipMessage& response)
{
    std::vector<std::string_view> routes;
    for (auto value : response.record_route) {
        while (!value.empty()) {  // proxies may put several into one line
            const auto comma = value.find(",<");
            routes.push_back(value.substr(0, comma));
            value.remove_prefix(comma == std::string_view::npos ? value.size() : comma + 1);
        }
    }
    std::string text;
    for (auto route = routes.rbegin(); route != routes.rend(); ++route)
        text.append("Route: ").append(*route).append("\r\n");
    return text;
}

/// What follows the magic cookie in the top Via: the transaction that is answered.
std::string_view branch_of(const SipMessage& response) noexcept
{
    constexpr std::string_view cookie = "branch=z9hG4bK";
    const auto via = *response.via.begin();
    const auto at = via.find(cookie);
    if (at == std::string_view::npos) return {};
    const auto branch = via.substr(at + cookie.size());
    return branch.substr(0, branch.find_first_of("; ,"));
}

}  // namespace

OutgoingCall::OutgoingCall(Line& line, std::string_view callee, Course course, Done done)
    : line_{line}, course_{course}, done_{std::move(done)}, request_{line},
      uri_{line.uri_of_number(callee)}, call_id_{line.next_token()},
      from_{line.address_of_record() + ";tag=" + line.next_token()}, to_{"<" + uri_ + ">"}
{
    invite({});
}

void OutgoingCall::invite(std::string_view authorization)
{
    const auto token = line_.next_token();
    auto text = line_.request({.method = "INVITE",
                               .uri = uri_,
                               .from = from_,
                               .to = to_,
                               .call_id = call_id_,
                               .cseq = ++cseq_,
                               .branch = token});
    text.append(line_.contact_header())
        .append("Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, NOTIFY\r\nSupported: replaces\r\n");
    request_.start(text.append(authorization).append(line_.sdp()));
}

void OutgoingCall::receive_response(const SipMessage& response)
{
    if (response.cseq != cseq_ || finished()) {
        line_.note_repetition();
        if (response.method != "INVITE" || response.status < 200) return;
        if (response.status >= 300)
            acknowledge_failure(response);
        else
            line_.send(ack_);
        return;
    }
    if (response.method == "INVITE" || response.status >= 200) request_.stop();
    if (response.status == 180 && ringing_) std::exchange(ringing_, {})(response.status);
    if (response.status < 200) return;
    if (response.method == "BYE") return finish(response.status);
    if (response.method != "INVITE") return;
    if (response.status < 300) return acknowledge_success(response);
    acknowledge_failure(response);
    if (response.status == 407 && !std::exchange(challenged_, true))
        if (const auto line = line_.digest().answer(response, "INVITE", uri_)) return invite(*line);
    finish(response.status);
}

void OutgoingCall::acknowledge_failure(const SipMessage& response)
{
    line_.send(line_
                   .request({.method = "ACK",
                             .uri = uri_,
                             .from = from_,
                             .to = response.to,
                             .call_id = call_id_,
                             .cseq = response.cseq,
                             .branch = branch_of(response)})
                   .append(no_body));
}

void OutgoingCall::acknowledge_success(const SipMessage& response)
{
    if (held_) {
        line_.send(ack_ = in_dialog("ACK"));
        return std::exchange(held_, {})(response.status);
    }
    if (std::exchange(answered_, true)) {
        line_.note_repetition();
        return line_.send(ack_);
    }
    remote_target_ = uri_of(response.contact);
    routes_ = route_set(response);
    to_ = response.to;
    ack_ = in_dialog("ACK");
    line_.send(ack_);
    if (!course_.moves) talk();
}

void OutgoingCall::talk()
{
    // The call outlives the run, so the timer may keep `this`.
    if (course_.talk == Clock::duration::zero())
        hang_up();
    else if (course_.talk != Clock::duration::max())
        line_.loop().after(course_.talk, [this] { hang_up(); });
}

std::string OutgoingCall::in_dialog(std::string_view method) const
{
    const auto token = line_.next_token();
    return line_
        .request({.method = method,
                  .uri = remote_target_,
                  .from = from_,
                  .to = to_,
                  .call_id = call_id_,
                  .cseq = cseq_,
                  .branch = token})
        .append(routes_)
        .append(no_body);
}

void OutgoingCall::hang_up()
{
    if (finished() || !answered_ || std::exchange(ending_, true)) return;
    ++cseq_;
    request_.start(in_dialog("BYE"));
}

void OutgoingCall::hold(Done held)
{
    if (finished() || !answered_ || ending_ || held_) return;
    held_ = std::move(held);
    ++cseq_;
    const auto token = line_.next_token();
    request_.start(line_
                       .request({.method = "INVITE",
                                 .uri = remote_target_,
                                 .from = from_,
                                 .to = to_,
                                 .call_id = call_id_,
                                 .cseq = cseq_,
                                 .branch = token})
                       .append(routes_)
                       .append(line_.contact_header())
                       .append(line_.held_sdp()));
}

void OutgoingCall::receive(const SipMessage& request)
{
    const auto ok = "SIP/2.0 200 OK\r\n" + echoed_headers(request, {}, true);
    if (request.method == "INVITE") {
        answer_ = ok + line_.contact_header() + line_.sdp();
        line_.send(answer_);
    } else if (request.method == "ACK") {
        if (!answer_.empty() && std::exchange(course_.moves, false)) talk();
        answer_.clear();
    } else {
        line_.send(ok + std::string{no_body});
        if (request.method == "BYE") finish(gone_wrong);
    }
}

void OutgoingCall::finish(int status)
{
    request_.stop();
    if (done_) std::exchange(done_, {})(status);
}

}  // namespace bench
