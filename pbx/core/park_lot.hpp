#pragma once
// Where calls are parked: a row of numbers, one parked call each.
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lampline {

/// The park lot of the office. Slots are as long as `first_slot`, with leading zeros: 701, 702, ...
struct ParkLot {
    static constexpr unsigned max_slots = 100;

    std::string number;                 ///< parks in the first free slot; empty: there is no lot
    std::string first_slot;             ///< 1 to 9 digits
    unsigned slots = 10;                ///< 1 to max_slots
    std::chrono::seconds timeout{120};  ///< then who parked is rung; 10 to 3600
    std::string fallback;  ///< rung when who parked does not come; empty: the round begins anew
    std::vector<std::string> groups;  ///< whose members may park, retrieve and watch; empty: all

    /// The slot that was dialled, by its number or by its name; nullopt: it is none.
    [[nodiscard]] std::optional<std::string> slot_of(std::string_view dialled) const;
    /// The numbers of all slots, in order.
    [[nodiscard]] std::vector<std::string> all_slots() const;

    friend bool operator==(const ParkLot&, const ParkLot&) = default;
};

/// What slot names begin with: lamps know the slot 701 as `park+701`.
inline constexpr std::string_view park_prefix = "park+";

/// The name under which lamps and calls show `slot`.
std::string park_name(std::string_view slot);
/// `extension` is the name of a park slot, and so of no phone.
constexpr bool is_park_name(std::string_view extension) noexcept
{
    return extension.starts_with(park_prefix);
}

}  // namespace lampline
