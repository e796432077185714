// What is kept of calls: the record against the ladder that led to it.
#include <doctest/doctest.h>

#include "support/scenario.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

constexpr std::string_view alice_sdp = "v=0\r\no=alice\r\nm=audio 4000 RTP/AVP 0\r\n";
constexpr std::string_view bob_sdp = "v=0\r\no=bob\r\nm=audio 5000 RTP/AVP 0\r\n";
constexpr std::string_view carol_sdp = "v=0\r\no=carol\r\nm=audio 6000 RTP/AVP 0 8\r\n";

struct Recorded {
    Scenario pbx{{group("sales", {"103"}, {"101", "102"})}};
    Phone& alice = pbx.phone("101");
    Phone& bob = pbx.phone("102");
    Phone& carol = pbx.phone("103");
    std::string live_id;

    std::vector<CallRecord> records() const
    {
        std::vector<CallRecord> all;
        for (const auto& change : pbx.stored)
            if (const auto* call = std::get_if<CallRecorded>(&change)) all.push_back(*call->record);
        return all;
    }
    /// The only call that is over so far.
    CallRecord record() const
    {
        const auto all = records();
        REQUIRE(all.size() == 1);
        return all[0];
    }
    void bob_rings()
    {
        alice.sends(INVITE, "102", alice_sdp);
        bob.receives(INVITE);
        pbx.passes(100ms);
        bob.replies(180);
        alice.receives(180U);
        live_id = pbx.view().calls.at(0).log_id;
        CHECK(records().empty());
    }
    void they_talk()
    {
        bob_rings();
        pbx.passes(900ms);
        bob.replies(200, bob_sdp);
        alice.receives(200U);
        bob.receives(ACK);
    }
    /// A NOTIFY about his REFER.
    void bob_is_told()
    {
        const auto notify = bob.receives(NOTIFY);
        bob.replies_to(notify, 200);
    }
    void bob_refers(std::string target)
    {
        bob.sends(Method::refer, std::make_shared<const Payload>(
                                     Payload{{}, {}, {{"Refer-To", std::move(target)}}}));
        bob.receives(202U);
        bob_is_told();
    }
};

}  // namespace

TEST_CASE("record of a call that is hung up; it has the id that the live call tells")
{
    Recorded office;
    office.they_talk();
    office.pbx.passes(5s);
    office.bob.sends(BYE);
    office.bob.receives(200U);
    office.alice.receives(BYE);
    const auto record = office.record();
    CHECK(write(record.id) == office.live_id);
    CHECK(record.result == CallResult::answered);
    CHECK(record.answered_by == "102");
    CHECK(*record.ringing_at - started_at(record.id) == 100ms);
    CHECK(*record.answered_at - started_at(record.id) == 1s);
    CHECK(record.duration() == 5s);
    CHECK(record.ended_by == CallEnder::callee);
    CHECK(record.ended_extension == "102");
    CHECK(record.status == 200);
    CHECK(record.callee_name == "Name 102");
}

TEST_CASE("record of a call that is given up, not taken, or refused")
{
    Recorded office;
    SUBCASE("cancelled")
    {
        office.bob_rings();
        office.alice.cancels();
        office.bob.receives(CANCEL);
        CHECK(office.record().result == CallResult::missed);
        CHECK(office.record().ended_by == CallEnder::caller);
        CHECK(office.record().parts.at(1).missed);
    }
    SUBCASE("not taken in time")
    {
        office.bob_rings();
        office.pbx.passes(121s);
        office.alice.receives(480U);
        office.bob.receives(CANCEL);
        CHECK(office.record().result == CallResult::missed);
        CHECK(office.record().ended_by == CallEnder::exchange);
        CHECK(office.record().status == 480);
    }
    SUBCASE("busy")
    {
        office.bob_rings();
        office.bob.replies(486);
        office.alice.receives(486U);
        CHECK(office.record().result == CallResult::busy);
        CHECK(office.record().ended_by == CallEnder::callee);
        CHECK(office.record().parts.at(1).status == 486);
    }
    SUBCASE("declined")
    {
        office.bob_rings();
        office.bob.replies(603);
        office.alice.receives(603U);
        CHECK(office.record().result == CallResult::declined);
        CHECK_FALSE(office.record().parts.at(1).missed);
    }
    SUBCASE("silence")
    {
        office.alice.sends(INVITE, "102", alice_sdp);
        office.bob.receives(INVITE);
        office.bob.fails_with(408);
        office.alice.receives(408U);
        CHECK(office.record().result == CallResult::unreachable);
        CHECK(office.record().ended_by == CallEnder::exchange);
        CHECK(office.record().parts.at(1).missed);
    }
    SUBCASE("no such number")
    {
        office.alice.sends(INVITE, "999", alice_sdp);
        office.alice.receives(404U);
        CHECK(office.record().result == CallResult::unknown_number);
        CHECK(office.record().dialled == "999");
    }
    SUBCASE("no phone registered")
    {
        office.alice.sends(INVITE, "109", alice_sdp);
        office.alice.receives(480U);
        CHECK(office.record().result == CallResult::unreachable);
        CHECK(office.record().parts.at(1).extension == "109");
        CHECK(office.record().parts.at(1).missed);
    }
    SUBCASE("the exchange stops")
    {
        office.bob_rings();
        office.pbx.ends_all_calls();
        office.alice.receives(503U);
        office.bob.receives(CANCEL);
        CHECK(office.record().result == CallResult::missed);
        CHECK(office.record().parts.at(1).missed);
        CHECK(office.record().status == 503);
    }
    CHECK(office.record().parts.at(0).extension == "101");
    CHECK_FALSE(office.record().answered_at);
}

TEST_CASE("record of a call that is picked up: answered elsewhere, not missed")
{
    Recorded office;
    office.bob_rings();
    office.carol.sends(INVITE, "**102", carol_sdp);
    office.carol.receives(200U);
    office.alice.receives(200U);
    office.bob.receives(CANCEL);
    CHECK(office.pbx.view().calls.at(0).log_id == office.live_id);
    office.carol.sends(BYE);
    office.carol.receives(200U);
    office.alice.receives(BYE);
    const auto record = office.record();
    CHECK(record.callee == "102");
    CHECK(record.answered_by == "103");
    CHECK(record.ended_extension == "103");
    CHECK(record.parts.at(1).result == PartResult::answered_elsewhere);
    CHECK_FALSE(record.parts.at(1).missed);
    CHECK(record.parts.at(2).kind == PartKind::picked_up);
    CHECK(record.parts.at(2).in_place_of == 1);
}

TEST_CASE("record of a pickup that a third party has asked for")
{
    Recorded office;
    office.bob_rings();
    auto& second = office.pbx.phone("103");
    office.pbx.orders({.action = CallAction::pick_up, .by = "103"});
    office.carol.receives(INVITE);
    second.receives(INVITE);
    SUBCASE("the picker answers: as one by a code")
    {
        office.carol.replies(200, carol_sdp);
        office.carol.receives(ACK);
        office.alice.receives(200U);
        office.bob.receives(CANCEL);
        second.receives(CANCEL);
        office.carol.sends(BYE);
        office.carol.receives(200U);
        office.alice.receives(BYE);
        const auto record = office.record();
        CHECK(record.answered_by == "103");
        CHECK(record.parts.at(1).result == PartResult::answered_elsewhere);
        CHECK(record.parts.at(1).end == end_event(LegInput::replaced));
        const bool first = record.parts.at(2).answered_at.has_value();
        const auto& picker = record.parts.at(first ? 2 : 3);
        const auto& other = record.parts.at(first ? 3 : 2);
        CHECK(picker.result == PartResult::answered);
        CHECK(picker.in_place_of == 1);
        CHECK(other.result == PartResult::unanswered);
        CHECK_FALSE(other.in_place_of);
    }
    SUBCASE("the caller gives up: it was the callee's call, and no other's")
    {
        office.alice.cancels();
        office.bob.receives(CANCEL);
        office.carol.receives(CANCEL);
        second.receives(CANCEL);
        CHECK(office.record().result == CallResult::missed);
        CHECK(office.record().parts.at(1).missed);
        CHECK(office.record().parts.at(2).result == PartResult::unanswered);
    }
    SUBCASE("the picker declines: the callee may answer still")
    {
        office.carol.replies(603);
        second.receives(CANCEL);
        CHECK(office.alice.hears_nothing());
        office.bob.replies(200, bob_sdp);
        office.bob.receives(ACK);
        office.alice.receives(200U);
        office.alice.sends(BYE);
        office.alice.receives(200U);
        office.bob.receives(BYE);
        CHECK(office.record().answered_by == "102");
    }
    for (const std::size_t asked : {2U, 3U}) {
        const auto part = office.record().parts.at(asked);
        CHECK(part.kind == PartKind::picked_up);
        CHECK_FALSE(part.missed);
    }
}

TEST_CASE("record of a blind transfer")
{
    Recorded office;
    office.they_talk();
    office.bob_refers("<sip:103@office.test>");
    office.carol.receives(INVITE);
    office.carol.replies(200, carol_sdp);
    office.alice.receives(INVITE);
    office.alice.replies(200, alice_sdp);
    office.carol.receives(ACK);
    office.alice.receives(ACK);
    office.bob_is_told();
    office.bob.receives(BYE);
    office.pbx.passes(3s);
    office.alice.sends(BYE);
    office.alice.receives(200U);
    office.carol.receives(BYE);
    const auto record = office.record();
    CHECK(record.answered_by == "102");
    CHECK(record.ended_by == CallEnder::caller);
    CHECK(record.parts.at(2).extension == "103");
    CHECK(record.parts.at(2).kind == PartKind::transferred);
    CHECK(record.parts.at(2).moved_by == 1);
    CHECK(record.parts.at(1).ended_at < record.ended_at);
}

TEST_CASE("records of an attended transfer: the call in which it was asked goes on in the other")
{
    Recorded office;
    office.they_talk();
    const auto first = office.bob.dialog();
    office.bob.sends(INVITE, "103", bob_sdp);
    office.carol.receives(INVITE);
    office.carol.replies(200, carol_sdp);
    office.bob.receives(200U);
    office.carol.receives(ACK);
    std::string replaces;
    for (const auto& call : office.pbx.view().calls)
        if (call.dialled == "103") replaces = call.legs.at(0).call_id;
    office.bob.uses(first);
    office.bob_refers("<sip:103@office.test?Replaces=" + replaces +
                      "%3Bto-tag%3D0%3Bfrom-tag%3D0>");
    office.alice.receives(INVITE);
    office.alice.replies(200, alice_sdp);
    office.carol.receives(INVITE);
    office.carol.replies(200, carol_sdp);
    office.carol.receives(ACK);
    office.alice.receives(ACK);
    office.bob.receives(BYE);
    office.bob_is_told();
    office.bob.receives(BYE);
    const auto over = office.record();
    CHECK(over.caller == "102");
    CHECK(over.ended_by == CallEnder::transfer);
    CHECK(write(over.continued_in) == office.live_id);
    office.pbx.passes(2s);
    office.alice.sends(BYE);
    office.alice.receives(200U);
    office.carol.receives(BYE);
    REQUIRE(office.records().size() == 2);
    const auto last = office.records()[1];
    CHECK(write(last.id) == office.live_id);
    CHECK(last.parts.at(2).extension == "103");
    CHECK(last.parts.at(2).kind == PartKind::transferred);
    CHECK(last.parts.at(2).moved_by == 1);
    CHECK(last.parts.at(2).came_from == over.id);
}
