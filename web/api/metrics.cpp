#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

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
    const std::vector<MetricFamily> families{
        counter("lampline_calls_started_total", "Calls begun since start", now.calls_started),
        counter("lampline_calls_answered_total", "Calls answered since start", now.calls_answered),
        counter("lampline_calls_ended_total", "Calls ended since start", now.calls_ended),
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
                "NOTIFYs sent without display names or targets, to fit", now.notifies_reduced),
        counter("lampline_notifies_oversized_total",
                "NOTIFYs too large with nothing left to leave out, sent all the same",
                now.notifies_oversized),
        gauge("lampline_registrations", "Registered contacts", view.registrations.size()),
        gauge("lampline_calls", "Calls under way", view.calls.size()),
        gauge("lampline_lamps", "Pairs of a watcher's phone and a member", view.lamps.size()),
        http_answers(request.counts),
    };
    HttpResponse response{200, {}, prometheus::TextSerializer{}.Serialize(families)};
    response.fields.add("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
    return {std::move(response)};
}

}  // namespace lampline::web
