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
    return office_.notifier_notifies && office_.is_shown(watcher.number, notifier) &&
           office_.may_see_parties(watcher.number, notifier);
}

/// Whatever has been made of rights and registrations.
void RandomForwards::have_notifier()
{
    office_.notifier_notifies = true;
    office_.visibilities.erase(std::string{notifier});
    for (auto& group : office_.groups) {
        group.rights.parties = true;
        if (std::ranges::count(group.members, notifier) == 0) group.members.emplace_back(notifier);
    }
    office_.configure();
    for (auto* phone : office_.callers) {
        if (phone->number != notifier || office_.is_registered(*phone)) continue;
        notified_.registered_anew(*phone);
        office_.registers(*phone, 36000s);
    }
}

/// Mostly somebody who is told already.
Phone& RandomForwards::somebody()
{
    auto& chance = office_.chance;
    std::vector<Phone*> told;
    for (auto* phone : office_.watchers)
        if (forwarded_.contains(phone) || silenced_.contains(phone)) told.push_back(phone);
    if (told.empty() || chance.one_in(3)) return *chance.any_of(office_.watchers);
    return *chance.any_of(told);
}

void RandomForwards::act()
{
    auto& chance = office_.chance;
    look();
    const bool is_rare = std::ranges::none_of(
        office_.watchers, [&](const Phone* phone) { return is_for_phone(*phone); });
    if ((is_rare || !somebody_notifies()) && chance.one_in(2)) have_notifier();
    for (auto* expired : office_.watchers)  // they are rare
        if (silenced_.contains(expired) && chance.one_in(2)) return notifies(*expired);
    auto& watcher = somebody();
    const Subscribing lamp{.event = "dialog", .to = std::string{notifier}};
    if (!is_for_phone(watcher))
        return subscriptions_.ask_somehow(watcher, lamp,
                                          office_.may_watch(watcher.number, notifier));
    const auto expires = std::chrono::seconds{60 + chance.below(3600)};
    switch (chance.below(12)) {
    case 10:
    case 11:
        if (is_told(watcher) && office_.is_registered(watcher))  // it will expire meanwhile
            office_.registers(watcher, std::chrono::seconds{60});
        return;
    case 9:
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
                           .notifier_tag = ended.mapped().subscribe.shared.local_tag});
    }
}

/// It reaches the watcher, as long as the phone may tell it anything.
void RandomForwards::notifies(Phone& watcher)
{
    auto& chance = office_.chance;
    if (const auto silenced = silenced_.find(&watcher); silenced != silenced_.end())
        return notifies_in_vain(watcher, silenced->second);
    if (!is_told(watcher)) return;
    const auto known = forwarded_.find(&watcher);
    if (!known->second.by) return;
    auto& by = *known->second.by;
    const auto subscribe = known->second.subscribe;
    auto& numbers = told_[{&watcher, subscribe.shared.local_tag}];
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

/// Who is not registered any more hears nothing, and the phone hears that.
void RandomForwards::notifies_in_vain(const Phone& watcher, const Forwarded& told)
{
    auto& by = *told.by;
    const auto before = watcher.inbox.size();
    by.notifies(told.subscribe, {.cseq = 1'000'000, .version = 1'000'000});
    CHECK(watcher.inbox.size() == before);
    REQUIRE_FALSE(by.inbox.empty());
    CHECK(by.inbox.back().status == 481);
    by.inbox.pop_back();
    ++office_.done["NOTIFYs of phones to who has expired"];
}

void RandomForwards::take_end(const Phone& watcher, const SendNotify& notify)
{
    const auto& from = notify.dialog->from;
    auto& numbers = told_[{&watcher, from.substr(from.find(";tag=") + 5)}];
    CHECK(notify.cseq > numbers.cseq);
    if (numbers.cseq != 0) CHECK(notify.version > numbers.version);
    numbers = {notify.cseq, notify.version};
    ++office_.done["ended in the name of a phone"];
}

void RandomForwards::ask(Phone& watcher, bool begins, std::chrono::seconds expires)
{
    look_at_registrations();  // those of this step
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
        const Forwarded begun{.accepted = false,
                              .until = now + until_answered,
                              .number = ++last_,
                              .asked = notifiers(registered_)};
        known = forwarded_.insert_or_assign(&watcher, begun).first;
        silenced_.erase(&watcher);
    }
    const int number = fetches || known == forwarded_.end() ? 0 : known->second.number;
    asked_[request] = {&watcher, number, expires, {}};
}

/// Each SUBSCRIBE that begins has a dialog of its own with each phone.
void RandomForwards::take(Phone& phone, const Arrived& arrived)
{
    const auto asked = asked_.find(arrived.transaction);
    REQUIRE(asked != asked_.end());
    auto& at = asked->second.at.emplace_back(&phone, arrived).second;
    const auto known = forwarded_.find(asked->second.watcher);
    const bool within = known != forwarded_.end() && known->second.by == &phone &&
                        known->second.number == asked->second.number;
    if (within)
        at.shared.local_tag = known->second.subscribe.shared.local_tag;
    else
        at.shared.local_tag += "-" + std::to_string(asked->second.number);
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
    look();
    auto& watcher = *asked.watcher;
    auto& [phone, request] = office_.chance.any_of(asked.at);
    auto status = office_.chance.any_of(answers);
    if (status == 200 && !registered_.contains(phone)) status = 480;  // it is not there any more
    const auto now = office_.pbx.now().mono;
    const auto granted =
        std::min(asked.expires,
                 std::chrono::seconds{asked.expires == 0s ? 0 : 30 + office_.chance.below(3600)});
    if (const auto known = forwarded_.find(&watcher);
        known != forwarded_.end() && known->second.number == asked.number) {
        auto& one = known->second;
        const bool ends =
            one.accepted ? status == 480 || status == 481 || status == 489 : status != 200;
        if (one.until <= now || ends || (status == 200 && granted == 0s))
            forwarded_.erase(known);
        else if (status == 200)
            accepted(asked, *phone, request, granted);
    }
    phone->answers_subscribe(request, status, granted);
    std::erase_if(watcher.inbox, [&](const Arrived& arrived) { return arrived.status == status; });
    ++office_.done["forwarded SUBSCRIBE " + std::to_string(status)];
    look();
}

void RandomForwards::accepted(Asked& asked, Phone& by, const Arrived& request,
                              std::chrono::seconds granted)
{
    auto& one = forwarded_.at(asked.watcher);
    one.accepted = true;
    one.until = office_.pbx.now().mono + granted;
    one.by = &by;
    one.subscribe = request;
    if (!one.lapsed) return;
    silenced_[asked.watcher] = std::move(one);
    forwarded_.erase(asked.watcher);
}

void RandomForwards::look()
{
    look_at_registrations();
    std::erase_if(forwarded_, [&](const auto& one) { return !is_for_phone(*one.first); });
}

void RandomForwards::leaves(const Phone& watcher)
{
    forwarded_.erase(&watcher);
    silenced_.erase(&watcher);
}

void RandomForwards::registers(const Phone& phone)
{
    for (auto& [watcher, one] : forwarded_)
        if (one.accepted && &phone != one.by && one.asked.contains(&phone))
            one.silent_is_there = true;
}

/// Another phone that has not accepted it has registered, so the exchange may have ended it for that
/// one to be asked again: it has where it shows no such lamp any more.
bool RandomForwards::is_asked_again(const Phone& watcher, const Forwarded& told) const
{
    return told.silent_is_there && !told.lapsed &&
           std::ranges::none_of(office_.pbx.present().lamps, [&](const LiveLamp& lamp) {
               return lamp.kind == "forwarded" && office_.phone_at(lamp.contact) == &watcher;
           });
}

/// A phone that leaves or reboots tells nobody any more; one that has not been asked is to be
/// asked by who begins anew. Who has not renewed its registration is told nothing more.
void RandomForwards::look_at_registrations()
{
    const auto now = registered(office_.pbx.present().registrations);
    const auto there = notifiers(now);
    const auto stayed = [&](const Phone* phone) {
        const auto before = registered_.find(phone);
        const auto after = now.find(phone);
        return before != registered_.end() && after != now.end() && before->second == after->second;
    };
    std::erase_if(silenced_, [&](const auto& one) {
        return now.contains(one.first) || office_.has_left(*one.first);
    });
    const auto is_over = [&](const Phone* watcher, Forwarded& one) {
        std::erase_if(one.asked, [&](const Phone* phone) {
            return !there.contains(phone) || !stayed(phone);
        });
        if (there.empty()) return true;
        const bool gone = registered_.contains(watcher) && !now.contains(watcher);
        if (gone && office_.has_left(*watcher)) return true;
        if (gone && one.accepted) {
            if (one.by && one.until > office_.pbx.now().mono) silenced_[watcher] = one;
            return true;
        }
        one.lapsed = gone || (one.lapsed && !now.contains(watcher));
        if (!one.accepted) return false;
        if (is_asked_again(*watcher, one)) return true;
        return (one.by && !stayed(one.by)) || !std::ranges::includes(one.asked, there);
    };
    for (auto at = forwarded_.begin(); at != forwarded_.end();)
        at = is_over(at->first, at->second) ? forwarded_.erase(at) : std::next(at);
    registered_ = now;
}

RandomForwards::Registered RandomForwards::registered(const std::vector<Binding>& bindings) const
{
    Registered registered;
    for (const auto& binding : bindings)
        if (const auto* phone = office_.phone_at(write(binding.contact)))
            registered[phone] = binding.call_id;
    return registered;
}

std::set<const Phone*> RandomForwards::notifiers(const Registered& registered) const
{
    std::set<const Phone*> phones;
    for (const auto& [phone, call_id] : registered)
        if (phone->number == notifier) phones.insert(phone);
    return phones;
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
    for (auto& [watcher, one] : forwarded_) one.asked = notifiers(registered_);
}

void RandomForwards::storage_lost(const Kept& left)
{
    forwarded_.clear();
    silenced_.clear();
    const auto now = office_.pbx.now();
    registered_ = registered(left.bindings);
    const auto is_over = [&](const StoredSubscription& row) {
        const auto& told = row.notifiers.front();
        const auto key = row.call_id + "\n" + told.tag;
        return std::ranges::count(left.ended_notifiers, key, &NotifierEnded::dialog) > 0 ||
               std::ranges::none_of(left.bindings, [&](const Binding& binding) {
                   return binding.aor == notifier && binding.generation == told.generation;
               });
    };
    for (auto* watcher : office_.watchers)
        for (const auto& row : left.subscriptions) {
            const auto call_id =
                "sub-dialog-" + std::string{notifier} + "-" + std::to_string(watcher->flow.port);
            if (!row.forwarded || row.call_id != call_id || row.notifiers.empty()) continue;
            const auto& tag = row.notifiers.front().tag;
            auto& told = told_[{watcher, tag}];  // of the rest the exchange hears anew
            told.cseq = std::min(told.cseq, row.notifiers.front().reserved_cseq);
            told.version = std::min(told.version, row.notifiers.front().reserved_version);
            if (is_over(row)) continue;
            Forwarded kept{.accepted = true,
                           .until = now.mono + (row.expires_at - now.wall),
                           .number = ++last_};
            for (auto* phone : office_.callers)
                if (tag.starts_with(phone->notifier_tag() + "-")) kept.by = phone;
            kept.subscribe.shared = {call_id, tag, "watch"};
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
