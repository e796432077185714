#include "support/scenario/passing.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "core/dialog_end.hpp"
#include "support/scenario/network.hpp"
#include "support/scenario/values.hpp"

namespace lampline::test {
namespace {

constexpr auto t1 = 500ms;
constexpr std::chrono::milliseconds t2 = 4s;
constexpr auto gives_up_after = 64 * t1;
constexpr std::uint32_t first_cseq = 10;  // behind that of the INVITE

bool says_gone(const DialogPassed& answer)
{
    return (answer.status == 408 || answer.status == 481) && speaks_of_call(answer.method);
}

/// The exchange hears of it (forwarder_dialog.cpp).
bool is_reported(const DialogPassed& message)
{
    const bool session = message.method == INVITE || message.method == UPDATE;
    return message.status == 0 || (message.status / 100 == 2 && session) || says_gone(message);
}

DialogId reversed(const DialogId& dialog)
{
    return {dialog.call_id, dialog.remote_tag, dialog.local_tag};
}

}  // namespace

std::string Passing::side_of(const DialogId& dialog)
{
    return dialog.call_id + '\n' + dialog.local_tag + '\n' + dialog.remote_tag;
}

std::string Passing::both_sides(const DialogId& dialog)
{
    return side_of(dialog.local_tag < dialog.remote_tag ? dialog : reversed(dialog));
}

Passing::Time Passing::now() const
{
    return network_.scenario_.now().mono;
}

Phone* Passing::phone_in(const DialogId& dialog) const
{
    const auto& phones = network_.scenario_.phones_;
    const auto found = std::ranges::find_if(phones, [&](const auto& phone) {
        return std::ranges::count(phone->all_shared_, dialog) > 0;
    });
    if (found != phones.end()) return found->get();
    // Who has called, and has not heard of that dialog.
    const auto& theirs = network_.theirs_;
    const auto invite = std::ranges::find_if(theirs, [&](const auto& one) {
        return "from-" + std::to_string(one.first.value) == dialog.local_tag;
    });
    REQUIRE(invite != theirs.end());
    return invite->second.phone;
}

bool Passing::is_over(const DialogId& dialog) const
{
    return over_.contains(both_sides(dialog)) || over_.contains(dialog.call_id);
}

bool Passing::awaits(const DialogId& dialog, Method method) const
{
    return std::ranges::any_of(requests_, [&](const auto& one) {
        const auto& request = one.second;
        return !request.over && request.message.method == method &&
               reversed(request.seen_by_to) == dialog;
    });
}

PayloadRef Passing::sent_with(TransactionId request) const
{
    return requests_.at(request).message.payload;
}

void Passing::note(const Phone& phone, bool to_phone, const DialogPassed& message,
                   const std::string& how)
{
    network_.note(phone, to_phone,
                  (message.status != 0 ? std::to_string(message.status) + " " : std::string{}) +
                      std::string{word(message.method)} + " " + message.call_id + " " +
                      std::to_string(message.cseq) + " (shared)",
                  how);
}

void Passing::take(DialogPassed request)
{
    const DialogId own{request.call_id, request.from_tag, request.to_tag};
    auto& last = last_[side_of(own)];
    request.cseq = last = std::max(first_cseq, last + 1);
    const auto id = network_.scenario_.next_transaction();
    auto& one = requests_[id];
    one = {.message = std::move(request),
           .from = phone_in(own),
           .to = phone_in(reversed(own)),
           .seen_by_to = reversed(own),
           .until = now() + gives_up_after};
    for (auto& way : one.ways) way.passage = network_.passage_();
    const auto told = [](const Way& way) {
        return way.passage.never ? std::string{"-"} : std::to_string(way.passage.after.count());
    };
    note(*one.from, false, one.message,
         " by " + told(one.ways[0]) + ", " + told(one.ways[1]) + ", back by " + told(one.ways[2]) +
             ", " + told(one.ways[3]));
    if (one.message.method == BYE) leaves(own);
    copy(id, t1);
}

/// Of copies that are lost there are as many as fit in that time; none is late by more than T1.
void Passing::pass(Way& way, Step step)
{
    const auto& [after, never] = way.passage;
    if (!way.since) way.since = now();
    if (never || after >= gives_up_after) {
        if (way.since == now()) ++network_.lost_;
        return;
    }
    if (after < t1) return network_.later(after, std::move(step), true);
    if (now() - *way.since >= after) return step();
    if (*way.since == now()) ++network_.delayed_;
}

void Passing::copy(TransactionId id, std::chrono::milliseconds next)
{
    auto& one = requests_.at(id);
    if (one.over) return;
    if (now() >= one.until) return times_out(id);
    const auto again = std::min<std::chrono::nanoseconds>(next, one.until - now());
    const auto longest = one.message.method == INVITE ? gives_up_after : t2;
    network_.later(std::chrono::ceil<std::chrono::milliseconds>(again),
                   [this, id, longer = std::min<std::chrono::milliseconds>(2 * next, longest)] {
                       copy(id, longer);
                   },
                   true);
    pass(one.ways[0], [this, id] {
        auto& request = requests_.at(id);
        seen(request.message);
        pass(request.ways[1], [this, id] { reach(id); });
    });
}

void Passing::seen(const DialogPassed& message)
{
    if (!is_reported(message)) return;
    if (message.method == BYE || says_gone(message))
        ended({message.call_id, message.from_tag, message.to_tag});
    network_.scenario_.enter(message);
}

void Passing::times_out(TransactionId id)
{
    auto& one = requests_.at(id);
    one.over = true;
    note(*one.from, true, one.message, " timed out");
    if (speaks_of_call(one.message.method)) leaves(reversed(one.seen_by_to));
    Arrived arrived;
    arrived.what = "408 by itself";
    arrived.status = 408;
    arrived.generated = true;
    arrived.method = one.message.method;
    arrived.transaction = id;
    arrived.shared = reversed(one.seen_by_to);
    network_.arrive(*one.from, std::move(arrived));
}

unsigned Passing::refusal(const Request& request)
{
    const auto side = side_of(request.seen_by_to);
    const bool knows_it = std::ranges::count(request.to->all_shared_, request.seen_by_to) > 0;
    if (!knows_it || left_.contains(side)) return 481;
    auto& heard = heard_[side];
    if (request.message.cseq < heard) return 500;
    heard = request.message.cseq;
    if (request.message.method == INVITE && awaits(request.seen_by_to, INVITE)) return 491;
    return 0;
}

void Passing::reach(TransactionId id)
{
    auto& one = requests_.at(id);
    if (one.answer.status != 0) return answer_copy(id);
    if (std::exchange(one.reached, true)) return;
    Arrived arrived;
    arrived.what = word(one.message.method);
    arrived.method = one.message.method;
    arrived.transaction = id;
    arrived.shared = one.seen_by_to;
    arrived.session_timer = one.message.session_timer;
    arrived.payload = one.message.payload;
    if (const auto status = refusal(one); status != 0) return answer(arrived, status, nullptr, 0s);
    note(*one.to, true, one.message);
    network_.arrive(*one.to, arrived);
    if (one.message.method != BYE) return;
    leaves(one.seen_by_to);
    answer(arrived, 200, nullptr, 0s);
}

void Passing::answer(const Arrived& request, unsigned status, PayloadRef payload,
                     std::chrono::seconds session)
{
    const auto id = request.transaction;
    auto& one = requests_.at(id);
    one.answer = one.message;
    one.answer.status = status;
    one.answer.session_timer = {.expires = session};
    one.answer.payload = std::move(payload);
    note(*one.to, false, one.answer);
    if (one.message.method == INVITE) return answer_again(id, t1, now() + gives_up_after);
    answer_copy(id);
}

void Passing::answer_copy(TransactionId id)
{
    auto& one = requests_.at(id);
    pass(one.ways[2], [this, id] {
        auto& request = requests_.at(id);
        seen(request.answer);
        pass(request.ways[3], [this, id] { hear(id); });
    });
}

void Passing::answer_again(TransactionId id, std::chrono::milliseconds next, Time until)
{
    auto& one = requests_.at(id);
    if (one.acknowledged) return;
    if (now() < until) {
        network_.later(next, [this, id, until, next] {
            answer_again(id, std::min<std::chrono::milliseconds>(2 * next, t2), until);
        }, true);
        return answer_copy(id);
    }
    if (one.answer.status / 100 != 2) return;
    note(*one.to, false, one.answer, " unacknowledged");
    Arrived missing;
    missing.what = "no ACK";
    missing.method = ACK;
    missing.generated = true;
    missing.transaction = id;
    missing.shared = one.seen_by_to;
    network_.arrive(*one.to, std::move(missing));
}

void Passing::hear(TransactionId id)
{
    auto& one = requests_.at(id);
    if (one.message.method == INVITE)
        pass(one.ways[0], [this, id] {
            pass(requests_.at(id).ways[1], [this, id] { requests_.at(id).acknowledged = true; });
        });
    if (std::exchange(one.over, true)) return;
    const auto own = reversed(one.seen_by_to);
    if (says_gone(one.answer)) leaves(own);
    note(*one.from, true, one.answer);
    Arrived arrived;
    arrived.what = std::to_string(one.answer.status);
    arrived.status = one.answer.status;
    arrived.method = one.message.method;
    arrived.transaction = id;
    arrived.shared = own;
    arrived.session_timer = one.answer.session_timer;
    arrived.payload = one.answer.payload;
    network_.arrive(*one.from, std::move(arrived));
}

void Passing::accept(Phone& callee, const DialogId& seen, const ResponseReceived& success)
{
    const auto id = network_.scenario_.next_transaction();
    auto& one = beginnings_[id];
    one = {.success = success,
           .callee = &callee,
           .seen_by_callee = seen,
           .until = now() + gives_up_after};
    for (auto& way : one.ways) way.passage = network_.passage_();
    begin(id, t1);
}

void Passing::begin(TransactionId id, std::chrono::milliseconds next)
{
    auto& one = beginnings_.at(id);
    if (one.acknowledged || left_.contains(side_of(one.seen_by_callee))) return;
    if (now() >= one.until) return never_acknowledged(id);
    const auto again = std::min<std::chrono::nanoseconds>(next, one.until - now());
    network_.later(std::chrono::ceil<std::chrono::milliseconds>(again),
                   [this, id, longer = std::min<std::chrono::milliseconds>(2 * next, t2)] {
                       begin(id, longer);
                   },
                   true);
    pass(one.ways[0], [this, id] { reach_exchange(id); });
}

void Passing::reach_exchange(TransactionId id)
{
    auto& one = beginnings_.at(id);
    if (one.forsaken) return;
    if (!std::exchange(one.reached, true)) return network_.hear(one.success);
    if (!one.caller) return;  // who wants no answer any more is told of none
    network_.scenario_.enter(DialogPassed{.call_id = one.seen_by_callee.call_id,
                                          .from_tag = one.seen_by_callee.remote_tag,
                                          .to_tag = one.seen_by_callee.local_tag,
                                          .method = INVITE,
                                          .status = one.success.status,
                                          .session_timer = one.arrived.session_timer,
                                          .payload = one.success.payload});
    pass(one.ways[1], [this, id] { hear_success(id); });
}

void Passing::forward(Phone& caller, Arrived success, std::function<void()> then)
{
    const auto seen = reversed(success.shared);
    const auto found = std::ranges::find_if(beginnings_, [&](const auto& one) {
        return one.second.seen_by_callee == seen && one.second.reached && !one.second.caller &&
               !one.second.forsaken;
    });
    REQUIRE(found != beginnings_.end());
    const auto id = found->first;
    auto& one = found->second;
    network_.note(caller, true, "2xx " + seen.call_id + " " + seen.local_tag, {});
    one.caller = &caller;
    one.arrived = std::move(success);
    one.then = std::move(then);
    pass(one.ways[1], [this, id] { hear_success(id); });
}

void Passing::hear_success(TransactionId id)
{
    auto& one = beginnings_.at(id);
    if (one.forsaken) return;
    pass(one.ways[2], [this, id] {
        pass(beginnings_.at(id).ways[3], [this, id] { beginnings_.at(id).acknowledged = true; });
    });
    if (!std::exchange(one.heard, true)) network_.hear(*one.caller, one.arrived, one.then);
}

void Passing::never_acknowledged(TransactionId id)
{
    auto& one = beginnings_.at(id);
    network_.note(*one.callee, false, "2xx " + one.seen_by_callee.call_id, " unacknowledged");
    if (one.caller && !one.heard && !one.forsaken)
        network_.cancels_in_vain(one.arrived.transaction);
    Arrived missing;
    missing.what = "no ACK";
    missing.method = ACK;
    missing.generated = true;
    missing.transaction = id;
    missing.shared = one.seen_by_callee;
    network_.arrive(*one.callee, std::move(missing));
}

void Passing::exchange_killed()
{
    for (auto& [id, one] : beginnings_) one.forsaken = one.forsaken || !one.heard;
}

std::size_t Passing::accepted(const std::string& call_id) const
{
    return static_cast<std::size_t>(std::ranges::count_if(beginnings_, [&](const auto& one) {
        return one.second.caller && one.second.seen_by_callee.call_id == call_id;
    }));
}

}  // namespace lampline::test
