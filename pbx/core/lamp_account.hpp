#pragma once
// Why a lamp shows what it shows: the answer to one question about one watcher and one member.
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/call_event.hpp"
#include "core/directory.hpp"
#include "core/lamp_colour.hpp"
#include "core/standing.hpp"

namespace lampline {

using WallTime = std::chrono::system_clock::time_point;

struct LampLook {
    LampColour colour = LampColour::unknown;
    std::optional<LegState> state;  ///< empty: idle, or unknown
    std::optional<WallTime> since;  ///< empty: since before anybody looked
};

/// Who published a dialog that the exchange has no part in (RFC 3903).
struct PublishedBy {
    std::string publisher;  ///< extension
    std::chrono::sys_seconds expires_at;
};

/// One dialog of the member: what lights the lamp.
struct AccountedCall {
    CallRef call;  ///< 0: it is published
    LegId leg;     ///< means nothing without a call
    Direction direction = Direction::initiator;
    LegState state = LegState::trying;
    bool held = false;
    std::string with;                                 ///< number or address of the other party
    std::string with_name;                            ///< its display name
    std::string call_id;                              ///< of the dialog with the member's phone
    std::optional<WallTime> started_at, answered_at;  ///< of the call
    std::optional<PublishedBy> published{};           ///< and is no call
    bool unnamed = false;     ///< other extensions are not told `with`: that one wants it so
    std::string parked_by{};  ///< of a slot: who put the call there; empty: not to be named
};

/// The last NOTIFY of a lamp; of one in a list, the last of the list that told it.
struct AccountedNotify {
    std::uint32_t cseq = 0;
    std::uint32_t version = 0;
    WallTime sent_at;
    Flow flow;                       ///< where it was sent, and how
    std::string body;                ///< as sent; in a list (RFC 4662) the part about the member
    /// Size of the whole body, where that is a list's; nullopt: it is none, or the list has sent
    /// another NOTIFY since.
    std::optional<std::size_t> list_bytes{};
    std::optional<unsigned> answer;  ///< final status; empty: under way, or given up for another
    bool silent = false;             ///< nobody answered: the status is our own
    std::optional<WallTime> answered_at;

    /// Of the whole body; nullopt: it is not known any more.
    [[nodiscard]] std::optional<std::size_t> size(bool in_list) const noexcept
    {
        return in_list ? list_bytes : body.size();
    }
};

/// Who chose the body profile.
enum class ProfileOrigin : std::uint8_t { device, group, user_agent, by_default };
std::string_view name(ProfileOrigin origin) noexcept;

struct AccountedLamp {
    bool unsolicited = false;  ///< not asked for: implied by the registration
    std::string list{};        ///< the group in whose subscription it is; empty: it has its own
    std::string profile;
    ProfileOrigin profile_origin = ProfileOrigin::by_default;
    std::size_t max_body = 0;  ///< bytes that `profile` allows, of a list that of the list; 0: any
    LampLook shown;    ///< by the last body that the phone acknowledged
    LampLook present;  ///< as it should be
    std::optional<AccountedNotify> notify;
    unsigned left_out = 0;             ///< dialogs that the present one had no room for
    bool under_way = false;            ///< the phone has not answered it yet
    unsigned failures = 0;             ///< since the last 2xx
    bool waiting = false;              ///< it failed, and is to be sent again
    std::optional<WallTime> retry_at;  ///< then; nullopt: when its phone answers another NOTIFY
    std::chrono::sys_seconds expires_at;

    [[nodiscard]] bool agrees() const noexcept { return shown.colour == present.colour; }
};

/// How a lamp ended.
enum class LampEnd : std::uint8_t {
    unsubscribed,  ///< the phone wanted no more
    expired,       ///< the phone did not renew its subscription
    refused,       ///< the phone answered a NOTIFY with `status`
    withdrawn,     ///< the right to see, or the member, went
    handed_over,   ///< the member's phone notifies by itself from then on
    left,          ///< the phone was no longer registered
};
struct EndedLamp {
    LampEnd how = LampEnd::expired;
    unsigned status = 0;
    WallTime at;
};

/// Why a phone has no lamp.
enum class NoLamp : std::uint8_t {
    not_allowed,     ///< no group lets the watcher see the member
    refuses,         ///< the phone refused unsolicited NOTIFYs
    not_subscribed,  ///< it has not asked, and unsolicited NOTIFYs are off
    not_registered,  ///< it is not there; it once had a lamp
    told_by_phone,   ///< it has subscribed at the member's phone, which notifies by itself
};

/// One phone of the watcher.
struct AccountedPhone {
    std::string contact;
    std::string user_agent;
    bool registered = false;
    std::optional<AccountedLamp> lamp;
    NoLamp why_none = NoLamp::not_subscribed;              ///< meaningful without a lamp
    std::optional<std::pair<unsigned, WallTime>> refusal;  ///< status and moment
    std::optional<EndedLamp> ended;                        ///< its last lamp, if it had one
};

/// A NOTIFY that somebody has asked for.
struct ResentNotify {
    std::string contact;
    bool waits = false;      ///< until the one under way is answered, or its turn comes
    std::uint32_t cseq = 0;  ///< of the NOTIFY sent; of the last one when it waits
};

/// A value made when it is asked for; nothing in it refers into the engine.
struct LampAccount {
    DirectoryRef directory;  ///< in force at that moment
    std::string watcher;
    std::string member;
    WallTime taken_at;
    LampLook member_look;  ///< what the member does, in no profile's eyes
    Standing standing;     ///< what it is without a call
    std::vector<AccountedCall> calls;
    std::vector<AccountedPhone> phones;
    std::vector<ResentNotify> resent;
};
using LampAccountRef = std::shared_ptr<const LampAccount>;

/// What is asked; `resend`: and the present state is sent anew.
struct LampQuestion {
    std::string watcher;
    std::string member;
    bool resend = false;
};

}  // namespace lampline
