#include "sip/endpoint_inner.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "sip/address_text.hpp"
#include "sip/authentication.hpp"
#include "sip/digest_nonce.hpp"
#include "sip/field_encoders.hpp"
#include "sip/lenient_tag.hpp"
#include "sip/lost_text.hpp"
#include "sip/strict_replaces.hpp"
#include "sip/screen.hpp"

namespace lampline::sip {
namespace {

using namespace std::chrono_literals;

constexpr auto housekeeping = 100ms;
constexpr unsigned backlog_limit_percent = 25;

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

int on_message(MessageSink* sink, nta_agent_t*, msg_t* message, sip_t* sip) noexcept
{
    sink->receive(MessageRef{message}, *sip);
    return 0;
}

}  // namespace

Endpoint::Inner::Inner(EventLoop& event_loop, EndpointSettings endpoint_settings,
                       Authenticator& digest, OnInput sink)
    : loop{event_loop}, settings{std::move(endpoint_settings)}, authenticator{digest},
      on_input{std::move(sink)}, repeated{settings.t1x64}, house_timer{loop,
                                                                       [this] { keep_house(); }}
{
    allow_tag_without_semicolon();
    refuse_malformed_replaces();
    note_lost_text();
    write_addresses_quickly();
    write_fields_quickly();
    prove_screen();
    if (settings.trace.calls > 0) tap.emplace(kept_messages);
    raise_descriptor_limit();
    // One piece of memory for a message and most of its headers, so that pages which a call keeps
    // for long are not shared with what its transactions need for half a minute.
    constexpr unsigned message_preload = 2048;
    // Bodies up to the limit must get as far as our 413 or 400; the stack refuses what is larger
    // still.
    const auto max_message = static_cast<usize_t>(settings.limits.body_bytes + 32768);
    agent.reset(nta_agent_create(
        loop.root(), reinterpret_cast<url_string_t*>(-1), on_message, this, NTATAG_UA(1),
        NTATAG_USE_NAPTR(0), NTATAG_USE_SRV(0), NTATAG_SERVER_RPORT(2), NTATAG_CLIENT_RPORT(1),
        NTATAG_TCP_RPORT(1), NTATAG_UDP_MTU(65535),
        NTATAG_MAXSIZE(max_message), NTATAG_PRELOAD(message_preload),
        NTATAG_BAD_REQ_MASK(0),  // faulty_fields.hpp
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
    orphans = std::make_unique<Orphans>(*agent, *transports, settings, on_input);
    calls = std::make_unique<CommandRunner>(
        loop, *agent, *transports, digest_client, settings, transaction_ids,
        SenderCheck{[this](const sip_t& sip, const std::string& host) {
                        auto outcome = authenticate_within_dialog(sip, host, authenticator,
                                                                  *transports, present());
                        const auto* refused = std::get_if<Refused>(&outcome);
                        if (refused && refused->challenged) ++counters.challenged;
                        return outcome;
                    },
                    [this](const Flow& source) { return !trunk_sources.find(source, "").empty(); }},
        *orphans, on_input);
    RouteKey key{};
    if (settings.route_key)
        key = *settings.route_key;
    else
        fill_with_random_bytes(key);
    forwarder =
        std::make_unique<Forwarder>(ForwarderParts{loop, *agent, *transports, datagrams, settings,
                                                   tap ? &kept_messages : nullptr, on_input,
                                                   [this] { flush_soon(); }, repeated},
                                    key);
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
    offer_datagrams_to([this](std::string_view datagram) {
        const bool taken = light->take(datagram);
        if (taken) ++counters.responses_received;
        return taken;
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
    offer_datagrams_to(nullptr);
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
    const auto& limits = settings.limits;
    transports->connections().limit_strangers(limits.strangers_of_host, limits.strangers);
    transports->refuse_connections(descriptors->exceeds(settings.limits.connections));
    const auto now = std::chrono::steady_clock::now();
    transports->connections().hasten(now);
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

/// Requests come from where the names lead; what was found last holds while none is found.
void Endpoint::Inner::take_resolved(SipInput& input)
{
    const auto& resolved = std::get<TrunkResolved>(input);
    if (!resolved.addresses.empty())
        trunk_sources.resolved(resolved.trunk, resolved_addresses(resolved.addresses));
    on_input(std::move(input));
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
                                 std::is_same_v<Command, ProbeDialog> ||
                                 std::is_same_v<Command, MovePassed>) {
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
    inner_->directory = directory;
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
