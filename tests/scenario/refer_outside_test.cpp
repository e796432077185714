// REFER outside a dialog: a dialer lets a phone of its own place a call (RFC 3515, RFC 4488).
#include <doctest/doctest.h>

#include "support/scenario.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

constexpr std::string_view alice_sdp = "v=0\r\no=alice\r\nm=audio 4000 RTP/AVP 0\r\n";
constexpr std::string_view bob_sdp = "v=0\r\no=bob\r\nm=audio 5000 RTP/AVP 0\r\n";

PayloadRef refer_to(std::string_view value, std::vector<Header> more = {})
{
    more.push_back({"Refer-To", std::string{value}});
    return std::make_shared<const Payload>(Payload{{}, {}, std::move(more)});
}

/// The dialer has the credentials of 101, whose telephone is Alice's.
struct Dialing {
    void hears(std::string_view line, bool last = false)
    {
        auto notify = dialer.receives(NOTIFY);
        notify.with(std::string{line} + "\r\n");
        REQUIRE(notify.notify);
        CHECK(notify.notify->content_type == "message/sipfrag;version=2.0");
        const auto& event = notify.notify->dialog->event;
        CHECK(event.starts_with("refer;id="));
        refer_id = event.substr(event.find('=') + 1);
        CHECK(notify.notify->subscription_state.starts_with("terminated") == last);
        CHECK(notify.notify->cseq == ++told);
    }

    Arrived refers(std::string_view target = "<sip:102@office.test>", std::vector<Header> more = {})
    {
        dialer.refers("101", refer_to(target, std::move(more)));
        auto accepted = dialer.receives(202U);
        CHECK_FALSE(accepted.local_tag.empty());
        hears("SIP/2.0 100 Trying");
        return accepted;
    }

    void alice_lifts()
    {
        auto invite = alice.receives(INVITE).from("102");
        CHECK(invite.body().find("a=inactive") != std::string::npos);
        alice.replies(200, hold_sdp);
        alice.receives(ACK);
    }

    void they_talk()
    {
        bob.replies(200, bob_sdp);
        alice.receives(INVITE).with(bob_sdp);
        alice.replies(200, alice_sdp);
        bob.receives(ACK).with(alice_sdp);
        alice.receives(ACK);
    }

    void they_end()
    {
        alice.sends(BYE);
        alice.receives(200U);
        bob.receives(BYE);
        nothing_is_left();
    }

    void nothing_is_left()
    {
        CHECK(pbx.has_no_calls());
        CHECK(pbx.has_no_dialogs());
        pbx.stays_silent_for(41s);
    }

    std::string refer_id;  // of the last report
    Scenario pbx;
    Phone& dialer = pbx.silent_phone("101");
    Phone& alice = pbx.phone("101");
    Phone& bob = pbx.phone("102");
    std::uint32_t told = 0;
};

}  // namespace

TEST_CASE("a dialer places a call and hears how it goes")
{
    Dialing office;
    office.refers("<sip:102@office.test>", {{"Referred-By", "<sip:101@office.test>"}});
    office.alice_lifts();
    office.bob.receives(INVITE).from("101").without_body().header("Referred-By",
                                                                  "<sip:101@office.test>");
    office.bob.replies(180);
    office.hears("SIP/2.0 180 ");
    office.they_talk();
    office.hears("SIP/2.0 200 OK", true);
    office.they_end();
}

TEST_CASE("a dialer that names no user lets its own phone call, as the one beside it")
{
    Dialing office;
    office.dialer.refers("", refer_to("<sip:102@office.test>"));
    office.dialer.receives(202U);
    office.hears("SIP/2.0 100 Trying");
    office.alice_lifts();
    office.bob.receives(INVITE).from("101").without_body();
    office.they_talk();
    office.hears("SIP/2.0 200 OK", true);
    office.they_end();
}

TEST_CASE("the dialer of a trusted extension lets the phones of others call, by their own rights")
{
    Dialing office;
    office.pbx.configures("101", [](Extension& extension) { extension.trusted = true; });
    auto& carol = office.pbx.phone("103");
    office.dialer.refers("102", refer_to("<sip:103@office.test>"));
    office.dialer.receives(202U);
    office.hears("SIP/2.0 100 Trying");
    CHECK(office.alice.hears_nothing());
    office.bob.receives(INVITE).from("103");
    office.bob.replies(200, hold_sdp);
    office.bob.receives(ACK);
    carol.receives(INVITE).from("102").without_body();
    carol.replies(486);
    office.hears("SIP/2.0 486 ", true);
    office.bob.receives(BYE);

    office.dialer.refers("999", refer_to("<sip:103@office.test>"));
    office.dialer.receives(404U);
    office.bob.refers("103", refer_to("<sip:101@office.test>"));  // Bob is no more than himself
    office.bob.receives(403U);
    office.nothing_is_left();
}

TEST_CASE("a dialer calls a phone by its contact: that one rings, and no other of its extension")
{
    Dialing office;
    auto& mobile = office.pbx.phone("102");
    office.refers("<" + write(office.bob.own_contact()) + ">");
    SUBCASE("it is there")
    {
        office.alice_lifts();
        office.bob.receives(INVITE).from("101").without_body();
        office.they_talk();
        office.hears("SIP/2.0 200 OK", true);
        office.they_end();
    }
    SUBCASE("it has left before the other one was lifted")
    {
        office.bob.unregisters();
        office.alice_lifts();
        office.hears("SIP/2.0 404 Not A Number Here", true);
        office.alice.receives(BYE);
        office.nothing_is_left();
    }
    CHECK(mobile.hears_nothing());
}

TEST_CASE("what a Refer-To may carry: some headers go on, a body never does")
{
    Dialing office;
    office.refers("<sip:102@office.test?Subject=Order%2017&Route=%3Csip:evil.test%3E"
                  "&P-Asserted-Identity=%3Csip:911@office.test%3E&body=\"c=0.0.0.0\">");
    office.alice_lifts();
    auto invite = office.bob.receives(INVITE).without_body().header("Subject", "Order 17");
    CHECK(invite.headers.size() == 1);
    office.they_talk();
    office.hears("SIP/2.0 200 OK", true);
    office.they_end();
}

TEST_CASE("a dialer's subscription ends when its time is over, and says so (RFC 6665 §4.2.2)")
{
    Dialing office;
    const auto accepted = office.refers();
    office.alice_lifts();
    office.bob.receives(INVITE);
    office.dialer.subscribes_to_refer(accepted, 60s);
    office.dialer.receives(200U);
    office.hears("SIP/2.0 100 Trying");
    office.alice.answers_probes = true;
    office.pbx.passes(59s);
    CHECK(office.dialer.hears_nothing());
    office.pbx.passes(1s);
    CHECK(office.dialer.receives(NOTIFY).notify->subscription_state == "terminated;reason=timeout");
    office.they_talk();
    CHECK(office.dialer.hears_nothing());
    office.they_end();
}

TEST_CASE("nobody answers the dialer's call")
{
    Dialing office;
    office.refers();
    SUBCASE("its own phone declines")
    {
        office.alice.receives(INVITE);
        office.alice.replies(603);
        office.hears("SIP/2.0 603 ", true);
    }
    SUBCASE("its own phone declines, and says why")
    {
        office.alice.receives(INVITE);
        office.alice.answer_headers = {{"Reason", "Q.850;cause=21;text=\"Call rejected\""}};
        office.alice.replies(603);
        office.hears("SIP/2.0 603 \r\nReason: Q.850;cause=21;text=\"Call rejected\"", true);
    }
    SUBCASE("the other is busy, and says why")
    {
        office.alice_lifts();
        office.bob.receives(INVITE);
        office.bob.answer_headers = {{"Reason", "Q.850;cause=17;text=\"User busy\""}};
        office.bob.replies(486);
        office.hears("SIP/2.0 486 \r\nReason: Q.850;cause=17;text=\"User busy\"", true);
        office.alice.receives(BYE);
    }
    SUBCASE("the other is busy")
    {
        office.alice_lifts();
        office.bob.receives(INVITE);
        office.bob.replies(486);
        office.hears("SIP/2.0 486 ", true);
        office.alice.receives(BYE);
    }
    SUBCASE("its own phone hangs up before the other answers")
    {
        office.alice_lifts();
        office.bob.receives(INVITE);
        office.alice.sends(BYE);
        office.alice.receives(200U);
        office.hears("SIP/2.0 487 Request Terminated", true);
        office.bob.receives(CANCEL);
    }
    SUBCASE("the exchange stops")
    {
        office.alice.receives(INVITE);
        office.pbx.ends_all_calls();
        office.hears("SIP/2.0 503 Exchange Stops", true);
        office.alice.receives(CANCEL);
    }
    office.nothing_is_left();
}

TEST_CASE("a dialer that wants no reports gets none")
{
    Dialing office;
    office.dialer.refers("101", refer_to("<sip:102@office.test>", {{"Refer-Sub", "false"}}));
    office.dialer.receives(202U).header("Refer-Sub", "false");
    office.alice_lifts();
    office.bob.receives(INVITE);
    office.they_talk();
    office.they_end();
}

TEST_CASE("a dialer that requires norefersub, and does not say Refer-Sub: false, gets its reports (RFC 4488 §4)")
{
    Dialing office;
    office.dialer.refers("101", refer_to("<sip:102@office.test>"), OptionTag::norefersub);
    CHECK(office.dialer.receives(202U).headers.empty());
    office.hears("SIP/2.0 100 Trying");
    office.alice_lifts();
    office.bob.receives(INVITE);
    office.they_talk();
    office.hears("SIP/2.0 200 OK", true);
    office.they_end();
}

TEST_CASE("a dialer that unsubscribes, or does not answer, is left alone; the call goes on")
{
    Dialing office;
    SUBCASE("unsubscribes")
    {
        const auto accepted = office.refers();
        office.dialer.subscribes_to_refer(accepted, 0s);
        office.dialer.receives(200U);
        office.hears("SIP/2.0 100 Trying", true);
        office.dialer.subscribes_to_refer(accepted, 60s);
        office.dialer.receives(481U);
    }
    SUBCASE("unsubscribes by name, and from no other")
    {
        const auto accepted = office.refers();
        office.dialer.subscribes_to_refer(accepted, 0s, ";id=999");
        office.dialer.receives(481U);
        CHECK(office.dialer.hears_nothing());
        office.dialer.subscribes_to_refer(accepted, 0s, "; ID = \"" + office.refer_id + '"');
        office.dialer.receives(200U);
        office.hears("SIP/2.0 100 Trying", true);
    }
    SUBCASE("answers 481")
    {
        office.dialer.answers_notify = 481;
        office.refers();
    }
    SUBCASE("prolongs")
    {
        const auto accepted = office.refers();
        office.dialer.subscribes_to_refer(accepted, 60s);
        office.dialer.receives(200U).header("Expires", "60");
        office.hears("SIP/2.0 100 Trying");
        office.dialer.subscribes_to_refer(accepted, 0s);
        office.dialer.receives(200U);
        office.hears("SIP/2.0 100 Trying", true);
    }
    office.alice_lifts();
    office.bob.receives(INVITE);
    office.they_talk();
    office.they_end();
}

TEST_CASE("a REFER that cannot be followed begins nothing")
{
    Dialing office;
    const auto refused = [&](std::string_view target, unsigned status, std::string_view warns,
                             std::vector<Header> more = {}) {
        office.dialer.refers("101", refer_to(target, std::move(more)));
        auto answer = office.dialer.receives(status);
        REQUIRE_FALSE(answer.headers.empty());
        CHECK(answer.headers[0].name == "Warning");
        CHECK_MESSAGE(answer.headers[0].value.find(warns) != std::string::npos,
                      answer.headers[0].value);
    };
    refused("nonsense", 400, "Refer-To");
    refused("<sip:102@office.test?Replaces=%3Bto-tag%3Dx>", 400, "Refer-To");
    refused("<sip:102@office.test?Subject=a%0D%0AVia:%20x>", 400, "Refer-To");
    refused("<sip:102@office.test>", 400, "Refer-To", {{"Refer-To", "<sip:103@office.test>"}});
    refused("<sip:102@office.test>", 400, "Referred-By", {{"Referred-By", "nobody"}});
    refused("<sip:102@office.test>", 400, "Referred-By",
            {{"Referred-By", "<sip:101@office.test>, <sip:103@office.test>"}});
    refused("<sip:102@office.test>", 400, "Referred-By",
            {{"Referred-By", "<sip:101@office.test>"}, {"Referred-By", "<sip:101@office.test>"}});
    refused("<sip:102@office.test?%4Aoin=a%3Bto-tag%3Db%3Bfrom-tag%3Dc>", 403, "Refer-To");
    refused("<sip:102;phone-context=elsewhere.test@office.test;user=phone>", 403, "Refer-To");
    refused("<sip:102@elsewhere.test>", 403, "Refer-To");
    refused("<sip:102@192.0.2.77:5060>", 403, "Refer-To");  // registered by nobody
    refused("<tel:102;phone-context=elsewhere.test>", 403, "Refer-To");
    refused("<tel:999>", 404, "Refer-To");
    refused("<sip:102@office.test;method=BYE>", 403, "Refer-To");
    refused("<sip:**102@office.test>", 403, "Refer-To");
    refused("<sip:999@office.test>", 404, "Refer-To");
    refused("<sip:office.test>", 404, "Refer-To");  // nobody there
    refused("<sip:@office.test>", 400, "Refer-To");
    refused("<sip:elsewhere.test>", 403, "Refer-To");
    refused("<sip:102@office.test?Replaces=a%3Bto-tag%3Db%3Bfrom-tag%3Dc>", 403, "Replaces");

    office.bob.refers("101", refer_to("<sip:103@office.test>"));
    office.bob.receives(403U);  // not Bob's phone
    office.alice.registers(0s);
    refused("<sip:102@office.test>", 480, "Register");
    office.nothing_is_left();
}

TEST_CASE("BYE with Also: the other party is called on")
{
    Scenario pbx;
    Phone& alice = pbx.phone("101");
    Phone& bob = pbx.phone("102");
    Phone& carol = pbx.phone("103");
    alice.sends(INVITE, "102", alice_sdp);
    bob.receives(INVITE);
    bob.replies(200, bob_sdp);
    alice.receives(200U);
    bob.receives(ACK);
    SipUri to_carol;
    to_carol.user = "103";
    to_carol.host = "office.test";
    const auto carol_talks_to_alice = [&] {
        carol.receives(INVITE).from("101").without_body();
        carol.replies(200, "v=0\r\no=carol\r\nm=audio 1 RTP/AVP 0\r\n");
        alice.receives(INVITE).header("P-Asserted-Identity", "\"Name 103\" <sip:103@office.test>");
        alice.replies(200, alice_sdp);
        carol.receives(ACK).with(alice_sdp);
        alice.receives(ACK);
        alice.sends(BYE);
        alice.receives(200U);
        carol.receives(BYE);
    };

    SUBCASE("Also")
    {
        bob.sends_on("<sip:103@office.test>");
        bob.receives(200U);
        carol_talks_to_alice();
    }
    SUBCASE("Also, with a telephone number")
    {
        bob.sends_on("<tel:103>");
        bob.receives(200U);
        carol_talks_to_alice();
    }
    SUBCASE("a Contact that names somebody else of the office")
    {
        bob.sends_on({}, to_carol);
        bob.receives(200U);
        carol_talks_to_alice();
    }
    SUBCASE("a Contact that is the phone's own, as most write it")
    {
        auto own = to_carol;
        SUBCASE("by its address")
        {
            own.user = "102";
            own.host = bob.flow.host;
            own.port = bob.flow.port;
        }
        SUBCASE("by its number")
        {
            own.user = "102";
        }
        SUBCASE("by a number of somebody else's plan")
        {
            own.user = "103;phone-context=elsewhere.test";
        }
        SUBCASE("by a name that is nobody's")
        {
            own.user = "line1";
        }
        bob.sends_on({}, own);
        bob.receives(200U);
        alice.receives(BYE);
    }
    SUBCASE("the third party does not answer: as after a blind transfer, nobody is left")
    {
        bob.sends_on("<sip:103@office.test>");
        bob.receives(200U);
        carol.receives(INVITE);
        carol.replies(486);
        alice.receives(BYE).header("Reason", "SIP;cause=486;text=\"Transfer failed\"");
    }
    SUBCASE("there is no such number")
    {
        bob.sends_on("<sip:999@office.test>");
        bob.receives(200U);
        alice.receives(BYE);
    }
    SUBCASE("the one who waits hangs up")
    {
        bob.sends_on("<sip:103@office.test>");
        bob.receives(200U);
        carol.receives(INVITE);
        alice.sends(BYE);
        alice.receives(200U);
        carol.receives(CANCEL);
    }
    SUBCASE("malformed, or elsewhere: refused with a Warning, but whoever says BYE has left")
    {
        std::string also;
        unsigned status = 400;
        SUBCASE("") { also = "nonsense"; }
        SUBCASE("") { also = ","; }
        SUBCASE("") { also = "<sip:103@office.test>,<sip:101@office.test>"; }
        SUBCASE("")
        {
            also = "<sip:103@elsewhere.test>";
            status = 403;
        }
        bob.sends_on(also);
        auto refused = bob.receives(status);
        CHECK(refused.headers.at(0).value.find("Also") != std::string::npos);
        alice.receives(BYE).header("Reason",
                                   status == 400
                                       ? "SIP;cause=400;text=\"Bad Also\""
                                       : "SIP;cause=403;text=\"Not A Place To Transfer To\"");
    }
    CHECK(pbx.has_no_calls());
    CHECK(pbx.has_no_dialogs());
    pbx.stays_silent_for(41s);
}
