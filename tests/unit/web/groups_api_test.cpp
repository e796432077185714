#include <doctest/doctest.h>

#include "unit/web/http_client.hpp"

using namespace lampline;
using namespace lampline::testing;

namespace {

const std::string sales =
    R"({"name":"sales","display_name":"Sales","members":["207","211"],)"
    R"("watchers":[{"number":"201","unsolicited":true,"profile":"auto"}],)"
    R"("watching_groups":[{"name":"sales","unsolicited":false,"profile":"snom"}],)"
    R"("rights":{"parties":false,"pickup":true,"join":false},"members_pick_up":true})";

struct Groups : WebOffice {
    Groups()
    {
        for (const auto* number : {"201", "207", "211"})
            put(std::string{"/api/v1/extensions/"} + number, "{}");
    }
};

}  // namespace

TEST_CASE("a group goes in and comes out as it was written, and the exchange acts on it")
{
    Groups office;
    const auto created = office.put("/api/v1/groups/sales", sales);
    CHECK(created.status == 201);
    CHECK(field(created, "Location") == "/api/v1/groups/sales");
    auto seen = json_of(office.get("/api/v1/groups/sales"));
    seen.erase("created_at");
    seen.erase("updated_at");
    CHECK(seen == boost::json::parse(sales));
    CHECK(office.published.back()->right("201", "211")->unsolicited);
    CHECK(json_of(office.get("/api/v1/groups")).at("total") == 1);
    CHECK(office.remove("/api/v1/groups/sales").status == 204);
    CHECK(office.published.back()->right("201", "211") == nullptr);
    CHECK(office.get("/api/v1/groups/sales").status == 404);
    CHECK(office.remove("/api/v1/groups/sales").status == 404);
}

TEST_CASE("a watcher's defaults: unsolicited, profile auto")
{
    Groups office;
    const auto created =
        json_of(office.put("/api/v1/groups/sales", R"({"watchers":[{"number":"201"}]})"));
    CHECK(created.at("watchers") ==
          boost::json::parse(R"([{"number":"201","unsolicited":true,"profile":"auto"}])"));
    CHECK(created.at("members").as_array().empty());
}

TEST_CASE("PATCH replaces lists whole and leaves the rest")
{
    Groups office;
    office.put("/api/v1/groups/sales", sales);
    const auto patched = json_of(office.patch(
        "/api/v1/groups/sales",
        R"({"members":["201"],"watchers":[{"number":"207","profile":"innovaphone"}]})"));
    CHECK(patched.at("display_name") == "Sales");
    CHECK(patched.at("members") == boost::json::array{"201"});
    CHECK(office.published.back()->right("207", "201")->profile->name == "innovaphone");
    const auto emptied = json_of(office.patch("/api/v1/groups/sales", R"({"members":null})"));
    CHECK(emptied.at("members").as_array().empty());
    CHECK(emptied.at("watchers").as_array().size() == 1);
    CHECK(office.patch("/api/v1/groups/support", "{}").status == 404);
}

TEST_CASE("422 names the place within the lists")
{
    Groups office;
    const auto before = office.published.size();
    struct Row {
        const char* body;
        const char* pointer;
        const char* code;
    };
    for (const auto& row : {
             Row{R"({"members":["207","999"]})", "/members/1", "unknown_extension"},
             Row{R"({"members":["207","207"]})", "/members/1", "duplicate"},
             Row{R"({"members":[207]})", "/members/0", "type"},
             Row{R"({"members":"207"})", "/members", "type"},
             Row{R"({"watchers":[{"unsolicited":true}]})", "/watchers/0/number", "required"},
             Row{R"({"watchers":[{"number":"201","profile":"acme"}]})", "/watchers/0/profile",
                 "unknown_profile"},
             Row{R"({"watchers":[{"number":"201","profile":"A me"}]})", "/watchers/0/profile",
                 "pattern"},
             Row{R"({"watchers":[{"number":"201","lamp":1}]})", "/watchers/0/lamp",
                 "unknown_member"},
             Row{R"({"watchers":[{"number":"201","unsolicited":"yes"}]})",
                 "/watchers/0/unsolicited", "type"},
             Row{R"({"name":"support"})", "/name", "mismatch"},
         }) {
        CAPTURE(row.body);
        const auto refused = office.put("/api/v1/groups/sales", row.body);
        CHECK(refused.status == 422);
        CHECK(error_member(refused, "pointer") == row.pointer);
        CHECK(error_member(refused, "code") == row.code);
    }
    std::string crowd = R"({"members":["207")";
    for (int i = 0; i < 500; ++i) crowd += R"(,"207")";
    CHECK(error_member(office.put("/api/v1/groups/sales", crowd + "]}"), "code") == "too_many");
    std::string flood = R"({"members":[1)";
    for (int i = 0; i < 400'000; ++i) flood += ",1";
    CHECK(error_member(office.put("/api/v1/groups/sales", flood + "]}"), "code") == "too_many");
    CHECK(office.put("/api/v1/groups/Sales", "{}").status == 422);
    CHECK(office.published.size() == before);
}

TEST_CASE("groups have ETags, too")
{
    Groups office;
    const auto tag = field(office.put("/api/v1/groups/sales", sales), "ETag");
    CHECK(office.get("/api/v1/groups/sales", {{"If-None-Match", tag}}).status == 304);
    CHECK(office.put("/api/v1/groups/sales", sales, {{"If-Match", "\"1\""}}).status == 412);
    CHECK(office.put("/api/v1/groups/sales", sales, {{"If-Match", tag}}).status == 200);
    CHECK(office.remove("/api/v1/groups/sales", {{"If-Match", tag}}).status == 412);
    CHECK(office.patch("/api/v1/groups/sales", "{}", {{"Prefer", "strict"}}).status == 428);
}

TEST_CASE("removing a member recursively moves the group's ETag")
{
    Groups office;
    const auto tag = field(office.put("/api/v1/groups/sales", sales), "ETag");
    CHECK(office.remove("/api/v1/extensions/211?recursive=true").status == 204);
    CHECK(office.get("/api/v1/groups/sales", {{"If-None-Match", tag}}).status == 200);
}

TEST_CASE("rights and watching groups: what is not named is allowed, null gives it back")
{
    Groups office;
    office.put("/api/v1/groups/sales", R"({"members":["207"],"watchers":[{"number":"201"}]})");
    CHECK(json_of(office.get("/api/v1/groups/sales")).at("rights") ==
          boost::json::parse(R"({"parties":true,"pickup":true,"join":false})"));
    office.patch("/api/v1/groups/sales", R"({"rights":{"pickup":false}})");
    CHECK(office.published.back()->right("201", "207")->rights == GroupRights{true, false});
    office.patch("/api/v1/groups/sales", R"({"rights":{"pickup":null,"parties":false}})");
    CHECK(office.published.back()->right("201", "207")->rights == GroupRights{false, true});
    office.patch("/api/v1/groups/sales", R"({"rights":null})");
    CHECK(office.published.back()->right("201", "207")->rights == GroupRights{true, true});
    CHECK(office.patch("/api/v1/groups/sales", R"({"rights":{"listen":true}})").status == 422);
}

TEST_CASE("members that pick up for each other: not unless the group says so, null takes it back")
{
    Groups office;
    office.put("/api/v1/groups/sales", R"({"members":["207","211"]})");
    const auto shown = [&] {
        return json_of(office.get("/api/v1/groups/sales")).at("members_pick_up").as_bool();
    };
    const auto may = [&] { return office.published.back()->may_pick_up("207", "211"); };
    CHECK_FALSE(shown());
    CHECK_FALSE(may());
    office.patch("/api/v1/groups/sales", R"({"members_pick_up":true})");
    CHECK(shown());
    CHECK(may());
    CHECK_FALSE(office.published.back()->right("207", "211"));  // no lamp comes of it
    office.patch("/api/v1/groups/sales", R"({"display_name":"Sales"})");
    CHECK(may());
    office.patch("/api/v1/groups/sales", R"({"members_pick_up":null})");
    CHECK_FALSE(may());
    CHECK(office.patch("/api/v1/groups/sales", R"({"members_pick_up":1})").status == 422);
}

TEST_CASE("a group that watches must exist, once, and cannot be removed while it does")
{
    Groups office;
    office.put("/api/v1/groups/support", R"({"members":["201"]})");
    const auto refused = office.put(
        "/api/v1/groups/sales",
        R"({"watching_groups":[{"name":"support"},{"name":"support"},{"name":"ghosts","profile":"x"}]})");
    CHECK(refused.status == 422);
    CHECK(refused.body.find("/watching_groups/1/name") != std::string::npos);
    CHECK(refused.body.find("/watching_groups/2/name") != std::string::npos);
    CHECK(refused.body.find("/watching_groups/2/profile") != std::string::npos);

    office.put("/api/v1/groups/sales",
               R"({"members":["207"],"watching_groups":[{"name":"support"}]})");
    CHECK(office.published.back()->right("201", "207"));
    const auto in_use = office.remove("/api/v1/groups/support");
    CHECK(in_use.status == 409);
    CHECK(json_of(in_use).at("detail") ==
          "group support is in use by group sales (watcher); change what uses it first");
    CHECK(office.put("/api/v1/groups/support", R"({"members":["211"]})").status == 200);
    CHECK(office.published.back()->right("211", "207"));
    CHECK(office.remove("/api/v1/groups/sales").status == 204);
    CHECK(office.remove("/api/v1/groups/support").status == 204);
}

TEST_CASE("what an extension may see and do, merged over its groups and what the members show")
{
    Groups office;
    office.put("/api/v1/extensions/211", R"({"visibility":"anonymous","display_name":"Ben"})");
    office.put(
        "/api/v1/groups/sales",
        R"({"members":["207","211"],"watchers":[{"number":"201"}],"rights":{"pickup":false}})");
    office.put("/api/v1/groups/all",
               R"({"members":["211"],"watchers":[{"number":"201","unsolicited":false}]})");
    const std::string extensions{"/watches?kind=extension"};
    const auto seen = json_of(office.get("/api/v1/extensions/201" + extensions));
    CHECK(seen.at("items") == boost::json::parse(R"([
        {"member":"207","kind":"extension","display_name":"","groups":["sales"],"state":true,"parties":true,"pickup":false,"join":false,
         "unsolicited":true,"told_by_phone":false,"registrations":false,"profile":"auto"},
        {"member":"211","kind":"extension","display_name":"Ben","groups":["all","sales"],"state":true,"parties":false,"pickup":true,"join":false,
         "unsolicited":true,"told_by_phone":false,"registrations":false,"profile":"auto"}])"));
    CHECK(json_of(office.get("/api/v1/extensions/207" + extensions)).at("total") == 0);
    CHECK(office.get("/api/v1/extensions/299/watches").status == 404);

    office.patch("/api/v1/extensions/211", R"({"visibility":"hidden"})");
    CHECK(json_of(office.get("/api/v1/extensions/201" + extensions)).at("total") == 1);
    office.patch("/api/v1/extensions/211", R"({"display_name":"Benjamin"})");
    CHECK(json_of(office.get("/api/v1/extensions/211")).at("visibility") == "hidden");
    office.patch("/api/v1/extensions/211", R"({"visibility":null})");
    CHECK(json_of(office.get("/api/v1/extensions/201" + extensions)).at("total") == 2);
    CHECK(office.patch("/api/v1/extensions/211", R"({"visibility":"ghost"})").status == 422);
}

TEST_CASE("whom an extension may pick up as a fellow member alone is shown too: no lamp, no parties")
{
    Groups office;
    office.put("/api/v1/extensions/211", R"({"display_name":"Ben"})");
    for (const auto* name : {"team", "front"})
        office.put(std::string{"/api/v1/groups/"} + name,
                   R"({"members":["207","211"],"members_pick_up":true})");
    office.put("/api/v1/groups/all", R"({"members":["201","207","211"]})");
    const auto seen = [&](const std::string& number) {
        return json_of(office.get("/api/v1/extensions/" + number + "/watches?kind=extension"));
    };
    CHECK(seen("207").at("items") == boost::json::parse(R"([
        {"member":"211","kind":"extension","display_name":"Ben","groups":["front","team"],"state":false,"parties":false,
         "pickup":true,"join":false,"unsolicited":false,"told_by_phone":false,"registrations":false,"profile":"auto"}])"));
    CHECK(seen("201").at("total") == 0);

    office.put(
        "/api/v1/groups/sales",
        R"({"members":["207","211"],"watchers":[{"number":"207"}],"rights":{"pickup":false}})");
    CHECK(seen("207").at("items") == boost::json::parse(R"([
        {"member":"207","kind":"extension","display_name":"","groups":["sales"],"state":true,"parties":true,
         "pickup":true,"join":false,"unsolicited":true,"told_by_phone":false,"registrations":true,"profile":"auto"},
        {"member":"211","kind":"extension","display_name":"Ben","groups":["front","sales","team"],"state":true,"parties":true,
         "pickup":true,"join":false,"unsolicited":true,"told_by_phone":false,"registrations":false,"profile":"auto"}])"));

    office.patch("/api/v1/extensions/211", R"({"visibility":"hidden"})");
    CHECK(seen("207").at("total") == 1);
    CHECK(seen("211").at("total") == 0);
}

TEST_CASE("what an extension may watch beside extensions: keys, its own too, and park slots")
{
    Groups office;
    office.put("/api/v1/groups/sales", R"({"members":["207"],"watchers":[{"number":"201"}]})");
    office.put("/api/v1/ring-groups/600", R"({"members":[{"number":"201"},{"number":"207"}]})");
    office.put("/api/v1/park-lot", R"({"number":"700","first_slot":"701","slots":2})");
    office.patch("/api/v1/extensions/207", R"({"phone_notifies":true})");
    const auto names = [&](const std::string& kind) {
        std::string all;
        const auto page = json_of(office.get("/api/v1/extensions/201/watches?kind=" + kind));
        for (const auto& item : page.at("items").as_array()) {
            const auto& right = item.as_object();
            CHECK(office.published.back()->right(
                "201", boost::json::value_to<std::string>(right.at("member"))));
            CHECK(right.at("told_by_phone").as_bool() == (right.at("member").as_string() == "207"));
            all.append(all.empty() ? "" : " ").append(right.at("member").as_string());
        }
        return all;
    };
    CHECK(names("extension") == "207");
    CHECK(names("key") == "dnd+201 dnd+207 fwd+201 fwd+207 login+600 login+600+207");
    CHECK(names("park_slot") == "park+701 park+702");
}

TEST_CASE("what an extension may watch without rights to a member: itself, lists, registrations")
{
    Groups office;
    office.put("/api/v1/groups/sales",
               R"({"display_name":"Sales","members":["207"],"watchers":[{"number":"201"}]})");
    const auto seen = [&](const std::string& kind) {
        return json_of(office.get("/api/v1/extensions/201/watches?kind=" + kind));
    };
    CHECK(seen("group").at("items") == boost::json::parse(R"([
        {"member":"sales","kind":"group","display_name":"Sales","groups":["sales"],"state":true,"parties":false,"pickup":false,
         "join":false,"unsolicited":false,"told_by_phone":false,"registrations":false,"profile":"auto"}])"));
    REQUIRE(seen("oneself").at("total") == 1);
    const auto self = seen("oneself").at("items").at(0).as_object();
    CHECK(self.at("member") == "201");
    CHECK(self.at("state") == true);
    CHECK(self.at("registrations") == true);
    CHECK(seen("extension").at("total") == 1);

    office.patch("/api/v1/extensions/201", R"({"trusted":true})");
    const auto all = seen("extension");
    for (const auto& item : all.at("items").as_array()) {
        CHECK(item.at("registrations") == true);
        CHECK(item.at("state").as_bool() == (item.at("member").as_string() == "207"));
    }
    CHECK(all.at("items").as_array().size() > 1);
}
