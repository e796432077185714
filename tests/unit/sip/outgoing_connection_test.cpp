// Calls over connections: which one is taken, and what becomes of a call when it breaks.
#include "call_legs.hpp"

using namespace lampline;
using namespace lampline::sip;
using namespace lampline::sip::test;

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
