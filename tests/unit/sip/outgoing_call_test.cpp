#include "call_legs.hpp"

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
                     "Contact: <sip:a@192.0.2.1>;q=0.2, <sip:b@192.0.2.2>;q=0.9\r\n");
        const auto moved = office.next<ResponseReceived>();
        REQUIRE(moved.redirects.size() == 2);
        CHECK(moved.redirects[0].user == "b");
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

TEST_CASE("a reliable 183 is acknowledged by PRACK with its RSeq (RFC 3262 §4)")
{
    Office office;
    Phone callee{office, "202"};
    office.run(invite_to(callee));
    const auto invite = callee.receive();
    callee.reply(invite, 183, "Session Progress", "Require: 100rel\r\nRSeq: 7001\r\n",
                 "v=0 early\r\n");
    const auto early = office.next<ResponseReceived>();
    CHECK(early.reliable.rseq == 7001);
    office.run(SendRequest{.leg = callee_leg,
                           .transaction = ClientTransactionId{102},
                           .method = Method::prack,
                           .acknowledges = first_request,
                           .rack_rseq = 7001});
    const auto prack = callee.receive();
    CHECK(prack.method() == "PRACK");
    CHECK(prack["RAck"] == fmt::format("7001 {}", invite["CSeq"]));
    CHECK(prack.parameter("To", "tag") == "callee");
    callee.reply(prack, 200, "OK");
    CHECK(office.next<ResponseReceived>().method == Method::prack);
    callee.reply(invite, 183, "Session Progress", "Require: 100rel\r\nRSeq: 7001\r\n",
                 "v=0 early\r\n");
    office.stays_silent(30ms);  // repeated: known already
}

namespace {

SendRequest prack_of(ClientTransactionId id, std::uint32_t rseq, std::string early_tag)
{
    return {.leg = callee_leg,
            .transaction = id,
            .method = Method::prack,
            .acknowledges = first_request,
            .rack_rseq = rseq,
            .early_tag = std::move(early_tag)};
}

void reply_reliably(Phone& callee, const Message& invite, unsigned rseq, std::string_view tag)
{
    callee.reply(invite, 183, "Session Progress",
                 fmt::format("Require: 100rel\r\nRSeq: {}\r\n", rseq), "v=0 early\r\n", tag);
}

}  // namespace

TEST_CASE("a reliable 183 that is repeated before its PRACK is told once (RFC 3262 §4)")
{
    Office office;
    Phone callee{office, "202"};
    office.run(invite_to(callee));
    const auto invite = callee.receive();
    for (int i = 0; i < 3; ++i) reply_reliably(callee, invite, 7001, "one");
    reply_reliably(callee, invite, 7003, "one");  // 7002 is missing
    CHECK(office.next<ResponseReceived>().reliable.rseq == 7001);
    office.stays_silent(30ms);
    reply_reliably(callee, invite, 7002, "one");
    CHECK(office.next<ResponseReceived>().reliable.rseq == 7002);
    reply_reliably(callee, invite, 7001, "one");
    office.stays_silent(30ms);
}

TEST_CASE("behind a proxy that forks each early dialog has its own RSeq, PRACK and target")
{
    Office office;
    Phone callee{office, "202"};
    office.run(invite_to(callee));
    const auto invite = callee.receive();
    const auto hears = [&](unsigned rseq, const std::string& tag) {
        const auto response = office.next<ResponseReceived>();
        CHECK(response.to_tag == tag);
        CHECK(response.reliable.rseq == rseq);
    };
    unsigned transaction = 102;
    const auto acknowledges = [&](unsigned rseq, const std::string& tag) {
        office.run(prack_of(ClientTransactionId{transaction++}, rseq, tag));
        const auto prack = callee.receive();
        CHECK(prack.method() == "PRACK");
        CHECK(prack.parameter("To", "tag") == tag);
        CHECK(prack["RAck"] == fmt::format("{} {}", rseq, invite["CSeq"]));
        CHECK(prack.first_line.starts_with(fmt::format("PRACK {} ", callee.contact())));
        callee.reply(prack, 200, "OK", "", "", tag);
        CHECK(office.next<ResponseReceived>().method == Method::prack);
    };
    reply_reliably(callee, invite, 5000, "one");
    hears(5000, "one");
    SUBCASE("the second comes before the PRACK of the first")
    {
        reply_reliably(callee, invite, 9100, "two");
        hears(9100, "two");
        acknowledges(5000, "one");
    }
    SUBCASE("and after it")
    {
        acknowledges(5000, "one");
        reply_reliably(callee, invite, 9100, "two");
        hears(9100, "two");
    }
    acknowledges(9100, "two");
    reply_reliably(callee, invite, 5000, "one");
    reply_reliably(callee, invite, 9100, "two");
    office.stays_silent(30ms);
    reply_reliably(callee, invite, 5001, "one");
    hears(5001, "one");
    acknowledges(5001, "one");
    office.run(SendRequest{
        .leg = callee_leg, .transaction = ClientTransactionId{150}, .method = Method::info});
    CHECK(callee.receive().parameter("To", "tag") == "one");  // who spoke last
    callee.reply(invite, 200, "OK", "", "v=0 answer\r\n", "two");
    CHECK(office.next<ResponseReceived>().to_tag == "two");
    office.run(prack_of(ClientTransactionId{151}, 5001, "one"));
    CHECK(office.next<ResponseReceived>().status == 503);  // that dialog is over
    office.run(SendAck{callee_leg, first_request, nullptr});
    CHECK(callee.receive().parameter("To", "tag") == "two");
}

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

TEST_CASE("a phone on TCP is called over the connection it registered over")
{
    Office office;
    Phone callee{office, "202", Transport::tcp};
    callee.send_authorised("REGISTER", uri_of(""), address_of("202"));
    const auto registered = office.next<RegisterReceived>();
    office.run(Reply{.transaction = registered.transaction, .status = 200});
    CHECK(callee.receive().status() == 200);
    auto command = invite_to(callee);
    command.target.flow = registered.source;
    command.target.request_uri =
        *SipUri::parse("sip:202@192.0.2.9:5060;transport=tcp");  // behind a NAT
    office.run(std::move(command));
    const auto invite = callee.receive();
    CHECK(invite.method() == "INVITE");
    CHECK(invite["Via"].starts_with("SIP/2.0/TCP"));
    CHECK(invite["Contact"].find(";transport=tcp") != std::string::npos);
    callee.reply(invite, 200, "OK");
    CHECK(office.next<ResponseReceived>().status == 200);
    office.run(SendAck{callee_leg, first_request, nullptr});
    CHECK(callee.receive().method() == "ACK");
    SUBCASE("and hung up on when the connection breaks")
    {
        office.run(SendRequest{
            .leg = callee_leg, .transaction = ClientTransactionId{102}, .method = Method::info});
        CHECK(callee.receive().method() == "INFO");
        callee.hang_up();
        bool closed = false;
        bool failed = false;
        for (int i = 0; i < 2; ++i) {
            REQUIRE(office.until([&] { return !office.inputs.empty(); }));
            if (const auto* response = std::get_if<ResponseReceived>(&office.inputs.front()))
                failed = response->status == 503 && response->generated;
            else
                closed = std::holds_alternative<ConnectionClosed>(office.inputs.front());
            office.inputs.pop_front();
        }
        CHECK(closed);
        CHECK(failed);
    }
}

TEST_CASE("without a connection, a phone on TCP is called at its contact")
{
    Office office;
    Socket listener{socket(AF_INET, SOCK_STREAM, 0)};
    const auto port = bind_loopback(listener.fd());
    listen(listener.fd(), 1);
    Phone nobody{office, "202"};
    auto command = invite_to(nobody);
    command.target.request_uri =
        *SipUri::parse(fmt::format("sip:202@127.0.0.1:{};transport=tcp", port));
    command.target.flow = {Transport::tcp, "127.0.0.1", 9, {}, 1};
    office.run(std::move(command));
    int accepted = -1;
    REQUIRE(
        office.until([&] { return (accepted = accept(listener.fd(), nullptr, nullptr)) >= 0; }));
    Phone callee{office, "202", Socket{accepted}, port};
    CHECK(callee.receive().method() == "INVITE");
}

TEST_CASE("nobody listens there: 503, made by the stack")
{
    Office office;
    Phone gone{office, "202"};
    auto command = invite_to(gone);
    command.target.request_uri = *SipUri::parse("sip:202@127.0.0.1:1;transport=tcp");
    command.target.flow = {Transport::tcp, "127.0.0.1", 1, {}, 1};
    office.run(std::move(command));
    const auto failed = office.next<ResponseReceived>();
    CHECK(failed.status == 503);
    CHECK(failed.generated);
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

TEST_CASE(
    "the connection of an unanswered INVITE breaks: the answer fails and nothing is left behind")
{
    Office office;
    Phone caller{office, "201", Transport::tcp};
    caller.send_authorised("INVITE", uri_of("202"), address_of("202"));
    const auto invite = office.next<InviteReceived>();
    office.run(OpenDialog{invite.transaction, caller_leg, "ours"});
    caller.hang_up();
    CHECK(office.next<ConnectionClosed>().connection == invite.source.connection);
    office.run(
        Reply{.transaction = invite.transaction, .status = 200, .payload = sdp("v=0 answer\r\n")});
    const auto missing = office.next<AckMissing>();
    CHECK(missing.transaction == invite.transaction);
    // An ACK for it must not bring the stack down.
    Phone other{office, "201"};
    other.call_id = caller.call_id;
    for (int i = 0; i < 20; ++i)
        other.send(
            fmt::format("ACK {} SIP/2.0\r\nVia: SIP/2.0/UDP "
                        "127.0.0.1:{};branch=z9hG4bK{}-2\r\nMax-Forwards: 70\r\n"
                        "From: {};tag=phone201\r\nTo: {};tag=ours\r\nCall-ID: {}\r\nCSeq: 2 ACK\r\n"
                        "Content-Length: 0\r\n\r\n",
                        uri_of("202"), caller.port(), caller.port(), address_of("201"),
                        address_of("202"), caller.call_id));
    other.send(other.request("OPTIONS", uri_of(""), address_of(""), 50));
    CHECK(other.receive().status() == 200);
}
