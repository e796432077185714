#include "support/scenario.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <utility>

#include "support/scenario/network.hpp"
#include "support/scenario/values.hpp"

namespace lampline::test {

void Scenario::deliver(SipCommand& command)
{
    // Behind a proxy several phones have one address, and their contacts tell them apart.
    const auto called = [&](const Target& target) {
        for (const auto& phone : phones_) {
            const auto contact = phone->own_contact();
            if (phone->flow == target.flow && contact.user == target.request_uri.user &&
                contact.host == target.request_uri.host)
                return phone.get();
        }
        return phone_at(target.flow);
    };
    std::visit(Overloaded{
                   [&](OpenDialog& open) {
                       auto& request = requests_.at(open.transaction);
                       request.leg = open.leg;
                       request.phone->leg_ = open.leg;
                       legs_[open.leg] = request.phone;
                       dialogs_[{request.call_id, open.local_tag}] = request.phone;
                       open_[request.call_id] = open.leg;
                       if (network_) network_->opened(open.transaction, open.leg);
                   },
                   [&](ResumeDialog& resume) {
                       auto* phone = dialogs_.at({resume.dialog.call_id, resume.dialog.local_tag});
                       legs_[resume.leg] = phone;
                       open_[resume.dialog.call_id] = resume.leg;
                       phone->leg_ = resume.leg;
                       phone->said_[resume.leg] = said_[resume.dialog.call_id];
                       phone->resumed_cseq = resume.state.cseq;
                       if (network_) network_->resumed(resume.dialog.call_id, resume.leg);
                   },
                   [&](EndInvite& end) {
                       const auto& dialog = end.invite.dialog;
                       const auto own = dialogs_.find({dialog.call_id, dialog.local_tag});
                       auto* phone = own != dialogs_.end() ? own->second : phone_at(end.invite.flow);
                       REQUIRE(phone);
                       Arrived arrived;
                       const bool calls = end.invite.role == LegRole::caller;
                       arrived.what = calls ? "500" : "CANCEL";
                       arrived.status = calls ? 500 : 0;
                       arrived.method = CANCEL;
                       arrive(*phone, std::move(arrived));
                   },
                   [&](MoveDialog& move) {
                       auto* phone = phone_of(move.leg);
                       REQUIRE(phone);
                       phone->moved_to = move.flow;
                   },
                   [&](Reply& reply) {
                       const auto found = requests_.find(reply.transaction);
                       REQUIRE_MESSAGE(found != requests_.end(),
                                       "answered twice, or never asked: " << reply.status);
                       const auto request = found->second;
                       if (reply.status >= 200) requests_.erase(found);
                       Arrived arrived;
                       arrived.what = std::to_string(reply.status) + " " + reply.phrase;
                       arrived.status = reply.status;
                       arrived.leg = request.leg;
                       if (request.method == INVITE) arrived.call_id = request.call_id;
                       arrived.transaction = reply.transaction;
                       arrived.said_at = now_.mono;
                       arrived.headers = reply.headers;
                       arrived.local_tag = reply.local_tag;
                       arrived.session_timer = reply.session_timer;
                       arrived.is_reliable = reply.reliable;
                       arrived.allows_update = reply.allows_update;
                       arrived.required = reply.required;
                       arrived.focus = reply.focus;
                       arrived.payload = reply.payload;
                       const auto is_heard = [this, request, success = reply.status / 100 == 2,
                                              payload = reply.payload,
                                              transaction = reply.transaction] {
                           if (!success) return;
                           auto& phone = *request.phone;
                           if (changes_session(request.method) && has_body(payload))
                               phone.media_[request.leg] = payload->body;
                           if (!request.offer.empty()) phone.said_[request.leg] = request.offer;
                           if (request.method == INVITE && phone.acknowledges)
                               say(AckReceived{.transaction = transaction, .leg = request.leg});
                       };
                       carry(*request.phone, std::move(arrived), is_heard);
                   },
                   [&](SendInvite& invite) {
                       auto* phone = called(invite.target);
                       REQUIRE(phone);
                       legs_[invite.leg] = phone;
                       dialogs_[{invite.call_id, invite.local_tag}] = phone;
                       open_[invite.call_id] = invite.leg;
                       invites_[invite.transaction] = {phone, INVITE, invite.leg};
                       Arrived arrived;
                       arrived.what = "INVITE";
                       arrived.method = INVITE;
                       arrived.leg = invite.leg;
                       arrived.call_id = invite.call_id;
                       arrived.answers_to = invite.transaction;
                       arrived.from_address = invite.from;
                       arrived.focus = invite.focus;
                       arrived.request_uri = invite.target.request_uri;
                       arrived.headers = invite.headers;
                       if (invite.payload)
                           for (const auto& header : invite.payload->headers)
                               arrived.headers.push_back(header);
                       arrived.session_timer = invite.session_timer;
                       arrived.allows_update = invite.allows_update;
                       arrived.supported = invite.supported;
                       arrived.required = invite.required;
                       arrived.payload = invite.payload;
                       carry(*phone, arrived, [phone, arrived] {
                           phone->leg_ = arrived.leg;
                           phone->to_answer_ = arrived;
                       });
                   },
                   [&](SendRequest& request) {
                       auto* phone = phone_of(request.leg);
                       REQUIRE_MESSAGE(phone,
                                       "a " << word(request.method) << " on a closed dialog");
                       if (request.method == OPTIONS && phone->answers_probes) {
                           waiting_.push_back(ResponseReceived{.leg = request.leg,
                                                               .transaction = request.transaction,
                                                               .method = OPTIONS,
                                                               .status = 200});
                           return;
                       }
                       Arrived arrived;
                       arrived.what = word(request.method);
                       arrived.method = request.method;
                       arrived.leg = request.leg;
                       arrived.answers_to = request.transaction;
                       arrived.headers = request.headers;
                       arrived.session_timer = request.session_timer;
                       arrived.rack_rseq = request.rack_rseq;
                       arrived.early_tag = request.early_tag;
                       arrived.supported = request.supported;
                       arrived.allows_update = request.allows_update;
                       arrived.focus = request.focus;
                       arrived.payload = request.payload;
                       if (request.method == INVITE)
                           invites_[request.transaction] = {phone, INVITE, request.leg};
                       carry(*phone, arrived, [this, phone, arrived] {
                           if (arrived.method == BYE && phone->answers_bye)
                               say(ResponseReceived{.leg = arrived.leg,
                                                    .transaction = arrived.answers_to,
                                                    .method = BYE,
                                                    .status = 200});
                           else
                               phone->to_answer_ = arrived;
                       });
                   },
                   [&](SendAck& ack) {
                       auto* phone = phone_of(ack.leg);
                       REQUIRE_MESSAGE(phone, "an ACK on a closed dialog");
                       Arrived arrived;
                       arrived.what = "ACK";
                       arrived.method = ACK;
                       arrived.leg = ack.leg;
                       arrived.payload = ack.payload;
                       carry(*phone, arrived, [phone, arrived] {
                           if (has_body(arrived.payload))
                               phone->media_[arrived.leg] = arrived.payload->body;
                       });
                   },
                   [&](SendCancel& cancel) {
                       const auto branch = branches_.find(cancel.leg);
                       auto* phone =
                           branch == branches_.end() ? phone_of(cancel.leg) : branch->second;
                       REQUIRE_MESSAGE(phone, "a CANCEL on a closed dialog");
                       Arrived arrived;
                       arrived.what = "CANCEL";
                       arrived.method = CANCEL;
                       arrived.answers_to = cancel.transaction;
                       arrived.headers = cancel.headers;
                       carry(*phone, arrived, [this, phone, leg = cancel.leg, arrived] {
                           if (!phone->answers_cancel) return;
                           const bool waits = invites_.erase(arrived.answers_to) != 0;
                           if (waits)
                               say(ResponseReceived{.leg = leg,
                                                    .transaction = arrived.answers_to,
                                                    .method = INVITE,
                                                    .status = 487,
                                                    .to_tag = "tag-" + phone->number,
                                                    .message = passed_message(487, leg)});
                           const bool is_it = phone->to_answer_ && phone->to_answer_->answers_to ==
                                                                       arrived.answers_to;
                           if (is_it || !network_) phone->to_answer_.reset();
                       });
                   },
                   [&](ForwardSubscribe& forward) {
                       Arrived arrived;
                       arrived.what = "SUBSCRIBE";
                       arrived.method = SUBSCRIBE;
                       arrived.transaction = forward.request;
                       arrived.subscription = forward.subscription;
                       arrived.from_address.uri = address_of(forward.watcher);
                       const auto& subscribe = requests_.at(forward.request);
                       arrived.shared = {subscribe.call_id, subscribe.to_tag, "watch"};
                       for (const auto& target : forward.targets) {
                           auto* phone = phone_at(target.flow);
                           REQUIRE(phone);
                           arrived.request_uri = target.request_uri;
                           arrived.shared.local_tag = phone->notifier_tag();
                           arrive(*phone, arrived);
                       }
                       if (!forward.targets.empty()) return;
                       const auto notifier = std::ranges::find_if(phones_, [&](const auto& phone) {
                           return phone->number == forward.member &&
                                  phone->notifier_tag() == subscribe.to_tag;
                       });
                       REQUIRE(notifier != phones_.end());
                       arrive(**notifier, std::move(arrived));
                   },
                   [&](PassNotify& pass) {
                       const auto request = requests_.extract(pass.request).mapped();
                       auto* phone = watching_.at(request.call_id);
                       if (pass.flow) CHECK(*pass.flow == phone->flow);
                       Arrived arrived;
                       arrived.what = "NOTIFY";
                       arrived.method = NOTIFY;
                       arrived.notify = SendNotify{.subscription = {},
                                                   .dialog = {},
                                                   .cseq = request.notifying.cseq,
                                                   .subscription_state = pass.last_state};
                       arrive(*phone, std::move(arrived));
                   },
                   [&](CloseDialog& close) { CHECK(legs_.erase(close.leg) == 1); },
                   [&](SendStandalone& request) {
                       auto* phone = phone_at(request.target.flow);
                       auto answers = phone ? phone->answers_options : 200U;
                       if (phone && !phone->trunk.empty() && !answers) answers = 200U;
                       if (request.method == OPTIONS && answers)
                           return waiting_.push_back(
                               StandaloneAnswered{.transaction = request.transaction,
                                                  .status = *answers,
                                                  .generated = *answers == 408});
                       REQUIRE(phone);
                       Arrived arrived;
                       arrived.what = word(request.method);
                       arrived.method = request.method;
                       arrived.answers_to = request.transaction;
                       arrived.from_address = request.from;
                       arrived.headers = request.headers;
                       arrived.payload = request.payload;
                       if (network_ && request.method == MESSAGE)
                           return network_->ask(*phone, std::move(arrived), request.patience);
                       arrive(*phone, std::move(arrived));
                   },
                   [](ResolveTrunk&) {},
                   [&](SendNotify& notify) {
                       auto* phone = phone_at(notify.dialog->flow);
                       REQUIRE(phone);
                       if (phone->answers_notify)
                           waiting_.push_back(NotifyAnswered{.subscription = notify.subscription,
                                                             .cseq = notify.cseq,
                                                             .status = *phone->answers_notify});
                       Arrived arrived;
                       arrived.what = "NOTIFY";
                       arrived.method = NOTIFY;
                       arrived.headers = notify.headers;
                       arrived.notify = std::move(notify);
                       arrive(*phone, std::move(arrived));
                   },
                   [](ForgetNotify&) {},
                   [&](ForwardInvite& forward) {
                       auto* phone = phone_at(forward.target.flow);
                       REQUIRE(phone);
                       auto& request = requests_.at(forward.request);
                       request.leg = forward.caller;
                       branches_[forward.leg] = phone;
                       invites_[forward.transaction] = {phone, INVITE, forward.leg};
                       Arrived arrived;
                       arrived.what = "INVITE";
                       arrived.method = INVITE;
                       arrived.leg = forward.leg;
                       arrived.call_id = request.call_id;
                       arrived.shared = {request.call_id, phone->callee_tag(),
                                         "from-" + std::to_string(forward.request.value)};
                       arrived.answers_to = forward.transaction;
                       arrived.route = forward.target.route;
                       arrived.headers = forward.headers;
                       arrived.session_timer = forward.session_timer;
                       carry(*phone, arrived, [phone, arrived] {
                           phone->share(arrived.shared);
                           phone->to_answer_ = arrived;
                       });
                   },
                   [&](ForwardResponse& forward) {
                       const auto& message = dynamic_cast<const PassedMessage&>(*forward.message);
                       auto* phone = passed_[forward.request];
                       if (!phone)
                           phone = passed_[forward.request] = requests_.at(forward.request).phone;
                       if (message.status >= 200) requests_.erase(forward.request);
                       Arrived arrived;
                       arrived.what = std::to_string(message.status);
                       arrived.status = message.status;
                       arrived.transaction = forward.request;
                       arrived.call_id = "call-" + std::to_string(forward.request.value);
                       arrived.shared = {arrived.call_id,
                                         "from-" + std::to_string(forward.request.value),
                                         message.tag};
                       arrived.headers = forward.headers;
                       for (const auto& challenge : forward.challenges)
                           arrived.headers.push_back(
                               {"Challenge", dynamic_cast<const PassedMessage&>(*challenge).tag});
                       arrived.session_timer = forward.session_timer;
                       arrived.payload = message.payload;
                       carry(*phone, arrived, [phone, arrived] { phone->share(arrived.shared); });
                   },
                   [&](MovePassed& move) {
                       const std::pair key{move.call_id, move.tag};
                       if (move.flow)
                           moved_.insert(key);
                       else
                           moved_.erase(key);
                       for (const auto& phone : phones_)
                           if (phone->shared_.call_id == move.call_id &&
                               phone->shared_.local_tag == move.tag)
                               phone->moved_to = move.flow;
                   },
                   [&](ProbeDialog& probe) {
                       auto* phone = phone_at(probe.flow);
                       REQUIRE(phone);
                       const auto& [call_id, local_tag, remote_tag] = probe.dialog;
                       const DialogId of_phone{call_id, remote_tag, local_tag};
                       CHECK((network_ || of_phone == phone->shared_ ||
                              std::ranges::count(phone->all_shared_, of_phone) > 0));
                       Arrived arrived;
                       arrived.what = "OPTIONS";
                       arrived.method = OPTIONS;
                       arrived.leg = probe.leg;
                       arrived.shared = of_phone;
                       arrived.answers_to = probe.transaction;
                       arrived.route = probe.state.route;
                       carry(*phone, arrived, [phone, arrived] { phone->to_answer_ = arrived; });
                   },
               },
               command);
}

WireMessageRef Scenario::passed_message(unsigned status, LegId branch, std::string_view sdp) const
{
    const auto found = branches_.find(branch);
    if (found == branches_.end()) return nullptr;
    auto message = std::make_shared<PassedMessage>();
    message->status = status;
    message->tag = found->second->callee_tag();
    message->payload = sdp_payload(sdp);
    return message;
}

void Scenario::carry(Phone& phone, Arrived arrived, std::function<void()> then)
{
    if (network_) return network_->carry(phone, std::move(arrived), std::move(then));
    then();
    arrive(phone, std::move(arrived));
}

void Scenario::arrive(Phone& phone, Arrived arrived)
{
    phone.inbox.push_back(std::move(arrived));
}

Phone* Scenario::phone_of(LegId leg)
{
    const auto found = legs_.find(leg);
    return found == legs_.end() ? nullptr : found->second;
}

Phone* Scenario::phone_at(const Flow& flow)
{
    for (const auto& phone : phones_)
        if (phone->flow == flow) return phone.get();
    return nullptr;
}

}  // namespace lampline::test
