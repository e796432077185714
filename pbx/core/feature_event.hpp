#pragma once
// application/x-as-feature-event+xml: do not disturb and forwards, kept the same on a phone and on
// the exchange (BroadSoft's Device Feature Key Synchronization; the elements are those of
// ECMA-323).
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/feature_code.hpp"

namespace lampline {

inline constexpr std::string_view feature_event_type = "application/x-as-feature-event+xml";

/// What a phone rings for each of its `ringCount`.
inline constexpr std::chrono::seconds ring_length{6};

/// What a phone wants changed: SetDoNotDisturb or SetForwarding, as if it had dialled it. Empty:
/// well-formed XML that asks for nothing known. nullopt: no XML within the limits, a switch
/// that is neither true nor false, or a forward switched on without a number.
std::optional<std::vector<DialledFeature>> read_feature_request(std::string_view body);

/// One document for each feature: do not disturb, and forwards always, when busy, without answer.
std::array<std::string, 4> write_feature_events(const Forwarding& forwarding,
                                                std::string_view device);

/// The place among these of what `feature` changes.
std::size_t feature_event_of(Feature feature) noexcept;

/// `documents` as the parts of multipart/mixed (RFC 2046 §5.1), and its type with the boundary.
std::string write_feature_events_together(const std::vector<std::string_view>& documents);
extern const std::string feature_events_together_type;

}  // namespace lampline
