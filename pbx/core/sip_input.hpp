#pragma once
// Everything the network can tell the exchange. Values only: the adapter has parsed, screened and authenticated.
#include <variant>

#include "core/sip_types.hpp"
#include "core/trunk_line.hpp"

namespace lampline {

/// An INVITE outside a dialog. Nothing is answered yet; `transaction` must be.
struct InviteReceived {
    TransactionId transaction;
    Flow source;
    std::string authenticated;  ///< the extension whose credentials it carried; empty: it came by `trunk`
    SipUri request_uri;
    bool to_us = true;  ///< the host of `request_uri` is the domain, or an address of ours
    Parties parties;
    std::string call_id;
    std::uint32_t cseq = 0;
    std::vector<std::string> via;  ///< top first
    SipUri contact;
    std::vector<std::string> record_route;  ///< in the order of the header
    unsigned max_forwards = 70;
    OptionTag supported = OptionTag::none;
    OptionTag required = OptionTag::none;
    SessionTimer session_timer;
    std::optional<Replaces> replaces;
    std::optional<Replaces> join;  ///< RFC 3911; without early_only
    bool focus = false;            ///< `isfocus` in its Contact (RFC 4579)
    bool allows_update = false;    ///< UPDATE in its Allow (RFC 3311)
    bool denies_update = false;    ///< it has an Allow without UPDATE
    std::optional<std::chrono::seconds> expires{};  ///< after so long without an answer it is over
    std::vector<std::string> unsupported{};  ///< of its Require: what this exchange does not know
    std::string user_agent;
    PayloadRef payload;
    std::string trunk{};  ///< whose address it came from
    std::optional<NameAddr> asserted{};  ///< P-Asserted-Identity, where it came by a trunk (RFC 3325)
    std::string on_behalf_of{};  ///< by `trunk`: by the rights of this extension; empty: nobody's
    std::vector<SipUri> routes{};  ///< its Routes behind those that name us, top first (RFC 3261 §16.4)
    bool uri_has_headers = false;  ///< the Request-URI, which may have none (RFC 3261 §19.1.1)

    /// By whose rights it acts; empty: nobody's.
    [[nodiscard]] const std::string& actor() const noexcept
    {
        return trunk.empty() ? authenticated : on_behalf_of;
    }
};

/// A request within the dialog of `leg`, ACK and CANCEL excepted. `transaction` must be answered.
struct RequestReceived {
    TransactionId transaction;
    LegId leg;
    Method method;
    std::string method_name;  ///< as on the wire, for Method::other
    std::uint32_t cseq = 0;
    std::optional<SipUri> contact;  ///< INVITE and UPDATE: the new remote target
    std::optional<Flow> source;     ///< where the phone sends from now; empty: as before
    OptionTag supported = OptionTag::none;
    SessionTimer session_timer;
    std::uint32_t rack_rseq = 0;  ///< PRACK: the RSeq it acknowledges
    bool focus = false;           ///< `isfocus` in its Contact
    std::string also;             ///< BYE: Also, one address; empty: none
    std::optional<std::chrono::seconds> expires;  ///< SUBSCRIBE
    std::optional<SipUri> left_contact;  ///< BYE: its Contact
    std::vector<std::string> via;        ///< INVITE: top first
    PayloadRef payload;
};

/// The ACK of a 2xx we sent on `transaction`. The transaction is over.
struct AckReceived {
    TransactionId transaction;
    LegId leg;
    PayloadRef payload;
};

/// A 2xx to an INVITE that an earlier run has sent in the dialog of `leg`. It has been acknowledged.
struct AnsweredBefore {
    LegId leg;
    std::uint32_t cseq = 0;  ///< of that INVITE
};

/// A CANCEL for `transaction`, which the stack has answered 487 already, unless that INVITE was
/// passed on, or is `answered`.
struct CancelReceived {
    TransactionId transaction;
    LegId leg;  ///< 0 when the dialog was never opened
    PayloadRef payload;  ///< Reason header, if any
    bool answered = false;  ///< our 2xx had left: the transaction goes on to AckReceived or AckMissing
};

/// Timer H: a 2xx we sent was never acknowledged (RFC 3261 §13.3.1.4). The transaction is over.
struct AckMissing {
    TransactionId transaction;
    LegId leg;
};

/// A response to a request of ours. 408 without a message stands for timer B or F, 503 for a transport error.
struct ResponseReceived {
    LegId leg;
    ClientTransactionId transaction;
    Method method;
    unsigned status = 0;
    std::uint32_t cseq = 0;  ///< of the request: each challenge that was answered makes it one higher; 0: generated
    std::string phrase;
    std::string to_tag;
    std::optional<SipUri> contact;
    std::vector<std::string> record_route;  ///< of a 2xx to an INVITE, in the order of the header
    std::vector<SipUri> redirects;  ///< Contacts of a 3xx, best q first, at most 16; one that names a dialog is empty
    ReliableSequence reliable;
    OptionTag required = OptionTag::none;
    OptionTag supported = OptionTag::none;
    SessionTimer session_timer;
    std::string user_agent;
    bool focus = false;          ///< `isfocus` in its Contact
    bool allows_update = false;  ///< UPDATE in its Allow (RFC 3311)
    bool denies_update = false;  ///< it has an Allow without UPDATE
    bool generated = false;  ///< made by the stack (timeout, transport), not sent by the peer
    PayloadRef payload;
    WireMessageRef message;  ///< of an INVITE that was passed on: null when generated
    std::string via;         ///< of the same, to a provisional one: our Via, with which it is cancelled
};

/// A request, or a response to one, that passed within a dialog of two phones (RFC 3261 §16): BYE,
/// INVITE, UPDATE and REFER; of responses those that accept the latter two, and those that end the dialog.
struct DialogPassed {
    std::string call_id;
    std::string from_tag;  ///< of who sent the request
    std::string to_tag;
    Method method = Method::other;
    unsigned status = 0;  ///< 0: the request itself
    std::uint32_t cseq = 0;
    SessionTimer session_timer;
    PayloadRef payload;
    /// 2xx of who was called to an INVITE: its Contact. Empty: the way there is not known.
    SipUri target;
    std::vector<std::string> route;  ///< to it from here (RFC 3261 §12.1.2), nearest first
    Flow callee;                     ///< where the INVITE that began the dialog went
};

/// ResumeDialog could not be carried out: its values make no dialog. Nothing can be sent to the phone of `leg`.
struct DialogLost {
    LegId leg;
};

/// One Contact of a REGISTER (RFC 3261 §10.2.1).
struct RegisterContact {
    SipUri uri;
    std::string display_name;
    std::optional<std::chrono::seconds> expires;  ///< its own `expires` parameter
    unsigned q_thousandths = 1000;                ///< q value times 1000
    std::string instance;                         ///< +sip.instance, empty when absent
};

/// An authenticated REGISTER for the extension `aor`.
struct RegisterReceived {
    TransactionId transaction;
    Flow source;
    std::string aor;
    bool wildcard = false;                        ///< Contact: *
    std::vector<RegisterContact> contacts;        ///< empty and no wildcard: a fetch
    std::optional<std::chrono::seconds> expires;  ///< the Expires header
    std::string call_id;
    std::uint32_t cseq = 0;
    std::vector<std::string> path;                ///< Path values, top first (RFC 3327)
    std::string user_agent;
};

/// An authenticated SUBSCRIBE, initial or within a dialog (`parties.to_tag` not empty).
struct SubscribeReceived {
    TransactionId transaction;
    Flow source;
    std::string authenticated;
    SipUri request_uri;
    Parties parties;
    std::string call_id;
    std::uint32_t cseq = 0;
    SipUri contact;
    std::vector<std::string> record_route;  ///< in the order of the header
    std::string event;                      ///< package name, lower case
    std::string event_params;               ///< with the leading ';'
    std::vector<std::string> accept;        ///< media types, lower case; empty: none given
    std::vector<std::string> accept_not{};  ///< those with `q=0`
    std::optional<std::chrono::seconds> expires;
    OptionTag supported = OptionTag::none;
    std::string user_agent;
    PayloadRef payload{};
    bool recipient_list = false;  ///< the payload is a list of those it asks for (RFC 5367)
    std::string notifier{};  ///< within a dialog with a phone of this extension, which notifies there
};

/// How a ForwardSubscribe ended, exactly once: what the watcher was answered.
struct SubscribeForwarded {
    SubscriptionId subscription;
    unsigned status = 0;
    std::optional<std::chrono::seconds> expires;  ///< of a 2xx
    std::string notifier_tag{};                   ///< of the phone; empty: none has answered
    SipUri contact{};                             ///< of the phone; without host: it named none
    Flow source{};                                ///< by which the phone was reached
};

/// A NOTIFY of a phone in the dialog of a forwarded SUBSCRIBE: it waits for PassNotify, or a Reply.
struct NotifyReceived {
    TransactionId transaction;
    std::string watcher;
    std::string member;
    std::string call_id;
    std::string watcher_tag;
    std::string notifier_tag;
    std::uint32_t cseq = 0;
    std::optional<std::uint32_t> version{};  ///< of its body (RFC 4235 §4.1)
    std::optional<bool> shows_call{};        ///< its body; nullopt: it leaves that open
    bool over = false;                       ///< its Subscription-State is `terminated`
    SipUri contact{};                        ///< of the phone; without host: it named none
    Flow source{};
};

/// The watcher's phone has answered such a NOTIFY that it has no such subscription, which ends it
/// (RFC 6665 §4.2.2).
struct ForwardedEnded {
    std::string call_id;
    std::string watcher_tag;
    std::string notifier_tag;
};

/// An authenticated PUBLISH (RFC 3903).
struct PublishReceived {
    TransactionId transaction;
    Flow source;
    std::string authenticated;
    SipUri request_uri;
    std::string event;     ///< package name, lower case
    std::string if_match;  ///< SIP-If-Match; empty: it begins
    std::optional<std::chrono::seconds> expires;
    PayloadRef payload{};  ///< body, and Call-Info; one that is malformed is empty
    SipUri contact{};      ///< empty: it has named none
    std::string user_agent{};
};

/// An authenticated REFER outside a dialog (RFC 3515), which begins one of its own.
struct ReferReceived {
    TransactionId transaction;
    Flow source;
    std::string authenticated;
    SipUri request_uri;
    Parties parties;
    std::string call_id;
    std::uint32_t cseq = 0;
    SipUri contact;
    std::vector<std::string> record_route;  ///< in the order of the header
    OptionTag supported = OptionTag::none;
    OptionTag required = OptionTag::none;
    PayloadRef payload;
};

/// An authenticated MESSAGE outside a dialog (RFC 3428).
struct MessageReceived {
    TransactionId transaction;
    Flow source;
    std::string authenticated;
    SipUri request_uri;
    Parties parties;
    unsigned max_forwards = 70;
    PayloadRef payload;
};

/// The final answer to a SendStandalone, exactly once. 408 without a message stands for silence,
/// 503 for a transport error. Challenges that its credentials answer are never seen.
struct StandaloneAnswered {
    ClientTransactionId transaction;
    unsigned status = 0;
    std::string phrase;
    bool generated = false;  ///< made by the stack (timeout, transport), not sent by the peer
    std::uint32_t cseq =
        0;  ///< of the request that was answered: above the command's after a challenge
    std::chrono::seconds retry_after{};               ///< 0: none given
    std::optional<std::chrono::seconds> min_expires;  ///< of a 423
    std::string challenged_by{};  ///< realm of a challenge that was not answered; empty: none
    bool credentials_sent = false;  ///< the request that was answered had some
    ConnectionId connection{};      ///< by which it went out; null: as a datagram
    std::vector<RegisterContact> contacts;            ///< of a 2xx or 3xx to a REGISTER
    std::optional<std::chrono::seconds> expires;
    std::vector<std::string> service_route;  ///< of a 2xx to a REGISTER, top first (RFC 3608)
    PayloadRef payload;
};

/// How the NOTIFY with `cseq` of `subscription` ended: its final answer, or 408 when none came.
struct NotifyAnswered {
    SubscriptionId subscription;
    std::uint32_t cseq = 0;
    unsigned status = 0;
    std::chrono::seconds retry_after{};  ///< 0: none given
    bool generated = false;              ///< made by the stack (timeout, transport), not sent by the peer
};

/// What a ResolveTrunk has found: addresses in the order in which they are tried; empty: none, and why.
struct TrunkResolved {
    std::uint64_t line = 0;
    std::string trunk;
    std::vector<ServerAddress> addresses;
    std::optional<std::chrono::seconds> valid_for;  ///< nullopt: for ever
    std::string error;
};

/// A TCP connection is gone: bindings that came over it are only reachable by a new one.
struct ConnectionClosed {
    ConnectionId connection;
};

using SipInput = std::variant<InviteReceived, RequestReceived, AckReceived, CancelReceived,
                              AckMissing, AnsweredBefore, ResponseReceived, DialogPassed, DialogLost,
                              RegisterReceived, SubscribeReceived, PublishReceived, ReferReceived,
                              MessageReceived, StandaloneAnswered, TrunkResolved, NotifyAnswered,
                              ConnectionClosed, SubscribeForwarded, NotifyReceived, ForwardedEnded>;

}  // namespace lampline
