#pragma once
// 102, whose phones may notify their watchers themselves, and 103, which watches it.
#include <doctest/doctest.h>

#include <string>

#include "support/scenario.hpp"

namespace lampline::test::forwarded {

inline const Subscribing to_bob{.event = "dialog", .to = "102"};

inline Subscribing within(const Phone& notifier, std::chrono::seconds expires = 3600s)
{
    return {.event = "dialog",
            .to = "102",
            .expires = expires,
            .to_tag = notifier.notifier_tag(),
            .notifier = "102"};
}

inline void notifies(Scenario& pbx, bool itself)
{
    pbx.configures("102", [itself](Extension& bob) { bob.phone_notifies = itself; });
}

/// The phone of 103 has asked to watch 102, and the phone of 102 is to say what becomes of that.
struct Asked {
    Asked()
    {
        notifies(pbx, true);
        carol.asks(to_bob);
        asked = bob.receives(SUBSCRIBE);
    }

    Scenario pbx{{group("sales", {"103"}, {"102"})}};
    Phone& bob = pbx.phone("102");
    Phone& carol = pbx.phone("103");
    Arrived asked;
};

inline Group told_unasked()
{
    auto sales = group("sales", {}, {"102"});
    sales.watchers = {{"103", true}};
    return sales;
}

/// From 101 to 102: rings, and is given up.
inline void ring(Phone& alice, Phone& bob)
{
    alice.sends(INVITE, "102");
    bob.receives(INVITE);
    bob.replies(180);
    alice.receives(180U);
    alice.cancels();
    bob.receives(CANCEL);
}

inline std::string kinds(const Scenario& pbx)
{
    std::string text;
    for (const auto& lamp : pbx.view().lamps)
        text += lamp.watcher + " " + lamp.kind + " " + lamp.state + "\n";
    return text;
}

/// The CSeq of the NOTIFY that has passed to `watcher`, and what the exchange has made of it.
inline std::string passed(Phone& watcher)
{
    const auto notify = *watcher.receives(NOTIFY).notify;
    CHECK_FALSE(notify.dialog);
    return std::to_string(notify.cseq) + notify.subscription_state;
}

/// Why, by which CSeq and version the exchange has ended what `notifier` tells `watcher`; dark.
inline std::string ended(Phone& watcher, const Phone& notifier)
{
    const auto last = watcher.receives(NOTIFY);
    REQUIRE(last.notify->dialog);
    CHECK(last.idle());
    CHECK(last.notify->dialog->from == "<sip:102@office.test>;tag=" + notifier.notifier_tag());
    CHECK(last.notify->dialog->to == "<sip:103@office.test>;tag=watch");
    const std::string_view ends{"terminated;reason="};
    CHECK(last.notify->subscription_state.starts_with(ends));
    return last.notify->subscription_state.substr(ends.size()) + " " +
           std::to_string(last.notify->cseq) + " version " +
           std::to_string(last.document().version);
}

/// Both phones of 102 tell 103.
struct TwoTell {
    TwoTell()
    {
        notifies(pbx, true);
        carol.asks(to_bob);
        of_desk = desk.receives(SUBSCRIBE);
        of_mobile = mobile.receives(SUBSCRIBE);
        mobile.answers_subscribe(of_mobile, 200);
        carol.receives(200U);
        mobile.notifies(of_mobile, {.cseq = 1, .version = 0});
        desk.notifies(of_desk, {.cseq = 31, .version = 5});
        CHECK(passed(carol) == "1");
        CHECK(passed(carol) == "31");
    }
    void mobile_tells_on(std::uint32_t cseq)
    {
        CHECK(kinds(pbx) == "103 forwarded unknown\n");
        mobile.notifies(of_mobile, {.cseq = cseq, .version = cseq});
        CHECK(passed(carol) == std::to_string(cseq));
    }
    void desk_is_over(std::string_view by)
    {
        CHECK(ended(carol, desk) == by);
        desk.notifies(of_desk, {.cseq = 200, .version = 200});
        desk.receives(481U);
        CHECK(carol.hears_nothing());
    }
    Scenario pbx{{group("sales", {"103"}, {"102"})}};
    Phone& desk = pbx.phone("102");
    Phone& mobile = pbx.phone("102");
    Phone& carol = pbx.phone("103");
    Arrived of_desk, of_mobile;
};

}  // namespace lampline::test::forwarded
