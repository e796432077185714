#pragma once
// A talking call as it is kept over a restart: both dialogs as values, so that its next request finds it.
#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "core/appearance.hpp"
#include "core/identity_header.hpp"
#include "core/leg_state.hpp"
#include "core/sip_types.hpp"

namespace lampline {

/// One side of a talking call: a confirmed dialog (RFC 3261 §12), and who is at its other end.
struct StoredLeg {
    LegRole role = LegRole::caller;
    std::string extension;
    DialogId dialog;
    DialogState state;  ///< `cseq`: no request with a higher one was sent before this was stored
    Flow flow;          ///< without connection
    NameAddr phone;     ///< who is at this leg
    NameAddr other;     ///< whom this leg's phone talks to
    OptionTag supported = OptionTag::none;
    PayloadRef sdp;     ///< the last session description of the phone; only type and body are kept
    bool held = false;
    bool holds = false;
    std::string trunk{};  ///< by which it is reached; empty: a phone
    std::string payer{};  ///< of a call to outside
    bool counted = false;  ///< among the calls to outside
    std::optional<std::chrono::system_clock::time_point> must_end_at{};  ///< empty: no limit
    std::optional<std::chrono::system_clock::time_point>
        session_ends_at{};  ///< of its dialog; empty: no session timer
    bool anonymous = false;     ///< its phone asked not to be named to others (RFC 3323)
    bool takes_update = false;  ///< its phone allowed UPDATE (RFC 3311)
    IdentityHeader identity = IdentityHeader::asserted;  ///< in which it is told who is there
    std::optional<LinePlace> place{};  ///< on its shared line; empty: it was not kept
    std::string on_behalf_of{};  ///< outside: by the rights of this extension
    std::string name{};  ///< of a dialog that two phones share: by which watchers know it
};

/// Two phones that talk to each other. A caller in proxy mode that several have answered has one
/// such with each of them.
struct StoredCall {
    CallRef id;           ///< key
    std::string from;     ///< extension of the first caller
    std::string dialled;
    std::chrono::system_clock::time_point started_at;   ///< kept to the millisecond, as all times here
    std::chrono::system_clock::time_point answered_at;
    std::chrono::seconds session_expires{};  ///< to ask both for (RFC 4028); 0: no session timer
    std::array<StoredLeg, 2> legs;
    std::string from_trunk{};  ///< by which the first caller came; empty: a phone
    std::string parked_by{};  ///< the extension that parked it; one leg is the slot then. Empty: none
    std::chrono::system_clock::time_point
        rings_back_at{};  ///< of a parked call: when that extension is rung
};

/// One phone of a call in which nobody talks: an INVITE without final answer, enough to end it when
/// its transaction has died with us, or a dialog whose phone has answered, and would wait for ever.
/// Or the re-INVITE of a phone that talks.
struct StoredInvite {
    LegRole role = LegRole::caller;  ///< caller: one we received; callee: one we sent
    DialogId dialog;                 ///< remote_tag is empty for a callee
    DialogState state;               ///< callee: `target` is the Request-URI, `route` what was preloaded
    std::uint32_t cseq = 0;  ///< of the INVITE; answered: no request with a higher one was sent
    bool answered = false;   ///< there is a dialog, to be hung up; its INVITE is over
    /// caller: Via values to be answered with, top first; callee: ours, of one that was passed on
    std::vector<std::string> via;
    Flow flow;                       ///< without connection
};

/// A call that rings. It does not go on after a restart, but its phones are told.
struct StoredRinging {
    CallRef id;  ///< key
    std::vector<StoredInvite> invites;
};

}  // namespace lampline
