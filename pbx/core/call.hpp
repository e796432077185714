#pragma once
// The call model: one call, its legs, and the requests on their way from one leg to the other.
#include <chrono>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/rare.hpp"
#include "core/appearance.hpp"
#include "core/call_mode.hpp"
#include "core/glare.hpp"
#include "core/hunt.hpp"
#include "core/identity_header.hpp"
#include "core/leg_state.hpp"
#include "core/sip_types.hpp"

namespace lampline {

/// A phone is to be told whom it talks to now: always the latest, one UPDATE (RFC 3311), or
/// re-INVITE, at a time.
struct DisplayUpdate {
    ClientTransactionId sent{};  ///< under way
    bool changed = false;        ///< since that was sent
    bool repeated = false;       ///< its INVITE was cancelled once, and is sent a last time
    /// To be sent then; with nothing under way and no time it waits for the call to rest.
    std::optional<std::chrono::steady_clock::time_point> again_at{};
    Glare glare;
};

/// Its call has gone on without it: BYE follows once its phone has answered the last report.
struct Leaving {
    ClientTransactionId told_by;  ///< that NOTIFY
    std::string reason;
};

/// The dialog between the exchange and one phone.
struct Leg {
    LegId id;
    LegRole role = LegRole::caller;
    LegState state = LegState::trying;
    LegInput ended_by = LegInput::error;  ///< meaningful when terminated
    unsigned status = 0;                  ///< final status that its phone sent; 0: none
    std::string extension;                ///< whose phone this is; empty: it is outside
    std::string trunk{};                  ///< by which it is reached; empty: a phone
    std::string on_behalf_of{};  ///< outside: by the rights of this extension; empty: nobody's
    std::string payer{};                  ///< trunk that we called: for whom it counts
    bool counted = false;                 ///< among the calls to outside
    std::chrono::minutes may_last{};      ///< from its answer; 0: no limit
    std::optional<std::chrono::system_clock::time_point> must_end_at{};
    DialogId dialog;                      ///< seen from us: local_tag is ours
    DialogState dialog_state;
    NameAddr phone;                       ///< who is at this leg
    NameAddr other;                       ///< whom this leg's phone talks to
    Rare<NameAddr> awaits{};  ///< whom it waits for instead, left by who transfers it; see show_awaited()
    Rare<DisplayUpdate> display{};        ///< the phone does not know that yet
    LegId peer{};                         ///< the leg it talks to; 0 while ringing
    CallRef transfer_of{};                ///< the call whose transfer needs this leg
    Flow flow;
    OptionTag supported = OptionTag::none;  ///< what the phone's INVITE or 2xx offered
    bool anonymous = false;     ///< its phone asked not to be named to others (RFC 3323)
    bool takes_update = false;  ///< the phone's INVITE or 2xx allowed UPDATE (RFC 3311)
    bool refuses_update = false;  ///< it has told its methods, and that is none of them
    bool needs_reliable = false;  ///< its INVITE takes no other provisional responses (RFC 3262 §3)
    IdentityHeader identity = IdentityHeader::asserted;  ///< in which it is told who is there
    PayloadRef sdp;     ///< the last session description of the phone that counts
    bool held = false;  ///< the phone does not receive media
    bool holds = false;  ///< that is its own wish, and not only the answer to a hold
    std::optional<LinePlace> place{};  ///< on its shared line; empty: not known to have one
    std::uint32_t invite_cseq = 0;    ///< of the INVITE that we sent to start it, as last answered; 0: not yet
    std::uint32_t reserved_cseq = 0;  ///< as stored: no request of ours is to have a higher CSeq
    bool resumed = false;             ///< taken up after a restart
    bool slot = false;                ///< of a park slot: nobody is there, and nothing is sent
    bool discreet = false;            ///< of a slot: its lamp does not say who waits
    bool proxied = false;  ///< its phone shares its dialog with its peer: local_tag is the peer's
    std::string name{};    ///< proxied: by which watchers know its dialog, over restarts too
    CallRef kept_as{};     ///< proxied, one of several that have answered: in storage by itself
    PayloadRef asked_sdp;  ///< proxied: of the INVITE or UPDATE that passed from it last,
    std::uint32_t asked_cseq = 0;  ///< with this number
    bool adrift = false;  ///< its connection is gone, and it may come back by another one
    std::optional<std::chrono::steady_clock::time_point> moved_at{};  ///< to where it is reached now

    TransactionId invite_in{};         ///< INVITE from the phone, without final answer
    TransactionId ack_due{};           ///< INVITE from the phone that we answered 2xx, without ACK
    ClientTransactionId invite_out{};  ///< INVITE to the phone, without final answer
    std::vector<std::string> early_tags{};  ///< of its early dialogs that no 199 has ended
    bool asks_offer = false;           ///< within its dialog: it has none, so the 2xx brings one
    ClientTransactionId
        ack_owed{};  ///< INVITE to the phone that it answered 2xx, not yet acknowledged
    Rare<std::chrono::steady_clock::time_point> cancelled_at{};  ///< INVITE within its dialog
    ClientTransactionId bye_out{};    ///< our BYE, without final answer
    Rare<Leaving> leaving{};
    bool has_referred = false;        ///< it has sent a REFER
    bool names_refer = false;         ///< that was not its first
    std::uint32_t refer_cseq = 0;     ///< of the last that was accepted
    ClientTransactionId probe_out{};  ///< our in-dialog OPTIONS, without final answer
    unsigned failed_probes = 0;
    bool unsure = false;  ///< its phone may have accepted a session that nobody has heard of
    std::chrono::steady_clock::time_point heard_at;  ///< last sign of life
    std::vector<std::string> via;  ///< of the INVITE from the phone; proxied: ours, of that to it
    bool picks_up = false;  ///< its phone is rung to take what rings elsewhere in the call
    bool untold = false;  ///< a picker that does not have the call yet: no lamp shows it
    bool auto_answer = false;  ///< with the headers that make it answer by itself
    bool asked_again = false;  ///< with the session interval that its phone wants, until it accepts
    std::chrono::seconds min_se{};  ///< the shortest interval it takes (RFC 4028 §7.4); 0: not said
    std::optional<Moment> session_ends_at{};  ///< unless refreshed (RFC 4028 §10); empty: no timer
    bool cancel_sent = false;
    bool bye_exchanged = false;  ///< a BYE was sent or received
    bool bye_owed = false;       ///< to be sent once the ACK came, or is given up
    bool closed = false;         ///< CloseDialog sent

    /// An INVITE of ours, or the ACK of one, is still to come to its end.
    [[nodiscard]] bool invite_pending() const noexcept { return invite_out || ack_due || ack_owed; }
    /// An INVITE dialog that can carry requests both ways.
    [[nodiscard]] bool talking() const noexcept { return state == LegState::confirmed; }
    /// By whose rights it acts; empty: nobody's.
    [[nodiscard]] const std::string& actor() const noexcept
    {
        return trunk.empty() ? extension : on_behalf_of;
    }
    /// Who is at the other end, for the display of its phone.
    [[nodiscard]] std::vector<Header> identifies(const NameAddr& party) const
    {
        return identity_headers(identity, party, role == LegRole::caller);
    }
    /// Nothing under way that still needs an input.
    [[nodiscard]] bool quiet() const noexcept
    {
        return !invite_in && !ack_due && !invite_out && !ack_owed && !bye_out && !bye_owed;
    }
};

/// Whether a request of `method` may carry an offer within a dialog.
[[nodiscard]] inline bool changes_session(Method method) noexcept
{
    return method == Method::invite || method == Method::update;
}

/// A request of one leg that goes on to another leg, and whose answer comes back.
struct Relay {
    Method method;
    LegId from;
    TransactionId request;
    LegId to;
    ClientTransactionId forwarded;  ///< empty: met 491, and waits to be sent again
    PayloadRef payload;          ///< of the request: its offer counts once the answer is 2xx
    SessionTimer session_timer;  ///< of the request
    LegId replaces{};            ///< INVITE with Replaces: the leg whose place its sender takes
    bool if_held = false;        ///< the same, from a shared line: only what is on public hold
    Glare glare;                 ///< the same
    bool answered = false;       ///< INVITE: 2xx passed back, waiting for the ACK
    bool cancelled = false;      ///< withdrawn, and its sender has the final response
    bool offers = false;         ///< PRACK: its body is an offer
    bool by_invite = false;      ///< UPDATE that has gone on as an INVITE
    bool bare = false;           ///< such a one without a body
    std::uint32_t cseq = 0;      ///< INVITE: by these two it is refused where a restart ends it
    std::vector<std::string> via{};
    std::string method_name{};  ///< of the request, for Method::other
    bool focus = false;         ///< its sender mixes (RFC 4579)
};

/// A reliable provisional response that the caller has not acknowledged yet (RFC 3262).
struct PendingReliable {
    LegId leg;  ///< 0: it is ours, and so is the answer to its PRACK
    ClientTransactionId invite;
    std::uint32_t rseq = 0;
    std::string to_tag;   ///< behind the leg several phones may ring (RFC 3261 §13.2.2.4)
    PayloadRef answer{};  ///< to an offer in it that the caller was not told
};

/// What the caller was told reliably before the answer: with that the offer of the INVITE is
/// answered, and no later response changes it (RFC 3261 §13.2.1, RFC 6337 §2.2). Where the INVITE
/// has none it is itself an offer, which the PRACK answers (RFC 3262 §5).
struct EarlyAnswer {
    LegId of;             ///< the callee
    PayloadRef sdp;       ///< its, as the caller has it now
    bool offers = false;  ///< it is an offer
    PayloadRef for_ack{};  ///< the answer to the offer in the 2xx of another callee
    bool moved = false;   ///< by an UPDATE or a PRACK since
    bool stale = false;   ///< who has answered the call wants other media than that
};

/// The failure the caller would be told if no branch answers (RFC 3261 §16.7 step 6).
struct BestResponse {
    unsigned status = 0;  ///< 0: none yet
    std::string phrase;
    PayloadRef payload;
    std::chrono::seconds min_se{};  ///< of a 422 (RFC 4028 §6)
    WireMessageRef message;         ///< proxied: the response itself
};

/// What the caller of a proxied call is told once all branches are over (RFC 3261 §16.7 step 5).
struct Verdict {
    BestResponse response;
    std::vector<Header> headers;  ///< where there is no message
};

/// Whether `candidate` is to be preferred over `current` as the answer to a forked INVITE: 6xx
/// above all, then the lowest class, and within a class what tells the caller most.
bool better_response(unsigned candidate, unsigned current) noexcept;

enum class TransferStage : std::uint8_t {
    ringing,  ///< blind: the target's phones ring, asked for their offer
    offered,  ///< attended: the transferee is asked for its offer
    joining,  ///< the offer is on its way to the other of the two
};

/// One REFER under way: the transferee goes from the transferor to the target (RFC 5589).
struct Transfer {
    TransferStage stage = TransferStage::ringing;
    LegId transferor;  ///< 0: has hung up meanwhile
    LegId transferee;
    LegId consulted{};    ///< attended: the transferor's other leg
    LegId target{};       ///< who is to talk to the transferee; 0 while several phones ring
    bool reports = true;  ///< false: Refer-Sub: false (RFC 4488)
    bool rings_back = false;  ///< of a parked call, whose time is over
    bool parks = false;       ///< the target is a slot
    std::string to{};         ///< the target as it was asked for; empty: any slot
    LegId offerer{};      ///< gave `offer` in its 2xx, which waits for its ACK
    PayloadRef offer;
    LegId answerer{};                  ///< gets the offer
    ClientTransactionId offered_by{};  ///< attended: the INVITE that asks for the offer
    ClientTransactionId offered_to{};  ///< the INVITE that carries it
    Glare glare;                       ///< of the INVITE under way
    ClientTransactionId last_report{};
    BestResponse best;
    unsigned reported = 100;  ///< highest progress told
    std::chrono::seconds session_expires{};  ///< that the parties' phones keep; 0: neither does
};

/// A picker that is being connected while what it picks up rings on: to a caller whose INVITE still
/// waits for its answer, because neither of their offers answers the other; or to the transferee
/// of the call's transfer, which is asked in a re-INVITE.
struct Pickup {
    LegId picker;
    LegId ringing;               ///< whose place it takes
    bool renegotiates = false;   ///< a re-INVITE comes once the picker has acknowledged its 200
    ClientTransactionId offered{};  ///< that re-INVITE, or the transferee's, under way
    Glare glare;                    ///< of it
    std::chrono::seconds session_expires{};  ///< of the picker's dialog; 0: no session timer
};

/// The exchange changes the media of both phones of a call by itself, one after the other (RFC 3725
/// §4). hold: each is offered the other's session with nothing to hear. resume: the first is asked
/// for an offer, which the second answers. renew: the same for two who talk.
struct SessionChange {
    enum class Kind : std::uint8_t { hold, resume, renew };

    Kind kind = Kind::hold;
    LegId first;
    LegId second;
    bool at_second = false;      ///< whose turn it is
    ClientTransactionId sent{};  ///< the INVITE under way
    Glare glare;                 ///< of it
    PayloadRef offer;  ///< resume, renew: of the first, whose 2xx waits for its ACK
};

/// A phone that a restart has to tell that its call is over.
struct LooseEnd {
    LegId leg;
    bool answered = false;  ///< there is a dialog to be hung up; else an INVITE to be ended
    friend bool operator==(const LooseEnd&, const LooseEnd&) = default;
};

/// A call that waits in a park slot, or is on its way there.
struct Parking {
    std::string slot;          ///< its number
    LegId leg;                 ///< of the slot
    std::string by;            ///< the extension that is rung when nobody comes
    bool to_fallback = false;  ///< it was rung in vain: now the lot's fallback
    bool rang = false;         ///< a phone did in this round
    unsigned unreached = 0;    ///< rounds on end in which none could be rung
    std::chrono::system_clock::time_point rings_back_at;
};

enum class CallPhase : std::uint8_t { ringing, talking, ended };

/// Legs that belong together: one caller and the phones that ring for it, later those that talk.
struct Call {
    CallRef id;
    CallPhase phase = CallPhase::ringing;
    CallMode mode = CallMode::bridge;
    bool clicked = false;  ///< a third party asked for it: phones of `from` ring first, as callees
    bool unsaved = false;  ///< what is kept over a restart has changed
    bool kept = false;     ///< it is in storage, or on its way there
    bool ringing_kept = false;  ///< what a restart has to end is in storage,
    std::vector<LooseEnd> loose_kept{};  ///< namely these
    bool ringing_due = false;            ///< it is to be, once that has lasted for a while
    std::string from;  ///< extension of the first caller, or its number outside
    std::string from_trunk{};  ///< by which the first caller came; empty: a phone
    std::string dialled;
    std::list<Leg> legs;  ///< the caller's first; references stay good while legs are added
    std::vector<Relay> relays;
    std::vector<PendingReliable> reliable;  ///< the oldest first
    LegId astray{};  ///< whose phone has accepted a session that came to nothing; 0: none
    BestResponse best;
    unsigned told_progress = 0;  ///< the last 1xx without a body that the caller was told; 0: none
    LegId progress_of{};         ///< whose it was
    SessionTimer asked_timer;                ///< of the caller's INVITE
    PayloadRef offer;                        ///< of the caller's INVITE, until it is answered
    std::chrono::seconds session_expires{};  ///< to ask its phones for; 0: no session timer
    std::chrono::system_clock::time_point started_at;
    std::optional<std::chrono::system_clock::time_point> answered_at;
    Rare<EarlyAnswer> early_answer;
    Rare<Transfer> transfer;
    Rare<Pickup> pickup;
    Rare<SessionChange> change;
    Rare<Parking> parking;
    std::optional<std::string> asks_slot;  ///< to a park slot, which its caller was told is free
    std::vector<Header> referred;          ///< clicked by REFER: what the target is told with it
    Rare<SipUri> called_at;  ///< a phone, or a number elsewhere, that `dialled` is not; null: neither
    TransactionId passed_on;               ///< proxied: the caller's INVITE
    std::vector<WireMessageRef> challenges;  ///< proxied: of branches
    LegId taken_by{};  ///< proxied, rings: in another call, whose phone is to end this one for it
    Rare<Verdict> verdict;                   ///< proxied: until the last branch is over
    std::unique_ptr<Hunting> hunting;  ///< while phones are to ring; null: answered, or over

    /// Who waits for an answer while the call rings.
    [[nodiscard]] Leg& caller() noexcept { return legs.front(); }
    [[nodiscard]] const Leg& caller() const noexcept { return legs.front(); }
    [[nodiscard]] Leg* find(LegId leg) noexcept;
    [[nodiscard]] const Leg* find(LegId leg) const noexcept;
    /// The other end of a talking leg; while ringing, the only callee with an early dialog. nullptr
    /// otherwise.
    [[nodiscard]] Leg* peer_of(const Leg& leg) noexcept;
    /// It talks to its peer, which is not merely about to: that has it for a peer too, or, proxied,
    /// shares the dialog.
    [[nodiscard]] bool is_connected(const Leg& leg) const noexcept;
    [[nodiscard]] Relay* find_relay(ClientTransactionId forwarded) noexcept;
    [[nodiscard]] Relay* find_relay(TransactionId request) noexcept;
    void remove_relay(ClientTransactionId forwarded);
    /// A change of the session is under way on `leg`, or its place is being taken.
    [[nodiscard]] bool session_pending(const Leg& leg) const noexcept;
    /// Every leg is closed: nothing can come for this call any more.
    [[nodiscard]] bool finished() const noexcept;
};

}  // namespace lampline
