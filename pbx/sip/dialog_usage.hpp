#pragma once
// One dialog with a phone: the stack's leg, and the way to the phone.
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/sip_command.hpp"
#include "sip/digest_client.hpp"
#include "sip/late_cancel.hpp"
#include "sip/sofia.hpp"
#include "sip/transports.hpp"

namespace lampline::sip {

class CommandRunner;

/// What is sent once more when a trunk challenges it.
struct GuardedRequest {
    TrunkCredentialsRef credentials;
    std::optional<SendInvite> invite;  ///< the one that opens a dialog; else `request`
    SendRequest request;
    std::string uri;  ///< the Request-URI, as it is hashed
    DigestClient::Attempts attempts;
    std::string authorization;  ///< header line of the last try
    bool cancelled = false;     ///< it is not to be tried again
};

/// A request we sent. Pinned: the stack keeps `this`.
struct ClientTransaction {
    CommandRunner* runner = nullptr;
    ClientTransactionId id;
    LegId leg;
    Method method = Method::other;
    bool answered = false;  ///< INVITE: a 2xx came and waits for its ACK
    OutgoingHandle handle;
    std::unique_ptr<GuardedRequest> guarded;  ///< null: a challenge is a refusal
};

/// A request we received in a transaction of the stack. Pinned: the stack keeps `this`.
struct ServerTransaction {
    CommandRunner* runner = nullptr;
    TransactionId id;
    LegId leg;
    Method method = Method::other;
    unsigned unacknowledged = 0;  ///< reliable provisional responses without PRACK
    const Listener* listener = nullptr;
    Flow source;       ///< of an INVITE
    std::string user;  ///< what the INVITE dialled
    bool opens_dialog = false;  ///< an INVITE outside a dialog
    std::string origin;         ///< of such an INVITE: what all its branches have in common
    IncomingHandle handle;
    std::optional<LateCancel> late_cancel;  ///< of an INVITE that is answered 2xx
};

/// The text of a request apart from what the dialog knows.
struct DialogRequest {
    Method method = Method::other;
    std::string_view method_name;  ///< for Method::other
    std::string_view headers;      ///< whole lines
    std::string_view body;
};

/// Pinned: the stack keeps `this`. Requests go where the phone was last seen (RFC 5626 would call
/// it its flow), or to the first hop of the route set when there is one. Outside they go to the
/// remote target where that is a numeric address, as RFC 3261 §12.2.1.1 has it.
class DialogUsage {
public:
    /// The dialog that a received INVITE starts.
    /// @throws std::runtime_error when the stack refuses it.
    DialogUsage(CommandRunner& runner, nta_agent_t& agent, Transports& transports,
                const ServerTransaction& invite, const sip_t& sip, const OpenDialog& command);
    /// The dialog that an INVITE of ours starts.
    DialogUsage(CommandRunner& runner, nta_agent_t& agent, Transports& transports,
                const SendInvite& command);
    /// A confirmed dialog of an earlier run.
    /// @throws std::runtime_error when its values make no dialog.
    DialogUsage(CommandRunner& runner, nta_agent_t& agent, Transports& transports,
                const ResumeDialog& command);
    DialogUsage(const DialogUsage&) = delete;
    DialogUsage& operator=(const DialogUsage&) = delete;

    [[nodiscard]] LegId id() const noexcept { return id_; }
    /// Our Contact in this dialog, as a header line; `focus`: of a phone that mixes (RFC 4579).
    [[nodiscard]] std::string contact_line(bool focus) const;
    /// True once no more inputs are wanted for it.
    [[nodiscard]] bool is_closed() const noexcept { return closed_; }
    void close() noexcept { closed_ = true; }
    /// It leads out of the office, where not all headers may go.
    [[nodiscard]] bool is_outside() const noexcept { return outside_; }
    /// Whose phone is at its other end; empty: it is outside.
    [[nodiscard]] const std::string& extension() const noexcept { return extension_; }
    /// Whether the phone, or a proxy before it, is at the numeric address `host`.
    [[nodiscard]] bool leads_to(std::string_view host) const;
    /// The Request-URI of requests in this dialog.
    [[nodiscard]] std::string target_uri() const { return write(target_); }
    /// The numeric address that the next request goes to; empty: a name, which the stack looks up.
    [[nodiscard]] std::string destination() const;
    /// The numeric address that the dialog began with; empty: in an earlier run.
    [[nodiscard]] const std::string& home() const noexcept { return home_; }
    /// Whether the first INVITE has been accepted; always so for a dialog that the phone started.
    [[nodiscard]] bool is_confirmed() const noexcept { return confirmed_; }

    /// A response to our INVITE with a To-tag: it names the remote side. Of several early dialogs
    /// of one INVITE the one that spoke last is followed. False: it is a reliable one that was
    /// heard before, or whose predecessor is missing (RFC 3262 §4), and changes nothing.
    [[nodiscard]] bool follow(const sip_t& response);
    /// A target refresh in either direction (RFC 3261 §12.2).
    void refresh_target(const sip_t& message);
    /// The phone sends from here now.
    void move_to(Flow source);
    /// Takes `cseq` as that of the last request of the phone's own.
    void count(std::uint32_t cseq) noexcept { remote_cseq_ = cseq; }
    /// Lets the request that the stack has just asked about not count: it was a stranger's. Only
    /// within the callback, whose leg is gone then.
    void disown_request();
    /// Its connection is gone, so that whatever it sends from next is welcome.
    [[nodiscard]] bool is_cut_off() const noexcept;

    /// Starts a request; null when the stack cannot send it.
    [[nodiscard]] OutgoingHandle send(const DialogRequest& request, nta_response_f* on_response,
                                      ClientTransaction* magic);
    /// `attempt`: how many challenges of it were answered before.
    [[nodiscard]] OutgoingHandle send_invite(const SendInvite& command, std::string_view headers,
                                             unsigned attempt, nta_response_f* on_response,
                                             ClientTransaction* magic);
    /// PRACK in the early dialog whose To-tag is `early_tag`; empty: in the one that spoke last.
    [[nodiscard]] OutgoingHandle send_prack(const nta_outgoing_t& invite, std::uint32_t rseq,
                                            std::string_view early_tag,
                                            const DialogRequest& request,
                                            nta_response_f* on_response, ClientTransaction* magic);
    /// Acknowledges the 2xx of `invite`, and lets the stack do so again for repeated ones. The
    /// INVITE must not be destroyed before.
    void acknowledge(nta_outgoing_t& invite, std::string_view headers, std::string_view body);
    /// The same for a 2xx whose INVITE nobody knows any more; it has a Via with a branch.
    void acknowledge(const sip_t& orphan, std::string_view headers);
    /// The dialog that `leg` is part of; nullptr: of none of ours.
    [[nodiscard]] static DialogUsage* of(const nta_leg_t* leg) noexcept;

private:
    void acknowledge(std::uint32_t invite_cseq, const char* branch, std::string_view headers,
                     std::string_view body);
    /// Header values that a leg is made of.
    struct Names {
        std::string call_id, local, remote;
    };
    /// One of several early dialogs of the INVITE that started this one (RFC 3261 §13.2.2.4).
    struct Early {
        LegHandle leg;
        SipUri target;
        std::uint32_t rseq = 0;  ///< of its last reliable response; 0: none
        std::uint32_t remote_cseq = 0;
    };
    /// Where the next request goes.
    struct Hop {
        std::string url;  // empty: by the route set, or over the connection `transport`
        tport_t* transport = nullptr;
    };
    enum class TargetFrom : std::uint8_t { request, first_response, later_response };
    [[nodiscard]] std::optional<Hop> next_hop() const;
    /// What a request goes out by whose first hop this is; nullptr: as the stack chooses.
    [[nodiscard]] tport_t* transport_to(const url_t& hop) const;
    void set_target(const sip_t& message, TargetFrom from);
    /// That with this tag among those that are not followed; nullptr: none.
    [[nodiscard]] Early* find_early(std::string_view tag) noexcept;
    void follow(Early& early) noexcept;
    void set_contact(const Listener& listener, std::string_view user);
    [[nodiscard]] LegHandle make_leg(const Names& names, std::uint32_t cseq,
                                     std::uint32_t remote_cseq);

    static int on_request(DialogUsage* self, nta_leg_t*, nta_incoming_t* request,
                          const sip_t* sip) noexcept;

    CommandRunner& runner_;
    nta_agent_t& agent_;
    Transports& transports_;
    LegId id_;
    Flow flow_;
    SipUri target_;  // remote target, as far as it decides where to connect to
    std::string home_;
    std::string extension_;
    std::string contact_line_;
    bool outside_ = false;
    bool closed_ = false;
    bool confirmed_ = false;
    std::unique_ptr<const Names> names_;  // until another leg cannot be needed any more
    std::uint32_t rseq_ = 0;    // of the last reliable response, as in Early
    std::uint32_t remote_cseq_ = 0;  // of the phone's last request; 0: none yet
    std::vector<Early> early_;  // of the same INVITE, not followed now
    LegHandle leg_;                         // last member, so destroyed first
};

/// Whose request and 2xx say where the other side is from now on (RFC 3261 §12.2, RFC 3311 §5.1).
inline bool refreshes_target(Method method) noexcept
{
    return method == Method::invite || method == Method::update;
}

/// The branch of the INVITE that starts a dialog of ours, sent once more for each challenge that
/// was answered: follows from what is stored of it, so that a later run can cancel it. Ends in the
/// loop mark.
std::string invite_branch(std::string_view local_tag, const SipUri& request_uri, unsigned attempt);

/// The stack's number and name of a method.
std::pair<sip_method_t, const char*> stack_method(Method method, const char* other) noexcept;

}  // namespace lampline::sip
