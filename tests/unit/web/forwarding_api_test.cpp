#include <doctest/doctest.h>

#include "unit/web/http_client.hpp"

using namespace lampline;
using namespace lampline::testing;

namespace {

const std::string path = "/api/v1/extensions/202/forwarding";

struct Desk : WebOffice {
    Desk()
    {
        put("/api/v1/extensions/202", "{}");
        put("/api/v1/extensions/203", "{}");
        published.clear();
    }
    const Forwarding& acting() { return published.back()->find("202")->forwarding; }
};

}  // namespace

TEST_CASE("forwarding has defaults, is replaced by PUT and merged by PATCH")
{
    Desk office;
    const auto before = office.get(path);
    CHECK(before.status == 200);
    CHECK(json_of(before).at("always").is_null());
    CHECK(json_of(before).at("no_answer_after") == 20);
    CHECK(json_of(before).at("call_limit").is_null());
    CHECK(json_of(before).at("forking") == "parallel");

    const auto put = office.put(path, R"({"always":"203","call_limit":3,"forking":"sequential"})");
    CHECK(put.status == 200);
    CHECK(office.acting().always == "203");
    CHECK(office.acting().call_limit == 3);
    CHECK(office.acting().forking == Forking::sequential);

    const auto patched = office.patch(
        path, R"({"always":null,"busy":"203","no_answer_after":30,"do_not_disturb":true})");
    CHECK(patched.status == 200);
    CHECK(office.acting().always.empty());
    CHECK(office.acting().busy == "203");
    CHECK(office.acting().do_not_disturb);
    CHECK(office.acting().call_limit == 3);
    CHECK(json_of(office.get(path)) == json_of(patched));

    office.put(path, "{}");
    CHECK(office.acting() == Forwarding{});
}

TEST_CASE("exceptions for callers are set with the rest, in their order")
{
    Desk office;
    const auto put = office.put(path, R"({"do_not_disturb":true,"exceptions":[
        {"caller":"203","treatment":"ring"},
        {"match":"prefix","caller":"00","treatment":"forward","to":"203"},
        {"match":"anonymous","treatment":"refuse"}]})");
    CHECK(put.status == 200);
    using enum CallerMatch;
    CHECK(office.acting().exceptions ==
          std::vector<CallerException>{{number, "203", CallerTreatment::ring},
                                       {prefix, "00", CallerTreatment::forward, "203"},
                                       {anonymous, "", CallerTreatment::refuse}});
    const auto shown = json_of(office.get(path)).at("exceptions");
    CHECK(shown.at(0).at("match") == "number");
    CHECK(shown.at(0).at("to").is_null());
    CHECK(shown.at(2).at("caller").is_null());

    office.patch(path, R"({"do_not_disturb":false})");
    CHECK(office.acting().exceptions.size() == 3);
    office.patch(path, R"({"exceptions":null})");
    CHECK(office.acting().exceptions.empty());

    const auto refused = [&](const std::string& exception) {
        const auto response = office.put(path, R"({"exceptions":[)" + exception + "]}");
        CHECK(response.status == 422);
        return error_member(response, "pointer") + ' ' + error_member(response, "code");
    };
    CHECK(refused(R"({"treatment":"ring"})") == "/exceptions/0/caller required");
    CHECK(refused(R"({"match":"anonymous","caller":"2","treatment":"ring"})") ==
          "/exceptions/0/caller not_allowed");
    CHECK(refused(R"({"caller":"203","treatment":"forward"})") == "/exceptions/0/to required");
    CHECK(refused(R"({"caller":"203","treatment":"ring","to":"203"})") ==
          "/exceptions/0/to not_allowed");
    CHECK(refused(R"({"caller":"203","treatment":"forward","to":"999"})") ==
          "/exceptions/0/to unknown_number");
    CHECK(refused(R"({"caller":"203","treatment":"forward","to":"202"})") ==
          "/exceptions/0/to itself");
    CHECK(refused(R"({"caller":"203"})") == "/exceptions/0/treatment required");
}

TEST_CASE("an ETag guards forwarding against a phone that changes it meanwhile")
{
    Desk office;
    const auto tag = field(office.get(path), "ETag");
    CHECK(office.get(path, {{"If-None-Match", tag}}).status == 304);
    CHECK(office.put(path, R"({"always":"203"})", {{"If-Match", tag}}).status == 200);
    CHECK(office.put(path, "{}", {{"If-Match", tag}}).status == 412);
    CHECK(office.acting().always == "203");
    CHECK(office.put(path, "{}", {{"Prefer", "strict"}}).status == 428);
}

TEST_CASE("what forwarding cannot be is told with its place")
{
    Desk office;
    const auto refused = [&](const std::string& body) {
        const auto response = office.put(path, body);
        CHECK(response.status == 422);
        return error_member(response, "pointer") + ' ' + error_member(response, "code");
    };
    CHECK(refused(R"({"always":"202"})") == "/always itself");
    CHECK(refused(R"({"busy":"999"})") == "/busy unknown_number");
    CHECK(refused(R"({"no_answer_after":4})") == "/no_answer_after too_small");
    CHECK(refused(R"({"call_limit":0})") == "/call_limit too_small");
    CHECK(refused(R"({"forward":"203"})") == "/forward unknown_member");
    CHECK(office.put("/api/v1/extensions/999/forwarding", "{}").status == 404);
    CHECK(office.published.empty());
}

TEST_CASE("feature codes are listed, changed, and put out of use")
{
    Desk office;
    const auto list = json_of(office.get("/api/v1/feature-codes"));
    CHECK(list.at("total") == feature_count);
    const auto one = office.get("/api/v1/feature-codes/forward_always");
    CHECK(json_of(one).at("code") == "*21");
    CHECK(json_of(one).at("dial") == "*21*NUMBER to set, *21 to clear");
    const auto tag = field(one, "ETag");
    CHECK(
        office.put("/api/v1/feature-codes/forward_always", R"({"code":"*72"})", {{"If-Match", tag}})
            .status == 200);
    CHECK(office.published.back()->feature_codes().code(Feature::forward_always) == "*72");
    CHECK(office.put("/api/v1/feature-codes/forward_always", R"({"code":null})").status == 200);
    CHECK(json_of(office.get("/api/v1/feature-codes/forward_always")).at("code").is_null());
    CHECK(office.put("/api/v1/feature-codes/forward_always", R"({"code":"**"})").status == 422);
    CHECK(office.get("/api/v1/feature-codes/teleport").status == 404);
}

TEST_CASE("the digit plan is replaced whole, and in force at once")
{
    Desk office;
    const auto before = office.get("/api/v1/digit-plan");
    CHECK(json_of(before).at("rules").as_array().empty());
    CHECK(json_of(before).at("default_right") == "international");
    CHECK(json_of(before).at("updated_at").is_null());
    const std::string body =
        R"({"rules":[{"name":"reception","pattern":"0","replacement":"203"},)"
        R"({"pattern":"0900.*","priority":10,"status":403,"mode":"proxy"},)"
        R"({"pattern":"112","call_class":"premium","emergency":true,"replacement":"203"}],)"
        R"("default_right":"national","rights":{"202":"internal"}})";
    const auto put = office.put("/api/v1/digit-plan", body, {{"If-Match", field(before, "ETag")}});
    CHECK(put.status == 200);
    const auto& plan = office.published.back()->digit_plan();
    CHECK(plan.find("0")->number == "203");
    CHECK(plan.find("09001")->rule->status == 403);
    CHECK(plan.find("09001")->rule->phrase == "Not Allowed");
    CHECK(plan.find("09001")->rule->mode == CallMode::proxy);
    CHECK_FALSE(plan.find("0")->rule->mode);
    CHECK(plan.find("112")->rule->emergency);
    CHECK(plan.right_of("202") == CallClass::internal);
    CHECK(plan.right_of("203") == CallClass::national);
    CHECK(json_of(office.get("/api/v1/digit-plan")) == json_of(put));
    CHECK(office.put("/api/v1/digit-plan", "{}", {{"If-Match", field(before, "ETag")}}).status ==
          412);
    CHECK(office.put(path, R"({"always":"0"})").status == 200);  // the plan knows it
    CHECK(office.remove("/api/v1/extensions/202").status == 204);
    const auto after = office.get("/api/v1/digit-plan");
    CHECK(json_of(after).at("rights").as_object().empty());
    CHECK(field(after, "ETag") != field(put, "ETag"));
    const auto replaced = office.put("/api/v1/digit-plan", "{}");
    CHECK(field(replaced, "ETag") != field(after, "ETag"));
}

TEST_CASE("what a call for help, or a rule of the digit plan, leads to stays while it does")
{
    Desk office;
    office.put("/api/v1/extensions/201", "{}");
    office.put("/api/v1/ring-groups/640", R"({"members":[{"number":"203"}]})");
    office.put("/api/v1/ring-groups/112", R"({"members":[{"number":"203"}]})");
    const auto saved =
        office.put("/api/v1/digit-plan",
                   R"({"rules":[)"
                   R"({"name":"guard","pattern":"144","replacement":"202","emergency":true},)"
                   R"({"pattern":"133","replacement":"640","emergency":true},)"
                   R"({"pattern":"112","emergency":true},)"
                   R"({"pattern":"0","replacement":"201"}]})");
    REQUIRE(saved.status < 300);
    const auto named = [](const web::HttpResponse& refused, std::string_view as = "emergency",
                          std::string_view pointer = {}) {
        CHECK(refused.status == 409);
        const auto body = json_of(refused);
        const auto& only = body.at("references").as_array().at(0).as_object();
        CHECK(only.at("type") == "digit_rule");
        CHECK(only.at("as").as_string() == as);
        CHECK(only.at("href") == "/api/v1/digit-plan");
        if (!pointer.empty()) CHECK(only.at("pointer").as_string() == pointer);
        return std::string{only.at("name").as_string()};
    };
    CHECK(named(office.remove("/api/v1/extensions/202")) == "guard");
    CHECK(named(office.remove("/api/v1/extensions/202?recursive=true")) == "guard");
    CHECK(named(office.remove("/api/v1/ring-groups/640")) == "133");
    CHECK(named(office.remove("/api/v1/ring-groups/112"), "emergency", "/rules/2") == "112");
    CHECK(named(office.remove("/api/v1/extensions/201"), "replacement", "/rules/3/replacement") ==
          "0");
    REQUIRE(office.put("/api/v1/digit-plan", "{}").status < 300);
    CHECK(office.remove("/api/v1/extensions/201").status == 204);
    CHECK(office.remove("/api/v1/extensions/202").status == 204);
    CHECK(office.remove("/api/v1/ring-groups/640").status == 204);
}

TEST_CASE("what the digit plan cannot be is told with its place")
{
    Desk office;
    const auto refused = [&](const std::string& body) {
        const auto response = office.put("/api/v1/digit-plan", body);
        CHECK(response.status == 422);
        return error_member(response, "pointer") + ' ' + error_member(response, "code");
    };
    CHECK(refused(R"({"rules":[{"pattern":"0"},{"pattern":"("}]})") ==
          "/rules/1/pattern malformed");
    CHECK(refused(R"({"rules":[{"pattern":"0","replacement":"\\1"}]})") ==
          "/rules/0/replacement malformed");
    CHECK(refused(R"({"rules":[{"pattern":"0","status":403,"phrase":"a\nb"}]})") ==
          "/rules/0/phrase malformed");
    CHECK(refused(R"({"rules":[{"pattern":"0","phrase":"No Premium Calls"}]})") ==
          "/rules/0/phrase not_allowed");
    CHECK(refused(R"({"rules":[{"pattern":"0","status":200}]})") == "/rules/0/status too_small");
    CHECK(refused(R"({"rules":[{"pattern":"0","mode":"b2b"}]})") == "/rules/0/mode not_allowed");
    CHECK(refused(R"({"rules":[{"pattern":"0","mode":"redirect","trunks":["none"]}]})") ==
          "/rules/0/mode not_allowed");
    CHECK(refused(R"({"rules":[{"pattern":"112","emergency":true,"status":403}]})") ==
          "/rules/0/status not_allowed");
    CHECK(refused(R"({"rules":[{}]})") == "/rules/0/pattern required");
    CHECK(refused(R"({"rights":{"999":"local"}})") == "/rights/999 unknown_number");
    CHECK(refused(R"({"outside":{"999":{}}})") == "/outside/999 unknown_number");
    CHECK(refused(R"({"rights":{"202":"free"}})") == "/rights/202 not_allowed");
    CHECK(office.published.empty());
}

TEST_CASE("a plan and a trunk that lead to nobody are accepted, and say so until there is somebody")
{
    Desk office;
    const auto plan = office.put(
        "/api/v1/digit-plan",
        R"({"rules":[{"pattern":"0","replacement":"202"},{"pattern":"1","replacement":"299"},)"
        R"({"pattern":"2(..)x","replacement":"9\\1"},{"pattern":"3","status":403,"replacement":"299"}]})");
    CHECK(plan.status == 200);
    CHECK(json_of(plan).at("warnings") ==
          boost::json::parse(R"([{"pointer":"/rules/1/replacement","code":"leads_to_nobody",)"
                             R"("message":"leads to 299, which is nobody's number"}])"));
    const auto tag = field(plan, "ETag");
    CHECK(office.get("/api/v1/digit-plan", {{"If-None-Match", tag}}).status == 304);

    const auto trunk = office.put("/api/v1/trunks/line", R"({"servers":[{"host":"a"}],"inbound":[)"
                                                         R"({"pattern":"7","destination":"1"},)"
                                                         R"({"pattern":"8","destination":"299"}]})");
    CHECK(trunk.status == 201);
    const auto of_trunk = [](const boost::json::value& shown) {
        const auto& all = shown.at("warnings").as_array();
        return all.empty() ? "none"
                           : boost::json::value_to<std::string>(all.at(all.size() - 1).at("pointer"));
    };
    CHECK(of_trunk(json_of(trunk)) == "/inbound/1/destination");
    CHECK(of_trunk(json_of(office.get("/api/v1/trunks")).at("items").at(0)) ==
          "/inbound/1/destination");
    const auto trunk_tag = field(office.get("/api/v1/trunks/line"), "ETag");
    CHECK(office.get("/api/v1/trunks/line", {{"If-None-Match", trunk_tag}}).status == 304);

    CHECK(office.put("/api/v1/extensions/299", "{}").status == 201);
    const auto after = office.get("/api/v1/digit-plan", {{"If-None-Match", tag}});
    CHECK(after.status == 200);
    CHECK(json_of(after).at("warnings").as_array().empty());
    const auto trunk_after = office.get("/api/v1/trunks/line", {{"If-None-Match", trunk_tag}});
    CHECK(trunk_after.status == 200);
    CHECK(of_trunk(json_of(trunk_after)) == "none");
    CHECK(office.put("/api/v1/digit-plan", R"({"rules":[{"pattern":"1","replacement":"299"}]})",
                     {{"If-Match", tag}})
              .status == 200);
}

TEST_CASE("a ring group has a class of its own, by which its overflow goes outside")
{
    Desk office;
    office.put("/api/v1/ring-groups/640", R"({"members":[{"number":"202"}]})");
    const auto saved = office.put("/api/v1/digit-plan",
                                  R"({"default_right":"internal","rights":{"640":"national"}})");
    CHECK(saved.status < 300);
    CHECK(json_of(saved).at("rights").at("640") == "national");
    CHECK(office.remove("/api/v1/ring-groups/640").status == 204);
    CHECK(json_of(office.get("/api/v1/digit-plan")).at("rights").as_object().empty());
    CHECK(office.put("/api/v1/digit-plan", R"({"rights":{"202":"local"}})").status < 300);
    CHECK(office.remove("/api/v1/extensions/202").status == 204);
    CHECK(json_of(office.get("/api/v1/digit-plan")).at("rights").as_object().empty());
}

TEST_CASE("the test of the digit plan asks the exchange and shows what it decides")
{
    Desk office;
    RouteExplanation route;
    route.outcome = "ring";
    route.steps = {"201 dials 202"};
    route.targets = {{"202", {}, "sip:202@192.0.2.2", "udp:192.0.2.2:5060", std::chrono::seconds{15}}};
    office.route = std::make_shared<const RouteExplanation>(route);
    const auto answer =
        office.ask("POST", "/api/v1/digit-plan:test", {}, R"({"from":"201","dialled":"*21*202"})");
    CHECK(answer.status == 200);
    CHECK(office.asked_route == "201 > *21*202");
    const auto body = json_of(answer);
    CHECK(body.at("outcome") == "ring");
    CHECK(body.at("status").is_null());
    CHECK(body.at("steps").at(0) == "201 dials 202");
    CHECK(body.at("targets").at(0).at("after") == 15);

    office.ask("POST", "/api/v1/digit-plan:test", {},
               R"({"from":"201","dialled":"202","caller":"0301"})");
    CHECK(office.asked_route == "0301 > 202");

    route.known_caller = false;
    office.route = std::make_shared<const RouteExplanation>(route);
    const auto unknown =
        office.ask("POST", "/api/v1/digit-plan:test", {}, R"({"from":"9","dialled":"202"})");
    CHECK(unknown.status == 422);
    CHECK(error_member(unknown, "pointer") == "/from");
}
