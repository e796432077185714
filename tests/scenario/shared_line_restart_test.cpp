// Appearances over a restart: whose they are, what of them is on hold, and claims, which end.
#include <algorithm>

#include "scenario/shared_line.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

/// Fred's, beside the first one, at the lab phone.
void second_call(SharedLine& line, Phone& fred)
{
    fred.sends(INVITE, "102");
    got(line.desk, INVITE);
    got(line.lab, INVITE).header("Call-Info", SharedLine::at(2));
    line.both_see("1:active 2:alerting *:idle");
    line.lab.replies(200, talking_sdp);
    fred.receives(200U);
    got(line.desk, CANCEL);
    got(line.lab, ACK);
    line.both_see("1:active 2:active *:idle");
}

/// The first one is over.
void second_call_remains(SharedLine& line, Phone& fred)
{
    line.talks();
    second_call(line, fred);
    line.alice.sends(BYE);
    line.alice.receives(200U);
    got(line.desk, BYE);
    line.both_see("2:active *:idle");
}

}  // namespace

TEST_CASE("a talking call keeps its appearance over a restart, and nobody else gets it")
{
    SharedLine line;
    auto& fred = line.pbx.phone("106");
    second_call_remains(line, fred);
    line.pbx.restarts();
    line.both_see("2:active *:idle");

    line.alice.sends(INVITE, "102");
    got(line.desk, INVITE).header("Call-Info", SharedLine::at(1));
    got(line.lab, INVITE);
    line.both_see("1:alerting 2:active *:idle");
    line.alice.cancels();
    line.both_see("2:active *:idle");
    fred.sends(BYE);
    fred.receives(200U);
    got(line.lab, BYE);
    line.both_see("*:idle");
    for (auto* phone : {&line.alice, &line.desk, &line.lab}) phone->inbox.clear();
}

TEST_CASE("a claim does not outlast a restart, and its phone is told so")
{
    SharedLine line;
    line.desk.asks(SharedLine::seize(1));
    got(line.desk, 200U);
    const auto claimed = *got(line.desk, NOTIFY).notify;
    line.both_see("1:seized *:idle");
    line.pbx.restarts();
    line.both_see("*:idle");
    const auto over = got(line.desk, NOTIFY);
    CHECK(over.notify->dialog->event == "line-seize");
    CHECK(over.notify->dialog->call_id == claimed.dialog->call_id);
    CHECK(over.notify->subscription_state == "terminated;reason=deactivated");
    CHECK(over.notify->cseq > claimed.cseq);
    CHECK(SharedLine::shown(over) == "*:idle");
    line.lab.asks(SharedLine::seize(1));
    got(line.lab, 200U);
    CHECK(got(line.lab, NOTIFY).notify->dialog->event == "line-seize");
    line.both_see("1:seized *:idle");
}

TEST_CASE("a call on hold is retrieved after a restart, unless it is held privately")
{
    SharedLine line;
    line.talks();
    SUBCASE("in public")
    {
        line.holds("held");
        line.pbx.restarts();
        line.both_see("1:held *:idle");
        line.lab.invite_headers = {{"Call-Info", SharedLine::at(1)}};
        line.lab.sends(INVITE, "102");
        got(line.alice, INVITE).with(talking_sdp);
        line.alice.replies(200, talking_sdp);
        got(line.lab, 200U);
        got(line.alice, ACK);
        got(line.desk, BYE);
        line.both_see("1:active *:idle");
    }
    SUBCASE("privately")
    {
        line.holds("held-private");
        line.pbx.restarts();
        line.both_see("1:held-private *:idle");
        line.lab.invite_headers = {{"Call-Info", SharedLine::at(1)}};
        line.lab.sends(INVITE, "102");
        got(line.lab, 403U).phrase("Not On Public Hold");
    }
}

TEST_CASE("a call without an appearance has none after a restart; where none was kept it gets one")
{
    SharedLine line;
    second_call_remains(line, line.pbx.phone("106"));
    const auto with_place = [&](std::optional<LinePlace> place) {
        line.pbx.restarts([&](Kept& kept) {
            for (auto& call : kept.calls) {
                auto changed = call;
                for (auto& leg : changed.legs) leg.place = place;
                call = std::move(changed);
            }
        });
    };
    SUBCASE("it had none")
    {
        with_place(LinePlace{});
        line.both_see("*:idle");
    }
    SUBCASE("stored by a program that did not keep it")
    {
        with_place(std::nullopt);
        line.both_see("1:active *:idle");
    }
    SUBCASE("beyond the line as it is now")
    {
        with_place(LinePlace{3, false});
        line.both_see("1:active *:idle");
    }
}

TEST_CASE("a call without an appearance gets the first that is free after a restart, too")
{
    SharedLine line;
    auto& fred = line.pbx.phone("106");
    line.talks();
    second_call(line, fred);
    line.pbx.restarts([](Kept& kept) {
        for (auto& call : kept.calls)
            if (std::ranges::any_of(call.legs,
                                    [](const auto& leg) { return leg.extension == "106"; }))
                for (auto& leg : call.legs) leg.place = LinePlace{};
    });
    line.both_see("1:active *:idle");
    line.alice.sends(BYE);
    line.alice.receives(200U);
    got(line.desk, BYE);
    line.both_see("1:active *:idle");  // Fred's
    line.pbx.restarts();
    line.both_see("1:active *:idle");
}

TEST_CASE("the appearance that a call has by the end of a claim is kept over a restart")
{
    SharedLine line;
    line.both_claim();
    line.alice.sends(INVITE, "102");
    got(line.desk, INVITE);
    got(line.lab, INVITE);
    line.desk.replies(200, talking_sdp);
    line.alice.receives(200U);
    got(line.desk, ACK);
    got(line.lab, CANCEL);
    line.pbx.passes(1s);
    told(line.desk, "line-seize");
    line.both_see("1:active 2:seized *:idle");
    line.pbx.restarts();
    told(line.lab, "line-seize");
    line.both_see("1:active *:idle");
}
