// Requests within a dialog that we started, from either end, and its route set.
#include "call_legs.hpp"

using namespace lampline;
using namespace lampline::sip;
using namespace lampline::sip::test;

TEST_CASE("a re-INVITE without offer gets its answer in the ACK (RFC 3261 §14.1)")
{
    Office office;
    Phone callee{office, "202"};
    answer_at(office, callee);
    office.run(SendRequest{
        .leg = callee_leg, .transaction = ClientTransactionId{102}, .method = Method::invite});
    const auto again = callee.receive();
    CHECK(again.method() == "INVITE");
    CHECK(again.body.empty());
    CHECK(!again["Contact"].empty());
    callee.reply(again, 200, "OK", "", "v=0 offer\r\n");
    CHECK(office.next<ResponseReceived>().payload->body == "v=0 offer\r\n");
    office.run(SendAck{callee_leg, ClientTransactionId{102}, sdp("v=0 answer\r\n")});
    const auto ack = callee.receive();
    CHECK(ack.method() == "ACK");
    CHECK(ack.body == "v=0 answer\r\n");
}

TEST_CASE("glare: the stack keeps an INVITE of each side under way at once")
{
    Office office;
    Phone callee{office, "202"};
    answer_at(office, callee);
    office.run(SendRequest{
        .leg = callee_leg, .transaction = ClientTransactionId{102}, .method = Method::invite});
    const auto ours = callee.receive();
    callee.send(request_of_callee(callee, office, "INVITE", 1, "", "v=0 hold\r\n"));
    const auto theirs = office.next<RequestReceived>();
    CHECK(theirs.method == Method::invite);
    office.run(Reply{.transaction = theirs.transaction, .status = 491});
    auto refused = callee.receive_beyond_100();
    CHECK(refused.status() == 491);
    callee.acknowledge_refusal(refused, "sip:201@office.test");
    callee.reply(ours, 491, "Request Pending");
    CHECK(office.next<ResponseReceived>().status == 491);
}

TEST_CASE("requests of the callee: UPDATE, INFO, OPTIONS, BYE and others come as they are")
{
    Office office;
    Phone callee{office, "202"};
    answer_at(office, callee);
    unsigned cseq = 0;
    for (const auto& [word, method] : {std::pair{"UPDATE", Method::update},
                                       {"INFO", Method::info},
                                       {"OPTIONS", Method::options},
                                       {"MESSAGE", Method::message},
                                       {"REFER", Method::refer},
                                       {"FROBNICATE", Method::other},
                                       {"BYE", Method::bye}}) {
        CAPTURE(word);
        callee.send(request_of_callee(callee, office, word, ++cseq));
        const auto request = office.next<RequestReceived>();
        CHECK(request.method == method);
        CHECK(request.method_name == word);
        CHECK(request.leg == callee_leg);
        office.run(Reply{.transaction = request.transaction, .status = 200});
        const auto answer = callee.receive();
        CHECK(answer.status() == 200);
        // RFC 3311 section 5.2, RFC 3515 section 2.2: these two name a Contact.
        const bool names_contact = method == Method::update || method == Method::refer;
        CHECK(answer["Contact"].empty() == !names_contact);
    }
}

TEST_CASE("the route set of a dialog is followed, and answered requests carry Record-Route (RFC "
          "3261 §12.1.1)")
{
    Office office;
    Phone proxy{office, "201"};
    const auto route = fmt::format("Record-Route: <sip:127.0.0.1:{};lr>\r\n", proxy.port());
    proxy.send(proxy.request("INVITE", uri_of("202"), address_of("202"), 1));
    const auto refusal = proxy.receive();
    proxy.acknowledge_refusal(refusal, uri_of("202"));
    auto text = proxy.request("INVITE", uri_of("202"), address_of("202"), 2,
                              proxy.answer_to(refusal, "INVITE", uri_of("202")) + route);
    const auto own = fmt::format("Contact: <{}>", proxy.contact());
    text.replace(text.find(own), own.size(), "Contact: <sip:201@192.0.2.44:5060>");
    proxy.send(text);
    const auto invite = office.next<InviteReceived>();
    office.run(OpenDialog{invite.transaction, caller_leg, "ours"});
    office.run(Reply{.transaction = invite.transaction, .status = 200});
    const auto success = proxy.receive_beyond_100();
    CHECK(success["Record-Route"] == fmt::format("<sip:127.0.0.1:{};lr>", proxy.port()));
    office.run(SendRequest{.leg = caller_leg, .transaction = first_request, .method = Method::bye});
    auto bye = proxy.receive();
    while (bye.method() != "BYE") bye = proxy.receive();
    CHECK(bye.first_line == "BYE sip:201@192.0.2.44:5060 SIP/2.0");
    CHECK(bye["Route"] == fmt::format("<sip:127.0.0.1:{};lr>", proxy.port()));
}
