// Do not disturb and forwards kept the same on all phones of an extension (as-feature-event).
#include <doctest/doctest.h>

#include "core/feature_event.hpp"
#include "package_events.hpp"
#include "support/scenario.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

const std::vector<std::string> takes_all{"application/x-as-feature-event+xml", "multipart/mixed"};

PayloadRef body(std::string text, std::string type = std::string{feature_event_type})
{
    return std::make_shared<const Payload>(Payload{std::move(type), std::move(text), {}});
}

PayloadRef dnd(bool on)
{
    return body(std::string{"<SetDoNotDisturb><device/><doNotDisturbOn>"} +
                (on ? "true" : "false") + "</doNotDisturbOn></SetDoNotDisturb>");
}

PayloadRef forward(const std::string& to)
{
    return body("<SetForwarding><device/><forwardingType>forwardImmediate</forwardingType>"
                "<activateForward>true</activateForward><forwardDN>" +
                to + "</forwardDN></SetForwarding>");
}

/// A phone of 102 over TCP, where several parts fit in one body.
Phone& phone_of_102(Scenario& pbx)
{
    auto& phone = pbx.silent_phone("102");
    phone.flow.transport = Transport::tcp;
    phone.registers();
    return phone;
}

/// Subscribes with a phone that takes several parts in one body; its tag of the dialog.
std::string begin(Phone& phone)
{
    phone.asks({.event = "as-feature-event", .to = phone.number, .accept = takes_all});
    auto tag = phone.receives(200U).local_tag;
    const auto first = phone.receives(NOTIFY);
    CHECK(first.notify->content_type == feature_events_together_type);
    CHECK(says(first, "<DoNotDisturbEvent"));
    CHECK(says(first, "forwardNoAns"));
    return tag;
}

}  // namespace

TEST_CASE("a phone switches do not disturb on: the exchange obeys, every phone is told once")
{
    Scenario pbx;
    auto& desk = phone_of_102(pbx);
    auto& soft = phone_of_102(pbx);
    const auto tag = begin(desk);
    begin(soft);

    desk.asks({.event = "as-feature-event",
                .to = "102",
                .accept = takes_all,
                .to_tag = tag,
                .payload = dnd(true)});
    desk.receives(200U);
    CHECK(pbx.forwarding_of("102").do_not_disturb);
    const auto own = desk.receives(NOTIFY);
    CHECK(says(own, "<doNotDisturbOn>true</doNotDisturbOn>"));
    CHECK_FALSE(says(own, "ForwardingEvent"));
    CHECK(says(soft.receives(NOTIFY), "<doNotDisturbOn>true</doNotDisturbOn>"));
    pbx.stays_silent_for(60s);

    // The same again changes nothing, and is confirmed to who asked alone.
    desk.asks({.event = "as-feature-event",
                .to = "102",
                .accept = takes_all,
                .to_tag = tag,
                .payload = dnd(true)});
    desk.receives(200U);
    CHECK(says(desk.receives(NOTIFY), "<doNotDisturbOn>true</doNotDisturbOn>"));
    pbx.stays_silent_for(60s);
}

TEST_CASE("a change from elsewhere reaches the phones, one part alone")
{
    Scenario pbx;
    auto& desk = phone_of_102(pbx);
    begin(desk);
    pbx.forwards("102", {.always = "103"});
    const auto told = desk.receives(NOTIFY);
    CHECK(told.notify->content_type == feature_event_type);
    CHECK(says(told, "<forwardTo>103</forwardTo>"));
    pbx.forwards("103", {.always = "104"});
    pbx.stays_silent_for(10s);
}

TEST_CASE("the phone is told nothing until its change is settled, and the truth when it is refused")
{
    Scenario pbx;
    pbx.settles = false;
    auto& desk = phone_of_102(pbx);
    const auto tag = begin(desk);
    desk.asks({.event = "as-feature-event",
                .to = "102",
                .accept = takes_all,
                .to_tag = tag,
                .payload = forward("199")});
    desk.receives(200U);
    CHECK(desk.hears_nothing());
    REQUIRE(pbx.asked.size() == 1);
    CHECK(pbx.asked[0].dialled == DialledFeature{Feature::forward_always, "199"});
    CHECK(pbx.asked[0].extension == "102");
    pbx.settles_one(403);
    const auto told = desk.receives(NOTIFY);
    CHECK(says(told, "<forwardStatus>false</forwardStatus>"));
    CHECK(says(told, "forwardImmediate"));
}

TEST_CASE("a phone that asks for a change and keeps no subscription is told when it is in force")
{
    Scenario pbx;
    pbx.settles = false;
    auto& desk = phone_of_102(pbx);
    Subscribing last{.event = "as-feature-event", .to = "102", .expires = 0s, .accept = takes_all};
    bool done = true;
    SUBCASE("merely asking once") {}
    SUBCASE("with its last word")
    {
        last.to_tag = begin(desk);
    }
    SUBCASE("which never comes: it is told what is true")
    {
        last.to_tag = begin(desk);
        done = false;
    }
    last.payload = dnd(true);
    desk.asks(last);
    desk.receives(200U).header("Expires", "0");
    CHECK(desk.hears_nothing());
    REQUIRE(pbx.asked.size() == 1);
    if (done)
        pbx.settles_one();
    else
        pbx.passes(33s);
    const auto told = desk.receives(NOTIFY);
    CHECK(says(told, done ? "<doNotDisturbOn>true<" : "<doNotDisturbOn>false<"));
    CHECK(told.notify->subscription_state == "terminated;reason=timeout");
    CHECK(pbx.view().subscriptions.empty());
    CHECK(pbx.kept().subscriptions.empty());
    pbx.asked.clear();
    pbx.stays_silent_for(60s);
}

TEST_CASE("a phone that takes one document at a time gets four, in order")
{
    Scenario pbx;
    auto& desk = phone_of_102(pbx);
    const auto first = desk.subscribes("as-feature-event", "102");
    CHECK(says(first, "DoNotDisturbEvent"));
    for (const auto* type : {"forwardImmediate", "forwardBusy", "forwardNoAns"})
        CHECK(says(desk.receives(NOTIFY), type));
    pbx.stays_silent_for(10s);
}

TEST_CASE("what cannot be read is refused, and changes nothing")
{
    Scenario pbx;
    auto& desk = phone_of_102(pbx);
    const auto ask = [&](PayloadRef payload) {
        desk.asks({.event = "as-feature-event", .to = "102", .payload = std::move(payload)});
    };
    ask(body("<SetDoNotDisturb>"));
    desk.receives(400U);
    ask(body("<!DOCTYPE a [<!ENTITY b \"true\">]><SetDoNotDisturb/>"));
    desk.receives(400U);
    ask(forward(""));
    desk.receives(400U);
    ask(body("<a", "application/simple-filter+xml"));
    desk.receives(400U);
    ask(body("{}", "application/json"));
    desk.receives(415U).header("Accept", "application/x-as-feature-event+xml");
    desk.asks({.event = "as-feature-event", .to = "103", .payload = dnd(true)});
    desk.receives(403U);
    CHECK(pbx.forwarding_of("102") == Forwarding{});
    CHECK(pbx.forwarding_of("103") == Forwarding{});
    CHECK(pbx.view().subscriptions.empty());
}
