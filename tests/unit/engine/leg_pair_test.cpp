#include "engine/leg_pair.hpp"

#include <doctest/doctest.h>

using namespace lampline;

namespace {

/// A caller and two callees, all of them with confirmed dialogs, and nobody's peer yet.
struct Three {
    Three()
    {
        call.phase = CallPhase::talking;
        for (std::uint64_t id = 1; id <= 3; ++id) {
            Leg& leg = call.legs.emplace_back();
            leg.id = LegId{id};
            leg.role = id == 1 ? LegRole::caller : LegRole::callee;
            leg.state = LegState::confirmed;
        }
    }
    Leg& leg(std::uint64_t id) { return *call.find(LegId{id}); }

    Call call;
};

ResponseReceived response(unsigned status, bool generated)
{
    ResponseReceived received{};
    received.status = status;
    received.generated = generated;
    return received;
}

}  // namespace

TEST_CASE("two legs talk when each is the other's peer and both dialogs are confirmed")
{
    Three three;
    CHECK_FALSE(talking_pair(three.call).first);
    three.leg(1).peer = LegId{2};
    CHECK_FALSE(talking_pair(three.call).first);

    connect(three.leg(3), three.leg(2));
    CHECK(talking_pair(three.call).first == &three.leg(2));
    CHECK(talking_pair(three.call).second == &three.leg(3));

    three.leg(3).state = LegState::terminated;
    CHECK_FALSE(talking_pair(three.call).first);
}

TEST_CASE("a call that talks is over without one of the two who talk, and not without a third")
{
    Three three;
    connect(three.leg(1), three.leg(2));
    CHECK(takes_part(three.call, three.leg(1)));
    CHECK(takes_part(three.call, three.leg(2)));
    CHECK_FALSE(takes_part(three.call, three.leg(3)));

    three.call.phase = CallPhase::ringing;
    CHECK(takes_part(three.call, three.leg(1)));
    CHECK_FALSE(takes_part(three.call, three.leg(2)));

    three.call.phase = CallPhase::ended;
    CHECK_FALSE(takes_part(three.call, three.leg(1)));
}

TEST_CASE("in proxy mode another phone that has answered is one that shares its dialog")
{
    Three three;
    CHECK_FALSE(also_answered(three.call, three.leg(2)));
    three.leg(3).proxied = true;
    CHECK(also_answered(three.call, three.leg(2)) == &three.leg(3));
    CHECK_FALSE(also_answered(three.call, three.leg(3)));
}

TEST_CASE("a dialog is gone by 481, or by 408 where nobody has answered")
{
    CHECK(ends_dialog(response(481, false)));
    CHECK(ends_dialog(response(408, true)));
    CHECK_FALSE(ends_dialog(response(408, false)));
    CHECK_FALSE(ends_dialog(response(503, true)));
}
