#pragma once
// Ladders on the board: phones and watchers against the exchange, without sockets, on a clock that
// only we move.
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "core/dialog_info.hpp"
#include "engine/exchange.hpp"
#include "support/scenario/arrived.hpp"

namespace lampline::test {

inline constexpr Method INVITE = Method::invite;
inline constexpr Method ACK = Method::ack;
inline constexpr Method BYE = Method::bye;
inline constexpr Method CANCEL = Method::cancel;
inline constexpr Method OPTIONS = Method::options;
inline constexpr Method INFO = Method::info;
inline constexpr Method UPDATE = Method::update;
inline constexpr Method PRACK = Method::prack;
inline constexpr Method NOTIFY = Method::notify;
inline constexpr Method MESSAGE = Method::message;
inline constexpr Method SUBSCRIBE = Method::subscribe;

inline constexpr std::string_view talking_sdp = "v=0\r\nm=audio 4000 RTP/AVP 0\r\na=sendrecv\r\n";
inline constexpr std::string_view hold_sdp = "v=0\r\nm=audio 4000 RTP/AVP 0\r\na=sendonly\r\n";

/// A group whose members are each other's watchers as well; `watched_only` are members that watch
/// nobody.
Group group(std::string name, std::vector<std::string> members,
            std::vector<std::string> watched_only = {});

/// The Replaces that a phone makes of a dialog it was shown: the other end's tag first (RFC 3891
/// §6.1).
Replaces replacing(const DialogElement& dialog);

/// A SUBSCRIBE.
struct Subscribing {
    std::string event;  ///< with its parameters
    std::string to;
    std::chrono::seconds expires{3600};
    std::vector<std::string> accept{};
    std::string to_tag{};  ///< empty: it begins a dialog
    PayloadRef payload{};
    std::string notifier{};  ///< whose phone is the other side of that dialog; empty: the exchange
    OptionTag supported = OptionTag::none;
    std::string call_id{};  ///< empty: the same for each package and `to`
    std::uint32_t cseq = 0;  ///< 0: the next
    bool recipient_list = false;  ///< the payload is a list (RFC 5367)
};

/// A NOTIFY of a phone that notifies by itself.
struct Notifying {
    std::uint32_t cseq = 1;
    std::optional<std::uint32_t> version = 0;
    bool over = false;
    std::optional<bool> shows_call{};
};

/// A PUBLISH (RFC 3903).
struct Publishing {
    std::string event;
    std::string to;
    std::optional<std::chrono::seconds> expires{3600};
    std::string if_match{};
    std::string content_type{};
    std::string body{};
    std::string call_info{};
    bool names_contact = true;
    std::vector<Header> more{};  // headers
};

class Network;
class Scenario;

/// What becomes of a message and its repetitions: when the first of them arrives, if any.
struct Passage {
    std::chrono::milliseconds after{};
    bool never = false;
};

/// One phone at one address. ACKs what it must, answers CANCEL, BYE and NOTIFY by itself.
class Phone {
public:
    Phone(Scenario& scenario, std::string number, std::uint16_t port);

    // Outside a dialog.
    void registers(std::chrono::seconds expires = 3600s, unsigned q_thousandths = 1000);
    /// The same, whatever is answered.
    void asks_to_register(std::chrono::seconds expires = 3600s, unsigned q_thousandths = 1000);
    void unregisters() { registers(0s); }
    /// Registers its contact and takes `before` away, in one REGISTER.
    void registers_instead_of(const SipUri& before);
    [[nodiscard]] SipUri own_contact() const;
    [[nodiscard]] std::string call_id_of_registers() const;
    /// SUBSCRIBE to `member`, 200, first NOTIFY, which is returned.
    Arrived watches(std::string_view member);
    TransactionId asks(const Subscribing& subscribing);
    /// The last of these again, since its answer was lost.
    TransactionId asks_again();
    /// The same, 200, and the first NOTIFY, which is returned.
    Arrived subscribes(std::string event, std::string to);
    TransactionId publishes(const Publishing& publishing);
    /// INVITE `number`; empty `sdp`: delayed offer.
    void sends(Method method, std::string_view number, std::string_view sdp = talking_sdp);

    /// INVITE to a phone, by its contact.
    void sends_to(const SipUri& contact, std::string_view sdp = talking_sdp);
    /// The same with a Replaces header.
    /// MESSAGE outside a dialog.
    void writes(std::string_view number, std::string_view text,
                std::string_view content_type = "text/plain");
    /// Answers a request that belongs to no dialog; `generated`: the stack does, for a silent
    /// phone.
    void answers_standalone(const Arrived& request, unsigned status, bool generated = false);
    /// Answers a SUBSCRIBE that was forwarded to it; `expires`: what it grants.
    void answers_subscribe(const Arrived& request, unsigned status,
                           std::chrono::seconds expires = 3600s);
    /// NOTIFY in the dialog of such a SUBSCRIBE.
    void notifies(const Arrived& subscribe, Notifying notifying);
    /// Its tag in dialogs of INVITEs that it was sent.
    [[nodiscard]] std::string callee_tag() const
    {
        return "tag-" + number + "-" + std::to_string(flow.port);
    }
    /// Its tag in such dialogs.
    [[nodiscard]] std::string notifier_tag() const
    {
        return "notifier-" + std::to_string(flow.port);
    }
    void sends_replacing(const Replaces& replaces, std::string_view number,
                         std::string_view sdp = talking_sdp);

    /// The same with a Join header.
    void sends_joining(const Replaces& join, std::string_view number,
                       std::string_view sdp = talking_sdp);
    /// REFER outside a dialog, for the phones of `number`.
    void refers(std::string_view number, PayloadRef payload, OptionTag demands = OptionTag::none);
    /// SUBSCRIBE within the dialog of such a REFER.
    void subscribes_to_refer(const Arrived& accepted, std::chrono::seconds expires,
                             std::string event_params = {});

    // Within the dialog of the last INVITE sent or received.
    void sends(Method method, PayloadRef payload = nullptr);
    void sends_invite(std::string_view sdp);
    /// SUBSCRIBE to the reports of its REFER.
    void subscribes_to_transfer(std::string event, std::chrono::seconds expires);
    /// BYE with Also, or with a Contact.
    void sends_on(std::string also, std::optional<SipUri> contact = std::nullopt);
    void cancels(std::vector<Header> headers = {});
    /// CANCEL of its INVITE that was answered by `success`, and that it has not acknowledged.
    void cancels_late(const Arrived& success, std::vector<Header> headers = {});
    /// The same, where the stack held `success` back for a PRACK, and has sent 487 instead.
    void cancels_before(const Arrived& success);
    void replies(unsigned status, std::string_view sdp = {});
    /// Answers a request that is not the last one.
    void replies_to(const Arrived& request, unsigned status, std::string_view sdp = {});
    /// A provisional response with RSeq; `to_tag`: of which of those behind it.
    void replies_reliably(unsigned status, std::uint32_t rseq, std::string_view sdp = {},
                          std::string to_tag = {});
    /// The 2xx to an INVITE that the exchange sent in its dialog before it was restarted; without
    /// `cseq` to the last one there can have been.
    void answers_earlier_run(std::optional<std::uint32_t> cseq = std::nullopt);
    /// The ACK of a 2xx, when `acknowledges` is off; `sdp` answers a delayed offer.
    void acknowledge(const Arrived& success, std::string_view sdp = {});
    /// Timer H of a 2xx whose ACK never came.
    void never_acknowledges(const Arrived& success);
    /// 302 with these contacts.
    void redirects(std::vector<SipUri> to);
    /// The stack's own answer: 408 for silence, 503 for an unreachable address.
    void fails_with(unsigned status);
    /// The same for a request that is not the last one.
    void fails_with(const Arrived& request, unsigned status);

    // Within a dialog shared with another phone, which the exchange only sees pass.
    void passes(Method method, std::string_view sdp = {});
    void passes_refer(std::string_view refer_to);
    /// Of that dialog.
    [[nodiscard]] const DialogId& shared() const { return shared_; }
    void uses_shared(const DialogId& dialog) { shared_ = dialog; }
    /// The answer of this phone to what the other one has passed.
    void accepts(Method method, std::string_view sdp = {}, std::chrono::seconds session = 0s);
    void no_longer_knows(Method method);
    /// Over a network: to a request that the other one has passed.
    void answers_passed(const Arrived& request, unsigned status, std::string_view sdp = {},
                        std::chrono::seconds session = 0s);
    /// It is in this dialog no more, without a word.
    void forgets(const DialogId& dialog);

    /// The next thing that arrived must be this; fails the test otherwise.
    Arrived receives(Method method);
    Arrived receives(unsigned status);
    [[nodiscard]] bool hears_nothing() const { return inbox.empty(); }
    /// An INVITE waits for its answer.
    [[nodiscard]] bool rings() const { return to_answer_ && to_answer_->method == INVITE; }
    /// The request that waits for its answer; there must be one.
    [[nodiscard]] const Arrived& asked() const;
    /// This is the one, whatever has arrived since.
    void must_answer(const Arrived& request) { to_answer_ = request; }
    /// Its own INVITE waits for its answer.
    [[nodiscard]] bool calls() const;
    /// The session of the other end that its present dialog goes by: of the last offer that it
    /// has accepted, or of the last answer that it was given.
    [[nodiscard]] std::string media() const;
    /// Its own session in `dialog`: of its last offer that was accepted, or of its last answer.
    [[nodiscard]] std::string said(LegId dialog) const;
    /// It has a dialog that the exchange has not closed.
    [[nodiscard]] bool has_dialog() const;

    // How it behaves.
    bool acknowledges = true;    // sends ACK for a 2xx
    bool answers_cancel = true;  // with 487 to the INVITE
    bool answers_bye = true;
    bool answers_probes = false;              // OPTIONS within a dialog, unseen by the test
    std::optional<unsigned> answers_options;  // outside a dialog, unseen by the test; 408: never
    std::optional<unsigned> answers_notify = 200;  // nullopt: only when told, by answers(...)
    SessionTimer session_timer;
    OptionTag supported = OptionTag::none;
    std::string user_agent = "Test";
    bool focus = false;  // it mixes: `isfocus` in its Contact
    bool allows_update = false;
    bool denies_update = false;           // it tells its methods, without UPDATE
    OptionTag required = OptionTag::none;  // of its INVITEs outside a dialog
    std::vector<Header> invite_headers;   // of an INVITE outside a dialog
    std::optional<std::chrono::seconds> invite_expires;  // of the same
    std::vector<Header> answer_headers;   // of its responses
    std::optional<SipUri> named_contact;  // that it names; empty: where it is
    std::vector<std::string> path;        // of its REGISTER
    std::vector<std::string> record_route;  // of proxies before it, as its INVITEs and 2xx arrive
    std::vector<SipUri> routes;           // of its INVITEs outside a dialog, behind that of ours
    int reboots = 0;                      // after each its REGISTERs have another Call-ID
    std::string register_call_id;         // of its REGISTERs; empty: one of its own
    std::optional<Flow> source;           // of its requests within a dialog; empty: as before

    std::uint32_t resumed_cseq = 0;  ///< what the last dialog taken up counts on from
    std::optional<Flow> moved_to;    ///< where the exchange sends now

    /// The dialog it is in, and the one it acts in from now on.
    [[nodiscard]] LegId dialog() const { return leg_; }
    /// Its last INVITE, within a dialog or not.
    [[nodiscard]] TransactionId invite() const { return own_invite_; }
    void uses(LegId dialog) { leg_ = dialog; }
    void answers(const Arrived& notify, unsigned status, bool generated = false);

    std::string number;
    std::string trunk;  ///< it is outside, and reached by this one
    Flow flow;
    std::optional<NameAddr> asserted;  ///< P-Asserted-Identity of its INVITEs
    std::deque<Arrived> inbox;

private:
    friend class Network;
    friend class Passing;
    friend class Scenario;
    void invites(std::string_view number, std::string_view sdp, std::optional<Replaces> replaces,
                 std::optional<Replaces> join = std::nullopt);
    void asks_to_register(std::vector<RegisterContact> contacts, std::chrono::seconds expires);

    Scenario& scenario_;
    const std::uint16_t first_port_;  // its REGISTERs have the same Call-ID wherever it goes

    LegId leg_{};  // the exchange's leg of the present dialog
    std::optional<SipUri> request_uri_;
    TransactionId own_invite_{};        // our INVITE, as the exchange knows it
    std::optional<Arrived> to_answer_;  // the last request that waits for our answer
    std::uint32_t cseq_ = 0;
    std::optional<SubscribeReceived> asked_;  // last
    std::uint32_t refer_ = 0;                 // number of its REFERs outside a dialog
    std::map<LegId, std::string> media_;
    std::map<LegId, std::string> said_;
    DialogId shared_;                         // with another phone, from this one's side
    std::vector<DialogId> all_shared_;        // that it has ever had
    void share(const DialogId& dialog);
    void pass(Method method, unsigned status, PayloadRef payload, std::chrono::seconds session);
};

/// What entries leave in storage, one after the other.
struct Storage {
    void take(const StorageChange& change);

    std::size_t taken = 0;  ///< entries
    std::map<std::string, Binding> bindings;
    std::map<std::string, StoredSubscription> subscriptions;
    std::map<std::string, StoredPublication> publications;
    std::map<CallRef, StoredCall> calls;
    std::map<CallRef, StoredRinging> ringing;
    std::map<CallRecordId, OpenRecord> records;  // of calls that are not over
    std::map<std::string, TurnTaken> turns;
    std::map<std::string, NotifierEnded> ended;
    std::vector<std::string> talked;
    std::map<std::string, OutsideDay> outside;
    std::map<std::tuple<std::string, std::string, std::string>, UnaskedLamp> unasked_lamps;
};

/// The exchange, its phones, and the time. Whatever arrives unasked fails the test at the end.
class Scenario {
public:
    /// Extensions 101 to 109, in the domain office.test.
    explicit Scenario(std::vector<Group> groups = {}, ExchangeSettings settings = {});
    ~Scenario();
    Scenario(const Scenario&) = delete;
    Scenario& operator=(const Scenario&) = delete;

    /// A phone of `number`, registered.
    Phone& phone(std::string number);
    /// A phone that is not registered.
    Phone& silent_phone(std::string number);
    /// Trunks and rules about digits, in force from now on.
    void has_trunks(std::vector<Trunk> trunks, DigitRules rules);
    /// Whoever is at the first server of `trunk`, and calls as `number`.
    Phone& carrier(const Trunk& trunk, std::string number);
    /// What is recorded of calls that are over.
    [[nodiscard]] std::vector<CallRecord> records() const;
    /// Time passes; what falls due happens.
    void passes(std::chrono::milliseconds span);
    /// Nothing arrives anywhere for `span`.
    void stays_silent_for(std::chrono::seconds span);
    /// No call is left in the exchange.
    [[nodiscard]] bool has_no_calls() const { return exchange_->call_count() == 0; }
    /// Every dialog the exchange opened has been closed.
    [[nodiscard]] bool has_no_dialogs() const { return legs_.empty(); }
    /// Nothing that passes between phones goes to where one of them has moved.
    [[nodiscard]] bool nothing_passes_elsewhere() const { return moved_.empty(); }
    /// Requests of phones that have no final answer yet.
    [[nodiscard]] std::size_t unanswered() const { return requests_.size(); }
    /// Its phone has heard no final answer to it.
    [[nodiscard]] bool awaits_answer(TransactionId request) const;
    [[nodiscard]] bool is_open(LegId leg) const { return legs_.contains(leg); }
    /// The same, and its phone has not left it.
    [[nodiscard]] bool is_known(LegId leg) const;
    /// Messages of calls, MESSAGE and REFER fare as `passage` says of each, from now on: see
    /// Network.
    void has_network(std::function<Passage()> passage);
    /// nullptr: all arrives at once.
    [[nodiscard]] const Network* network() const { return network_.get(); }
    /// A phone hears 408 within `leg`, which ends that dialog (RFC 3261 §12.2.1.2): it may say BYE.
    std::function<void(Phone& phone, LegId leg)> times_out;
    /// The dialog with this Call-ID, to act in it; 0: two phones share it.
    [[nodiscard]] LegId dialog_of(const std::string& call_id) const
    {
        const auto found = open_.find(call_id);
        return found == open_.end() ? LegId{} : found->second;
    }
    /// The Replaces that means the exchange's dialog with this Call-ID, by its own tag there.
    [[nodiscard]] Replaces naming(const std::string& call_id) const
    {
        const auto found = dialogs_.lower_bound({call_id, std::string{}});
        const bool known = found != dialogs_.end() && found->first.first == call_id;
        return {.call_id = call_id, .to_tag = known ? found->first.second : "nobody"};
    }
    void replaces_directory(std::vector<Group> groups);
    /// Forwarding of `number`, in force from now on.
    void forwards(const std::string& number, Forwarding forwarding);
    /// How callers are joined to `number`, from now on.
    void joins(const std::string& number, CallMode mode);
    /// Changes what the directory has of `number`, from now on.
    void configures(const std::string& number, std::function<void(Extension&)> edit);
    /// The directory has no such extension, from now on.
    void removes(const std::string& number);
    void has_ring_groups(std::vector<RingGroup> groups);
    void has_calling_card(CallingCard card);
    void has_park_lot(ParkLot lot);
    /// Body profiles beside the built-in ones, in the next directory.
    std::vector<BodyProfile> rows;
    [[nodiscard]] const Forwarding& forwarding_of(const std::string& number);
    /// False: what phones ask for by feature codes is kept in `asked` instead of done at once.
    bool settles = true;
    std::vector<FeatureAsked> asked;
    /// Does what was asked first, and tells the exchange.
    void settles_one(unsigned status = 200);
    /// What becomes of a call; `later`: were it made then.
    [[nodiscard]] RouteExplanation decides(std::string from, std::string dialled,
                                           std::string trunk = {}, std::chrono::hours later = {},
                                           std::optional<std::string> caller = {})
    {
        return exchange_->explain_route(
            {std::move(from), std::move(dialled), std::move(caller), std::move(trunk)},
            {now_.mono + later, now_.wall + later});
    }
    /// A third party wants something done with a call; `call` may be empty where only one is.
    OrderAnswer orders(CallOrder order);
    void ends_all_calls(CallsToEnd which = CallsToEnd::all);
    /// Killed, and started again with what is stored. What phones and exchange were about is
    /// forgotten, but for the dialogs that are taken up: each phone acts in the last of its own.
    void restarts();
    /// The same, with storage as `edit` leaves it.
    void restarts(const std::function<void(Kept&)>& edit);
    /// What changed, for who looks on.
    std::vector<LiveEvent> shown;
    void looks_on() { outbox_.listened = true; }
    [[nodiscard]] LiveView view() const { return exchange_->view(now_); }
    /// The same as long as nothing happens, for who looks all the time.
    [[nodiscard]] const LiveView& present() const;
    /// Why the lamps of `watcher` for `member` show what they show.
    [[nodiscard]] LampAccount explains(const std::string& watcher, const std::string& member)
    {
        return exchange_->answer({.watcher = watcher, .member = member}, now_, outbox_);
    }

    void receive(const SipInput& input);
    TransactionId next_transaction() { return transactions_.next(); }
    [[nodiscard]] Moment now() const { return now_; }
    std::vector<StorageChange> stored;
    /// What all of it leaves in storage.
    [[nodiscard]] Kept kept() const;

private:
    friend class Network;
    friend class Passing;
    friend class Phone;
    void deliver();
    void deliver(SipCommand& command);
    void arrive(Phone& phone, Arrived arrived);
    /// To `phone` over the network, if there is one; `then`: what comes of it before it is looked at.
    void carry(Phone& phone, Arrived arrived, std::function<void()> then);
    /// The same to the exchange, for what a phone says by itself.
    void say(SipInput input);
    /// It has arrived at the exchange.
    void enter(const SipInput& input);
    /// What a phone answers to an INVITE that was passed on; null: it was not.
    [[nodiscard]] WireMessageRef passed_message(unsigned status, LegId branch,
                                                std::string_view sdp = {}) const;
    Phone* phone_of(LegId leg);
    Phone* phone_at(const Flow& flow);

    struct Request {
        Phone* phone;
        Method method;
        LegId leg;
        std::string call_id;
        std::string to_tag{};
        Notifying notifying{};
        std::string offer{};
    };

    [[nodiscard]] DirectoryRef directory() const;
    void settle(const FeatureAsked& feature, unsigned status);

    Moment now_;
    std::vector<Group> groups_;
    std::map<std::string, Forwarding> forwarding_;
    std::map<std::string, CallMode> modes_;
    std::vector<std::pair<std::string, std::function<void(Extension&)>>> edits_;
    std::vector<std::string> removed_;
    std::vector<RingGroup> ring_groups_;
    CallingCard calling_card_;
    ParkLot park_lot_;
    std::vector<Trunk> trunks_;
    DigitRules rules_;
    ExchangeSettings settings_;
    TokenSource tokens_;
    std::optional<Exchange> exchange_;
    Outbox outbox_;
    std::unique_ptr<Network> network_;
    std::deque<SipInput> waiting_;  // what phones do by themselves, after the present step
    bool stepping_ = false;
    std::deque<std::unique_ptr<Phone>> phones_;
    std::map<TransactionId, Request> requests_;       // of phones, not finally answered
    std::map<std::string, Phone*> watching_;          // by Call-ID of the SUBSCRIBE
    std::map<ClientTransactionId, Request> invites_;  // of the exchange, not finally answered
    std::map<LegId, Phone*> legs_;
    std::map<TransactionId, Phone*> passed_;                         // whose INVITE it was
    std::map<LegId, Phone*> branches_;                               // of INVITEs passed on
    std::map<std::string, LegId> open_;                              // by Call-ID
    std::map<std::string, std::string> said_;  // by Call-ID, by phones before the last restart
    std::map<std::pair<std::string, std::string>, Phone*> dialogs_;  // by Call-ID and our tag
    std::set<std::pair<std::string, std::string>> moved_;  // by Call-ID and tag of the phone
    IdSource<TransactionId> transactions_;
    mutable std::optional<LiveView> present_;
    mutable Storage storage_;  // with so much of `stored`
    std::uint16_t next_port_ = 5060;
};

}  // namespace lampline::test
