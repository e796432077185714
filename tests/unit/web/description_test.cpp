#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "db/call_log_store.hpp"
#include "unit/db/call_records.hpp"
#include "unit/web/http_client.hpp"
#include "unit/web/lamp_values.hpp"
#include "unit/web/traced_call.hpp"
#include "web/api/request.hpp"
#include "web/api_description.hpp"

using namespace lampline;
using namespace lampline::testing;

namespace {

namespace json = boost::json;

json::object document()
{
    return json::parse(web::description_json()).as_object();
}

/// The path with every parameter filled in.
std::string filled(std::string path)
{
    for (const auto& [name, value] : {std::pair{"{number}", "207"},
                                      {"{name}", "sales"},
                                      {"{watcher}", "207"},
                                      {"{member}", "207"},
                                      {"{feature}", "disturb"},
                                      {"{group}", "600"},
                                      {"{trunk}", "line"},
                                      {"{device}", "001565aabbcc"},
                                      {"{id}", "6963200000503809"}})
        if (const auto at = path.find(name); at != std::string::npos)
            path.replace(at, std::string_view{name}.size(), value);
    return path;
}

/// Checks an answer against what the operation describes for its status.
void check_described(const json::object& operation, const web::HttpResponse& response)
{
    const auto& responses = operation.at("responses").as_object();
    const auto* described = responses.if_contains(std::to_string(response.status));
    REQUIRE(described != nullptr);
    const auto whole = document();
    auto answer = described->as_object();
    if (const auto* reference = answer.if_contains("$ref"))
        answer = whole.at("components")
                     .at("responses")
                     .at(std::string_view{reference->as_string()}.substr(
                         std::string_view{"#/components/responses/"}.size()))
                     .as_object();
    const auto* content = answer.if_contains("content");
    if (content == nullptr) {
        CHECK(response.body.empty());
        return;
    }
    auto type = field(response, "Content-Type");
    type = type.substr(0, type.find(';'));
    const auto* media = content->as_object().if_contains(type);
    REQUIRE(media != nullptr);
    if (!type.ends_with("json")) return;
    const auto faults = web::SchemaCheck{media->at("schema"), whole}(json::parse(response.body));
    for (const auto& fault : faults) FAIL_CHECK(fault.pointer << ' ' << fault.message);
}

template <class Visit>
void for_each_operation(Visit visit)
{
    const auto whole = document();
    for (const auto& [path, item] : whole.at("paths").as_object())
        for (const auto& [method, operation] : item.as_object())
            if (method != "parameters") visit(std::string{path}, method, operation.as_object());
}

/// Whether one of the described ways is to present nothing.
bool needs_nobody(const json::object& operation)
{
    const auto* security = operation.if_contains("security");
    if (security == nullptr) return false;
    const auto& ways = security->as_array();
    return ways.empty() ||
           std::ranges::any_of(ways, [](const auto& way) { return way.as_object().empty(); });
}

std::string upper(std::string_view method)
{
    std::string text;
    for (const char c : method) text += static_cast<char>(c - 'a' + 'A');
    return text;
}

web::HttpResponse ask(WebOffice& office, const std::string& path, const std::string& method,
                      const json::object& operation, Fields fields = {})
{
    std::string body;
    if (const auto* described = operation.if_contains("requestBody")) {
        body = "{}";
        fields.try_emplace("Content-Type", described->at("content").as_object().begin()->key());
    }
    return office.ask(method, filled(path), std::move(fields), body);
}

}  // namespace

TEST_CASE("the handlers are exactly the operations of openapi.yaml")
{
    std::set<std::string> described;
    for_each_operation([&](const std::string&, std::string_view, const json::object& operation) {
        const auto id = json::value_to<std::string>(operation.at("operationId"));
        CHECK(described.insert(id).second);
    });
    std::set<std::string> handled;
    for (const auto& row : web::handlers()) handled.emplace(row.operation);
    CHECK(described == handled);
}

TEST_CASE("every operation of openapi.yaml answers as described")
{
    WebOffice office;
    for (const bool furnished : {false, true}) {
        if (furnished) {
            office.put("/api/v1/extensions/207", "{}");
            office.put("/api/v1/groups/sales", R"({"members":["207"]})");
            office.put("/api/v1/body-profiles/sales", "{}");
            office.put("/api/v1/device-profiles/001565aabbcc", R"({"profile":"snom"})");
            office.put("/api/v1/ring-groups/600", R"({"members":[{"number":"207"}]})");
            office.put("/api/v1/trunks/line", R"({"servers":[{"host":"192.0.2.1"}]})");
            office.on_database([](db::Database& opened) {
                db::CallLogStore store{opened};
                db::Transaction transaction{opened, db::Durability::normal};
                store.put(full_record(123, "201", "202"));
                transaction.commit();
                return true;
            });
            office.trace = traced_call();
            LiveView view;
            view.registrations.emplace_back();
            view.registrations[0].aor = "207";
            view.calls.emplace_back();
            view.calls[0].id = "6963200000503809";
            office.order_answer = {.outcome = OrderOutcome::begun, .call = view.calls[0]};
            view.calls[0].legs.push_back({"caller", "207", "", "", "early", "", "", false});
            view.lamps.emplace_back();
            view.lamps[0].watcher = view.lamps[0].member = "207";
            view.lamps[0].kind = "subscribed";
            office.live = std::make_shared<const LiveView>(std::move(view));
            office.account = full_account();
        }
        for_each_operation(
            [&](const std::string& path, std::string_view method, const json::object& operation) {
                CAPTURE(path);
                CAPTURE(method);
                const auto response = ask(office, path, upper(method), operation);
                CAPTURE(response.status);
                CHECK(response.status != 405);
                CHECK(response.status < 500);
                const bool by_key = path.find('{') != std::string::npos;
                if (!by_key || furnished) CHECK(response.status != 404);
                check_described(operation, response);
            });
    }
}

TEST_CASE("every operation needs the token that openapi.yaml says, and no other method is served")
{
    WebOffice office;
    std::map<std::string, std::set<std::string>> methods;
    for_each_operation([&](const std::string& path, std::string_view method,
                           const json::object& operation) {
        CAPTURE(path);
        methods[path].insert(upper(method));
        const auto response = ask(office, path, upper(method), operation, {{"Authorization", ""}});
        const bool open = needs_nobody(operation);
        CHECK((response.status == 401) == !open);
        if (!open) check_described(operation, response);
    });
    for (const auto& [path, known] : methods)
        for (const auto* method : {"GET", "PUT", "PATCH", "DELETE", "POST"}) {
            CAPTURE(path);
            CAPTURE(method);
            if (!known.contains(method))
                CHECK(office.ask(method, filled(path), {}, "{}").status == 405);
        }
}

TEST_CASE("no operation that changes something does so for a role that may not")
{
    WebOffice office;
    office.put("/api/v1/extensions/207", "{}");
    office.put("/api/v1/groups/sales", R"({"members":["207"]})");
    LiveView view;
    view.calls.emplace_back().id = "6963200000503809";
    office.order_answer = {.outcome = OrderOutcome::begun, .call = view.calls[0]};
    office.live = std::make_shared<const LiveView>(std::move(view));
    office.account = full_account();
    const auto published = office.published.size();
    for (const auto role : {admin::Role::auditor, admin::Role::receptionist}) {
        const auto token = office.new_token(std::string{admin::word(role)}, role);
        std::size_t refused = 0;
        for_each_operation([&](const std::string& path, std::string_view method,
                               const json::object& operation) {
            const auto& id = operation.at("operationId").as_string();
            if (method == "get" || id == "testDigitPlan" || id == "createEventTicket") return;
            const auto* needed = operation.if_contains("x-requires");
            const bool live = needed != nullptr && needed->as_string() == "act_live";
            if (live && role == admin::Role::receptionist) return;
            CAPTURE(path);
            CAPTURE(method);
            const auto response =
                ask(office, path, upper(method), operation, {{"Authorization", "Bearer " + token}});
            CHECK(response.status == 403);
            CHECK(field(response, "Content-Type") == "application/problem+json");
            check_described(operation, response);
            ++refused;
        });
        CHECK(refused > 20);
    }
    CHECK(office.ordered.empty());
    CHECK(office.lamp_asked.empty());
    CHECK(office.published.size() == published);
    CHECK(office.get("/api/v1/extensions/207").status == 200);
}

TEST_CASE("the description is served as it was written")
{
    WebOffice office;
    const auto answer = office.get("/api/v1/openapi.yaml", {{"Authorization", ""}});
    CHECK(answer.status == 200);
    CHECK(answer.body == web::description_yaml());
    CHECK(answer.body.find("openapi: 3.1.0") != std::string::npos);
}
