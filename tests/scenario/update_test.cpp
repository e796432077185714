// UPDATE (RFC 3311) between phones of which one does not know it.
#include <doctest/doctest.h>

#include "support/scenario.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

PayloadRef sdp(std::string_view text)
{
    return session_payload(std::string{text});
}

ExchangeSettings without_probes()
{
    ExchangeSettings settings;
    settings.calls.probe_interval = 0s;
    return settings;
}

struct Office {
    void talk()
    {
        alice.sends(INVITE, "102");
        bob.receives(INVITE);
        bob.replies(200, talking_sdp);
        alice.receives(200U);
        bob.receives(ACK);
    }
    void ends()
    {
        alice.sends(BYE);
        alice.receives(200U);
        bob.receives(BYE);
        CHECK(pbx.has_no_calls());
        CHECK(pbx.has_no_dialogs());
    }
    [[nodiscard]] bool alice_holds() const { return pbx.view().calls.at(0).legs.at(0).holds; }

    Scenario pbx{{}, without_probes()};
    Phone& alice = pbx.phone("101");
    Phone& bob = pbx.phone("102");
};

}  // namespace

TEST_CASE("UPDATE is allowed to whom the other end may get it from (RFC 3311 §5.1)")
{
    Office office;
    auto& [pbx, alice, bob] = office;
    SUBCASE("the callee has told its methods: not to the caller")
    {
        bob.denies_update = true;
        alice.sends(INVITE, "102");
        CHECK(bob.receives(INVITE).allows_update);
        bob.replies(180);
        CHECK_FALSE(alice.receives(180U).allows_update);
        bob.replies(200, talking_sdp);
        CHECK_FALSE(alice.receives(200U).allows_update);
        bob.receives(ACK);
        bob.sends_invite(hold_sdp);
        CHECK(alice.receives(INVITE).allows_update == false);
        alice.replies(200, talking_sdp);
        CHECK(bob.receives(200U).allows_update);
        alice.receives(ACK);
    }
    SUBCASE("the caller has: not to the callee")
    {
        alice.denies_update = true;
        alice.sends(INVITE, "102");
        CHECK_FALSE(bob.receives(INVITE).allows_update);
        bob.replies(200, talking_sdp);
        CHECK(alice.receives(200U).allows_update);
        bob.receives(ACK);
    }
    SUBCASE("nobody has told anything")
    {
        alice.sends(INVITE, "102");
        CHECK(bob.receives(INVITE).allows_update);
        bob.replies(200, talking_sdp);
        CHECK(alice.receives(200U).allows_update);
        bob.receives(ACK);
    }
    office.ends();
}

TEST_CASE("an UPDATE with an offer goes on as an INVITE to a phone without UPDATE")
{
    Office office;
    auto& [pbx, alice, bob] = office;
    bob.denies_update = true;
    office.talk();
    alice.sends(UPDATE, sdp(hold_sdp));
    SUBCASE("which accepts it")
    {
        bob.receives(INVITE).with(hold_sdp);
        bob.replies(180);
        CHECK(alice.hears_nothing());
        bob.replies(200, talking_sdp);
        alice.receives(200U).with(talking_sdp);
        bob.receives(ACK).without_body();
        CHECK(office.alice_holds());
        bob.sends_invite(talking_sdp);  // nothing is left that stands in its way
        alice.receives(INVITE);
        alice.replies(200, hold_sdp);
        bob.receives(200U);
        alice.receives(ACK);
    }
    SUBCASE("which refuses it")
    {
        bob.receives(INVITE);
        bob.replies(488);
        alice.receives(488U);
        CHECK_FALSE(office.alice_holds());
    }
    SUBCASE("which is changing the session itself")
    {
        bob.receives(INVITE);
        bob.sends_invite(hold_sdp);
        bob.receives(491U);
        bob.replies(491);
        alice.receives(491U);
    }
    office.ends();
}

TEST_CASE("an UPDATE that has gone on as an INVITE does not hold up the end of the call")
{
    Office office;
    auto& [pbx, alice, bob] = office;
    bob.denies_update = true;
    office.talk();
    alice.sends(UPDATE, sdp(hold_sdp));
    const auto invite = bob.receives(INVITE);
    alice.sends(BYE);
    alice.receives(200U);
    alice.receives(481U);
    bob.receives(BYE);
    bob.replies_to(invite, 200, talking_sdp);
    bob.receives(ACK);
    CHECK(pbx.has_no_calls());
    CHECK(pbx.has_no_dialogs());
}

TEST_CASE("who has sent an UPDATE does not wait for a phone that asks its user (RFC 3311 §5.2)")
{
    Office office;
    auto& [pbx, alice, bob] = office;
    bob.denies_update = true;
    office.talk();
    alice.sends(UPDATE, sdp(hold_sdp));
    const auto invite = bob.receives(INVITE);
    SUBCASE("the INVITE is cancelled in time, and both may change the session again")
    {
        bob.replies(180);
        pbx.passes(24s);
        CHECK(alice.hears_nothing());
        pbx.passes(2s);
        alice.receives(504U);
        bob.receives(CANCEL);
        CHECK_FALSE(office.alice_holds());
        bob.sends_invite(hold_sdp);
        alice.receives(INVITE);
        alice.replies(200, talking_sdp);
        bob.receives(200U);
        alice.receives(ACK);
    }
    SUBCASE("accepted as it is cancelled: both are given the session that they had")
    {
        bob.answers_cancel = false;
        bob.replies(180);
        pbx.passes(26s);
        alice.receives(504U);
        bob.receives(CANCEL);
        bob.replies_to(invite, 200, talking_sdp);
        bob.receives(ACK);
        bob.receives(INVITE).without_body();
        bob.replies(200, talking_sdp);
        alice.receives(INVITE).with(talking_sdp);
        alice.replies(200, talking_sdp);
        alice.receives(ACK);
        bob.receives(ACK).with(talking_sdp);
        CHECK_FALSE(office.alice_holds());
    }
    SUBCASE("a phone that is gone is so nevertheless")
    {
        bob.answers_cancel = false;
        pbx.passes(26s);
        alice.receives(504U);
        bob.receives(CANCEL);
        pbx.passes(32s);
        bob.fails_with(invite, 408);
        bob.receives(OPTIONS);
        bob.fails_with(408);
        alice.receives(BYE);
        bob.receives(BYE);
        CHECK(pbx.has_no_calls());
        return;
    }
    office.ends();
}

TEST_CASE("a phone that refuses UPDATE has told that it does not know it")
{
    Office office;
    auto& [pbx, alice, bob] = office;
    office.talk();
    SUBCASE("a change: it goes on as an INVITE, and the next one does so at once")
    {
        alice.sends(UPDATE, sdp(hold_sdp));
        bob.receives(UPDATE);
        bob.replies(405);
        bob.receives(INVITE).with(hold_sdp);
        bob.replies(200, talking_sdp);
        alice.receives(200U).with(talking_sdp);
        bob.receives(ACK);
        CHECK(office.alice_holds());
        alice.sends(UPDATE, sdp(talking_sdp));
        bob.receives(INVITE).with(talking_sdp);
        bob.replies(200, talking_sdp);
        alice.receives(200U);
        bob.receives(ACK);
        CHECK_FALSE(office.alice_holds());
    }
    SUBCASE("nothing but a new contact: it has nothing to hear")
    {
        alice.sends(UPDATE);
        bob.receives(UPDATE);
        bob.replies(501);
        alice.receives(200U);
        alice.sends(UPDATE);
        alice.receives(200U);
        CHECK(bob.hears_nothing());
    }
    office.ends();
}

TEST_CASE("a refresh by UPDATE reaches a phone that keeps the session alive, but knows no UPDATE")
{
    Office office;
    auto& [pbx, alice, bob] = office;
    bob.denies_update = true;
    alice.supported = bob.supported = OptionTag::timer;
    alice.session_timer = {.expires = 600s};
    bob.session_timer = {.expires = 600s, .refresher = Refresher::uac};
    office.talk();
    for (int refresh = 0; refresh < 3; ++refresh) {
        pbx.passes(500s);
        alice.session_timer = {.expires = 600s, .refresher = Refresher::uac};
        alice.sends(UPDATE);
        bob.receives(INVITE).with(talking_sdp).session(600s, Refresher::uac);
        bob.replies(200, talking_sdp);
        alice.receives(200U).without_body().session(600s, Refresher::uac);
        bob.receives(ACK);
    }
    alice.session_timer = bob.session_timer = {};
    office.ends();
}

TEST_CASE("an UPDATE before the answer, to a phone without UPDATE")
{
    Office office;
    auto& [pbx, alice, bob] = office;
    bob.denies_update = true;
    alice.sends(INVITE, "102");
    bob.receives(INVITE);
    bob.replies(183, talking_sdp);
    alice.receives(183U);
    SUBCASE("with an offer: there is nobody who could answer it yet")
    {
        alice.sends(UPDATE, sdp(hold_sdp));
        CHECK_FALSE(alice.receives(405U).allows_update);
    }
    SUBCASE("without")
    {
        alice.sends(UPDATE);
        alice.receives(200U);
    }
    CHECK(bob.hears_nothing());
    bob.replies(200, talking_sdp);
    alice.receives(200U);
    bob.receives(ACK);
    office.ends();
}

TEST_CASE("an UPDATE takes the name off the lamp where the phone without UPDATE gets none")
{
    Scenario pbx{{group("sales", {"103"}, {"102"})}};
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    auto& carol = pbx.phone("103");
    carol.watches("102");
    const auto shown = [&] { return carol.inbox.back().dialog().remote_identity; };
    const auto talk = [&] {
        bob.replies(200, talking_sdp);
        alice.receives(200U);
        bob.receives(ACK);
    };
    const auto private_from_here =
        std::make_shared<const Payload>(Payload{{}, {}, {{"Privacy", "id"}}});
    SUBCASE("as it has said, before the answer")
    {
        bob.denies_update = true;
        alice.sends(INVITE, "102");
        bob.receives(INVITE);
        bob.replies(180);
        alice.receives(180U);
        CHECK(shown() == "sip:101@office.test");
        alice.sends(UPDATE, private_from_here);
        alice.receives(200U);
        CHECK(shown() == "sip:anonymous@anonymous.invalid");
        talk();
    }
    SUBCASE("as it says to it, while they talk")
    {
        alice.sends(INVITE, "102");
        bob.receives(INVITE);
        talk();
        CHECK(shown() == "sip:101@office.test");
        alice.sends(UPDATE, private_from_here);
        bob.receives(UPDATE);
        bob.replies(405);
        alice.receives(200U);
    }
    CHECK(shown() == "sip:anonymous@anonymous.invalid");
    CHECK(bob.hears_nothing());
    alice.sends(BYE);
    alice.receives(200U);
    bob.receives(BYE);
    carol.inbox.clear();
    CHECK(pbx.has_no_calls());
}
