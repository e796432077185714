// Whom the lamp of a park slot names.
#include <doctest/doctest.h>

#include "support/scenario.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

constexpr std::string_view nobody = "sip:anonymous@anonymous.invalid";

}  // namespace

TEST_CASE("a slot names who waits there only where that one and the parker let themselves be seen")
{
    Scenario pbx;
    pbx.has_park_lot({.number = "700", .first_slot = "701", .slots = 1});
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    auto& carol = pbx.phone("103");
    auto& dave = pbx.phone("104");
    alice.answers_probes = carol.answers_probes = true;
    std::string shy = "101";
    SUBCASE("who waits") {}
    SUBCASE("the parker")
    {
        shy = "102";
    }
    const auto shows = [&](Visibility visibility) {
        pbx.configures(shy, [=](Extension& extension) { extension.visibility = visibility; });
    };
    shows(Visibility::anonymous);
    alice.sends(INVITE, "102");
    bob.receives(INVITE);
    bob.replies(200, talking_sdp);
    alice.receives(200U);
    bob.receives(ACK);
    CHECK(dave.watches("park+701").idle());
    pbx.orders({.action = CallAction::park, .to = "701", .by = "102"});
    alice.receives(INVITE);
    alice.replies(200, hold_sdp);
    alice.receives(ACK);
    bob.receives(BYE);

    auto lamp = dave.receives(NOTIFY).dialog();
    CHECK(lamp.state == "confirmed");
    CHECK(lamp.remote_identity == nobody);
    CHECK(lamp.remote_target.find("101") == std::string::npos);
    pbx.restarts();
    CHECK(dave.receives(NOTIFY).dialog().remote_identity == nobody);
    shows(Visibility::open);
    CHECK(dave.receives(NOTIFY).dialog().remote_identity == "sip:101@office.test");
    shows(Visibility::hidden);
    lamp = dave.receives(NOTIFY).dialog();
    CHECK(lamp.remote_identity == nobody);

    carol.sends_replacing(replacing(lamp), "park+701", talking_sdp);  // to be taken all the same
    alice.receives(INVITE);
    alice.replies(200, talking_sdp);
    carol.receives(200U);
    alice.receives(ACK);
    lamp = dave.receives(NOTIFY).dialog();
    CHECK(lamp.state == "terminated");
    CHECK(lamp.remote_identity == nobody);
    carol.sends(BYE);
    carol.receives(200U);
    alice.receives(BYE);
}

TEST_CASE("who waits in a slot and asks not to be named there is named no longer (RFC 3323)")
{
    Scenario pbx;
    pbx.has_park_lot({.number = "700", .first_slot = "701", .slots = 1});
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    auto& dave = pbx.phone("104");
    alice.sends(INVITE, "102");
    bob.receives(INVITE);
    bob.replies(200, talking_sdp);
    alice.receives(200U);
    bob.receives(ACK);
    CHECK(dave.watches("park+701").idle());
    pbx.orders({.action = CallAction::park, .to = "701", .by = "102"});
    alice.receives(INVITE);
    alice.replies(200, hold_sdp);
    alice.receives(ACK);
    bob.receives(BYE);
    CHECK(dave.receives(NOTIFY).dialog().remote_identity == "sip:101@office.test");

    alice.sends(UPDATE, std::make_shared<const Payload>(Payload{{}, {}, {{"Privacy", "id"}}}));
    alice.receives(200U);
    CHECK(dave.receives(NOTIFY).dialog().remote_identity == nobody);
    alice.sends(BYE);
    alice.receives(200U);
    CHECK(dave.receives(NOTIFY).dialog().state == "terminated");
    CHECK(pbx.has_no_calls());
}
