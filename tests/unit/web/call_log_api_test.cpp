#include <doctest/doctest.h>

#include "db/call_log_store.hpp"
#include "unit/db/call_records.hpp"
#include "unit/web/http_client.hpp"
#include "web/api/text.hpp"
#include "web/api/time_text.hpp"
#include "web/csv.hpp"

using namespace lampline;
using namespace lampline::testing;

namespace {

struct LoggedOffice : WebOffice {
    void log(const CallRecord& record)
    {
        on_database([&](db::Database& opened) {
            db::CallLogStore store{opened};
            db::Transaction transaction{opened, db::Durability::normal};
            store.put(record);
            transaction.commit();
            return true;
        });
    }
    boost::json::object page(const std::string& query = {})
    {
        const auto answer = get("/api/v1/call-log" + query);
        REQUIRE(answer.status == 200);
        return json_of(answer);
    }
    std::size_t count(const std::string& query)
    {
        return page(query).at("items").as_array().size();
    }
};

}  // namespace

TEST_CASE("call log: a page of calls that are over, newest first")
{
    LoggedOffice office;
    auto moved = full_record(123, "201", "202");
    moved.failed_moves = failed_moves(123);
    office.log(moved);
    office.log(missed_record(456, "205", "202"));
    const auto page = office.page();
    CHECK(page.at("next_cursor").is_null());
    CHECK(page.at("items").as_array().size() == 2);
    CHECK(page.at("items").at(1) == boost::json::parse(R"({
        "id":"6963200000503809","from":"201","from_name":"Name of 201","dialled":"202","to":"202",
        "to_name":"Name of 202","answered_by":"203","result":"answered",
        "started_at":"2023-11-14T22:13:20.123Z","ringing_at":"2023-11-14T22:13:20.223Z",
        "answered_at":"2023-11-14T22:13:21.123Z","ended_at":"2023-11-14T22:13:29.123Z",
        "duration":8.0,"ended_by":"callee","ended_extension":"203","status":200,
        "reason":"Q.850;cause=16;text=\"Bye, now\"","continued_in":"77","from_trunk":"line",
        "answered_trunk":"other","failed_moves":[
        {"kind":"transfer","by":"203","part":2,"target":"999","status":404,
         "reason":"No Such Extension","at":"2023-11-14T22:13:22.123Z"},
        {"kind":"pickup","by":"204","part":null,"target":"204","status":403,
         "reason":"Not Yours To Take","at":"2023-11-14T22:13:23.123Z"}]})"));
    CHECK(page.at("items").at(0).at("failed_moves").as_array().empty());
    const auto whole = json_of(office.get("/api/v1/call-log/6963200000503809"));
    CHECK(whole.at("failed_moves") == page.at("items").at(1).at("failed_moves"));
    CHECK(page.at("items").at(0).at("answered_at").is_null());
    CHECK(page.at("items").at(0).at("duration") == 0.0);
}

TEST_CASE("call log: the whole call, with the part of every phone")
{
    LoggedOffice office;
    office.log(full_record(123, "201", "202"));
    const auto call = json_of(office.get("/api/v1/call-log/6963200000503809"));
    CHECK(call.at("from") == "201");
    CHECK(call.at("parts").as_array().size() == 3);
    CHECK(call.at("parts").at(2) == boost::json::parse(R"({
        "kind":"picked_up","extension":"203","trunk":null,"on_behalf_of":null,"name":"Name of 203","result":"answered",
        "missed":false,"call_id":"c3@phone","end":"remote-bye","status":null,
        "started_at":"2023-11-14T22:13:21.023Z","ringing_at":null,
        "answered_at":"2023-11-14T22:13:21.123Z","ended_at":"2023-11-14T22:13:30.023Z",
        "in_place_of":1,"moved_by":null,"came_from":"78"})"));
    for (const auto* id : {"6963200000503810", "x", "0", "-1"})
        CHECK(office.get(std::string{"/api/v1/call-log/"} + id).status == 404);
}

TEST_CASE("call log: filters")
{
    LoggedOffice office;
    office.log(full_record(0, "201", "202"));
    office.log(missed_record(60'000, "205", "202"));
    CHECK(office.count("?extension=203") == 1);
    CHECK(office.count("?extension=202&direction=incoming") == 2);
    CHECK(office.count("?extension=202&direction=outgoing") == 0);
    CHECK(office.count("?extension=202&outcome=missed") == 1);
    CHECK(office.count("?outcome=answered") == 1);
    CHECK(office.count("?from=2023-11-14T22:14:00Z") == 1);
    CHECK(office.count("?to=2023-11-14T23:14:00%2B01:00") == 1);
    CHECK(office.count("?q=name%20of%20205") == 1);
    CHECK(office.count("?q=nobody") == 0);
}

TEST_CASE("call log: pages by cursor")
{
    LoggedOffice office;
    for (const long at : {10, 20, 30}) office.log(full_record(at, "201", "202"));
    const auto first = office.page("?limit=2");
    CHECK(first.at("items").as_array().size() == 2);
    const auto cursor = boost::json::value_to<std::string>(first.at("next_cursor"));
    const auto second = office.page("?limit=2&cursor=" + cursor);
    CHECK(second.at("items").as_array().size() == 1);
    CHECK(second.at("next_cursor").is_null());
    CHECK(office.page("?limit=3").at("next_cursor").is_null());
}

TEST_CASE("call log: what cannot be asked names the parameter")
{
    LoggedOffice office;
    const auto refused = [&](const std::string& query, const char* parameter, const char* code) {
        CAPTURE(query);
        const auto answer = office.get("/api/v1/call-log?" + query);
        CHECK(answer.status == 400);
        CHECK(error_member(answer, "parameter") == parameter);
        CHECK(error_member(answer, "code") == code);
    };
    refused("direction=incoming", "direction", "needs_extension");
    refused("extension=201&direction=sideways", "direction", "not_allowed");
    refused("outcome=lost", "outcome", "not_allowed");
    refused("from=yesterday", "from", "malformed");
    refused("to=2026-02-30T00:00:00Z", "to", "malformed");
    refused("from=2026-02-20T00:00:00Z&to=2026-02-10T00:00:00Z", "to", "not_allowed");
    refused("cursor=zz", "cursor", "malformed");
    refused("limit=1001", "limit", "too_big");
    refused("extension=", "extension", "too_short");
    refused("sort=from", "sort", "unknown_parameter");
}

TEST_CASE("call log as CSV: quoted after RFC 4180, and nothing a spreadsheet would calculate")
{
    LoggedOffice office;
    auto record = full_record(123, "201", "202");
    record.caller_name = "=HYPERLINK(\"http://x\"), \"Anna\"";
    record.dialled = "+4930";
    record.failed_moves = failed_moves(123);
    office.log(record);
    office.log(missed_record(456, "205", "202"));
    const auto answer = office.get("/api/v1/call-log?limit=1", {{"Accept", "text/csv"}});
    CHECK(answer.status == 200);
    CHECK(field(answer, "Content-Type") == "text/csv; charset=utf-8; header=present");
    const auto next = field(answer, "X-Next-Cursor");
    const auto rest = office.get("/api/v1/call-log?cursor=" + next,
                                 {{"Accept", "application/json;q=0.5, text/csv;q=0.9, */*;q=0.1"}});
    CHECK(rest.body ==
          "id,from,from_name,dialled,to,to_name,answered_by,result,started_at,ringing_at,"
          "answered_at,ended_at,duration,ended_by,ended_extension,status,reason,continued_in,"
          "from_trunk,answered_trunk,failed_moves\r\n"
          "6963200000503809,201,\"'=HYPERLINK(\"\"http://x\"\"), \"\"Anna\"\"\",'+4930,202,"
          "Name of 202,203,answered,2023-11-14T22:13:20.123Z,2023-11-14T22:13:20.223Z,"
          "2023-11-14T22:13:21.123Z,2023-11-14T22:13:29.123Z,8.000,callee,203,200,"
          "\"Q.850;cause=16;text=\"\"Bye, now\"\"\",77,line,other,"
          "2023-11-14T22:13:22.123Z transfer by 203 to 999: 404 No Such Extension | "
          "2023-11-14T22:13:23.123Z pickup by 204 to 204: 403 Not Yours To Take\r\n");
    CHECK(field(rest, "X-Next-Cursor").empty());
    const auto both =
        office.get("/api/v1/call-log", {{"Accept", "text/html, application/json, text/csv"}});
    CHECK(field(both, "Content-Type").starts_with("application/json"));
}

TEST_CASE("CSV fields that begin like a formula get an apostrophe, and all are UTF-8")
{
    for (const auto& [field, written] : {std::pair{"=1+1", "'=1+1\r\n"},
                                         {"+49", "'+49\r\n"},
                                         {"-1", "'-1\r\n"},
                                         {"@SUM(A1)", "'@SUM(A1)\r\n"},
                                         {"  =1", "'  =1\r\n"},
                                         {"\t=1", "'\t=1\r\n"},
                                         {"\r=1", "\"'\r=1\"\r\n"},
                                         {"**202", "**202\r\n"},
                                         {"a=1", "a=1\r\n"},
                                         {"J\xF6rg", "J\xEF\xBF\xBDrg\r\n"},
                                         {"", "\r\n"}}) {
        std::string text;
        web::append_csv(text, {field});
        CHECK(text == written);
    }
}

TEST_CASE("what phones sent is UTF-8 in our answers, whatever it was")
{
    CHECK(web::utf8_text("J\xC3\xB6rg") == "J\xC3\xB6rg");
    CHECK(web::utf8_text("J\xF6rg") == "J\xEF\xBF\xBDrg");
    CHECK(web::utf8_text("\xED\xA0\x80") == "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
    CHECK(web::utf8_text("\xF0\x9F\x93\x9E") == "\xF0\x9F\x93\x9E");
    CHECK(web::utf8_text("\xC3") == "\xEF\xBF\xBD");
    CHECK(web::utf8_text("\xC0\xAF") == "\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST_CASE("call log: a time beyond what the clock counts is the end of it")
{
    LoggedOffice office;
    office.log(missed_record(456, "205", "202"));
    CHECK(office.count("?to=9999-12-31T23:59:59Z") == 1);
    CHECK(office.count("?from=2020-01-01T00:00:00Z&to=9999-12-31T23:59:59Z") == 1);
    CHECK(office.count("?from=9999-12-31T23:59:59Z") == 0);
    CHECK(office.count("?from=2500-01-01T00:00:00Z") == 0);
}

TEST_CASE("times after RFC 3339, with offsets")
{
    using web::parse_time;
    CHECK(parse_time("2023-11-14T22:13:20Z") == wall(0));
    CHECK(parse_time("2023-11-14t22:13:20.123456z") == wall(123));
    CHECK(parse_time("2023-11-14T23:43:20+01:30") == wall(0));
    CHECK(parse_time("2023-11-14 17:13:20-05:00") == wall(0));
    for (const auto* text :
         {"", "2023-11-14", "2023-11-14T22:13:20", "2023-11-14T22:13Z", "2023-13-14T22:13:20Z",
          "2023-11-31T22:13:20Z", "2023-11-14T24:13:20Z", "2023-11-14T22:13:20.Z",
          "2023-11-14T22:13:20Zx", "2023-11-14T22:13:20+1:00", "1969-12-31T00:00:00Z",
          "+023-11-14T22:13:20Z", "-123-11-14T22:13:20Z", "2023-11-14T22:13:20+24:00"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_time(text));
    }
}
