#include "exchange_thread.hpp"

#include <csignal>
#include <utility>

#include <spdlog/spdlog.h>

#include "admin/forwarding_service.hpp"
#include "admin/ring_group_service.hpp"
#include "base/log.hpp"
#include "random_tokens.hpp"

namespace lampline {
namespace {

/// A disk that is slower is not waited for.
constexpr std::chrono::milliseconds patience_at_start{1000};

/// How long the phones have to answer the last BYEs.
constexpr std::chrono::milliseconds time_for_bye{1000};

/// What becomes of a trunk is for somebody who is not there.
void log(const TrunkStatus& trunk)
{
    const bool bad = trunk.state == TrunkState::failed || trunk.state == TrunkState::unreachable;
    const auto level = bad ? spdlog::level::warn : spdlog::level::info;
    const auto* separator = trunk.last_error.empty() ? "" : ": ";
    spdlog::log(level, "trunk {} is {}{}{}", trunk.trunk, name(trunk.state), separator,
                trunk.last_error);
}

}  // namespace

template <class Move>
void ExchangeThread::step(Move move)
{
    outbox_.listened = events_ != nullptr && events_->listened();
    move(present());
    shown_.reset();
    for (const auto& event : outbox_.events)
        if (const auto* part = std::get_if<PartRecorded>(&event))
            endpoint_.keep_messages(*part);
        else if (const auto* trunk = std::get_if<TrunkChanged>(&event))
            log(trunk->status);
        else if (const auto* parked = std::get_if<ParkedInVain>(&event))
            spdlog::warn("the call parked in {} by {} has ended: nobody could be rung for it; a fallback "
                         "of the park lot (PUT /park-lot) is rung then",
                         parked->slot, parked->by);
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

ExchangeThread::ExchangeThread(const ServeSettings& settings, const std::string& domain,
                               AtStart found, db::DatabaseThread& database)
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

void ExchangeThread::run()
{
    loop_.run();
    step([&](Moment) { exchange_.save(outbox_); });
}

void ExchangeThread::publish(DirectoryRef directory, std::function<void()> applied)
{
    loop_.post([this, directory = std::move(directory), applied = std::move(applied)] {
        authenticator_.set_directory(directory);
        endpoint_.set_directory(directory);
        step([&](Moment now) { exchange_.replace_directory(directory, now, outbox_); });
        applied();
    });
}

void ExchangeThread::show(std::function<void(LiveViewRef)> answer)
{
    loop_.post([this, answer = std::move(answer)] {
        if (!shown_) shown_ = std::make_shared<const LiveView>(view());
        answer(shown_);
    });
}

void ExchangeThread::decide(RouteTest test, std::function<void(RouteExplanationRef)> answer)
{
    loop_.post([this, test = std::move(test), answer = std::move(answer)] {
        answer(std::make_shared<const RouteExplanation>(exchange_.explain_route(test, present())));
    });
}

void ExchangeThread::explain(LampQuestion question, std::function<void(LampAccountRef)> answer)
{
    loop_.post([this, question = std::move(question), answer = std::move(answer)] {
        LampAccountRef account;
        const auto take = [&](Moment now) {
            account = std::make_shared<const LampAccount>(exchange_.answer(question, now, outbox_));
        };
        if (question.resend)
            step(take);
        else
            take(present());
        answer(std::move(account));
    });
}

void ExchangeThread::carry_out(CallOrder order, std::function<void(OrderAnswerRef)> answer)
{
    loop_.post([this, order = std::move(order), answer = std::move(answer)] {
        auto done = std::make_shared<OrderAnswer>();
        const bool places = order.action == CallAction::place;
        if (draining_ && places && !exchange_.is_emergency(order.to))
            done->outcome = OrderOutcome::overloaded;
        else
            step([&](Moment now) { *done = exchange_.carry_out(order, now, outbox_); });
        answer(std::move(done));
    });
}

void ExchangeThread::show_messages(CallRecordId record, std::function<void(SipTraceRef)> answer)
{
    loop_.post(
        [this, record, answer = std::move(answer)] { answer(endpoint_.messages_of(record)); });
}

void ExchangeThread::signal(int number)
{
    if (number == SIGHUP) return reopen_log();
    loop_.post([this] { stop_once_more(); });
}

void ExchangeThread::take(SipInput&& input)
{
    inputs_.push_back(std::move(input));
    if (!std::exchange(pump_due_, true)) loop_.defer([this] { pump(); });
}

/// The only place where the arrows are joined: inputs in, commands and changes out, in order.
void ExchangeThread::pump()
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

LiveView ExchangeThread::view() const
{
    auto view = exchange_.view(present());
    view.counters.event_to_send = event_to_send_;
    view.counters.notifies_retransmitted = endpoint_.counters().notifies_repeated;
    view.counters.notifies_fragmented = endpoint_.counters().notifies_fragmented;
    return view;
}

/// The NOTIFYs that tell an event first are out.
void ExchangeThread::note_delays()
{
    if (told_.empty()) return;
    const auto now = std::chrono::steady_clock::now();
    for (const auto event_at : told_) event_to_send_.observe(now - event_at);
    told_.clear();
}

void ExchangeThread::ask(FeatureAsked asked)
{
    const FeatureSettled busy{asked.leg, 503, "Too Busy", asked.subscription};
    const bool posted = database_.post(
        [this, asked = std::move(asked)](db::Database& database) { change(asked, database); });
    if (!posted) settle(busy);
}

void ExchangeThread::change(const FeatureAsked& asked, db::Database& database)
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

void ExchangeThread::settle(FeatureSettled settled)
{
    loop_.post([this, settled = std::move(settled)] {
        step([&](Moment now) { exchange_.receive(settled, now, outbox_); });
    });
}

void ExchangeThread::stop_once_more()
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
        spdlog::info("stopping: waiting up to {} s for {} call(s) to end", drain_timeout_.count(),
                     exchange_.call_count());
    patience_ends_ = present().mono + drain_timeout_;
    set_alarm();
}

bool ExchangeThread::is_drained() const
{
    return draining_ && exchange_.call_count() == 0 && !exchange_.is_leaving_trunks();
}

void ExchangeThread::end_calls()
{
    stopping_ = true;
    patience_ends_ = present().mono + time_for_bye;
    step([&](Moment now) { exchange_.end_calls(CallsToEnd::all, now, outbox_); });
}

void ExchangeThread::wake()
{
    if (patience_ends_ && *patience_ends_ <= present().mono) {
        if (stopping_) return loop_.stop();
        end_calls();
    }
    step([&](Moment now) { exchange_.advance(now, outbox_); });
}

void ExchangeThread::set_alarm()
{
    auto next = exchange_.next_deadline();
    if (patience_ends_ && (!next || *patience_ends_ < *next)) next = patience_ends_;
    loop_.wake_at(next);
}

}  // namespace lampline
