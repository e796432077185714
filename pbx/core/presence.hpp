#pragma once
// application/pidf+xml (RFC 3863) with activities (RFC 4480): what an extension does, for phones
// whose contacts show presence.
#include <string>
#include <string_view>

namespace lampline {

inline constexpr std::string_view presence_type = "application/pidf+xml";

/// What there is to say of an extension.
struct PresenceState {
    bool reachable = false;  ///< a phone is registered
    bool talking = false;    ///< or dialling
    bool ringing = false;
    bool do_not_disturb = false;

    friend bool operator==(const PresenceState&, const PresenceState&) = default;
};

/// The document about `entity`, a SIP URI. One activity and one note at most: of talking, ringing
/// and do not disturb the first that is true.
std::string write_presence(const PresenceState& state, std::string_view entity);

}  // namespace lampline
