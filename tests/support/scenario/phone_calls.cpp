#include "support/scenario.hpp"

#include <doctest/doctest.h>

#include <utility>

#include "support/scenario/network.hpp"
#include "support/scenario/values.hpp"

namespace lampline::test {

void Phone::sends(Method method, std::string_view dialled, std::string_view sdp)
{
    REQUIRE(method == INVITE);
    invites(dialled, sdp, std::nullopt);
}

void Phone::sends_to(const SipUri& contact, std::string_view sdp)
{
    request_uri_ = contact;
    invites(contact.user, sdp, std::nullopt);
    request_uri_.reset();
}

void Phone::sends_replacing(const Replaces& replaces, std::string_view dialled,
                            std::string_view sdp)
{
    invites(dialled, sdp, replaces);
}

void Phone::sends_joining(const Replaces& join, std::string_view dialled, std::string_view sdp)
{
    invites(dialled, sdp, std::nullopt, join);
}

void Phone::invites(std::string_view dialled, std::string_view sdp,
                    std::optional<Replaces> replaces, std::optional<Replaces> join)
{
    own_invite_ = scenario_.next_transaction();
    leg_ = {};
    const auto call_id = "call-" + std::to_string(own_invite_.value);
    auto& request = scenario_.requests_[own_invite_] = {this, INVITE, {}, call_id};
    request.offer = sdp;
    auto payload = sdp_payload(sdp);
    if (!invite_headers.empty()) {
        auto with_headers = std::make_shared<Payload>(payload ? *payload : Payload{});
        with_headers->headers = invite_headers;
        payload = std::move(with_headers);
    }
    scenario_.receive(InviteReceived{.transaction = own_invite_,
                                     .source = flow,
                                     .authenticated = trunk.empty() ? number : std::string{},
                                     .request_uri = request_uri_.value_or(address_of(dialled)),
                                     .to_us = !request_uri_,
                                     .parties = {{{}, address_of(number)},
                                                 "from-" + std::to_string(own_invite_.value),
                                                 {{}, address_of(dialled)},
                                                 {}},
                                     .call_id = call_id,
                                     .contact = own_contact(),
                                     .record_route = record_route,
                                     .supported = supported,
                                     .required = required,
                                     .session_timer = session_timer,
                                     .replaces = std::move(replaces),
                                     .join = std::move(join),
                                     .focus = focus,
                                     .allows_update = allows_update,
                                     .denies_update = denies_update,
                                     .expires = invite_expires,
                                     .user_agent = user_agent,
                                     .payload = std::move(payload),
                                     .trunk = trunk,
                                     .asserted = asserted,
                                     .routes = routes});
}

void Phone::sends(Method method, PayloadRef payload)
{
    REQUIRE_MESSAGE(leg_, number << " has no dialog");
    const auto transaction = scenario_.next_transaction();
    auto& request = scenario_.requests_[transaction] = {this, method, leg_};
    if (changes_session(method) && payload) request.offer = payload->body;
    if (method == INVITE) own_invite_ = transaction;
    scenario_.receive(RequestReceived{.transaction = transaction,
                                      .leg = leg_,
                                      .method = method,
                                      .cseq = ++cseq_,
                                      .source = source,
                                      .supported = supported,
                                      .session_timer = session_timer,
                                      .focus = focus,
                                      .payload = std::move(payload)});
}

void Phone::subscribes_to_transfer(std::string event, std::chrono::seconds expires)
{
    const auto transaction = scenario_.next_transaction();
    scenario_.requests_[transaction] = {this, SUBSCRIBE, leg_};
    scenario_.receive(RequestReceived{
        .transaction = transaction,
        .leg = leg_,
        .method = SUBSCRIBE,
        .cseq = ++cseq_,
        .expires = expires,
        .payload = std::make_shared<const Payload>(Payload{{}, {}, {{"Event", std::move(event)}}})});
}

void Phone::sends_on(std::string also, std::optional<SipUri> contact)
{
    const auto transaction = scenario_.next_transaction();
    scenario_.requests_[transaction] = {this, BYE, leg_};
    scenario_.receive(RequestReceived{.transaction = transaction,
                                      .leg = leg_,
                                      .method = BYE,
                                      .also = std::move(also),
                                      .left_contact = std::move(contact)});
}

void Phone::sends_invite(std::string_view sdp)
{
    sends(INVITE, sdp_payload(sdp));
}

void Phone::cancels(std::vector<Header> headers)
{
    if (scenario_.network_) {
        PayloadRef reason;
        if (!headers.empty())
            reason = std::make_shared<const Payload>(Payload{{}, {}, std::move(headers)});
        return scenario_.network_->cancels(own_invite_, std::move(reason));
    }
    const auto request = scenario_.requests_.find(own_invite_);
    REQUIRE_MESSAGE(request != scenario_.requests_.end(), number << " has nothing to cancel");
    const auto leg = request->second.leg;
    // Of an INVITE that was passed on, the final response is to come.
    if (scenario_.is_open(leg) || !leg) scenario_.requests_.erase(request);
    PayloadRef payload;
    if (!headers.empty())
        payload = std::make_shared<const Payload>(Payload{{}, {}, std::move(headers)});
    scenario_.receive(
        CancelReceived{.transaction = own_invite_, .leg = leg, .payload = std::move(payload)});
}

void Phone::cancels_late(const Arrived& success, std::vector<Header> headers)
{
    PayloadRef payload;
    if (!headers.empty())
        payload = std::make_shared<const Payload>(Payload{{}, {}, std::move(headers)});
    scenario_.receive(CancelReceived{.transaction = success.transaction,
                                     .leg = success.leg,
                                     .payload = std::move(payload),
                                     .answered = true});
}

void Phone::cancels_before(const Arrived& success)
{
    scenario_.receive(
        CancelReceived{.transaction = success.transaction, .leg = success.leg, .payload = {}});
}

std::string Phone::media() const
{
    const auto found = media_.find(leg_);
    return found == media_.end() ? std::string{} : found->second;
}

const Arrived& Phone::asked() const
{
    REQUIRE_MESSAGE(to_answer_, number << " has nothing to answer");
    return *to_answer_;
}

std::string Phone::said(LegId dialog) const
{
    const auto found = said_.find(dialog);
    return found == said_.end() ? std::string{} : found->second;
}

void Phone::replies(unsigned status, std::string_view sdp)
{
    const auto request = asked();
    if (status / 100 == 2 && changes_session(request.method) && has_body(request.payload))
        media_[request.leg] = request.body();
    if (status / 100 == 2 && changes_session(request.method) && !sdp.empty())
        said_[request.leg] = sdp;
    if (status >= 200) {
        to_answer_.reset();
        scenario_.invites_.erase(request.answers_to);
    }
    auto payload = sdp_payload(sdp);
    if (!answer_headers.empty())
        payload =
            std::make_shared<const Payload>(Payload{payload ? payload->content_type : std::string{},
                                                    std::string{body_of(payload)}, answer_headers});
    auto message = scenario_.passed_message(status, request.leg, sdp);
    const bool cancelled_so = message && status < 200;
    scenario_.receive(ResponseReceived{
        .leg = request.leg,
        .transaction = request.answers_to,
        .method = request.method,
        .status = status,
        .to_tag = status == 100 ? "" : "tag-" + number + "-" + std::to_string(flow.port),
        .record_route = status / 100 == 2 && request.method == INVITE ? record_route
                                                                      : std::vector<std::string>{},
        .supported = supported,
        .session_timer = session_timer,
        .user_agent = user_agent,
        .focus = focus,
        .allows_update = allows_update,
        .denies_update = denies_update,
        .payload = std::move(payload),
        .message = std::move(message),
        .via = cancelled_so ? "SIP/2.0/UDP ours;branch=z9hG4bKpassed" : ""});
}

void Phone::replies_to(const Arrived& request, unsigned status, std::string_view sdp)
{
    to_answer_ = request;
    replies(status, sdp);
}

void Phone::answers_earlier_run(std::optional<std::uint32_t> cseq)
{
    scenario_.receive(AnsweredBefore{.leg = leg_, .cseq = cseq.value_or(resumed_cseq - 1)});
}

void Phone::replies_reliably(unsigned status, std::uint32_t rseq, std::string_view sdp,
                             std::string to_tag)
{
    REQUIRE(to_answer_);
    scenario_.receive(
        ResponseReceived{.leg = to_answer_->leg,
                         .transaction = to_answer_->answers_to,
                         .method = INVITE,
                         .status = status,
                         .to_tag = to_tag.empty() ? "tag-" + number : std::move(to_tag),
                         .reliable = {rseq},
                         .payload = sdp_payload(sdp)});
}

void Phone::redirects(std::vector<SipUri> to)
{
    REQUIRE_MESSAGE(to_answer_, number << " has nothing to answer");
    const auto request = *std::exchange(to_answer_, std::nullopt);
    scenario_.invites_.erase(request.answers_to);
    scenario_.receive(ResponseReceived{.leg = request.leg,
                                       .transaction = request.answers_to,
                                       .method = INVITE,
                                       .status = 302,
                                       .to_tag = "tag-" + number,
                                       .redirects = std::move(to),
                                       .message = scenario_.passed_message(302, request.leg)});
}

void Phone::fails_with(unsigned status)
{
    REQUIRE(to_answer_);
    const auto request = *std::exchange(to_answer_, std::nullopt);
    scenario_.invites_.erase(request.answers_to);
    scenario_.receive(ResponseReceived{.leg = request.leg,
                                       .transaction = request.answers_to,
                                       .method = request.method,
                                       .status = status,
                                       .generated = true});
}

void Phone::fails_with(const Arrived& request, unsigned status)
{
    to_answer_ = request;
    fails_with(status);
}

void Phone::acknowledge(const Arrived& success, std::string_view sdp)
{
    if (!sdp.empty()) said_[success.leg] = sdp;
    scenario_.receive(AckReceived{
        .transaction = success.transaction, .leg = success.leg, .payload = sdp_payload(sdp)});
}

void Phone::never_acknowledges(const Arrived& success)
{
    scenario_.receive(AckMissing{.transaction = success.transaction, .leg = success.leg});
}

}  // namespace lampline::test
