#include "support/scenario/network.hpp"

#include <algorithm>

#include "support/scenario/values.hpp"

namespace lampline::test {
namespace {

constexpr auto t1 = 500ms;
constexpr auto gives_up_after = 64 * t1;
constexpr std::size_t ladder_length = 60;

bool is_success(unsigned status)
{
    return status / 100 == 2;
}

/// After these nobody is in the dialog (RFC 3261 §12.2.1.2).
bool ends_dialog(unsigned status)
{
    return status == 408 || status == 481;
}

}  // namespace

bool Network::take(const SipInput& input)
{
    return std::visit(
        Overloaded{[&](const InviteReceived& invite) {
                       send(input, invite.transaction, false);
                       return true;
                   },
                   [&](const RequestReceived& request) {
                       send(input, request.transaction, true);
                       return true;
                   },
                   [&](const AckReceived& ack) {
                       acknowledge(ack);
                       return true;
                   },
                   [&](const ResponseReceived& response) {
                       send(response);
                       return true;
                   },
                   [&](const DialogPassed& message) {
                       passing_.take(message);
                       return true;
                   },
                   [&](const ReferReceived& refer) {
                       send(input, refer.transaction, false);
                       return true;
                   },
                   [&](const MessageReceived& message) {
                       send(input, message.transaction, false);
                       return true;
                   },
                   [&](const StandaloneAnswered& answer) {
                       send(answer);
                       return true;
                   },
                   [](const auto&) { return false; }},
        input);
}

std::optional<Network::Time> Network::next() const
{
    if (due_.empty()) return std::nullopt;
    return due_.begin()->first;
}

void Network::goes_on()
{
    while (!due_.empty() && due_.begin()->first <= scenario_.now().mono) {
        const auto step = std::move(due_.begin()->second.step);
        due_.erase(due_.begin());
        step();
    }
}

void Network::later(std::chrono::milliseconds span, Step step, bool passes)
{
    if (span == 0ms) return step();
    due_.emplace(scenario_.now().mono + span, Due{std::move(step), passes});
}

std::optional<std::chrono::milliseconds> Network::pass(const Phone& phone, bool to_phone,
                                                       const std::string& what)
{
    const auto passage = passage_();
    const bool never = passage.never || passage.after >= gives_up_after;
    if (never)
        ++lost_;
    else if (passage.after > 0ms)
        ++delayed_;
    note(phone, to_phone, what,
         never                ? " is lost"
         : passage.after == 0ms ? ""
                                : " takes " + std::to_string(passage.after.count()) + " ms");
    if (never) return std::nullopt;
    return passage.after;
}

std::optional<std::chrono::milliseconds> Network::pass_once(const Phone& phone, bool to_phone,
                                                            const std::string& what)
{
    const auto passage = passage_();
    const bool never = passage.never || passage.after >= t1;
    if (never) ++lost_;
    note(phone, to_phone, what, never ? " is lost" : "");
    if (never) return std::nullopt;
    return passage.after;
}

void Network::note(const Phone& phone, bool to_phone, const std::string& what,
                   const std::string& how)
{
    const auto at = std::chrono::duration_cast<std::chrono::milliseconds>(
        scenario_.now().mono.time_since_epoch());
    ladder_.push_back(std::to_string(at.count()) + " " + phone.number + ":" +
                      std::to_string(phone.flow.port) + (to_phone ? " <- " : " -> ") + what + how);
    if (ladder_.size() > ladder_length) ladder_.pop_front();
}

std::string Network::ladder() const
{
    std::string text;
    for (const auto& line : ladder_) text += "\n" + line;
    return text;
}

void Network::arrive(Phone& phone, Arrived arrived)
{
    scenario_.arrive(phone, std::move(arrived));
}

void Network::opened(TransactionId invite, LegId leg)
{
    if (const auto found = theirs_.find(invite); found != theirs_.end()) found->second.leg = leg;
}

bool Network::awaits_answer(TransactionId request) const
{
    const auto found = theirs_.find(request);
    return found != theirs_.end() && !found->second.over;
}

bool Network::is_cancelled(TransactionId invite) const
{
    const auto found = theirs_.find(invite);
    return found != theirs_.end() && found->second.cancelled;
}

void Network::carry(Phone& phone, Arrived arrived, Step then)
{
    if (arrived.status != 0) return respond(phone, std::move(arrived), std::move(then));
    if (arrived.method == CANCEL) return cancel(phone, arrived, std::move(then));
    if (arrived.method != ACK) return request(phone, std::move(arrived), std::move(then));
    if (const auto after = pass(phone, true, "ACK " + std::to_string(arrived.leg.value)))
        later(*after, [this, &phone, arrived, then] {
            if (has_left(arrived.leg)) return;
            then();
            arrive(phone, arrived);
        });
}

// Requests of the exchange

void Network::request(Phone& phone, Arrived arrived, Step then)
{
    const auto id = arrived.answers_to;
    const bool begins = arrived.method == INVITE && (!arrived.from_address.uri.host.empty() ||
                                                     !arrived.shared.call_id.empty());
    ours_[id] = {.phone = &phone,
                 .leg = arrived.leg,
                 .method = arrived.method,
                 .until = scenario_.now().mono + gives_up_after,
                 .closes = scenario_.is_open(arrived.leg),
                 .within = !begins,
                 .shared = begins ? DialogId{} : arrived.shared,
                 .passed_on = begins ? arrived.shared : DialogId{}};
    if (arrived.method == BYE) over_.insert(arrived.leg);
    later(gives_up_after, [this, id] { timed_out(id); });
    const auto after = pass(phone, true, arrived.what + " " + std::to_string(arrived.leg.value));
    if (!after) return;
    later(*after, [this, &phone, arrived = std::move(arrived), then] {
        reach(phone, arrived, then);
    });
}

unsigned Network::refusal(const Arrived& arrived, bool within)
{
    if (!arrived.shared.call_id.empty()) return 0;
    if (within && has_left(arrived.leg)) return 481;
    auto& last = reached_last_[arrived.leg];
    if (arrived.answers_to < last) return 500;
    last = arrived.answers_to;
    const auto waits = [&](const auto& one) {
        return one.second.leg == arrived.leg && one.second.method == INVITE && !one.second.over;
    };
    return within && arrived.method == INVITE && std::ranges::any_of(theirs_, waits) ? 491 : 0;
}

void Network::reach(Phone& phone, const Arrived& arrived, const Step& then)
{
    const bool within = ours_.at(arrived.answers_to).within;
    const auto answer = [&](unsigned status) {
        send(ResponseReceived{.leg = arrived.leg,
                              .transaction = arrived.answers_to,
                              .method = arrived.method,
                              .status = status});
    };
    if (const auto status = refusal(arrived, within); status != 0) {
        scenario_.invites_.erase(arrived.answers_to);
        return answer(status);
    }
    if (arrived.method == BYE) left_.insert(arrived.leg);
    then();
    arrive(phone, arrived);
    if (arrived.method == INVITE) answer(100);
}

void Network::cancel(Phone& phone, const Arrived& arrived, Step then)
{
    const auto id = arrived.answers_to;
    const auto found = ours_.find(id);
    if (found == ours_.end()) return;
    auto& invite = found->second;
    invite.cancelled = true;
    const Step leaves = [this, &phone, arrived, id, then = std::move(then)] {
        ours_.at(id).until = scenario_.now().mono + gives_up_after;
        later(gives_up_after, [this, id] { timed_out(id); });
        const auto after =
            pass(phone, true, "CANCEL " + std::to_string(ours_.at(id).leg.value));
        if (!after) return;
        later(*after, [this, &phone, arrived, then] {
            then();
            arrive(phone, arrived);
        });
    };
    if (invite.heard)
        leaves();
    else
        invite.cancel = leaves;
}

void Network::timed_out(ClientTransactionId request)
{
    const auto found = ours_.find(request);
    if (found == ours_.end() || found->second.until > scenario_.now().mono) return;
    const auto one = found->second;
    if (one.method == INVITE && one.heard && !one.cancelled) return;
    if (!one.shared.call_id.empty()) passing_.ended(one.shared.call_id);
    note(*one.phone, false, std::string{word(one.method)} + " " + std::to_string(one.leg.value),
         " timed out");
    hear(ResponseReceived{.leg = one.leg,
                          .transaction = request,
                          .method = one.method,
                          .status = 408,
                          .generated = true});
}

void Network::send(const ResponseReceived& response)
{
    const auto found = ours_.find(response.transaction);
    const auto arrives = [this, response] { hear(response); };
    if (response.generated) return arrives();
    if (found == ours_.end()) {
        if (response.method == INVITE && is_success(response.status)) left_.insert(response.leg);
        return;
    }
    auto& phone = *found->second.phone;
    const auto& passed_on = found->second.passed_on;
    if (!passed_on.call_id.empty() && is_success(response.status))
        return passing_.accept(phone, passed_on, response);
    const auto what = std::to_string(response.status) + " " +
                      std::string{word(response.method)} + " " +
                      std::to_string(response.leg.value);
    // The first 100 is sent as often as the INVITE.
    if (response.status > 100 && response.status < 200 && response.reliable.rseq == 0) {
        if (const auto after = pass_once(phone, false, what)) later(*after, arrives);
    } else if (response.status > 100 && response.status < 200) {
        later(pass(phone, false, what).value_or(4s), arrives);
    } else if (const auto after = pass(phone, false, what)) {
        later(*after, arrives);
    }
}

void Network::hear(const ResponseReceived& response)
{
    const auto found = ours_.find(response.transaction);
    const bool success = response.method == INVITE && is_success(response.status);
    const bool unwanted = found == ours_.end() ||
                          (found->second.closes && !scenario_.is_open(response.leg));
    if (success && unwanted) left_.insert(response.leg);  // acknowledged, and ended
    if (found == ours_.end()) return;
    auto& one = found->second;
    one.heard = true;
    if (response.status < 200) {
        if (const auto leaves = std::exchange(one.cancel, nullptr)) leaves();
    } else {
        const bool ends = one.within && ends_dialog(response.status);
        const bool shared = !one.shared.call_id.empty();
        if (ends && !shared) over_.insert(one.leg);
        if (ends && shared && !response.generated) passing_.ended(one.shared);
        ours_.erase(found);
    }
    if (!unwanted) scenario_.enter(response);
}

void Network::ask(Phone& phone, Arrived arrived, std::chrono::milliseconds patience)
{
    const auto id = arrived.answers_to;
    asked_[id] = &phone;
    later(patience, [this, id] {
        hear(StandaloneAnswered{.transaction = id, .status = 408, .generated = true});
    });
    if (const auto after = pass(phone, true, arrived.what))
        later(*after, [this, &phone, arrived = std::move(arrived)] { arrive(phone, arrived); });
}

void Network::send(const StandaloneAnswered& answer)
{
    const auto found = asked_.find(answer.transaction);
    if (found == asked_.end()) return;
    if (const auto after = pass(*found->second, false, std::to_string(answer.status) + " MESSAGE"))
        later(*after, [this, answer] { hear(answer); });
}

void Network::hear(const StandaloneAnswered& answer)
{
    if (asked_.erase(answer.transaction) == 0) return;
    if (is_success(answer.status)) heard_accepted_.insert(answer.transaction);
    scenario_.enter(answer);
}

}  // namespace lampline::test
