#include <doctest/doctest.h>

#include "db/audit_store.hpp"
#include "unit/web/http_client.hpp"

using namespace lampline;
using namespace lampline::testing;

namespace {

/// What the exchange has of a call from 201 to 207.
OrderAnswer begun(OrderOutcome outcome = OrderOutcome::begun)
{
    LiveCall call;
    call.id = "17";
    call.from = "201";
    call.dialled = "207";
    call.legs = {{"callee", "201", {}, {}, "trying", "a@b", "udp:192.0.2.7:5060", false}};
    return {.outcome = outcome, .call = call};
}

std::vector<db::AuditRow> audit_of(WebOffice& office)
{
    return office.on_database([](db::Database& database) {
        auto rows = db::AuditStore{database}.latest(50);
        std::erase_if(rows, [](const auto& row) { return !row.operation.starts_with("call."); });
        return rows;
    });
}

}  // namespace

TEST_CASE("click to dial: 201 with the call and where it is")
{
    WebOffice office;
    office.order_answer = begun();
    const auto response =
        office.ask("POST", "/api/v1/calls", {}, R"({"from":"201","to":"207","auto_answer":true})");
    CHECK(response.status == 201);
    CHECK(field(response, "Location") == "/api/v1/calls/17");
    CHECK(json_of(response).at("legs").at(0).at("extension") == "201");
    REQUIRE(office.ordered.size() == 1);
    CHECK(office.ordered[0].action == CallAction::place);
    CHECK(office.ordered[0].from == "201");
    CHECK(office.ordered[0].to == "207");
    CHECK(office.ordered[0].auto_answer);

    const auto audit = audit_of(office);
    REQUIRE(audit.size() == 1);
    CHECK(audit[0].operation == "call.place");
    CHECK(audit[0].subject == "17 201>207");
    CHECK(audit[0].actor == "tests");
}

TEST_CASE("each action reaches the exchange as itself, and is audited")
{
    WebOffice office;
    office.order_answer = begun();
    const auto does = [&](const std::string& verb, const std::string& body = {}) {
        const auto response = office.ask("POST", "/api/v1/calls/17:" + verb, {}, body);
        CHECK(response.status == 202);
        CHECK(json_of(response).at("id") == "17");
        CHECK(office.ordered.back().call == "17");
        CHECK(audit_of(office).at(0).operation == "call." + verb);
        return office.ordered.back();
    };
    CHECK(does("hangup").action == CallAction::hang_up);
    CHECK(does("hold").action == CallAction::hold);
    CHECK(does("resume").action == CallAction::resume);
    const auto transfer = does("transfer", R"({"to":"205","by":"201"})");
    CHECK(transfer.action == CallAction::transfer);
    CHECK(transfer.to == "205");
    CHECK(transfer.by == "201");
    CHECK(audit_of(office).at(0).subject == "17 201>207 to 205 by 201");
    const auto pickup = does("pickup", R"({"by":"203"})");
    CHECK(pickup.action == CallAction::pick_up);
    CHECK(pickup.by == "203");
    CHECK_FALSE(pickup.auto_answer);
    CHECK(does("park", "{}").to.empty());
    const auto park = does("park", R"({"slot":"703","by":"201"})");
    CHECK(park.action == CallAction::park);
    CHECK(park.to == "703");
    CHECK(audit_of(office).at(0).subject == "17 201>207 slot 703 by 201");
}

TEST_CASE("what the exchange refuses is said in HTTP, and not audited")
{
    WebOffice office;
    const auto answered = [&](OrderAnswer answer) {
        office.order_answer = std::move(answer);
        return office.ask("POST", "/api/v1/calls/17:transfer", {}, R"({"to":"205"})");
    };
    CHECK(answered({.outcome = OrderOutcome::unknown_call}).status == 404);
    const auto conflict =
        answered({.outcome = OrderOutcome::wrong_state, .message = "nobody talks in this call"});
    CHECK(conflict.status == 409);
    CHECK(json_of(conflict).at("detail") == "nobody talks in this call");
    const auto bad = answered({.outcome = OrderOutcome::bad_member,
                               .pointer = "/to",
                               .code = "unknown_number",
                               .message = "there is no such number"});
    CHECK(bad.status == 422);
    CHECK(json_of(bad).at("errors").at(0).at("pointer") == "/to");
    CHECK(answered({.outcome = OrderOutcome::overloaded}).status == 503);
    CHECK(answered(begun(OrderOutcome::as_it_is)).status == 200);
    CHECK(audit_of(office).empty());
}

TEST_CASE("a body that does not say who is to be called is refused before the exchange is asked")
{
    WebOffice office;
    for (const auto* body : {"{}", R"({"from":"201"})", R"({"from":"201","to":""})",
                             R"({"from":"2 1","to":"207"})", R"({"from":"201","to":207})"})
        CHECK(office.ask("POST", "/api/v1/calls", {}, body).status == 422);
    CHECK(office.ask("POST", "/api/v1/calls/17:pickup", {}, "{}").status == 422);
    CHECK(office.ask("POST", "/api/v1/calls/17:explode").status == 405);
    CHECK(office.ordered.empty());
}

TEST_CASE("a POST that needs no body takes an empty object, and refuses what it does not know")
{
    WebOffice office;
    office.order_answer = begun();
    for (const auto* path : {"/api/v1/calls/17:hangup", "/api/v1/calls/17:hold",
                             "/api/v1/calls/17:resume", "/api/v1/lamps/201/207:resend",
                             "/api/v1/events/tickets"}) {
        CAPTURE(path);
        const auto post = [&](const std::string& body, Fields fields = {}) {
            return office.ask("POST", path, std::move(fields), body);
        };
        const auto usual = post("").status;
        CHECK(usual != 422);
        CHECK(post("", {{"Content-Type", "application/json"}}).status == usual);
        CHECK(post("{}").status == usual);
        const auto asked = office.ordered.size() + office.lamp_asked.size();
        const auto refused = post(R"({"reason":"late"})");
        CHECK(refused.status == 422);
        CHECK(error_member(refused, "pointer") == "/reason");
        CHECK(error_member(refused, "code") == "unknown_member");
        CHECK(post("[]").status == 422);
        CHECK(post("{").status == 400);
        CHECK(post("reason=late", {{"Content-Type", "application/x-www-form-urlencoded"}}).status ==
              415);
        CHECK(office.ordered.size() + office.lamp_asked.size() == asked);
    }
}

TEST_CASE("receptionists control calls, auditors do not")
{
    WebOffice office;
    office.order_answer = begun();
    const auto status = [&](admin::Role role) {
        const auto token = office.new_token(std::string{admin::word(role)}, role);
        return office.ask("POST", "/api/v1/calls/17:hold", {{"Authorization", "Bearer " + token}})
            .status;
    };
    CHECK(status(admin::Role::receptionist) == 202);
    CHECK(status(admin::Role::operator_) == 202);
    CHECK(status(admin::Role::auditor) == 403);
    CHECK(office.ordered.size() == 2);
}

TEST_CASE("one call")
{
    WebOffice office;
    LiveView view;
    view.calls.push_back(*begun().call);
    office.live = std::make_shared<const LiveView>(std::move(view));
    CHECK(json_of(office.get("/api/v1/calls/17")).at("dialled") == "207");
    CHECK(office.get("/api/v1/calls/18").status == 404);
}
