#include <doctest/doctest.h>

#include <boost/json.hpp>

#include "db/extension_store.hpp"
#include "db/group_store.hpp"
#include "unit/web/http_client.hpp"

using namespace lampline;
using namespace lampline::testing;

namespace json = boost::json;

namespace {

constexpr const char* path = "/api/v1/park-lot";

}  // namespace

TEST_CASE("there is no park lot until one is written, and none again after that")
{
    WebOffice office;
    const auto none = office.get(path);
    CHECK(none.status == 200);
    CHECK(json_of(none) == json::parse(R"({"number":null,"first_slot":null,"slots":10,"timeout":120,
        "fallback":null,"groups":[],"updated_at":null})"));

    office.put("/api/v1/extensions/207", "{}");
    office.put("/api/v1/groups/sales", R"({"members":["207"]})");
    const auto saved = office.put(path, R"({"number":"700","first_slot":"701","slots":5,
        "timeout":60,"fallback":"207","groups":["sales"]})");
    CHECK(saved.status == 200);
    const auto lot = office.published.back()->park_lot();
    CHECK(lot == ParkLot{.number = "700",
                         .first_slot = "701",
                         .slots = 5,
                         .timeout = std::chrono::seconds{60},
                         .fallback = "207",
                         .groups = {"sales"}});
    CHECK(office.published.back()->may_park("207"));
    CHECK(json_of(office.get(path)).at("fallback").as_string() == "207");
    CHECK(json_of(office.get(path)).at("updated_at").is_string());

    CHECK(office.put(path, R"({"number":null})").status == 200);
    CHECK(office.published.back()->park_lot().number.empty());
}

TEST_CASE("a park lot that cannot be says where it is wrong, and changes nothing")
{
    WebOffice office;
    office.put("/api/v1/extensions/207", "{}");
    office.put("/api/v1/extensions/705", "{}");
    const auto changes = office.published.size();
    for (const auto& [body, pointer, code] : {
             std::tuple{R"({"number":"7 0","first_slot":"701"})", "/number", "malformed"},
             {R"({"number":"207","first_slot":"701","slots":2})", "/number", "taken"},
             {R"({"number":"702","first_slot":"701","slots":2})", "/number", "slot"},
             {R"({"number":"*78","first_slot":"701","slots":2})", "/number", "taken"},
             {R"({"number":"700"})", "/first_slot", "malformed"},
             {R"({"number":"700","first_slot":"70x"})", "/first_slot", "malformed"},
             {R"({"number":"700","first_slot":"701","slots":9})", "/first_slot", "taken"},
             {R"({"number":"700","first_slot":"99","slots":2})", "/first_slot", "too_few_digits"},
             {R"({"number":"700","first_slot":"701","slots":2,"fallback":"702"})", "/fallback",
              "slot"},
             {R"({"number":"700","first_slot":"701","slots":2,"fallback":"999"})", "/fallback",
              "unknown_number"},
             {R"({"number":"700","first_slot":"701","slots":2,"groups":["none"]})", "/groups/0",
              "unknown_group"},
         }) {
        CAPTURE(body);
        const auto refused = office.put(path, body);
        CHECK(refused.status == 422);
        const auto fault = json_of(refused).at("errors").at(0);
        CHECK(fault.at("pointer") == pointer);
        CHECK(fault.at("code") == code);
    }
    for (const auto* body : {R"({"slots":101})", R"({"timeout":9})", R"({"lot":"700"})"})
        CHECK(office.put(path, body).status == 422);
    CHECK(office.published.size() == changes);
}

TEST_CASE("a fallback and a group that have gone stand in the way of nothing else")
{
    WebOffice office;
    office.put("/api/v1/extensions/207", "{}");
    office.put("/api/v1/groups/sales", "{}");
    office.put(path, R"({"number":"700","first_slot":"701","fallback":"207","groups":["sales"]})");
    const auto kept = json_of(office.remove("/api/v1/extensions/207"));
    CHECK(kept.at("status") == 409);
    CHECK(kept.at("references") ==
          boost::json::parse(R"([{"type":"park_lot","name":"700","as":"fallback",
                                  "pointer":"/fallback","href":"/api/v1/park-lot"}])"));
    office.on_database([](db::Database& database) {  // as earlier versions let it go
        db::Transaction transaction{database, db::Durability::full};
        db::ExtensionStore{database}.remove("207");
        db::GroupStore{database}.remove("sales");
        transaction.commit();
        return true;
    });
    const auto put = [&](const std::string& members) {
        return office.put(path, R"({"number":"700","first_slot":"701",)" + members + "}").status;
    };
    CHECK(put(R"("fallback":"207","groups":["sales"],"timeout":60)") == 200);
    CHECK(office.published.back()->park_lot().timeout == std::chrono::seconds{60});
    CHECK(put(R"("fallback":"208","groups":["sales"])") == 422);
    CHECK(put(R"("fallback":"207","groups":["sales","support"])") == 422);
    CHECK(put(R"("fallback":null,"groups":[])") == 200);
    CHECK(put(R"("fallback":"207")") == 422);
    CHECK(put(R"("groups":["sales"])") == 422);
}

TEST_CASE("a group stays while the park lot says by it who may park")
{
    WebOffice office;
    office.put("/api/v1/extensions/207", "{}");
    office.put("/api/v1/groups/front", "{}");
    office.put("/api/v1/groups/sales", R"({"members":["207"]})");
    office.put(path, R"({"number":"700","first_slot":"701","groups":["front","sales"]})");
    const auto kept = json_of(office.remove("/api/v1/groups/sales"));
    CHECK(kept.at("status") == 409);
    CHECK(kept.at("detail") ==
          "group sales is in use by park lot 700 (user); change what uses it first");
    CHECK(kept.at("references") ==
          json::parse(R"([{"type":"park_lot","name":"700","as":"user",
                           "pointer":"/groups/1","href":"/api/v1/park-lot"}])"));
    CHECK(office.get("/api/v1/groups/sales").status == 200);
    CHECK(office.published.back()->may_park("207"));

    office.put(path, R"({"number":"700","first_slot":"701","groups":["front"]})");
    CHECK(office.remove("/api/v1/groups/sales").status == 204);
    office.put(path, R"({"number":null,"groups":["front"]})");
    CHECK(office.remove("/api/v1/groups/front").status == 204);
}

TEST_CASE("nobody has a number that is the name of a park slot")
{
    WebOffice office;
    CHECK(office.put("/api/v1/extensions/park%2B701", "{}").status == 422);
    CHECK(office.put("/api/v1/ring-groups/park%2B701", "{}").status == 422);
}
