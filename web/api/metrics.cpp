#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <limits>
#include <map>

#include "web/api/request.hpp"

namespace lampline::web {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

MetricFamily family(std::string name, std::string help, MetricType type)
{
    MetricFamily family;
    family.name = std::move(name);
    family.help = std::move(help);
    family.type = type;
    return family;
}

MetricFamily counter(std::string name, std::string help, std::uint64_t value)
{
    auto one = family(std::move(name), std::move(help), MetricType::Counter);
    one.metric.emplace_back().counter.value = static_cast<double>(value);
    return one;
}

MetricFamily gauge(std::string name, std::string help, std::size_t value)
{
    auto one = family(std::move(name), std::move(help), MetricType::Gauge);
    one.metric.emplace_back().gauge.value = static_cast<double>(value);
    return one;
}

/// One metric of a family with a label.
void add(MetricFamily& family, std::initializer_list<ClientMetric::Label> labels, double value)
{
    auto& metric = family.metric.emplace_back();
    metric.label = labels;
    (family.type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
}

MetricFamily histogram(std::string name, std::string help, const DelayHistogram& delays)
{
    auto one = family(std::move(name), std::move(help), MetricType::Histogram);
    auto& shown = one.metric.emplace_back().histogram;
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < DelayHistogram::bounds.size(); ++i)
        shown.bucket.push_back({below += delays.count(i), DelayHistogram::bounds[i]});
    shown.bucket.push_back({delays.total(), std::numeric_limits<double>::infinity()});
    shown.sample_count = delays.total();
    shown.sample_sum = delays.sum();
    return one;
}

MetricFamily notify_answers(const IndicationCounters& counters)
{
    auto answers =
        family("lampline_notify_answers_total",
               "Final answers to NOTIFYs by class; none: nobody answered", MetricType::Counter);
    for (std::size_t i = 0; i < counters.notify_answers.size(); ++i) {
        if (i == 1) continue;
        const auto word = i == 0 ? std::string{"none"} : std::to_string(i) + "xx";
        add(answers, {{"class", word}}, static_cast<double>(counters.notify_answers[i]));
    }
    return answers;
}

/// The NOTIFYs that are not settled: under way, waiting for a retry, and newer states behind them.
MetricFamily notify_queue(const LiveView& view)
{
    double under_way = 0;
    double waiting = 0;
    double owed = 0;
    const auto count = [&](const auto& told) {
        for (const auto& one : told) {
            under_way += one.under_way;
            waiting += one.waiting;
            owed += one.owed && !one.waiting;
        }
    };
    count(view.lamps);
    count(view.subscriptions);
    auto queue =
        family("lampline_notify_queue",
               "Lamps and subscriptions to other packages with a NOTIFY under way, waiting "
               "to be sent again after a failure, or owed: behind one under way",
               MetricType::Gauge);
    add(queue, {{"state", "under_way"}}, under_way);
    add(queue, {{"state", "waiting"}}, waiting);
    add(queue, {{"state", "owed"}}, owed);
    return queue;
}

MetricFamily subscriptions(const std::vector<LiveLamp>& lamps)
{
    std::map<std::pair<std::string, std::string>, double> counts;
    for (const auto& lamp : lamps) ++counts[{lamp.kind, lamp.profile}];
    auto all =
        family("lampline_subscriptions", "Lamps by kind and body profile", MetricType::Gauge);
    for (const auto& [key, count] : counts)
        add(all, {{"kind", key.first}, {"profile", key.second}}, count);
    return all;
}

MetricFamily event_subscriptions(const LiveView& view)
{
    std::map<std::string, double> counts{{"dialog", static_cast<double>(view.lamps.size())}};
    for (const auto& [package, counters] : view.events) counts[package] = 0;
    for (const auto& one : view.subscriptions) ++counts[one.package];
    auto all = family("lampline_event_subscriptions", "Phones that are told, by event package",
                      MetricType::Gauge);
    for (const auto& [package, count] : counts) add(all, {{"package", package}}, count);
    return all;
}

MetricFamily event_notifies(const LiveView& view)
{
    auto all = family("lampline_event_notifies_total",
                      "NOTIFYs of the event packages beside dialog: sent, answered 2xx, failed, "
                      "retried later, refused so that the subscription ended",
                      MetricType::Counter);
    for (const auto& [package, counters] : view.events)
        for (const auto& [result, count] : {std::pair{"sent", counters.sent},
                                            {"answered", counters.answered},
                                            {"failed", counters.failed},
                                            {"retried", counters.retried},
                                            {"refused", counters.refused}})
            add(all, {{"package", package}, {"result", result}}, static_cast<double>(count));
    return all;
}

MetricFamily large_event_notifies(const LiveView& view)
{
    auto all =
        family("lampline_event_notifies_large_total",
               "NOTIFYs of the event packages beside dialog that are too large for UDP: sent "
               "over a connection, with less detail, or as they are",
               MetricType::Counter);
    for (const auto& [package, counters] : view.events)
        for (const auto& [sent, count] : {std::pair{"by_connection", counters.by_connection},
                                          {"reduced", counters.reduced},
                                          {"oversized", counters.oversized}})
            add(all, {{"package", package}, {"sent", sent}}, static_cast<double>(count));
    return all;
}

MetricFamily reachability(const std::vector<Binding>& bindings)
{
    std::array<double, 3> counts{};
    for (const auto& binding : bindings) ++counts[static_cast<std::size_t>(binding.reach.state)];
    auto all = family("lampline_contacts",
                      "Registered contacts, by whether they answer OPTIONS; unknown: not asked yet",
                      MetricType::Gauge);
    constexpr std::array words{"unknown", "reachable", "unreachable"};
    for (std::size_t i = 0; i < words.size(); ++i) add(all, {{"state", words[i]}}, counts[i]);
    return all;
}

MetricFamily messages(const LiveCounters& counters)
{
    auto all = family("lampline_messages_total", "MESSAGEs outside a dialog, by their answer",
                      MetricType::Counter);
    add(all, {{"result", "accepted"}}, static_cast<double>(counters.messages_accepted));
    add(all, {{"result", "refused"}}, static_cast<double>(counters.messages_refused));
    return all;
}

MetricFamily calls_refused(const LiveCounters& counters)
{
    auto all = family("lampline_calls_refused_total",
                      "INVITEs refused or redirected before they became calls, by status; not those "
                      "without credentials, malformed, shed under load, or for an appearance that "
                      "another phone has",
                      MetricType::Counter);
    for (const auto& [status, count] : counters.calls_refused)
        add(all, {{"code", std::to_string(status)}}, static_cast<double>(count));
    return all;
}

/// One row for each trunk and state, 1 for the one it is in.
MetricFamily trunks(const std::vector<TrunkStatus>& all)
{
    auto states =
        family("lampline_trunk_state", "1 for the state that a trunk is in", MetricType::Gauge);
    using enum TrunkState;
    for (const auto& trunk : all)
        for (const auto state : {disabled, starting, registered, available, failed, unreachable})
            add(states, {{"trunk", trunk.trunk}, {"state", std::string{name(state)}}},
                trunk.state == state ? 1 : 0);
    return states;
}

MetricFamily http_answers(const StatusCounts& counts)
{
    auto answers =
        family("lampline_http_responses_total", "Answers by status", MetricType::Counter);
    counts.for_each([&](unsigned status, std::uint64_t count) {
        ClientMetric metric;
        metric.label.push_back({"status", std::to_string(status)});
        metric.counter.value = static_cast<double>(count);
        answers.metric.push_back(std::move(metric));
    });
    return answers;
}

}  // namespace

ApiAnswer get_metrics(const ApiRequest& request)
{
    const auto& view = *request.live;
    const auto& now = view.counters;
    const auto events = request.events.counters();
    const std::vector<MetricFamily> families{
        counter("lampline_calls_started_total",
                "Calls begun since start; what was refused before is in lampline_calls_refused_total",
                now.calls_started),
        counter("lampline_calls_answered_total", "Calls answered since start", now.calls_answered),
        counter("lampline_calls_ended_total", "Calls ended since start, of those begun",
                now.calls_ended),
        calls_refused(now),
        counter("lampline_registers_total", "REGISTERs accepted since start", now.registrations),
        counter("lampline_subscriptions_started_total", "Subscriptions begun since start",
                now.subscriptions_started),
        counter("lampline_notifies_sent_total", "NOTIFYs sent since start", now.notifies_sent),
        counter("lampline_notifies_answered_total", "NOTIFYs answered 2xx since start",
                now.notifies_answered),
        counter("lampline_notifies_failed_total", "NOTIFYs refused or unanswered since start",
                now.notifies_failed),
        counter("lampline_notifies_by_connection_total",
                "NOTIFYs too large for UDP, sent over a TCP connection of the phone",
                now.notifies_by_connection),
        counter("lampline_notifies_reduced_total",
                "NOTIFYs sent without display names, targets, or further phones that ring, to fit",
                now.notifies_reduced),
        counter("lampline_notifies_oversized_total",
                "NOTIFYs too large with nothing left to leave out, sent all the same",
                now.notifies_oversized),
        counter("lampline_notifies_fragmented_total",
                "NOTIFYs of all event packages that left over UDP in fragments",
                now.notifies_fragmented),
        counter("lampline_notifies_retried_total",
                "NOTIFYs sent again later because the one before failed", now.notifies_retried),
        counter("lampline_notifies_refused_total", "NOTIFYs answered so that the lamp ended",
                now.notifies_refused),
        counter("lampline_notifies_retransmitted_total",
                "Repetitions of NOTIFYs within their transactions", now.notifies_retransmitted),
        notify_answers(now),
        notify_queue(view),
        histogram("lampline_event_to_notify_seconds",
                  "From a call's event to the first NOTIFY that tells it, by lamp",
                  now.event_to_send),
        histogram("lampline_event_to_answer_seconds",
                  "From a call's event to the 2xx that acknowledges it, by lamp",
                  now.event_to_answer),
        subscriptions(view.lamps),
        gauge("lampline_lamp_ends",
              "Lamps, lists and packages that were ended, of which their phones have not heard",
              view.lamp_ends),
        event_subscriptions(view),
        gauge("lampline_publications", "Event states published by phones and programs",
              view.publications),
        event_notifies(view),
        large_event_notifies(view),
        gauge("lampline_event_streams", "Streams of server-sent events", events.streams),
        counter("lampline_event_streams_opened_total", "Streams opened since start",
                events.streams_opened),
        counter("lampline_event_streams_refused_total", "Streams beyond the limit",
                events.streams_refused),
        counter("lampline_events_total", "Changes shown to streams since start", events.events),
        counter("lampline_event_resets_total", "Streams that could not go on where they were",
                events.resets),
        gauge("lampline_registrations", "Registered contacts", view.registrations.size()),
        reachability(view.registrations),
        counter("lampline_qualifies_sent_total", "OPTIONS to registered phones since start",
                now.qualifies_sent),
        counter("lampline_qualifies_unanswered_total", "Those that nobody answered",
                now.qualifies_unanswered),
        messages(now),
        trunks(view.trunks),
        gauge("lampline_calls", "Calls under way", view.calls.size()),
        gauge("lampline_lamps", "Pairs of a watcher's phone and a member", view.lamps.size()),
        http_answers(request.counts),
    };
    HttpResponse response{200, {}, prometheus::TextSerializer{}.Serialize(families)};
    response.fields.add("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
    return {std::move(response)};
}

}  // namespace lampline::web
