#pragma once
// 102, whose phone watches 103 and is cut off: it hears nothing, and is still registered.
#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "support/scenario.hpp"

namespace lampline::test::cut_off {

/// Carol (103) talks with Alice (101). Bob (102), who may watch her, is not cut off yet.
struct CutOffOffice {
    /// `unsolicited`: Bob is told unasked.
    CutOffOffice(bool unsolicited, std::chrono::seconds registered)
        : sales{.name = "sales",
                .display_name = "Sales",
                .members = {"103"},
                .watchers = {{"102", unsolicited, "standard"}}}
    {
        pbx.replaces_directory({sales});
        bob.registers(registered);
        if (unsolicited) CHECK(bob.receives(NOTIFY).idle());
        alice.sends(INVITE, "103");
        carol.receives(INVITE);
        carol.replies(200, talking_sdp);
        carol.receives(ACK);
        alice.receives(200U);
        alice.answers_probes = carol.answers_probes = true;
    }

    void hangs_up()
    {
        alice.sends(BYE);
        carol.receives(BYE);
        alice.receives(200U);
    }
    void may_watch(bool may)
    {
        auto groups = std::vector{sales};
        if (!may) groups[0].watchers.clear();
        pbx.replaces_directory(std::move(groups));
    }
    /// The last NOTIFY to Bob, of those since the one before.
    Arrived latest()
    {
        auto notify = bob.receives(NOTIFY);
        while (!bob.hears_nothing()) notify = bob.receives(NOTIFY);
        return notify;
    }
    /// That is the end.
    Arrived ends()
    {
        auto notify = latest();
        CHECK(notify.notify->subscription_state.starts_with("terminated"));
        return notify;
    }
    /// `notify` and its repetitions are lost.
    void is_lost(const Arrived& notify)
    {
        pbx.passes(32s);
        bob.answers(notify, 408, true);
    }

    Group sales;
    Scenario pbx;
    Phone& alice = pbx.phone("101");
    Phone& bob = pbx.silent_phone("102");
    Phone& carol = pbx.phone("103");
};

}  // namespace lampline::test::cut_off
