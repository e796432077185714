#include "sip/endpoint.hpp"

#include <algorithm>
#include <fcntl.h>
#include <map>
#include <optional>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "core/event_package.hpp"
#include "core/trunk_sources.hpp"
#include "sip/address_text.hpp"
#include "sip/authentication.hpp"
#include "sip/command_runner.hpp"
#include "sip/digest_client.hpp"
#include "sip/digest_nonce.hpp"
#include "sip/field_encoders.hpp"
#include "sip/forwarder.hpp"
#include "sip/header_text.hpp"
#include "sip/lenient_tag.hpp"
#include "sip/light_transactions.hpp"
#include "sip/message_tap.hpp"
#include "sip/notify_sender.hpp"
#include "sip/orphans.hpp"
#include "sip/resolver.hpp"
#include "sip/screen.hpp"
#include "sip/standalone_sender.hpp"
#include "sip/stateless_reply.hpp"
#include "sip/translate.hpp"

namespace lampline::sip {
namespace {

using namespace std::chrono_literals;

constexpr auto housekeeping = 100ms;
constexpr unsigned backlog_limit_percent = 25;
constexpr std::size_t max_delayed_answers = 1024;

/// One descriptor for each connection, and some for files.
void raise_descriptor_limit() noexcept
{
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
    limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 65536);
    setrlimit(RLIMIT_NOFILE, &limit);
}

/// Tells about how many descriptors the process has open: the kernel always gives the lowest free
/// number.
class DescriptorCount {
public:
    DescriptorCount() : any_open_{eventfd(0, EFD_CLOEXEC)}, at_start_{lowest_free()} {}
    ~DescriptorCount()
    {
        if (any_open_ >= 0) close(any_open_);
    }
    DescriptorCount(const DescriptorCount&) = delete;
    DescriptorCount& operator=(const DescriptorCount&) = delete;

    /// More than `limit` since start, or none left.
    [[nodiscard]] bool exceeds(std::size_t limit) const noexcept
    {
        const int now = lowest_free();
        return now < 0 || (now > at_start_ && static_cast<std::size_t>(now - at_start_) > limit);
    }

private:
    [[nodiscard]] int lowest_free() const noexcept
    {
        const int descriptor = fcntl(any_open_, F_DUPFD_CLOEXEC, 0);
        if (descriptor >= 0) close(descriptor);
        return descriptor;
    }
    int any_open_;
    int at_start_;
};

LocalMeans means_of(const Transports& transports)
{
    LocalMeans means{false, false, false, false};
    for (const auto& listener : transports.listening()) {
        const bool six = listener.host.find(':') != std::string::npos;
        (listener.transport == Transport::udp ? means.udp : means.tcp) = true;
        (six ? means.ipv6 : means.ipv4) = true;
    }
    return means;
}

unsigned milliseconds(std::chrono::milliseconds time) noexcept
{
    return static_cast<unsigned>(time.count());
}

}  // namespace

/// Receives from the stack what belongs to no dialog and no transaction.
class MessageSink {
public:
    virtual ~MessageSink() = default;
    /// Takes over the message.
    virtual void receive(MessageRef message, sip_t& sip) noexcept = 0;
};

namespace {

int on_message(MessageSink* sink, nta_agent_t*, msg_t* message, sip_t* sip) noexcept
{
    sink->receive(MessageRef{message}, *sip);
    return 0;
}

}  // namespace

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
    [[nodiscard]] bool must_shed() const noexcept { return draining || overloaded; }
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
    std::unique_ptr<CommandRunner> calls;
    std::unique_ptr<Forwarder> forwarder;
    std::unique_ptr<LightTransactions> light;
    std::unique_ptr<NotifySender> notifies;
    std::unique_ptr<StandaloneSender> standalone;
    std::unique_ptr<Resolver> resolver;
    std::unique_ptr<Orphans> orphans;
    std::optional<DescriptorCount> descriptors;
    LoopTimer house_timer;
};

Endpoint::Inner::Inner(EventLoop& event_loop, EndpointSettings endpoint_settings,
                       Authenticator& digest, OnInput sink)
    : loop{event_loop}, settings{std::move(endpoint_settings)}, authenticator{digest},
      on_input{std::move(sink)}, repeated{settings.t1x64}, house_timer{loop,
                                                                       [this] { keep_house(); }}
{
    allow_tag_without_semicolon();
    write_addresses_quickly();
    write_fields_quickly();
    prove_screen();
    if (settings.trace.calls > 0) tap.emplace(kept_messages);
    raise_descriptor_limit();
    // One piece of memory for a message and most of its headers, so that pages which a call keeps
    // for long are not shared with what its transactions need for half a minute.
    constexpr unsigned message_preload = 2048;
    // Bodies up to the limit must get as far as our 413; the stack refuses what is larger still.
    const auto max_message = static_cast<usize_t>(settings.limits.body_bytes + 32768);
    agent.reset(nta_agent_create(
        loop.root(), reinterpret_cast<url_string_t*>(-1), on_message, this, NTATAG_UA(1),
        NTATAG_MERGE_482(1), NTATAG_USE_NAPTR(0), NTATAG_USE_SRV(0), NTATAG_SERVER_RPORT(2),
        NTATAG_CLIENT_RPORT(1), NTATAG_TCP_RPORT(1), NTATAG_UDP_MTU(65535),
        NTATAG_MAXSIZE(max_message), NTATAG_PRELOAD(message_preload),
        NTATAG_SIP_T1(milliseconds(settings.t1)), NTATAG_SIP_T2(milliseconds(settings.t2)),
        NTATAG_SIP_T1X64(milliseconds(settings.t1x64)), TAG_END()));
    if (!agent) throw std::runtime_error{"nta_agent_create"};
    transports = std::make_unique<Transports>(*agent, settings, [this](ConnectionId id) {
        // Comes from the middle of the stack; what hangs on the connection fails once it is out of
        // there.
        loop.defer([this, still = alive, id] {
            if (!*still) return;
            light->fail(id);
            forwarder->fail(id);
            on_input(ConnectionClosed{id});
        });
    });
    calls = std::make_unique<CommandRunner>(loop, *agent, *transports, digest_client, settings,
                                            transaction_ids, on_input);
    RouteKey key{};
    if (settings.route_key)
        key = *settings.route_key;
    else
        fill_with_random_bytes(key);
    forwarder = std::make_unique<Forwarder>(ForwarderParts{loop, *agent, *transports, datagrams,
                                                           settings, tap ? &kept_messages : nullptr,
                                                           on_input, [this] { flush_soon(); },
                                                           repeated},
                                            key);
    orphans = std::make_unique<Orphans>(*agent, *transports, settings);
    light = std::make_unique<LightTransactions>(loop, *agent, *transports, datagrams, settings,
                                                [this](const LightAnswer& answer) {
                                                    switch (answer.key.kind) {
                                                    case LightKey::Kind::notify:
                                                        notifies->answered(answer);
                                                        break;
                                                    case LightKey::Kind::standalone:
                                                        standalone->answered(answer);
                                                        break;
                                                    }
                                                });
    notifies = std::make_unique<NotifySender>(*light, settings, on_input);
    standalone = std::make_unique<StandaloneSender>(*light, digest_client, settings, on_input);
    resolver = std::make_unique<Resolver>(loop, settings.resolver, means_of(*transports),
                                          [this](SipInput&& input) { take_resolved(input); });
    descriptors.emplace();
    keep_house();
}

Endpoint::Inner::~Inner()
{
    *alive = false;
    datagrams.flush();
    // All handles into the agent go before it: it frees what is left without a word.
    held.clear();
    invites.clear();
    delayed.clear();
    light.reset();
    forwarder.reset();
    resolver.reset();
    calls.reset();
    orphans.reset();
    transports.reset();
    agent.reset();
}

void Endpoint::Inner::keep_house()
{
    overloaded = loop.lag() > settings.limits.overload_lag ||
                 transports->backlog_percent() > backlog_limit_percent;
    transports->refuse_connections(descriptors->exceeds(settings.limits.connections));
    const auto now = std::chrono::steady_clock::now();
    while (!delayed.empty() && delayed.begin()->first <= now) {
        auto node = delayed.extract(delayed.begin());
        auto& answer = node.mapped();
        if (answer.request.connection) {
            send_over(*answer.request.connection, answer.text);
        } else {
            auto packet = std::make_shared<Packet>();
            packet->text = std::move(answer.text);
            datagrams.add(std::move(packet),
                          SocketAddress::of(answer.request.source.host, answer.request.source.port),
                          *answer.request.listener);
        }
    }
    datagrams.flush();
    repeated.forget_old(now);
    house_timer.set(now + housekeeping);
}

void Endpoint::Inner::flush_soon()
{
    if (std::exchange(flush_due, true)) return;
    loop.defer([this, still = alive] {
        if (!*still) return;
        flush_due = false;
        datagrams.flush();
    });
}

void Endpoint::Inner::receive(MessageRef message, sip_t& sip) noexcept
try {
    if (sip.sip_request) {
        ++counters.requests_received;
        receive_request(std::move(message), sip);
    } else {
        ++counters.responses_received;
        if (forwarder->receive(message, sip)) return;
        // Any other response without a transaction is a late one.
        if (take_orphan(*message, sip)) return;
        const auto status = sip.sip_status->st_status;
        const bool challenge = status == 401 || status == 407;
        light->receive(sip, challenge ? transports->source_of(*message, nullptr).host : "");
    }
} catch (const std::exception& error) {
    spdlog::error("request dropped: {}", error.what());
}

bool Endpoint::Inner::take_orphan(msg_t& message, const sip_t& sip)
{
    if (sip.sip_cseq->cs_method != sip_method_invite) return false;
    auto* transport = transports->transport_of(message);
    if (!transport) return false;
    return orphans->take(sip, transports->source_of(message, transport),
                         tport_is_secondary(transport) ? transport : nullptr);
}

void Endpoint::Inner::receive_request(MessageRef message, sip_t& sip)
{
    const auto method = sip.sip_request->rq_method;
    auto* transport = transports->transport_of(*message);
    if (!transport) return;
    HeldRequest request;
    request.sip = &sip;
    request.source = transports->source_of(*message, transport);
    request.listener = transports->listener_of(request.source);
    if (tport_is_secondary(transport)) request.connection.reset(tport_ref(transport));
    request.message = std::move(message);
    if (!request.listener) return;

    if (method == sip_method_ack) {
        if (!forwarder->acknowledge(sip)) static_cast<void>(forwarder->pass(request));
        return;
    }
    if (method == sip_method_cancel && forwarder->cancel(sip))
        return answer(request, {.status = 200});
    if (sip.sip_to->a_tag && passes(request)) return;
    if (method == sip_method_cancel)
        return refuse(request, {481, "Call/Transaction Does Not Exist", {}});
    if (is_repeated(request)) return;
    if (method == sip_method_invite && is_known_invite(sip)) return;
    if (auto rejection = inspect_body(sip, settings.limits.body_bytes))
        return refuse(request, *rejection);
    if (auto rejection = inspect_request(sip, *transports)) return refuse(request, *rejection);
    if (method == sip_method_options) return answer_options(request);
    const bool shed = method == sip_method_invite    ? must_shed()
                      : method == sip_method_message ? overloaded
                                                     : false;
    if (shed) {
        ++counters.shed;
        return answer(
            request,
            {.status = 503, .headers = draining ? "Retry-After: 30\r\n" : "Retry-After: 5\r\n"});
    }
    if (held.size() + invites.size() + calls->server_transactions() + forwarder->under_way() >=
        settings.limits.unanswered_requests) {
        ++counters.shed;
        return answer(request, {.status = 503, .headers = "Retry-After: 5\r\n"});
    }

    if (method == sip_method_invite)
        if (const auto trunk = trunk_of(request); !trunk.empty()) {
            if (request.connection)
                request.source.connection = transports->connections().adopt(*request.connection);
            return take_invite(std::move(request), {}, trunk);
        }
    auto outcome = authenticate(sip, request.source.host, authenticator, *transports, present());
    if (auto* refused = std::get_if<Refused>(&outcome)) {
        if (refused->challenged) ++counters.challenged;
        if (refused->delay > 0ms)
            return refuse_later(std::move(request), refused->rejection, refused->delay);
        if (refused->challenged)
            return answer(request, {.status = refused->rejection.status,
                                    .headers = refused->rejection.headers});
        return refuse(request, refused->rejection);
    }
    if (request.connection) {
        auto& connections = transports->connections();
        request.source.connection = connections.adopt(*request.connection);
        connections.note_phone(request.source.connection);
    }
    take(std::move(request), std::get<Authenticated>(outcome).extension);
}

/// Requests come from where the names lead; what was found last holds while none is found.
void Endpoint::Inner::take_resolved(SipInput& input)
{
    const auto& resolved = std::get<TrunkResolved>(input);
    if (!resolved.addresses.empty()) {
        std::vector<TrunkAddress> sources;
        for (const auto& address : resolved.addresses)
            sources.push_back({address.flow.transport, address.flow.host, address.flow.port});
        trunk_sources.resolved(resolved.trunk, std::move(sources));
    }
    on_input(std::move(input));
}

std::string_view Endpoint::Inner::trunk_of(const HeldRequest& request) const
{
    if (request.connection && transports->connections().is_phones(*request.connection)) return {};
    const auto* user = request.sip->sip_request->rq_url->url_user;
    return trunk_sources.find(request.source, user ? user : "");
}

bool Endpoint::Inner::is_repeated(HeldRequest& request)
{
    const auto method = request.sip->sip_request->rq_method;
    if (request.connection || (method != sip_method_register && method != sip_method_subscribe &&
                               method != sip_method_message && method != sip_method_publish &&
                               method != sip_method_refer))
        return false;
    // Only accepted ones are kept, and a repetition brings the same credentials.
    if (!request.sip->sip_authorization && !request.sip->sip_proxy_authorization) return false;
    request.key = RepeatedRequests::key_of(*request.sip);
    const auto found = repeated.find(request.key, std::chrono::steady_clock::now());
    if (found.seen == RepeatedRequests::Seen::answered) {
        datagrams.add(found.answer, SocketAddress::of(request.source.host, request.source.port),
                      *request.listener);
        flush_soon();
    }
    return found.seen != RepeatedRequests::Seen::first;
}

void Endpoint::Inner::take(HeldRequest&& request, std::string_view extension)
{
    const auto& sip = *request.sip;
    if (sip.sip_request->rq_method == sip_method_invite)
        return take_invite(std::move(request), extension, {});
    const auto id = transaction_ids.next();
    if (!request.key.empty()) repeated.add(request.key, std::chrono::steady_clock::now());
    const bool in_dialog = sip.sip_to->a_tag != nullptr;
    const auto passed = in_dialog && sip.sip_request->rq_method == sip_method_subscribe
                            ? forwarder->subscription_of(sip)
                            : std::nullopt;
    if (passed && passed->watcher != extension)
        return refuse(request, {403, {}, {}});
    const auto input = [&]() -> SipInput {
        switch (sip.sip_request->rq_method) {
        case sip_method_register: return to_register(sip, id, request.source, extension);
        case sip_method_message: return to_message(sip, id, request.source, extension);
        case sip_method_publish: return to_publish(sip, id, request.source, extension);
        case sip_method_refer: return to_refer(sip, id, request.source, extension);
        default:
            auto subscribe = to_subscribe(sip, id, request.source, extension);
            if (passed) subscribe.notifier = passed->member;
            return subscribe;
        }
    };
    auto taken = input();
    held.emplace(id.value, std::move(request));
    on_input(std::move(taken));
}

/// Whether it becomes a dialog of ours or is passed on, the engine says in its first command: then
/// it gets its transaction.
void Endpoint::Inner::take_invite(HeldRequest&& request, std::string_view extension,
                                  std::string_view trunk)
{
    const auto id = transaction_ids.next();
    const auto& sip = *request.sip;
    auto invite = to_invite(sip, id, request.source, extension);
    const auto& url = *sip.sip_request->rq_url;
    invite.to_us = url.url_type == url_tel || transports->is_ours(url.url_host);
    if (!trunk.empty()) {
        invite.trunk = trunk;
        invite.asserted = asserted_identity(sip);
    }
    invite_keys.insert(Forwarder::key_of(sip));
    invites.emplace(id.value, std::move(request));
    on_input(std::move(invite));
}

bool Endpoint::Inner::is_known_invite(const sip_t& sip)
{
    return (!invite_keys.empty() && invite_keys.contains(Forwarder::key_of(sip))) ||
           forwarder->is_repeated(sip);
}

template <class TakeUp>
void Endpoint::Inner::take_up(TransactionId id, TakeUp take_up)
{
    auto node = invites.extract(id.value);
    if (!node) return;
    invite_keys.erase(Forwarder::key_of(*node.mapped().sip));
    take_up(std::move(node.mapped()));
}

/// A request within a dialog of two phones.
bool Endpoint::Inner::passes(HeldRequest& request)
{
    auto outcome = forwarder->pass(request);
    if (outcome.notify) {
        outcome.notify->transaction = transaction_ids.next();
        held.emplace(outcome.notify->transaction.value, std::move(request));
        on_input(*std::move(outcome.notify));
        return true;
    }
    if (outcome.status != 0) refuse(request, {outcome.status, {}, outcome.headers});
    return outcome.passed || outcome.status != 0;
}

void Endpoint::Inner::pass_notify(const PassNotify& command)
{
    auto node = held.extract(command.request.value);
    if (!node) return;
    const auto outcome = forwarder->pass_notify(node.mapped(), command);
    if (!outcome.passed) refuse(node.mapped(), {outcome.status, {}, outcome.headers});
}

bool Endpoint::Inner::reply(const Reply& command)
{
    auto node = held.extract(command.transaction.value);
    if (!node) return false;
    const auto& request = node.mapped();
    std::string lines;
    lines.reserve(512);
    const auto& url = *request.sip->sip_request->rq_url;
    const auto method = request.sip->sip_request->rq_method;
    const bool makes_dialog = method == sip_method_subscribe || method == sip_method_refer;
    if (command.status < 300 && makes_dialog && !names(command.headers, "Contact"))
        append_header(lines, "Contact",
                      fmt::format("<sip:{}{}>", url.url_user ? url.url_user : "",
                                  url.url_user ? request.listener->contact_tail
                                               : request.listener->contact_tail.substr(1)));
    append_option_tags(lines, command.supported, command.required);
    append_session_timer(lines, command.session_timer);
    append_headers(lines, command.headers);
    if (command.payload) append_headers(lines, command.payload->headers);
    answer(request,
           {.status = command.status,
            .phrase = command.phrase,
            .to_tag = command.local_tag,
            .headers = lines,
            .content_type = command.payload ? std::string_view{command.payload->content_type} : "",
            .body = command.payload ? std::string_view{command.payload->body} : ""});
    return true;
}

void Endpoint::Inner::answer(const HeldRequest& request, const StatelessReply& reply)
{
    auto text = write_reply(*request.sip, reply, settings.product);
    if (request.connection) {  // through the stack's transports, which are tapped
        send_over(*request.connection, text);
        return;
    }
    if (tap) tap_answer(kept_messages, *request.sip, *request.listener, request.source, text);
    auto packet = std::make_shared<Packet>();
    packet->text = std::move(text);
    if (!request.key.empty()) repeated.answer(request.key, packet);
    datagrams.add(std::move(packet), SocketAddress::of(request.source.host, request.source.port),
                  *request.listener);
    flush_soon();
}

void Endpoint::Inner::refuse(const HeldRequest& request, const Rejection& rejection)
{
    ++counters.refused;
    answer(request,
           {.status = rejection.status, .phrase = rejection.phrase, .headers = rejection.headers});
}

void Endpoint::Inner::refuse_later(HeldRequest&& request, const Rejection& rejection,
                                   std::chrono::milliseconds delay)
{
    if (delayed.size() >= max_delayed_answers) return;
    auto text = write_reply(
        *request.sip, {.status = rejection.status, .headers = rejection.headers}, settings.product);
    request.message.reset();
    request.sip = nullptr;
    delayed.emplace(std::chrono::steady_clock::now() + delay,
                    DelayedAnswer{std::move(request), std::move(text)});
}

/// Final, so it is repeated (RFC 3261 §17.2.1), but blindly: its ACK finds no transaction. A phone
/// on TCP knows that its connection has died, and so has its INVITE.
void Endpoint::Inner::refuse_forgotten(const StoredInvite& invite)
{
    const auto* listener = transports->listener_of(invite.flow);
    if (!listener || invite.flow.transport != Transport::udp) return;
    const auto text = orphans->refusal_of(invite);
    const auto now = std::chrono::steady_clock::now();
    for (const auto after : {0 * settings.t1, settings.t1, 3 * settings.t1, 7 * settings.t1}) {
        if (delayed.size() >= max_delayed_answers) return;
        HeldRequest request;
        request.source = invite.flow;
        request.listener = listener;
        delayed.emplace(now + after, DelayedAnswer{std::move(request), text});
    }
}

void Endpoint::Inner::answer_options(const HeldRequest& request)
{
    std::string lines;
    append_header(lines, "Allow", allowed_methods);
    append_header(lines, "Accept", "application/sdp");
    append_header(lines, "Supported", "timer, 100rel, replaces, join, norefersub, path, eventlist");
    append_header(lines, "Allow-Events", allow_events() + ", refer");
    answer(request, {.status = 200, .headers = lines});
}

Endpoint::Endpoint(EventLoop& loop, EndpointSettings settings, Authenticator& authenticator,
                   OnInput on_input)
    : inner_{std::make_unique<Inner>(loop, std::move(settings), authenticator, std::move(on_input))}
{
}

Endpoint::~Endpoint() = default;

const std::vector<ListenAddress>& Endpoint::listening() const noexcept
{
    return inner_->transports->listening();
}

void Endpoint::run(SipCommand&& command)
try {
    auto& inner = *inner_;
    const auto bridge = [&](TransactionId id) {
        inner.take_up(
            id, [&](HeldRequest&& invite) { inner.calls->take_invite(id, std::move(invite)); });
    };
    std::visit(
        [&]<class Command>(Command& one) {
            if constexpr (std::is_same_v<Command, Reply>) {
                bridge(one.transaction);
                if (!inner.calls->run(one) && !inner.forwarder->run(one)) inner.reply(one);
            } else if constexpr (std::is_same_v<Command, OpenDialog>) {
                bridge(one.transaction);
                inner.calls->run(one);
            } else if constexpr (std::is_same_v<Command, ForwardInvite>) {
                inner.take_up(one.request, [&](HeldRequest&& invite) {
                    inner.forwarder->take(one.request, std::move(invite));
                });
                inner.forwarder->run(one);
            } else if constexpr (std::is_same_v<Command, ForwardResponse> ||
                                 std::is_same_v<Command, ProbeDialog>) {
                inner.forwarder->run(one);
            } else if constexpr (std::is_same_v<Command, ForwardSubscribe>) {
                if (auto node = inner.held.extract(one.request.value))
                    inner.forwarder->take(std::move(node.mapped()), one);
            } else if constexpr (std::is_same_v<Command, PassNotify>) {
                inner.pass_notify(one);
            } else if constexpr (std::is_same_v<Command, SendCancel>) {
                if (!inner.forwarder->run(one)) inner.calls->run(one);
            } else if constexpr (std::is_same_v<Command, ResolveTrunk>) {
                inner.resolver->run(one);
            } else if constexpr (std::is_same_v<Command, SendNotify>) {
                inner.notifies->send(std::move(one));
            } else if constexpr (std::is_same_v<Command, SendStandalone>) {
                inner.standalone->send(std::move(one));
            } else if constexpr (std::is_same_v<Command, ForgetNotify>) {
                inner.notifies->forget(one.subscription);
            } else if constexpr (std::is_same_v<Command, EndInvite>) {
                if (one.invite.role == LegRole::caller)
                    inner.refuse_forgotten(one.invite);
                else
                    inner.orphans->cancel(one.invite);
            } else {
                inner.calls->run(one);
            }
        },
        command);
} catch (const std::exception& error) {
    spdlog::error("SIP command not carried out: {}", error.what());
}

void Endpoint::flush()
{
    inner_->datagrams.flush();
}

void Endpoint::set_directory(DirectoryRef directory)
{
    inner_->trunk_sources.configure(directory->trunks());
    inner_->authenticator.set_directory(std::move(directory));
}

void Endpoint::refuse_new_calls(bool refuse) noexcept
{
    inner_->draining = refuse;
}

void Endpoint::keep_messages(const PartRecorded& part)
{
    inner_->kept_messages.claim(part.record, part.sip_call_id, part.extension, part.kind);
}

SipTraceRef Endpoint::messages_of(CallRecordId record) const
{
    return inner_->kept_messages.read(record);
}

const EndpointCounters& Endpoint::counters() const noexcept
{
    auto& counters = inner_->counters;
    counters.screened_out = screened_out();
    const auto& notifies = inner_->light->counters(LightKey::Kind::notify);
    counters.notifies_sent = notifies.sent;
    counters.notifies_repeated = notifies.repeated;
    counters.notifies_timed_out = notifies.timed_out;
    counters.notifies_fragmented = notifies.fragmented;
    return counters;
}

}  // namespace lampline::sip
