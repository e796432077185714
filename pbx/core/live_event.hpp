#pragma once
// What changes, for whoever looks on: plain values that leave the SIP thread once per step.
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/call_event.hpp"
#include "core/forwarding.hpp"
#include "core/lamp_colour.hpp"
#include "core/message_summary.hpp"
#include "core/presence.hpp"

namespace lampline {

/// A dialog between the exchange and a phone began, moved or ended.
struct LegEvent {
    CallRef call;
    LegId leg;
    std::string extension;  ///< empty: outside
    std::string number;     ///< outside: as the office dials it
    std::string trunk;      ///< outside: by which it is reached
    Direction direction = Direction::initiator;
    LegState state = LegState::trying;
    LegInput ended_by = LegInput::error;  ///< meaningful when terminated
    bool held = false;
    std::string with;       ///< number or address of the other party
    std::string with_name;  ///< its display name
};

/// What happened to a lamp.
enum class LampStep : std::uint8_t {
    notified,    ///< a NOTIFY goes out
    answered,    ///< the phone has acknowledged it
    unanswered,  ///< it was refused, or nobody answered
    ended,       ///< there is no such lamp any more
    changed,     ///< it should show something else; the phone is told later
};
std::string_view name(LampStep step) noexcept;

struct LampEvent {
    LampStep step = LampStep::notified;
    std::string watcher;
    std::string member;
    std::string contact;  ///< the watcher's phone
    LampColour shown = LampColour::unknown;
    LampColour present = LampColour::unknown;
    std::uint32_t cseq = 0;
    std::optional<unsigned> answer;  ///< final status; 408 also when nobody answered
};

/// The phones of an extension, after one came, left or moved.
struct RegistrationEvent {
    std::string extension;
    std::vector<std::string> contacts;
};

/// A phone stopped answering, or is back.
struct ReachEvent {
    std::string extension;
    std::string contact;
    bool reachable = true;
    std::chrono::microseconds round_trip{};  ///< 0: it is back without having been measured
};

/// What an extension does, as presence tells it, became another.
struct PresenceEvent {
    std::string extension;
    PresenceState state;
};

/// An appearance of a shared line, as call-info tells it, became another.
struct AppearanceEvent {
    std::string extension;
    unsigned index = 0;  ///< from 1; 0: all of which nothing else is said
    std::string state;   ///< a name of AppearanceState, or a word of who publishes; empty: not said
    std::string with{};  ///< number of the other party
    std::string with_name{};

    friend bool operator==(const AppearanceEvent&, const AppearanceEvent&) = default;
};

/// A dialog of `extension` that somebody publishes (RFC 3903) began, moved or ended.
struct PublishedEvent {
    std::string extension;
    std::string call_id;
    Direction direction = Direction::initiator;
    LegState state = LegState::trying;
    bool held = false;
    std::string with;
    std::string with_name;
};

/// The messages that wait for an extension became others.
struct MessagesEvent {
    std::string extension;
    MessageCounts counts;
};

/// Do not disturb, a forward or what else is set with them became another.
struct FeaturesEvent {
    std::string extension;
    Forwarding forwarding;  ///< without exceptions
};

/// A member of a ring group has logged in or out, or is new there.
struct LoginEvent {
    std::string group;
    std::string extension;
    bool logged_in = true;
};

struct LiveEvent {
    std::chrono::system_clock::time_point at;
    std::variant<LegEvent, LampEvent, RegistrationEvent, ReachEvent, TrunkStatus, PresenceEvent,
                 AppearanceEvent, PublishedEvent, MessagesEvent, FeaturesEvent, LoginEvent>
        what;
};

}  // namespace lampline
