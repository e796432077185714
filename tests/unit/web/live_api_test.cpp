#include <doctest/doctest.h>

#include "unit/db/stored_values.hpp"
#include "unit/web/http_client.hpp"

using namespace lampline;
using namespace lampline::testing;

namespace {

std::chrono::system_clock::time_point millis(long count)
{
    return std::chrono::system_clock::time_point{std::chrono::milliseconds{count}};
}

LiveViewRef busy_office()
{
    LiveView view;
    view.registrations = {full_binding("207"), full_binding("201")};
    view.registrations[0].reach = {Reach::State::unreachable, std::chrono::microseconds{12'500},
                                   millis(1'700'000'000'500)};
    LiveCall call;
    call.id = "c1";
    call.log_id = "7001";
    call.from = "207";
    call.dialled = "211";
    call.started_at = millis(1'700'000'000'123);
    call.legs = {{"caller", "207", {}, {}, "confirmed", "a@b", "udp:192.0.2.7:5060", false},
                 {"callee", {}, "+43664", "line", "early", "c@d", "udp:192.0.2.8:5060", true}};
    view.calls = {call};
    LiveLamp lamp;
    lamp.watcher = "201";
    lamp.member = "207";
    lamp.kind = "subscribed";
    lamp.contact = "sip:201@192.0.2.1";
    lamp.profile = "standard";
    lamp.state = "confirmed";
    lamp.colour = LampColour::flashing;
    lamp.since = millis(1'700'000'000'500);
    lamp.agrees = false;
    lamp.transport = Transport::tcp;
    lamp.bytes = 333;
    lamp.version = 9;
    lamp.cseq = 12;
    lamp.sent_at = millis(1'700'000'001'000);
    lamp.expires_at = at(1'700'003'600);
    view.lamps = {lamp, lamp};
    view.lamps[1].member = "211";
    view.lamps[1].answer = 200;
    view.counters.notifies_sent = 4711;
    return std::make_shared<const LiveView>(std::move(view));
}

}  // namespace

TEST_CASE("registrations: who is reached where, and until when")
{
    WebOffice office;
    office.live = busy_office();
    const auto page = json_of(office.get("/api/v1/registrations"));
    CHECK(page.at("total") == 2);
    CHECK(page.at("items").at(1) == boost::json::parse(R"({
        "extension":"207","contact":"sip:207@phone.test:5062;transport=tcp;line=x7",
        "transport":"tcp","address":"[2001:db8::7]:5062",
        "path":["<sip:edge.test;lr>","<sip:core.test;lr>"],"q":0.7,"user_agent":"snom\"370",
        "instance":"<urn:uuid:1>","reachable":false,"round_trip_ms":12.5,
        "reachable_since":"2023-11-14T22:13:20.500Z","expires_at":"1970-01-01T01:23:20Z",
        "registered_at":"1970-01-01T00:16:40Z"})"));
    CHECK(page.at("items").at(0).at("reachable").is_null());
    CHECK(page.at("items").at(0).at("round_trip_ms").is_null());
    CHECK(json_of(office.get("/api/v1/registrations?extension=201")).at("total") == 1);
    CHECK(json_of(office.get("/api/v1/registrations?q=SNOM")).at("total") == 2);
}

TEST_CASE("the longest contact that a phone can register fits into a cursor")
{
    WebOffice office;
    LiveView view;
    for (const auto* aor : {"201", "207"}) {
        view.registrations.push_back(full_binding(aor));
        view.registrations.back().contact.params = ";x=" + std::string(980, 'y');
    }
    office.live = std::make_shared<const LiveView>(std::move(view));
    const auto first = json_of(office.get("/api/v1/registrations?limit=1"));
    const auto cursor = boost::json::value_to<std::string>(first.at("next_cursor"));
    const auto second = office.get("/api/v1/registrations?limit=1&cursor=" + cursor);
    REQUIRE(second.status == 200);
    CHECK(json_of(second).at("items").at(0).at("extension") == "207");
}

TEST_CASE("calls: their legs and states")
{
    WebOffice office;
    office.live = busy_office();
    const auto page = json_of(office.get("/api/v1/calls"));
    CHECK(page.at("items").at(0) == boost::json::parse(R"({
        "id":"c1","log_id":"7001","from":"207","from_trunk":null,"dialled":"211","started_at":"2023-11-14T22:13:20.123Z",
        "answered_at":null,"parked_in":null,"legs":[
          {"role":"caller","extension":"207","number":null,"trunk":null,"state":"confirmed","call_id":"a@b",
           "address":"udp:192.0.2.7:5060","held":false},
          {"role":"callee","extension":"","number":"+43664","trunk":"line","state":"early","call_id":"c@d",
           "address":"udp:192.0.2.8:5060","held":true}]})"));
}

TEST_CASE("calls: pages go on from what was shown, where that is not what came")
{
    WebOffice office;
    LiveView view = *busy_office();
    view.calls.push_back(view.calls[0]);
    view.calls[0].from = "M\xFCller";
    view.calls[1].id = "c2";
    view.calls[1].from = "M\xFFller";
    office.live = std::make_shared<const LiveView>(std::move(view));
    const auto first = json_of(office.get("/api/v1/calls?sort=from&limit=1"));
    const auto cursor = boost::json::value_to<std::string>(first.at("next_cursor"));
    const auto second = json_of(office.get("/api/v1/calls?sort=from&limit=1&cursor=" + cursor));
    CHECK(second.at("items").at(0).at("id") == "c2");
    CHECK(second.at("next_cursor").is_null());
}

TEST_CASE("lamps: what each watcher was told last, by watcher and member")
{
    WebOffice office;
    office.live = busy_office();
    const auto page = json_of(office.get("/api/v1/lamps?watcher=201&member=207"));
    CHECK(page.at("total") == 1);
    CHECK(page.at("items").at(0) == boost::json::parse(R"({
        "watcher":"201","member":"207","kind":"subscribed","list":null,"contact":"sip:201@192.0.2.1",
        "profile":"standard","colour":"flashing","since":"2023-11-14T22:13:20.500Z","agrees":false,
        "reason":"not_told_yet","state":"confirmed","version":9,"cseq":12,
        "sent_at":"2023-11-14T22:13:21.000Z","transport":"tcp","bytes":333,"answer":null,"answered_at":null,"owed":false,
        "expires_at":"2023-11-14T23:13:20Z"})"));
    CHECK(json_of(office.get("/api/v1/lamps?watcher=202")).at("total") == 0);
    CHECK(json_of(office.get("/api/v1/lamps?sort=-answer")).at("items").at(0).at("answer") == 200);
    const auto first = json_of(office.get("/api/v1/lamps?limit=1"));
    const auto cursor = boost::json::value_to<std::string>(first.at("next_cursor"));
    const auto second = json_of(office.get("/api/v1/lamps?limit=1&cursor=" + cursor));
    CHECK(second.at("items").at(0).at("member") == "211");
    CHECK(second.at("next_cursor").is_null());
}

TEST_CASE("an exchange that is not ready, or does not answer: 503, and not ready")
{
    WebOffice office{{.answer_timeout = std::chrono::seconds{1}}};
    CHECK(office.get("/readyz").status == 200);
    SUBCASE("not ready")
    {
        office.live = nullptr;
    }
    SUBCASE("silent")
    {
        office.shows = false;
    }
    CHECK(office.get("/api/v1/calls").status == 503);
    CHECK(office.get("/readyz").status == 503);
    CHECK(office.get("/metrics").status == 503);
    CHECK(office.get("/healthz").status == 200);
    CHECK(office.get("/api/v1/extensions").status == 200);
}

TEST_CASE("a change that the exchange has not applied is not acknowledged")
{
    WebOffice office{{.answer_timeout = std::chrono::seconds{1}}};
    office.applies = false;
    CHECK(office.put("/api/v1/extensions/207", "{}").status == 503);
    office.applies = true;
    CHECK(office.put("/api/v1/extensions/207", "{}").status == 200);
}

TEST_CASE("metrics: each counter in its own line")
{
    LiveView view;
    auto& now = view.counters;
    std::vector<std::pair<std::string, std::uint64_t>> lines;
    const auto sets = [&](std::uint64_t& counter, const std::string& line) {
        counter = 1000 + lines.size();
        lines.emplace_back("lampline_" + line, counter);
    };
    sets(now.calls_started, "calls_started_total");
    sets(now.calls_answered, "calls_answered_total");
    sets(now.calls_ended, "calls_ended_total");
    sets(now.calls_refused[302], "calls_refused_total{code=\"302\"}");
    sets(now.calls_refused[403], "calls_refused_total{code=\"403\"}");
    sets(now.registrations, "registers_total");
    sets(now.subscriptions_started, "subscriptions_started_total");
    sets(now.notifies_sent, "notifies_sent_total");
    sets(now.notifies_answered, "notifies_answered_total");
    sets(now.notifies_failed, "notifies_failed_total");
    sets(now.notifies_by_connection, "notifies_by_connection_total");
    sets(now.notifies_reduced, "notifies_reduced_total");
    sets(now.notifies_oversized, "notifies_oversized_total");
    sets(now.notifies_retried, "notifies_retried_total");
    sets(now.notifies_refused, "notifies_refused_total");
    sets(now.notifies_retransmitted, "notifies_retransmitted_total");
    sets(now.qualifies_sent, "qualifies_sent_total");
    sets(now.qualifies_unanswered, "qualifies_unanswered_total");
    sets(now.messages_accepted, "messages_total{result=\"accepted\"}");
    sets(now.messages_refused, "messages_total{result=\"refused\"}");
    for (const std::size_t status_class : {0U, 2U, 3U, 4U, 5U, 6U})
        sets(now.notify_answers[status_class],
             "notify_answers_total{class=\"" +
                 (status_class == 0 ? "none" : std::to_string(status_class) + "xx") + "\"}");
    view.events = {{"presence", {}}, {"call-info", {}}};
    for (auto& [package, counters] : view.events)
        for (const auto& [counter, result] : {std::pair{&counters.sent, "sent"},
                                              {&counters.answered, "answered"},
                                              {&counters.failed, "failed"},
                                              {&counters.retried, "retried"},
                                              {&counters.refused, "refused"}})
            sets(*counter,
                 "event_notifies_total{package=\"" + package + "\",result=\"" + result + "\"}");
    view.publications = 7;
    lines.emplace_back("lampline_publications", 7);
    view.lamp_ends = 11;
    lines.emplace_back("lampline_lamp_ends", 11);
    LiveLamp lamp;
    lamp.under_way = true;
    view.lamps.assign(5, lamp);
    lamp = {};
    lamp.waiting = true;
    lamp.owed = true;  // what waits to be repeated is not behind another
    view.lamps.insert(view.lamps.end(), 3, lamp);
    lamp = {};
    lamp.owed = true;
    view.lamps.insert(view.lamps.end(), 2, lamp);
    LiveSubscription other;  // packages other than `dialog` count as well
    other.under_way = other.owed = true;
    view.subscriptions.assign(7, other);
    other.under_way = false;
    other.waiting = true;
    view.subscriptions.push_back(other);
    lines.emplace_back("lampline_notify_queue{state=\"under_way\"}", 5 + 7);
    lines.emplace_back("lampline_notify_queue{state=\"waiting\"}", 3 + 1);
    lines.emplace_back("lampline_notify_queue{state=\"owed\"}", 2 + 7);
    lines.emplace_back("lampline_lamps", 10);
    now.event_to_send.observe(std::chrono::seconds{3});
    now.event_to_answer.observe(std::chrono::seconds{4});
    now.event_to_answer.observe(std::chrono::seconds{4});
    lines.emplace_back("lampline_event_to_notify_seconds_sum", 3);
    lines.emplace_back("lampline_event_to_notify_seconds_count", 1);
    lines.emplace_back("lampline_event_to_answer_seconds_sum", 8);
    lines.emplace_back("lampline_event_to_answer_seconds_count", 2);

    WebOffice office;
    office.live = std::make_shared<const LiveView>(std::move(view));
    const auto metrics = office.get("/metrics", {{"Authorization", ""}});
    for (const auto& [line, value] : lines) {
        CAPTURE(line);
        CHECK(metrics.body.find("\n" + line + " " + std::to_string(value) + "\n") !=
              std::string::npos);
    }
}

TEST_CASE("metrics: Prometheus text, with gauges, counters and answers by status")
{
    WebOffice office;
    office.live = busy_office();
    office.get("/nowhere");
    const auto metrics = office.get("/metrics", {{"Authorization", ""}});
    CHECK(metrics.status == 200);
    CHECK(field(metrics, "Content-Type").starts_with("text/plain; version=0.0.4"));
    for (const auto* line :
         {"\nlampline_registrations 2\n", "\nlampline_calls 1\n", "\nlampline_lamps 2\n",
          "\nlampline_notifies_sent_total 4711\n",
          "\nlampline_http_responses_total{status=\"404\"} 1\n", "# TYPE lampline_calls gauge\n",
          "# TYPE lampline_calls_refused_total counter\n",
          "Calls begun since start; what was refused before is in lampline_calls_refused_total\n"}) {
        CAPTURE(line);
        CHECK(metrics.body.find(line) != std::string::npos);
    }
}
