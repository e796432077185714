// A call that is moved again and again: what is over goes, what talks stays.
#include <algorithm>

#include "take_over_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::take_over;

TEST_CASE("a phone that tries to take over its call for ever fills neither memory nor the record")
{
    Transferring call;
    for (int i = 0; i < 300; ++i) {
        call.mobile_asks();
        call.alice_is_asked();
        call.alice.replies(488);
        call.mobile.receives(488U);
    }
    CHECK(call.pbx.view().calls.at(0).legs.size() <= 17);
    call.mobile_takes_over();
    CHECK(call.pbx.view().calls.at(0).legs.size() <= 17);
    call.mobile.sends(BYE);
    call.mobile.receives(200U);
    call.alice.receives(BYE);
    CHECK(call.pbx.has_no_calls());
    CHECK(call.pbx.has_no_dialogs());
    const auto stored = std::ranges::find_if(call.pbx.stored, [](const StorageChange& change) {
        return std::holds_alternative<CallRecorded>(change);
    });
    REQUIRE(stored != call.pbx.stored.end());
    const CallRecord& record = *std::get<CallRecorded>(*stored).record;
    CHECK(record.parts.size() <= 102);
    CHECK(record.parts.back().kind == PartKind::took_over);
    CHECK(record.parts.back().in_place_of == 1U);
}

TEST_CASE("a call that goes from phone to phone keeps who talks, and forgets who was there")
{
    Transferring call;
    auto* at = &call.desk;
    auto* next = &call.mobile;
    const Replaces first = call.at_desk;
    Replaces of = first;
    for (int i = 0; i < 30; ++i) {
        next->sends_replacing(of, "101", mobile_sdp);
        call.alice_is_asked();
        call.alice.replies(200, alice_sdp);
        next->receives(200U).with(alice_sdp);
        call.alice.receives(ACK);
        at->receives(BYE);
        of = call.pbx.naming(call.pbx.view().calls.at(0).legs.back().call_id);
        std::swap(at, next);
    }
    CHECK(call.pbx.view().calls.at(0).legs.size() <= 17);
    next->sends_replacing(first, "101", mobile_sdp);
    next->receives(481U);
    call.talk_and_end(call.alice, *at);
}
