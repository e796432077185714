// Refer-To with the contact of a phone: its transferor has seen it in a dialog or in a redirection
// (RFC 5589 §7.1), and an INVITE there would ring it.
#include <algorithm>

#include "transfer_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::transfer;

namespace {

std::string target_of(const Phone& phone)
{
    return "<" + write(phone.own_contact()) + ">";
}

}  // namespace

TEST_CASE("blind transfer to a contact: that phone rings, and no other of its extension")
{
    Talking call;
    auto& mobile = call.pbx.phone("103");
    SUBCASE("by REFER")
    {
        call.bob_refers(target_of(call.carol));
        call.bob.receives(202U);
        call.bob_hears("SIP/2.0 100 Trying");
        call.carol.receives(INVITE).from("101").without_body();
        call.carol.replies(200, carol_sdp);
        call.alice_and_carol_are_joined();
        call.bob_hears("SIP/2.0 200 OK");
        call.bob.receives(BYE);
    }
    SUBCASE("by BYE with Also")
    {
        call.bob.sends_on(target_of(call.carol));
        call.bob.receives(200U);
        call.carol.receives(INVITE).from("101").without_body();
        call.carol.replies(200, carol_sdp);
        call.alice_and_carol_are_joined();
    }
    CHECK(mobile.hears_nothing());
    call.alice_and_carol_talk_and_end();
}

TEST_CASE("a contact is no way around the digit plan, nor one of a phone that has left")
{
    Talking call;
    const auto contact = target_of(call.carol);
    SUBCASE("who may not dial the number does not reach its phone either")
    {
        DigitRules rules;
        rules.rules = {{.pattern = "103", .status = 403, .phrase = "Door"}};
        call.pbx.has_trunks({}, rules);
        call.bob_refers(contact);
        call.bob.receives(202U);
        call.bob_hears("SIP/2.0 100 Trying");
        call.bob_hears("SIP/2.0 403 Door");
    }
    SUBCASE("it has left")
    {
        call.carol.unregisters();
        call.bob.sends(REFER, refer_to(contact));
        call.bob.receives(403U).phrase("Not A Place To Transfer To");
    }
    CHECK(call.carol.hears_nothing());
    call.alice_and_bob_still_talk();
}

TEST_CASE("attended transfer of a call that rings at a contact: that phone rings for the transferee")
{
    Talking call;
    auto& mobile = call.pbx.phone("103");
    const auto first = call.bob.dialog();
    call.bob.sends_to(call.carol.own_contact(), bob_sdp);
    call.carol.receives(INVITE).from("102");
    const auto asked = call.pbx.view().calls;
    const auto consulted = std::ranges::find(asked, "103", &LiveCall::dialled);
    REQUIRE(consulted != asked.end());
    const auto target = "<sip:103@office.test?Replaces=" + consulted->legs.at(0).call_id +
                        "%3Bto-tag%3D0%3Bfrom-tag%3D0>";
    call.bob.uses(first);
    SUBCASE("it is still there")
    {
        call.bob_refers(target);
        call.bob.receives(202U);
        call.bob_hears("SIP/2.0 100 Trying");
        call.bob.receives(487U);
        call.carol.receives(CANCEL);
        call.carol.receives(INVITE).from("101").without_body();
        CHECK(mobile.hears_nothing());
        call.carol.replies(200, carol_sdp);
        call.alice_and_carol_are_joined();
        call.bob_hears("SIP/2.0 200 OK");
        call.bob.receives(BYE);
        call.alice_and_carol_talk_and_end();
    }
    SUBCASE("it has left meanwhile")
    {
        call.carol.unregisters();
        call.bob_refers(target);
        call.bob.receives(202U);
        call.bob_hears("SIP/2.0 100 Trying");
        call.bob.receives(487U);
        call.carol.receives(CANCEL);
        call.bob_hears("SIP/2.0 404 Not A Number Here");
        CHECK(mobile.hears_nothing());
        call.alice_and_bob_still_talk();
    }
}

TEST_CASE("attended transfer: the dialog in Replaces says who is meant, and not the host before it")
{
    Consulting call;
    call.carol_answers();
    auto target = call.refer_with_replaces();
    const std::string domain{"office.test"};
    call.bob.uses(call.first);
    SUBCASE("the address of the phone as another one has seen it")
    {
        target.replace(target.find(domain), domain.size(), "192.0.2.77:5070;line=7");
        call.bob_refers(target);
        call.bob.receives(202U);
        call.bob_hears("SIP/2.0 100 Trying");
        call.alice.receives(INVITE).without_body();
        call.alice.replies(200, alice_sdp);
        call.carol.receives(INVITE).with(alice_sdp);
        call.carol.replies(200, carol_sdp);
        call.carol.receives(ACK);
        call.alice.receives(ACK).with(carol_sdp);
        call.bob.receives(BYE);  // of the second dialog
        call.bob_hears("SIP/2.0 200 OK");
        call.bob.receives(BYE);
        call.alice_and_carol_talk_and_end();
    }
    SUBCASE("a dialog that is none of this exchange")
    {
        call.bob.sends(REFER, refer_to("<sip:103@192.0.2.77:5070?Replaces=another%3Bto-tag%3D1"
                                       "%3Bfrom-tag%3D2>"));
        call.bob.receives(403U).phrase("Not A Place To Transfer To");
        call.bob.uses(call.second);
        call.bob.sends(BYE);
        call.bob.receives(200U);
        call.carol.receives(BYE);
        call.bob.uses(call.first);
        call.alice_and_bob_still_talk();
    }
}

TEST_CASE("attended transfer by the contact that a proxied consultation has shown")
{
    Talking call;
    call.pbx.joins("103", CallMode::proxy);
    const auto first = call.bob.dialog();
    call.bob.sends(INVITE, "103", bob_sdp);
    call.carol.receives(INVITE);
    call.carol.replies(200, carol_sdp);
    call.bob.receives(200U);
    const auto shared = call.bob.shared();
    auto target = target_of(call.carol);
    target.insert(target.size() - 1, "?Replaces=" + shared.call_id + "%3Bto-tag%3D" +
                                         shared.remote_tag + "%3Bfrom-tag%3D" + shared.local_tag);
    call.bob.uses(first);
    call.bob_refers(target);
    call.bob.receives(202U);
    call.bob_hears("SIP/2.0 100 Trying");
    auto asked = call.carol.receives(INVITE).from("101").without_body();
    CHECK(asked.value("Replaces").starts_with(shared.call_id + ";to-tag=" + shared.remote_tag));
    call.carol.replies(200, carol_sdp);
    call.alice_and_carol_are_joined();
    call.bob_hears("SIP/2.0 200 OK");
    call.bob.receives(BYE);
    call.carol.passes(BYE);
    call.alice_and_carol_talk_and_end();
}
