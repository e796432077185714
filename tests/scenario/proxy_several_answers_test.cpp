// Proxy mode with several phones that answer: the caller has a dialog with each of them, until one
// of the two hangs that up (RFC 3261 §13.2.2.4).
#include <algorithm>

#include "several_answers_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::proxy;

TEST_CASE("proxy mode: a caller ends the first of two answered dialogs, and the other one lives")
{
    Answered office;
    CHECK(office.who_talks() == Numbers{"101", "103", "102"});
    SUBCASE("the caller hangs up")
    {
        office.alice_hangs_up(office.with_carol);
    }
    SUBCASE("the phone that was first hangs up")
    {
        office.carol.passes(BYE);
    }
    SUBCASE("the phone that was first does not know it any more")
    {
        office.carol.no_longer_knows(INVITE);
    }
    CHECK(office.who_talks() == Numbers{"101", "102"});
    const auto lit = office.dan.inbox;
    for (const auto& notify : lit) {
        const auto document = notify.document();
        if (document.entity.substr(4, 3) == "101")
            CHECK(notify.dialog().remote_identity == "sip:102@office.test");
    }
    CHECK(office.told() == Lamps{{"101", "confirmed"}, {"103", "idle"}});

    // Its phones are asked for, its holds are seen, and it is over when they say so.
    office.alice.answers_probes = office.bob.answers_probes = true;
    office.alice.uses_shared(office.with_bob);
    office.pbx.passes(60s);
    office.alice.receives(OPTIONS);
    office.bob.receives(OPTIONS);
    office.alice.replies(200);
    office.bob.replies(200);
    office.alice.passes(INVITE, hold_sdp);
    office.bob.accepts(INVITE, "v=0\r\nm=audio 4000 RTP/AVP 0\r\na=recvonly\r\n");
    CHECK(office.pbx.view().calls[0].legs[0].holds);
    office.told();
    office.bob.passes(BYE);
    CHECK(office.told() == Lamps{{"101", "idle"}, {"102", "idle"}});
    office.is_over();

    const auto record = office.record();
    CHECK(record.result == CallResult::answered);
    CHECK(record.answered_by == "103");
    CHECK(record.ended_by == CallEnder::callee);
    CHECK(record.ended_extension == "102");
    const auto first = Answered::part_of(record, "103");
    const auto second = Answered::part_of(record, "102");
    CHECK(first.kind == PartKind::called);
    CHECK(second.kind == PartKind::called);
    CHECK(second.ended_at - first.ended_at == 60s);
    CHECK_FALSE(first.missed);
    CHECK_FALSE(second.missed);
}

TEST_CASE("proxy mode: a caller ends the second of two answered dialogs, as most do")
{
    Answered office;
    office.alice_hangs_up(office.with_bob);
    CHECK(office.told() == Lamps{{"102", "idle"}});
    CHECK(office.who_talks() == Numbers{"101", "103"});
    office.carol.passes(BYE);
    office.told();
    office.is_over();
    CHECK(office.record().ended_extension == "103");
}

TEST_CASE("proxy mode: of two answered dialogs each holds for itself")
{
    Answered office;
    office.bob.passes(INVITE, hold_sdp);
    office.alice.accepts(INVITE, "v=0\r\nm=audio 4000 RTP/AVP 0\r\na=recvonly\r\n");
    auto held = office.dan.receives(NOTIFY);
    CHECK(held.document().entity.substr(4, 3) == "102");
    CHECK(office.dan.hears_nothing());  // Alice still talks to Carol
    const auto legs = office.pbx.view().calls.at(0).legs;
    CHECK_FALSE(legs.front().held);
    CHECK(legs.back().held);
    office.alice.passes(INVITE, hold_sdp);
    office.bob.accepts(INVITE, hold_sdp);
    CHECK_FALSE(office.pbx.view().calls.at(0).legs.front().held);
    office.alice_hangs_up(office.with_carol);
    office.alice_hangs_up(office.with_bob);
    office.told();
    office.is_over();
}

TEST_CASE("proxy mode: who held the dialog that is over does not hold the other one")
{
    Answered office;
    office.alice.uses_shared(office.with_carol);
    office.alice.passes(INVITE, hold_sdp);
    office.carol.accepts(INVITE, talking_sdp);
    CHECK(office.pbx.view().calls.at(0).legs.front().holds);
    office.carol.passes(BYE);
    CHECK_FALSE(office.pbx.view().calls.at(0).legs.front().held);
    CHECK_FALSE(office.pbx.view().calls.at(0).legs.front().holds);
    office.alice_hangs_up(office.with_bob);
    office.told();
    office.is_over();
}

TEST_CASE("proxy mode: each of several phones that have answered is asked whether it is there")
{
    Answered office;
    const std::vector<Phone*> phones{&office.alice, &office.bob, &office.carol};
    const auto asked = [&](Phone& gone, unsigned caller = 200) {
        office.alice.uses_shared(office.with_carol);
        office.pbx.passes(60s);
        for (auto* phone : phones) phone->receives(OPTIONS);
        gone.replies(481);
        for (auto* phone : phones)
            if (phone != &gone) phone->replies(phone == &office.alice ? caller : 200);
    };
    SUBCASE("the second is not")
    {
        asked(office.bob);
        CHECK(office.who_talks() == Numbers{"101", "103"});
        CHECK(office.told() == Lamps{{"102", "idle"}});
        office.alice_hangs_up(office.with_carol);
    }
    SUBCASE("the first is not")
    {
        asked(office.carol);
        CHECK(office.who_talks() == Numbers{"101", "102"});
        CHECK(office.told() == Lamps{{"101", "confirmed"}, {"103", "idle"}});
        office.alice_hangs_up(office.with_bob);
    }
    SUBCASE("the caller is in one of the two dialogs no more, and then in neither")
    {
        asked(office.alice);
        CHECK(office.who_talks() == Numbers{"101", "102"});
        CHECK(office.told() == Lamps{{"101", "confirmed"}, {"103", "idle"}});
        office.pbx.passes(60s);
        office.alice.receives(OPTIONS);
        office.bob.receives(OPTIONS);
        office.alice.replies(481);
    }
    SUBCASE("neither the first nor the caller is in their dialog")
    {
        asked(office.carol, 481);
        CHECK(office.who_talks() == Numbers{"101", "102"});
        office.alice_hangs_up(office.with_bob);
    }
    office.told();
    office.is_over();
}

TEST_CASE("proxy mode: a dialog that is over while another one lives can be replaced no more")
{
    Answered office;
    office.alice_hangs_up(office.with_carol);
    office.told();
    office.dan.sends_replacing({.call_id = office.with_carol.call_id,
                                .to_tag = office.with_carol.remote_tag,
                                .from_tag = office.with_carol.local_tag},
                               "101");
    office.dan.receives(603U);
    office.alice_hangs_up(office.with_bob);
    office.told();
    office.is_over();
}

TEST_CASE("proxy mode: a proxy behind a phone has forked, and another one has answered as well")
{
    Office office;
    office.they_talk();
    auto& [pbx, alice, bob, dan] = office;
    const auto with_bob = alice.shared();
    DialogId forked = with_bob;
    forked.remote_tag = "forked";
    const auto talking = [&] {
        const auto legs = pbx.view().calls.at(0).legs;
        return std::ranges::count(legs, "confirmed", &LiveLeg::state);
    };
    bob.passes(INVITE, hold_sdp);
    alice.accepts(INVITE, "v=0\r\nm=audio 4000 RTP/AVP 0\r\na=recvonly\r\n");
    office.told();
    office.answers(with_bob);  // once more, and late
    CHECK(talking() == 2);
    CHECK(pbx.view().calls.at(0).legs.back().holds);
    office.answers(forked);
    office.answers(forked);
    CHECK(talking() == 3);
    CHECK(office.told() == Lamps{{"102", "confirmed"}});
    alice.passes(BYE);
    CHECK(talking() == 2);
    CHECK(office.told() == Lamps{{"101", "confirmed"}, {"102", "confirmed"}});
    office.answers(with_bob);  // that has ended
    CHECK(talking() == 2);
    alice.uses_shared(forked);
    alice.passes(BYE);
    office.told();
    CHECK(pbx.has_no_calls());
    CHECK(pbx.has_no_dialogs());
    office.answers(forked);
    CHECK(pbx.has_no_calls());
    const auto record = office.record();
    REQUIRE(record.parts.size() == 3);
    CHECK(record.parts[2].kind == PartKind::called);
    CHECK(record.parts[2].answered_at);
}

TEST_CASE("proxy mode: answers without end, each with a tag of its own, take no memory without end")
{
    Office office;
    office.they_talk();
    auto& [pbx, alice, bob, dan] = office;
    auto dialog = alice.shared();
    for (int i = 0; i < 1000; ++i) {
        dialog.remote_tag = "forked-" + std::to_string(i);
        office.answers(dialog);
    }
    CHECK(pbx.view().calls.at(0).legs.size() <= 64);
    pbx.ends_all_calls();
    office.told();
}
