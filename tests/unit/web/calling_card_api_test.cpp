#include <doctest/doctest.h>

#include "unit/web/http_client.hpp"

using namespace lampline;
using namespace lampline::testing;

namespace {

const std::string path = "/api/v1/calling-card";

struct Desk : WebOffice {
    Desk()
    {
        put("/api/v1/extensions/202", "{}");
        put("/api/v1/extensions/203", "{}");
        put("/api/v1/ring-groups/600", R"({"members":[{"number":"202"}]})");
        published.clear();
    }
    const CallingCard& acting() { return published.back()->calling_card(); }
};

}  // namespace

TEST_CASE("the application is out of use until it has a number; what is left out has its default")
{
    Desk office;
    const auto before = office.get(path);
    CHECK(before.status == 200);
    CHECK(json_of(before).at("number").is_null());
    CHECK(json_of(before).at("users").is_null());
    CHECK(json_of(before).at("long_pound") == 2500);
    CHECK(json_of(before).at("updated_at").is_null());

    const auto put = office.put(path, R"({"number":"800","display_name":"Card","users":["202"],
        "first_digit":20,"inter_digit":3,"long_pound":null,"back":"*0","longest":600})");
    CHECK(put.status == 200);
    CHECK(json_of(office.get(path)) == json_of(put));
    const CallingCard wanted{.number = "800",
                             .display_name = "Card",
                             .everybody = false,
                             .users = {"202"},
                             .rules = {.first_digit = std::chrono::seconds{20},
                                       .inter_digit = std::chrono::seconds{3},
                                       .long_pound = std::chrono::milliseconds{0},
                                       .back = "*0",
                                       .longest = std::chrono::seconds{600}}};
    CHECK(office.acting() == wanted);

    office.put(path, R"({"number":"800"})");
    CHECK(office.acting() == CallingCard{.number = "800"});
    office.put(path, "{}");
    CHECK(office.acting() == CallingCard{});
}

TEST_CASE("a user that is deleted may no longer use the application, and nobody else may either")
{
    Desk office;
    office.put(path, R"({"number":"800","users":["203"]})");
    const auto tag = field(office.get(path), "ETag");
    CHECK(office.ask("DELETE", "/api/v1/extensions/203").status == 204);
    CHECK(office.get(path, {{"If-None-Match", tag}}).status == 200);
    CHECK(office.put(path, R"({"number":"800"})", {{"If-Match", tag}}).status == 412);
    CHECK_FALSE(office.acting().everybody);
    CHECK(office.acting().users.empty());
}

TEST_CASE("an ETag guards the application")
{
    Desk office;
    const auto tag = field(office.get(path), "ETag");
    CHECK(office.get(path, {{"If-None-Match", tag}}).status == 304);
    CHECK(office.put(path, R"({"number":"800"})", {{"If-Match", tag}}).status == 200);
    CHECK(office.put(path, "{}", {{"If-Match", tag}}).status == 412);
    CHECK(office.acting().number == "800");
}

TEST_CASE("what the application cannot be is told with its place, and nobody else gets its number")
{
    Desk office;
    const auto refused = [&](const std::string& body) {
        const auto response = office.put(path, body);
        CHECK(response.status == 422);
        return error_member(response, "pointer") + ' ' + error_member(response, "code");
    };
    CHECK(refused(R"({"number":"202"})") == "/number taken");
    CHECK(refused(R"({"number":"600"})") == "/number taken");
    CHECK(refused(R"({"number":"*78"})") == "/number taken");
    CHECK(refused(R"({"users":["999"]})") == "/users/0 unknown_extension");
    CHECK(refused(R"({"users":["202","202"]})") == "/users/1 duplicate");
    CHECK(refused(R"({"first_digit":4})") == "/first_digit too_small");
    CHECK(refused(R"({"long_pound":499})") == "/long_pound too_small");
    CHECK(refused(R"({"back":"x"})") == "/back malformed");
    CHECK(refused(R"({"longest":59})") == "/longest too_small");
    CHECK(office.published.empty());

    office.put(path, R"({"number":"800"})");
    CHECK(office.put("/api/v1/extensions/800", "{}").status == 422);
    CHECK(office.put("/api/v1/ring-groups/800", R"({"members":[{"number":"202"}]})").status == 422);
    CHECK(office.put("/api/v1/feature-codes/do_not_disturb", R"({"code":"800"})").status == 422);
}
