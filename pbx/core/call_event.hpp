#pragma once
// Every fact the call engine and the registrar announce.
#include <optional>
#include <variant>

#include "core/appearance.hpp"
#include "core/call_record.hpp"
#include "core/leg_state.hpp"
#include "core/location_table.hpp"
#include "core/trunk_line.hpp"
#include "core/sip_types.hpp"

namespace lampline {

/// Which side of the dialog the watched extension is (RFC 4235 §4.1.2).
enum class Direction : std::uint8_t { initiator, recipient };

/// One side of a dialog as dialog-info shows it.
struct DialogParty {
    NameAddr identity;
    SipUri target;  ///< host empty: no target known
};

/// One dialog between the exchange and a phone of `extension`, seen from that phone, so that a pickup can name it.
struct DialogSnapshot {
    LegId leg;
    std::string id;       ///< names it to watchers for life, over restarts too; empty: it is named after the leg
    CallRef call;         ///< whose leg it is at present
    unsigned status = 0;  ///< terminated: the final SIP status that the phone sent; 0: none
    std::string extension;  ///< empty: outside, reached by `trunk`
    std::string trunk{};
    std::string on_behalf_of{};  ///< outside: by whose rights it acts
    DialogId dialog;      ///< local_tag is the phone's, remote_tag ours (RFC 4235 §4.1.3, RFC 3891 §3)
    Direction direction = Direction::initiator;
    LegState state = LegState::trying;
    LegInput ended_by = LegInput::error;  ///< meaningful when terminated
    bool resumed = false; ///< from before a restart: watchers may have been told of it by the run before
    bool held = false;    ///< the phone does not receive media: `+sip.rendering=no`
    bool holds = false;   ///< by its own wish: other phones of its line may take the call
    bool picks_up = false;  ///< rung for somebody who takes what rings at others
    bool untold = false;    ///< of who would take a call that goes on ringing: watchers are told once it has it
    bool discreet = false;  ///< watchers are not told who is at the other end, whatever their rights
    bool parked = false;    ///< of a park slot: the call waits in it
    std::optional<LinePlace> place{};  ///< that it had before a restart; empty: it is to be found
    DialogParty local;    ///< the watched phone
    DialogParty remote;   ///< whom it talks to
};

/// A dialog of `dialog.extension` began, moved or ended. A terminated one is announced exactly once, as the last.
struct DialogChanged {
    DialogSnapshot dialog;
};

/// The bindings of `aor` changed: a phone came, left, moved or expired.
struct BindingChanged {
    std::string aor;
    bool expired = false;  ///< whoever left has not said so: it may be out of reach
};

/// A phone of `aor` says that it leaves, and has no registration any more: that had expired.
/// Or all of them are to leave: their password has changed.
struct PhoneLeft {
    std::string aor;
    std::optional<SipUri> contact{};     ///< nullopt: all contacts there are
    std::vector<std::string> devices{};  ///< see device_ids()
    bool expelled = false;  ///< registered or not: what they have asked for is over
};

/// A phone of `aor` has registered from another address, over another connection or as another
/// contact than before. That it is the same phone is known by the Call-ID of its REGISTERs (RFC
/// 3261 §10.2), or by what it says of itself. Comes before BindingChanged.
struct PhoneMoved {
    std::string aor;
    SipUri old_contact;
    Flow old_flow;
    SipUri contact;
    Flow flow;
};

/// A phone of `aor` stopped answering, or is back. LocationTable::is_reachable() says what that makes of `aor`.
struct ReachChanged {
    std::string aor;
    SipUri contact;
    Reach reach;
};

/// The phone of `aor` that has `contact` refuses NOTIFYs that it has not subscribed to.
struct UnaskedRefused {
    std::string aor;
    SipUri contact;
    UnaskedRefusal refusal;  ///< what it has refused now
};

/// A trunk can be used, or cannot any more, or for another reason.
struct TrunkChanged {
    TrunkStatus status;
};

/// An INVITE became a call; before the first DialogChanged of it.
struct CallStarted {
    CallRef call;
    std::string caller;  ///< extension, or number outside
    std::string dialled;
    std::chrono::system_clock::time_point started_at;
    std::optional<std::chrono::system_clock::time_point> answered_at{};  ///< it was talking before a restart
    bool clicked = false;  ///< a third party placed it: the caller's phones are rung first (RFC 3725)
    std::string trunk{};   ///< by which the caller came; empty: a phone
    std::string asked_in{};  ///< Call-ID of the REFER that the call is made for; empty: none
};

/// An INVITE was refused before it became a call.
struct CallRefused {
    CallRef call;  ///< nobody else's
    std::string caller;
    std::string caller_name;
    std::string dialled;
    std::string callee;  ///< the extension that this is; empty: none
    std::string callee_name;
    std::string sip_call_id;
    unsigned status = 0;
    std::string phrase;
    std::string trunk{};  ///< by which the caller came; empty: a phone
    std::string on_behalf_of{};  ///< by trunk: by whose rights
    RefusedBy by = RefusedBy::exchange;
};

/// The exchange itself has answered the call, and no phone will; after the first DialogChanged of
/// it.
struct CallAnswered {
    CallRef call;
};

/// The call is over for a reason that its legs do not tell; before the last of them is terminated.
struct CallEnded {
    CallRef call;
    unsigned status = 0;  ///< SIP status; 0: `reason` says it (RFC 3326), else it was hung up
    std::string reason;
    RefusedBy by = RefusedBy::callee;
};

/// A transfer has succeeded: `target` talks in the place of `transferor`. Or what rang for the transferor in
/// `asked`, before the end of which this comes, is to ring anew for who is transferred.
struct CallMoved {
    CallRef call;
    LegId transferor;  ///< 0: has left meanwhile
    LegId target;      ///< 0: it is to ring
    CallRef asked;     ///< attended: the call that `target` was a leg of until now; 0: blind
};

/// The call was to be moved, and was not. Comes before what ends by it.
struct MoveFailed {
    CallRef call;
    LegId by;  ///< whose place in the call somebody else was to have; 0: nobody's, or `move` says it
    FailedMove move;  ///< `part` and `at` are not known yet
};

/// `leg` of `call` is asked to put its dialog in the place of one that it has in the call
/// `replaced`, which it ends by itself (proxy mode, RFC 3891).
struct CallReplacing {
    CallRef call;
    LegId leg;
    CallRef replaced;
    LegId own;  ///< the leg of its phone there
};

/// A parked call ends, since there is nobody who could be rung for it.
struct ParkedInVain {
    std::string slot;
    std::string by;
};

/// What a restart needs of the call is stored with this step, or before.
struct CallKept {
    CallRef call;
};

/// A dialog belongs to a recorded call, of which its SIP messages are to be kept.
struct PartRecorded {
    CallRecordId record;
    std::string sip_call_id;
    std::string extension;
    PartKind kind = PartKind::called;
};

using CallEvent = std::variant<DialogChanged, BindingChanged, PhoneLeft, PhoneMoved, ReachChanged,
                               UnaskedRefused, TrunkChanged, CallStarted, CallRefused, CallAnswered,
                               CallEnded, CallMoved, MoveFailed, CallReplacing, CallKept,
                               PartRecorded, ParkedInVain>;

}  // namespace lampline
