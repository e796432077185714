#pragma once
// application/pidf+xml (RFC 3863) with activities (RFC 4480): what an extension does, for phones
// whose contacts show presence.
#include <cstdint>
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

/// How much of it a list has room for, the most first.
enum class ListedPresence : std::uint8_t { with_activity, note_alone };
/// The same as the body of a member in a list, where every byte counts: each thing is said once, and
/// there is no XML declaration.
std::string write_presence(const PresenceState& state, std::string_view entity,
                           ListedPresence form);

}  // namespace lampline
