#pragma once
// The SIP thread: joins endpoint, exchange and storage.
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "at_start.hpp"
#include "sip/event_loop.hpp"
#include "web/event_hub.hpp"

namespace lampline {

/// Lives on the SIP thread; what says "any thread" may be called by others.
class ExchangeThread {
public:
    /// Takes up what the last run left. `database` must outlive it.
    /// @throws sip::CannotBind; std::exception for lost resources.
    ExchangeThread(const ServeSettings& settings, const std::string& domain, AtStart found,
                   db::DatabaseThread& database);
    /// What phones have asked of the database is settled while there is somebody to tell.
    ~ExchangeThread() { database_.stop(); }
    ExchangeThread(const ExchangeThread&) = delete;
    ExchangeThread& operator=(const ExchangeThread&) = delete;

    [[nodiscard]] const std::vector<sip::ListenAddress>& listening() const
    {
        return endpoint_.listening();
    }

    /// From the next step on, what changes goes to `events` while somebody listens there. Before
    /// run(), which `events` must outlive.
    void show_changes_to(web::EventHub& events) { events_ = &events; }

    /// Until it is stopped by signals.
    void run();

    /// Makes `directory` the one in force, then calls `applied` on the SIP thread. Any thread.
    void publish(DirectoryRef directory, std::function<void()> applied);

    /// Shows the present state; the same value again as long as nothing happened. Any thread.
    void show(std::function<void(LiveViewRef)> answer);

    /// Decides about a call without making it. Any thread.
    void decide(RouteTest test, std::function<void(RouteExplanationRef)> answer);

    /// Answers one question about one lamp. Any thread.
    void explain(LampQuestion question, std::function<void(LampAccountRef)> answer);

    /// Does something with a call, as far as that goes at once. Any thread.
    void carry_out(CallOrder order, std::function<void(OrderAnswerRef)> answer);

    /// The SIP messages kept of a call. Any thread.
    void show_messages(CallRecordId record, std::function<void(SipTraceRef)> answer);

    /// SIGTERM, SIGINT or SIGHUP. Any thread.
    void signal(int number);

private:
    void take(SipInput&& input);
    void pump();
    template <class Move>
    void step(Move move);
    void set_alarm();
    void wake();
    void note_delays();
    [[nodiscard]] LiveView view() const;
    /// Has the database thread make the change that a phone asked for.
    void ask(FeatureAsked asked);
    /// On the database thread.
    void change(const FeatureAsked& asked, db::Database& database);
    /// Any thread.
    void settle(FeatureSettled settled);
    void stop_once_more();
    void end_calls();
    /// No call is left, and the carriers know that we leave, or had their time.
    [[nodiscard]] bool is_drained() const;

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

}  // namespace lampline
