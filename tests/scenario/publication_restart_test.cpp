// What is published outlives a restart, for as long as it lasts.
#include <doctest/doctest.h>

#include "scenario/publishing.hpp"

using namespace lampline;
using namespace lampline::test;

TEST_CASE("what is published outlives a restart: the lamp stays lit, the entity-tag goes on")
{
    Scenario pbx{{group("sales", {"103"}, {"102"})}};
    auto& bob = pbx.phone("102");
    auto& carol = pbx.phone("103");
    carol.watches("102");
    carol.subscribes("presence", "102");
    auto begun = dialogs(document(dialog("1", "a", "confirmed") + dialog("2", "b", "terminated")));
    begun.expires = 600s;
    const auto etag = published(bob, begun);
    const auto before = carol.receives(NOTIFY).dialog();
    carol.receives(NOTIFY);
    pbx.passes(400s);

    pbx.restarts();
    std::size_t lamps = 0;
    for (int i = 0; i < 2; ++i) {
        const auto told = carol.receives(NOTIFY);
        if (told.notify->dialog->event == "presence") {
            CHECK(told.body().find("On the phone") != std::string::npos);
            continue;
        }
        ++lamps;
        const auto after = told.dialog();
        CHECK(after.state == "confirmed");
        CHECK(after.id == before.id);
        CHECK(after.call_id == "a");
        CHECK(after.remote_identity == before.remote_identity);
        CHECK(after.remote_display == "Zoe");
    }
    CHECK(lamps == 1);
    CHECK(carol.hears_nothing());
    CHECK(pbx.view().publications == 1);

    const auto refreshed =
        published(bob, {.event = "dialog", .to = "102", .expires = 600s, .if_match = etag});
    pbx.stays_silent_for(300s);
    auto held = dialogs(document(dialog("1", "a", "early"), "partial"), refreshed);
    held.expires = 600s;
    published(bob, held);
    const auto changed = carol.receives(NOTIFY).dialog();
    CHECK(changed.state == "early");
    CHECK(changed.id == before.id);
    carol.receives(NOTIFY);
    pbx.restarts();
    carol.receives(NOTIFY);
    carol.receives(NOTIFY);
    pbx.stays_silent_for(599s);
    pbx.passes(2s);
    CHECK(carol.receives(NOTIFY).idle());
    carol.receives(NOTIFY);
    CHECK(pbx.kept().publications.empty());
}

TEST_CASE("what may not be taken up after a restart stays dark, and leaves the storage")
{
    Scenario pbx{{group("sales", {"103"}, {"102"})}};
    auto& bob = pbx.phone("102");
    auto& carol = pbx.phone("103");
    carol.watches("102");
    const auto etag = published(bob, dialogs(document(dialog("1", "a", "confirmed"))));
    carol.receives(NOTIFY);
    pbx.restarts([&](Kept& kept) {
        auto& publication = kept.publications.at(0);
        SUBCASE("it has expired meanwhile")
        {
            publication.expires_at = pbx.now().seconds();
        }
        SUBCASE("its publisher is not trusted any more")
        {
            publication.publisher = "104";
        }
        SUBCASE("its publisher is gone")
        {
            publication.publisher = "199";
        }
        SUBCASE("its extension is gone")
        {
            publication.extension = publication.publisher = "199";
        }
        SUBCASE("it is of no package that may be published")
        {
            publication.event = "presence";
        }
        SUBCASE("its header is malformed")
        {
            publication.event = "call-info";
            publication.call_info = "office.test";
        }
    });
    CHECK(carol.receives(NOTIFY).idle());
    CHECK(pbx.kept().publications.empty());
    CHECK(pbx.view().publications == 0);
    bob.publishes({.event = "dialog", .to = "102", .if_match = etag});
    bob.receives(412U);
}

TEST_CASE("a clock that was set back does not make a publication last")
{
    Scenario pbx{{group("sales", {"103"}, {"102"})}};
    auto& bob = pbx.phone("102");
    auto& carol = pbx.phone("103");
    carol.watches("102");
    published(bob, dialogs(document(dialog("1", "a", "confirmed"))));
    carol.receives(NOTIFY);
    pbx.restarts([](Kept& kept) {
        kept.publications.at(0).expires_at += 1'000'000s;
    });
    carol.receives(NOTIFY);
    for (int hour = 0; hour < 2; ++hour) {
        pbx.stays_silent_for(3000s);
        for (auto* phone : {&bob, &carol}) phone->registers();
        CHECK(carol.watches("102").dialog().state == "confirmed");
    }
    pbx.stays_silent_for(1199s);
    pbx.passes(2s);
    CHECK(carol.receives(NOTIFY).idle());
}

TEST_CASE("call-info and line-seize of a third party outlive a restart, for as long as they last")
{
    Scenario pbx{{group("sales", {"103"}, {"102"})}};
    pbx.configures("109", [](Extension& extension) { extension.trusted = true; });
    auto& program = pbx.phone("109");
    auto& watcher = pbx.phone("103");
    watcher.subscribes("call-info", "102");
    const Publishing active{.event = "call-info",
                            .to = "102",
                            .call_info =
                                "<sip:102@office.test>;appearance-index=1;appearance-state=active"};
    published(program, active);
    watcher.receives(NOTIFY).header("Call-Info", active.call_info + ", " + rest_idle);
    const Publishing seize{.event = "line-seize",
                           .to = "102",
                           .call_info = "<sip:102@office.test>;appearance-index=1"};
    const auto etag = published(program, seize);
    pbx.passes(5s);
    pbx.restarts();
    watcher.receives(NOTIFY).header("Call-Info", active.call_info + ", " + rest_idle);
    CHECK(pbx.view().publications == 2);
    pbx.passes(9s);
    CHECK(pbx.view().publications == 2);
    pbx.passes(3s);
    CHECK(pbx.view().publications == 1);
    program.publishes({.event = "line-seize", .to = "102", .if_match = etag});
    program.receives(412U);
    pbx.restarts();
    watcher.receives(NOTIFY).header("Call-Info", active.call_info + ", " + rest_idle);
    CHECK(pbx.view().publications == 1);
}

TEST_CASE("what is published of a call of our own is not told beside it after a restart")
{
    Scenario pbx{{group("sales", {"103"}, {"101"})}};
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    auto& carol = pbx.phone("103");
    carol.watches("101");
    alice.sends(INVITE, "102");
    bob.receives(INVITE);
    bob.replies(200, talking_sdp);
    alice.receives(200U);
    bob.receives(ACK);
    auto own = carol.receives(NOTIFY).dialog();
    while (!carol.hears_nothing()) own = carol.receives(NOTIFY).dialog();
    published(alice, {.event = "dialog",
                      .to = "101",
                      .content_type = "application/dialog-info+xml",
                      .body = document(dialog("x", own.call_id, "confirmed"), "full", "101")});
    CHECK(carol.hears_nothing());
    pbx.restarts();
    CHECK(carol.receives(NOTIFY).document().dialogs.size() == 1);
    CHECK(carol.hears_nothing());
    bob.sends(BYE);
    bob.receives(200U);
    alice.receives(BYE);
    CHECK(carol.receives(NOTIFY).idle());
    // Its phone has not said so yet, and nothing is lit meanwhile.
    pbx.restarts();
    CHECK(carol.receives(NOTIFY).idle());
    pbx.stays_silent_for(10s);
}
