#include <doctest/doctest.h>

#include "unit/web/http_client.hpp"

using namespace lampline;
using namespace lampline::testing;

namespace {

const std::string device = "/api/v1/device-profiles/00:15:65:AA:BB:CC";
const std::vector<std::string> ids{"001565aabbcc"};

}  // namespace

TEST_CASE("a device gets a dialect of its own, however its address is written, and acts at once")
{
    WebOffice office;
    const auto created = office.put(device, R"({"profile":"snom"})");
    CHECK(created.status == 201);
    CHECK(field(created, "Location") == "/api/v1/device-profiles/001565aabbcc");
    CHECK(json_of(created).at("device") == "001565aabbcc");
    CHECK(office.published.back()->device_profile(ids)->name == "snom");
    const auto tag = field(created, "ETag");
    CHECK(office.get("/api/v1/device-profiles/0015.65aa.bbcc", {{"If-None-Match", tag}}).status ==
          304);
    CHECK(json_of(office.get("/api/v1/device-profiles?q=0015")).at("total") == 1);

    CHECK(office.put(device, R"({"profile":"polycom"})", {{"If-Match", tag}}).status == 200);
    CHECK(office.published.back()->device_profile(ids)->name == "polycom");
    CHECK(office.put(device, R"({"profile":"snom"})", {{"If-Match", tag}}).status == 412);
    CHECK(office.remove(device).status == 204);
    CHECK_FALSE(office.published.back()->device_profile(ids));
    CHECK(office.get(device).status == 404);
    CHECK(office.remove(device).status == 404);
}

TEST_CASE("422 names what is wrong with a choice for a device")
{
    WebOffice office;
    const auto nobody = office.put(device, R"({"profile":"nobody"})");
    CHECK(nobody.status == 422);
    CHECK(error_member(nobody, "pointer") == "/profile");
    CHECK(error_member(nobody, "code") == "unknown_profile");
    const auto malformed = office.put("/api/v1/device-profiles/desk", R"({"profile":"snom"})");
    CHECK(malformed.status == 422);
    CHECK(error_member(malformed, "pointer") == "/device");
    CHECK(office.put(device, "{}").status == 422);
}

TEST_CASE("a profile stays while a device has chosen it")
{
    WebOffice office;
    office.put("/api/v1/body-profiles/acme", "{}");
    office.put(device, R"({"profile":"acme"})");
    const auto refused = office.remove("/api/v1/body-profiles/acme");
    CHECK(refused.status == 409);
    CHECK(json_of(refused).at("references") ==
          boost::json::parse(R"([{"type":"device_profile","name":"001565aabbcc","as":"device",
                                  "href":"/api/v1/device-profiles/001565aabbcc"}])"));
    office.remove(device);
    CHECK(office.remove("/api/v1/body-profiles/acme").status == 204);
}
