// What event packages need of REST: messages that wait, shared lines, who is told what.
#include <doctest/doctest.h>

#include "unit/db/stored_values.hpp"
#include "unit/web/http_client.hpp"

using namespace lampline;
using namespace lampline::testing;

namespace {

const std::string path = "/api/v1/extensions/202/messages";

struct Desk : WebOffice {
    Desk()
    {
        put("/api/v1/extensions/202", "{}");
        published.clear();
    }
    const Extension& acting() { return *published.back()->find("202"); }
};

LiveSubscription told(std::string watcher, std::string package)
{
    LiveSubscription one;
    one.watcher = std::move(watcher);
    one.package = std::move(package);
    one.resource = "202";
    one.kind = "subscribed";
    one.contact = "sip:201@192.0.2.1";
    one.cseq = 3;
    one.answer = 200;
    one.expires_at = at(1'700'003'600);
    return one;
}

}  // namespace

TEST_CASE("messages that wait are none until somebody counts them")
{
    Desk office;
    const auto none = office.get(path);
    CHECK(none.status == 200);
    CHECK(json_of(none).at("new") == 0);
    CHECK(json_of(none).at("unsolicited") == true);

    const auto saved = office.put(path, R"({"new":3,"old":5,"urgent_new":1})");
    CHECK(saved.status == 200);
    CHECK(json_of(saved) == json_of(office.get(path)));
    CHECK(office.acting().messages == MessageCounts{.fresh = 3, .old = 5, .urgent_fresh = 1});
    CHECK(office.put(path, R"({"new":1,"unsolicited":false})").status == 200);
    CHECK(office.acting().messages == MessageCounts{.fresh = 1, .unsolicited = false});

    const auto tag = field(office.get(path), "ETag");
    CHECK(office.get(path, {{"If-None-Match", tag}}).status == 304);
    CHECK(office.put(path, "{}", {{"If-Match", "\"1\""}}).status == 412);
    CHECK(office.put(path, R"({"new":1,"urgent_new":2})").status == 422);
    CHECK(office.put(path, R"({"new":-1})").status == 422);
    CHECK(office.put(path, R"({"new":10000})").status == 422);
    CHECK(office.get("/api/v1/extensions/299/messages").status == 404);
    CHECK(office.put("/api/v1/extensions/299/messages", "{}").status == 404);
}

TEST_CASE("an extension may be trusted, and its line shared; a PATCH leaves the rest alone")
{
    Desk office;
    CHECK(json_of(office.get("/api/v1/extensions/202")).at("appearances") == 0);
    CHECK(office.put("/api/v1/extensions/202", R"({"appearances":4})").status == 200);
    CHECK(office.acting().appearances == 4);
    CHECK(office.patch("/api/v1/extensions/202", R"({"trusted":true})").status == 200);
    CHECK(office.acting().trusted);
    CHECK(office.acting().appearances == 4);
    CHECK(json_of(office.get("/api/v1/extensions/202")).at("trusted") == true);
    CHECK(office.patch("/api/v1/extensions/202", R"({"trusted":null,"appearances":null})").status ==
          200);
    CHECK_FALSE(office.acting().trusted);
    CHECK(office.acting().appearances == 0);
    CHECK(office.patch("/api/v1/extensions/202", R"({"appearances":17})").status == 422);
    CHECK(office.patch("/api/v1/extensions/202", R"({"phone_notifies":true})").status == 200);
    CHECK(office.acting().phone_notifies);
    CHECK(office.patch("/api/v1/extensions/202", R"({"appearances":2})").status == 200);
    CHECK(json_of(office.get("/api/v1/extensions/202")).at("phone_notifies") == true);
    CHECK(office.put("/api/v1/extensions/202", "{}").status == 200);
    CHECK_FALSE(office.acting().phone_notifies);
}

TEST_CASE("subscriptions of all packages are one list, lamps among them")
{
    WebOffice office;
    LiveView view;
    LiveLamp lamp;
    lamp.watcher = "201";
    lamp.member = "202";
    lamp.kind = "unsolicited";
    lamp.contact = "sip:201@192.0.2.1";
    lamp.expires_at = at(1'700'003'600);
    view.lamps = {lamp};
    view.subscriptions = {told("201", "presence"), told("203", "reg")};
    view.events = {{"presence", {.begun = 1, .sent = 7, .answered = 6, .failed = 1}}};
    office.live = std::make_shared<const LiveView>(std::move(view));

    const auto all = json_of(office.get("/api/v1/subscriptions"));
    CHECK(all.at("total") == 3);
    CHECK(all.at("items").at(0).at("package") == "dialog");
    CHECK(all.at("items").at(0).at("resource") == "202");
    CHECK(all.at("items").at(0).at("answer").is_null());
    const auto reg = json_of(office.get("/api/v1/subscriptions?package=reg"));
    CHECK(reg.at("total") == 1);
    CHECK(reg.at("items").at(0).at("watcher") == "203");
    CHECK(json_of(office.get("/api/v1/subscriptions?watcher=201")).at("total") == 2);

    const auto metrics = office.get("/metrics").body;
    CHECK(metrics.find("lampline_event_subscriptions{package=\"dialog\"} 1") != std::string::npos);
    CHECK(metrics.find("lampline_event_subscriptions{package=\"presence\"} 1") !=
          std::string::npos);
    CHECK(metrics.find("lampline_event_notifies_total{package=\"presence\",result=\"sent\"} 7") !=
          std::string::npos);
}

TEST_CASE("what an event tells the change of can be looked up")
{
    WebOffice office;
    LiveView view;
    view.presence = {{"201", {.reachable = true, .talking = true}}, {"202", {}}};
    view.appearances = {
        {.extension = "202", .index = 2, .state = "held", .with = "205", .with_name = "Eva"},
        {.extension = "202", .state = "idle"}};
    view.published = {{.dialog = {.extension = "203",
                                  .call_id = "a@door",
                                  .direction = Direction::recipient,
                                  .state = LegState::early,
                                  .with = "gate"},
                       .publisher = "209",
                       .expires_at = at(1'700'003'600)}};
    office.live = std::make_shared<const LiveView>(std::move(view));

    const auto presence = json_of(office.get("/api/v1/presence?extension=201"));
    CHECK(presence.at("total") == 1);
    CHECK(presence.at("items").at(0) == boost::json::parse(R"({"extension":"201",
        "reachable":true,"talking":true,"ringing":false,"do_not_disturb":false})"));

    const auto line = json_of(office.get("/api/v1/appearances?extension=202&sort=-appearance"));
    CHECK(line.at("total") == 2);
    CHECK(line.at("items").at(0) == boost::json::parse(R"({"extension":"202","appearance":2,
        "state":"held","with":"205","with_name":"Eva"})"));
    CHECK(line.at("items").at(1).at("appearance").is_null());
    CHECK(json_of(office.get("/api/v1/appearances?state=held")).at("total") == 1);

    const auto published = json_of(office.get("/api/v1/published-dialogs?publisher=209"));
    CHECK(published.at("items").at(0) == boost::json::parse(R"({"extension":"203",
        "call_id":"a@door","direction":"recipient","state":"early","held":false,"with":"gate",
        "with_name":"","publisher":"209","expires_at":"2023-11-14T23:13:20Z"})"));
}

TEST_CASE("a page of appearances goes on behind those that have no number")
{
    WebOffice office;
    LiveView view;
    view.appearances = {{.extension = "202", .index = 1, .state = "active"},
                        {.extension = "202", .state = "idle"},
                        {.extension = "203", .state = "idle"}};
    office.live = std::make_shared<const LiveView>(std::move(view));
    std::size_t seen = 0;
    const std::string first = "/api/v1/appearances?limit=1";
    for (std::string cursor = "-"; !cursor.empty() && seen < 9; ++seen) {
        const auto page = json_of(office.get(cursor == "-" ? first : first + "&cursor=" + cursor));
        CHECK(page.at("items").as_array().size() == 1);
        const auto& next = page.at("next_cursor");
        cursor = next.is_null() ? "" : boost::json::value_to<std::string>(next);
    }
    CHECK(seen == 3);
}
