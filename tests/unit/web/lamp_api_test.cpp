#include <doctest/doctest.h>

#include "db/audit_store.hpp"
#include "unit/web/http_client.hpp"
#include "unit/web/lamp_values.hpp"
#include "web/api/lamp_words.hpp"

using namespace lampline;
using namespace lampline::testing;

namespace {

/// 201 sees 207 by two groups; 208 is seen by nobody.
struct LampOffice : WebOffice {
    LampOffice()
    {
        for (const auto* number : {"201", "207", "208"})
            put(std::string{"/api/v1/extensions/"} + number, "{}");
        put("/api/v1/groups/sales", R"({"members":["207"],
            "watchers":[{"number":"201","unsolicited":false,"profile":"innovaphone"}]})");
        put("/api/v1/groups/front", R"({"members":["207"],"watchers":[{"number":"201"}]})");
        account = full_account();
    }
    boost::json::object lamp(const std::string& path = "201/207")
    {
        return json_of(get("/api/v1/lamps/" + path));
    }
};

std::string text(const boost::json::value& value)
{
    return boost::json::value_to<std::string>(value);
}

bool contains(const boost::json::value& value, std::string_view part)
{
    return text(value).find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a lamp: the calls, the rule with its groups, and each phone")
{
    LampOffice office;
    const auto lamp = office.lamp();
    CHECK(office.lamp_asked.back().watcher == "201");
    CHECK(office.lamp_asked.back().member == "207");
    CHECK_FALSE(office.lamp_asked.back().resend);
    CHECK(lamp.at("reason") == "differs");
    CHECK(lamp.at("member_state") == boost::json::parse(R"(
        {"colour":"flashing","state":"early","since":"2023-11-14T22:13:30.000Z"})"));
    CHECK(lamp.at("calls").at(0) == boost::json::parse(R"({
        "id":"3","leg":"7","direction":"recipient","state":"early","held":false,"with":"205",
        "with_name":"Eve Ng","call_id":"c@x","started_at":"2023-11-14T22:13:29.000Z",
        "answered_at":null,"published":null,"parked_by":null})"));
    CHECK(lamp.at("rule") == boost::json::parse(R"({
        "allowed":true,"unsolicited":true,"parties":true,"pickup":true,"profile":"innovaphone","groups":[
          {"name":"front","unsolicited":true,"profile":"auto"},
          {"name":"sales","unsolicited":false,"profile":"innovaphone"}]})"));
    CHECK(lamp.at("phones").at(0).at("lamp") == boost::json::parse(R"({
        "kind":"subscribed","list":null,"profile":"standard","profile_from":"default",
        "shown":{"colour":"flashing","state":"early","since":"2023-11-14T22:13:30.000Z"},
        "present":{"colour":"flashing","state":"early","since":"2023-11-14T22:13:30.000Z"},
        "agrees":true,
        "notify":{"cseq":5,"version":4,"sent_at":"2023-11-14T22:13:30.000Z","transport":"tcp",
          "address":"[2001:db8::7]:5062","bytes":14,"list_bytes":null,"body":"<dialog-info/>","answer":200,
          "silent":false,"answered_at":"2023-11-14T22:13:31.000Z"},
        "under_way":false,"failures":0,"retry_at":null,"expires_at":"2023-11-14T23:13:20Z"})"));
    const auto& silent = lamp.at("phones").at(1);
    CHECK(silent.at("reason") == "waits_to_retry");
    CHECK(silent.at("lamp").at("notify").at("answer").is_null());
    CHECK(silent.at("lamp").at("notify").at("silent") == true);
    CHECK(lamp.at("phones").at(2).at("reason") == "refuses_unsolicited");
    CHECK(lamp.at("phones").at(3).at("reason") == "not_subscribed");
    CHECK(lamp.at("phones").at(4).at("reason") == "told_by_phone");
    CHECK(lamp.at("phones").at(4).at("lamp").is_null());
    CHECK(lamp.at("phones")
              .at(4)
              .at("explanation")
              .as_string()
              .find("notifies its watchers itself") != std::string::npos);
}

TEST_CASE("a lamp in a list: the size of its part of the body, and that of the whole")
{
    LampOffice office;
    auto& told = office.account.phones.at(0).lamp.value();
    told.list = "sales";
    told.notify->list_bytes = 900;
    const auto lamp = office.lamp().at("phones").at(0).at("lamp").as_object();
    CHECK(lamp.at("list") == "sales");
    CHECK(lamp.at("notify").at("bytes") == 14);
    CHECK(lamp.at("notify").at("list_bytes") == 900);
}

TEST_CASE("a dialog that is published is no call: no id, but who says so, and until when")
{
    LampOffice office;
    auto& dialog = office.account.calls.at(0);
    dialog.call = {};
    dialog.leg = {std::uint64_t{1} << 62U};
    dialog.state = LegState::confirmed;
    dialog.started_at = {};
    dialog.published = PublishedBy{"207", std::chrono::floor<std::chrono::seconds>(wall_at(3600))};
    const auto lamp = office.lamp();
    CHECK(lamp.at("calls").at(0) == boost::json::parse(R"({
        "id":null,"leg":null,"direction":"recipient","state":"confirmed","held":false,"with":"205",
        "with_name":"Eve Ng","call_id":"c@x","started_at":null,"answered_at":null,
        "published":{"by":"207","expires_at":"2023-11-14T23:13:20Z"},"parked_by":null})"));
    CHECK(lamp.at("summary") ==
          "207 talks to 205 (Eve Ng) (published by 207, until 2023-11-14T23:13:20Z), since "
          "2023-11-14T22:13:30Z.");
}

TEST_CASE("every sentence says what is, and what can be done about it")
{
    LampOffice office;
    const auto lamp = office.lamp();
    CHECK(lamp.at("summary") == "207 rings: 205 (Eve Ng) calls, since 2023-11-14T22:13:30Z.");
    const auto& phones = lamp.at("phones").as_array();
    CHECK(phones[0].at("explanation") ==
          "The lamp is flashing, as it should be: the phone acknowledged CSeq 5 with 200.");
    CHECK(phones[1].at("explanation") ==
          "The lamp is dark and should be flashing; the phone did not answer the NOTIFY with CSeq "
          "5 (3 in a row failed). Is it switched on, and reachable at 2001:db8::7? It is sent "
          "again at 2023-11-14T22:14:24Z.");
    CHECK(contains(phones[2].at("explanation"),
                   "refused unsolicited NOTIFYs with 489 at 2023-11-14T22:13:22Z"));
    CHECK(contains(phones[2].at("explanation"), "busy-lamp key for 207"));
    CHECK(contains(phones[3].at("explanation"), "unsolicited NOTIFYs are off for 201"));
    CHECK(contains(phones[3].at("explanation"), "expired at 2023-11-14T22:13:23Z"));

    const auto hidden = office.lamp("201/208");
    CHECK(hidden.at("reason") == "not_allowed");
    CHECK(hidden.at("rule").at("allowed") == false);
    CHECK(contains(hidden.at("summary"), "Put both into one group"));

    office.put("/api/v1/extensions/208", R"({"visibility":"hidden"})");
    CHECK(office.lamp("201/208").at("summary") ==
          "Nobody may see 208: its visibility is `hidden`.");

    office.account.phones.clear();
    office.account.calls.clear();
    office.account.member_look = {LampColour::dark, {}, {}};
    const auto alone = office.lamp();
    CHECK(alone.at("reason") == "not_registered");
    CHECK(alone.at("summary") == "207 is idle. No phone of 201 is registered, so there is no lamp "
                                 "to light: register one.");
}

TEST_CASE("a body that is larger than its profile allows is said to be, of a list the whole of it")
{
    LampOffice office;
    auto& told = office.account.phones.at(0).lamp.value();
    const auto explained = [&] { return text(office.lamp().at("phones").at(0).at("explanation")); };
    const auto plain = explained();
    told.max_body = 14;
    CHECK(explained() == plain);
    told.max_body = 13;
    CHECK(explained() == plain + " The body of that NOTIFY, 14 bytes, is larger than its profile "
                                 "allows (`max_body` 13), and cannot be written shorter.");
    told.max_body = 14;
    told.left_out = 2;
    CHECK(explained() == plain + " Of the phones of 207 that ring for one call the NOTIFY names "
                                 "one; it has no room for 2 more.");
    told.left_out = 0;
    told.list = "sales";
    told.max_body = 800;
    const auto of_list = explained();
    CHECK(of_list.find("larger than") == std::string::npos);
    told.notify->list_bytes = 900;
    CHECK(explained().find("900 bytes, is larger than its profile allows (`max_body` 800)") !=
          std::string::npos);
}

TEST_CASE("what is said of a call, a NOTIFY under way, and an unknown lamp")
{
    LampAccount account = full_account();
    account.watcher = "201";
    account.member = "207";
    account.directory = std::make_shared<const Directory>(
        "office.test", std::vector<Extension>{{"201", {}, {}, {}}, {"207", {}, {}, {}}},
        std::vector<Group>{{"sales", {}, {"207"}, {{"201"}}}});
    auto phone = account.phones[0];
    phone.lamp->shown = {};
    phone.lamp->under_way = true;
    CHECK(web::explanation(phone, account) ==
          "What the lamp shows is not known, for the phone has acknowledged nothing yet; it should "
          "be flashing; the phone has not answered the NOTIFY with CSeq 5 yet, sent at "
          "2023-11-14T22:13:30Z.");
    phone = account.phones[1];
    phone.lamp->notify->silent = false;
    phone.lamp->notify->answer = 500;
    CHECK(web::explanation(phone, account)
              .find("answered the NOTIFY with CSeq 5 with 500 (3 in "
                    "a row failed)") != std::string::npos);
    account.member_look.since.reset();
    account.calls[0].state = LegState::confirmed;
    account.calls[0].held = true;
    account.calls.push_back(account.calls[0]);
    account.calls[1].held = false;
    account.calls[1].direction = Direction::initiator;
    account.calls[1].state = LegState::early;
    account.calls[1].with_name.clear();
    CHECK(web::summary(account) == "207 talks to 205 (Eve Ng), on hold, and calls 205.");

    // What came meanwhile, and changed the lamp, is no other beginning of the talk.
    account.calls[0].answered_at = wall_at(4);
    account.member_look.since = wall_at(10);
    CHECK(web::summary(account) == "207 talks to 205 (Eve Ng), on hold, in a call answered at "
                                   "2023-11-14T22:13:24Z, and calls 205.");
}

TEST_CASE("one call at several phones is said once, a call in a slot as it waits there")
{
    LampOffice office;
    office.account.calls.push_back(office.account.calls[0]);
    office.account.calls[1].leg = {8};
    CHECK(office.lamp().at("summary") ==
          "207 rings: 205 (Eve Ng) calls, at 2 phones, since 2023-11-14T22:13:30Z.");
    office.account.calls[1].call = {4};
    CHECK(office.lamp().at("summary") == "207 rings: 205 (Eve Ng) calls, and rings: 205 (Eve Ng) "
                                         "calls, since 2023-11-14T22:13:30Z.");
    office.account.calls.resize(1);
    office.account.calls[0].state = LegState::confirmed;
    office.account.calls[0].held = true;
    office.account.calls[0].answered_at = wall_at(4);
    office.put("/api/v1/park-lot", R"({"number":"700","first_slot":"701"})");
    CHECK(office.lamp("201/park+701").at("summary") ==
          "park+701 has 205 (Eve Ng) waiting, in a call answered at 2023-11-14T22:13:24Z.");
    CHECK(office.lamp("201/park+701").at("calls").at(0).at("parked_by").is_null());
    office.account.calls[0].parked_by = "202";
    CHECK(office.lamp("201/park+701").at("calls").at(0).at("parked_by") == "202");
    CHECK(office.lamp("201/park+701").at("summary") ==
          "park+701 has 205 (Eve Ng) waiting, parked by 202, in a call answered at "
          "2023-11-14T22:13:24Z.");
}

TEST_CASE("what a phone is not told, or is not shown by its key, is said with the reason")
{
    LampOffice office;
    const auto told = [&](std::size_t phone = 0) {
        return text(office.lamp().at("phones").at(phone).at("explanation"));
    };
    const std::string acknowledged =
        "The lamp is flashing, as it should be: the phone acknowledged CSeq 5 with 200.";
    office.put("/api/v1/extensions/207", R"({"visibility":"anonymous"})");
    CHECK(told() == acknowledged +
                        " It is not told with whom: the visibility of 207 is `anonymous`.");
    office.put("/api/v1/extensions/207", "{}");
    office.put("/api/v1/extensions/205", R"({"visibility":"hidden"})");
    office.account.calls[0].unnamed = true;
    CHECK(told() ==
          acknowledged + " It is not told with whom: the visibility of 205 is `hidden`.");
    office.account.calls[0].unnamed = false;
    for (const auto* group : {"sales", "front"})
        office.patch(std::string{"/api/v1/groups/"} + group, R"({"rights":{"parties":false}})");
    CHECK(told() == acknowledged + " It is not told with whom: no group that shows 207 to 201 has "
                                   "the right `parties`.");

    office.put("/api/v1/extensions/207/forwarding", R"({"always":"208"})");
    office.account.standing = {.unregistered = true, .do_not_disturb = true, .forwarded = true};
    office.account.calls.clear();
    auto& lamp = *office.account.phones[0].lamp;
    lamp.shown = lamp.present = office.account.member_look = {LampColour::dark, {}, wall_at(10)};
    CHECK(office.lamp().at("summary") ==
          "207 is idle, since 2023-11-14T22:13:30Z; it has no phone registered, and does not want "
          "to be disturbed, and forwards all its calls to 208.");
    CHECK(told() == "The lamp is dark, as it should be: the phone acknowledged CSeq 5 with 200. Its "
                    "body profile, standard, shows 207 as any idle extension; a key for dnd+207 "
                    "shows it.");
    lamp.shown = lamp.present = {LampColour::steady, LegState::confirmed, wall_at(10)};
    CHECK(told().ends_with("with 200. Its body profile, standard, lights it for that."));
}

TEST_CASE("a lamp that waits for its turn, or for its phone to subscribe, says whose turn it is")
{
    LampOffice office;
    const auto told = [&](std::size_t phone) {
        return office.lamp().at("phones").at(phone).at("explanation");
    };
    office.put("/api/v1/body-profiles/slow", R"({"gap_ms":9000})");
    office.account.phones[0].lamp->profile = "slow";
    office.account.phones[0].lamp->shown = {LampColour::dark, {}, wall_at(1)};
    CHECK(contains(told(0), "what is newer waits for its turn: its body profile, slow, leaves 9000 "
                            "ms between two NOTIFYs."));
    office.account.phones[0].lamp->profile = "auerswald";
    CHECK(contains(told(0), "waits for its turn: its body profile, auerswald, leaves 100 ms"));
    office.account.phones[0].lamp->profile = "standard";
    CHECK(contains(told(0), "what is newer waits for its turn."));
    office.account.phones[3].ended = EndedLamp{LampEnd::refused, 481, wall_at(3)};
    CHECK(contains(told(3), "its lamp is back when it subscribes anew"));
    CHECK(contains(told(3), "it answered a NOTIFY with 481."));
    office.account.phones[3].ended = EndedLamp{LampEnd::unsubscribed, 0, wall_at(3)};
    CHECK(contains(told(3), "Give it a busy-lamp key for 207"));
    office.put("/api/v1/extensions/207", R"({"phone_notifies":true})");
    CHECK(contains(told(3), "a SUBSCRIBE is passed on to it"));
}

TEST_CASE("a key for a ring group that is dark says why")
{
    LampOffice office;
    office.put("/api/v1/ring-groups/600", R"({"members":[{"number":"201","logged_in":false}]})");
    office.account.calls.clear();
    office.account.member_look = {};
    const auto begins = [&](const std::string& path, std::string_view sentence) {
        CAPTURE(path);
        CHECK(text(office.lamp(path).at("summary")).starts_with(sentence));
    };
    begins("201/login+600", "login+600 is off: 201 is logged out of the ring group 600.");
    begins("207/login+600", "login+600 is off: 207 is no member of the ring group 600.");
    begins("201/login+600+207", "login+600+207 is off: 207 is no member of the ring group 600.");
    office.account.standing.on = true;
    begins("201/login+600", "login+600 is on.");
    CHECK(office.get("/api/v1/lamps/201/login+601").status == 404);
    CHECK(office.get("/api/v1/lamps/201/login+600+299").status == 404);
}

TEST_CASE("404 points at the extension that does not exist")
{
    LampOffice office;
    for (const auto& [path, pointer] :
         {std::pair{"201/299", "/member"}, {"299/207", "/watcher"}, {"298/299", "/watcher"}}) {
        CAPTURE(path);
        const auto unknown = office.get(std::string{"/api/v1/lamps/"} + path);
        CHECK(unknown.status == 404);
        CHECK(error_member(unknown, "pointer") == pointer);
        CHECK(error_member(unknown, "code") == "unknown_extension");
    }
    CHECK(office.ask("POST", "/api/v1/lamps/201/299:resend").status == 404);
    for (const auto& group : {office.get("/api/v1/lamps/201/sales"),
                              office.ask("POST", "/api/v1/lamps/201/sales:resend")}) {
        CHECK(group.status == 404);
        CHECK(error_member(group, "message") ==
              "sales is a group: ask for the lamp of one of its members");
    }
    office.put("/api/v1/ring-groups/600", "{}");
    CHECK(error_member(office.get("/api/v1/lamps/201/600"), "message") ==
          "600 is a ring group, which has no lamp: ask for that of a member, or of the key login+600");
}

TEST_CASE("the rule of a key is that of its owner")
{
    LampOffice office;
    office.put("/api/v1/ring-groups/600", R"({"members":[{"number":"207"}]})");
    for (const auto* key : {"dnd+207", "login+600+207"}) {
        CAPTURE(key);
        const auto rule = office.lamp(std::string{"201/"} + key).at("rule");
        CHECK(rule.at("allowed").as_bool());
        CHECK(rule.at("groups").as_array().size() == 2);
    }
}

TEST_CASE("who may not see a key or a park slot is told what would help")
{
    LampOffice office;
    CHECK(office.lamp("201/dnd+208").at("summary") ==
          "201 may not see dnd+208: no group has 208, whose key it is, among its members and 201 "
          "among its watchers. Put both into one group.");
    office.put("/api/v1/extensions/208", R"({"visibility":"hidden"})");
    CHECK(office.lamp("201/dnd+208").at("summary") ==
          "Nobody may see dnd+208: it is a key of 208, whose visibility is `hidden`.");
    CHECK(contains(office.lamp("201/dnd+207").at("phones").at(3).at("explanation"),
                   "of which nobody is told unasked"));
    office.put("/api/v1/groups/parkers", R"({"members":["207"]})");
    office.put("/api/v1/park-lot",
               R"({"number":"700","first_slot":"701","slots":2,"groups":["parkers"]})");
    CHECK(office.lamp("201/park+701").at("summary") ==
          "201 may not see park+701: it is in none of the groups that may use the park lot "
          "(parkers). Make it a member of one of them.");
}

TEST_CASE("resend: what was sent, and by whom in the audit; not for auditors")
{
    LampOffice office;
    const auto sent = office.ask("POST", "/api/v1/lamps/201/207:resend");
    CHECK(sent.status == 202);
    CHECK(office.lamp_asked.back().member == "207");
    CHECK(office.lamp_asked.back().resend);
    CHECK(json_of(sent) == boost::json::parse(R"({"watcher":"201","member":"207","phones":[
        {"contact":"sip:201@192.0.2.1","queued":true,"cseq":5},
        {"contact":"sip:201@192.0.2.2","queued":false,"cseq":6}]})"));
    const auto audit = office.on_database(
        [](db::Database& database) { return db::AuditStore{database}.latest(1); });
    CHECK(audit.at(0).operation == "lamp.resend");
    CHECK(audit.at(0).subject == "201/207");
    CHECK(audit.at(0).actor == "tests");

    const auto as = [&](admin::Role role) {
        const auto token = office.new_token(std::string{admin::word(role)}, role);
        return office
            .ask("POST", "/api/v1/lamps/201/207:resend", {{"Authorization", "Bearer " + token}})
            .status;
    };
    CHECK(as(admin::Role::receptionist) == 202);
    CHECK(as(admin::Role::operator_) == 202);
    const auto asked = office.lamp_asked.size();
    CHECK(as(admin::Role::auditor) == 403);
    CHECK(office.lamp_asked.size() == asked);
}

TEST_CASE("resend without a lamp: 409 says why there is none")
{
    LampOffice office;
    office.account.resent.clear();
    office.account.phones.clear();
    const auto refused = office.ask("POST", "/api/v1/lamps/201/207:resend");
    CHECK(refused.status == 409);
    CHECK(json_of(refused).at("type") == "/problems/no-lamp");
    CHECK(contains(json_of(refused).at("detail"), "register one"));
}

TEST_CASE("the verb of a path belongs to POST alone, and no member has it in its name")
{
    LampOffice office;
    const auto refused = office.get("/api/v1/lamps/201/207:resend");
    CHECK(refused.status == 405);
    CHECK(field(refused, "Allow") == "POST, OPTIONS");
    CHECK(office.ask("POST", "/api/v1/lamps/201/207").status == 405);
    CHECK(office.get("/api/v1/lamps/201/207:sleep").status == 404);
    CHECK(office.ask("POST", "/api/v1/lamps/201/:resend").status == 405);
}

TEST_CASE("an exchange that does not answer leaves a lamp unexplained: 503")
{
    WebOffice office{{.answer_timeout = std::chrono::seconds{1}}};
    office.shows = false;
    CHECK(office.get("/api/v1/lamps/201/207").status == 503);
}
