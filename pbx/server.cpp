#include "server.hpp"

#include <fmt/format.h>
#include <pthread.h>
#include <spdlog/spdlog.h>

#include <csignal>
#include <cstdio>
#include <set>
#include <system_error>
#include <thread>

#include "admin/forwarding_service.hpp"
#include "admin/ring_group_service.hpp"
#include "base/exit_code.hpp"
#include "base/log.hpp"
#include "db/audit_store.hpp"
#include "db/binding_store.hpp"
#include "db/call_log_store.hpp"
#include "db/call_store.hpp"
#include "db/database_thread.hpp"
#include "db/directory_loader.hpp"
#include "db/folder_lock.hpp"
#include "db/outside_day_store.hpp"
#include "db/ring_group_store.hpp"
#include "db/route_key.hpp"
#include "db/subscription_store.hpp"
#include "db/turn_store.hpp"
#include "engine/exchange.hpp"
#include "random_tokens.hpp"
#include "sip/digest.hpp"
#include "sip/endpoint.hpp"
#include "sip/event_loop.hpp"
#include "web/event_hub.hpp"
#include "web/server.hpp"

namespace lampline {
namespace {

sigset_t awaited_signals()
{
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, signal);
    return set;
}

/// Waits for signals on a thread of its own and hands each to `on_signal`, on that thread.
class SignalThread {
public:
    explicit SignalThread(std::function<void(int)> on_signal)
        : thread_{[this, handle = std::move(on_signal)] {
              const auto set = awaited_signals();
              int signal = 0;
              while (sigwait(&set, &signal) == 0 && !done_) handle(signal);
          }}
    {
    }
    SignalThread(const SignalThread&) = delete;
    SignalThread& operator=(const SignalThread&) = delete;
    ~SignalThread()
    {
        done_ = true;
        pthread_kill(thread_.native_handle(), SIGTERM);
        thread_.join();
    }

private:
    std::atomic<bool> done_{false};
    std::thread thread_;
};

struct AtStart {
    DirectoryRef directory;
    Kept kept;
    std::vector<CallRef> damaged_calls;
    std::array<unsigned char, 16> route_key{};
};

/// Whose last talk decides in ring groups.
std::vector<std::string> members_by_idleness(db::Database& database)
{
    std::set<std::string> members;
    for (const auto& row : db::RingGroupStore{database}.all())
        if (row.group.strategy == RingStrategy::longest_idle)
            for (const auto& member : row.group.members) members.insert(member.number);
    return {members.begin(), members.end()};
}

AtStart read_database(db::Database& database)
{
    auto calls = db::CallStore{database}.all();
    auto directory = db::load_directory(database);
    auto talked = db::CallLogStore{database}.by_last_talk(members_by_idleness(database));
    return {std::move(directory),
            {db::BindingStore{database}.all(), db::SubscriptionStore{database}.all(),
             std::move(calls.calls), std::move(calls.ringing), db::TurnStore{database}.all(),
             std::move(talked), db::OutsideDayStore{database}.latest()},
            std::move(calls.damaged),
            db::route_key(database)};
}

sip::EndpointSettings endpoint_settings(const ServeSettings& settings, const std::string& domain,
                                        const AtStart& found)
{
    sip::EndpointSettings result;
    result.domain = domain;
    result.route_key = found.route_key;
    result.product = "Lampline/" LAMPLINE_VERSION;
    for (const auto& listener : settings.sip)
        result.listen.push_back(
            {listener.protocol == ListenProtocol::udp ? Transport::udp : Transport::tcp,
             listener.address.host, listener.address.port});
    result.trace = {settings.trace_calls, settings.trace_kilobytes * 1024};
    result.resolver.server = settings.resolver;
    result.resolver.random = random_numbers();
    return result;
}

/// Removes calls from the log, and changes from the audit, once there are more than the settings
/// say.
db::DatabaseChore pruning(const ServeSettings& settings)
{
    constexpr std::size_t step = 200;
    const db::CallLogLimits limits{std::chrono::days{settings.call_log_days},
                                   settings.call_log_rows};
    const db::AuditLimits audit{std::chrono::days{settings.audit_days}, settings.audit_rows};
    return [limits, audit](db::Database& database) {
        const auto now = present();
        const auto calls = db::CallLogStore{database}.prune(limits, now.wall, step);
        const auto changes = db::AuditStore{database}.prune(audit, now.seconds(), step);
        return calls == step || changes == step;
    };
}

std::vector<std::string> own_hosts(const ServeSettings& settings)
{
    std::vector<std::string> hosts;
    for (const auto& listener : settings.sip) hosts.push_back(listener.address.host);
    return hosts;
}

sip::AuthenticatorSettings authenticator_settings(const ServeSettings& settings)
{
    using enum sip::DigestAlgorithm;
    sip::AuthenticatorSettings result;
    result.nonce_lifetime = settings.nonce_lifetime;
    switch (settings.digest) {
    case DigestOffer::md5_and_sha256: result.algorithms = {md5, sha256}; break;
    case DigestOffer::sha256_and_md5: result.algorithms = {sha256, md5}; break;
    case DigestOffer::md5: result.algorithms = {md5}; break;
    case DigestOffer::sha256: result.algorithms = {sha256}; break;
    }
    return result;
}

/// What becomes of a trunk is for somebody who is not there.
void log(const TrunkStatus& trunk)
{
    const bool bad = trunk.state == TrunkState::failed || trunk.state == TrunkState::unreachable;
    const auto level = bad ? spdlog::level::warn : spdlog::level::info;
    const auto* separator = trunk.last_error.empty() ? "" : ": ";
    spdlog::log(level, "trunk {} is {}{}{}", trunk.trunk, name(trunk.state), separator,
                trunk.last_error);
}

ExchangeSettings exchange_settings(const ServeSettings& settings)
{
    return {
        .registrar = {settings.min_expires, settings.default_expires, settings.max_expires},
        .calls = {.ring_timeout = settings.ring_timeout,
                  .session_expires = settings.session_expires,
                  .min_session_expires = settings.min_se,
                  .probe_interval = settings.probe_interval,
                  .hosts = own_hosts(settings),
                  .random = random_numbers()},
        .indications = {.min_expires = settings.min_expires,
                        .default_expires = settings.default_expires,
                        .max_expires = settings.max_expires},
        .events = {{settings.min_expires, settings.default_expires, settings.max_expires}},
        .qualify = {.interval = settings.qualify_interval,
                    .misses = static_cast<unsigned>(settings.qualify_misses),
                    .random = random_numbers()},
        .trunks = {.misses = static_cast<unsigned>(settings.qualify_misses),
                   .random = random_numbers()},
    };
}

/// Joins the floors. Lives on the SIP thread; publish(), show() and signal() may be called by
/// others.
class Server {
public:
    Server(const ServeSettings& settings, const std::string& domain, AtStart found,
           db::DatabaseThread& database)
        : drain_timeout_{settings.drain_timeout}, database_{database},
          authenticator_{authenticator_settings(settings), found.directory},
          endpoint_{loop_, endpoint_settings(settings, domain, found), authenticator_,
                    [this](SipInput&& input) { take(std::move(input)); }},
          exchange_{exchange_settings(settings), random_tokens(), found.directory}
    {
        endpoint_.set_directory(found.directory);
        loop_.on_wake([this] { wake(); });
        for (const auto damaged : found.damaged_calls) outbox_.store(CallRemoved{damaged});
        exchange_.restore(std::move(found.kept), present(), outbox_);
        // Numbers are reserved ahead, but these are used now: first to disk, lest another crash
        // uses them twice.
        database_.write_behind(std::exchange(outbox_.storage, {}));
        database_.flush(patience_at_start);
        step([](Moment) {});
        if (exchange_.call_count() > 0)
            spdlog::info("{} call(s) of the last run go on", exchange_.call_count());
    }

    /// What phones have asked of the database is settled while there is somebody to tell.
    ~Server() { database_.stop(); }
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    [[nodiscard]] const std::vector<sip::ListenAddress>& listening() const
    {
        return endpoint_.listening();
    }

    /// Until it is stopped by signals.
    void run()
    {
        loop_.run();
        step([&](Moment) { exchange_.save(outbox_); });
    }

    /// Makes `directory` the one in force, then calls `applied` on the SIP thread. Any thread.
    void publish(DirectoryRef directory, std::function<void()> applied)
    {
        loop_.post([this, directory = std::move(directory), applied = std::move(applied)] {
            authenticator_.set_directory(directory);
            endpoint_.set_directory(directory);
            step([&](Moment now) { exchange_.replace_directory(directory, now, outbox_); });
            applied();
        });
    }

    /// Shows the present state; the same value again as long as nothing happened. Any thread.
    void show(std::function<void(LiveViewRef)> answer)
    {
        loop_.post([this, answer = std::move(answer)] {
            if (!shown_) shown_ = std::make_shared<const LiveView>(view());
            answer(shown_);
        });
    }

    /// Decides about a call without making it. Any thread.
    void decide(RouteTest test, std::function<void(RouteExplanationRef)> answer)
    {
        loop_.post([this, test = std::move(test), answer = std::move(answer)] {
            answer(std::make_shared<const RouteExplanation>(exchange_.explain_route(test)));
        });
    }

    /// Answers one question about one lamp. Any thread.
    void explain(LampQuestion question, std::function<void(LampAccountRef)> answer)
    {
        loop_.post([this, question = std::move(question), answer = std::move(answer)] {
            LampAccountRef account;
            const auto take = [&](Moment now) {
                account =
                    std::make_shared<const LampAccount>(exchange_.answer(question, now, outbox_));
            };
            if (question.resend)
                step(take);
            else
                take(present());
            answer(std::move(account));
        });
    }

    /// Does something with a call, as far as that goes at once. Any thread.
    void carry_out(CallOrder order, std::function<void(OrderAnswerRef)> answer)
    {
        loop_.post([this, order = std::move(order), answer = std::move(answer)] {
            auto done = std::make_shared<OrderAnswer>();
            if (draining_ && order.action == CallAction::place)
                done->outcome = OrderOutcome::overloaded;
            else
                step([&](Moment now) { *done = exchange_.carry_out(order, now, outbox_); });
            answer(std::move(done));
        });
    }

    /// From the next step on, what changes goes to `events` while somebody listens there. Before
    /// run(), which `events` must outlive.
    void show_changes_to(web::EventHub& events) { events_ = &events; }

    /// The SIP messages kept of a call. Any thread.
    void show_messages(CallRecordId record, std::function<void(SipTraceRef)> answer)
    {
        loop_.post(
            [this, record, answer = std::move(answer)] { answer(endpoint_.messages_of(record)); });
    }

    /// SIGTERM, SIGINT or SIGHUP. Any thread.
    void signal(int number)
    {
        if (number == SIGHUP) return reopen_log();
        loop_.post([this] { stop_once_more(); });
    }

private:
    void take(SipInput&& input)
    {
        inputs_.push_back(std::move(input));
        if (!std::exchange(pump_due_, true)) loop_.defer([this] { pump(); });
    }

    /// The only place where the arrows are joined: inputs in, commands and changes out, in order.
    void pump()
    {
        step([&](Moment now) {
            for (std::size_t i = 0; i < inputs_.size(); ++i) {
                const auto input = std::move(inputs_[i]);
                exchange_.receive(input, now, outbox_);
            }
            inputs_.clear();
            pump_due_ = false;
        });
    }

    [[nodiscard]] LiveView view() const
    {
        auto view = exchange_.view(present());
        view.counters.event_to_send = event_to_send_;
        view.counters.notifies_retransmitted = endpoint_.counters().notifies_repeated;
        return view;
    }

    template <class Move>
    void step(Move move)
    {
        outbox_.listened = events_ != nullptr && events_->listened();
        move(present());
        shown_.reset();
        for (const auto& event : outbox_.events)
            if (const auto* part = std::get_if<PartRecorded>(&event))
                endpoint_.keep_messages(*part);
            else if (const auto* trunk = std::get_if<TrunkChanged>(&event))
                log(trunk->status);
        commands_.swap(outbox_.commands);
        for (auto& command : commands_) {
            if (const auto* notify = std::get_if<SendNotify>(&command); notify && notify->event_at)
                told_.push_back(*notify->event_at);
            endpoint_.run(std::move(command));
        }
        commands_.clear();
        endpoint_.flush();
        note_delays();
        if (!outbox_.shown.empty()) events_->publish(std::exchange(outbox_.shown, {}));
        if (!outbox_.storage.empty()) database_.write_behind(std::exchange(outbox_.storage, {}));
        outbox_.events.clear();
        for (auto& asked : std::exchange(outbox_.asked, {})) ask(std::move(asked));
        set_alarm();
        if (is_drained()) loop_.stop();
    }

    /// Has the database thread make the change that a phone asked for.
    void ask(FeatureAsked asked)
    {
        const FeatureSettled busy{asked.leg, 503, "Too Busy", asked.subscription};
        const bool posted = database_.post(
            [this, asked = std::move(asked)](db::Database& database) { change(asked, database); });
        if (!posted) settle(busy);
    }

    /// On the database thread.
    void change(const FeatureAsked& asked, db::Database& database)
    {
        const auto answer = [this, asked](unsigned status, std::string phrase) {
            settle({asked.leg, status, std::move(phrase), asked.subscription});
        };
        try {
            const auto now = present().seconds();
            auto changed = is_about_ring_groups(asked.dialled.feature)
                               ? admin::RingGroupService{database}.change(asked, now)
                               : admin::ForwardingService{database}.change(asked, now);
            if (!changed) {
                const auto& faults = changed.error().faults;
                return answer(403, faults.empty() ? "Not Possible" : faults[0].message);
            }
            auto done = [answer, asked] { answer(200, confirmation(asked.dialled)); };
            if (changed->directory)
                publish(std::move(changed->directory), std::move(done));
            else
                done();
        } catch (const std::exception& failure) {
            spdlog::error("{} asked for by {} is not saved: {}", name(asked.dialled.feature),
                          asked.extension, failure.what());
            answer(500, "Not Saved");
        }
    }

    /// Any thread.
    void settle(FeatureSettled settled)
    {
        loop_.post([this, settled = std::move(settled)] {
            step([&](Moment now) { exchange_.receive(settled, now, outbox_); });
        });
    }

    /// The NOTIFYs that tell an event first are out.
    void note_delays()
    {
        if (told_.empty()) return;
        const auto now = std::chrono::steady_clock::now();
        for (const auto event_at : told_) event_to_send_.observe(now - event_at);
        told_.clear();
    }

    void stop_once_more()
    {
        if (stopping_) return loop_.stop();  // the last BYEs are out already
        if (draining_) {
            // Whoever cannot wait restarts us soon: phones that talk are left to the next run.
            step([&](Moment now) { exchange_.end_calls(CallsToEnd::ringing, now, outbox_); });
            return loop_.stop();
        }
        draining_ = true;
        endpoint_.refuse_new_calls(true);
        step([&](Moment) { exchange_.leave_trunks(outbox_); });
        if (is_drained()) return;
        if (exchange_.call_count() > 0)
            spdlog::info("stopping: waiting up to {} s for {} call(s) to end",
                         drain_timeout_.count(), exchange_.call_count());
        patience_ends_ = present().mono + drain_timeout_;
        set_alarm();
    }

    /// No call is left, and the carriers know that we leave, or had their time.
    [[nodiscard]] bool is_drained() const
    {
        return draining_ && exchange_.call_count() == 0 && !exchange_.is_leaving_trunks();
    }

    void end_calls()
    {
        stopping_ = true;
        patience_ends_ = present().mono + time_for_bye;
        step([&](Moment now) { exchange_.end_calls(CallsToEnd::all, now, outbox_); });
    }

    void wake()
    {
        if (patience_ends_ && *patience_ends_ <= present().mono) {
            if (stopping_) return loop_.stop();
            end_calls();
        }
        step([&](Moment now) { exchange_.advance(now, outbox_); });
    }

    void set_alarm()
    {
        auto next = exchange_.next_deadline();
        if (patience_ends_ && (!next || *patience_ends_ < *next)) next = patience_ends_;
        loop_.wake_at(next);
    }

    /// A disk that is slower is not waited for.
    static constexpr std::chrono::milliseconds patience_at_start{1000};

    /// How long the phones have to answer the last BYEs.
    static constexpr std::chrono::milliseconds time_for_bye{1000};

    const std::chrono::seconds drain_timeout_;
    db::DatabaseThread& database_;
    sip::EventLoop loop_;
    sip::Authenticator authenticator_;
    sip::Endpoint endpoint_;
    Exchange exchange_;
    std::vector<SipInput> inputs_;
    std::vector<SipCommand> commands_;
    Outbox outbox_;
    LiveViewRef shown_;
    web::EventHub* events_ = nullptr;
    std::vector<std::chrono::steady_clock::time_point> told_;  // events that this step tells first
    DelayHistogram event_to_send_;
    bool pump_due_ = false;
    bool draining_ = false;
    bool stopping_ = false;
    std::optional<std::chrono::steady_clock::time_point> patience_ends_;
};

}  // namespace

void hold_signals()
{
    const auto set = awaited_signals();
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

int serve(const ServeSettings& settings)
try {
    std::filesystem::create_directories(settings.data_directory);
    const db::FolderLock lock{settings.data_directory};
    auto database = std::make_unique<db::Database>(settings.database_file(), settings.domain);
    const auto domain = database->domain();
    auto found = read_database(*database);
    const auto directory_size = found.directory->extension_count();
    db::DatabaseThread database_thread{std::move(database), {.chore = pruning(settings)}};

    Server server{settings, domain, std::move(found), database_thread};
    web::Server web_server{
        {.address = settings.http.host, .port = settings.http.port},
        database_thread,
        {.publish =
             [&](DirectoryRef directory, std::function<void()> applied) {
                 server.publish(std::move(directory), std::move(applied));
             },
         .view = [&](std::function<void(LiveViewRef)> answer) { server.show(std::move(answer)); },
         .lamp =
             [&](LampQuestion question, std::function<void(LampAccountRef)> answer) {
                 server.explain(std::move(question), std::move(answer));
             },
         .route =
             [&](RouteTest test, std::function<void(RouteExplanationRef)> answer) {
                 server.decide(std::move(test), std::move(answer));
             },
         .order =
             [&](CallOrder order, std::function<void(OrderAnswerRef)> answer) {
                 server.carry_out(std::move(order), std::move(answer));
             },
         .messages =
             [&](CallRecordId record, std::function<void(SipTraceRef)> answer) {
                 server.show_messages(record, std::move(answer));
             }}};
    server.show_changes_to(web_server.events());
    web_server.start();
    const SignalThread signals{[&](int number) { server.signal(number); }};

    const auto bracketed = [](const std::string& host) {
        return host.find(':') == std::string::npos ? host : '[' + host + ']';
    };
    for (const auto& address : server.listening())
        fmt::print("listening sip {} {}:{}\n", name(address.transport), bracketed(address.host),
                   address.port);
    fmt::print("listening http {}:{}\n", bracketed(settings.http.host), web_server.port());
    std::fflush(stdout);
    spdlog::info("{} is open: {} extensions", domain, directory_size);

    server.run();
    spdlog::info("stopped");
    return static_cast<int>(ExitCode::ok);
} catch (const std::filesystem::filesystem_error&) {
    throw;  // a system_error too, but of the data folder
} catch (const sip::CannotBind& error) {
    fmt::print(stderr, "lampline: {}\n", error.what());
    return static_cast<int>(ExitCode::cannot_bind);
} catch (const std::system_error& error) {
    fmt::print(stderr, "lampline: {}\n", error.what());
    return static_cast<int>(ExitCode::cannot_bind);
}

}  // namespace lampline
