// How long what is published lasts: its time, and the phone that has said it.
#include <doctest/doctest.h>

#include "scenario/publishing.hpp"

using namespace lampline;
using namespace lampline::test;

TEST_CASE("a publication expires unless it is refreshed")
{
    Scenario pbx{{group("sales", {"103"}, {"102"})}};
    auto& bob = pbx.phone("102");
    auto& carol = pbx.phone("103");
    carol.watches("102");
    auto begun = dialogs(document(dialog("1", "outside", "confirmed")));
    begun.expires = 60s;
    const auto etag = published(bob, begun);
    CHECK(carol.receives(NOTIFY).dialog().state == "confirmed");
    pbx.passes(50s);
    const auto refreshed =
        published(bob, {.event = "dialog", .to = "102", .expires = 60s, .if_match = etag});
    pbx.stays_silent_for(50s);
    pbx.passes(11s);
    CHECK(carol.receives(NOTIFY).idle());
    bob.publishes({.event = "dialog", .to = "102", .expires = 60s, .if_match = refreshed});
    bob.receives(412U);
}

TEST_CASE("the end of a dialog is published for some seconds, as pua_dialoginfo does after each call")
{
    Scenario pbx{{group("sales", {"103"}, {"102"})}};
    pbx.configures("109", [](Extension& extension) { extension.trusted = true; });
    auto& proxy = pbx.phone("109");
    auto& carol = pbx.phone("103");
    carol.watches("102");
    const auto says = [&](int call, const std::string& state, std::chrono::seconds expires,
                          const std::string& if_match) {
        const auto id = std::to_string(call);
        auto said = dialogs(document(dialog(id, "call-" + id, state)), if_match);
        said.expires = expires;
        return published(proxy, said);
    };
    for (int call = 0; call < 20; ++call) {  // more than one extension may have at a time
        CAPTURE(call);
        auto etag = says(call, "early", 1s, {});
        CHECK(carol.receives(NOTIFY).dialog().state == "early");
        etag = says(call, "confirmed", 43201s, etag);
        CHECK(carol.receives(NOTIFY).dialog().state == "confirmed");
        says(call, "terminated", 11s, etag);
        CHECK(carol.receives(NOTIFY).idle());
    }
    pbx.stays_silent_for(12s);
    CHECK(pbx.view().publications == 0);
}

TEST_CASE("a publication lasts no longer than it may, whatever its phone asks for")
{
    Scenario pbx;
    auto& bob = pbx.phone("102");
    auto for_long = dialogs(document(dialog("1", "outside", "confirmed")));
    for_long.expires = 24h;
    bob.publishes(for_long);
    bob.receives(200U).header("Expires", "7200");
    bob.registers(72h);
    pbx.passes(7199s);
    CHECK(pbx.view().publications == 1);
    pbx.passes(2s);
    CHECK(pbx.view().publications == 0);
}

TEST_CASE("what a phone has published of itself ends when it leaves, or has lost its memory")
{
    Scenario pbx{{group("sales", {"103"}, {"102"})}};
    auto& bob = pbx.phone("102");
    auto& lab = pbx.phone("102");
    auto& carol = pbx.phone("103");
    carol.watches("102");
    auto talking = dialogs(document(dialog("1", "outside", "confirmed")));
    talking.expires = 7200s;
    published(bob, talking);
    CHECK(carol.receives(NOTIFY).dialog().call_id == "outside");
    bob.registers();  // a refresh
    lab.registers();
    lab.unregisters();
    CHECK(carol.hears_nothing());
    SUBCASE("it leaves")
    {
        bob.unregisters();
    }
    SUBCASE("it leaves after a restart")
    {
        pbx.restarts();
        CHECK(carol.receives(NOTIFY).dialog().call_id == "outside");
        bob.registers();
        CHECK(carol.hears_nothing());
        bob.unregisters();
    }
    SUBCASE("it has begun anew")
    {
        ++bob.reboots;
        bob.registers();
    }
    SUBCASE("its registration was not renewed, so it may be out of reach, and begins anew")
    {
        carol.registers(7200s);
        pbx.passes(3000s);
        carol.watches("102");
        pbx.passes(900s);
        lab.registers();
        CHECK(carol.watches("102").dialog().call_id == "outside");
        ++bob.reboots;
        bob.registers();
    }
    SUBCASE("its registration was not renewed, and it says after all that it leaves")
    {
        carol.registers(7200s);
        lab.registers(7200s);
        pbx.passes(3000s);
        carol.watches("102");
        pbx.passes(900s);
        CHECK(carol.watches("102").dialog().call_id == "outside");
        lab.unregisters();  // that is another one
        CHECK(carol.hears_nothing());
        SUBCASE("by its contact")
        {
            bob.unregisters();
        }
        SUBCASE("after a restart")
        {
            pbx.restarts();
            carol.receives(NOTIFY);
            bob.unregisters();
        }
    }
    CHECK(carol.receives(NOTIFY).idle());
    while (!carol.hears_nothing()) carol.receives(NOTIFY);
    CHECK(pbx.view().publications == 0);
    CHECK(pbx.kept().publications.empty());
}
