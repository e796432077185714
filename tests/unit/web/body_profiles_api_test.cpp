#include <doctest/doctest.h>

#include "core/body_profile.hpp"
#include "unit/web/http_client.hpp"

using namespace lampline;
using namespace lampline::testing;

namespace {

const std::string acme = "/api/v1/body-profiles/acme";

struct Profiles : WebOffice {
    Profiles()
    {
        put("/api/v1/extensions/201", "{}");
        put("/api/v1/extensions/207", "{}");
    }
};

}  // namespace

TEST_CASE("a copy of a built-in row differs in name, phones and what was said, and acts")
{
    Profiles office;
    const auto created = office.put(
        acme, R"({"like":"innovaphone","user_agents":["Acme"],"entity":true,"gap_ms":50,)"
              R"("pickup_target":"local",)"
              R"("recipient_words":["hidden","early","early","confirmed"]})");
    CHECK(created.status == 201);
    CHECK(field(created, "Location") == acme);
    CHECK_FALSE(field(created, "ETag").empty());
    auto expected = innovaphone_profile;
    expected.name = "acme";
    expected.user_agents = {"Acme"};
    expected.entity = true;
    expected.gap = std::chrono::milliseconds{50};
    expected.pickup_target = PickupTarget::local;
    expected.pickup_code = "**";
    expected.as_recipient = {"", "early", "early", "confirmed"};
    REQUIRE(office.published.back()->profiles().size() == 1);
    CHECK(*office.published.back()->profiles()[0] == expected);

    auto shown = json_of(office.get(acme));
    CHECK(shown.at("built_in") == false);
    CHECK(shown.at("direction") == "initiator");
    CHECK(shown.at("clearing") == "always");
    CHECK(shown.at("pickup_target") == "local");
    for (const auto* extra : {"built_in", "created_at", "updated_at"}) shown.erase(extra);
    const auto again = office.put("/api/v1/body-profiles/again", [&] {
        shown["name"] = "again";
        shown["user_agents"] = boost::json::array{};
        return boost::json::serialize(shown);
    }());
    CHECK(again.status == 201);  // what GET shows can be PUT
    expected.name = "again";
    expected.user_agents = {};
    CHECK(*office.published.back()->profiles()[1] == expected);
}

TEST_CASE("what is not given is as in the standard row")
{
    Profiles office;
    CHECK(office.put(acme, "{}").status == 201);
    auto expected = standard_profile;
    expected.name = "acme";
    CHECK(*office.published.back()->profiles()[0] == expected);
    CHECK(office.put(acme, R"({"tags":false})").status == 200);
    CHECK(office.put(acme, "{}").status == 200);  // PUT replaces: tags are back
    CHECK(office.published.back()->profiles()[0]->tags);
}

TEST_CASE("the list has the built-in rows and the office's own")
{
    Profiles office;
    office.put(acme, "{}");
    const auto page = json_of(office.get("/api/v1/body-profiles?limit=200"));
    CHECK(page.at("total") == built_in_profiles().size() + 1);
    const auto snom = json_of(office.get("/api/v1/body-profiles/snom"));
    CHECK(snom.at("built_in") == true);
    CHECK(snom.at("idle_dialog_id") == "");
    CHECK(snom.at("dialogs") == "ringing_first");
    CHECK(office.get("/api/v1/body-profiles/nobody").status == 404);
}

TEST_CASE("422 names the place of each fault")
{
    Profiles office;
    struct Row {
        const char* body;
        const char* pointer;
        const char* code;
    };
    for (const auto& row : {
             Row{R"({"like":"nobody"})", "/like", "unknown_profile"},
             Row{R"({"name":"other"})", "/name", "mismatch"},
             Row{R"({"dialogs":"two"})", "/dialogs", "not_allowed"},
             Row{R"({"tags":1})", "/tags", "type"},
             Row{R"({"gap_ms":10001})", "/gap_ms", "too_big"},
             Row{R"({"max_body":-1})", "/max_body", "too_small"},
             Row{R"({"recipient_words":["early"]})", "/recipient_words", "too_few"},
             Row{R"({"recipient_words":["early","early","early","terminated"]})",
                 "/recipient_words/3", "not_allowed"},
             Row{R"({"user_agents":[""]})", "/user_agents/0", "too_short"},
             Row{R"({"dialog_id":"1"})", "/dialog_id", "needs_one_dialog"},
             Row{R"({"partial":true,"ended":false})", "/partial", "needs_ended"},
             Row{R"({"do_not_disturb":"lit"})", "/do_not_disturb", "not_allowed"},
             Row{R"({"dialogs":"newest_first","merged_lists":true})", "/merged_lists",
                 "needs_all_dialogs"},
             Row{R"({"pickup_target":"all"})", "/pickup_target", "not_allowed"},
             Row{R"({"colour":"red"})", "/colour", "unknown_member"},
         }) {
        CAPTURE(row.body);
        const auto refused = office.put(acme, row.body);
        CHECK(refused.status == 422);
        CHECK(error_member(refused, "pointer") == row.pointer);
        CHECK(error_member(refused, "code") == row.code);
    }
    CHECK(error_member(office.put("/api/v1/body-profiles/snom", "{}"), "code") == "built_in");
    CHECK(error_member(office.put("/api/v1/body-profiles/auto", "{}"), "code") == "reserved");
    CHECK(office.remove("/api/v1/body-profiles/snom").status == 422);
}

TEST_CASE("409 names the watchers that have chosen the row")
{
    Profiles office;
    office.put(acme, "{}");
    office.put("/api/v1/groups/sales",
               R"({"members":["207"],"watchers":[{"number":"201","profile":"acme"}]})");
    CHECK(office.published.back()->right("201", "207")->profile->name == "acme");
    const auto refused = office.remove(acme);
    CHECK(refused.status == 409);
    CHECK(json_of(refused).at("references") ==
          boost::json::parse(R"([{"type":"group","name":"sales","as":"watcher","number":"201",
                                  "href":"/api/v1/groups/sales"}])"));
    office.remove("/api/v1/groups/sales");
    CHECK(office.remove(acme).status == 204);
    CHECK(office.get(acme).status == 404);
}

TEST_CASE("rows have ETags")
{
    Profiles office;
    const auto tag = field(office.put(acme, "{}"), "ETag");
    CHECK(office.get(acme, {{"If-None-Match", tag}}).status == 304);
    CHECK(office.put(acme, "{}", {{"If-Match", "\"1\""}}).status == 412);
    CHECK(office.put(acme, "{}", {{"If-Match", tag}}).status == 200);
    CHECK(office.remove(acme, {{"If-Match", tag}}).status == 412);
}
