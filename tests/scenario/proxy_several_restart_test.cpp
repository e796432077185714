// Proxy mode over kill -9: each dialog of a caller that several phones have answered lives on.
#include "several_answers_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::proxy;

namespace {

/// Taken up after a kill, all probes answered.
struct TakenUp : Answered {
    TakenUp()
    {
        for (auto* phone : {&alice, &bob, &carol, &dan}) phone->answers_probes = true;
    }
    /// `first` is the dialog that the caller's leg has.
    void is_killed(const DialogId& first)
    {
        pbx.restarts();
        const auto talking = who_talks();
        const auto lamps = told();
        CHECK(lamps.size() == 3);
        for (const auto& [number, lamp] : lamps)
            CHECK((lamp == "confirmed") == (std::ranges::find(talking, number) != talking.end()));
        alice.uses_shared(first);
        pbx.passes(1s);
        for (auto* phone : {&alice, &bob, &carol})
            for (; !phone->hears_nothing(); phone->replies(200)) phone->receives(OPTIONS);
        CHECK(dan.hears_nothing());
    }
    /// What is in storage: whom the caller talks to.
    [[nodiscard]] Numbers kept() const
    {
        Numbers numbers;
        for (const auto& call : pbx.kept().calls) {
            CHECK(call.legs[0].extension == "101");
            numbers.push_back(call.legs[1].extension);
        }
        return numbers;
    }
};

}  // namespace

TEST_CASE("proxy mode: the dialog that lives is the one that is taken up after a restart")
{
    Answered office;
    office.alice_hangs_up(office.with_carol);
    office.told();
    const auto calls = office.pbx.kept().calls;
    REQUIRE(calls.size() == 1);
    CHECK(calls[0].legs[0].dialog.local_tag == office.with_bob.remote_tag);
    CHECK(calls[0].legs[1].extension == "102");
    CHECK(calls[0].legs[1].dialog.remote_tag == office.with_bob.remote_tag);
    office.alice_hangs_up(office.with_bob);
    office.told();
    office.is_over();
    CHECK(office.pbx.kept().calls.empty());
}

TEST_CASE("proxy mode: both of two answered dialogs live on after kill -9, with their lamps")
{
    TakenUp office;
    CHECK(office.kept() == Numbers{"103", "102"});
    office.is_killed(office.with_carol);
    CHECK(office.who_talks() == Numbers{"101", "103", "102"});
    CHECK(office.kept() == Numbers{"103", "102"});
    SUBCASE("the caller ends the first, then the second")
    {
        office.alice_hangs_up(office.with_carol);
        CHECK(office.told() == Lamps{{"101", "confirmed"}, {"103", "idle"}});
        CHECK(office.who_talks() == Numbers{"101", "102"});
        CHECK(office.kept() == Numbers{"102"});
        office.is_killed(office.with_bob);
        CHECK(office.who_talks() == Numbers{"101", "102"});
        office.alice_hangs_up(office.with_bob);
        CHECK(office.told() == Lamps{{"101", "idle"}, {"102", "idle"}});
    }
    SUBCASE("the second phone hangs up, then the first, after another kill")
    {
        office.is_killed(office.with_carol);
        office.bob.passes(BYE);
        CHECK(office.told() == Lamps{{"102", "idle"}});
        CHECK(office.who_talks() == Numbers{"101", "103"});
        CHECK(office.kept() == Numbers{"103"});
        office.carol.passes(BYE);
        CHECK(office.told() == Lamps{{"101", "idle"}, {"103", "idle"}});
    }
    SUBCASE("a hold in the second is still one after the next kill")
    {
        office.bob.passes(INVITE, hold_sdp);
        office.alice.uses_shared(office.with_bob);
        office.alice.accepts(INVITE, "v=0\r\nm=audio 4000 RTP/AVP 0\r\na=recvonly\r\n");
        office.told();
        office.is_killed(office.with_carol);
        const auto legs = office.pbx.view().calls.at(0).legs;
        CHECK_FALSE(legs.front().held);
        CHECK(legs.back().holds);
        office.alice_hangs_up(office.with_carol);
        office.bob.passes(BYE);
        office.told();
    }
    office.is_over();
    CHECK(office.kept().empty());
}

TEST_CASE("proxy mode: what is left of two answered dialogs in storage is taken up")
{
    TakenUp office;
    office.pbx.restarts([](Kept& kept) { kept.calls.erase(kept.calls.begin()); });
    office.told();
    CHECK(office.who_talks() == Numbers{"101", "102"});
    office.alice_hangs_up(office.with_bob);
    office.told();
    CHECK(office.pbx.has_no_calls());
}

TEST_CASE("proxy mode: a hold that has passed is one after kill -9")
{
    Office office;
    office.they_talk();
    auto& [pbx, alice, bob, dan] = office;
    alice.answers_probes = bob.answers_probes = true;
    bob.passes(INVITE, hold_sdp);
    alice.accepts(INVITE, "v=0\r\nm=audio 4000 RTP/AVP 0\r\na=recvonly\r\n");
    office.told();
    pbx.restarts();
    office.told();
    CHECK(pbx.view().calls.at(0).legs.back().holds);
    bob.passes(BYE);
    office.told();
    CHECK(pbx.has_no_calls());
}

TEST_CASE("proxy mode: a phone that another proxy has rung besides lives on after kill -9")
{
    Office office;
    office.they_talk();
    auto& [pbx, alice, bob, dan] = office;
    DialogId forked = alice.shared();
    forked.remote_tag = "forked";
    office.answers(forked);
    office.told();
    pbx.restarts();
    office.told();
    CHECK(pbx.view().calls.at(0).legs.size() == 3);
    alice.passes(BYE);
    CHECK(office.told() == Lamps{{"101", "confirmed"}, {"102", "confirmed"}});
    alice.uses_shared(forked);
    alice.passes(BYE);
    CHECK(office.told() == Lamps{{"101", "idle"}, {"102", "idle"}});
    CHECK(pbx.has_no_calls());
    CHECK(pbx.kept().calls.empty());
}
