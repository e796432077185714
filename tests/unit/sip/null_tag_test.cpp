// Phones older than RFC 3261, which give no tag: that of their dialogs is null (§12.1.1, §12.1.2).
#include "call_legs.hpp"

using namespace lampline;
using namespace lampline::sip;
using namespace lampline::sip::test;

namespace {

constexpr ClientTransactionId second_request{102};

/// As such a phone writes it.
std::string without_tag(std::string text, std::string_view tag)
{
    const auto at = text.find(tag);
    REQUIRE(at != std::string::npos);
    return text.erase(at, tag.size());
}

std::string asks(Phone& phone, std::string_view method, std::string_view more = "",
                 std::string_view body = "")
{
    return without_tag(
        phone.request(method, uri_of("202"), address_of("202"), ++phone.cseq, more, body),
        ";tag=phone201");
}

void answers(Phone& phone, const Message& request, unsigned status, std::string_view body = "")
{
    std::string text = fmt::format("SIP/2.0 {} X\r\n", status);
    for (const auto& value : request.all("Via")) text += fmt::format("Via: {}\r\n", value);
    for (const auto& value : request.all("Record-Route"))
        text += fmt::format("Record-Route: {}\r\n", value);
    for (const auto* name : {"From", "To", "Call-ID", "CSeq"})
        text += fmt::format("{}: {}\r\n", name, request[name]);
    phone.send(text + fmt::format("Contact: <{}>\r\n{}Content-Length: {}\r\n\r\n{}",
                                  phone.contact(),
                                  body.empty() ? "" : "Content-Type: application/sdp\r\n",
                                  body.size(), body));
}

/// An authenticated INVITE of 201 to 202. Returns it as the floor above got it.
InviteReceived invites(Office& office, Phone& phone)
{
    phone.send(asks(phone, "INVITE", "", "v=0 offer\r\n"));
    const auto refusal = phone.receive();
    REQUIRE(refusal.status() == 407);
    phone.acknowledge_refusal(refusal, uri_of("202"));
    phone.send(
        asks(phone, "INVITE", phone.answer_to(refusal, "INVITE", uri_of("202")), "v=0 offer\r\n"));
    return office.next<InviteReceived>();
}

/// A request of the phone within the dialog that `success` has confirmed.
std::string within(Phone& phone, const Message& success, std::string_view method)
{
    const auto contact = success["Contact"];
    return fmt::format(
        "{} {} SIP/2.0\r\n{}\r\nMax-Forwards: 70\r\nFrom: {}\r\nTo: {}\r\nCall-ID: {}\r\n"
        "CSeq: {} {}\r\nContact: <{}>\r\nContent-Length: 0\r\n\r\n",
        method, contact.substr(1, contact.find('>') - 1), phone.via(), success["From"],
        success["To"], success["Call-ID"], ++phone.cseq, method, phone.contact());
}

/// The next message that `is_it`; what is repeated meanwhile is passed over.
template <class Condition>
Message awaited(Phone& phone, Condition&& is_it)
{
    for (;;)
        if (auto message = phone.receive(); is_it(message)) return message;
}
Message next_request(Phone& phone, std::string_view method)
{
    return awaited(phone, [&](const Message& message) { return message.method() == method; });
}
Message next_answer(Phone& phone, std::string_view method)
{
    return awaited(phone, [&](const Message& message) {
        return message.status() > 100 && message["CSeq"].ends_with(method);
    });
}

}  // namespace

TEST_CASE(
    "OPTIONS, REGISTER and SUBSCRIBE of a phone that gives no tag are answered with its From as "
    "it came (RFC 3261 §8.2.6.2)")
{
    Office office;
    Phone phone{office, "201"};
    phone.send(asks(phone, "OPTIONS"));
    const auto options = phone.receive();
    CHECK(options["From"] == "<sip:201@office.test>");
    CHECK(options.status() != 400);
    for (const auto& text :
         {asks(phone, "SUBSCRIBE", "Event: dialog\r\n"),
          without_tag(phone.request("REGISTER", uri_of(""), address_of("201"), ++phone.cseq),
                      ";tag=phone201")}) {
        phone.send(text);
        const auto refusal = phone.receive();
        CHECK(refusal.status() == 401);
        CHECK(refusal["From"] == "<sip:201@office.test>");
        CHECK(refusal["To"].find(";tag=") != std::string::npos);
    }
}

TEST_CASE("a caller that gives no tag: its INVITE, ACK, re-INVITEs both ways and BYE")
{
    Office office;
    Phone phone{office, "201"};
    const auto invite = invites(office, phone);
    CHECK(invite.parties.from_tag.empty());
    office.run(OpenDialog{invite.transaction, caller_leg, "ours"});
    office.run(
        Reply{.transaction = invite.transaction, .status = 200, .payload = sdp("v=0 answer\r\n")});
    const auto success = next_answer(phone, "INVITE");
    REQUIRE(success.status() == 200);
    CHECK(success["From"] == "<sip:201@office.test>");
    phone.acknowledge_success(success);
    office.next<AckReceived>();

    phone.send(within(phone, success, "INVITE"));
    const auto change = office.next<RequestReceived>();
    CHECK(change.leg == caller_leg);
    office.run(Reply{.transaction = change.transaction, .status = 488});
    const auto refused =
        awaited(phone, [](const Message& message) { return message.status() == 488; });
    phone.acknowledge_refusal(refused, uri_of("202"));

    office.run(
        SendRequest{.leg = caller_leg, .transaction = second_request, .method = Method::invite});
    const auto asked = next_request(phone, "INVITE");
    CHECK(asked["To"] == "<sip:201@office.test>");
    SUBCASE("its answer has none either")
    {
        answers(phone, asked, 200, "v=0 answer\r\n");
    }
    SUBCASE("its answer has one after all")
    {
        phone.reply(asked, 200, "OK", "", "v=0 answer\r\n");
    }
    CHECK(office.next<ResponseReceived>().status == 200);
    office.run(SendAck{caller_leg, second_request, nullptr});
    CHECK(next_request(phone, "ACK")["To"] == "<sip:201@office.test>");

    const auto bye = within(phone, success, "BYE");
    phone.send(bye);
    const auto ends = office.next<RequestReceived>();
    CHECK(ends.method == Method::bye);
    CHECK(ends.leg == caller_leg);
    office.run(Reply{.transaction = ends.transaction, .status = 200});
    CHECK(next_answer(phone, "BYE").status() == 200);
    phone.send(bye);
    CHECK(next_answer(phone, "BYE").status() == 200);
    CHECK(office.inputs.empty());
}

TEST_CASE("an INVITE without a tag is repeated, and withdrawn by its CANCEL")
{
    Office office;
    Phone phone{office, "201"};
    phone.send(asks(phone, "INVITE", "", "v=0 offer\r\n"));
    const auto refusal = phone.receive();
    phone.acknowledge_refusal(refusal, uri_of("202"));
    const auto text =
        asks(phone, "INVITE", phone.answer_to(refusal, "INVITE", uri_of("202")), "v=0 offer\r\n");
    phone.send(text);
    const auto invite = office.next<InviteReceived>();
    office.run(OpenDialog{invite.transaction, caller_leg, "ours"});
    office.run(Reply{.transaction = invite.transaction, .status = 180});
    CHECK(phone.receive_beyond_100().status() == 180);
    phone.send(text);
    CHECK(phone.receive().status() == 180);
    CHECK(office.inputs.empty());
    const auto sent = Message::parse(text);
    phone.send(fmt::format(
        "CANCEL {} SIP/2.0\r\nVia: {}\r\nMax-Forwards: 70\r\nFrom: {}\r\nTo: {}\r\n"
        "Call-ID: {}\r\nCSeq: {} CANCEL\r\nContent-Length: 0\r\n\r\n",
        uri_of("202"), sent["Via"], sent["From"], sent["To"], sent["Call-ID"], phone.cseq));
    CHECK(office.next<CancelReceived>().leg == caller_leg);
}

TEST_CASE("a callee that gives no tag: what its 200 says counts, and each finds the other")
{
    Office office;
    Phone callee{office, "202"};
    office.run(invite_to(callee));
    const auto invite = callee.receive();
    answers(callee, invite, 180);
    CHECK(office.next<ResponseReceived>().to_tag.empty());
    answers(callee, invite, 200, "v=0 answer\r\n");
    const auto success = office.next<ResponseReceived>();
    CHECK(success.status == 200);
    CHECK(success.to_tag.empty());
    office.run(SendAck{callee_leg, first_request, nullptr});
    const auto ack = next_request(callee, "ACK");
    CHECK(ack.first_line == fmt::format("ACK {} SIP/2.0", callee.contact()));
    CHECK(ack["To"] == invite["To"]);
    office.run(
        SendRequest{.leg = callee_leg, .transaction = second_request, .method = Method::info});
    const auto info = next_request(callee, "INFO");
    CHECK(info.first_line == fmt::format("INFO {} SIP/2.0", callee.contact()));
    CHECK(info["To"] == invite["To"]);
    answers(callee, info, 200);
    CHECK(office.next<ResponseReceived>().status == 200);
    callee.send(without_tag(request_of_callee(callee, office, "BYE", 7), ";tag=callee"));
    const auto bye = office.next<RequestReceived>();
    CHECK(bye.method == Method::bye);
    CHECK(bye.leg == callee_leg);
}

TEST_CASE("a callee that rings with a tag and answers without one is still the same")
{
    Office office;
    Phone callee{office, "202"};
    office.run(invite_to(callee));
    const auto invite = callee.receive();
    callee.reply(invite, 180, "Ringing");
    CHECK(office.next<ResponseReceived>().to_tag == "callee");
    answers(callee, invite, 200, "v=0 answer\r\n");
    CHECK(office.next<ResponseReceived>().status == 200);
    office.run(SendAck{callee_leg, first_request, nullptr});
    CHECK(next_request(callee, "ACK").parameter("To", "tag") == "callee");
}

TEST_CASE("a dialog with a phone that gives no tag is taken up by a later run")
{
    Office office;
    Phone phone{office, "202"};
    const auto call_id = "kept-" + phone.call_id;
    office.run(ResumeDialog{.leg = caller_leg,
                            .dialog = {call_id, "ours", ""},
                            .state = {.local_party = {"", *SipUri::parse(uri_of("201"))},
                                      .remote_party = {"", *SipUri::parse(uri_of("202"))},
                                      .contact_user = "201",
                                      .target = *SipUri::parse(phone.contact()),
                                      .route = {},
                                      .cseq = 7,
                                      .remote_cseq = 3},
                            .flow = phone.flow()});
    office.run(
        SendRequest{.leg = caller_leg, .transaction = second_request, .method = Method::info});
    const auto info = phone.receive();
    CHECK(info["To"] == "<sip:202@office.test>");
    answers(phone, info, 200);
    CHECK(office.next<ResponseReceived>().status == 200);

    // An INVITE of the run before is answered only now.
    phone.send(
        fmt::format("SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1:{};branch=z9hG4bKold;rport={}\r\n"
                    "From: {};tag=ours\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: 2 INVITE\r\n"
                    "Contact: <{}>\r\nContent-Length: 0\r\n\r\n",
                    office.port(Transport::udp), office.port(Transport::udp), address_of("201"),
                    address_of("202"), call_id, phone.contact()));
    CHECK(phone.receive().method() == "ACK");
    CHECK(office.next<AnsweredBefore>().leg == caller_leg);

    phone.send(fmt::format(
        "BYE sip:201@127.0.0.1:{} SIP/2.0\r\n{}\r\nMax-Forwards: 70\r\nFrom: {}\r\n"
        "To: {};tag=ours\r\nCall-ID: {}\r\nCSeq: 4 BYE\r\nContent-Length: 0\r\n\r\n",
        office.port(Transport::udp), phone.via(), address_of("202"), address_of("201"), call_id));
    CHECK(office.next<RequestReceived>().method == Method::bye);
}

TEST_CASE(
    "an INVITE without a tag that an earlier run received is refused with its From as it came")
{
    Office office;
    Phone phone{office, "202"};
    office.run(
        EndInvite{{.role = LegRole::caller,
                   .dialog = {phone.call_id, "ours", ""},
                   .state = {.local_party = {"", *SipUri::parse(uri_of("201"))},
                             .remote_party = {"Bob", *SipUri::parse(uri_of("202"))}},
                   .cseq = 17,
                   .via = {fmt::format("SIP/2.0/UDP 127.0.0.1:{};branch=z9hG4bKa", phone.port())},
                   .flow = phone.flow()}});
    CHECK(phone.receive()["From"] == "\"Bob\" <sip:202@office.test>");
}

TEST_CASE("in proxy mode the two sides find each other where one gives no tag, or neither")
{
    Office office;
    Phone caller{office, "201"};
    Phone callee{office, "202"};
    const auto received = invites(office, caller);
    office.run(ForwardInvite{.request = received.transaction,
                             .caller = caller_leg,
                             .leg = callee_leg,
                             .transaction = first_request,
                             .target = {*SipUri::parse(callee.contact()), {}, callee.flow()}});
    const auto invite = callee.receive();
    CHECK(invite["From"] == "<sip:201@office.test>");
    const auto own = [&](bool tagged) {
        return tagged ? fmt::format("{};tag=callee", invite["To"]) : invite["To"];
    };
    bool tagged = true;
    SUBCASE("the caller") {}
    SUBCASE("neither")
    {
        tagged = false;
    }
    if (tagged)
        callee.reply(invite, 200, "OK", "", "v=0 answer\r\n");
    else
        answers(callee, invite, 200, "v=0 answer\r\n");
    const auto response = office.next<ResponseReceived>();
    REQUIRE(response.message);
    office.run(ForwardResponse{.request = received.transaction, .message = response.message});
    const auto success = next_answer(caller, "INVITE");
    CHECK(success["From"] == "<sip:201@office.test>");
    CHECK(success["To"] == own(tagged));

    const auto bye = [&](Phone& from, const Message& learnt, const std::string& local,
                         const std::string& remote, const Phone& to) {
        std::string text =
            fmt::format("BYE {} SIP/2.0\r\n{}\r\nMax-Forwards: 70\r\n", to.contact(), from.via());
        for (const auto& route : learnt.all("Record-Route"))
            text += fmt::format("Route: {}\r\n", route);
        from.send(text + fmt::format("From: {}\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: 9 BYE\r\n"
                                     "Content-Length: 0\r\n\r\n",
                                     local, remote, learnt["Call-ID"]));
    };
    bye(callee, invite, own(tagged), invite["From"], caller);
    auto arrived = next_request(caller, "BYE");
    CHECK(arrived["To"] == "<sip:201@office.test>");
    CHECK(office.next<DialogPassed>().from_tag == (tagged ? "callee" : ""));
    answers(caller, arrived, 200);
    CHECK(next_answer(callee, "BYE").status() == 200);
    bye(caller, success, success["From"], success["To"], callee);
    arrived = next_request(callee, "BYE");
    CHECK(arrived["From"] == "<sip:201@office.test>");
    CHECK(office.next<DialogPassed>().from_tag.empty());
}
