#include "core/call.hpp"

#include <doctest/doctest.h>

using namespace lampline;

TEST_CASE("the best of several failures (RFC 3261 §16.7 step 6)")
{
    CHECK(better_response(486, 0));
    CHECK(better_response(603, 486));  // 6xx above all
    CHECK_FALSE(better_response(486, 603));
    CHECK(better_response(404, 503));  // then the lowest class
    CHECK(better_response(486, 408));  // within a class what tells the caller most
    CHECK(better_response(486, 480));
    CHECK_FALSE(better_response(408, 480));
    CHECK_FALSE(better_response(486, 486));  // the first one stays
}

TEST_CASE("leg states move as RFC 4235 §3.7.1 draws them")
{
    CHECK(next(LegState::trying, LegInput::provisional) == LegState::proceeding);
    CHECK(next(LegState::proceeding, LegInput::provisional_with_tag) == LegState::early);
    CHECK(next(LegState::early, LegInput::success) == LegState::confirmed);
    CHECK(next(LegState::confirmed, LegInput::remote_bye) == LegState::terminated);
    CHECK_FALSE(next(LegState::early, LegInput::provisional_with_tag));  // a retransmission
    CHECK_FALSE(next(LegState::confirmed, LegInput::provisional));       // a late 180
    CHECK_FALSE(next(LegState::terminated, LegInput::success));
}

TEST_CASE("while ringing, the peer of the caller is the only early dialog")
{
    Call call;
    auto& caller = call.legs.emplace_back();
    auto& desk = call.legs.emplace_back();
    auto& mobile = call.legs.emplace_back();
    caller.id = LegId{1};
    desk.id = LegId{2};
    mobile.id = LegId{3};
    desk.role = mobile.role = LegRole::callee;

    CHECK(call.peer_of(caller) == nullptr);
    desk.state = LegState::early;
    CHECK(call.peer_of(caller) == &desk);
    mobile.state = LegState::early;
    CHECK(call.peer_of(caller) == nullptr);

    call.phase = CallPhase::talking;
    caller.peer = mobile.id;
    mobile.peer = caller.id;
    CHECK(call.peer_of(caller) == &mobile);
    CHECK(call.peer_of(mobile) == &caller);
    CHECK(call.peer_of(desk) == nullptr);  // it lost
}
