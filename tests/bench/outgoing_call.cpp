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

}  // namespace

OutgoingCall::OutgoingCall(Line& line, std::string_view callee, Clock::duration talk, Done done)
    : line_{line}, talk_{talk}, done_{std::move(done)}, uri_{line.uri_of_number(callee)},
      call_id_{line.next_token()}, from_{line.address_of_record() + ";tag=" + line.next_token()},
      to_{"<" + uri_ + ">"}
{
    invite({});
}

void OutgoingCall::invite(std::string_view authorization)
{
    branch_ = line_.next_token();
    auto text = line_.request({.method = "INVITE",
                               .uri = uri_,
                               .from = from_,
                               .to = to_,
                               .call_id = call_id_,
                               .cseq = ++cseq_,
                               .branch = branch_});
    text.append(line_.contact_header())
        .append("Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, NOTIFY\r\nSupported: replaces\r\n");
    line_.send(text.append(authorization).append(line_.sdp()));
}

void OutgoingCall::receive_response(const SipMessage& response)
{
    if (response.cseq != cseq_ || finished()) {
        line_.note_repetition();
        if (response.method == "INVITE" && response.status >= 300) acknowledge_failure(response);
        return;
    }
    if (response.status < 200) return;
    if (response.method == "BYE") return finish(response.status == 200);
    if (response.method != "INVITE") return;
    if (response.status < 300) return acknowledge_success(response);
    acknowledge_failure(response);
    if (response.status == 407 && !std::exchange(challenged_, true))
        if (const auto line = line_.digest().answer(response, "INVITE", uri_)) return invite(*line);
    finish(false);
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
                             .branch = branch_})
                   .append(no_body));
}

void OutgoingCall::acknowledge_success(const SipMessage& response)
{
    remote_target_ = uri_of(response.contact);
    routes_ = route_set(response);
    to_ = response.to;
    const auto token = line_.next_token();
    line_.send(line_
                   .request({.method = "ACK",
                             .uri = remote_target_,
                             .from = from_,
                             .to = to_,
                             .call_id = call_id_,
                             .cseq = cseq_,
                             .branch = token})
                   .append(routes_)
                   .append(no_body));
    if (std::exchange(answered_, true)) return line_.note_repetition();
    // The phone, and so the call, outlives the run; only a call that is still there hangs up.
    if (talk_ == Clock::duration::zero())
        hang_up();
    else if (talk_ != Clock::duration::max())
        line_.loop().after(talk_, [this] { hang_up(); });
}

void OutgoingCall::hang_up()
{
    if (finished() || !answered_ || std::exchange(ending_, true)) return;
    const auto token = line_.next_token();
    line_.send(line_
                   .request({.method = "BYE",
                             .uri = remote_target_,
                             .from = from_,
                             .to = to_,
                             .call_id = call_id_,
                             .cseq = ++cseq_,
                             .branch = token})
                   .append(routes_)
                   .append(no_body));
}

void OutgoingCall::receive_bye(const SipMessage& request)
{
    line_.send("SIP/2.0 200 OK\r\n" + echoed_headers(request, {}, false).append(no_body));
    finish(false);
}

void OutgoingCall::finish(bool succeeded)
{
    if (done_) std::exchange(done_, {})(succeeded);
}

}  // namespace bench
