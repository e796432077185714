#pragma once
// Where calls rang that somebody has just picked up, for who dials the code for them a moment later.
#include <chrono>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/sip_types.hpp"

namespace lampline {

/// The extensions at which picked up calls have rung, each for 5 s with the phone that took the last
/// one; the latest 1024 of them when there are more. Longer than it takes to be challenged (401) and
/// to ask again. O(1). SIP thread only.
class TakenCalls {
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    /// What rang at `extension`, for a call to `called`, has the phone at `phone`, which acts by the
    /// rights of `taker`. `called`: the number itself, or that of a ring group.
    void add(std::string_view extension, std::string_view called, std::string_view taker,
             const Flow& phone, TimePoint now);
    /// What was taken there last, and was for `called` unless that is empty, has another phone than
    /// that of `asker` at `phone`.
    [[nodiscard]] bool has_another(std::string_view extension, std::string_view called,
                                   std::string_view asker, const Flow& phone, TimePoint now);
    /// A call at `extension` was answered there: who comes now is too late for that one.
    void forget(std::string_view extension);
    /// Gives back what has been remembered for long enough.
    void forget_old(TimePoint now);
    /// When there is something to give back; nullopt: nothing is remembered.
    [[nodiscard]] std::optional<TimePoint> next_end() const
    {
        return taken_.empty() ? std::nullopt : std::optional{taken_.front().until};
    }

private:
    struct Taken {
        std::string extension;
        std::string called;
        std::string taker;
        Flow phone;
        TimePoint until;
    };
    using List = std::list<Taken>;

    void drop(List::iterator taken);

    List taken_;  // the oldest first
    std::unordered_map<std::string_view, List::iterator> by_extension_;
};

}  // namespace lampline
