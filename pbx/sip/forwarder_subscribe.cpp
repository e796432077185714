// SUBSCRIBEs that are passed on to the phones that notify by themselves: with a transaction on
// either side (RFC 3261 §16), and what follows in their dialogs like that of calls.
#include <algorithm>
#include <utility>

#include "sip/forwarder_parts.hpp"
#include "sip/passed_text.hpp"
#include "sip/tokens.hpp"
#include "sip/translate.hpp"

namespace lampline::sip {
namespace {

/// Of the time that the watcher waits itself: an answer of ours that comes later finds nobody, and
/// so a proxy never says 408 (RFC 4320 §4.2).
constexpr int patience_share = 2;
constexpr unsigned not_there = 480;
/// With it the phone keeps a subscription whose NOTIFY was lost (RFC 6665 §4.2.2).
constexpr std::string_view later{"Retry-After: 4\r\n"};

/// Which of two final answers is the better one (RFC 3261 §16.7 step 6).
bool is_better(unsigned status, unsigned than) noexcept
{
    const auto rank = [](unsigned each) {
        if (each == 0) return 9U;
        return each / 100 == 2 ? 0U : each / 100 == 6 ? 1U : each == not_there ? 7U : each / 100;
    };
    return rank(status) < rank(than);
}

std::optional<std::chrono::seconds> expires_in(const sip_t& response)
{
    if (!response.sip_expires) return std::nullopt;
    return std::chrono::seconds{response.sip_expires->ex_delta};
}

}  // namespace

std::optional<PassedSubscription> Forwarder::subscription_of(const sip_t& subscribe) const
{
    const auto* ours = route_of_ours(subscribe);
    if (!ours || !subscribe.sip_to->a_tag) return std::nullopt;
    const auto sides = tokens_.read(token_in(*ours), text_of(subscribe.sip_call_id->i_id),
                                    text_of(subscribe.sip_from->a_tag));
    if (!sides || sides->watcher.empty()) return std::nullopt;
    return PassedSubscription{sides->watcher, sides->member};
}

void Forwarder::take(HeldRequest&& request, const ForwardSubscribe& command)
{
    const auto id = ++last_repetition_;
    auto& asked = subscribings_[id];
    asked.subscription = command.subscription;
    asked.back = hop_to(request.source, {});
    asked.request = std::move(request);
    const auto& held = asked.request;
    const auto& sip = *held.sip;

    std::vector<Repetition> branches;
    const auto add = [&](Hop hop, PassedRequest change) {
        Repetition branch{.branch = std::string{subscribe_mark} + random_token(),
                          .hop = std::move(hop),
                          .packet = {}};
        branch.subscribing = id;
        if (branch.hop.listener) {
            const auto via = via_line(branch.hop, branch.branch);
            change.via = via;
            change.realm = parts_.settings.domain;
            branch.packet = packet_of(pass_request(sip, change, parts_.kept_messages != nullptr));
        }
        branches.push_back(std::move(branch));
    };
    if (command.targets.empty()) {
        if (auto passage = passage_of(held)) {
            auto change = passage->change;
            change.request_uri = passage->request_uri;
            if (command.flow) passage->hop = hop_to(*command.flow, passage->hop.target);
            add(passage->hop, std::move(change));
        }
    }
    for (const auto& target : command.targets) {
        const auto uri = as_request_uri(target.request_uri);
        const auto text = write(uri);
        auto hop = hop_to(target.flow, uri);
        PassedRequest change{.request_uri = text, .routes_kept = 0, .routes_before = target.route};
        const auto token =
            tokens_.write({held.source, target.flow, command.watcher, command.member},
                          sip.sip_call_id->i_id, text_of(sip.sip_from->a_tag));
        if (token && hop.listener)
            change.record_routes = record_routes(*token, *hop.listener, *held.listener);
        else
            hop.listener = nullptr;
        add(std::move(hop), std::move(change));
    }
    asked.open = branches.size();
    if (branches.empty()) return settle_subscribe(id, 481, nullptr);
    for (auto& branch : branches) {
        const bool full = repetitions_.size() >= max_repetitions;
        if (!branch.packet || full || !send(branch.hop, branch.packet, sip))
            settle_subscribe(id, not_there, nullptr);
        else
            repeat(std::move(branch));
    }
}

std::chrono::milliseconds Forwarder::patience_of(const Repetition& repetition) const
{
    return repetition.subscribing != 0 || repetition.notify ? parts_.settings.t1x64 / patience_share
                                                            : parts_.settings.t1x64;
}

/// One phone has answered, by `source`; or nobody has, and `response` is null.
void Forwarder::settle_subscribe(std::uint64_t id, unsigned status, const sip_t* response,
                                 const Flow& source)
{
    const auto found = subscribings_.find(id);
    if (found == subscribings_.end()) return;
    auto& asked = found->second;
    if (asked.open > 0) --asked.open;
    if (status == 503) {  // it is about a phone, not about us (§16.7 step 6)
        status = 500;
        response = nullptr;
    }
    if (!asked.answered && is_better(status, asked.status)) {
        asked.status = status;
        asked.text = response ? pass_response(*response, {}, parts_.kept_messages != nullptr)
                              : std::string{};
        asked.expires = response ? expires_in(*response) : std::nullopt;
        asked.notifier_tag = response ? text_of(response->sip_to->a_tag) : std::string_view{};
        asked.contact = response ? contact_of(*response) : SipUri{};
        asked.source = source;
    }
    if (!asked.answered && (status / 100 == 2 || asked.open == 0)) {
        asked.answered = true;
        const auto& sip = *asked.request.sip;
        auto packet = packet_of(
            asked.text.empty() ? write_reply(sip, {.status = asked.status}, parts_.settings.product)
                               : std::move(asked.text));
        if (!asked.request.key.empty()) parts_.repeated.answer(asked.request.key, packet);
        send(asked.back, packet, sip);
        if (const auto within = text_of(sip.sip_to->a_tag); !within.empty())
            asked.notifier_tag = within;
        parts_.on_input(SubscribeForwarded{asked.subscription, asked.status, asked.expires,
                                           std::move(asked.notifier_tag), std::move(asked.contact),
                                           std::move(asked.source)});
    }
    if (asked.open == 0) subscribings_.erase(found);
}

Forwarder::Outcome Forwarder::pass_notify(HeldRequest& request, const PassNotify& command)
{
    const auto& sip = *request.sip;
    auto passage = passage_of(request);
    if (!passage) return {.status = 481};
    auto& change = passage->change;
    change.request_uri = passage->request_uri;
    const std::vector<Header> last{{"Subscription-State", command.last_state}};
    if (!command.last_state.empty()) {
        change.replaced = &last;
        change.without_body = true;
    }
    if (command.flow) passage->hop = hop_to(*command.flow, passage->hop.target);
    // Any NOTIFY may be the one that establishes the dialog (RFC 6665 §4.3).
    const auto* to_phone = parts_.transports.listener_of(passage->sides.callee);
    if (passage->hop.listener && to_phone)
        if (const auto* ours = route_of_ours(sip))
            change.record_routes =
                record_routes(std::string{token_in(*ours)}, *passage->hop.listener, *to_phone);
    auto outcome = send_on(request, *passage);
    if (outcome.status == 503) outcome.headers = later;
    return outcome;
}

/// The watcher has not answered, or its connection is gone.
void Forwarder::lose_notify(const HeldRequest& notify)
{
    auto back = hop_to(notify.source, {});
    send(back,
         packet_of(
             write_reply(*notify.sip, {.status = 503, .headers = later}, parts_.settings.product)),
         *notify.sip);
}

}  // namespace lampline::sip
