#include <doctest/doctest.h>

#include "db/audit_store.hpp"
#include "unit/web/http_client.hpp"

using namespace lampline;
using namespace lampline::testing;

namespace {

const std::string path = "/api/v1/trunks/line";
const std::string least = R"({"servers":[{"host":"sip.carrier.test"}]})";

const Trunk* acting(WebOffice& office)
{
    const auto* rules = office.published.back()->find_trunk("line");
    return rules ? &rules->trunk() : nullptr;
}

}  // namespace

TEST_CASE("a trunk is created, shown, merged and removed")
{
    WebOffice office;
    const auto created = office.put(path, R"json({
        "display_name":"Line","kind":"registering",
        "servers":[{"host":"192.0.2.1","port":5080,"transport":"tcp"},{"host":"sip.carrier.test"}],
        "sources":["192.0.2.9"],"domain":"carrier.test","username":"u1","secret":"s1-of-line",
        "expires":120,"qualify":0,"trusted":false,
        "caller_id":{"main_number":"+4310","numbers":[{"pattern":"(20.)","number":"+431\\1"}],
                     "anonymous":true},
        "inbound":[{"pattern":"\\+431(20.)","destination":"\\1"},
                   {"pattern":".*","destination":"600","outside":true}],
        "limits":{"calls":4,"minutes":60,"calls_per_day":100}})json");
    CHECK(created.status == 201);
    CHECK(field(created, "Location") == path);
    const auto* trunk = acting(office);
    REQUIRE(trunk);
    CHECK(trunk->kind == TrunkKind::registering);
    CHECK(trunk->servers == std::vector<TrunkServer>{{"192.0.2.1", 5080, Transport::tcp},
                                                     {"sip.carrier.test", 0, {}}});
    CHECK(*trunk->credentials == TrunkCredentials{"u1", "s1-of-line", "carrier.test", "line"});
    CHECK(trunk->caller_id == TrunkCallerId{"+4310", {{"(20.)", "+431\\1"}}, false, true});
    CHECK(trunk->inbound ==
          std::vector<InboundNumber>{{"\\+431(20.)", "\\1", false}, {".*", "600", true}});
    CHECK(trunk->limits == OutsideLimits{4, std::chrono::minutes{60}, 100});
    CHECK(json_of(office.get(path)) == json_of(created));
    CHECK(json_of(office.get("/api/v1/trunks")).at("total") == 1);

    const auto patched = office.patch(
        path, R"({"enabled":false,"limits":{"calls":null},"caller_id":null,"sources":null})");
    CHECK(patched.status == 200);
    trunk = acting(office);
    CHECK_FALSE(trunk->enabled);
    CHECK(trunk->limits == OutsideLimits{0, std::chrono::minutes{60}, 100});
    CHECK(trunk->caller_id == TrunkCallerId{});
    CHECK(trunk->sources.empty());
    CHECK(trunk->credentials->secret == "s1-of-line");  // not said anew
    CHECK(office.put(path, least, {{"If-Match", field(created, "ETag")}}).status == 412);

    CHECK(office.put(path, least).status == 200);
    trunk = acting(office);
    CHECK_FALSE(trunk->credentials);
    CHECK(trunk->domain == "sip.carrier.test");
    CHECK(office.remove(path).status == 204);
    CHECK(acting(office) == nullptr);
    CHECK(office.get(path).status == 404);
}

TEST_CASE(
    "the status of a trunk is a state of its own to who asks again, and none to who changes it")
{
    WebOffice office;
    const auto created = office.put(path, least);
    const auto shows = [&](std::string error) {
        LiveView view;
        view.trunks.push_back({.trunk = "line",
                               .state = TrunkState::failed,
                               .since = {},
                               .server = {},
                               .round_trip = std::chrono::microseconds{1500},
                               .registered_until = {},
                               .next_attempt = {},
                               .last_error = std::move(error)});
        office.live = std::make_shared<const LiveView>(std::move(view));
    };
    shows("carrier refused the password");
    const auto first = office.get(path);
    CHECK(json_of(first).at("status").at("state") == "failed");
    CHECK(json_of(first).at("status").at("last_error") == "carrier refused the password");
    CHECK(json_of(first).at("status").at("round_trip_ms") == 1.5);
    const auto tag = field(first, "ETag");
    CHECK(tag != field(created, "ETag"));
    CHECK(office.get(path, {{"If-None-Match", tag}}).status == 304);
    CHECK(office.get(path, {{"If-None-Match", field(created, "ETag")}}).status == 200);
    shows("REGISTER: no answer");
    CHECK(office.get(path, {{"If-None-Match", tag}}).status == 200);
    CHECK(office.patch(path, R"({"expires":700})", {{"If-Match", tag}}).status == 200);
    CHECK(office.patch(path, R"({"expires":800})", {{"If-Match", tag}}).status == 412);
}

TEST_CASE("the secret of a trunk is in no answer and in no audit")
{
    WebOffice office;
    const auto created = office.put(
        path, R"({"servers":[{"host":"192.0.2.1"}],"username":"u1","secret":"hush-hush"})");
    CHECK(created.status == 201);
    for (const auto& text :
         {created.body, office.get(path).body, office.get("/api/v1/trunks").body})
        CHECK(text.find("hush") == std::string::npos);
    CHECK(office.remove(path).status == 204);
    const auto rows =
        office.on_database([](db::Database& opened) { return db::AuditStore{opened}.latest(10); });
    for (const auto& row : rows) {
        CHECK(row.before.value_or("").find("hush") == std::string::npos);
        CHECK(row.after.value_or("").find("hush") == std::string::npos);
    }
}

TEST_CASE("a peer has any of the three modes, a bridge unless it says so")
{
    WebOffice office;
    for (const auto mode : {CallMode::proxy, CallMode::redirect, CallMode::bridge}) {
        const auto put = office.put(path, R"({"servers":[{"host":"192.0.2.1"}],"mode":")" +
                                              std::string{name(mode)} + R"("})");
        CHECK(put.status / 100 == 2);
        CHECK(boost::json::value_to<std::string>(json_of(put).at("mode")) == name(mode));
        CHECK(acting(office)->mode == mode);
    }
    office.put(path, least);
    CHECK(acting(office)->mode == CallMode::bridge);
}

TEST_CASE("what a trunk cannot be is told with its place")
{
    WebOffice office;
    const auto refused = [&](const std::string& body) {
        const auto response = office.put(path, body);
        CHECK(response.status == 422);
        return error_member(response, "pointer") + ' ' + error_member(response, "code");
    };
    CHECK(refused("{}") == "/servers required");
    CHECK(refused(R"({"servers":[{"host":"bad host"}]})") == "/servers/0/host malformed");
    CHECK(refused(R"({"servers":[{"host":"a"}],"sources":["b.test"]})") == "/sources/0 malformed");
    CHECK(refused(R"({"servers":[{"host":"a"}],"domain":"a\nb"})") == "/domain malformed");
    CHECK(refused(R"({"servers":[{"host":"a"}],"kind":"registering"})") == "/username required");
    CHECK(refused(R"({"servers":[{"host":"a"}],"username":"u"})") == "/secret required");
    CHECK(refused(R"({"servers":[{"host":"a"}],"username":"u\"x","secret":"s"})") ==
          "/username malformed");
    CHECK(refused(R"({"servers":[{"host":"a"}],"qualify":2})") == "/qualify out_of_range");
    CHECK(refused(R"({"servers":[{"host":"a"}],"inbound":[{"pattern":"(","destination":"1"}]})") ==
          "/inbound/0/pattern malformed");
    CHECK(
        refused(R"({"servers":[{"host":"a"}],"inbound":[{"pattern":"1","destination":"\\3"}]})") ==
        "/inbound/0/destination malformed");
    CHECK(refused(R"({"name":"other","servers":[{"host":"a"}]})") == "/name mismatch");
    CHECK(refused(R"({"servers":[{"host":"a"}],"mode":"302"})") == "/mode not_allowed");
    for (const std::string mode : {"proxy", "redirect"})
        CHECK(refused(R"({"servers":[{"host":"a"}],"kind":"registering","username":"u",)"
                      R"("secret":"s","mode":")" +
                      mode + R"("})") == "/mode not_allowed");
    CHECK(office.put("/api/v1/trunks/BIG", least).status == 422);
    CHECK(office.published.empty());
}

TEST_CASE("a number of a trunk leads to nothing that only phones of the office may dial")
{
    WebOffice office;
    office.put("/api/v1/calling-card", R"({"number":"800"})");
    office.put("/api/v1/park-lot", R"({"number":"700","first_slot":"701","slots":2})");
    const auto destination = [&](const std::string& number) {
        return office.put(path,
                          R"({"servers":[{"host":"a"}],"inbound":[{"pattern":"1","destination":")" +
                              number + R"("}]})");
    };
    for (const auto* number : {"800", "700", "702", "*8", "*21*202", "**202", "*8202"}) {
        const auto response = destination(number);
        CHECK(response.status == 422);
        CHECK(error_member(response, "pointer") == "/inbound/0/destination");
        CHECK(error_member(response, "code") == "not_from_outside");
    }
    CHECK(destination("703").status == 201);
}

TEST_CASE("what begins with a code is none where it is somebody's number, or a rule is about it")
{
    WebOffice office;
    REQUIRE(office.put("/api/v1/extensions/*801", R"({"number":"*801"})").status < 300);
    REQUIRE(office.put("/api/v1/feature-codes/pickup_directed", R"({"code":"1"})").status < 300);
    REQUIRE(office.put("/api/v1/digit-plan", R"({"rules":[{"pattern":"112","replacement":"*801"}]})")
                .status < 300);
    const auto leads_to = [&](const std::string& number) {
        return office.put(
            path, R"json({"servers":[{"host":"a"}],"inbound":[{"pattern":"(.*)","destination":")json" +
                      number + R"("}]})");
    };
    CHECK(leads_to("*801").status < 300);
    CHECK(leads_to("112").status < 300);
    CHECK(leads_to(R"(*8\\1)").status < 300);  // which number that is only a call can tell
    CHECK(error_member(leads_to("113"), "code") == "not_from_outside");
}

TEST_CASE("a code with a number that a number of a trunk leads to stays while it does")
{
    WebOffice office;
    office.put("/api/v1/extensions/202", "{}");
    REQUIRE(office.put(path, R"({"servers":[{"host":"a"}],"inbound":[)"
                             R"({"pattern":"1","destination":"*21*202","on_behalf_of":"202"}]})")
                .status == 201);
    const auto kept = office.put("/api/v1/feature-codes/forward_always", R"({"code":"*22"})");
    CHECK(kept.status == 409);
    CHECK(json_of(kept).at("references").at(0).at("pointer") == "/inbound/0/destination");
}

TEST_CASE("a number of a trunk leads to what phones dial on behalf of an extension that is there")
{
    WebOffice office;
    office.put("/api/v1/calling-card", R"({"number":"800"})");
    const auto lends = [&](const std::string& more) {
        return office.put(path, R"({"servers":[{"host":"a"}],"inbound":[{"pattern":"1",)"
                                R"("destination":"800",)" +
                                    more + "}]}");
    };
    auto refused = lends(R"("on_behalf_of":"999")");
    CHECK(refused.status == 422);
    CHECK(error_member(refused, "pointer") == "/inbound/0/on_behalf_of");
    CHECK(error_member(refused, "code") == "unknown_extension");
    CHECK(lends(R"("on_behalf_of":"201")").status == 422);  // nobody yet
    office.put("/api/v1/extensions/201", R"({"number":"201"})");
    refused = lends(R"("on_behalf_of":"201","outside":true)");
    CHECK(error_member(refused, "pointer") == "/inbound/0/outside");
    const auto created = lends(R"("on_behalf_of":"201")");
    CHECK(created.status == 201);
    CHECK(acting(office)->inbound == std::vector<InboundNumber>{{"1", "800", false, "201"}});
    CHECK(json_of(office.get(path)) == json_of(created));

    CHECK(office.remove("/api/v1/extensions/201").status == 204);
    CHECK(acting(office)->inbound == std::vector<InboundNumber>{{"1", "800", false, ""}});
}

TEST_CASE("rules name trunks that are there, and keep them")
{
    WebOffice office;
    const std::string plan = "/api/v1/digit-plan";
    const auto body = R"({"rules":[{"name":"out","pattern":"0.*","trunks":["line"]}],)"
                      R"("default_outside":{"forward":true,"calls":2},)"
                      R"("outside":{"201":{"minutes":5}}})";
    CHECK(error_member(office.put(plan, body), "pointer") == "/rules/0/trunks/0");
    office.put(path, least);
    CHECK(error_member(office.put(plan, body), "pointer") == "/outside/201");
    office.put("/api/v1/extensions/201", "{}");
    const auto saved = office.put(plan, body);
    CHECK(saved.status == 200);
    CHECK(json_of(office.get(plan)) == json_of(saved));
    const auto& acting_plan = office.published.back()->digit_plan();
    CHECK(acting_plan.find("01")->rule->trunks == std::vector<std::string>{"line"});
    CHECK(acting_plan.outside_rights_of("202") ==
          OutsideRights{true, {2, std::chrono::minutes{240}, 300}});
    CHECK(acting_plan.outside_rights_of("201") ==
          OutsideRights{false, {4, std::chrono::minutes{5}, 300}});

    const auto kept = office.remove(path);
    CHECK(kept.status == 409);
    CHECK(kept.body.find("out of the digit plan") != std::string::npos);
    CHECK(json_of(kept).at("references").at(0).at("type") == "digit_rule");
    CHECK(json_of(kept).at("references").at(0).at("name") == "out");
    office.remove("/api/v1/extensions/201");  // its rights go with it
    CHECK(json_of(office.get(plan)).at("outside").as_object().empty());
    office.put(plan, "{}");
    CHECK(office.remove(path).status == 204);
}

TEST_CASE("what the numbers of a trunk lead to stays while they do")
{
    WebOffice office;
    const std::string plan = "/api/v1/digit-plan";
    for (const auto* number : {"201", "202"})
        office.put("/api/v1/extensions/" + std::string{number}, "{}");
    office.put("/api/v1/ring-groups/600", R"({"members":[{"number":"202"}]})");
    office.put("/api/v1/park-lot", R"({"number":"700","first_slot":"701","slots":2})");
    office.put("/api/v1/calling-card", R"({"number":"800"})");
    office.put(plan, R"({"rules":[{"pattern":"9|.1","replacement":"202"}]})");
    const auto saved = office.put(path, R"json({"servers":[{"host":"192.0.2.1"}],"inbound":[
        {"pattern":"1","destination":"201"},{"pattern":"2","destination":"600"},
        {"pattern":"3","destination":"702","on_behalf_of":"202"},
        {"pattern":"4","destination":"800","on_behalf_of":"202"},
        {"pattern":"5","destination":"9"},{"pattern":"6(..)","destination":"\\1"},
        {"pattern":"7","destination":"*8","on_behalf_of":"202"}]})json");
    REQUIRE(saved.status < 300);
    const auto kept_by = [](const web::HttpResponse& refused) {
        CHECK(refused.status == 409);
        const auto body = json_of(refused);
        const auto& only = body.at("references").as_array().at(0).as_object();
        CHECK(only.at("type") == "trunk");
        CHECK(only.at("as") == "destination");
        CHECK(only.at("href").as_string() == path);
        CHECK(body.at("detail").as_string().find("trunk line (destination)") != std::string::npos);
        return std::string{only.at("pointer").as_string()};
    };
    CHECK(kept_by(office.remove("/api/v1/extensions/201")) == "/inbound/0/destination");
    CHECK(kept_by(office.remove("/api/v1/ring-groups/600")) == "/inbound/1/destination");
    const auto lot = office.get("/api/v1/park-lot");
    CHECK(kept_by(office.put("/api/v1/park-lot",
                             R"({"number":"700","first_slot":"701","slots":1})")) ==
          "/inbound/2/destination");
    CHECK(json_of(office.get("/api/v1/park-lot")) == json_of(lot));
    CHECK(kept_by(office.put("/api/v1/calling-card", "{}")) == "/inbound/3/destination");
    CHECK(kept_by(office.put(plan, "{}")) == "/inbound/4/destination");
    CHECK(kept_by(office.put("/api/v1/feature-codes/pickup_group", R"({"code":"*88"})")) ==
          "/inbound/6/destination");
    CHECK(office.put("/api/v1/park-lot", R"({"number":"700","first_slot":"702","slots":1})")
              .status == 200);
    CHECK(office.put(path, R"({"servers":[{"host":"192.0.2.1"}]})").status == 200);
    CHECK(office.remove("/api/v1/extensions/201").status == 204);
    CHECK(office.remove("/api/v1/ring-groups/600").status == 204);
    for (const auto* setting : {"/api/v1/park-lot", "/api/v1/calling-card", "/api/v1/digit-plan"})
        CHECK(office.put(setting, "{}").status == 200);
}
