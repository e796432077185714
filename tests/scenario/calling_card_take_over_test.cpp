// Calls of the calling-card application that go on at another phone of who is called.
#include "calling_card_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::calling_card;

namespace {

constexpr std::string_view mobile_sdp = "v=0\r\no=m 1 1 IN IP4 h\r\nm=audio 7000 RTP/AVP 0\r\n";

/// Alice talks to Carol by the application, and Carol's mobile asks for the call.
struct Moving : Card {
    Moving()
    {
        accepts();
        presses("103#");
        carol.receives(INVITE);
        asks_for_the_way_back();
        accepts();
        is_connected_to(carol, carol_sdp);
        dan.inbox.clear();
        mobile.registers();
        std::string call_id;
        const auto view = pbx.view();
        for (const auto& leg : view.calls.at(0).legs)
            if (leg.extension == "103") call_id = leg.call_id;
        mobile.sends_replacing(pbx.naming(call_id), "101", mobile_sdp);
        asked = alice.receives(INVITE).with(mobile_sdp);
    }
    Phone& mobile = pbx.silent_phone("103");
    Arrived asked;
};

}  // namespace

TEST_CASE("the caller goes back while a mobile is coming: the mobile is told, and no leg is left")
{
    Moving desk;
    desk.long_pound();
    desk.mobile.receives(491U);
    desk.carol.receives(BYE);
    desk.asks_for_keys();
    CHECK(desk.states() == std::vector<std::string>{"101 confirmed"});
    desk.alice.replies_to(desk.asked, 200, alice_sdp);  // too late, and to be undone
    desk.alice.receives(ACK);
    desk.accepts();
    desk.pbx.passes(500ms);
    CHECK(desk.alice.receives(INVITE).body().find("a=inactive") != std::string::npos);
    desk.alice.replies(200, alice_sdp);
    desk.alice.receives(ACK);
    desk.hangs_up();
    desk.nothing_is_left();
}

TEST_CASE("who is called hangs up the desk phone while a mobile is coming")
{
    Moving desk;
    desk.carol.sends(BYE);
    desk.carol.receives(200U);
    SUBCASE("the mobile has the call")
    {
        desk.alice.replies_to(desk.asked, 200, alice_sdp);
        desk.mobile.receives(200U).with(alice_sdp);
        desk.alice.receives(ACK);
        CHECK(desk.states() == std::vector<std::string>{"101 confirmed", "103 confirmed"});
        desk.mobile.sends(BYE);
        desk.mobile.receives(200U);
        desk.is_taken_back(mobile_sdp);
    }
    SUBCASE("the caller refuses it: she dials anew")
    {
        desk.alice.replies_to(desk.asked, 488);
        desk.mobile.receives(488U);
        const auto silenced = desk.alice.receives(INVITE);
        CHECK(silenced.body().find("a=inactive") != std::string::npos);
        desk.asks_for_keys();
        CHECK(desk.states() == std::vector<std::string>{"101 confirmed"});
        desk.alice.replies_to(silenced, 200);
        desk.alice.receives(ACK);
        desk.accepts();
        desk.presses("102#");
        desk.bob.receives(INVITE);
        desk.asks_for_the_way_back();
        desk.accepts();
        desk.is_connected_to(desk.bob, bob_sdp);
        desk.hangs_up();
        desk.bob.receives(BYE);
        desk.nothing_is_left();
        return;
    }
    desk.hangs_up();
    desk.nothing_is_left();
}
