// Dialogs that phones and programs publish, and what PUBLISH is refused for (RFC 3903).
#include <doctest/doctest.h>

#include <algorithm>

#include "scenario/publishing.hpp"

using namespace lampline;
using namespace lampline::test;

TEST_CASE("a dialog that a phone publishes lights its lamp, until it is withdrawn")
{
    Scenario pbx{{group("sales", {"103"}, {"102"})}};
    auto& bob = pbx.phone("102");
    auto& carol = pbx.phone("103");
    carol.watches("102");
    carol.subscribes("presence", "102");

    bob.publishes(dialogs(document(dialog("1", "outside", "early"))));
    auto answer = bob.receives(200U);
    answer.header("Expires", "3600");
    const auto first = answer.value("SIP-ETag");
    CHECK_FALSE(first.empty());
    const auto ringing = carol.receives(NOTIFY).dialog();
    CHECK(ringing.state == "early");
    CHECK(ringing.call_id == "outside");
    CHECK(ringing.remote_identity == "sip:555@elsewhere.test");
    CHECK(carol.receives(NOTIFY).body().find("Ringing") != std::string::npos);
    const auto shown = pbx.view();
    REQUIRE(shown.published.size() == 1);
    CHECK(shown.published[0].publisher == "102");
    CHECK(shown.published[0].dialog.call_id == "outside");
    CHECK(shown.published[0].dialog.with == "555");
    CHECK(std::ranges::any_of(shown.presence, [](const PresenceEvent& one) {
        return one.extension == "102" && one.state.reachable && one.state.ringing;
    }));

    const auto second =
        published(bob, dialogs(document(dialog("1", "outside", "confirmed")), first));
    CHECK(second != first);
    const auto talking = carol.receives(NOTIFY).dialog();
    CHECK(talking.state == "confirmed");
    CHECK(talking.id == ringing.id);
    carol.receives(NOTIFY);
    bob.publishes(dialogs(document(dialog("1", "outside", "confirmed")), first));
    bob.receives(412U);

    Publishing removal{.event = "dialog", .to = "102", .expires = 0s, .if_match = second};
    bob.publishes(removal);
    bob.receives(200U);
    CHECK(carol.receives(NOTIFY).idle());
    carol.receives(NOTIFY);
    CHECK(pbx.view().publications == 0);
    CHECK(pbx.view().published.empty());
    CHECK(pbx.view().calls.empty());
}

TEST_CASE("an entity-tag is for who got it: others cannot change or remove what it names")
{
    Scenario pbx{{group("sales", {"103"}, {"102"})}};
    pbx.configures("105", [](Extension& extension) { extension.trusted = true; });
    auto& bob = pbx.phone("102");
    auto& carol = pbx.phone("103");
    auto& erin = pbx.phone("105");
    carol.watches("102");
    const auto etag = published(bob, dialogs(document(dialog("1", "outside", "confirmed"))));
    carol.receives(NOTIFY);
    for (const auto expires : {3600s, 0s}) {
        erin.publishes({.event = "dialog", .to = "102", .expires = expires, .if_match = etag});
        erin.receives(412U);
    }
    CHECK(pbx.view().publications == 1);
    CHECK(carol.hears_nothing());
}

TEST_CASE("what the exchange knows of a call itself is not told twice")
{
    Scenario pbx{{group("sales", {"103"}, {"101"})}};
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    auto& carol = pbx.phone("103");
    carol.watches("101");
    alice.sends(INVITE, "102");
    bob.receives(INVITE);
    const auto own = carol.receives(NOTIFY).dialog();

    Publishing same{.event = "dialog",
                    .to = "101",
                    .content_type = "application/dialog-info+xml",
                    .body = document(dialog("x", own.call_id, "early"), "full", "101")};
    const auto etag = published(alice, same);
    pbx.stays_silent_for(1s);
    bob.replies(200, talking_sdp);
    alice.receives(200U);
    bob.receives(ACK);
    CHECK(carol.receives(NOTIFY).document().dialogs.size() == 1);
    alice.sends(BYE);
    alice.receives(200U);
    bob.receives(BYE);
    CHECK(carol.receives(NOTIFY).idle());
    // The phone says so later, and nothing is lit meanwhile.
    same.body = document("", "full", "101");
    same.if_match = etag;
    published(alice, same);
    pbx.stays_silent_for(10s);
}

TEST_CASE("a partial document changes what it names, a full one is all there is")
{
    Scenario pbx{{group("sales", {"103"}, {"102"})}};
    auto& bob = pbx.phone("102");
    auto& carol = pbx.phone("103");
    carol.watches("102");
    auto etag = published(
        bob, dialogs(document(dialog("1", "a", "confirmed") + dialog("2", "b", "early"))));
    CHECK(carol.receives(NOTIFY).document().dialogs.size() == 2);
    etag = published(bob, dialogs(document(dialog("2", "b", "terminated"), "partial"), etag));
    CHECK_FALSE(carol.receives(NOTIFY).idle());
    published(bob, dialogs(document(""), etag));
    CHECK(carol.receives(NOTIFY).idle());
}

TEST_CASE("a phone that gives its dialogs numbers uses them again: each is told by its Call-ID")
{
    Scenario pbx{{group("sales", {"103"}, {"101"})}};
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    auto& carol = pbx.phone("103");
    carol.watches("101");
    alice.sends(INVITE, "102");
    bob.receives(INVITE);
    const auto own = carol.receives(NOTIFY).dialog();
    Publishing line{.event = "dialog",
                    .to = "101",
                    .content_type = "application/dialog-info+xml",
                    .body = document(dialog("1", own.call_id, "early"), "full", "101")};
    line.if_match = published(alice, line);
    alice.cancels();
    bob.receives(CANCEL);
    CHECK(carol.receives(NOTIFY).idle());

    line.body = document(dialog("1", "outside", "confirmed"), "full", "101");
    line.if_match = published(alice, line);
    CHECK(carol.receives(NOTIFY).dialog().call_id == "outside");
    line.body = document(dialog("1", "another", "early"), "full", "101");
    line.if_match = published(alice, line);
    CHECK(carol.receives(NOTIFY).idle());
    const auto next = carol.receives(NOTIFY).dialog();
    CHECK(next.call_id == "another");
    CHECK(next.state == "early");
}

TEST_CASE("a published dialog is explained by who published it: it is no call of the exchange")
{
    Scenario pbx{{group("sales", {"103"}, {"102"})}};
    auto& bob = pbx.phone("102");
    auto& carol = pbx.phone("103");
    auto& dave = pbx.phone("104");
    carol.watches("102");
    auto begun = dialogs(document(dialog("1", "outside", "confirmed")));
    begun.expires = 600s;
    published(bob, begun);
    carol.receives(NOTIFY);
    const auto account = pbx.explains("103", "102");
    REQUIRE(account.calls.size() == 1);
    const auto& call = account.calls.front();
    CHECK_FALSE(call.call);
    CHECK(call.call_id == "outside");
    CHECK(call.with == "555");
    REQUIRE(call.published);
    CHECK(call.published->publisher == "102");
    CHECK(call.published->expires_at - pbx.now().seconds() >= 600s);
    CHECK(call.published->expires_at - pbx.now().seconds() <= 601s);

    bob.sends(INVITE, "104");
    dave.receives(INVITE);
    carol.receives(NOTIFY);
    const auto both = pbx.explains("103", "102");
    REQUIRE(both.calls.size() == 2);
    CHECK(both.calls[1].call);
    CHECK_FALSE(both.calls[1].published);
    bob.cancels();
    dave.receives(CANCEL);
    carol.receives(NOTIFY);
}

TEST_CASE("a published document is read however it is laid out, with its namespace or without")
{
    Scenario pbx{{group("sales", {"103"}, {"102"})}};
    auto& bob = pbx.phone("102");
    auto& carol = pbx.phone("103");
    carol.watches("102");
    std::string body = document(dialog("1", "outside", "\n      confirmed\n    "));
    const auto identity = body.find("sip:555");
    body.insert(identity + std::string_view{"sip:555@elsewhere.test"}.size(), "\n  ");
    body.insert(identity, "\n    ");
    SUBCASE("with it") {}
    SUBCASE("without")
    {
        const std::string_view name{" xmlns=\"urn:ietf:params:xml:ns:dialog-info\""};
        body.erase(body.find(name), name.size());
    }
    published(bob, dialogs(body));
    const auto shown = carol.receives(NOTIFY).dialog();
    CHECK(shown.state == "confirmed");
    CHECK(shown.remote_identity == "sip:555@elsewhere.test");
}

TEST_CASE("a dialog that is published anew by who has forgotten its entity-tag is no second one")
{
    Scenario pbx{{group("sales", {"103"}, {"102"})}};
    for (const auto* number : {"105", "109"})
        pbx.configures(number, [](Extension& extension) { extension.trusted = true; });
    auto& program = pbx.phone("109");
    auto& carol = pbx.phone("103");
    carol.watches("102");
    const auto lost = published(program, dialogs(document(dialog("1", "outside", "early"))));
    const auto before = carol.receives(NOTIFY).dialog();
    auto anew = dialogs(document(dialog("7", "outside", "confirmed")));
    anew.if_match = published(program, anew);
    auto told = carol.receives(NOTIFY);
    REQUIRE(told.document().dialogs.size() == 1);
    CHECK(told.dialog().id == before.id);
    CHECK(told.dialog().state == "confirmed");
    CHECK(pbx.explains("103", "102").calls.size() == 1);
    // Another one has its own word of it.
    auto& other = pbx.phone("105");
    auto same = dialogs(document(dialog("1", "outside", "early")));
    same.if_match = published(other, same);
    CHECK(carol.receives(NOTIFY).document().dialogs.size() == 2);
    same.body = document("");
    published(other, same);
    const auto left = carol.receives(NOTIFY).document();
    CHECK(std::ranges::count(left.dialogs, "terminated", &DialogElement::state) == 1);
    CHECK(std::ranges::count(left.dialogs, "confirmed", &DialogElement::state) == 1);

    SUBCASE("it ends by its new entity-tag")
    {
        anew.body = document(dialog("7", "outside", "terminated"));
        published(program, anew);
    }
    SUBCASE("it ends by none, and after a restart")
    {
        pbx.restarts();
        CHECK(carol.receives(NOTIFY).dialog().id == before.id);
        published(program, dialogs(document(dialog("9", "outside", "terminated"))));
    }
    CHECK(carol.receives(NOTIFY).idle());
    published(program, {.event = "dialog", .to = "102", .if_match = lost});
    pbx.stays_silent_for(60s);
}

TEST_CASE("what PUBLISH is refused for")
{
    Scenario pbx;
    auto& bob = pbx.phone("102");
    const auto refused = [&](Publishing publishing, unsigned status) {
        CAPTURE(status);
        bob.publishes(publishing);
        return bob.receives(status);
    };
    auto good = dialogs(document(""));
    auto other = good;
    other.event = "conference";
    refused(other, 489).header("Allow-Events", "dialog, call-info, line-seize");
    other = good;
    other.to = "103";
    refused(other, 403);
    other.to = "199";
    refused(other, 403);
    other = good;
    other.if_match = "unknown";
    refused(other, 412);
    refused({.event = "call-info", .to = "102", .expires = 10s, .call_info = rest_idle}, 423)
        .header("Min-Expires", "60");
    other = good;
    other.content_type = "application/pidf+xml";
    refused(other, 415).header("Accept", "application/dialog-info+xml");
    other = good;
    const auto unreadable = [&](const std::string& body) {
        other.body = body;
        CHECK(refused(other, 400).value("Warning").find("at most 32 KB and 32 dialogs") !=
              std::string::npos);
    };
    std::string deep = "<state>confirmed</state>";
    for (int level = 0; level < 16; ++level) deep = "<a>" + deep + "</a>";
    std::string many;
    for (int i = 0; i < 33; ++i) many += dialog(std::to_string(i), "c", "early");
    for (const auto* state : {"busy", "Confirmed", ""}) {
        other.body = document(dialog("1", "c", state));
        CHECK(refused(other, 400).value("Warning") ==
              "399 office.test \"'" + std::string{state} +
                  "' is no state of a dialog: trying, proceeding, early, confirmed or "
                  "terminated\"");
    }
    other.body = document("", "full", "103");
    refused(other, 400)
        .header("Warning",
                "399 office.test \"entity of the body is not whom the Request-URI names\"");
    unreadable("<dialog-info>");
    unreadable(document(deep));
    unreadable(document(many));
    unreadable(document(std::string(32 * 1024, ' ')));
    unreadable(document(dialog("1", std::string(257, 'c'), "early")));
    for (const auto* named : {"\"l\"", "\"r\"", "sip:555@", "Zoe"}) {
        auto long_one = document(dialog("1", "c", "early"));
        long_one.insert(long_one.find(named) + 1, std::string(1025, 'x'));
        unreadable(long_one);
    }
    unreadable("<!DOCTYPE a [<!ENTITY b 'c'>]>" + document("").substr(21));
    other.body.clear();
    refused(other, 400);
    const Publishing no_header{.event = "call-info", .to = "102"};
    refused(no_header, 400)
        .header("Warning", "399 office.test \"Call-Info is missing or malformed\"");
    auto malformed = no_header;
    const auto is_malformed = [&](std::string value, const std::string& why) {
        malformed.call_info = std::move(value);
        refused(malformed, 400).header("Warning", "399 office.test \"Call-Info " + why + "\"");
    };
    is_malformed("office.test;appearance-index=1", "has no address between < and >");
    is_malformed("<not a uri at all>;appearance-index=1;appearance-state=active",
                 "has something else than an absolute URI between < and >");
    is_malformed("<sip:office.test>;appearance-index=1;appearance-state=active;appearance-index=2",
                 "says one of appearance-index, appearance-state and appearance-uri twice of one "
                 "appearance");
    is_malformed("<sip:office.test>;appearance-index=0",
                 "has an appearance-index that is neither from 1 to 999 nor *");
    auto overlong = no_header;
    overlong.call_info = "<sip:office.test>;appearance-index=1;appearance-uri=\"" +
                         std::string(1000, 'x') + "\"";
    refused(overlong, 400)
        .header("Warning",
                "399 office.test \"Call-Info says more than 1024 bytes of one appearance\"");
    const Publishing no_index{
        .event = "line-seize", .to = "102", .call_info = "<sip:102@office.test>"};
    refused(no_index, 400);
    CHECK(pbx.view().publications == 0);
    for (int i = 0; i < 20; ++i) published(bob, good);  // what says nothing is in nobody's way
    CHECK(pbx.view().publications == 16);
    pbx.passes(3601s);
    for (int i = 0; i < 16; ++i)
        published(bob, dialogs(document(dialog("1", "call-" + std::to_string(i), "early"))));
    refused(good, 403).header("Warning", "399 office.test \"too many publications\"");
}
