#pragma once
// Whom a call rings, in which order, and where it goes when nobody answers.
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.hpp"
#include "core/diversion.hpp"
#include "core/location_table.hpp"

namespace lampline {

/// The phones of one extension, or one way to a number outside. Where they are is looked up when
/// they are to ring.
struct HuntMember {
    std::string extension;  ///< empty: outside
    std::chrono::seconds delay{};             ///< after its wave began
    std::optional<unsigned> q_thousandths{};  ///< only contacts with this q; empty: all
    std::string contact{};                    ///< only this one; empty: all
    std::string trunk{};                      ///< by which a number outside is called
    std::string number{};                     ///< outside, as the trunk wants it
    Flow server{};                            ///< of the trunk: which of its addresses

    friend bool operator==(const HuntMember&, const HuntMember&) = default;
};

/// Those who ring together.
struct HuntWave {
    std::vector<HuntMember> members;
    std::chrono::seconds ring_for{};  ///< then the next wave; 0: as long as calls ring at most
    std::chrono::seconds heard_within{};  ///< else the next wave, if there is one; 0: never mind

    friend bool operator==(const HuntWave&, const HuntWave&) = default;
};

/// The plan for one number: its waves, one after the other, and the numbers to go on to; empty: the
/// call ends.
struct Hunt {
    std::string number;
    std::vector<HuntWave> waves;
    std::string if_busy;
    std::string if_no_answer;
    std::string if_unreachable;
    std::string if_refused{};  ///< for any other reason
    bool outside = false;      ///< `number` lies outside, and is shown as it was dialled
    std::string payer{};       ///< outside: for whom it counts; empty: a caller from outside
    bool unlimited = false;    ///< outside: an emergency number
    bool emergency = false;    ///< a ring group that stands for one: its members ring whatever they wish

    friend bool operator==(const Hunt&, const Hunt&) = default;
};

/// What every INVITE of a hunt says.
struct Invitation {
    NameAddr from;
    unsigned max_forwards = 70;
    OptionTag supported = OptionTag::none;
    OptionTag required = OptionTag::none;
    SessionTimer session_timer;
    std::vector<Header> headers;
    PayloadRef payload;  ///< null: the callee makes the offer
    std::string extension{};  ///< whose phone calls; empty: somebody outside
    bool anonymous = false;   ///< the caller wants no identity to leave the office
    bool picks_up = false;    ///< it is for somebody who takes what rings elsewhere
    bool focus = false;       ///< whoever calls mixes (RFC 4579)
};

/// A number that a phone, or whoever answers for a trunk, has sent the call to (302).
struct Deflection {
    std::string to;
    std::string by;                 ///< who was called; the extension of a phone, whose rights count
    std::vector<Diversion> before;  ///< how the call came to `by`
    std::string trunk{};            ///< by which it may go on outside; empty: a phone sends it on
    std::string payer{};            ///< of a trunk: whose rights count
    std::optional<SipUri> phone{};  ///< only the phone with this contact, which is of `to`
};

/// One of the calls to outside that count for `payer` this day.
struct CountedCall {
    std::string payer;
    std::string number{};  ///< as it was dialled; empty: wherever it is sent on to
};

/// A hunt under way.
struct Hunting {
    static constexpr unsigned max_deflections = 5;

    struct Waiting {
        std::chrono::steady_clock::time_point from;
        HuntMember member;
    };
    struct Refusal {
        unsigned status = 0;
        std::string phrase;
        std::vector<Header> why;
    };

    Hunt hunt;
    CallRef call{};                               ///< for which is hunted
    std::chrono::steady_clock::time_point since;  ///< how long the call rings, wherever it went
    std::size_t wave = 0;          ///< the one that rings
    std::vector<Waiting> waiting;  ///< of this wave, whose delay is not over; the earliest first
    std::optional<std::chrono::steady_clock::time_point> wave_ends;
    bool rang_out = false;  ///< a wave ended and nobody had come
    bool full = false;      ///< a trunk had no room any more when its turn came
    bool heard = false;     ///< a phone has answered by itself, if only to refuse
    bool must_be_heard = false;  ///< at `wave_ends` it is looked whether anything was heard at all
    bool counted = false;        ///< among the calls to outside of its payer
    std::string counted_over{};  ///< the trunk among whose calls of the day it is by the way tried last
    std::optional<CountedCall> instead_of{};  ///< a call that rang until this one took its place
    bool one_phone = false;      ///< no other can do what its INVITE asks, wherever it sends that
    CallRef replaced{};          ///< proxied: the call whose place that phone is asked to give to it
    LegId replaced_at{};         ///< its leg there
    std::string caller;     ///< by whose rights numbers are dialled
    std::string presented;  ///< the number that the caller shows; empty: none
    PhoneAddress own;       ///< the phone that asked, which does not ring
    std::string dialled;
    std::vector<Diversion> diversions;
    std::size_t diversions_known = 0;  ///< how many of them came with the INVITE
    std::vector<Deflection> deflections;  ///< not tried yet, the best first
    unsigned deflected = 0;               ///< how many were tried
    std::optional<Refusal> limit{};  ///< that kept a trunk from sending the call on
    Invitation invitation;
    PayloadRef asked;  ///< of the INVITE that asked, before any diversion was written into it
    std::vector<SipUri> along{};  ///< proxied: the hops its caller has named; empty: whatever way
    bool on_route = false;        ///< of this hunt, something went that way
    bool off_route = false;       ///< and something could not
};

}  // namespace lampline
