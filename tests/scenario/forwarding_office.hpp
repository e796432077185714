#pragma once
// Alice calls Bob, who forwards to Carol; Dan watches.
#include <doctest/doctest.h>

#include "support/scenario.hpp"

namespace lampline::test::forwarding {

inline Forwarding always(std::string to)
{
    Forwarding forwarding;
    forwarding.always = std::move(to);
    return forwarding;
}

inline Forwarding no_answer(std::string to, std::chrono::seconds after = 20s)
{
    Forwarding forwarding;
    forwarding.no_answer = std::move(to);
    forwarding.no_answer_after = after;
    return forwarding;
}

inline Forwarding busy(std::string to)
{
    Forwarding forwarding;
    forwarding.busy = std::move(to);
    return forwarding;
}

/// Alice calls, Bob forwards, Carol is forwarded to; Dan watches Bob and Carol.
struct Desk {
    explicit Desk(bool bob_registered = true)
        : bob{bob_registered ? pbx.phone("102") : pbx.silent_phone("102")}
    {
        dan.watches("102");
        dan.watches("103");
    }

    /// The only lamp of Dan that changed, and its state.
    void lamp(std::string_view member, std::string_view state)
    {
        auto notify = dan.receives(NOTIFY);
        const auto document = notify.document();
        CHECK(document.entity.find(member) != std::string::npos);
        if (state == "idle")
            CHECK(notify.idle());
        else
            CHECK(notify.dialog().state == state);
    }

    void they_talk(Phone& answerer)
    {
        answerer.replies(200, "v=0\r\nanswer\r\n");
        alice.receives(200U).with("v=0\r\nanswer\r\n");
        answerer.receives(ACK);
    }

    void all_is_over(Phone& answerer)
    {
        alice.sends(BYE);
        alice.receives(200U);
        answerer.receives(BYE);
        dan.inbox.clear();
        CHECK(pbx.has_no_calls());
        CHECK(pbx.has_no_dialogs());
        pbx.stays_silent_for(150s);
    }

    Scenario pbx{{group("all", {"104"}, {"101", "102", "103"})}};
    Phone& alice = pbx.phone("101");
    Phone& bob;
    Phone& carol = pbx.phone("103");
    Phone& dan = pbx.phone("104");
};

}  // namespace lampline::test::forwarding
