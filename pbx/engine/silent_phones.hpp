#pragma once
// Phones that answer no NOTIFY: which subscription asks each of them whether it is back, and when.
#include <chrono>
#include <cstddef>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/string_table.hpp"
#include "base/timer_queue.hpp"
#include "core/location_table.hpp"
#include "core/subscription.hpp"

namespace lampline {

/// A phone among all: its extension, and its phone_key() among those of it.
struct PhoneName {
    std::string extension;
    std::size_t key = 0;
    bool operator==(const PhoneName&) const = default;
};
struct PhoneNameHash {
    std::size_t operator()(const PhoneName& phone) const noexcept
    {
        return std::hash<std::string>{}(phone.extension) ^ (phone.key * 31);
    }
};
PhoneName phone_of(const SubscriptionUsage& usage, const LocationTable& locations);

/// Subscriptions whose last NOTIFY nobody answered. Of those of one phone one at a time is told
/// anew, in turn, so that none depends on what the phone makes of another. The first pause is 1 s,
/// the second 2 s, each later one 4 s, counted from the end of the repetitions. All phones together
/// are told no more than `per_second` times a second, and `at_once` times after a quiet while; who
/// has waited longest comes first. All is O(log n) at most, but for a phone that answers: O(its
/// subscriptions). SIP thread only.
class SilentPhones {
public:
    using TimePoint = std::chrono::steady_clock::time_point;
    static constexpr int per_second = 100;
    static constexpr int at_once = 400;

    /// Nobody has answered the NOTIFY of `subscription`: it waits for its turn, or until the phone
    /// is heard.
    void add(const PhoneName& phone, SubscriptionId subscription, TimePoint now);
    /// It waits no more, and does not ask any more either: whoever is next does.
    void remove(SubscriptionId subscription, TimePoint now);
    /// Its phone has answered: takes out all that wait for the same one.
    std::vector<SubscriptionId> take_all_of(SubscriptionId subscription);

    /// Takes one whose turn it is. Until it is added again, or removed, nobody else asks its phone.
    std::optional<SubscriptionId> take_due(TimePoint now);
    [[nodiscard]] std::optional<TimePoint> next_deadline() const;
    /// When somebody asks this phone next, at the earliest; nullopt: it is being asked, or is not
    /// silent.
    [[nodiscard]] std::optional<TimePoint> next_turn(const PhoneName& phone) const;
    [[nodiscard]] bool empty() const noexcept { return places_.empty(); }
    /// Some phone of `extension` is silent, whether it is being asked or not.
    [[nodiscard]] bool any_of(std::string_view extension) const
    {
        return extensions_.contains(extension);
    }

private:
    struct Phone {
        std::list<SubscriptionId> waiting;  // who is next in front
        SubscriptionId asking{};
        unsigned failures = 0;
        std::optional<TimePoint> turn;
    };
    using Phones = std::unordered_map<PhoneName, Phone, PhoneNameHash>;
    struct Place {
        Phones::value_type* phone;
        std::list<SubscriptionId>::iterator at;  // end(): it is asking
    };

    void set_turn(Phones::value_type& phone, TimePoint turn);
    void forget_if_done(Phones::value_type& phone);

    Phones phones_;
    StringTable<std::size_t> extensions_;  // how many of its phones are in phones_; none has 0
    std::unordered_map<SubscriptionId, Place> places_;
    TimerQueue<PhoneName, PhoneNameHash> turns_;
    TimePoint paid_until_{};  // by what was told so far, at `per_second`
};

}  // namespace lampline
