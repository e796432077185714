// Requests of phones, and what the exchange answers.
#include "support/scenario/network.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "support/scenario/values.hpp"

namespace lampline::test {
namespace {

constexpr std::chrono::milliseconds gives_up_after = 64 * 500ms;  // 64*T1

bool is_success(unsigned status)
{
    return status / 100 == 2;
}

}  // namespace

void Network::send(const SipInput& input, TransactionId request, bool within)
{
    const auto& sent = scenario_.requests_.at(request);
    auto& phone = *sent.phone;
    theirs_[request] = {.phone = &phone,
                        .leg = sent.leg,
                        .method = sent.method,
                        .until = scenario_.now().mono + gives_up_after,
                        .within = within};
    if (sent.method == BYE) left_.insert(sent.leg);
    later(gives_up_after, [this, request] { gives_up(request); });
    const auto after = pass(phone, false,
                            std::string{word(sent.method)} + " " +
                                (within ? std::to_string(sent.leg.value) : sent.call_id));
    if (after) later(*after, [this, input, request] { enter(input, request); });
}

void Network::enter(const SipInput& input, TransactionId request)
{
    auto& one = theirs_.at(request);
    one.reached = true;
    if (const auto* within = std::get_if<RequestReceived>(&input)) {
        if (!scenario_.is_open(within->leg)) return refuse(request, 481);
        auto& last = heard_cseq_[within->leg];
        if (within->cseq != 0 && within->cseq < last) return refuse(request, 500);
        last = std::max(last, within->cseq);
        if (one.method == BYE) over_.insert(one.leg);
    }
    if (one.method == INVITE)
        if (const auto after = pass(*one.phone, true, "100"))
            later(*after, [this, request] {
                auto& invite = theirs_.at(request);
                const bool first = !std::exchange(invite.heard, true);
                if (first && invite.cancelled && !invite.over) send_cancel(request);
            });
    scenario_.enter(input);
    if (one.method == PRACK) pracked(one.leg);
}

void Network::refuse(TransactionId request, unsigned status)
{
    scenario_.requests_.erase(request);
    auto& one = theirs_.at(request);
    Arrived arrived;
    arrived.what = std::to_string(status);
    arrived.status = status;
    arrived.leg = one.leg;
    if (one.method == INVITE && !one.within) {
        arrived.call_id = "call-" + std::to_string(request.value);
        over_.insert(one.leg);
    }
    arrived.transaction = request;
    respond(*one.phone, std::move(arrived), [this, status, leg = one.leg] {
        if (status == 481) left_.insert(leg);
    });
}

void Network::gives_up(TransactionId request)
{
    auto& one = theirs_.at(request);
    if (one.over || one.until > scenario_.now().mono) return;
    if (one.method == INVITE && one.heard && !one.cancelled) return;
    one.over = true;
    if (!one.reached) scenario_.requests_.erase(request);
    Arrived arrived;
    arrived.what = "408 by itself";
    arrived.status = 408;
    arrived.generated = true;
    arrived.leg = one.leg;
    arrived.transaction = request;
    note(*one.phone, true, std::string{word(one.method)}, " timed out");
    auto& phone = *one.phone;
    const auto leg = one.leg;
    const bool leaves = one.within && one.method != BYE && leg && !has_left(leg);
    if (!one.within && leg) left_.insert(leg);
    arrive(phone, std::move(arrived));
    if (leaves && scenario_.times_out) scenario_.times_out(phone, leg);
    if (leaves) left_.insert(leg);
}

void Network::cancels(TransactionId invite, PayloadRef payload)
{
    const auto found = theirs_.find(invite);
    REQUIRE(found != theirs_.end());
    auto& one = found->second;
    if (one.over || std::exchange(one.cancelled, true)) return;
    one.reason = std::move(payload);
    if (one.heard) send_cancel(invite);
}

void Network::send_cancel(TransactionId invite)
{
    auto& one = theirs_.at(invite);
    one.until = scenario_.now().mono + gives_up_after;
    later(gives_up_after, [this, invite] { gives_up(invite); });
    // Not in the midst of what the exchange makes of what came before it.
    if (const auto after = pass(*one.phone, false, "CANCEL " + std::to_string(one.leg.value)))
        due_.emplace(scenario_.now().mono + *after,
                     Due{[this, invite] { take_cancel(invite); }, false});
}

void Network::take_cancel(TransactionId invite)
{
    auto& one = theirs_.at(invite);
    CancelReceived cancel{.transaction = invite, .leg = one.leg, .payload = one.reason};
    if (const auto held = std::exchange(one.held, nullptr)) {
        one.status = 0;
        scenario_.enter(cancel);
        return refuse(invite, 487);
    }
    const auto request = scenario_.requests_.find(invite);
    if (request != scenario_.requests_.end()) {
        // Of an INVITE that was passed on, the final response is to come.
        cancel.leg = request->second.leg;
        if (scenario_.is_open(cancel.leg) || !cancel.leg) refuse(invite, 487);
        return scenario_.enter(cancel);
    }
    const bool crosses = is_success(one.status) && !one.settled && !one.within;
    if (!crosses || !scenario_.is_open(one.leg)) return;
    cancel.answered = true;
    scenario_.enter(cancel);
}

void Network::respond(Phone& phone, Arrived arrived, Step then)
{
    const auto id = arrived.transaction;
    const auto found = theirs_.find(id);
    if (found == theirs_.end()) {  // REGISTER, SUBSCRIBE, ...
        then();
        return arrive(phone, std::move(arrived));
    }
    auto& one = found->second;
    const auto status = arrived.status;
    const bool shared = !arrived.shared.call_id.empty();
    const auto what = arrived.what + " " +
                      (one.leg ? std::to_string(one.leg.value) : arrived.call_id);
    const Step arrives = [this, &phone, arrived, then] { hear(phone, arrived, then); };
    if (status < 200 && !arrived.is_reliable) {
        if (const auto after = pass_once(phone, true, what)) later(*after, arrives);
        return;
    }
    if (status < 200) {
        ++one.unacknowledged;
        later(gives_up_after, [this, id] { unpracked(id); });
        return later(pass(phone, true, what).value_or(4s), arrives);
    }
    one.status = status;
    if (one.method == INVITE && is_success(status)) accepted_.insert(arrived.call_id);
    if (shared && is_success(status)) return passing_.forward(phone, std::move(arrived), then);
    const Step leaves = [this, &phone, what, arrives, id] {
        if (const auto after = pass(phone, true, what)) return later(*after, arrives);
        if (theirs_.at(id).method == INVITE) cancels_in_vain(id);
    };
    if (one.method == INVITE && is_success(status)) return success(id, leaves);
    leaves();
}

void Network::cancels_in_vain(TransactionId invite)
{
    auto& one = theirs_.at(invite);
    if (one.over) return;
    one.cancelled = true;
    one.until = scenario_.now().mono + gives_up_after;
    later(gives_up_after, [this, invite] { gives_up(invite); });
}

void Network::success(TransactionId invite, Step leaves)
{
    const Step goes = [this, invite, leaves = std::move(leaves)] {
        later(gives_up_after, [this, invite] {
            auto& one = theirs_.at(invite);
            if (std::exchange(one.settled, true)) return;
            note(*one.phone, true, "2xx " + std::to_string(one.leg.value), " unacknowledged");
            if (scenario_.is_open(one.leg))
                scenario_.enter(AckMissing{.transaction = invite, .leg = one.leg});
        });
        leaves();
    };
    auto& one = theirs_.at(invite);
    if (one.unacknowledged > 0)
        one.held = goes;
    else
        goes();
}

void Network::unpracked(TransactionId invite)
{
    auto& one = theirs_.at(invite);
    const bool pending = scenario_.requests_.contains(invite) || one.held;
    if (one.unacknowledged == 0 || !pending) return;
    one.held = nullptr;
    one.status = 0;
    scenario_.enter(CancelReceived{.transaction = invite, .leg = one.leg, .payload = {}});
    refuse(invite, 504);
}

void Network::pracked(LegId leg)
{
    const auto invite = std::ranges::find_if(theirs_, [&](const auto& one) {
        return one.second.leg == leg && one.second.method == INVITE && !one.second.within;
    });
    if (invite == theirs_.end() || invite->second.unacknowledged == 0) return;
    if (--invite->second.unacknowledged > 0) return;
    if (const auto leaves = std::exchange(invite->second.held, nullptr)) leaves();
}

void Network::hear(Phone& phone, const Arrived& arrived, const Step& then)
{
    auto& one = theirs_.at(arrived.transaction);
    const bool another = !arrived.shared.call_id.empty() && is_success(arrived.status);
    if (one.over && !another) return;
    const bool first = !std::exchange(one.heard, true);
    if (arrived.status >= 200)
        one.over = true;
    else if (first && one.cancelled)
        send_cancel(arrived.transaction);
    then();
    arrive(phone, arrived);
}

void Network::acknowledge(const AckReceived& ack)
{
    const auto& phone = *theirs_.at(ack.transaction).phone;
    const auto after = pass(phone, false, "ACK " + std::to_string(ack.leg.value));
    if (!after) return;
    later(*after, [this, ack] {
        auto& one = theirs_.at(ack.transaction);
        if (std::exchange(one.settled, true)) return;
        if (scenario_.is_open(ack.leg)) scenario_.enter(ack);
    });
}

}  // namespace lampline::test
