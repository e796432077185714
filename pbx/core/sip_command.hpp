#pragma once
// Everything the exchange can ask of the network. Values only; sip/command_runner carries them out in order.
#include <variant>

#include "core/sip_types.hpp"
#include "core/stored_call.hpp"
#include "core/trunk.hpp"

namespace lampline {

/// Makes the INVITE of `transaction` the start of dialog `leg`; precedes every Reply above 100 that keeps it.
struct OpenDialog {
    TransactionId transaction;
    LegId leg;
    std::string local_tag;
    bool outside = false;  ///< only headers that cross the border of the office are sent in it
    std::shared_ptr<const TrunkCredentials> credentials{};  ///< of the trunk it came from, for our requests in it
    std::string extension{};  ///< whose credentials a request in it has to have that comes from elsewhere
};

/// Takes up dialog `leg` of an earlier run, confirmed. What cannot be taken up is reported as DialogLost.
struct ResumeDialog {
    LegId leg;
    DialogId dialog;
    DialogState state;
    Flow flow;
    bool outside = false;  ///< as in OpenDialog
    std::shared_ptr<const TrunkCredentials> credentials{};  ///< as in OpenDialog
    std::string extension{};  ///< as in OpenDialog
};

/// The phone of dialog `leg` is reached over `flow` from now on, unless the dialog has a route set.
struct MoveDialog {
    LegId leg;
    Flow flow;
};

/// Ends an INVITE of an earlier run: a received one by a 500, a sent one by CANCEL. Nothing is reported of it.
struct EndInvite {
    StoredInvite invite;
};

/// Answers a request. A final status ends the transaction; of an INVITE, a 2xx ends it with its ACK or AckMissing.
struct Reply {
    TransactionId transaction;
    unsigned status = 0;
    std::string phrase;             ///< empty: the standard one
    std::string local_tag;          ///< To-tag where no dialog was opened (SUBSCRIBE); empty: any
    std::vector<Header> headers;    ///< Contact of a registrar, Expires, Warning, Min-Expires, ...
    SessionTimer session_timer;
    OptionTag required = OptionTag::none;
    OptionTag supported = OptionTag::none;
    bool reliable = false;          ///< provisional with Require: 100rel
    bool focus = false;             ///< `isfocus` in our Contact (RFC 4579)
    bool allows_update = true;      ///< UPDATE in our Allow: whoever is behind us may be sent it
    PayloadRef payload;
};

/// Sends an INVITE that starts dialog `leg`.
struct SendInvite {
    LegId leg;
    ClientTransactionId transaction;
    Target target;
    NameAddr from;
    NameAddr to;
    std::string contact_user{};  ///< of our Contact; empty: that of From
    std::string local_tag;
    std::string call_id;
    unsigned max_forwards = 70;
    OptionTag supported = OptionTag::none;
    OptionTag required = OptionTag::none;
    SessionTimer session_timer;
    std::vector<Header> headers;
    bool focus = false;  ///< `isfocus` in our Contact
    PayloadRef payload;
    std::shared_ptr<const TrunkCredentials> credentials{};  ///< of the trunk it goes to; null: a phone, or none
    bool outside = false;  ///< as in OpenDialog
    bool allows_update = true;  ///< as in Reply
    std::string extension{};  ///< as in OpenDialog
};

/// Sends a request within the dialog of `leg` (INVITE included; not ACK, not CANCEL).
struct SendRequest {
    LegId leg;
    ClientTransactionId transaction;
    Method method;
    std::string method_name;             ///< for Method::other
    ClientTransactionId acknowledges{};  ///< PRACK: the INVITE whose response it acknowledges
    std::uint32_t rack_rseq = 0;         ///< PRACK: the RSeq of that response
    std::string early_tag{};             ///< PRACK: its To-tag; empty: of who spoke last
    OptionTag supported = OptionTag::none;
    OptionTag required = OptionTag::none;
    SessionTimer session_timer;
    std::vector<Header> headers;
    bool focus = false;  ///< `isfocus` in our Contact
    PayloadRef payload;
    bool allows_update = true;  ///< INVITE: as in Reply
};

/// Passes the INVITE of `request` on as it is (RFC 3261 §16.6): a branch, whose responses come as
/// ResponseReceived. SendCancel cancels it.
struct ForwardInvite {
    TransactionId request;
    LegId caller;
    LegId leg;
    ClientTransactionId transaction;
    Target target;
    SessionTimer session_timer;   ///< added when the INVITE has none (RFC 4028 §8.1)
    std::vector<Header> headers;  ///< these replace all of the same names
};

/// Passes a response to a branch on to who sent `request`. One above 199 ends it, but a 2xx may
/// still come after a 2xx (RFC 3261 §16.7 step 5).
struct ForwardResponse {
    TransactionId request;
    WireMessageRef message;
    std::vector<WireMessageRef>
        challenges;  ///< 401 and 407 of other branches, whose challenges are added (step 7)
    SessionTimer
        session_timer;  ///< added to a 2xx that has none, with Require: timer (RFC 4028 §8.2)
    std::vector<Header> headers;  ///< added
};

/// Asks a phone whether it still knows a dialog that is not ours: OPTIONS as if its peer sent it,
/// with a CSeq that is taken, so that nothing is disturbed. Any answer but 481 says that it does.
struct ProbeDialog {
    LegId leg;
    ClientTransactionId transaction;
    DialogId dialog;  ///< local_tag is the peer's, remote_tag the phone's
    DialogState state;
    Flow flow;
};

/// What passes in a dialog of two phones to the one with `tag` goes over `flow` from now on, unless a
/// route leads elsewhere; nullopt: the dialog is over, and that is forgotten after 64*T1.
struct MovePassed {
    std::string call_id;
    std::string tag;
    std::optional<Flow> flow;
};

/// Acknowledges the 2xx of the INVITE `transaction`. The adapter repeats it for repeated 2xx.
struct SendAck {
    LegId leg;
    ClientTransactionId transaction;
    PayloadRef payload;
};

/// Cancels an INVITE of ours; its final response, 487 or a late 2xx, still arrives as ResponseReceived.
struct SendCancel {
    LegId leg;
    ClientTransactionId transaction;
    std::vector<Header> headers;  ///< Reason (RFC 3326)
};

/// No more requests on this dialog. Transactions under way finish by themselves, without further inputs for the leg.
struct CloseDialog {
    LegId leg;
};

/// Sends a request that belongs to no dialog and opens none: OPTIONS, MESSAGE, REGISTER. Reported
/// as StandaloneAnswered.
struct SendStandalone {
    ClientTransactionId transaction;
    Method method;
    Target target;
    NameAddr from;
    NameAddr to;
    std::string local_tag;
    std::string call_id;
    std::uint32_t cseq = initial_cseq;
    unsigned max_forwards = 70;
    std::chrono::milliseconds patience{};  ///< after it 408; 0: what the RFC has, timer F
    std::optional<std::string>
        contact_user{};  ///< user part of our Contact; nullopt: none is written
    std::vector<Header> headers{};
    PayloadRef payload{};
    std::shared_ptr<const TrunkCredentials> credentials{};  ///< null: a challenge is a refusal
    bool outside = false;  ///< to a trunk: it goes to the flow's address, whatever the Request-URI is
};

/// Finds the addresses of a trunk's servers (RFC 3263); TrunkResolved follows, once. A later command for the same line
/// replaces this one; without servers it only forgets it.
struct ResolveTrunk {
    std::uint64_t line = 0;
    std::string trunk;
    std::vector<TrunkServer> servers;
};

/// What all NOTIFYs of one subscription have in common. Replaced whole when a refresh moves the phone.
struct NotifyDialog {
    std::string call_id;
    std::string from;           ///< whole header value, with our tag
    std::string to;             ///< whole header value, with the watcher's tag if there is a dialog
    std::string contact;        ///< our Contact's user part (usually the watched extension)
    OptionTag require = OptionTag::none;  ///< of Require
    std::string event;          ///< `dialog`, with the parameters that must be echoed (`;id=`)
    std::string request_uri;    ///< the watcher's Contact, untouched
    std::vector<std::string> route;
    Flow flow;
};

/// One NOTIFY of a subscription. The adapter retransmits it and reports NotifyAnswered, exactly once.
/// At most one per subscription is under way; a later one replaces an earlier one silently.
struct SendNotify {
    SubscriptionId subscription;
    std::shared_ptr<const NotifyDialog> dialog;
    std::uint32_t cseq = 0;
    std::string subscription_state;  ///< header value: `active;expires=3599`, `terminated;reason=timeout`
    std::string content_type;        ///< empty: no body
    std::shared_ptr<const std::string> body_head;  ///< body = head + version + tail; null: empty
    std::uint32_t version = 0;                     ///< written between head and tail when both are there
    std::shared_ptr<const std::string> body_tail;
    std::optional<std::chrono::steady_clock::time_point> event_at{};  ///< of the call's event it is the first to tell
    std::vector<Header> headers{};   ///< beside those of the dialog: Call-Info
    bool of_call = false;            ///< it is kept with the messages of a call
};

/// Stops retransmitting for a subscription that is gone; no NotifyAnswered follows.
struct ForgetNotify {
    SubscriptionId subscription;
};

/// Passes the SUBSCRIBE of `request` on to the phones that are to notify by themselves, and the
/// best of their answers back: of several that accept, the first (RFC 3265 §4.4.9). Reported as
/// SubscribeForwarded.
struct ForwardSubscribe {
    TransactionId request;
    SubscriptionId subscription;  ///< in the report
    std::string watcher;
    std::string member;
    std::vector<Target> targets;  ///< empty: it is within a dialog, and follows its route
    std::optional<Flow> flow{};   ///< within a dialog: by which the phone is reached now
};

/// Passes the NOTIFY `request` on to its watcher.
struct PassNotify {
    TransactionId request;
    std::optional<Flow> flow{};  ///< of the watcher; nullopt: as the route says
    std::string last_state{};    ///< not empty: with this Subscription-State, and without its body
};

using SipCommand = std::variant<OpenDialog, ResumeDialog, MoveDialog, EndInvite, Reply, SendInvite,
                                SendRequest, SendAck, SendCancel, CloseDialog, SendStandalone,
                                ResolveTrunk, SendNotify, ForgetNotify, ForwardInvite,
                                ForwardResponse, ProbeDialog, MovePassed, ForwardSubscribe,
                                PassNotify>;

}  // namespace lampline
