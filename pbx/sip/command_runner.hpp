#pragma once
// Carries out what concerns calls: dialogs, and the transactions that the stack keeps for us.
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <variant>
#include <vector>

#include "sip/authentication.hpp"
#include "sip/dialog_usage.hpp"
#include "sip/event_loop.hpp"
#include "sip/orphans.hpp"
#include "sip/stateless_reply.hpp"

namespace lampline::sip {

/// Who sends a request within a dialog that comes from elsewhere than where the dialog leads.
struct SenderCheck {
    std::function<std::variant<Authenticated, Refused>(const sip_t& sip, const std::string& host)>
        authenticate;
    std::function<bool(const Flow& source)> is_trunk;
};

/// Owns all legs and all transactions of calls. What the stack calls back with is an object that
/// lives until its handle is given back; ids are never used twice. Loop thread only.
class CommandRunner {
public:
    using OnInput = std::function<void(SipInput&&)>;

    CommandRunner(EventLoop& loop, nta_agent_t& agent, Transports& transports,
                  DigestClient& digest, const EndpointSettings& settings,
                  IdSource<TransactionId>& transaction_ids, SenderCheck sender_check,
                  Orphans& orphans, OnInput on_input);
    ~CommandRunner();
    CommandRunner(const CommandRunner&) = delete;
    CommandRunner& operator=(const CommandRunner&) = delete;

    /// Takes up an INVITE that InviteReceived has told of as `id`: 100 Trying at once.
    void take_invite(TransactionId id, HeldRequest&& invite);

    void run(const OpenDialog& command);
    void run(const ResumeDialog& command);
    void run(const MoveDialog& command);
    /// False when the transaction is not one of calls.
    bool run(const Reply& command);
    void run(const SendInvite& command);
    void run(const SendRequest& command);
    void run(const SendAck& command);
    void run(const SendCancel& command);
    void run(const CloseDialog& command);

    /// A CANCEL from `source` that comes after our 2xx and before its ACK is to be answered 200, with
    /// this To-tag (RFC 3261 §9.2); nullopt: it is none.
    std::optional<std::string> receive_late(const sip_t& cancel, const Flow& source);

    /// For the callback of a leg: the status to answer with, 0 when the engine answers.
    int on_request(DialogUsage& dialog, nta_incoming_t& request, const sip_t& sip);

    [[nodiscard]] std::size_t server_transactions() const noexcept { return server_.size(); }
    /// Whether `invite`, outside a dialog, has come by another way already, and is not refused there
    /// (RFC 3261 §8.2.2.2). After a refusal a proxy may try a second way, which is no merging.
    [[nodiscard]] bool is_merged(const sip_t& invite) const;

private:
    static int ack_or_cancel(ServerTransaction* self, nta_incoming_t*, const sip_t* sip) noexcept;
    static int prack(ServerTransaction* self, nta_reliable_t* reliable, nta_incoming_t* request,
                     const sip_t* sip) noexcept;
    static int response(ClientTransaction* self, nta_outgoing_t*, const sip_t* sip) noexcept;

    ServerTransaction& add_server(nta_incoming_t& handle, Method method, LegId leg,
                                  TransactionId id);
    void forget_server(TransactionId id);
    ClientTransaction& add_client(ClientTransactionId id, LegId leg, Method method);
    DialogUsage* find(LegId id) noexcept;
    ClientTransaction* find(ClientTransactionId id) noexcept;

    /// Why a request from `source` is not of the other end of `dialog`. Its Call-ID and tags say
    /// nothing: all who watch its lamp know them.
    [[nodiscard]] std::optional<Rejection> inspect_sender(const DialogUsage& dialog,
                                                          const sip_t& sip,
                                                          const Flow& source) const;
    void on_ack_or_cancel(ServerTransaction& transaction, const sip_t* sip);
    void on_prack(ServerTransaction& invite, nta_incoming_t& request, const sip_t& sip);
    void on_response(ClientTransaction& transaction, const sip_t& sip);
    /// True: the request goes out again, with credentials.
    bool answers_challenge(ClientTransaction& transaction, const sip_t& sip);
    void send_again(ClientTransactionId id);
    /// Null: it cannot be sent.
    [[nodiscard]] OutgoingHandle send_in(DialogUsage& dialog, const SendRequest& command,
                                         std::string_view lines, ClientTransaction& transaction);
    [[nodiscard]] std::string invite_lines(const DialogUsage& dialog,
                                           const SendInvite& command) const;
    [[nodiscard]] std::string request_lines(const DialogUsage& dialog,
                                            const SendRequest& command) const;
    /// A response that nobody waits for any more.
    void end_unwanted(ClientTransaction& transaction, const sip_t& sip);
    void forget(const ClientTransaction& transaction);
    /// Whether the engine still wants to hear of this leg.
    [[nodiscard]] bool is_wanted(LegId leg) noexcept;
    /// Sends the final response that `headers` complete, and sees to it when the stack cannot.
    void reply_finally(ServerTransaction& transaction, const Reply& command,
                       const std::string& headers);
    void report_unsendable(ClientTransactionId id, LegId leg, Method method);
    void emit_later(SipInput input);
    void drop_if_idle(LegId id);

    EventLoop& loop_;
    nta_agent_t& agent_;
    Transports& transports_;
    DigestClient& digest_;
    const EndpointSettings& settings_;
    IdSource<TransactionId>& transaction_ids_;
    SenderCheck sender_check_;
    Orphans& orphans_;
    OnInput on_input_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
    struct Leg {
        std::unique_ptr<DialogUsage> dialog;
        TrunkCredentialsRef credentials;  // of the trunk at its other end
        std::vector<ClientTransactionId>
            invites;  // ours, until their final response; a 2xx until its ACK
    };
    std::unordered_map<std::uint64_t, Leg> legs_;
    std::unordered_map<std::uint64_t, std::unique_ptr<ServerTransaction>> server_;
    std::unordered_set<std::string> origins_;  // of the INVITEs in `server_` that open a dialog
    std::unordered_map<std::uint64_t, std::unique_ptr<ClientTransaction>> client_;
};

}  // namespace lampline::sip
