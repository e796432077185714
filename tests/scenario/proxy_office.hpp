#pragma once
// Bob in proxy mode, who calls him, and who watches both.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "core/sdp.hpp"
#include "support/scenario.hpp"

namespace lampline::test::proxy {

/// What each lamp shows, by number.
using Lamps = std::map<std::string, std::string>;

/// Bob is in proxy mode, Alice calls him, Dan watches both.
struct Office {
    explicit Office(ExchangeSettings settings = {})
        : pbx{{group("all", {"104"}, {"101", "102", "103"})}, std::move(settings)}
    {
        pbx.joins("102", CallMode::proxy);
        dan.watches("101");
        dan.watches("102");
    }
    /// The lamps of Alice and Bob change to this.
    void lamps(std::string_view state)
    {
        for (int changed = 0; changed < 2; ++changed) lamp(state);
    }
    void lamp(std::string_view state)
    {
        auto notify = dan.receives(NOTIFY);
        if (state == "idle")
            CHECK(notify.idle());
        else
            CHECK(notify.dialog().state == state);
    }
    /// What Dan's lamps have changed to, by the last NOTIFY of each.
    Lamps told()
    {
        Lamps lamps;
        for (const auto& notify : dan.inbox) {
            const auto document = notify.document();
            auto& lamp = lamps[document.entity.substr(4, 3)];
            lamp = "idle";
            for (const auto& dialog : document.dialogs)
                if (dialog.state != "terminated") lamp = dialog.state;
        }
        dan.inbox.clear();
        return lamps;
    }
    void they_ring()
    {
        alice.sends(INVITE, "102");
        bob.receives(INVITE);
        lamps("trying");
        bob.replies(180);
        alice.receives(180U);
        lamps("early");
    }
    void they_talk()
    {
        they_ring();
        bob.replies(200, talking_sdp);
        alice.receives(200U);
        lamps("confirmed");
    }
    /// Who has `dialog` with Alice, behind another proxy, answers her INVITE, or does so again.
    void answers(const DialogId& dialog, std::chrono::seconds session = {})
    {
        pbx.receive(DialogPassed{.call_id = dialog.call_id,
                                 .from_tag = dialog.local_tag,
                                 .to_tag = dialog.remote_tag,
                                 .method = INVITE,
                                 .status = 200,
                                 .cseq = InviteReceived{}.cseq,
                                 .session_timer = {.expires = session},
                                 .payload = session_payload(std::string{talking_sdp})});
    }
    void all_is_over()
    {
        lamp("idle");
        all_is_over_for_one();
    }
    void all_is_over_for_one()
    {
        lamp("idle");
        CHECK(pbx.has_no_calls());
        CHECK(pbx.has_no_dialogs());
        pbx.stays_silent_for(150s);
    }
    CallRecord record()
    {
        for (auto change = pbx.stored.rbegin(); change != pbx.stored.rend(); ++change)
            if (const auto* recorded = std::get_if<CallRecorded>(&*change))
                return *recorded->record;
        FAIL("no call was recorded");
        return {};
    }

    Scenario pbx;
    Phone& alice = pbx.phone("101");
    Phone& bob = pbx.phone("102");
    Phone& dan = pbx.phone("104");
};

}  // namespace lampline::test::proxy
