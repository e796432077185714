#pragma once
// A line that two phones share, and who calls it.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <type_traits>

#include "core/appearance.hpp"
#include "support/scenario.hpp"

namespace lampline::test {

/// The next arrival of this kind: what a phone is told crosses what its calls are about.
template <class Kind>
Arrived got(Phone& phone, Kind kind)
{
    const auto same = [&](const Arrived& arrived) {
        if constexpr (std::is_same_v<Kind, Method>)
            return arrived.method == kind && arrived.status == 0;
        else
            return arrived.status == kind;
    };
    const auto found = std::find_if(phone.inbox.begin(), phone.inbox.end(), same);
    REQUIRE_MESSAGE(found != phone.inbox.end(),
                    phone.number << " at " << phone.flow.port << " waits");
    auto arrived = std::move(*found);
    phone.inbox.erase(found);
    return arrived;
}

/// The next NOTIFY of this package.
inline Arrived told(Phone& phone, std::string_view event)
{
    const auto found = std::ranges::find_if(phone.inbox, [&](const Arrived& arrived) {
        return arrived.notify && arrived.notify->dialog->event == event;
    });
    REQUIRE_MESSAGE(found != phone.inbox.end(),
                    phone.number << " at " << phone.flow.port << " waits for " << event);
    auto arrived = std::move(*found);
    phone.inbox.erase(found);
    return arrived;
}

/// 101 calls; 102 has two phones and two appearances, and both phones watch them.
struct SharedLine {
    SharedLine()
    {
        pbx.configures("102", [](Extension& extension) { extension.appearances = 2; });
        for (auto* phone : {&desk, &lab})
            CHECK(shown(phone->subscribes("call-info", "102")) == "*:idle");
    }
    /// "1:active *:idle"
    static std::string shown(const Arrived& notify)
    {
        std::string text;
        const auto infos = read_call_info(notify.value("Call-Info"));
        REQUIRE(infos);
        for (const auto& info : *infos)
            text += (text.empty() ? "" : " ") +
                    (info.rest ? std::string{"*"} : std::to_string(info.index)) + ":" +
                    std::string{name(info.state.value())};
        return text;
    }
    void both_see(std::string_view what)
    {
        for (auto* phone : {&desk, &lab}) CHECK(shown(told(*phone, "call-info")) == what);
    }
    static Subscribing seize(unsigned index, std::chrono::seconds expires = 15s)
    {
        return {.event = "line-seize",
                .to = "102",
                .expires = expires,
                .payload =
                    std::make_shared<const Payload>(Payload{{}, {}, {{"Call-Info", at(index)}}})};
    }
    /// The desk phone has the first appearance for a second more, the lab phone the other one.
    void both_claim()
    {
        desk.asks(seize(1));
        got(desk, 200U);
        told(desk, "line-seize");
        both_see("1:seized *:idle");
        pbx.passes(14s);
        lab.asks(seize(2));
        got(lab, 200U);
        told(lab, "line-seize");
        both_see("1:seized 2:seized *:idle");
    }
    static std::string at(unsigned index)
    {
        return "<sip:102@office.test>;appearance-index=" + std::to_string(index);
    }
    /// 101 calls, the desk phone answers.
    void talks()
    {
        alice.sends(INVITE, "102");
        got(desk, INVITE).header("Call-Info", at(1));
        got(lab, INVITE).header("Call-Info", at(1));
        both_see("1:alerting *:idle");
        desk.replies(180);
        alice.receives(180U);
        desk.replies(200, talking_sdp);
        alice.receives(200U);
        got(lab, CANCEL);
        got(desk, ACK);
        both_see("1:active *:idle");
    }
    void asks_to_hold(const std::string& state)
    {
        desk.sends(INVITE, std::make_shared<const Payload>(
                               Payload{"application/sdp",
                                       std::string{hold_sdp},
                                       {{"Call-Info", at(1) + ";appearance-state=" + state}}}));
        CHECK(alice.receives(INVITE).value("Call-Info").empty());
    }
    void holds(const std::string& state)
    {
        asks_to_hold(state);
        alice.replies(200, talking_sdp);
        got(desk, 200U);
        alice.receives(ACK);
        both_see("1:" + state + " *:idle");
    }

    Scenario pbx;
    Phone& alice = pbx.phone("101");
    Phone& desk = pbx.phone("102");
    Phone& lab = pbx.phone("102");
};

}  // namespace lampline::test
