#pragma once
// The call engine: owns all calls; every input of a call moves it one step.
#include <memory>
#include <span>
#include <unordered_map>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "core/call.hpp"
#include "core/call_order.hpp"
#include "core/directory.hpp"
#include "core/live_view.hpp"
#include "core/location_table.hpp"
#include "core/refer.hpp"
#include "core/sdp.hpp"
#include "core/sip_input.hpp"
#include "core/token_source.hpp"
#include "engine/addresses.hpp"
#include "engine/branch.hpp"
#include "engine/call_loose_ends.hpp"
#include "engine/call_settings.hpp"
#include "engine/call_timers.hpp"
#include "engine/calling_cards.hpp"
#include "engine/dialog_index.hpp"
#include "engine/ended_calls.hpp"
#include "engine/failed_move.hpp"
#include "engine/hunt_order.hpp"
#include "engine/occupancy.hpp"
#include "engine/outbox.hpp"
#include "engine/passed_referrals.hpp"
#include "engine/refer_subscriptions.hpp"
#include "engine/router.hpp"
#include "engine/session_timer.hpp"
#include "engine/taken_calls.hpp"
#include "engine/taken_slots.hpp"
#include "engine/told_diversions.hpp"

namespace lampline {

/// What a picker hears whose INVITE waits for an answer.
struct PickupRefusal {
    unsigned status = 487;
    std::string phrase{};
    std::vector<Header> why{};
};

/// Bridges calls between registered phones (B2BUA). Announces a DialogChanged for every change of
/// every leg. Knows no socket and no clock; one step per input; SIP thread only.
class CallEngine final : private CardDesk {
public:
    /// `locations` says where phones are, `trunks` which ways outside there are; both outlive this.
    CallEngine(CallSettings settings, TokenSource tokens, DirectoryRef directory,
               const LocationTable& locations, const TrunkStates& trunks);

    void receive(const InviteReceived& input, Moment now, Outbox& outbox);
    /// The same, of a phone that retrieves by its appearance what another one of its line holds.
    void retrieve_held(const InviteReceived& input, Moment now, Outbox& outbox);
    void receive(const RequestReceived& input, Moment now, Outbox& outbox);
    void receive(const AckReceived& input, Moment now, Outbox& outbox);
    void receive(const AckMissing& input, Moment now, Outbox& outbox);
    void receive(const AnsweredBefore& input, Moment now, Outbox& outbox);
    void receive(const CancelReceived& input, Moment now, Outbox& outbox);
    void receive(const ResponseReceived& input, Moment now, Outbox& outbox);
    void receive(const DialogPassed& input, Moment now, Outbox& outbox);
    void receive(const FeatureSettled& settled, Moment now, Outbox& outbox);
    /// A REFER outside a dialog: the phones of who sends it place a call (RFC 3515), or the dialog that it names in
    /// Target-Dialog is transferred (RFC 4538).
    void receive(const ReferReceived& input, Moment now, Outbox& outbox);
    /// `Event: refer` within the dialog of such a REFER.
    void receive(const SubscribeReceived& input, Moment now, Outbox& outbox);
    void receive(const NotifyAnswered& answer) { refer_subscriptions_.receive(answer); }

    /// Whether `dialled` is to be called whatever else is full, or ends.
    [[nodiscard]] bool is_emergency(std::string_view dialled) const
    {
        return directory_->digit_plan().is_emergency(dialled);
    }
    /// What would become of a call, in words.
    [[nodiscard]] RouteExplanation explain_route(const RouteTest& test, Moment now);
    void receive(const DialogLost& input, Moment now, Outbox& outbox);

    /// Begins what a third party wants done, if it can be. The answer does not wait for phones.
    OrderAnswer carry_out(const CallOrder& order, Moment now, Outbox& outbox);

    /// Rings time out, sessions expire, silent phones are probed.
    void advance(Moment now, Outbox& outbox);
    [[nodiscard]] std::optional<std::chrono::steady_clock::time_point> next_deadline() const;
    void replace_directory(DirectoryRef directory, Outbox& outbox);

    /// Takes up the talking calls of an earlier run: both phones are told nothing, but asked soon
    /// whether they still know the call (RFC 5057). What cannot be taken up leaves the storage.
    void restore(std::vector<StoredCall> stored, const std::vector<OutsideDay>& outside, Moment now,
                 Outbox& outbox);
    /// Tells phones that rang, that were in a dialog with nobody, or whose re-INVITE nobody answers
    /// any more how things are. What was restored before and has such is given its session anew.
    void end_ringing(const std::vector<StoredRinging>& stored, Outbox& outbox);
    /// Whose turn it was in ring groups, and who talked when: the longest ago first.
    void recall(const std::vector<TurnTaken>& turns, const std::vector<std::string>& talked);
    /// The phones of `aor` came, left or moved: dialogs whose connection is gone find theirs again.
    void bindings_changed(std::string_view aor, Moment now, Outbox& outbox);
    /// The password of `aor` is another one: what rings at its phones is cancelled, and the calls go on as if nobody
    /// were registered there. Who talks, and who is called by these phones, notices nothing.
    void phones_expelled(std::string_view aor, Moment now, Outbox& outbox);
    /// The same for the extensions of `before` that are gone, whose bindings are too.
    void extensions_removed(const Directory& before, Moment now, Outbox& outbox);
    /// Its dialogs follow, ringing or talking, unless they have a route.
    void receive(const PhoneMoved& moved, Moment now, Outbox& outbox);
    void receive(const ConnectionClosed& closed, Moment now, Outbox& outbox);
    /// The dialogs with phones of `extension` that are not over. O(calls).
    [[nodiscard]] std::vector<DialogSnapshot> dialogs_of(std::string_view extension) const;
    /// The dialog of `leg` is there on its shared line, which is kept with a talking call.
    void note_place(LegId leg, const LinePlace& place, Outbox& outbox);

    /// Ends calls: 503 to who is still ringing, BYE to who talks.
    void end(CallsToEnd which, Moment now, Outbox& outbox);
    [[nodiscard]] std::size_t call_count() const noexcept { return calls_.size(); }
    /// Fills in calls and counters.
    void describe(LiveView& view) const;
    /// nullptr: it is over.
    [[nodiscard]] const Leg* find_leg(LegId leg) const noexcept;
    /// nullptr: it is over.
    [[nodiscard]] const Call* find(CallRef call) const noexcept;

private:
    // call_setup.cpp, call_provisional.cpp: from the INVITE to the answer
    void start_call(const InviteReceived& input, Route route, std::vector<Diversion> diversions,
                    Moment now, Outbox& outbox);
    /// A call with its caller's leg, which is not yet announced.
    Call& open_call(const InviteReceived& input, CallMode mode, Moment now, Outbox& outbox);
    Leg& send_invite(Call& call, Branch branch, const Invitation& invitation, Moment now,
                     Outbox& outbox);
    void ring(Call& call, const std::string& extension, const Invitation& invitation, Target target,
              Moment now, Outbox& outbox);
    void branch_answered(Call& call, Leg& leg, const ResponseReceived& response, Moment now,
                         Outbox& outbox);
    void branch_provisional(Call& call, Leg& leg, const ResponseReceived& response, Moment now,
                            Outbox& outbox);
    void branch_failed(Call& call, Leg& leg, const ResponseReceived& response, Moment now,
                       Outbox& outbox);
    void early_dialog_ended(Call& call, Leg& leg, const ResponseReceived& response, Outbox& outbox);
    /// `hunted`: the number for which the phone of `leg` was rung.
    [[nodiscard]] BestResponse told_to_caller(const Leg& leg, const ResponseReceived& response,
                                              std::string_view hunted) const;
    /// Ends what rings, `except` one leg; `only` the phones of one extension, unless it is empty.
    void cancel_branches(Call& call, LegId except, std::string_view reason,
                         const PayloadRef& payload, Outbox& outbox, std::string_view only = {});
    void give_up_ringing(Call& call, unsigned status, std::string_view phrase, Moment now,
                         Outbox& outbox, std::vector<Header> why = {});
    /// The caller has said how long its INVITE is good for, and that is over.
    void invitation_expired(Call& call, Moment now, Outbox& outbox);
    void relay_prack(Call& call, Leg& caller, const RequestReceived& input, Outbox& outbox);
    void acknowledge_provisional(Call& call, Leg& leg, const ResponseReceived& response,
                                 Outbox& outbox);
    [[nodiscard]] PayloadRef silent_answer(const Call& call, Leg& leg,
                                           const ResponseReceived& response) const;

    // call_proxy.cpp: one dialog between two phones
    void pass_on(Call& call, Leg& leg, const Invitation& invitation, Target target, Outbox& outbox);
    /// There is somebody to call, but by no such way.
    void leave_route(Call& call, Moment now, Outbox& outbox);
    void passed_provisional(Call& call, const ResponseReceived& response, Outbox& outbox);
    void passed_answer(Call& call, Leg& leg, const ResponseReceived& response, Moment now,
                       Outbox& outbox);
    /// Who has sent, and who has got, what passed; nullptr: nobody that talks.
    [[nodiscard]] std::pair<Leg*, Leg*> passed_between(const DialogPassed& input);
    void forked_answer(const DialogPassed& input, Moment now, Outbox& outbox);
    void accepted_late(Call& call, Leg& callee, std::chrono::seconds session, Moment now,
                       Outbox& outbox);
    /// The dialog of one of several phones that have answered is over. False: it was the last.
    bool goes_on_without(Call& call, Leg& gone, LegInput how, Outbox& outbox);
    /// Tells the caller how the call has ended, once no branch can say otherwise any more.
    void pass_verdict(Call& call, Moment now, Outbox& outbox);
    /// Stops ringing for a caller that is to be told `verdict` when all phones have said so.
    void hold_verdict(Call& call, Verdict verdict, Moment now, Outbox& outbox);
    /// The phone of `over` was cancelled, and has answered before it heard of that.
    Leg& rings_after_all(Call& call, const Leg& over);
    /// Of a phone that shares its dialog it may not be known where it is.
    [[nodiscard]] static bool can_be_probed(const Leg& leg) noexcept;
    void probe_proxied(Leg& leg, Outbox& outbox);
    /// Why nobody but its phones can move a call in proxy mode; for a Warning.
    [[nodiscard]] Header proxied_warning() const;

    // proxied_replaces.cpp: Replaces where two phones share a dialog
    /// Puts the sender of `input` in the place of the phone of `leg`.
    void replace_proxied(Leg& leg, const InviteReceived& input, Moment now, Outbox& outbox);
    /// The caller's phone has ended `call`, or is about to, for one in its place.
    [[nodiscard]] bool is_taken(const Call& call) const;
    void consult_proxied(Call& call, const Leg& consulted, std::vector<Header> headers, Moment now,
                         Outbox& outbox);

    // hunting.cpp: whom a call rings next
    /// Rings just the phone at `target`, whatever else its extension has; its leg.
    LegId call_phone(Call& call, const std::string& extension, Target target, Hunting hunting,
                     Moment now, Outbox& outbox);
    /// `hunting.diversions` are those that came with the call.
    void begin_hunt(Call& call, Route route, Hunting hunting, Moment now, Outbox& outbox);
    /// Goes where `route` says.
    void follow(Call& call, Route route, Moment now, Outbox& outbox);
    void show_diversion(Call& call, Outbox& outbox);
    void ring_wave(Call& call, Moment now, Outbox& outbox);
    void ring_member(Call& call, const HuntMember& member, Moment now, Outbox& outbox);
    /// False: nobody of the present wave rings any more, nor will.
    bool wave_goes_on(Call& call, Moment now, Outbox& outbox);
    void hunt_due(Call& call, Moment now, Outbox& outbox);
    void branch_refused(Call& call, const Leg& leg, unsigned status, Moment now, Outbox& outbox);
    bool deflected(Call& call, const Leg& leg, const ResponseReceived& response, Moment now,
                   Outbox& outbox);
    [[nodiscard]] Route route_of(const Hunting& hunting, const Deflection& deflection) const;
    void follow_deflection(Call& call, Moment now, Outbox& outbox);
    /// Nobody took the call: it goes on to the next number, or ends.
    void hunt_is_over(Call& call, Moment now, Outbox& outbox);
    void give_up_hunt(Call& call, unsigned status, const std::string& phrase,
                      std::vector<Header> why, Moment now, Outbox& outbox);
    /// Warning and Reason of what `route` refuses.
    [[nodiscard]] std::vector<Header> why_refused(const Route& route) const;
    [[nodiscard]] RouterView router_view() const
    {
        return {*directory_, locations_, occupancy_, order_, trunks_, outside_};
    }

    // trunk_call.cpp: calls from and to outside
    /// What is dialled, who calls and what passes of an INVITE that came by a trunk; nullopt: it is
    /// answered.
    std::optional<InviteReceived> take_from_outside(const InviteReceived& input, Outbox& outbox);
    void ring_outside(Call& call, const HuntMember& member, Moment now, Outbox& outbox);
    /// A leg to outside was answered: from now on its time counts.
    void limit_duration(Call& call, Leg& leg, Moment now);
    void watch_duration(Call& call, Moment now);
    void duration_over(Call& call, Moment now, Outbox& outbox);
    void no_longer_outside(Leg& leg);
    /// Who is at `other`, as far as the phone or trunk of `leg` may know (RFC 3325).
    [[nodiscard]] std::optional<NameAddr> shown_to(const Leg& leg, const Leg& other) const;
    [[nodiscard]] NameAddr party_of(const Hunt& hunt) const;
    /// Tells the caller where the phones are (RFC 3261 §8.3).
    void redirect(const InviteReceived& input, const Route& route, std::span<const Diversion> known,
                  Outbox& outbox);
    /// Tells the caller its number at the trunks that it leads to.
    void redirect_outside(const InviteReceived& input, const Route& route, Outbox& outbox);

    // join.cpp: INVITE with Join
    void receive_join(const InviteReceived& input, Moment now, Outbox& outbox);
    /// To just the phone of `to`, with `dialog` (Join or Replaces) in its own words; the new call,
    /// and the leg of the phone there.
    std::pair<CallRef, LegId> pass_to_phone(const InviteReceived& input, const Leg& to,
                                            Header dialog, Moment now, Outbox& outbox);
    /// The leg whose phone `join` names; nullptr: none, or not just one.
    [[nodiscard]] Leg* find_joined(const Replaces& join);
    [[nodiscard]] bool may_join(std::string_view extension, const Leg& leg) const;

    // feature_call.cpp: a code that changes the caller's settings
    void start_feature_call(const InviteReceived& input, const DialledFeature& dialled, Moment now,
                            Outbox& outbox);
    /// Accepts the INVITE of `leg` with nothing to hear, shows `leg.other`, and hangs up after
    /// `shown_for`.
    void answer_in_words(Call& call, Leg& leg, std::chrono::seconds shown_for, Moment now,
                         Outbox& outbox);

    // park.cpp: a call into a slot
    /// Moves the transferee of the transfer that is under way into `slot`; empty: a free one.
    void park(Call& call, std::string_view by, std::string_view slot, Moment now, Outbox& outbox);
    void parked(Call& call, Leg& leg, Moment now);
    [[nodiscard]] bool shows_parties(std::string_view number) const;
    void follow_consent(Call& call, Outbox& outbox);
    OrderAnswer park_party(Call& call, const CallOrder& order, Moment now, Outbox& outbox);
    /// The slot that `slot` asks for, if it is free, also of who was told so, unless that was `by`;
    /// empty: the first that is, and that nobody was told.
    [[nodiscard]] std::optional<std::string> free_slot(std::string_view slot,
                                                       std::string_view by) const;
    /// The call `asks`, whose caller was told that a slot is free and may still transfer to it;
    /// nullptr: it is over.
    [[nodiscard]] const Call* still_asking(CallRef asks) const;
    /// The phone in a slot sends a request, or one that waits for who is called: there is nobody
    /// that it could go on to.
    void answer_for_nobody(Call& call, Leg& from, const RequestReceived& input, Moment now,
                         Outbox& outbox);
    void slot_is_free(Call& call, const Leg& leg);

    // park_retrieve.cpp: a call out of its slot
    void receive_park(const InviteReceived& input, const std::string& slot, Moment now,
                      Outbox& outbox);
    void retrieve(Leg& slot, const InviteReceived& input, Moment now, Outbox& outbox);
    [[nodiscard]] Leg* parked_in(std::string_view slot);
    void ring_back(Call& call, Moment now, Outbox& outbox);
    /// Whether a phone rings now; a call for which none could be for several rounds ends.
    void note_ring_back(Call& call, Moment now, Outbox& outbox);
    /// Nobody came to the phone that was rung for a parked call.
    void rang_back_in_vain(Call& call, Moment now, Outbox& outbox);
    /// Stops ringing for a parked call. False: somebody has taken it already.
    bool stops_ringing_back(Call& call, Moment now, Outbox& outbox);

    // card_desk.cpp: the calling-card application, and what it asks of the engine
    void start_card_call(const InviteReceived& input, Moment now, Outbox& outbox);
    ClientTransactionId send(Leg& leg, SendRequest request, Outbox& outbox) override;
    void acknowledge(Call& call, Leg& leg, const ResponseReceived& success,
                     Outbox& outbox) override;
    void dial(Call& call, const Leg& caller, std::string_view number, Moment now,
              Outbox& outbox) override;
    void give_up_dialling(Call& call, Moment now, Outbox& outbox) override;
    void part(Call& call, Leg& caller, Leg& other, bool has_left, Outbox& outbox) override;
    void show(const Leg& leg, Outbox& outbox) override { announce(leg, outbox); }
    [[nodiscard]] PayloadRef silence(std::string_view offer) const override;
    void end(Call& call, std::string_view reason, Moment now, Outbox& outbox) override;
    void wake_at(const Call& call, std::chrono::steady_clock::time_point time) override;

    // pickup_codes.cpp: codes that take what rings
    void receive_pickup_code(const InviteReceived& input, const DialledFeature& dialled, Moment now,
                             Outbox& outbox);
    /// `picker` takes what still rings in `call`, which is still hunting: who wants to do so a moment
    /// later is told that.
    void note_taken(const Call& call, const Leg& picker, Moment now);
    /// Who is connected with whoever takes what rings in `call`.
    [[nodiscard]] static const Leg& waits_in(const Call& call);
    /// `input` comes from the phone of `waits`, which is connected with whoever takes the call: it has nothing to take.
    [[nodiscard]] bool waits_itself(const InviteReceived& input, const Leg& waits) const;
    /// Another phone has what `input` wants to take.
    void refuse_late(const InviteReceived& input, Outbox& outbox);
    // pickup.cpp: INVITE with Replaces
    void receive_replaces(const InviteReceived& input, Moment now, Outbox& outbox);
    /// What a Call-ID without tags may name.
    enum class Untagged {
        to_take,  ///< what rings, or is parked, where who names it may take it
        own,      ///< that, and each dialog of the extension that names it
    };
    /// The leg that `replaces` names for `by`, by the surest match; nullptr: none, or not just one.
    Leg* find_replaced(const Replaces& replaces, std::string_view by, Untagged untagged);
    /// `picker` may take the dialog of `leg` as it is now.
    [[nodiscard]] bool may_take(std::string_view picker, const Leg& leg) const;
    Leg& open_picker_leg(Call& call, const Leg& replaced, const InviteReceived& input, Moment now,
                         Outbox& outbox);
    void pick_up(Leg& ringing, const InviteReceived& input, Moment now, Outbox& outbox);
    // pickup_transferred.cpp: where who waits talks already
    void pick_up_transferred(Call& call, Leg& ringing, const InviteReceived& input, Moment now,
                             Outbox& outbox);
    /// The transferee gets the picker's offer, or is asked for one.
    void ask_transferee(Call& call, Moment now, Outbox& outbox);
    void transferee_answered(Call& call, Leg& transferee, const ResponseReceived& response,
                             Moment now, Outbox& outbox);
    /// The picker, which was given the transferee's offer, has acknowledged that.
    void picker_acknowledged(Call& call, Leg& picker, const PayloadRef& answer, Moment now,
                                 Outbox& outbox);
    /// The picker and the transferee have accepted each other's media.
    void picked_up_transferred(Call& call, const PayloadRef& answer, Moment now, Outbox& outbox);
    /// Acknowledges the offer that the transferee has made for a picker that is left.
    void leave_offer(Call& call, Outbox& outbox);
    // pickup_anew.cpp: where the picker's offer cannot answer the caller's
    void pick_up_anew(Call& call, Leg& ringing, const InviteReceived& input, Moment now,
                      Outbox& outbox);
    /// `leg`, the picker or the caller, has acknowledged its 200.
    void pickup_acknowledged(Call& call, Leg& leg, const PayloadRef& answer, Moment now,
                             Outbox& outbox);
    void offer_to_picker(Call& call, Moment now, Outbox& outbox);
    void pickup_answered(Call& call, Leg& picker, const ResponseReceived& response, Moment now,
                         Outbox& outbox);
    void picked_up(Call& call, PayloadRef session, const AnsweredTimer& timer, Moment now,
                   Outbox& outbox);
    /// The call goes on without the picker, if there is one: it is told `refusal`, or hung up for
    /// `reason` where it was answered.
    void leave_picker(Call& call, std::string_view reason, Outbox& outbox,
                      PickupRefusal refusal = {});
    void pickup_failed(Call& call, std::string_view reason, Moment now, Outbox& outbox,
                       PickupRefusal refusal = {});
    /// Another phone has what it wants to take.
    [[nodiscard]] PickupRefusal somebody_was_quicker() const;
    /// Somebody else changes the call, and goes on doing so.
    [[nodiscard]] PickupRefusal call_is_changing() const;
    /// A BYE of a picker that is not connected yet. False: it is none.
    bool leaves_pickup(Call& call, Leg& leg, Moment now, Outbox& outbox);
    /// Keys for a stream with nothing to hear, as inactive_answer() takes them.
    [[nodiscard]] std::string silent_key() const;

    // pickup.cpp
    void take_over(Leg& leg, const InviteReceived& input, Moment now, Outbox& outbox);
    /// Goes on with a take-over that waits, as soon as nothing else changes the call.
    void take_over_goes_on(Call& call, Moment now, Outbox& outbox);
    void offer_to_peer(Call& call, Relay& relay, Moment now, Outbox& outbox);
    void taken_over(Call& call, Leg& picker, Leg& peer, LegId replaced, Outbox& outbox);
    /// A BYE of a phone whose place is being taken. False: it is no such one.
    bool leaves_take_over(Call& call, Leg& leg, Outbox& outbox);
    /// Nobody takes the place at the other end of `peer`: if that has been left meanwhile, the
    /// call is over.
    void take_over_failed(Call& call, const Leg& peer, Moment now, Outbox& outbox);

    // transfer.cpp, transfer_end.cpp: REFER
    void receive_refer(Call& call, Leg& leg, const RequestReceived& input, Moment now,
                       Outbox& outbox);
    void receive_target_dialog(const ReferReceived& input, Moment now, Outbox& outbox);
    /// The dialog of a phone of `extension` that `named` means by both tags; nullptr: none that goes on.
    [[nodiscard]] Leg* own_dialog(const Replaces& named, std::string_view extension);
    /// Rings `called` for the transferee, by the rights of `by`, in the place of `instead_of`.
    void ring_target(Call& call, const std::string& by, const Called& called,
                     std::vector<Header> headers, Moment now, Outbox& outbox,
                     std::optional<CountedCall> instead_of = {});
    void consult(Call& call, const Leg& transferor, const Replaces& replaces,
                 std::vector<Header> headers, Moment now, Outbox& outbox);
    /// A call that was given up while it rang, and what it counted as outside.
    struct Asked {
        CallRef call;
        std::optional<CountedCall> counted;
    };
    /// The call `asked` has `ended`, in which `transferor` rang for the transfer: `called` rings for
    /// the transferee. Only where somebody does, or may still, has it gone on in `call`: who records
    /// it is told so before its end.
    void ring_instead(Call& call, const Leg& transferor, Asked asked,
                      const std::optional<Called>& called, std::vector<Header> headers, Moment now,
                      Outbox ended, Outbox& outbox);
    /// The two who stay are outside, and `transferor` may not leave them alone with each other: the other one is
    /// who talks to it in `consulting`, or is still to answer there.
    [[nodiscard]] bool may_not_join_outside(const Call& call, const Call& consulting,
                                            const Leg& transferor) const;
    void go_on(Call& call, Moment now, Outbox& outbox);
    void target_answered(Call& call, Leg& target, const ResponseReceived& response, Moment now,
                         Outbox& outbox);
    /// Of all that ring it is `target` that the transferee is to talk to, by `offer`.
    void target_is(Call& call, Leg& target, const PayloadRef& offer, Moment now, Outbox& outbox);
    /// Either party's phone may keep the session alive, or both.
    static void note_timer(Transfer& transfer, const SessionTimer& answered);
    /// True: the response was to an INVITE of a transfer, and its leg may have moved to another
    /// call.
    bool receive_for_transfer(Leg& leg, const ResponseReceived& response, Moment now,
                              Outbox& outbox);
    void joined(Call& call, const PayloadRef& answer, Moment now, Outbox& outbox);
    Leg& adopt(Call& call, LegId id);
    /// `why`: the headers of that response, were it to an INVITE.
    void transfer_failed(Call& call, unsigned status, std::string_view phrase, Moment now,
                         Outbox& outbox, std::vector<Header> why = {});
    // failed_move.cpp: what the record of a call tells of moves that came to nothing
    /// The place of the leg `by` was to be somebody else's; 0: nobody's, or `failed` says whose.
    static void move_failed(const Call& call, LegId by, FailedMove failed, Outbox& outbox);
    /// The number that `uri` means, else the address itself.
    [[nodiscard]] std::string asked_for(const SipUri& uri) const;

    // transfer_end.cpp
    /// The call of `transferor` has gone on without it.
    void hang_up_transferor(Leg& transferor, std::string_view reason, Outbox& outbox);
    /// The phone of `leg` has said BYE, and others go on with the call.
    void leave(Call& call, Leg& leg, Outbox& outbox);
    /// Whoever has been left by the transferor of `call` waits for the other party of the transfer,
    /// and its lamp names that, as the lamp of a caller whom it calls. What its phone displays
    /// changes once the two are joined.
    void show_awaited(Call& call, Outbox& outbox);
    /// `picker` has the place of the leg `replaced`, also in the transfer that is under way.
    void inherit_transfer(Call& call, const Leg& picker, LegId replaced, Outbox& outbox);

    // refer_reports.cpp: what a transferor is told
    /// `why`: as sipfrag() has it.
    void report(Call& call, unsigned status, std::string_view phrase, bool final, Moment now,
                Outbox& outbox, std::span<const Header> why = {});
    /// NOTIFY, the last one where nothing is `left` of the subscription.
    ClientTransactionId notify_referrer(Leg& transferor, unsigned status, std::string_view phrase,
                                        std::chrono::seconds left, Outbox& outbox,
                                        std::span<const Header> why = {});
    /// That subscription is refreshed, or ended.
    void receive_subscribe(Call& call, Leg& leg, const RequestReceived& input, Outbox& outbox);

    // refer_to.cpp: what REFER, and BYE with Also, point to
    /// A REFER, or what reads like one; empty `refusal`: `to` may be followed.
    struct Referral {
        ReferTo to;
        std::vector<Header> headers;  ///< for the target
        bool silent = false;          ///< no reports are wanted (RFC 4488)
    };
    /// Why who is at `leg` can send nobody on just now; nullopt: it can.
    [[nodiscard]] std::optional<Reply> refusal_to_refer(Call& call, const Leg& leg) const;
    /// The REFER of who is at `leg` is answered with `reply`, and the record of the call says so.
    void refuse_referral(const Call& call, const Leg& leg, const PayloadRef& payload, Reply reply,
                         Outbox& outbox);
    /// It is accepted. `reports`: within the dialog of the call.
    void follow_referral(Call& call, Leg& leg, Referral referral, bool reports, Moment now,
                         Outbox& outbox);
    /// What `referrer` refers to, or how that is refused, with a Warning that says why.
    [[nodiscard]] Result<Referral, Reply> referral_of(const PayloadRef& payload,
                                                      std::string_view referrer,
                                                      TransactionId transaction);
    /// The target of a REFER as its sender has written it, also where it is no place to transfer
    /// to; empty: none.
    [[nodiscard]] std::string referred_to(const PayloadRef& payload) const;
    /// Why `referrer` may refer nobody to `to`: status and the words of a Warning; nullopt: it may.
    [[nodiscard]] std::optional<std::pair<unsigned, std::string>>
    fault_of_referral(const std::optional<ReferTo>& to, std::string_view referrer,
                      std::string_view header);
    /// Answers a BYE. True: it sends the other party on, which is begun. `reason`: that of the BYE;
    /// set where there is none, and Also names nobody who could be called.
    bool sends_on(Call& call, Leg& leg, const RequestReceived& input, std::string& reason,
                  Moment now, Outbox& outbox);
    /// A BYE that ends one leg of a transfer, and not the call. False: it is no such one.
    bool leaves_transfer(Call& call, Leg& leg, Moment now, Outbox& outbox);

    // call_control.cpp: what a third party wants done
    /// `to` is what the order calls; `asked_in`: Call-ID of the REFER that asks for it, or empty.
    OrderAnswer place(const CallOrder& order, const Called& to, std::string_view asked_in,
                      Moment now, Outbox& outbox);
    OrderAnswer release(Call& call, Moment now, Outbox& outbox);
    OrderAnswer move_party(Call& call, const CallOrder& order, Moment now, Outbox& outbox);
    OrderAnswer ring_picker(Call& call, const CallOrder& order, Moment now, Outbox& outbox);
    /// Its phone has answered: who rang until now is replaced by it, where it was rung to pick up.
    void take_place(Call& call, const Leg& picker, Outbox& outbox);
    /// What keeps a call to `dialled` from going by `route`, to this `domain` of a trunk unless it
    /// is empty; nullopt: nothing that is known before it is tried.
    [[nodiscard]] std::optional<OrderAnswer> fault_of(const Route& route, std::string_view dialled,
                                                      std::string_view domain) const;
    /// A transfer, a take-over or a change of the session is under way, of this call or with it.
    [[nodiscard]] bool is_moving(const Call& call) const;
    /// True: the phone of `leg`, which is to place the call, has refused plain media, and is asked
    /// for an offer of its own.
    bool asks_for_other_media(Call& call, Leg& leg, unsigned status, Moment now, Outbox& outbox);
    /// What makes phones answer by themselves.
    [[nodiscard]] std::vector<Header> auto_answer_headers() const;
    /// The phone of a clicked call has answered: now the call goes out.
    void clicked_answered(Call& call, Leg& leg, const ResponseReceived& response, Moment now,
                          Outbox& outbox);

    // session_interval.cpp: who wants a longer session than the exchange has asked for (422)
    /// When an INVITE or UPDATE of ours in the dialog of `leg`, which `response` has refused, is to
    /// be sent again: it met another one (491), or was too short (422); nullopt: it is not.
    [[nodiscard]] std::optional<Glare::TimePoint> sent_again_at(Leg& leg, Glare& glare,
                                                                const ResponseReceived& response,
                                                                Moment now) const;
    /// True: the phone or carrier of `leg`, which is called, is called once more for that.
    bool asks_for_longer_session(Call& call, Leg& leg, const ResponseReceived& response,
                                 Moment now, Outbox& outbox);
    /// True: `relay` is sent on once more for that, as its sender has no say in it.
    bool relays_longer_session(const Call& call, Relay& relay, Leg& leg,
                               const ResponseReceived& response, Moment now, Outbox& outbox);
    /// Calls the phone of `leg` once more, as the hunt calls phones by now, but with what is its
    /// own: to pick up, to answer by itself, without an offer.
    void ring_again(Call& call, const Leg& leg, Moment now, Outbox& outbox);

    // call_hold.cpp: hold and resume by re-INVITE
    /// The session that the phone of `leg` has with `other`, if there is one, with nothing to hear.
    [[nodiscard]] PayloadRef silent_offer(const Leg& leg, const Leg* other) const;
    OrderAnswer change_session(Call& call, SessionChange::Kind kind, Moment now, Outbox& outbox);
    /// Sends the next INVITE of the change, as soon as its leg is free for it.
    void change_goes_on(Call& call, Moment now, Outbox& outbox);
    void change_answered(Call& call, Leg& leg, const ResponseReceived& response, Moment now,
                         Outbox& outbox);
    void give_up_change(Call& call, Outbox& outbox);
    /// The caller has the media of an early answer, and its callee wants others.
    void renew_session(Call& call, Moment now, Outbox& outbox);
    /// The phone of `leg` has accepted an INVITE that nobody waits for any more.
    void accepted_in_vain(Call& call, Leg& leg, const ResponseReceived& response, Moment now,
                          Outbox& outbox);
    /// The phone of `leg` has a session that came to nothing: it gets that of its peer.
    void restore_session(Call& call, const Leg& leg, Moment now, Outbox& outbox);
    /// The same for the one that waits for it, unless something else moves the call.
    void restore_session(Call& call, Moment now, Outbox& outbox);

    // call_update.cpp: UPDATE towards phones that do not know it
    /// False: the UPDATE is to go on to `to`.
    bool stays_here(Call& call, Leg& from, Leg& to, const RequestReceived& input, Moment now,
                    Outbox& outbox);
    /// The sender, whom we let refresh alone, has its answer from us.
    void answer_refresh(Call& call, Leg& from, TransactionId request, const SessionTimer& asked,
                        Moment now, Outbox& outbox);
    /// Sends the UPDATE of `relay` on as an INVITE.
    void update_by_invite(const Call& call, Relay& relay, const Leg& from, Leg& to, Moment now,
                          Outbox& outbox);
    /// The phone of `leg` has refused UPDATE as such. True: its sender is served otherwise.
    bool update_unknown(Call& call, Leg& leg, Relay& relay, const ResponseReceived& response,
                        Moment now, Outbox& outbox);

    // call_patience.cpp: INVITEs within a dialog whose final response does not come
    /// Sends an INVITE in the dialog of `leg`, which is cancelled unless it is answered within
    /// `patience`; its transaction.
    ClientTransactionId invite(Leg& leg, SendRequest request, std::chrono::seconds patience,
                               Moment now, Outbox& outbox);
    ClientTransactionId invite(Leg& leg, SendRequest request, Moment now, Outbox& outbox) override
    {
        return invite(leg, std::move(request), answered_by_phone, now, outbox);
    }
    /// Sends CANCEL, once, for what the phone of `leg` has still to answer. After 64*T1 it is
    /// answered in any case, by a 408 of the stack (RFC 3261 §9.1).
    static void withdraw(Leg& leg, Outbox& outbox);
    /// `response` may be what is waited for, or say that it takes longer.
    void note_answer(Call& call, Leg& leg, const ResponseReceived& response, Moment now);
    void answers_overdue(Call& call, Moment now, Outbox& outbox);
    void wait_for_answers(const Call& call);
    /// The other call whose transfer cannot go on before the INVITE to `leg` is answered; nullptr:
    /// there is none.
    [[nodiscard]] Call* awaits_answer(const Leg& leg);
    /// `call` ends: of its INVITEs only those are still cancelled for which another call waits.
    void wait_beyond_end(Call& call);
    /// The call of `leg` is forgotten, and with it what its phone may still answer.
    void give_up_answer(Leg& leg, Moment now, Outbox& outbox);

    // call_dialog.cpp: requests within a dialog, from one leg to the other
    void relay(Call& call, Leg& from, const RequestReceived& input, Moment now, Outbox& outbox);
    /// Sends the request of `relay` to `to`.
    void send_on(const Call& call, Relay& relay, const Leg& from, Leg& to, Moment now,
                 Outbox& outbox);
    void relayed_answer(Call& call, Leg& leg, Relay& relay, const ResponseReceived& response,
                        Moment now, Outbox& outbox);
    /// The phone of `leg` is out of the call by its own word; `status`: for the record.
    void hung_up(Call& call, Leg& leg, std::string_view reason, unsigned status, Moment now,
                 Outbox& outbox);
    /// The ACK of the other phone has nothing to tell the one of `leg`, which has answered its
    /// `offer`: in a call for help it is not waited for.
    void acknowledge_for_help(const Call& call, Leg& leg, const PayloadRef& offer, Outbox& outbox);
    /// Whether the call goes on though the phone of `leg` has not acknowledged our 2xx to `request`.
    bool talks_unacknowledged(Call& call, const Leg& leg, TransactionId request);
    /// The CANCEL of an INVITE that was answered 2xx, and whose ACK is still to come.
    void cancelled_late(Call& call, Leg& leg, const CancelReceived& input, Moment now,
                        Outbox& outbox);
    void receive_bye(Call& call, Leg& leg, const RequestReceived& input, Moment now,
                     Outbox& outbox);
    /// Answers what is on its way to legs that are over, while the call goes on.
    static void give_up_lost_relays(Call& call, Outbox& outbox);

    // call_supervision.cpp: whether a call still goes on
    void probe(Call& call, Moment now, Outbox& outbox);
    /// Asks the phone of `leg` whether it knows its dialog, unless it is being asked, or owes, or is
    /// owed, an ACK.
    void ask(Leg& leg, Outbox& outbox);
    /// Whether `silence`, the 408 of the stack, is to end nothing before the phone of `leg` has left
    /// that question unanswered as well.
    [[nodiscard]] static bool is_to_be_asked(Call& call, const Leg& leg,
                                             const ResponseReceived& silence);
    /// A request in the dialog of `leg` has met silence. Who was heard of since it was sent is there,
    /// everybody else is asked; and where the session is `in_doubt`, as the phone may have accepted
    /// another, it is agreed anew.
    void went_unanswered(LegId leg, bool in_doubt, Moment now, Outbox& outbox);
    /// A call for help in which nobody has answered anything for an hour.
    [[nodiscard]] bool is_forsaken(const Call& call, Moment now) const;
    void probe_answered(Call& call, Leg& leg, const ResponseReceived& response, Moment now,
                        Outbox& outbox);
    /// The session of the dialog of `leg` lasts for `expires` from `now`; 0: it has no timer. A
    /// dialog that two phones share is the callee's.
    static void note_session(Leg& leg, std::chrono::seconds expires, Moment now);
    /// The first session of those who talk is waited for.
    void follow_session(Call& call);
    /// That one has expired: the end of the call, or of one of the dialogs that its caller shares.
    void session_over(Call& call, Moment now, Outbox& outbox);
    /// No dialog of the call has a session timer.
    void drop_sessions(Call& call);
    /// The answer to a request of ours, by which only the phone itself keeps the session alive.
    void session_kept(Call& call, Leg& leg, const ResponseReceived& success, Moment now);
    /// An emergency number takes part in it: dialled, or called by a transfer or a click.
    [[nodiscard]] bool is_for_help(const Call& call) const;
    /// The phone of `leg` has lost its dialog.
    void lost(Call& call, Leg& leg, std::string_view reason, Moment now, Outbox& outbox);

    // displays.cpp: whom phones are told they talk to
    /// What the display of the phone at `leg` goes by, and what else the phone says it can.
    void note_abilities(Leg& leg, const ResponseReceived& response) const;
    [[nodiscard]] IdentityHeader identity_for(std::string_view user_agent) const;
    /// Who is at `other` for the phone or trunk of `leg`, as far as it may know.
    [[nodiscard]] std::vector<Header> asserted_to(const Leg& leg, const Leg& other) const;
    /// `leg` now talks to `other`; its display follows, by UPDATE or re-INVITE where it has to.
    void show(Call& call, Leg& leg, const Leg& other, Moment now, Outbox& outbox);
    /// The same where the phone may have been told of somebody else meanwhile.
    void show_again(Call& call, Leg& leg, Moment now, Outbox& outbox);
    /// The same where it was told so in an INVITE that has come to nothing: a phone that takes no
    /// UPDATE gets its session anew, by restore_session().
    void show_own_party(Call& call, Leg& leg, Moment now, Outbox& outbox);
    /// `party`, whom `leg` talks to or rings for, may have just asked not to be named (RFC 3323):
    /// then display and lamps follow.
    void hide(Call& call, Leg& leg, const Leg& party, Moment now, Outbox& outbox);
    void update_display(Call& call, Leg& leg, Moment now, Outbox& outbox);
    /// Whether the phone of `leg` may be sent once more what it knows of the session.
    [[nodiscard]] bool may_repeat_session(const Call& call, const Leg& leg) const;
    void repeat_session(Call& call, Leg& leg, Moment now, Outbox& outbox);
    /// `answer` to that, of the phone of `leg`.
    void session_repeated(Call& call, Leg& leg, const PayloadRef& answer, Moment now,
                          Outbox& outbox);
    /// Phones that allow no UPDATE are told soon, as far as the call rests.
    void plan_displays(Call& call, Moment now);
    /// For how long the session is to last that the phone of `leg` keeps alive (RFC 4028).
    [[nodiscard]] static SessionTimer timer_of_display(const Call& call, const Leg& leg,
                                                       Moment now);
    void display_answered(Call& call, Leg& leg, const ResponseReceived& response, Moment now,
                          Outbox& outbox);
    void displays_due(Call& call, Moment now, Outbox& outbox);
    void wake_for_displays(const Call& call);

    // call_restore.cpp: what is kept over a restart
    /// Stores `call` when that is owed and two phones talk.
    void keep(Call& call, Outbox& outbox);
    static void forget(Call& call, Outbox& outbox);
    void keep_beside(Call& call, const Leg& caller, const Leg& first, Outbox& outbox);
    static void forget(Leg& leg, Outbox& outbox);
    void resume(const StoredCall& stored, std::chrono::steady_clock::time_point probe_at,
                Moment now, Outbox& outbox);
    Leg& resume_leg(Call& call, const StoredLeg& kept, Moment now);
    bool resume_beside(const StoredCall& stored, Moment now, Outbox& outbox);
    [[nodiscard]] bool is_sound_parking(const StoredCall& stored) const;
    void resume_parking(Call& call, const Leg& leg, const StoredCall& stored, Moment now);
    [[nodiscard]] bool is_taken(const DialogId& dialog);
    // call_whereabouts.cpp: where the phone of a leg is reached
    /// A target refresh by the phone of `leg` (RFC 3261 §12.2.2).
    void note_target(Call& call, Leg& leg, const RequestReceived& request);
    void move_to(Call& call, Leg& leg, const Flow& flow, Moment now, Outbox& outbox);
    /// Moves `leg`, which is not reached any more, to where its phone has registered. False: it
    /// has nowhere, or that is not certain.
    bool find_again(Call& call, Leg& leg, Moment now, Outbox& outbox);
    /// The phone of `leg` is there after all.
    void is_back(const Call& call, Leg& leg);
    /// The same by its answer to a request of ours.
    static void note_target(Call& call, Leg& leg, const ResponseReceived& response);
    /// How far our CSeq in its dialog has come: challenges that were answered have used some.
    void note_cseq(Call& call, Leg& leg, const ResponseReceived& response, Outbox& outbox);

    // call_engine.cpp, call_admission.cpp, call_parties.cpp, call_end.cpp: what all of them share
    /// Sends `request` in the dialog of `leg`.
    void request(Leg& leg, SendRequest request, Outbox& outbox);
    [[nodiscard]] std::pair<Call*, Leg*> find(LegId leg);
    /// The call with this id, as shown(); nullptr: there is none, or it is over.
    [[nodiscard]] Call* find_shown(std::string_view id);
    [[nodiscard]] static LiveCall shown(const Call& call);
    /// Makes a new leg of `call` known to all that look legs up.
    void enlist(Call& call, const Leg& leg);
    void reject(const InviteReceived& input, unsigned status, std::string_view phrase,
                Outbox& outbox, std::vector<Header> headers = {},
                RefusedBy by = RefusedBy::exchange);
    /// Where `diversions`, told by `trunk`, begin with those of a call that rings outside by a
    /// trunk, as that trunk was told them, the office's own numbers get back their names of here,
    /// without host: the call has come back. Nothing where several such calls differ, and where
    /// `trunk` is not trusted, or empty.
    void name_as_here(std::vector<Diversion>& diversions, std::string_view trunk) const;
    /// Takes off what says numbers of the office, where it is for who is reached by `trunk`: of
    /// Warnings all but that forwards come to no end.
    static void keep_inside(std::vector<Header>& headers, std::string_view trunk);
    /// Of `trunk`, for challenges of requests within its dialogs; null: none.
    [[nodiscard]] TrunkCredentialsRef credentials_of(std::string_view trunk) const;
    /// Of what is kept free beyond the limit, for a phone that dials an emergency number.
    [[nodiscard]] bool has_room_for_emergency(std::string_view dialled) const;
    /// Whose display name is another than `before` is shown by it in calls under way, to watchers and after a restart.
    /// The displays of phones stay as they are: they are told with whom they talk when that is somebody else.
    void rename(const Directory& before, Outbox& outbox);
    void rename(Call& call, const Extension& known, const std::string& display_name,
                Outbox& outbox);
    /// Where a trunk, whose far side has redirected, may send the call on: to numbers here, and
    /// outside by itself, as the digit plan, the rights and the limits of who pays allow; the limit
    /// that is in the way of one is noted in `hunting`.
    [[nodiscard]] std::vector<Deflection> sent_on_by_trunk(Hunting& hunting, const Leg& leg,
                                                           const ResponseReceived& response) const;
    /// All of `hunt` are ways to the trunks of this domain.
    [[nodiscard]] bool leads_to(const Hunt& hunt, std::string_view domain) const;
    /// `route`, of a number at `domain`, ends at something of our own instead.
    [[nodiscard]] bool misses(const Route& route, std::string_view domain) const;
    /// `by` may connect two parties outside: it forwards one of them.
    [[nodiscard]] bool may_connect_outside(std::string_view by) const
    {
        return directory_->digit_plan().outside_rights_of(by).forward;
    }
    [[nodiscard]] Header connects_none_outside(std::string_view by) const;
    /// `input`, of somebody outside, is for `party` that is outside as well, and nobody allows it.
    [[nodiscard]] bool may_not_meet(const InviteReceived& input, const Leg& party) const;
    void refuse_to_meet(const InviteReceived& input, Outbox& outbox);
    /// The call is answered: from now on it is supervised, by the sessions that its legs have.
    void start_talking(Call& call, std::chrono::seconds session_expires, Moment now,
                       Outbox& outbox);
    /// Moves the state of a leg and announces it; nothing when `input` does not move it.
    void move(Leg& leg, LegInput input, Outbox& outbox);
    void announce(const Leg& leg, Outbox& outbox) const;
    [[nodiscard]] DialogSnapshot snapshot_of(const Leg& leg) const;
    /// Ends a call that is talking, or ringing: the leg `ended_by` told us, or LegId{} when we
    /// decide. `status`: for the record; 0: 200 where we were told, else that in `reason`.
    void end_call(Call& call, LegId ended_by, LegInput own, LegInput others,
                  std::string_view reason, Moment now, Outbox& outbox, unsigned status = 0);
    /// Answers what was passed on and waits for its answer; `status`: of INVITEs.
    void give_up_relays(Call& call, unsigned status, Outbox& outbox);
    /// Says BYE, after the ACKs that must come first.
    void hang_up(Leg& leg, std::string_view reason, Outbox& outbox);
    void close_if_quiet(Leg& leg, Outbox& outbox);
    /// Closes quiet legs, and drops the call with its last leg: `call` may be gone afterwards.
    void sweep(Call& call, Moment now, Outbox& outbox);
    /// No more than the last transactions of `call` are waited for.
    void begin_end(Call& call, Moment now, Outbox& outbox);
    /// That its dialog is over, for who names it in Replaces or Join.
    void remember(const Call& call, const Leg& leg, Moment now);
    void forget_leg(const Leg& leg);
    /// A call that is moved again and again keeps no more than the last few of its legs.
    void forget_closed_legs(Call& call, Moment now);
    /// What ended_ and taken_ hold is given back in time.
    void remember_until();
    void set_timer(const Call& call, CallTimer timer,
                   std::chrono::steady_clock::time_point deadline);
    /// Sets the timer, unless `deadline` is empty: then false.
    bool wait_until(std::optional<std::chrono::steady_clock::time_point> deadline, const Call& call,
                    CallTimer timer);

    CallSettings settings_;
    TokenSource tokens_;
    DirectoryRef directory_;
    std::unordered_map<CallRef, std::unique_ptr<Call>> calls_;
    std::unordered_map<LegId, Call*> by_leg_;
    const LocationTable& locations_;
    Addresses addresses_{directory_, locations_, settings_.hosts};
    DialogIndex index_;
    EndedCalls ended_;
    TakenCalls taken_;
    const TrunkStates& trunks_;
    Occupancy occupancy_;
    OutsideUse outside_;
    HuntOrder order_;
    ToldDiversions told_diversions_;
    TakenSlots slots_;
    ReferSubscriptions refer_subscriptions_;
    PassedReferrals referrals_;
    CallTimers timers_;
    LooseEnds loose_ends_{timers_};
    IdSource<CallRef> call_ids_;
    IdSource<LegId> leg_ids_;
    IdSource<ClientTransactionId> transaction_ids_;
    LiveCounters counters_;
    CallingCards cards_{*this, settings_.random};
};

}  // namespace lampline
