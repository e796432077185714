#include "support/scenario.hpp"

#include <doctest/doctest.h>

#include "support/scenario/values.hpp"

namespace lampline::test {

Arrived Phone::watches(std::string_view member)
{
    const auto transaction = scenario_.next_transaction();
    scenario_.requests_[transaction] = {this, Method::subscribe, {}};
    SipUri contact = address_of(number);
    contact.host = flow.host;
    contact.port = flow.port;
    scenario_.receive(SubscribeReceived{
        .transaction = transaction,
        .source = flow,
        .authenticated = number,
        .request_uri = address_of(member),
        .parties = {{{}, address_of(number)}, "watch", {{}, address_of(member)}, {}},
        .call_id = "sub-" + number + "-" + std::string{member},
        .cseq = ++cseq_,
        .contact = contact,
        .event = "dialog",
        .accept = {"application/dialog-info+xml"},
        .expires = 3600s,
        .user_agent = user_agent});
    receives(200U);
    return receives(NOTIFY);
}

TransactionId Phone::asks(const Subscribing& subscribing)
{
    SipUri contact = address_of(number);
    contact.host = flow.host;
    contact.port = flow.port;
    const auto params = subscribing.event.find(';');
    const auto package = subscribing.event.substr(0, params);
    const auto call_id = !subscribing.call_id.empty() ? subscribing.call_id
                                                      : "sub-" + package + "-" + subscribing.to +
                                                            "-" + std::to_string(flow.port);
    asked_ = SubscribeReceived{
        .transaction = {},
        .source = flow,
        .authenticated = number,
        .request_uri = address_of(subscribing.to),
        .parties = {{{}, address_of(number)},
                    "watch",
                    {{}, address_of(subscribing.to)},
                    subscribing.to_tag},
        .call_id = call_id,
        .cseq = subscribing.cseq != 0 ? subscribing.cseq : ++cseq_,
        .contact = contact,
        .event = package,
        .event_params = params == std::string::npos ? "" : subscribing.event.substr(params),
        .accept = subscribing.accept,
        .expires = subscribing.expires,
        .supported = subscribing.supported,
        .user_agent = user_agent,
        .payload = subscribing.payload,
        .recipient_list = subscribing.recipient_list,
        .notifier = subscribing.notifier};
    return asks_again();
}

TransactionId Phone::asks_again()
{
    REQUIRE(asked_);
    asked_->transaction = scenario_.next_transaction();
    scenario_.requests_[asked_->transaction] = {
        this, Method::subscribe, {}, asked_->call_id, asked_->parties.to_tag};
    scenario_.watching_[asked_->call_id] = this;
    scenario_.receive(*asked_);
    return asked_->transaction;
}

void Phone::answers_subscribe(const Arrived& request, unsigned status,
                              std::chrono::seconds expires)
{
    const auto asked = scenario_.requests_.extract(request.transaction);
    if (!asked) return;  // another phone was first
    Arrived answer;
    answer.what = std::to_string(status);
    answer.status = status;
    scenario_.arrive(*asked.mapped().phone, std::move(answer));
    SubscribeForwarded forwarded{.subscription = request.subscription,
                                 .status = status,
                                 .expires = {},
                                 .notifier_tag = request.shared.local_tag,
                                 .contact = own_contact(),
                                 .source = flow};
    if (status < 300) forwarded.expires = expires;
    scenario_.receive(forwarded);
}

void Phone::notifies(const Arrived& subscribe, Notifying notifying)
{
    const auto transaction = scenario_.next_transaction();
    const auto& dialog = subscribe.shared;
    auto* watcher = scenario_.watching_.at(dialog.call_id);
    scenario_.requests_[transaction] = {this, NOTIFY, {}, dialog.call_id, {}, notifying};
    scenario_.receive(NotifyReceived{.transaction = transaction,
                                     .watcher = watcher->number,
                                     .member = number,
                                     .call_id = dialog.call_id,
                                     .watcher_tag = dialog.remote_tag,
                                     .notifier_tag = dialog.local_tag,
                                     .cseq = notifying.cseq,
                                     .version = notifying.version,
                                     .shows_call = notifying.shows_call,
                                     .over = notifying.over,
                                     .contact = own_contact(),
                                     .source = flow});
}

TransactionId Phone::publishes(const Publishing& publishing)
{
    const auto transaction = scenario_.next_transaction();
    scenario_.requests_[transaction] = {this, Method::publish, {}};
    Payload payload{publishing.content_type, publishing.body, {{"Event", publishing.event}}};
    if (!publishing.call_info.empty())
        payload.headers.push_back({"Call-Info", publishing.call_info});
    for (const auto& header : publishing.more) payload.headers.push_back(header);
    scenario_.receive(
        PublishReceived{.transaction = transaction,
                        .source = flow,
                        .authenticated = number,
                        .request_uri = address_of(publishing.to),
                        .event = publishing.event,
                        .if_match = publishing.if_match,
                        .expires = publishing.expires,
                        .payload = std::make_shared<const Payload>(std::move(payload)),
                        .contact = publishing.names_contact ? own_contact() : SipUri{},
                        .user_agent = user_agent});
    return transaction;
}

Arrived Phone::subscribes(std::string event, std::string to)
{
    asks({.event = std::move(event), .to = std::move(to)});
    receives(200U);
    return receives(NOTIFY);
}

void Phone::writes(std::string_view to, std::string_view text, std::string_view content_type)
{
    const auto transaction = scenario_.next_transaction();
    scenario_.requests_[transaction] = {this, MESSAGE, {}, {}};
    scenario_.receive(
        MessageReceived{.transaction = transaction,
                        .source = flow,
                        .authenticated = number,
                        .request_uri = address_of(to),
                        .parties = {{{}, address_of(number)}, "write", {{}, address_of(to)}, {}},
                        .payload = std::make_shared<const Payload>(
                            Payload{std::string{content_type}, std::string{text}, {}})});
}

void Phone::answers_standalone(const Arrived& request, unsigned status, bool generated)
{
    scenario_.receive(StandaloneAnswered{
        .transaction = request.answers_to, .status = status, .generated = generated});
}

void Phone::refers(std::string_view referred, PayloadRef payload, OptionTag demands)
{
    const auto transaction = scenario_.next_transaction();
    scenario_.requests_[transaction] = {this, Method::refer, {}};
    auto contact = address_of(number);
    contact.host = flow.host;
    contact.port = flow.port;
    scenario_.receive(ReferReceived{.transaction = transaction,
                                    .source = flow,
                                    .authenticated = number,
                                    .request_uri = address_of(referred),
                                    .parties = {{{}, address_of(number)},
                                                "refer-" + std::to_string(++refer_),
                                                {{}, address_of(referred)},
                                                {}},
                                    .call_id = "refer-" + number,
                                    .cseq = ++cseq_,
                                    .contact = contact,
                                    .required = demands,
                                    .payload = std::move(payload)});
}

void Phone::subscribes_to_refer(const Arrived& accepted, std::chrono::seconds expires,
                                std::string event_params)
{
    const auto transaction = scenario_.next_transaction();
    scenario_.requests_[transaction] = {this, Method::subscribe, {}};
    scenario_.receive(SubscribeReceived{.transaction = transaction,
                                        .source = flow,
                                        .authenticated = number,
                                        .request_uri = address_of(number),
                                        .parties = {{{}, address_of(number)},
                                                    "refer-" + std::to_string(refer_),
                                                    {{}, address_of(number)},
                                                    accepted.local_tag},
                                        .call_id = "refer-" + number,
                                        .cseq = ++cseq_,
                                        .event = "refer",
                                        .event_params = std::move(event_params),
                                        .expires = expires});
}

}  // namespace lampline::test
