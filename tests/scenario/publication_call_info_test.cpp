// Appearances that a third party publishes: Call-Info in PUBLISH.
#include <doctest/doctest.h>

#include <algorithm>

#include "scenario/publishing.hpp"

using namespace lampline;
using namespace lampline::test;

TEST_CASE("call-info of a third party is told with its Call-Info header")
{
    Scenario pbx{{group("sales", {"103"}, {"102"})}};
    auto& program = pbx.phone("109");
    auto& watcher = pbx.phone("103");
    watcher.subscribes("call-info", "102").header("Call-Info", rest_idle);
    Publishing alerting{.event = "call-info",
                        .to = "102",
                        .call_info =
                            "<sip:102@office.test>;appearance-index=1;appearance-state=alerting"};
    program.publishes(alerting);
    program.receives(403U);
    pbx.configures("109", [](Extension& extension) { extension.trusted = true; });
    const auto etag = published(program, alerting);
    auto told = watcher.receives(NOTIFY);
    told.header("Call-Info", alerting.call_info + ", " + rest_idle);
    CHECK(told.body().empty());
    CHECK(told.notify->dialog->event == "call-info");
    alerting.if_match = etag;
    alerting.call_info = "<sip:102@office.test>;appearance-index=1;appearance-state=active";
    published(program, alerting);
    watcher.receives(NOTIFY).header("Call-Info", alerting.call_info + ", " + rest_idle);

    Publishing seize{.event = "line-seize",
                     .to = "102",
                     .call_info = "<sip:102@office.test>;appearance-index=1"};
    program.publishes(seize);
    program.receives(200U).header("Expires", "15");
    pbx.passes(16s);
    CHECK(pbx.view().publications == 1);
    pbx.configures("109", [](Extension& extension) { extension.trusted = false; });
    watcher.receives(NOTIFY).header("Call-Info", rest_idle);
}

TEST_CASE("an appearance of which nothing is published any more is told to be idle")
{
    Scenario pbx{{group("sales", {"103"}, {"102"})}};
    pbx.configures("109", [](Extension& extension) { extension.trusted = true; });
    auto& program = pbx.phone("109");
    auto& watcher = pbx.phone("103");
    watcher.subscribes("call-info", "102");
    const auto at = [](unsigned index, std::string_view state) {
        return Publishing{.event = "call-info",
                          .to = "102",
                          .call_info =
                              "<sip:102@office.test>;appearance-index=" + std::to_string(index) +
                              ";appearance-state=" + std::string{state}};
    };
    auto first = at(1, "active");
    first.if_match = published(program, first);
    watcher.receives(NOTIFY).header("Call-Info", first.call_info + ", " + rest_idle);
    auto second = at(2, "alerting");
    second.expires = 60s;
    published(program, second);
    watcher.receives(NOTIFY).header("Call-Info",
                                    first.call_info + ", " + second.call_info + ", " + rest_idle);
    pbx.passes(61s);
    watcher.receives(NOTIFY).header("Call-Info", first.call_info + ", " + rest_idle);

    // It says so itself, once.
    first.call_info = "<sip:102@office.test>;appearance-index=*;appearance-state=active";
    first.if_match = published(program, first);
    watcher.receives(NOTIFY).header("Call-Info", first.call_info);
    program.publishes(
        {.event = "call-info", .to = "102", .expires = 0s, .if_match = first.if_match});
    program.receives(200U);
    watcher.receives(NOTIFY).header("Call-Info", rest_idle);
}

TEST_CASE("of an appearance counts what was published last, with an entity-tag or without")
{
    Scenario pbx{{group("sales", {"103"}, {"102"})}};
    for (const auto* number : {"105", "109"})
        pbx.configures(number, [](Extension& extension) { extension.trusted = true; });
    auto& program = pbx.phone("109");
    auto& other = pbx.phone("105");
    auto& watcher = pbx.phone("103");
    watcher.subscribes("call-info", "102");
    const auto says = [](std::string call_info) {
        return Publishing{.event = "call-info", .to = "102", .call_info = std::move(call_info)};
    };
    const std::string line = "<sip:102@office.test>;appearance-index=";
    std::string first;
    for (int call = 0; call < 20; ++call) {  // an initial PUBLISH each, as the document has it
        for (const auto* state : {"alerting", "active", "idle"}) {
            const auto at_one = line + "1;appearance-state=" + state;
            auto etag = published(program, says(at_one));
            if (first.empty()) first = std::move(etag);
            watcher.receives(NOTIFY).header("Call-Info", at_one + ", " + rest_idle);
        }
    }
    const auto two = line + "2;appearance-state=active";
    const auto three = line + "3;appearance-state=held";
    published(program, says(two + ", " + three));
    auto told = watcher.receives(NOTIFY);
    told.header("Call-Info",
                line + "1;appearance-state=idle, " + two + ", " + three + ", " + rest_idle);
    CHECK(std::ranges::count(told.headers, "Call-Info", &Header::name) == 1);
    auto last = says(line + "2;appearance-state=alerting");
    last.if_match = published(other, last);
    watcher.receives(NOTIFY).header("Call-Info", line + "1;appearance-state=idle, " +
                                                     last.call_info + ", " + three + ", " +
                                                     rest_idle);
    pbx.restarts();
    watcher.receives(NOTIFY).header("Call-Info", line + "1;appearance-state=idle, " +
                                                     last.call_info + ", " + three + ", " +
                                                     rest_idle);
    // What was said before does not come back with the end of what was said last.
    other.publishes({.event = "call-info", .to = "102", .expires = 0s, .if_match = last.if_match});
    other.receives(200U);
    watcher.receives(NOTIFY).header("Call-Info",
                                    line + "1;appearance-state=idle, " + three + ", " + rest_idle);
    last.if_match.clear();
    last.call_info = "<sip:102@office.test>;appearance-index=*;appearance-state=active";
    published(other, last);
    watcher.receives(NOTIFY).header("Call-Info", last.call_info);
    program.publishes({.event = "call-info", .to = "102", .if_match = first});
    program.receives(412U);
}

TEST_CASE("whoever publishes of one line says nothing of the appearances of another")
{
    Scenario pbx{{group("sales", {"103"}, {"102"})}};
    auto& bob = pbx.phone("102");
    auto& watcher = pbx.phone("103");
    watcher.subscribes("call-info", "102").header("Call-Info", rest_idle);
    const std::string own{"<sip:102@office.test>;appearance-index=1;appearance-state=active"};
    Publishing line{.event = "call-info",
                    .to = "102",
                    .call_info =
                        own + ", <sip:103@office.test>;appearance-index=2;appearance-state=held"};
    bob.publishes(line);
    bob.receives(400U).header("Warning",
                              "399 office.test \"Call-Info says an appearance of somebody else "
                              "than the Request-URI names\"");
    CHECK(watcher.hears_nothing());
    // What is about somebody in another way, or about a line of some other office, stays.
    line.call_info = own + ", <sip:103@office.test>;purpose=info, "
                           "<sip:103@elsewhere.test>;appearance-index=2;appearance-state=held";
    published(bob, line);
    watcher.receives(NOTIFY);
}

TEST_CASE("a Call-Info that cannot be read is refused, beside others and with an entity-tag too")
{
    Scenario pbx{{group("sales", {"103"}, {"102"})}};
    pbx.configures("109", [](Extension& extension) { extension.trusted = true; });
    auto& program = pbx.phone("109");
    auto& watcher = pbx.phone("103");
    watcher.subscribes("call-info", "102");
    Publishing line{.event = "call-info",
                    .to = "102",
                    .call_info =
                        "<sip:102@office.test>;appearance-index=1;appearance-state=active"};
    const auto is_refused = [&] {
        program.publishes(line);
        program.receives(400U).header("Warning",
                                      "399 office.test \"Call-Info is missing or malformed\"");
        CHECK(watcher.hears_nothing());
    };
    line.more = {{"Call-Info", ""}};  // as the stack reports it
    is_refused();
    CHECK(pbx.view().publications == 0);
    line.more.clear();
    line.if_match = published(program, line);
    watcher.receives(NOTIFY).header("Call-Info", line.call_info + ", " + rest_idle);
    line.more = {{"Call-Info", ""}};
    is_refused();
    line.call_info.clear();
    is_refused();
    line.more.clear();
    published(program, line);  // goes on as it was
    CHECK(pbx.view().publications == 1);
    CHECK(watcher.hears_nothing());
}

TEST_CASE("where nothing is published of claims, who asks for a line is told that there are none")
{
    Scenario pbx;
    pbx.configures("109", [](Extension& extension) { extension.trusted = true; });
    auto& program = pbx.phone("109");
    auto& desk = pbx.phone("102");
    const std::string line{"<sip:102@office.test>;appearance-index=1"};
    published(program, {.event = "call-info",
                        .to = "102",
                        .call_info = line + ";appearance-state=active"});
    desk.asks({.event = "line-seize",
               .to = "102",
               .expires = 15s,
               .payload = std::make_shared<const Payload>(Payload{{}, {}, {{"Call-Info", line}}})});
    desk.receives(200U);
    desk.receives(NOTIFY).header("Call-Info", rest_idle);
}
