#include <doctest/doctest.h>

#include "db/extension_store.hpp"
#include "unit/web/http_client.hpp"

using namespace lampline;
using namespace lampline::testing;

namespace {

const std::string path = "/api/v1/ring-groups/600";

struct Desk : WebOffice {
    Desk()
    {
        for (const auto* number : {"202", "203"})
            put(std::string{"/api/v1/extensions/"} + number, "{}");
        published.clear();
    }
    const RingGroup* acting() { return published.back()->find_ring_group("600"); }
};

}  // namespace

TEST_CASE("a ring group is created, shown, merged and removed")
{
    Desk office;
    const auto created = office.put(
        path, R"({"display_name":"Sales","strategy":"linear","ring_time":15,"overflow":"203",)"
              R"("members":[{"number":"202"},{"number":"203","delay":10}],"skip_busy":false})");
    CHECK(created.status == 201);
    CHECK(field(created, "Location") == path);
    const RingGroup expected{"600",
                             "Sales",
                             RingStrategy::linear,
                             {{"202"}, {"203", std::chrono::seconds{10}}},
                             std::chrono::seconds{15},
                             "203",
                             false};
    CHECK(*office.acting() == expected);
    CHECK(json_of(office.get(path)) == json_of(created));
    CHECK(json_of(office.get("/api/v1/ring-groups")).at("total") == 1);

    const auto patched =
        office.patch(path, R"({"strategy":"round_robin","overflow":null,"skip_busy":null})");
    CHECK(patched.status == 200);
    CHECK(office.acting()->strategy == RingStrategy::round_robin);
    CHECK(office.acting()->overflow.empty());
    CHECK(office.acting()->skip_busy);
    CHECK(office.acting()->members.size() == 2);
    CHECK(office.put(path, "{}", {{"If-Match", field(created, "ETag")}}).status == 412);

    CHECK(office.remove(path).status == 204);
    CHECK(office.acting() == nullptr);
    CHECK(office.get(path).status == 404);
}

TEST_CASE("where all ring together, a member's delay is over before the group's time is")
{
    Desk office;
    const auto put = [&](const std::string& strategy, int delay) {
        return office.put(path, R"({"ring_time":20,"strategy":")" + strategy +
                                    R"(","members":[{"number":"202"},{"number":"203","delay":)" +
                                    std::to_string(delay) + "}]}");
    };
    CHECK(put("all", 19).status == 201);
    const auto refused = put("all", 20);
    CHECK(refused.status == 422);
    CHECK(error_member(refused, "pointer") == "/members/1/delay");
    CHECK(error_member(refused, "code") == "too_long");
    CHECK(put("linear", 20).status == 200);  // which does not use it
    CHECK(office.patch(path, R"({"strategy":"all"})").status == 422);
}

TEST_CASE("who is logged in is shown and set; what is not said of a member stays")
{
    Desk office;
    const auto created =
        office.put(path, R"({"members":[{"number":"202","logged_in":false},{"number":"203"}]})");
    CHECK(json_of(created).at("members").at(0).at("logged_in") == false);
    CHECK(json_of(created).at("members").at(1).at("logged_in") == true);
    CHECK_FALSE(office.acting()->member("202")->logged_in);
    CHECK(office.acting()->member("203")->logged_in);

    office.put(path, R"({"members":[{"number":"203","logged_in":false},{"number":"202"}]})");
    CHECK_FALSE(office.acting()->member("202")->logged_in);
    CHECK_FALSE(office.acting()->member("203")->logged_in);
    office.patch(path, R"({"members":[{"number":"202","logged_in":true},{"number":"203"}]})");
    CHECK(office.acting()->member("202")->logged_in);
    CHECK_FALSE(office.acting()->member("203")->logged_in);
    office.patch(path, R"({"members":[{"number":"202"}]})");
    office.patch(path, R"({"members":[{"number":"202"},{"number":"203"}]})");
    CHECK(office.acting()->member("203")->logged_in);  // a new member
    CHECK(office.put(path, R"({"members":[{"number":"202","logged_in":1}]})").status == 422);
}

TEST_CASE("what a ring group cannot be is told with its place")
{
    Desk office;
    const auto refused = [&](const std::string& at, const std::string& body) {
        const auto response = office.put("/api/v1/ring-groups/" + at, body);
        CHECK(response.status == 422);
        return error_member(response, "pointer") + ' ' + error_member(response, "code");
    };
    CHECK(refused("202", "{}") == "/number taken");
    CHECK(refused("*8", "{}") == "/number taken");
    CHECK(refused("600", R"({"members":[{"number":"999"}]})") ==
          "/members/0/number unknown_extension");
    CHECK(refused("600", R"({"members":[{"number":"202"},{"number":"202"}]})") ==
          "/members/1/number duplicate");
    CHECK(refused("600", R"({"overflow":"600"})") == "/overflow itself");
    CHECK(refused("600", R"({"overflow":"999"})") == "/overflow unknown_number");
    CHECK(refused("600", R"({"strategy":"loudest"})") == "/strategy not_allowed");
    CHECK(refused("600", R"({"ring_time":4})") == "/ring_time too_small");
    CHECK(office.published.empty());
}

TEST_CASE("an overflow whose target has gone stands in the way of nothing else")
{
    Desk office;
    office.put(path, R"({"overflow":"203","members":[{"number":"202"}]})");
    const auto kept = json_of(office.remove("/api/v1/extensions/203?recursive=true"));
    CHECK(kept.at("status") == 409);
    CHECK(kept.at("references") ==
          boost::json::parse(R"([{"type":"ring_group","name":"600","as":"overflow",
                                  "pointer":"/overflow","href":"/api/v1/ring-groups/600"}])"));
    office.on_database([](db::Database& database) {  // as earlier versions let it go
        db::Transaction transaction{database, db::Durability::full};
        db::ExtensionStore{database}.remove("203");
        transaction.commit();
        return true;
    });
    CHECK(office.patch(path, R"({"ring_time":25})").status == 200);
    CHECK(office.put(path, R"({"overflow":"203","ring_time":30})").status == 200);
    const auto refused = office.patch(path, R"({"overflow":"204"})");
    CHECK(refused.status == 422);
    CHECK(error_member(refused, "code") == "unknown_number");
    CHECK(office.patch(path, R"({"overflow":null})").status == 200);
    CHECK(office.patch(path, R"({"overflow":"203"})").status == 422);
}

TEST_CASE("a number is an extension's, a ring group's or a feature's, and never two things")
{
    Desk office;
    office.put(path, "{}");
    const auto extension = office.put("/api/v1/extensions/600", "{}");
    CHECK(extension.status == 422);
    CHECK(error_member(extension, "code") == "taken");
    office.put("/api/v1/ring-groups/*77", "{}");
    const auto code = office.put("/api/v1/feature-codes/disturb", R"({"code":"*77"})");
    CHECK(code.status == 422);
    CHECK(error_member(code, "code") == "taken");
}

TEST_CASE("a member is removed with its extension only when that is said")
{
    Desk office;
    office.put(path, R"({"members":[{"number":"202"},{"number":"203"}]})");
    const auto refused = office.remove("/api/v1/extensions/202");
    CHECK(refused.status == 409);
    const auto problem = json_of(refused);
    CHECK(problem.at("references").at(0).at("type") == "ring_group");
    CHECK(problem.at("references").at(0).at("name") == "600");
    CHECK(office.remove("/api/v1/extensions/202?recursive=true").status == 204);
    CHECK(office.acting()->members == std::vector<RingGroupMember>{{"203"}});
}

TEST_CASE("an extension may forward to a ring group")
{
    Desk office;
    office.put(path, "{}");
    CHECK(office.put("/api/v1/extensions/202/forwarding", R"({"always":"600"})").status == 200);
}
