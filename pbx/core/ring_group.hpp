#pragma once
// A number of its own behind which several extensions ring.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lampline {

/// Who rings first. All but `all` ring one member after the other.
enum class RingStrategy : std::uint8_t {
    all,           ///< together, each after its own delay
    linear,        ///< in their order
    round_robin,   ///< in their order, each call beginning one further on
    longest_idle,  ///< whose last answered call ended longest ago
    random,
};

struct RingGroupMember {
    std::string number;            ///< an extension
    std::chrono::seconds delay{};  ///< of `all`: rings so much later
    bool logged_in = true;         ///< false: its calls pass the member over, who has said so

    friend bool operator==(const RingGroupMember&, const RingGroupMember&) = default;
};

/// Members are rung as extensions, but not forwarded: who is logged out, forwards always, wants no
/// disturbance or cannot be reached is left out.
struct RingGroup {
    std::string number;        ///< as an extension's
    std::string display_name;  ///< may be empty
    RingStrategy strategy = RingStrategy::all;
    std::vector<RingGroupMember> members;
    std::chrono::seconds ring_time{20};  ///< of all together, else of each
    std::string overflow;   ///< where the call goes when nobody took it; empty: nowhere
    bool skip_busy = true;  ///< false: who is in a call rings too, as far as it takes another

    /// nullptr: `extension` is none. O(members).
    [[nodiscard]] const RingGroupMember* member(std::string_view extension) const noexcept
    {
        const auto found = std::ranges::find(members, extension, &RingGroupMember::number);
        return found == members.end() ? nullptr : &*found;
    }

    friend bool operator==(const RingGroup&, const RingGroup&) = default;
};

}  // namespace lampline
