#include "engine/silent_phones.hpp"

#include <algorithm>

#include "engine/notify_path.hpp"

namespace lampline {
namespace {

constexpr std::chrono::milliseconds price{1000 / SilentPhones::per_second};
constexpr auto credit = price * (SilentPhones::at_once - 1);

std::chrono::seconds pause(unsigned failures)
{
    return std::chrono::seconds{1U << std::min(failures - 1, 2U)};
}

}  // namespace

PhoneName phone_of(const SubscriptionUsage& usage, const LocationTable& locations)
{
    return {usage.watcher, usage.phone_key != 0 ? usage.phone_key : phone_key(usage, locations)};
}

void SilentPhones::add(const PhoneName& name, SubscriptionId subscription, TimePoint now)
{
    const auto known = phones_.find(name);
    const bool asked = known != phones_.end() && known->second.asking == subscription;
    if (!asked) remove(subscription, now);  // it may be known as another phone's
    const auto [found, added] = phones_.try_emplace(name);
    if (added) ++extensions_[name.extension];
    auto& phone = *found;
    auto& [waiting, asking, failures, turn] = phone.second;
    waiting.push_back(subscription);
    places_.insert_or_assign(subscription, Place{&phone, std::prev(waiting.end())});
    if (asked) asking = {};
    if (asked || failures == 0) ++failures;
    if (!asking && !turn) set_turn(phone, now + pause(failures));
}

void SilentPhones::remove(SubscriptionId subscription, TimePoint now)
{
    const auto found = places_.find(subscription);
    if (found == places_.end()) return;
    auto& phone = *found->second.phone;
    if (found->second.at == phone.second.waiting.end()) {
        phone.second.asking = {};
        if (!phone.second.waiting.empty()) set_turn(phone, now);
    } else {
        phone.second.waiting.erase(found->second.at);
    }
    places_.erase(found);
    forget_if_done(phone);
}

std::vector<SubscriptionId> SilentPhones::take_all_of(SubscriptionId subscription)
{
    const auto found = places_.find(subscription);
    if (found == places_.end()) return {};
    auto& phone = *found->second.phone;
    std::vector<SubscriptionId> waiting{phone.second.waiting.begin(), phone.second.waiting.end()};
    for (const auto each : waiting) places_.erase(each);
    places_.erase(phone.second.asking);
    phone.second.waiting.clear();
    phone.second.asking = {};
    forget_if_done(phone);
    return waiting;
}

std::optional<SubscriptionId> SilentPhones::take_due(TimePoint now)
{
    if (paid_until_ > now + credit) return std::nullopt;
    const auto name = turns_.take_due(now);
    if (!name) return std::nullopt;
    paid_until_ = std::max(paid_until_, now) + price;
    auto& phone = *phones_.find(*name);
    phone.second.turn.reset();
    const auto next = phone.second.waiting.front();
    phone.second.waiting.pop_front();
    phone.second.asking = next;
    places_.at(next).at = phone.second.waiting.end();
    return next;
}

std::optional<SilentPhones::TimePoint> SilentPhones::next_deadline() const
{
    auto next = turns_.next_deadline();
    if (next) *next = std::max(*next, paid_until_ - credit);
    return next;
}

std::optional<SilentPhones::TimePoint> SilentPhones::next_turn(const PhoneName& phone) const
{
    const auto found = phones_.find(phone);
    return found == phones_.end() ? std::nullopt : found->second.turn;
}

void SilentPhones::set_turn(Phones::value_type& phone, TimePoint turn)
{
    phone.second.turn = turn;
    turns_.set(phone.first, turn);
}

void SilentPhones::forget_if_done(Phones::value_type& phone)
{
    if (!phone.second.waiting.empty() || phone.second.asking) return;
    turns_.cancel(phone.first);
    const auto of_extension = extensions_.find(phone.first.extension);
    if (--of_extension->second == 0) extensions_.erase(of_extension);
    phones_.erase(PhoneName{phone.first});
}

}  // namespace lampline
