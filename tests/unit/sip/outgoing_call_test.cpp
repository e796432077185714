// An INVITE of ours, from its headers to its end: answered, refused, cancelled, forked.
#include "call_legs.hpp"
#include "stack_clock.hpp"

using namespace lampline;
using namespace lampline::sip;
using namespace lampline::sip::test;

TEST_CASE("an INVITE of ours says what the command says, and goes where the phone was seen")
{
    Office office;
    Phone callee{office, "202"};
    auto command = invite_to(callee);
    command.target.request_uri = *SipUri::parse("sip:202@192.0.2.77:5060;line=9;method=INVITE");
    command.target.route = {"<sip:edge.test;lr>"};
    command.supported = OptionTag::timer;
    office.run(std::move(command));
    const auto invite = callee.receive();
    CHECK(invite.first_line == "INVITE sip:202@192.0.2.77:5060;line=9 SIP/2.0");
    CHECK(invite["Route"] == "<sip:edge.test;lr>");
    CHECK(invite["From"] == "\"Anna Lee\" <sip:201@office.test>;tag=pbx");
    CHECK(invite["To"] == "<sip:202@office.test>");
    CHECK(invite["Max-Forwards"] == "69");
    CHECK(invite["Supported"] == "timer");
    CHECK(invite["Session-Expires"] == "1800;refresher=uas");
    CHECK(invite["Min-SE"] == "90");
    CHECK(invite["Alert-Info"] == "<urn:alert:source:internal>");
    CHECK(invite["User-Agent"] == "Lampline/test");
    CHECK(invite["Contact"] == fmt::format("<sip:201@127.0.0.1:{}>", office.port(Transport::udp)));
    CHECK(invite["Via"].starts_with(
        fmt::format("SIP/2.0/UDP 127.0.0.1:{};", office.port(Transport::udp))));
    CHECK(invite.parameter("Via", "branch").starts_with("z9hG4bK"));
    CHECK(invite["Via"].find('(') == std::string::npos);
    CHECK(invite["Content-Type"] == "application/sdp");
    CHECK(invite.body == "v=0 offer\r\n");
}

TEST_CASE("a callee rings and answers: responses as values, the ACK repeated for a repeated 2xx "
          "(RFC 3261 §13.2.2.4)")
{
    Office office;
    Phone callee{office, "202"};
    office.run(invite_to(callee));
    const auto invite = callee.receive();
    callee.reply(invite, 180, "Ringing", "User-Agent: Desk/2\r\n");
    const auto ringing = office.next<ResponseReceived>();
    CHECK(ringing.leg == callee_leg);
    CHECK(ringing.transaction == first_request);
    CHECK(ringing.method == Method::invite);
    CHECK(ringing.status == 180);
    CHECK(ringing.phrase == "Ringing");
    CHECK(ringing.to_tag == "callee");
    callee.reply(invite, 200, "OK", "Session-Expires: 1800;refresher=uas\r\nRequire: timer\r\n",
                 "v=0 answer\r\n");
    const auto success = office.next<ResponseReceived>();
    CHECK(success.status == 200);
    CHECK(has(success.required, OptionTag::timer));
    CHECK(success.session_timer.refresher == Refresher::uas);
    REQUIRE(success.contact);
    CHECK(write(*success.contact) == callee.contact());
    CHECK(success.payload->body == "v=0 answer\r\n");
    callee.reply(invite, 200, "OK", "", "v=0 answer\r\n");  // before our ACK: nothing new
    office.stays_silent(30ms);
    office.run(SendAck{callee_leg, first_request, sdp("v=0 late\r\n")});
    const auto ack = callee.receive();
    CHECK(ack.method() == "ACK");
    CHECK(ack.first_line == fmt::format("ACK {} SIP/2.0", callee.contact()));
    CHECK(ack.parameter("To", "tag") == "callee");
    CHECK(ack["CSeq"].substr(0, ack["CSeq"].find(' ')) ==
          invite["CSeq"].substr(0, invite["CSeq"].find(' ')));
    CHECK(ack.body == "v=0 late\r\n");
    callee.reply(invite, 200, "OK", "", "v=0 answer\r\n");
    const auto again = callee.receive();
    CHECK(again.method() == "ACK");
    CHECK(again.body == "v=0 late\r\n");
    CHECK(office.inputs.empty());

    office.run(SendRequest{.leg = callee_leg,
                           .transaction = ClientTransactionId{102},
                           .method = Method::bye,
                           .headers = {{"Reason", "Q.850;cause=16"}}});
    const auto bye = callee.receive();
    CHECK(bye.method() == "BYE");
    CHECK(bye["Reason"] == "Q.850;cause=16");
    callee.reply(bye, 200, "OK");
    CHECK(office.next<ResponseReceived>().status == 200);
    office.run(CloseDialog{callee_leg});
}

TEST_CASE("a failing callee is reported, and acknowledged by the stack")
{
    Office office;
    Phone callee{office, "202"};
    office.run(invite_to(callee));
    const auto invite = callee.receive();
    SUBCASE("busy")
    {
        callee.reply(invite, 486, "Busy Here", "Retry-After: 3\r\n");
        const auto busy = office.next<ResponseReceived>();
        CHECK(busy.status == 486);
        CHECK(busy.payload->headers == std::vector<Header>{{"Retry-After", "3"}});
    }
    SUBCASE("moved: the contacts in order of preference")
    {
        callee.reply(invite, 302, "Moved",
                     "Contact: <sip:a@192.0.2.1>;q=0.2, <sip:b@192.0.2.2?Subject=x>;q=0.9, "
                     "<sip:c@192.0.2.3?Subject=x&%52eplaces=y%3Bto-tag%3D1%3Bfrom-tag%3D2>;q=1\r\n");
        const auto moved = office.next<ResponseReceived>();
        REQUIRE(moved.redirects.size() == 3);
        CHECK(moved.redirects[0].user.empty());  // it names a dialog
        CHECK(moved.redirects[1].user == "b");
    }
    CHECK(callee.receive().method() == "ACK");
}

TEST_CASE("a callee that never answers: 408, made by the stack after timer B (RFC 3261 §17.1.1.2)")
{
    Office office;
    Phone callee{office, "202"};
    office.run(invite_to(callee));
    const auto timeout = office.next<ResponseReceived>();
    CHECK(timeout.status == 408);
    CHECK(timeout.generated);
    callee.receive();
    CHECK(callee.receive().method() == "INVITE");  // it was repeated
}

TEST_CASE("CANCEL waits for a provisional response, and the 487 still arrives (RFC 3261 §9.1)")
{
    Office office;
    Phone callee{office, "202"};
    office.run(invite_to(callee));
    const auto invite = callee.receive();
    office.run(SendCancel{callee_leg, first_request, {{"Reason", "SIP;cause=200"}}});
    callee.reply(invite, 180, "Ringing");
    auto cancel = callee.receive();
    while (cancel.method() != "CANCEL") cancel = callee.receive();
    CHECK(cancel["Reason"] == "SIP;cause=200");
    CHECK(cancel["Via"] == invite["Via"]);
    CHECK(office.next<ResponseReceived>().status == 180);
    callee.reply(cancel, 200, "OK");
    callee.reply(invite, 487, "Request Terminated");
    CHECK(office.next<ResponseReceived>().status == 487);
}

TEST_CASE("an INVITE that is cancelled, and has no final response: 408 after 64*T1 (RFC 3261 §9.1)")
{
    Office office;
    StackClock clock;
    Phone callee{office, "202"};
    office.run(invite_to(callee));
    const auto invite = callee.receive();
    callee.reply(invite, 180, "Ringing");
    CHECK(office.next<ResponseReceived>().status == 180);
    office.run(SendCancel{callee_leg, first_request, {}});
    auto cancel = callee.receive();
    while (cancel.method() != "CANCEL") cancel = callee.receive();
    callee.reply(cancel, 200, "OK");
    office.stays_silent(30ms);
    clock.pass(33s);
    const auto timeout = office.next<ResponseReceived>();
    CHECK(timeout.status == 408);
    CHECK(timeout.generated);
    CHECK(timeout.transaction == first_request);
}

TEST_CASE("a 2xx that crosses our CANCEL reaches the engine, which can still acknowledge it")
{
    Office office;
    Phone callee{office, "202"};
    office.run(invite_to(callee));
    const auto invite = callee.receive();
    callee.reply(invite, 180, "Ringing");
    office.next<ResponseReceived>();
    office.run(SendCancel{callee_leg, first_request, {}});
    callee.reply(invite, 200, "OK", "", "v=0 answer\r\n");
    const auto late = office.next<ResponseReceived>();
    CHECK(late.status == 200);
    CHECK(!late.generated);
    office.run(SendAck{callee_leg, first_request, nullptr});
    auto ack = callee.receive();
    while (ack.method() != "ACK") ack = callee.receive();
    office.run(SendRequest{
        .leg = callee_leg, .transaction = ClientTransactionId{102}, .method = Method::bye});
    auto bye = callee.receive();
    while (bye.method() != "BYE") bye = callee.receive();
    callee.reply(bye, 200, "OK");
    CHECK(office.next<ResponseReceived>().method == Method::bye);
}

TEST_CASE(
    "a dialog closed with its INVITE under way: a 2xx is acknowledged and ended without a word")
{
    Office office;
    Phone callee{office, "202"};
    office.run(invite_to(callee));
    const auto invite = callee.receive();
    callee.reply(invite, 180, "Ringing");
    office.next<ResponseReceived>();
    office.run(SendCancel{callee_leg, first_request, {}});
    office.run(CloseDialog{callee_leg});
    callee.reply(invite, 200, "OK", "", "v=0 answer\r\n");
    std::vector<std::string> methods;
    while (std::find(methods.begin(), methods.end(), "BYE") == methods.end())
        methods.push_back(callee.receive().method());
    CHECK(std::find(methods.begin(), methods.end(), "ACK") != methods.end());
    CHECK(office.inputs.empty());
}

TEST_CASE(
    "a second branch that answers is acknowledged and ended by the stack; the first keeps the call")
{
    Office office;
    Phone callee{office, "202"};
    office.run(invite_to(callee));
    const auto invite = callee.receive();
    callee.reply(invite, 180, "Ringing", "", "", "one");
    CHECK(office.next<ResponseReceived>().to_tag == "one");
    callee.reply(invite, 200, "OK", "", "v=0 answer\r\n", "two");
    CHECK(office.next<ResponseReceived>().to_tag == "two");
    office.run(SendAck{callee_leg, first_request, nullptr});
    CHECK(callee.receive().parameter("To", "tag") == "two");
    callee.reply(invite, 200, "OK", "", "v=0 answer\r\n", "three");
    std::vector<std::string> ended;
    for (int i = 0; i < 2; ++i) {
        const auto request = callee.receive();
        CHECK(request.parameter("To", "tag") == "three");
        ended.push_back(request.method());
    }
    CHECK(ended == std::vector<std::string>{"ACK", "BYE"});
    office.run(SendRequest{
        .leg = callee_leg, .transaction = ClientTransactionId{102}, .method = Method::info});
    auto info = callee.receive();
    while (info.method() != "INFO") info = callee.receive();
    CHECK(info.parameter("To", "tag") == "two");
}

TEST_CASE("an INVITE of ours that comes back unchanged is a loop: 482 (RFC 3261 §16.3)")
{
    Office office;
    Phone proxy{office, "202"};
    auto command = invite_to(proxy);
    command.target.request_uri = *SipUri::parse(uri_of("202"));
    office.run(std::move(command));
    const auto invite = proxy.receive();
    std::string back = fmt::format("{}\r\n{}\r\n", invite.first_line, proxy.via());
    for (const auto& [key, value] : invite.headers) back += fmt::format("{}: {}\r\n", key, value);
    proxy.send(back + "\r\n" + invite.body);
    CHECK(proxy.receive_beyond_100().status() == 482);
}
