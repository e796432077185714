#include "support/office/random_forwards.hpp"

#include <algorithm>

namespace lampline::test {
namespace {

constexpr auto until_answered = 64s;
constexpr auto a_second = 1s;  // over a restart expiry is kept in whole seconds
constexpr std::array<unsigned, 7> answers{200, 200, 200, 200, 481, 489, 500};

}  // namespace

bool RandomForwards::is_for_phone(const Phone& watcher) const
{
    return office_.notifier_notifies && office_.may_watch(watcher.number, notifier) &&
           office_.may_see_parties(watcher.number, notifier);
}

void RandomForwards::act()
{
    auto& chance = office_.chance;
    auto& watcher = *chance.any_of(office_.watchers);
    const Subscribing lamp{.event = "dialog", .to = std::string{notifier}};
    if (!is_for_phone(watcher))
        return subscriptions_.ask_somehow(watcher, lamp,
                                          office_.may_watch(watcher.number, notifier));
    const auto expires = std::chrono::seconds{60 + chance.below(600)};
    switch (chance.below(9)) {
    case 6:
    case 7:
    case 8: return notifies(watcher);
    case 0:
    case 1:
    case 2: return ask(watcher, true, chance.one_in(8) ? 0s : expires);
    case 3: return ask(watcher, false, expires);
    case 4: return ask(watcher, false, 0s);
    default:
        if (!is_told(watcher) || !forwarded_.at(&watcher).by) return;
        const auto ended = forwarded_.extract(&watcher);
        office_.pbx.receive(
            ForwardedEnded{.call_id = "sub-dialog-104-" + std::to_string(watcher.flow.port),
                           .watcher_tag = "watch",
                           .notifier_tag = ended.mapped().by->notifier_tag()});
    }
}

/// It reaches the watcher, as long as the phone may tell it anything.
void RandomForwards::notifies(Phone& watcher)
{
    auto& chance = office_.chance;
    if (!is_told(watcher)) return;
    const auto known = forwarded_.find(&watcher);
    if (!known->second.by) return;
    auto& by = *known->second.by;
    const auto subscribe = known->second.subscribe;
    auto& numbers = told_[{&watcher, by.notifier_tag()}];
    for (auto left = 1 + chance.below(chance.one_in(8) ? 8 : 3); left > 0; --left) {
        const bool over = left == 1 && chance.one_in(6);
        numbers.cseq += 1 + static_cast<std::uint32_t>(chance.below(2));
        ++numbers.version;
        if (over) forwarded_.erase(known);
        by.notifies(subscribe, {.cseq = numbers.cseq, .version = numbers.version, .over = over});
        const auto passed = std::ranges::find_if(watcher.inbox, [&](const Arrived& arrived) {
            return arrived.notify && !arrived.notify->dialog &&
                   arrived.notify->cseq == numbers.cseq;
        });
        REQUIRE(passed != watcher.inbox.end());
        CHECK(passed->notify->subscription_state.empty());
        watcher.inbox.erase(passed);
        ++office_.done["NOTIFYs of phones"];
    }
}

void RandomForwards::take_end(const Phone& watcher, const SendNotify& notify)
{
    const auto& from = notify.dialog->from;
    const auto tag = from.substr(from.find(";tag=") + 5);
    const auto known = forwarded_.find(&watcher);
    if (known != forwarded_.end() && known->second.by && known->second.by->notifier_tag() == tag &&
        !office_.is_registered(watcher))
        forwarded_.erase(known);  // no subscription outlives its phone
    auto& numbers = told_[{&watcher, tag}];
    CHECK(notify.cseq > numbers.cseq);
    if (numbers.cseq != 0) CHECK(notify.version > numbers.version);
    numbers = {notify.cseq, notify.version};
    ++office_.done["ended in the name of a phone"];
}

void RandomForwards::ask(Phone& watcher, bool begins, std::chrono::seconds expires)
{
    const auto now = office_.pbx.now().mono;
    Subscribing subscribing{.event = "dialog", .to = std::string{notifier}, .expires = expires};
    if (!begins) {
        const auto accepted = forwarded_.find(&watcher);
        if (accepted == forwarded_.end() || !accepted->second.by) return;
        subscribing.to_tag = accepted->second.by->notifier_tag();
        subscribing.notifier = notifier;
    }
    const bool there = somebody_notifies();
    const auto request = watcher.asks(subscribing);
    if (const auto refused = answer_to(watcher, request)) {
        if (begins) CHECK_FALSE(there);
        CHECK(refused->status == (begins ? 480U : 481U));  // 481: ended a moment ago
        return;
    }
    auto known = forwarded_.find(&watcher);
    if (known != forwarded_.end() && known->second.until <= now) {
        forwarded_.erase(known);
        known = forwarded_.end();
    }
    const bool fetches = begins && expires == 0s;
    if (expires > 0s && (begins || known == forwarded_.end())) {
        const Forwarded begun{.accepted = false, .until = now + until_answered, .number = ++last_};
        known = forwarded_.insert_or_assign(&watcher, begun).first;
    }
    const int number = fetches || known == forwarded_.end() ? 0 : known->second.number;
    asked_[request] = {&watcher, number, expires, {}};
}

void RandomForwards::take(Phone& phone, const Arrived& arrived)
{
    const auto asked = asked_.find(arrived.transaction);
    REQUIRE(asked != asked_.end());
    asked->second.at.emplace_back(&phone, arrived);
}

void RandomForwards::answer(bool all)
{
    while (!asked_.empty() && (all || office_.chance.one_in(2))) {
        auto asked = asked_.extract(asked_.begin());
        answer(asked.mapped());
    }
}

void RandomForwards::answer(Asked& asked)
{
    REQUIRE_FALSE(asked.at.empty());
    auto& watcher = *asked.watcher;
    auto& [phone, request] = office_.chance.any_of(asked.at);
    const auto status = office_.chance.any_of(answers);
    const auto now = office_.pbx.now().mono;
    const auto granted =
        std::min(asked.expires,
                 std::chrono::seconds{asked.expires == 0s ? 0 : 30 + office_.chance.below(600)});
    if (const auto known = forwarded_.find(&watcher);
        known != forwarded_.end() && known->second.number == asked.number) {
        auto& one = known->second;
        const bool ends = one.accepted ? status == 481 || status == 489 : status != 200;
        if (one.until <= now || ends || (status == 200 && granted == 0s))
            forwarded_.erase(known);
        else if (status == 200)
            one = {.accepted = true,
                   .until = now + granted,
                   .number = asked.number,
                   .by = phone,
                   .subscribe = request};
    }
    phone->answers_subscribe(request, status, granted);
    std::erase_if(watcher.inbox, [&](const Arrived& arrived) { return arrived.status == status; });
    ++office_.done["forwarded SUBSCRIBE " + std::to_string(status)];
}

void RandomForwards::look()
{
    if (!somebody_notifies()) forwarded_.clear();
    std::erase_if(forwarded_, [&](const auto& one) { return !is_for_phone(*one.first); });
}

bool RandomForwards::is_about_to_expire() const
{
    return std::ranges::any_of(forwarded_, [&](const auto& one) {
        const auto left = one.second.until - office_.pbx.now().mono;
        return left > -2s && left < 2s;
    });
}

bool RandomForwards::somebody_notifies() const
{
    return std::ranges::any_of(office_.callers, [&](const Phone* phone) {
        return phone->number == notifier && office_.is_registered(*phone);
    });
}

void RandomForwards::exchange_killed()
{
    asked_.clear();
    std::erase_if(forwarded_, [](const auto& one) { return !one.second.accepted; });
}

void RandomForwards::storage_lost(const std::vector<StoredSubscription>& left)
{
    forwarded_.clear();
    const auto now = office_.pbx.now();
    for (auto* watcher : office_.watchers)
        for (const auto& row : left) {
            const auto call_id =
                "sub-dialog-" + std::string{notifier} + "-" + std::to_string(watcher->flow.port);
            if (!row.forwarded || row.call_id != call_id || row.notifiers.empty()) continue;
            const auto& tag = row.notifiers.front().tag;
            Forwarded kept{.accepted = true,
                           .until = now.mono + (row.expires_at - now.wall),
                           .number = ++last_};
            for (auto* phone : office_.callers)
                if (phone->notifier_tag() == tag) kept.by = phone;
            kept.subscribe.shared = {call_id, tag, "watch"};
            auto& told = told_[{watcher, tag}];  // of the rest the exchange hears anew
            told.cseq = std::min(told.cseq, row.notifiers.front().reserved_cseq);
            told.version = std::min(told.version, row.notifiers.front().reserved_version);
            forwarded_[watcher] = std::move(kept);
        }
}

bool RandomForwards::is_told(const Phone& phone) const
{
    const auto known = forwarded_.find(&phone);
    return known != forwarded_.end() && known->second.accepted &&
           known->second.until > office_.pbx.now().mono + a_second;
}

void RandomForwards::check(const LiveView& view) const
{
    const auto view_time = office_.pbx.now().mono;
    std::multiset<const Phone*> told;
    for (const auto& lamp : view.lamps)
        if (lamp.kind == "forwarded") told.insert(office_.phone_at(lamp.contact));
    std::multiset<const Phone*> expected;
    for (const auto* phone : office_.watchers) {
        const auto known = forwarded_.find(phone);
        const auto left = known == forwarded_.end() ? std::chrono::nanoseconds{}
                                                    : known->second.until - view_time;
        if (left > a_second)
            expected.insert(phone);
        else if (left > 0s)
            told.erase(phone);
    }
    CHECK(told == expected);
    office_.done["told by the phone"] += expected.size();
}

}  // namespace lampline::test
