#pragma once
// The event packages that the exchange notifies (RFC 6665 §5).
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lampline {

/// Those beside `dialog`, which is the lamps' own.
enum class EventPackage : std::uint8_t {
    message_summary,   ///< RFC 3842
    presence,          ///< RFC 3856
    reg,               ///< RFC 3680
    as_feature_event,  ///< of BroadSoft: do not disturb and forwards, the same on all phones
    call_info,         ///< of BroadSoft: who has which appearance of a shared line
    line_seize,        ///< of BroadSoft: one phone claims an appearance
};
inline constexpr std::size_t event_package_count = 6;

/// As in an Event header.
std::string_view name(EventPackage package) noexcept;
/// By the beginning of an Event header, in lower case: `presence;id=4`. nullopt: `dialog`, or none
/// of ours.
std::optional<EventPackage> event_package(std::string_view event) noexcept;

/// The Allow-Events header of this exchange.
const std::string& allow_events();

}  // namespace lampline
