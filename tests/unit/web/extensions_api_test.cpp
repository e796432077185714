#include <doctest/doctest.h>

#include "admin/secret.hpp"
#include "db/audit_store.hpp"
#include "unit/web/http_client.hpp"

using namespace lampline;
using namespace lampline::testing;

namespace {

const std::string anna = R"({"number":"207","display_name":"Anna Lee"})";

std::string number_in(const boost::json::value& item)
{
    return boost::json::value_to<std::string>(item.at("number"));
}

std::string numbers(const web::HttpResponse& page)
{
    std::string text;
    const auto body = json_of(page);
    for (const auto& item : body.at("items").as_array())
        text += (text.empty() ? "" : " ") + number_in(item);
    return text;
}

}  // namespace

TEST_CASE("PUT creates an extension; its generated password is told once and works")
{
    WebOffice office;
    const auto created = office.put("/api/v1/extensions/207", anna);
    CHECK(created.status == 201);
    CHECK(field(created, "Content-Type") == "application/json");
    CHECK(field(created, "Location") == "/api/v1/extensions/207");
    const auto body = json_of(created);
    CHECK(body.at("display_name") == "Anna Lee");
    const auto password = boost::json::value_to<std::string>(body.at("sip_password"));
    CHECK(password.size() == 24);
    REQUIRE(office.published.size() == 1);
    CHECK(office.published[0]->find("207")->ha1_md5 ==
          admin::ha1_md5("207", "office.test", password));

    const auto seen = office.get("/api/v1/extensions/207");
    CHECK(seen.status == 200);
    CHECK(field(seen, "ETag") == field(created, "ETag"));
    CHECK_FALSE(json_of(seen).contains("sip_password"));
    for (const auto* path : {"/api/v1/extensions/207", "/api/v1/extensions"}) {
        const auto answer = office.get(path).body;
        CHECK(answer.find(password) == std::string::npos);
        CHECK(answer.find(office.published[0]->find("207")->ha1_md5) == std::string::npos);
        CHECK(answer.find("ha1") == std::string::npos);
    }
}

TEST_CASE("a password that the client chose is never told, not even to it")
{
    WebOffice office;
    const auto created =
        office.put("/api/v1/extensions/207", R"({"sip_password":"correct horse"})");
    CHECK(created.status == 201);
    CHECK(created.body.find("correct horse") == std::string::npos);
    CHECK(office.published[0]->find("207")->ha1_sha256 ==
          admin::ha1_sha256("207", "office.test", "correct horse"));
    const auto refused = office.put("/api/v1/extensions/207",
                                    R"({"display_name":7,"sip_password":"correct horse"})");
    CHECK(refused.status == 422);
    CHECK(refused.body.find("correct horse") == std::string::npos);
    const auto rows = office.on_database(
        [](db::Database& database) { return db::AuditStore{database}.latest(9); });
    CHECK_FALSE(rows.empty());
    for (const auto& row : rows)
        CHECK((row.after.value_or("") + row.before.value_or("")).find("correct") ==
              std::string::npos);
}

TEST_CASE("PUT replaces and keeps the password; the audit names the token and the request")
{
    WebOffice office;
    office.put("/api/v1/extensions/207", anna);
    const auto digest = office.published[0]->find("207")->ha1_md5;
    const auto replaced = office.put("/api/v1/extensions/207", R"({"display_name":"Anna Ng"})",
                                     {{"X-Request-Id", "my-request.1"}});
    CHECK(replaced.status == 200);
    CHECK(field(replaced, "X-Request-Id") == "my-request.1");
    CHECK_FALSE(json_of(replaced).contains("sip_password"));
    CHECK(office.published[1]->find("207")->ha1_md5 == digest);
    const auto row = office.on_database(
        [](db::Database& database) { return db::AuditStore{database}.latest(1).at(0); });
    CHECK(row.actor == "tests");
    CHECK(row.address == "127.0.0.1");
    CHECK(row.request_id == "my-request.1");
    CHECK(row.operation == "extension.put");
    CHECK(row.before->find("Anna Lee") != std::string::npos);
}

TEST_CASE("PATCH merges (RFC 7396): absent stays, null resets, a null password is a new one")
{
    WebOffice office;
    office.put("/api/v1/extensions/207", anna);
    const auto renamed = office.patch("/api/v1/extensions/207", R"({"display_name":"Anna Ng"})");
    CHECK(renamed.status == 200);
    CHECK(json_of(renamed).at("display_name") == "Anna Ng");
    CHECK_FALSE(json_of(renamed).contains("sip_password"));
    const auto rotated = office.patch("/api/v1/extensions/207", R"({"sip_password":null})");
    CHECK(json_of(rotated).at("display_name") == "Anna Ng");
    CHECK(json_of(rotated).at("sip_password").as_string().size() == 24);
    CHECK(office.published[1]->find("207")->ha1_md5 != office.published[2]->find("207")->ha1_md5);
    const auto emptied = office.patch("/api/v1/extensions/207", R"({"display_name":null})");
    CHECK(json_of(emptied).at("display_name") == "");
    CHECK(office.patch("/api/v1/extensions/208", "{}").status == 404);
}

TEST_CASE("DELETE removes; the exchange is told; twice is 404")
{
    WebOffice office;
    office.put("/api/v1/extensions/207", anna);
    const auto removed = office.remove("/api/v1/extensions/207");
    CHECK(removed.status == 204);
    CHECK(removed.body.empty());
    CHECK(office.published.back()->find("207") == nullptr);
    CHECK(office.remove("/api/v1/extensions/207").status == 404);
    CHECK(office.get("/api/v1/extensions/207").status == 404);
}

TEST_CASE("409 names every group that needs the extension, recursive takes it out of them")
{
    WebOffice office;
    office.put("/api/v1/extensions/207", anna);
    office.put("/api/v1/groups/sales", R"({"members":["207"],"watchers":[{"number":"207"}]})");
    const auto refused = office.remove("/api/v1/extensions/207");
    CHECK(refused.status == 409);
    CHECK(json_of(refused).at("references") ==
          boost::json::parse(R"([
              {"type":"group","name":"sales","as":"member","href":"/api/v1/groups/sales"},
              {"type":"group","name":"sales","as":"watcher","href":"/api/v1/groups/sales"}])"));
    const auto detail = [&](const std::string& query) {
        return json_of(office.remove("/api/v1/extensions/207" + query)).at("detail").as_string();
    };
    CHECK(detail("") == "extension 207 is in use by group sales (member), group sales (watcher); "
                        "?recursive=true removes its memberships");
    office.put("/api/v1/ring-groups/600", R"({"overflow":"207"})");
    CHECK(detail("?recursive=false") ==
          "extension 207 is in use by ring group 600 (overflow), group sales (member), group sales "
          "(watcher); ?recursive=true removes its memberships once the others are changed");
    CHECK(detail("?recursive=true") ==
          "extension 207 is in use by ring group 600 (overflow); change what uses it first");
    CHECK(office.remove("/api/v1/ring-groups/600").status == 204);
    CHECK(office.remove("/api/v1/extensions/207?recursive=true").status == 204);
    CHECK(json_of(office.get("/api/v1/groups/sales")).at("members").as_array().empty());
}

TEST_CASE("conditional requests (RFC 9110 13): 304, 412 with the present ETag, create only")
{
    WebOffice office;
    const auto path = "/api/v1/extensions/207";
    const auto tag = field(office.put(path, anna, {{"If-None-Match", "*"}}), "ETag");
    CHECK(tag.front() == '"');

    const auto unchanged = office.get(path, {{"If-None-Match", tag}});
    CHECK(unchanged.status == 304);
    CHECK(unchanged.body.empty());
    CHECK(field(unchanged, "ETag") == tag);
    CHECK(office.get(path, {{"If-None-Match", "\"1234567\", W/" + tag}}).status == 304);
    CHECK(office.get(path, {{"If-None-Match", "\"1234567\""}}).status == 200);

    CHECK(office.put(path, anna, {{"If-None-Match", "*"}}).status == 412);
    const auto stale = office.put(path, anna, {{"If-Match", "\"1234567\""}});
    CHECK(stale.status == 412);
    CHECK(field(stale, "ETag") == tag);
    CHECK(office.put(path, anna, {{"If-Match", "W/" + tag}}).status == 412);
    CHECK(office.patch(path, "{}", {{"If-Match", "\"1234567\""}}).status == 412);
    CHECK(office.remove(path, {{"If-Match", "\"1234567\""}}).status == 412);
    CHECK(office.put("/api/v1/extensions/208", "{}", {{"If-Match", "*"}}).status == 412);

    const auto changed = office.put(path, anna, {{"If-Match", tag}});
    CHECK(changed.status == 200);
    CHECK(field(changed, "ETag") != tag);
    CHECK(office.patch(path, "{}", {{"If-Match", field(changed, "ETag")}}).status == 200);
    CHECK(office.remove(path, {{"If-Match", "*"}}).status == 204);
}

TEST_CASE("428 only when the client prefers to be strict, and only for what exists")
{
    WebOffice office;
    const auto path = "/api/v1/extensions/207";
    const Fields strict{{"Prefer", "strict"}};
    const auto tag = field(office.put(path, anna, strict), "ETag");
    CHECK(office.put(path, anna, strict).status == 428);
    CHECK(office.patch(path, "{}", strict).status == 428);
    CHECK(office.remove(path, strict).status == 428);
    CHECK(
        office.put(path, anna, {{"Prefer", "return=minimal, strict"}, {"If-Match", tag}}).status ==
        200);
    CHECK(office.put(path, anna).status == 200);
}

TEST_CASE("422 names the member and what is wrong with it")
{
    WebOffice office;
    struct Row {
        const char* body;
        const char* pointer;
        const char* code;
    };
    for (const auto& row : {
             Row{R"({"displayname":"x"})", "/displayname", "unknown_member"},
             Row{R"({"a/b~c":"x"})", "/a~1b~0c", "unknown_member"},
             Row{R"({"display_name":7})", "/display_name", "type"},
             Row{R"({"sip_password":"x"})", "/sip_password", "too_short"},
             Row{R"({"sip_password":null})", "/sip_password", "type"},
             Row{R"({"number":"208"})", "/number", "mismatch"},
             Row{R"({"number":"2 8"})", "/number", "pattern"},
             Row{R"({"display_name":"a\nb"})", "/display_name", "malformed"},
             Row{R"(["207"])", "", "type"},
             Row{R"("207")", "", "type"},
         }) {
        CAPTURE(row.body);
        const auto refused = office.put("/api/v1/extensions/207", row.body);
        CHECK(refused.status == 422);
        CHECK(field(refused, "Content-Type") == "application/problem+json");
        CHECK(error_member(refused, "pointer") == row.pointer);
        CHECK(error_member(refused, "code") == row.code);
        CHECK_FALSE(error_member(refused, "message").empty());
    }
    const auto long_name = office.put("/api/v1/extensions/207",
                                      "{\"display_name\":\"" + std::string(129, 'x') + "\"}");
    CHECK(error_member(long_name, "code") == "too_long");
    CHECK(error_member(long_name, "message") == "must have at most 128 characters");
    const auto huge =
        office.put("/api/v1/extensions/207", "{\"number\":\"" + std::string(900'000, '2') + "\"}");
    CHECK(huge.status == 422);
    CHECK(error_member(huge, "pointer") == "/number");
    CHECK(error_member(office.put("/api/v1/extensions/2%208", "{}"), "pointer") == "/number");
    CHECK(office.published.empty());
}

TEST_CASE("what is wrong with a member is told by how it should be")
{
    WebOffice office;
    struct Row {
        const char* path;
        const char* body;
        const char* detail;
    };
    for (const auto& row : {
             Row{"extensions/207", "[]", "the body must be an object"},
             Row{"extensions/207", R"({"display_name":7})", "/display_name must be a string"},
             Row{"extensions/207", R"({"trusted":"yes"})", "/trusted must be true or false"},
             Row{"extensions/207", R"({"appearances":1.5})", "/appearances must be an integer"},
             Row{"extensions/207", R"({"mode":"mesh"})",
                 "/mode must be one of bridge, proxy, redirect"},
             Row{"extensions/207", R"({"number":"2 8"})", "/number must match ^[A-Za-z0-9._+*#-]+$"},
             Row{"extensions/207/forwarding", R"({"always":202})",
                 "/always must be a string or null"},
             Row{"trunks/line", R"({"servers":[{"host":"a"}],"enabled":"yes"})",
                 "/enabled must be true, false or null"},
             Row{"digit-plan", R"({"rules":[{"pattern":"(1","replacement":"2"}]})",
                 "/rules/0/pattern must have a ) for each ("},
             Row{"digit-plan", R"({"rules":[{"pattern":"1**"}]})",
                 "/rules/0/pattern must not repeat a repetition: **"},
             Row{"digit-plan", R"json({"rules":[{"pattern":"(9)(.*)","replacement":"\\5"}]})json",
                 "/rules/0/replacement must not name \\5: the pattern has 2 groups in parentheses"},
             Row{"digit-plan", R"({"rules":[{"pattern":"9.*","replacement":"\\1"}]})",
                 "/rules/0/replacement must not name \\1: the pattern has no group; put what to keep "
                 "in parentheses"},
             Row{"digit-plan", R"json({"rules":[{"pattern":"(9)","replacement":"\\x"}]})json",
                 "/rules/0/replacement must have a digit or a backslash after each backslash: \\1 to "
                 "\\9 are the groups of the pattern"},
             Row{"groups/sales", R"({"watchers":["201"]})", "/watchers/0 must be an object"},
             Row{"groups/sales", R"({"members":[201]})", "/members/0 must be a string"},
             Row{"digit-plan", R"({"rights":{"202":"all"}})",
                 "/rights/202 must be one of internal, local, national, international, premium"},
             Row{"digit-plan", R"({"outside":{"202":{"forward":1}}})",
                 "/outside/202/forward must be true or false"},
         }) {
        CAPTURE(row.body);
        const auto refused = office.put(std::string{"/api/v1/"} + row.path, row.body);
        CHECK(refused.status == 422);
        CHECK(json_of(refused).at("detail") == row.detail);
    }
    CHECK(json_of(office.get("/api/v1/extensions?limit=ten")).at("detail") ==
          "limit must be an integer");
    CHECK(json_of(office.remove("/api/v1/extensions/207?recursive=yes")).at("detail") ==
          "recursive must be true or false");
}

TEST_CASE(
    "a list is filtered, sorted and paged; pages neither repeat nor skip while rows come and go")
{
    WebOffice office;
    for (const auto* number : {"205", "201", "203", "202", "204"})
        office.put(std::string{"/api/v1/extensions/"} + number,
                   std::string{R"({"display_name":")"} + (number[2] < '3' ? "Zoe" : "adam") +
                       "\"}");
    const auto all = office.get("/api/v1/extensions");
    CHECK(numbers(all) == "201 202 203 204 205");
    CHECK(json_of(all).at("total") == 5);
    CHECK(json_of(all).at("next_cursor").is_null());
    CHECK(numbers(office.get("/api/v1/extensions?sort=-number")) == "205 204 203 202 201");
    CHECK(numbers(office.get("/api/v1/extensions?sort=display_name,-number")) ==
          "202 201 205 204 203");
    CHECK(numbers(office.get("/api/v1/extensions?q=ZO")) == "201 202");
    CHECK(json_of(office.get("/api/v1/extensions?q=zo&limit=1")).at("total") == 2);

    const auto cursor_in = [](const web::HttpResponse& page) {
        return boost::json::value_to<std::string>(json_of(page).at("next_cursor"));
    };
    const auto first = office.get("/api/v1/extensions?limit=2");
    CHECK(numbers(first) == "201 202");
    office.remove("/api/v1/extensions/202");
    office.put("/api/v1/extensions/100", "{}");
    const auto second = office.get("/api/v1/extensions?limit=2&cursor=" + cursor_in(first));
    CHECK(numbers(second) == "203 204");
    const auto third = office.get("/api/v1/extensions?limit=2&cursor=" + cursor_in(second));
    CHECK(numbers(third) == "205");
    CHECK(json_of(third).at("next_cursor").is_null());

    office.put("/api/v1/extensions/206", R"({"display_name":"J\u00f6rg"})");
    CHECK(numbers(office.get("/api/v1/extensions?q=J%C3%96RG")) == "206");
}

TEST_CASE("400 names the query parameter")
{
    WebOffice office;
    office.put("/api/v1/extensions/207", anna);
    for (const auto& [query, parameter] : {std::pair{"limit=0", "limit"},
                                           {"limit=201", "limit"},
                                           {"limit=ten", "limit"},
                                           {"limit=1&limit=2", "limit"},
                                           {"sort=secret", "sort"},
                                           {"cursor=xyz", "cursor"},
                                           {"cursor=5b5d", "cursor"},
                                           {"colour=red", "colour"}}) {
        CAPTURE(query);
        const auto refused = office.get(std::string{"/api/v1/extensions?"} + query);
        CHECK(refused.status == 400);
        CHECK(error_member(refused, "parameter") == parameter);
    }
    CHECK(office.remove("/api/v1/extensions/207?recursive=yes").status == 400);
}

TEST_CASE("a number with special characters is reached by its escapes")
{
    WebOffice office;
    const auto created = office.put("/api/v1/extensions/*21%23", R"({"number":"*21#"})");
    CHECK(created.status == 201);
    CHECK(field(created, "Location") == "/api/v1/extensions/*21%23");
    CHECK(number_in(json_of(office.get("/api/v1/extensions/%2A21%23"))) == "*21#");
}
