#include "core/park_lot.hpp"

#include <algorithm>
#include <charconv>

namespace lampline {
namespace {

/// nullopt: not a number of at most nine digits.
std::optional<unsigned> number_in(std::string_view digits) noexcept
{
    constexpr std::size_t most = 9;
    unsigned value = 0;
    const auto* end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, value);
    if (digits.empty() || digits.size() > most || error != std::errc{} || stop != end)
        return std::nullopt;
    return value;
}

}  // namespace

std::optional<std::string> ParkLot::slot_of(std::string_view dialled) const
{
    if (number.empty()) return std::nullopt;
    if (dialled.starts_with(park_prefix)) dialled.remove_prefix(park_prefix.size());
    if (dialled.size() != first_slot.size()) return std::nullopt;
    const auto first = number_in(first_slot);
    const auto asked = number_in(dialled);
    if (!first || !asked || *asked < *first || *asked - *first >= std::min(slots, max_slots))
        return std::nullopt;
    return std::string{dialled};
}

std::vector<std::string> ParkLot::all_slots() const
{
    std::vector<std::string> all;
    const auto first = number_in(first_slot);
    if (number.empty() || !first) return all;
    for (unsigned i = 0; i < std::min(slots, max_slots); ++i) {
        auto slot = std::to_string(*first + i);
        if (slot.size() > first_slot.size()) break;
        slot.insert(0, first_slot.size() - slot.size(), '0');
        all.push_back(std::move(slot));
    }
    return all;
}

std::string park_name(std::string_view slot)
{
    return std::string{park_prefix}.append(slot);
}

}  // namespace lampline
