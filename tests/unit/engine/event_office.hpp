#pragma once
// An office for tests of the event packages beside `dialog`: phones are played by the test.
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "core/extension_uri.hpp"
#include "engine/event_notifier.hpp"
#include "unit/engine/collected.hpp"

namespace lampline::test {

/// A phone of `number`, the first or the second one, over UDP or a connection.
struct EventPhone {
    std::string number;
    std::uint16_t port = 5060;
    ConnectionId connection{};

    [[nodiscard]] Flow flow() const
    {
        const auto transport = connection ? Transport::tcp : Transport::udp;
        return {transport, "192.0.2." + number, port, connection, 0};
    }
    [[nodiscard]] SipUri contact() const
    {
        return SipUri::parse("sip:" + number + "@192.0.2." + number + ":" + std::to_string(port))
            .value();
    }
};

/// A call of 211 to `number`, under `caller`'s name.
inline DialogSnapshot call(const std::string& number, LegState state, std::uint64_t leg = 1,
                           const std::string& caller = {})
{
    DialogSnapshot dialog{.leg = {leg},
                          .extension = number,
                          .dialog = {"call-" + std::to_string(leg), "phone", "ours"},
                          .direction = Direction::recipient,
                          .state = state,
                          .local = {{{}, extension_uri(number, "office.test")}, {}},
                          .remote = {{caller, extension_uri("211", "office.test")}, {}}};
    dialog.call = {leg};
    return dialog;
}

/// The notifier, and what it has brought about.
class EventOffice : public Collected {
public:
    explicit EventOffice(DirectoryRef directory) : notifier{make(std::move(directory))} {}

    /// `phone` asks to be told `event` of `member`: it begins a subscription.
    [[nodiscard]] SubscribeReceived subscribe(const EventPhone& phone, EventPackage event,
                                              const std::string& member, std::uint32_t cseq) const
    {
        return {.transaction = {cseq},
                .source = phone.flow(),
                .authenticated = phone.number,
                .request_uri = extension_uri(member, "office.test"),
                .parties = {.from = {{}, extension_uri(phone.number, "office.test")},
                            .from_tag = "phone",
                            .to = {{}, extension_uri(member, "office.test")},
                            .to_tag = {}},
                .call_id = "call-" + std::to_string(cseq),
                .cseq = cseq,
                .contact = phone.contact(),
                .record_route = {},
                .event = std::string{name(event)},
                .event_params = {},
                .accept = {},
                .expires = std::chrono::seconds{3600},
                .user_agent = {}};
    }

    /// Exactly one Reply came out, as it must.
    Reply receives(const SubscribeReceived& request)
    {
        notifier->receive(request, now, outbox);
        collect();
        return only_reply();
    }
    void answers(const SendNotify& notify, unsigned status, std::chrono::seconds retry_after = {})
    {
        notifier->receive(
            NotifyAnswered{notify.subscription, notify.cseq, status, retry_after, status == 408},
            now, outbox);
        collect();
    }
    /// The next NOTIFY, which is answered.
    SendNotify acknowledged()
    {
        SendNotify notify = notified();
        answers(notify, 200);
        return notify;
    }
    void registers(const EventPhone& phone, std::uint64_t generation)
    {
        Binding binding;
        binding.aor = phone.number;
        binding.contact = phone.contact();
        binding.flow = phone.flow();
        binding.generation = generation;
        binding.expires_at = now.seconds() + std::chrono::hours{240};
        REQUIRE(locations.put(binding));
        notifier->bindings_changed(phone.number, now, outbox);
        notifier->heard(binding, now, outbox);
        collect();
    }
    /// False: it was not registered.
    bool unregisters(const EventPhone& phone)
    {
        const bool was = locations.remove(phone.number, phone.contact()).has_value();
        if (was) notifier->bindings_changed(phone.number, now, outbox);
        collect();
        return was;
    }
    void closes(ConnectionId connection)
    {
        locations.forget_connection(connection);
        notifier->receive(ConnectionClosed{connection}, now, outbox);
        collect();
    }
    void fold(const DialogSnapshot& dialog)
    {
        notifier->fold({dialog}, now, outbox);
        collect();
    }
    void configures(DirectoryRef directory)
    {
        notifier->replace_directory(std::move(directory), {}, now, outbox);
        collect();
    }
    void passes(std::chrono::milliseconds time)
    {
        now.mono += time;
        now.wall += time;
        notifier->advance(now, outbox);
        while (const auto due = pacing.take_due(now.mono)) notifier->turn_came(*due, now, outbox);
        collect();
    }
    /// Killed, and started again with what is stored.
    void crashes(DirectoryRef directory)
    {
        notifier = make(std::move(directory));
        notifier->restore(kept(), now, outbox);
        collect();
    }
    [[nodiscard]] std::vector<LiveSubscription> subscriptions() const
    {
        LiveView view;
        notifier->describe(view);
        return view.subscriptions;
    }

    Moment now{std::chrono::steady_clock::time_point{} + std::chrono::hours{1},
               std::chrono::sys_days{std::chrono::year{2024} / 5 / 6}};
    Outbox outbox;
    LocationTable locations;
    std::uint64_t tokens = 0;
    Publications publications{{}, [this] { return "p" + std::to_string(++tokens); }};
    NotifyPacing pacing;
    std::unique_ptr<EventNotifier> notifier;
    std::deque<FeatureAsked> asked;

    void collect()
    {
        notifier->finish_step(now, outbox);
        take(outbox);
        for (auto& feature : outbox.asked) asked.push_back(std::move(feature));
        outbox = {};
    }

private:
    std::unique_ptr<EventNotifier> make(DirectoryRef directory)
    {
        return std::make_unique<EventNotifier>(
            EventSettings{}, [this] { return "t" + std::to_string(++tokens); },
            std::move(directory), locations, publications, pacing);
    }
};

}  // namespace lampline::test
