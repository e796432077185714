// Dialogs of an earlier run, made of stored values alone, and what comes for calls that nobody
// knows.
#include "sip_office.hpp"

using namespace lampline;
using namespace lampline::sip;
using namespace lampline::sip::test;

namespace {

constexpr LegId leg{7};
constexpr ClientTransactionId request_id{901};

ResumeDialog dialog_with(const Phone& phone, ConnectionId connection = {})
{
    return {.leg = leg,
            .dialog = {"kept-" + phone.call_id, "ours", "theirs"},
            .state = {.local_party = {"Anna \"A\" Lee", *SipUri::parse(uri_of("201"))},
                      .remote_party = {"", *SipUri::parse(uri_of(phone.number()))},
                      .contact_user = "201",
                      .target = *SipUri::parse(phone.contact()),
                      .route = {},
                      .cseq = 4711,
                      .remote_cseq = 30},
            .flow = phone.flow(connection)};
}

SendRequest info()
{
    return {.leg = leg, .transaction = request_id, .method = Method::info};
}

std::string request_of(Phone& phone, const Office& office, std::string_view method, unsigned cseq)
{
    return fmt::format(
        "{} sip:201@127.0.0.1:{} SIP/2.0\r\n{}\r\nMax-Forwards: 70\r\nFrom: {};tag=theirs\r\n"
        "To: {};tag=ours\r\nCall-ID: kept-{}\r\nCSeq: {} {}\r\nContact: <{}>\r\n"
        "Content-Length: 0\r\n\r\n",
        method, office.port(Transport::udp), phone.via(), address_of(phone.number()),
        address_of("201"), phone.call_id, cseq, method, phone.contact());
}

/// A 200 to an INVITE that was sent by an earlier run.
std::string late_answer(Phone& phone, const Office& office, std::string_view call_id)
{
    return fmt::format(
        "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1:{};branch=z9hG4bKold;rport={}\r\n"
        "From: {};tag=ours\r\nTo: {};tag=theirs\r\nCall-ID: {}\r\nCSeq: 2 INVITE\r\n"
        "Contact: <{}>\r\nContent-Length: 0\r\n\r\n",
        office.port(Transport::udp), office.port(Transport::udp), address_of("201"),
        address_of(phone.number()), call_id, phone.contact());
}

}  // namespace

TEST_CASE("a request in a dialog taken up is the next one of that dialog (RFC 3261 §12.2.1.1)")
{
    Office office;
    Phone phone{office, "202"};
    office.run(dialog_with(phone));
    office.run(info());
    const auto sent = phone.receive();
    CHECK(sent.first_line == fmt::format("INFO {} SIP/2.0", phone.contact()));
    CHECK(sent["From"] == "\"Anna \\\"A\\\" Lee\" <sip:201@office.test>;tag=ours");
    CHECK(sent["To"] == "<sip:202@office.test>;tag=theirs");
    CHECK(sent["Call-ID"] == "kept-" + phone.call_id);
    CHECK(sent["CSeq"] == "4712 INFO");
    CHECK(sent.all("Route").empty());
    phone.reply(sent, 200, "OK");
    CHECK(office.next<ResponseReceived>().status == 200);

    office.run(
        SendRequest{.leg = leg, .transaction = ClientTransactionId{902}, .method = Method::invite});
    const auto invite = phone.receive();
    CHECK(invite["CSeq"] == "4713 INVITE");
    CHECK(invite["Contact"] == fmt::format("<sip:201@127.0.0.1:{}>", office.port(Transport::udp)));
}

TEST_CASE("a dialog taken up has its route set, in order")
{
    Office office;
    Phone proxy{office, "203"};
    auto command = dialog_with(proxy);
    command.state.target = *SipUri::parse("sip:202@phone.test:5099;line=3");
    const auto near = fmt::format("<sip:127.0.0.1:{};lr>", proxy.port());
    command.state.route = {near, "<sip:far.test;lr>"};
    office.run(command);
    office.run(info());
    const auto sent = proxy.receive();
    CHECK(sent.first_line == "INFO sip:202@phone.test:5099;line=3 SIP/2.0");
    std::string routes;
    for (const auto& value : sent.all("Route")) routes += (routes.empty() ? "" : ", ") + value;
    const auto comma = routes.find(',');
    CHECK(routes.substr(0, comma) == near);
    CHECK(routes.substr(routes.find('<', comma)) == "<sip:far.test;lr>");
}

TEST_CASE(
    "requests of the phone find the dialog; what it had sent before the kill is not taken twice")
{
    Office office;
    Phone phone{office, "202"};
    office.run(dialog_with(phone));
    phone.send(request_of(phone, office, "INFO", 29));
    CHECK(phone.receive().status() == 500);
    phone.send(request_of(phone, office, "INFO", 35));
    const auto request = office.next<RequestReceived>();
    CHECK(request.leg == leg);
    CHECK(request.cseq == 35);
    office.run(Reply{.transaction = request.transaction, .status = 200});
    CHECK(phone.receive().status() == 200);
    phone.send(request_of(phone, office, "BYE", 36));
    CHECK(office.next<RequestReceived>().method == Method::bye);
}

TEST_CASE("a re-INVITE tells where its phone is now")
{
    Office office;
    Phone phone{office, "202"};
    Phone moved{office, "202"};
    office.run(dialog_with(phone));
    moved.call_id = phone.call_id;
    moved.send(request_of(moved, office, "INVITE", 40));
    const auto request = office.next<RequestReceived>();
    REQUIRE(request.contact);
    CHECK(write(*request.contact) == moved.contact());
    REQUIRE(request.source);
    CHECK(request.source->port == moved.port());
    office.run(Reply{.transaction = request.transaction, .status = 488});
    CHECK(moved.receive_beyond_100().status() == 488);
    office.run(info());
    CHECK(moved.receive_beyond_100().method() == "INFO");
}

TEST_CASE("values that make no dialog are reported, and cost nothing else")
{
    Office office;
    Phone phone{office, "202"};
    auto command = dialog_with(phone);
    SUBCASE("no Call-ID")
    {
        command.dialog.call_id.clear();
    }
    SUBCASE("no tag of ours")
    {
        command.dialog.local_tag.clear();
    }
    SUBCASE("a tag that ends the header")
    {
        command.dialog.remote_tag = "x\r\nVia: y";
    }
    SUBCASE("a route that is none")
    {
        command.state.route = {"<sip:open.test"};
    }
    SUBCASE("no target")
    {
        command.state.target = {};
    }
    office.run(command);
    CHECK(office.next<DialogLost>().leg == leg);
    office.run(info());
    CHECK(phone.receives_nothing_for(50ms));
}

TEST_CASE("a phone that came back by a connection of its own is reached over it")
{
    Office office;
    Phone phone{office, "202", Transport::tcp};
    phone.send_authorised("REGISTER", fmt::format("sip:{}", domain), address_of("202"));
    const auto connection = office.next<RegisterReceived>().source.connection;
    REQUIRE(connection);
    office.run(dialog_with(phone));
    SUBCASE("told by its registration")
    {
        office.run(MoveDialog{leg, phone.flow(connection)});
    }
    SUBCASE("by any request of its own")
    {
        phone.send(request_of(phone, office, "INFO", 31));
        const auto request = office.next<RequestReceived>();
        REQUIRE(request.source);
        CHECK(request.source->connection == connection);
        office.run(Reply{.transaction = request.transaction, .status = 200});
        CHECK(phone.receive().status() == 200);
    }
    office.run(info());
    CHECK(phone.receive().method() == "INFO");
}

TEST_CASE("a 200 whose INVITE died with the last run: acknowledged where the call goes on")
{
    Office office;
    Phone phone{office, "202"};
    office.run(dialog_with(phone));
    for (int repeated = 0; repeated < 2; ++repeated) {
        phone.send(late_answer(phone, office, "kept-" + phone.call_id));
        const auto ack = phone.receive();
        CHECK(ack.method() == "ACK");
        CHECK(ack["CSeq"] == "2 ACK");
    }
    CHECK(phone.receives_nothing_for(50ms));
    const auto told = office.next<AnsweredBefore>();  // once: the stack repeats an ACK by itself
    CHECK(told.leg == leg);
    CHECK(told.cseq == 2);
    CHECK(office.inputs.empty());
}

TEST_CASE("a 200 whose INVITE died with the last run: acknowledged and hung up where nobody waits")
{
    Office office;
    Phone phone{office, "202"};
    phone.send(late_answer(phone, office, "nobody-knows"));
    const auto ack = phone.receive();
    CHECK(ack.first_line == fmt::format("ACK {} SIP/2.0", phone.contact()));
    CHECK(ack["CSeq"] == "2 ACK");
    const auto bye = phone.receive();
    CHECK(bye.first_line == fmt::format("BYE {} SIP/2.0", phone.contact()));
    CHECK(bye["CSeq"] == "3 BYE");
    CHECK(bye.parameter("To", "tag") == "theirs");
    phone.reply(bye, 200, "OK");
    CHECK(phone.receives_nothing_for(100ms));
    CHECK(office.inputs.empty());
}

TEST_CASE("a flood of answers that nobody asked for makes us send no flood")
{
    Office office;
    Phone phone{office, "202"};
    for (int i = 0; i < 400; ++i)
        phone.send(late_answer(phone, office, fmt::format("unasked-{}", i)));
    int acks = 0;
    office.until(
        [&] {
            while (phone.has_message())
                if (phone.receive().method() == "ACK") ++acks;
            return false;
        },
        400ms);
    CHECK(acks > 0);
    CHECK(acks <= 100);
}

TEST_CASE("an INVITE that an earlier run sent is cancelled as by itself (RFC 3261 §9.1)")
{
    Office office;
    Phone phone{office, "202"};
    SendInvite invite;
    invite.leg = leg;
    invite.transaction = request_id;
    invite.target = {*SipUri::parse(phone.contact()), {"<sip:127.0.0.1;lr>"}, phone.flow()};
    invite.from = {"Anna", *SipUri::parse(uri_of("201"))};
    invite.to = {"", *SipUri::parse(uri_of("202"))};
    invite.local_tag = "ours";
    invite.call_id = "ringing-" + phone.call_id;
    office.run(invite);
    const auto rang = phone.receive();
    REQUIRE(rang.method() == "INVITE");
    phone.reply(rang, 180, "Ringing");

    // All that is stored of it makes the same transaction.
    office.run(EndInvite{{.role = LegRole::callee,
                          .dialog = {invite.call_id, "ours", ""},
                          .state = {.local_party = invite.from,
                                    .remote_party = invite.to,
                                    .target = invite.target.request_uri,
                                    .route = invite.target.route},
                          .cseq = initial_cseq + 1,
                          .flow = phone.flow()}});
    const auto cancel = phone.receive();
    CHECK(cancel.first_line == fmt::format("CANCEL {} SIP/2.0", phone.contact()));
    for (const auto* name : {"From", "To", "Call-ID", "Route"}) CHECK(cancel[name] == rang[name]);
    CHECK(cancel.parameter("Via", "branch") == rang.parameter("Via", "branch"));
    CHECK(std::stoul(cancel["CSeq"]) == std::stoul(rang["CSeq"]));
    CHECK(cancel["Reason"].starts_with("SIP;cause=500"));
    phone.reply(cancel, 200, "OK");
    CHECK(phone.receives_nothing_for(100ms));
}

TEST_CASE("an INVITE that an earlier run received is refused, a few times, as to its sender")
{
    Office office;
    Phone phone{office, "202"};
    office.run(EndInvite{{.role = LegRole::caller,
                          .dialog = {phone.call_id, "ours", "theirs"},
                          .state = {.local_party = {"", *SipUri::parse(uri_of("201"))},
                                    .remote_party = {"Bob", *SipUri::parse(uri_of("202"))}},
                          .cseq = 17,
                          .via = {"SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKa;rport=9",
                                  "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKb"},
                          .flow = phone.flow()}});
    for (int repeated = 0; repeated < 2; ++repeated) {
        const auto refusal = phone.receive();
        CHECK(refusal.first_line == "SIP/2.0 500 Exchange Restarted");
        CHECK(refusal.all("Via") ==
              std::vector<std::string>{"SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKa;rport=9",
                                       "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKb"});
        CHECK(refusal["From"] == "\"Bob\" <sip:202@office.test>;tag=theirs");
        CHECK(refusal["To"] == "<sip:201@office.test>;tag=ours");
        CHECK(refusal["Call-ID"] == phone.call_id);
        CHECK(refusal["CSeq"] == "17 INVITE");
    }
    // By TCP there is nobody to be told.
    office.run(EndInvite{{.role = LegRole::caller, .flow = {Transport::tcp, "127.0.0.1", 9}}});
}

TEST_CASE("an INVITE of an earlier run that its phone repeats is refused again (RFC 3261 §17.2.1)")
{
    Office office;
    Phone phone{office, "202"};
    EndInvite end{{.role = LegRole::caller,
                   .dialog = {phone.call_id, "ours", "phone202"},
                   .state = {.local_party = {"", *SipUri::parse(uri_of("201"))},
                             .remote_party = {"", *SipUri::parse(uri_of("202"))}},
                   .cseq = 31,
                   .flow = phone.flow()}};
    std::string repeated;
    std::string status = "SIP/2.0 500 Exchange Restarted";
    SUBCASE("of a call that rang")
    {
        repeated = phone.request("INVITE", uri_of("201"), address_of("201"), 31);
    }
    SUBCASE("within a call that goes on: its phone gives the session up, and so do we")
    {
        office.run(dialog_with(phone));
        end.invite.dialog = {"kept-" + phone.call_id, "ours", "theirs"};
        repeated = request_of(phone, office, "INVITE", 31);
        status = "SIP/2.0 500 Internal Server Error";
    }
    end.invite.via = {Message::parse(repeated)["Via"]};
    office.run(end);
    for (int blindly = 0; blindly < 4; ++blindly)
        CHECK(phone.receive().first_line == "SIP/2.0 500 Exchange Restarted");
    phone.send(repeated);
    const auto refusal = phone.receive();
    CHECK(refusal.first_line == status);
    CHECK(refusal.parameter("To", "tag") == "ours");
    CHECK(refusal["CSeq"] == "31 INVITE");
    office.stays_silent(50ms);
}

TEST_CASE("the refusal of an INVITE that died with the last run is acknowledged in its transaction")
{
    Office office;
    Phone phone{office, "202"};
    auto refusal = late_answer(phone, office, "cancelled");
    refusal.replace(0, refusal.find("\r\n"), "SIP/2.0 487 Request Terminated");
    phone.send(refusal);
    const auto ack = phone.receive();
    CHECK(ack.method() == "ACK");
    CHECK(ack["CSeq"] == "2 ACK");
    CHECK(ack.parameter("Via", "branch") == "z9hG4bKold");
    CHECK(ack.parameter("To", "tag") == "theirs");
    CHECK(phone.receives_nothing_for(100ms));
}
