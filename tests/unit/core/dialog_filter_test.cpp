#include "core/dialog_filter.hpp"

#include <doctest/doctest.h>

using namespace lampline;

TEST_CASE("RFC 4235 §3.2: to-tag is the phone's own tag, from-tag the other's")
{
    const auto filter = dialog_filter(";call-id=abc@host;to-tag=phone;from-tag=ours");
    CHECK(filter.call_id == "abc@host");
    CHECK(filter.admits({"abc@host", "phone", "ours"}));
    CHECK_FALSE(filter.admits({"abc@host", "ours", "phone"}));
    CHECK_FALSE(filter.admits({"abc@host", "", "ours"}));  // not known yet
    CHECK_FALSE(filter.admits({"other", "phone", "ours"}));
}

TEST_CASE("RFC 4235 §3.2: one INVITE is named by its Call-ID alone, however it forked")
{
    const auto filter = dialog_filter("dialog;call-id=abc");
    CHECK(filter.admits({"abc", "one", "x"}));
    CHECK(filter.admits({"abc", "two", "y"}));
}

TEST_CASE("no parameter, or none that filters, admits every dialog")
{
    for (const auto* params : {"", "dialog", ";sla", ";sla;ma;include-session-description", ";id=7",
                               ";CALL-ID", ";call-id=", ";;=;\"", ";call-id-x=1"}) {
        CAPTURE(params);
        CHECK(dialog_filter(params).empty());
        CHECK(dialog_filter(params).admits({"any", "", ""}));
    }
}

TEST_CASE("a quoted Call-ID may hold what would end a parameter; blanks and case do not count")
{
    const auto filter = dialog_filter("; Call-ID = \"a;b=c@host\" ;TO-TAG=t");
    CHECK(filter.call_id == "a;b=c@host");
    CHECK(filter.to_tag == "t");
    CHECK(dialog_filter(";call-id=\"never closed;to-tag=t").to_tag.empty());
}

TEST_CASE("the Event of a NOTIFY echoes what tells subscriptions apart, and nothing else")
{
    CHECK(echoed_event("") == "dialog");
    CHECK(echoed_event(";sla;id=5;include-session-description") == "dialog;id=5");
    CHECK(echoed_event("; id=5 ;call-id=\"a;b\";x=y;to-tag=t") ==
          "dialog;id=5;call-id=\"a;b\";to-tag=t");
    CHECK(event_id("dialog;call-id=x;id=5") == "5");
    CHECK(event_id(";sla").empty());
    CHECK(event_id(";idle=1").empty());
}
