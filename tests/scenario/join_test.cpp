// Join: a third phone becomes a party of a call, and the phone that is joined mixes (RFC 3911).
#include <doctest/doctest.h>

#include "support/scenario.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

constexpr std::string_view alice_sdp = "v=0\r\no=alice\r\nm=audio 4000 RTP/AVP 0\r\n";
constexpr std::string_view bob_sdp = "v=0\r\no=bob\r\nm=audio 5000 RTP/AVP 0\r\n";
constexpr std::string_view carol_sdp = "v=0\r\no=carol\r\nm=audio 6000 RTP/AVP 0\r\n";

Group joinable(bool join)
{
    Group sales = group("sales", {"102", "103"}, {"101"});
    sales.rights.join = join;
    return sales;
}

/// Carol sees Alice's call to Bob; her group may join it.
struct Office {
    explicit Office(bool join = true) : pbx{{joinable(join)}}
    {
        CHECK(carol.watches("102").idle());
        alice.sends(INVITE, "102", alice_sdp);
        bob.receives(INVITE);
        bob.replies(180);
        alice.receives(180U);
        ringing = shown();
    }

    /// The dialog of Bob's phone that Carol's lamp shows.
    DialogElement shown()
    {
        std::optional<DialogElement> last;
        while (!carol.hears_nothing()) last = carol.receives(NOTIFY).dialog();
        REQUIRE(last);
        return *last;
    }

    void talk()
    {
        bob.replies(200, bob_sdp);
        alice.receives(200U);
        bob.receives(ACK);
        talking = shown();
        first = bob.dialog();
    }

    /// The to-tag is that of the phone that is to be joined.
    static Replaces joining(const DialogElement& dialog)
    {
        return {
            .call_id = dialog.call_id, .to_tag = dialog.local_tag, .from_tag = dialog.remote_tag};
    }

    static std::string header_of(const DialogElement& dialog)
    {
        return dialog.call_id + ";to-tag=" + dialog.local_tag + ";from-tag=" + dialog.remote_tag;
    }

    void refuses(const Replaces& join, unsigned status)
    {
        carol.sends_joining(join, "102", carol_sdp);
        carol.receives(status);
    }

    /// Carol's lamp moves while she is in a call with Bob herself.
    void passes_over_lamps()
    {
        while (!carol.hears_nothing() && carol.inbox.front().what == "NOTIFY")
            carol.receives(NOTIFY);
    }

    void all_hang_up()
    {
        passes_over_lamps();
        pbx.ends_all_calls();
        while (!bob.hears_nothing()) bob.receives(BYE);
        while (!alice.hears_nothing()) alice.receives(BYE);
        while (!carol.hears_nothing()) {
            if (carol.inbox.front().what == "NOTIFY")
                carol.receives(NOTIFY);
            else
                carol.receives(BYE);
        }
        CHECK(pbx.has_no_calls());
        CHECK(pbx.has_no_dialogs());
    }

    Scenario pbx;
    Phone& alice = pbx.phone("101");
    Phone& bob = pbx.phone("102");
    Phone& carol = pbx.phone("103");
    DialogElement ringing, talking;
    LegId first;
};

}  // namespace

TEST_CASE("Carol joins Bob's call: his own dialog is named to him, and he mixes three")
{
    Office office;
    office.talk();
    office.carol.sends_joining(Office::joining(office.talking), "102", carol_sdp);
    office.bob.receives(INVITE).from("103").with(carol_sdp).header(
        "Join", Office::header_of(office.talking));
    const auto second = office.bob.dialog();
    office.bob.replies(180);
    office.passes_over_lamps();
    office.carol.receives(180U);

    office.bob.focus = true;  // F7: he becomes the focus towards Alice first
    office.bob.uses(office.first);
    office.bob.sends_invite(bob_sdp);
    CHECK(office.alice.receives(INVITE).with(bob_sdp).focus);
    office.alice.replies(200, alice_sdp);
    CHECK_FALSE(office.bob.receives(200U).focus);
    office.alice.receives(ACK);

    office.bob.uses(second);
    office.bob.replies(200, bob_sdp);
    office.passes_over_lamps();
    CHECK(office.carol.receives(200U).with(bob_sdp).focus);
    office.bob.receives(ACK);
    CHECK(office.pbx.view().calls.size() == 2);
    SUBCASE("Carol leaves, the two talk on")
    {
        office.passes_over_lamps();
        office.carol.sends(BYE);
        office.carol.receives(200U);
        office.bob.receives(BYE);
        CHECK(office.pbx.view().calls.size() == 1);
    }
    SUBCASE("Alice leaves, Bob and Carol talk on")
    {
        office.alice.sends(BYE);
        office.alice.receives(200U);
        office.bob.receives(BYE);
        CHECK(office.pbx.view().calls.size() == 1);
    }
    office.all_hang_up();
}

TEST_CASE("the tags the other way round mean whom the phone talks to")
{
    Office office;
    office.talk();
    office.carol.sends_joining(replacing(office.talking), "102", carol_sdp);
    const auto join = office.alice.receives(INVITE).from("103").headers.at(0);
    CHECK(join.name == "Join");
    CHECK(join.value.starts_with("call-"));  // Alice's own Call-ID
    office.alice.replies(488);
    office.passes_over_lamps();
    office.carol.receives(488U);
    office.all_hang_up();
}

TEST_CASE("a phone that sends a Join on has not joined: nobody else is called with it (488)")
{
    Office office;
    office.talk();
    auto& dave = office.pbx.phone("104");
    office.carol.sends_joining(Office::joining(office.talking), "102", carol_sdp);
    office.bob.receives(INVITE);
    office.bob.redirects({SipUri::parse("sip:104@office.test").value()});
    CHECK(dave.hears_nothing());
    office.passes_over_lamps();
    office.carol.receives(488U).header(
        "Warning",
        "399 office.test \"The phone of 102 sends the call on, and only it can take it\"");
    CHECK(office.pbx.view().calls.size() == 1);
    office.all_hang_up();
}

TEST_CASE("an early dialog can be joined too; the phone decides")
{
    Office office;
    office.carol.sends_joining(Office::joining(office.ringing), "102", carol_sdp);
    const auto join = office.bob.receives(INVITE).headers.at(0);
    CHECK(join.value == Office::header_of(office.ringing));
    office.bob.replies(481);
    office.passes_over_lamps();
    office.carol.receives(481U);
    office.alice.cancels();
    office.bob.receives(CANCEL);
    office.all_hang_up();
}

TEST_CASE("what is not joined, and why")
{
    Office office;
    office.talk();
    const auto join = Office::joining(office.talking);
    SUBCASE("481: no such dialog, or not quite")
    {
        office.refuses({"nobody@home", "a", "b"}, 481);
        office.refuses({join.call_id, join.to_tag, "other"}, 481);
        office.refuses({join.call_id, "other", join.from_tag}, 481);
    }
    SUBCASE("400: a tag is missing")
    {
        office.refuses({join.call_id, join.to_tag, {}}, 400);
    }
    SUBCASE("603: it has just ended")
    {
        office.alice.answers_bye = office.bob.answers_bye = false;
        office.alice.sends(BYE);
        office.alice.receives(200U);
        office.bob.receives(BYE);
        office.passes_over_lamps();
        office.refuses(join, 603);
        office.bob.replies(200);
    }
    SUBCASE("403: the right is gone")
    {
        office.pbx.replaces_directory({joinable(false)});
        office.refuses(join, 403);
    }
    office.all_hang_up();
}

TEST_CASE("who may pick up may not join for that")
{
    Office office{false};
    office.talk();
    office.refuses(Office::joining(office.talking), 403);
    office.all_hang_up();
}

TEST_CASE("another phone of one's own extension may join without a right")
{
    Scenario pbx;
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    auto& other = pbx.silent_phone("102");
    alice.sends(INVITE, "102", alice_sdp);
    bob.receives(INVITE);
    bob.replies(200, bob_sdp);
    alice.receives(200U);
    bob.receives(ACK);
    const auto call_id = pbx.view().calls.at(0).legs.at(1).call_id;
    const auto tags = pbx.kept().calls.at(0).legs[1].dialog;
    other.sends_joining({call_id, tags.remote_tag, tags.local_tag}, "102", carol_sdp);
    bob.receives(INVITE).from("102");
    bob.replies(486);
    other.receives(486U);
    pbx.ends_all_calls();
    alice.receives(BYE);
    bob.receives(BYE);
    CHECK(pbx.has_no_calls());
}
