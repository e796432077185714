#pragma once
// What the endpoint is made of, for the files that implement it.
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "core/trunk_sources.hpp"
#include "sip/command_runner.hpp"
#include "sip/descriptor_count.hpp"
#include "sip/digest_client.hpp"
#include "sip/endpoint.hpp"
#include "sip/forwarder.hpp"
#include "sip/inspection.hpp"
#include "sip/light_transactions.hpp"
#include "sip/message_tap.hpp"
#include "sip/notify_sender.hpp"
#include "sip/orphans.hpp"
#include "sip/resolver.hpp"
#include "sip/standalone_sender.hpp"
#include "sip/stateless_reply.hpp"

namespace lampline::sip {

/// Receives from the stack what belongs to no dialog and no transaction.
class MessageSink {
public:
    virtual ~MessageSink() = default;
    /// Takes over the message.
    virtual void receive(MessageRef message, sip_t& sip) noexcept = 0;
};

struct Endpoint::Inner final : MessageSink {
    Inner(EventLoop& event_loop, EndpointSettings endpoint_settings, Authenticator& digest,
          OnInput sink);
    ~Inner() override;

    void receive(MessageRef message, sip_t& sip) noexcept override;
    void receive_request(MessageRef message, sip_t& sip);
    [[nodiscard]] bool take_orphan(msg_t& message, const sip_t& sip);
    void take(HeldRequest&& request, std::string_view extension);
    void take_invite(HeldRequest&& request, std::string_view extension, std::string_view trunk);
    [[nodiscard]] bool is_known_invite(const sip_t& sip);
    /// Takes an INVITE of an earlier run that comes again. False: it is none.
    [[nodiscard]] bool is_refused(HeldRequest& invite);
    [[nodiscard]] bool passes(HeldRequest& request);
    void pass_notify(const PassNotify& command);
    template <class TakeUp>
    void take_up(TransactionId id, TakeUp take_up);
    bool reply(const Reply& command);
    void answer(const HeldRequest& request, const StatelessReply& reply);
    void refuse(const HeldRequest& request, const Rejection& rejection);
    void refuse_later(HeldRequest&& request, const Rejection& rejection,
                      std::chrono::milliseconds delay);
    void refuse_forgotten(const StoredInvite& invite);
    void answer_options(const HeldRequest& request);
    void take_resolved(SipInput& input);
    /// Name of the trunk that the request comes from; empty: from none.
    [[nodiscard]] std::string_view trunk_of(const HeldRequest& request) const;
    [[nodiscard]] bool is_repeated(HeldRequest& request);
    /// An INVITE of a phone to an emergency number: it is not turned away for load.
    [[nodiscard]] bool is_emergency(const HeldRequest& request) const;
    /// What `urn:service:sos` stands for; empty: nothing.
    [[nodiscard]] std::string emergency_number() const;
    void flush_soon();
    void keep_house();

    EventLoop& loop;
    EndpointSettings settings;
    Authenticator& authenticator;
    OnInput on_input;
    EndpointCounters counters;
    std::shared_ptr<bool> alive = std::make_shared<bool>(true);
    bool draining = false;
    bool overloaded = false;
    bool flush_due = false;
    IdSource<TransactionId> transaction_ids;
    MessageRing kept_messages{settings.trace};
    std::optional<MessageTap> tap;

    AgentHandle agent;
    std::unique_ptr<Transports> transports;
    DatagramSender datagrams;
    DirectoryRef directory;
    TrunkSources trunk_sources;
    RepeatedRequests repeated;
    /// By TransactionId: REGISTER, SUBSCRIBE, MESSAGE, NOTIFYs of phones for their watchers.
    std::unordered_map<std::uint64_t, HeldRequest> held;
    std::unordered_map<std::uint64_t, HeldRequest>
        invites;                                  // until the engine has said how they go on
    std::unordered_set<std::string> invite_keys;  // of those
    struct DelayedAnswer {
        HeldRequest request;
        std::string text;
    };
    std::multimap<EventLoop::TimePoint, DelayedAnswer> delayed;
    DigestClient digest_client{[this](std::string_view trunk, std::string_view host) {
        return trunk_sources.has(trunk, host);
    }};
    std::unique_ptr<Orphans> orphans;
    std::unique_ptr<CommandRunner> calls;
    std::unique_ptr<Forwarder> forwarder;
    std::unique_ptr<LightTransactions> light;
    std::unique_ptr<NotifySender> notifies;
    std::unique_ptr<StandaloneSender> standalone;
    std::unique_ptr<Resolver> resolver;
    std::optional<DescriptorCount> descriptors;
    LoopTimer house_timer;
};

template <class TakeUp>
void Endpoint::Inner::take_up(TransactionId id, TakeUp take_up)
{
    auto node = invites.extract(id.value);
    if (!node) return;
    invite_keys.erase(Forwarder::key_of(*node.mapped().sip));
    take_up(std::move(node.mapped()));
}

}  // namespace lampline::sip
