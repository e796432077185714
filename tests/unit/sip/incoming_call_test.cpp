#include "call_legs.hpp"
#include "sip/field_values.hpp"
#include "sip/strict_replaces.hpp"
#include "sip/translate.hpp"

using namespace lampline;
using namespace lampline::sip;
using namespace lampline::sip::test;

TEST_CASE("an INVITE gets 100 as soon as it has a dialog, and comes with all that a rule reads (RFC 3261 §17.2.1)")
{
    Office office;
    Phone caller{office, "201"};
    caller.send_authorised(
        "INVITE", uri_of("202"), "\"Bob\" <sip:202@office.test>",
        "Supported: timer, 100rel\r\nSession-Expires: 1800;refresher=uac\r\nMin-SE: 120\r\n"
        "Subject: lunch\r\nExpires: 90\r\nUser-Agent: Desk/1\r\nX-Private: no\r\n"
        "Replaces: other@call;to-tag=a;from-tag=b;early-only\r\n",
        "v=0 offer\r\n");
    const auto invite = office.next<InviteReceived>();
    office.run(OpenDialog{invite.transaction, caller_leg, "ours"});
    CHECK(caller.receive().status() == 100);
    CHECK(invite.authenticated == "201");
    CHECK(invite.request_uri.user == "202");
    CHECK(invite.parties.to.display_name == "Bob");
    CHECK(invite.parties.from_tag == "phone201");
    CHECK(invite.call_id == caller.call_id);
    CHECK(write(invite.contact) == caller.contact());
    CHECK(invite.max_forwards == 70);
    CHECK(invite.supported == (OptionTag::timer | OptionTag::reliable));
    CHECK(invite.session_timer == SessionTimer{1800s, Refresher::uac, 120s});
    CHECK(invite.expires == 90s);
    CHECK(invite.user_agent == "Desk/1");
    REQUIRE(invite.replaces);
    CHECK(invite.replaces->call_id == "other@call");
    CHECK(invite.replaces->to_tag == "a");
    CHECK(invite.replaces->early_only);
    REQUIRE(invite.payload);
    CHECK(invite.payload->body == "v=0 offer\r\n");
    CHECK(invite.payload->content_type == "application/sdp");
    CHECK(invite.payload->headers == std::vector<Header>{{"Subject", "lunch"}});
    CHECK(invite.source.port == caller.port());
}

TEST_CASE("a malformed Replaces comes without a Call-ID, and so is refused (RFC 3891 §6.1)")
{
    refuse_malformed_replaces();
    const auto replaces_of = [](const std::string& value) {
        const auto text = "INVITE sip:202@office.test SIP/2.0\r\n"
                          "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx\r\n"
                          "From: <sip:201@office.test>;tag=1\r\nTo: <sip:202@office.test>\r\n"
                          "Call-ID: x\r\nCSeq: 1 INVITE\r\nContact: <sip:201@192.0.2.1>\r\n"
                          "Replaces: " + value + "\r\nContent-Length: 0\r\n\r\n";
        const MessageRef message{
            msg_make(sip_default_mclass(), 0, text.data(), static_cast<ssize_t>(text.size()))};
        REQUIRE(message);
        return to_invite(*sip_object(message.get()), {}, {}, "201").replaces;
    };
    for (const auto* value : {"a b;to-tag=1;from-tag=2", "x, y", "x,y", "x;to-tag;from-tag", "",
                              "x;to-tag=1;to-tag=2", ";to-tag=1;from-tag=2",
                              "a;to-tag=1;from-tag=2, b;to-tag=1;from-tag=2"}) {
        CAPTURE(value);
        const auto replaces = replaces_of(value);
        REQUIRE(replaces);
        CHECK(replaces->call_id.empty());
    }
    for (const auto* value :
         {"a@b;from-tag=2\r\n ;to-tag=1;early-only", "a@b ; to-tag = 1 ;\tfrom-tag= 2 ; early-only ",
          "a@b;to-tag =1;x = y;from-tag=2;EARLY-ONLY", "a@b;early-only;To-Tag=1; From-Tag=2"}) {
        CAPTURE(value);
        const auto read = replaces_of(value);
        REQUIRE(read);
        CHECK(read->call_id == "a@b");
        CHECK(read->to_tag == "1");
        CHECK(read->from_tag == "2");
        CHECK(read->early_only);
    }
}

TEST_CASE("of a Replaces that is passed on, nothing but blanks between its parts is lost")
{
    refuse_malformed_replaces();
    const std::string text = "INVITE sip:202@office.test SIP/2.0\r\n"
                             "Replaces: a@b ; to-tag = 1;from-tag=2 ; x = \"y \\\" z\"; early-only\r\n"
                             "Content-Length: 0\r\n\r\n";
    const MessageRef message{
        msg_make(sip_default_mclass(), 0, text.data(), static_cast<ssize_t>(text.size()))};
    REQUIRE(message);
    const auto* replaces = sip_object(message.get())->sip_replaces;
    REQUIRE(replaces);
    CHECK(field_text(reinterpret_cast<const msg_header_t*>(replaces)) ==
          "a@b;to-tag=1;from-tag=2;x=\"y \\\" z\";early-only");
}

TEST_CASE("what a caller requires and we do not know comes with its INVITE, and so do its methods")
{
    Office office;
    Phone caller{office, "201"};
    caller.send_authorised("INVITE", uri_of("202"), "<sip:202@office.test>",
                           "Require: 100rel, gruu, Precondition\r\nAllow: INVITE, ACK, BYE\r\n",
                           "v=0 offer\r\n");
    const auto invite = office.next<InviteReceived>();
    CHECK(invite.required == OptionTag::reliable);
    CHECK(invite.unsupported == std::vector<std::string>{"gruu", "Precondition"});
    CHECK(invite.denies_update);
    CHECK_FALSE(invite.allows_update);
    office.run(OpenDialog{invite.transaction, caller_leg, "ours"});
    office.run(Reply{.transaction = invite.transaction, .status = 180, .allows_update = false});
    const auto ringing = caller.receive_beyond_100();
    CHECK(ringing["Allow"].find("PRACK") != std::string::npos);
    CHECK(ringing["Allow"].find("UPDATE") == std::string::npos);
    office.run(Reply{.transaction = invite.transaction, .status = 200, .payload = sdp("v=0 a\r\n")});
    CHECK(caller.receive()["Allow"].find("UPDATE") != std::string::npos);
}

TEST_CASE("an answered call: 180, 200 until the ACK, BYE from the phone")
{
    Office office;
    Phone caller{office, "201"};
    const auto invite = open_call(office, caller);
    office.run(Reply{.transaction = invite.transaction, .status = 180});
    const auto ringing = caller.receive_beyond_100();
    CHECK(ringing.status() == 180);
    CHECK(ringing.parameter("To", "tag") == "ours");
    CHECK(ringing["Contact"] == fmt::format("<sip:202@127.0.0.1:{}>", office.port(Transport::udp)));
    office.run(Reply{.transaction = invite.transaction,
                     .status = 200,
                     .session_timer = {1800s, Refresher::uac, {}},
                     .supported = OptionTag::timer,
                     .payload = sdp("v=0 answer\r\n")});
    const auto success = caller.receive();
    CHECK(success.status() == 200);
    CHECK(success.body == "v=0 answer\r\n");
    CHECK(success["Session-Expires"] == "1800;refresher=uac");
    CHECK(success["Supported"] == "timer");
    CHECK(!success["Allow"].empty());
    CHECK(caller.receive().status() == 200);  // repeated, since there was no ACK
    caller.acknowledge_success(success);
    const auto ack = office.next<AckReceived>();
    CHECK(ack.leg == caller_leg);

    caller.send(caller.request("BYE", uri_of("202"), success["To"], 9));
    const auto bye = office.next<RequestReceived>();
    CHECK(bye.method == Method::bye);
    CHECK(bye.leg == caller_leg);
    office.run(Reply{.transaction = bye.transaction, .status = 200});
    office.run(CloseDialog{caller_leg});
    while (true) {
        const auto answer = caller.receive();
        if (answer["CSeq"] != "9 BYE") continue;
        CHECK(answer.status() == 200);
        break;
    }
    caller.send(caller.request("INFO", uri_of("202"), success["To"], 10));
    CHECK(caller.receive().status() == 481);
}

TEST_CASE("an INVITE that is refused: the final response is repeated until its ACK")
{
    Office office;
    Phone caller{office, "201"};
    caller.send_authorised("INVITE", uri_of("202"), address_of("202"));
    const auto invite = office.next<InviteReceived>();
    office.run(
        Reply{.transaction = invite.transaction, .status = 486, .headers = {{"Retry-After", "5"}}});
    const auto busy = caller.receive_beyond_100();
    CHECK(busy.status() == 486);
    CHECK(busy["Retry-After"] == "5");
    CHECK(caller.receive().status() == 486);
    caller.acknowledge_refusal(busy, uri_of("202"));
    while (!caller.receives_nothing_for(150ms)) caller.receive();
    office.stays_silent(700ms);
}

TEST_CASE("a 2xx without ACK is reported after timer H (RFC 3261 §13.3.1.4)")
{
    Office office;
    Phone caller{office, "201"};
    const auto invite = open_call(office, caller);
    office.run(Reply{.transaction = invite.transaction, .status = 200});
    const auto missing = office.next<AckMissing>();
    CHECK(missing.transaction == invite.transaction);
    CHECK(missing.leg == caller_leg);
}

TEST_CASE("CANCEL: the stack answers it and the INVITE, and reports it once (RFC 3261 §9.2)")
{
    Office office;
    Phone caller{office, "201"};
    const auto text = caller.send_authorised("INVITE", uri_of("202"), address_of("202"));
    const auto invite = office.next<InviteReceived>();
    office.run(OpenDialog{invite.transaction, caller_leg, "ours"});
    office.run(Reply{.transaction = invite.transaction, .status = 180});
    while (caller.receive().status() != 180) {
    }
    const auto sent = Message::parse(text);
    caller.send(fmt::format(
        "CANCEL {} SIP/2.0\r\nVia: {}\r\nMax-Forwards: 70\r\nFrom: {}\r\nTo: {}\r\nCall-ID: {}\r\n"
        "CSeq: {} CANCEL\r\nReason: SIP;cause=200;text=\"Call completed elsewhere\"\r\n"
        "Content-Length: 0\r\n\r\n",
        uri_of("202"), sent["Via"], sent["From"], sent["To"], sent["Call-ID"],
        sent["CSeq"].substr(0, sent["CSeq"].find(' '))));
    const auto cancelled = office.next<CancelReceived>();
    CHECK(cancelled.leg == caller_leg);
    REQUIRE(cancelled.payload);
    CHECK(cancelled.payload->headers[0].name == "Reason");
    std::vector<unsigned> statuses{caller.receive().status(), caller.receive().status()};
    std::sort(statuses.begin(), statuses.end());
    CHECK(statuses == std::vector<unsigned>{200, 487});
    // Too late for an answer of ours.
    office.run(Reply{.transaction = invite.transaction, .status = 200});
    office.stays_silent(50ms);
}

namespace {

/// The CANCEL of the INVITE that was sent as `text` (RFC 3261 §9.1).
std::string cancel_of(const std::string& text)
{
    const auto sent = Message::parse(text);
    return fmt::format(
        "CANCEL {} SIP/2.0\r\nVia: {}\r\nMax-Forwards: 70\r\nFrom: {}\r\nTo: {}\r\nCall-ID: {}\r\n"
        "CSeq: {} CANCEL\r\nContent-Length: 0\r\n\r\n",
        uri_of("202"), sent["Via"], sent["From"], sent["To"], sent["Call-ID"],
        sent["CSeq"].substr(0, sent["CSeq"].find(' ')));
}

/// The answer to a CANCEL; a 2xx that is repeated meanwhile is passed over.
Message answer_to_cancel(Phone& phone)
{
    for (;;)
        if (auto message = phone.receive(); message["CSeq"].ends_with(" CANCEL")) return message;
}

}  // namespace

TEST_CASE("CANCEL after our 2xx: 200, and it is reported until the ACK (RFC 6026 §7.1)")
{
    Office office;
    Phone caller{office, "201"};
    const auto text =
        caller.send_authorised("INVITE", uri_of("202"), address_of("202"), "", "v=0 offer\r\n");
    const auto invite = office.next<InviteReceived>();
    office.run(OpenDialog{invite.transaction, caller_leg, "ours"});
    office.run(Reply{.transaction = invite.transaction, .status = 200});
    const auto success = caller.receive_beyond_100();
    REQUIRE(success.status() == 200);

    caller.send(cancel_of(text));
    const auto cancelled = office.next<CancelReceived>();
    CHECK(cancelled.transaction == invite.transaction);
    CHECK(cancelled.leg == caller_leg);
    CHECK(cancelled.answered);
    const auto answer = answer_to_cancel(caller);
    CHECK(answer.status() == 200);
    CHECK(answer["To"] == success["To"]);  // RFC 3261 §9.2: the same tag

    caller.acknowledge_success(success);
    CHECK(office.next<AckReceived>().transaction == invite.transaction);
    caller.send(cancel_of(text));
    CHECK(answer_to_cancel(caller).status() == 481);
    office.stays_silent(50ms);
}

TEST_CASE("CANCEL after our 2xx from another host than the INVITE: 481, and it is not reported")
{
    Office office;
    Phone caller{office, "201"};
    const auto text = caller.send_authorised("INVITE", uri_of("202"), address_of("202"));
    const auto invite = office.next<InviteReceived>();
    office.run(OpenDialog{invite.transaction, caller_leg, "ours"});
    office.run(Reply{.transaction = invite.transaction, .status = 200});
    REQUIRE(caller.receive_beyond_100().status() == 200);

    const Socket stranger{socket(AF_INET, SOCK_DGRAM, 0)};
    auto elsewhere = loopback(0);
    elsewhere.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1);
    REQUIRE(bind(stranger.fd(), reinterpret_cast<const sockaddr*>(&elsewhere), sizeof elsewhere) == 0);
    const auto server = loopback(office.port(Transport::udp));
    const auto cancel = cancel_of(text);
    REQUIRE(sendto(stranger.fd(), cancel.data(), cancel.size(), 0,
                   reinterpret_cast<const sockaddr*>(&server), sizeof server) > 0);
    std::array<char, 2048> answer{};
    REQUIRE(office.until([&] { return recv(stranger.fd(), answer.data(), answer.size(), 0) > 0; }));
    CHECK(std::string_view{answer.data()}.starts_with("SIP/2.0 481 "));
    CHECK(office.inputs.empty());

    // From another port of its host: behind a NAT it may have got a new one.
    Phone moved{office, "201"};
    moved.send(cancel);
    CHECK(office.next<CancelReceived>().answered);
    CHECK(answer_to_cancel(moved).status() == 200);
}

TEST_CASE("CANCEL of a re-INVITE that was answered: 200, and it has no effect (RFC 3261 §9.2)")
{
    Office office;
    Phone caller{office, "201"};
    const auto success = answer_call(office, caller);
    const auto text =
        caller.request("INVITE", uri_of("202"), success["To"], 20, "", "v=0 hold\r\n");
    caller.send(text);
    const auto hold = office.next<RequestReceived>();
    office.run(
        Reply{.transaction = hold.transaction, .status = 200, .payload = sdp("v=0 held\r\n")});
    const auto held = caller.receive_beyond_100();
    REQUIRE(held.status() == 200);
    caller.send(cancel_of(text));
    CHECK(answer_to_cancel(caller).status() == 200);
    caller.acknowledge_success(held);
    CHECK(office.next<AckReceived>().transaction == hold.transaction);
    office.stays_silent(50ms);
}

TEST_CASE("CANCEL while our 2xx waits for the PRACK of an earlier response: the INVITE gets 487")
{
    Office office;
    Phone caller{office, "201"};
    const auto text = caller.send_authorised("INVITE", uri_of("202"), address_of("202"),
                                             "Supported: 100rel\r\n", "v=0 offer\r\n");
    const auto invite = office.next<InviteReceived>();
    office.run(OpenDialog{invite.transaction, caller_leg, "ours"});
    office.run(Reply{.transaction = invite.transaction,
                     .status = 183,
                     .reliable = true,
                     .payload = sdp("v=0 early\r\n")});
    CHECK(caller.receive_beyond_100().status() == 183);
    office.run(Reply{.transaction = invite.transaction, .status = 200});
    caller.send(cancel_of(text));
    CHECK_FALSE(office.next<CancelReceived>().answered);
    CHECK(answer_to_cancel(caller).status() == 200);
}

TEST_CASE("a re-INVITE over UDP is told to wait when it has waited: until then it would be repeated")
{
    Office office;
    Phone caller{office, "201"};
    const auto success = answer_call(office, caller);
    caller.send(caller.request("INVITE", uri_of("202"), success["To"], 20, "", "v=0 hold\r\n"));
    const auto hold = office.next<RequestReceived>();
    CHECK(caller.receives_nothing_for(100ms));
    CHECK(caller.receive(450ms).status() == 100);
    office.run(Reply{.transaction = hold.transaction, .status = 488});
    const auto refused = caller.receive();
    CHECK(refused.status() == 488);
    caller.acknowledge_refusal(refused, uri_of("202"));
}

TEST_CASE(
    "in-dialog requests carry CSeq order, and follow the phone when it moves (RFC 3261 §12.2)")
{
    Office office;
    Phone caller{office, "201"};
    const auto success = answer_call(office, caller);
    Phone moved{office, "201"};
    moved.call_id = caller.call_id;
    moved.send(moved.request("INVITE", uri_of("202"), success["To"], 20, "", "v=0 hold\r\n"));
    const auto hold = office.next<RequestReceived>();
    CHECK(hold.method == Method::invite);
    CHECK(hold.payload->body == "v=0 hold\r\n");
    office.run(
        Reply{.transaction = hold.transaction, .status = 200, .payload = sdp("v=0 held\r\n")});
    const auto held = moved.receive_beyond_100();
    CHECK(held.status() == 200);
    CHECK(!held["Contact"].empty());
    moved.acknowledge_success(held);
    CHECK(office.next<AckReceived>().transaction == hold.transaction);
    // An older request than the last one is out of order.
    moved.send(moved.request("INFO", uri_of("202"), success["To"], 3));
    CHECK(moved.receive().status() == 500);
    // Ours go to the new place.
    office.run(
        SendRequest{.leg = caller_leg, .transaction = first_request, .method = Method::info});
    const auto info = moved.receive();
    CHECK(info.method() == "INFO");
    CHECK(info.first_line == fmt::format("INFO {} SIP/2.0", moved.contact()));
    moved.reply(info, 200, "OK");
    const auto answered = office.next<ResponseReceived>();
    CHECK(answered.status == 200);
    CHECK(answered.method == Method::info);
    CHECK(!answered.generated);
}

TEST_CASE(
    "a reliable provisional response waits for its PRACK, which the engine answers (RFC 3262)")
{
    Office office;
    Phone caller{office, "201"};
    const auto invite = open_call(office, caller, "Supported: 100rel\r\n");
    CHECK(has(invite.supported, OptionTag::reliable));
    office.run(Reply{.transaction = invite.transaction,
                     .status = 183,
                     .reliable = true,
                     .payload = sdp("v=0 early\r\n")});
    const auto early = caller.receive_beyond_100();
    CHECK(early.status() == 183);
    CHECK(early["Require"] == "100rel");
    REQUIRE(!early["RSeq"].empty());
    CHECK(caller.receive()["RSeq"] == early["RSeq"]);  // repeated until the PRACK
    caller.send(caller.request("PRACK", uri_of("202"), early["To"], 7,
                               fmt::format("RAck: {} {} INVITE\r\n", early["RSeq"],
                                           early["CSeq"].substr(0, early["CSeq"].find(' ')))));
    const auto prack = office.next<RequestReceived>();
    CHECK(prack.method == Method::prack);
    CHECK(prack.leg == caller_leg);
    CHECK(std::to_string(prack.rack_rseq) == early["RSeq"]);
    office.run(Reply{.transaction = prack.transaction, .status = 200});
    auto answer = caller.receive();
    while (answer["CSeq"] != "7 PRACK") answer = caller.receive();
    CHECK(answer.status() == 200);
    office.run(Reply{.transaction = invite.transaction, .status = 200});
    auto success = caller.receive();
    while (success.status() != 200) success = caller.receive();
    caller.acknowledge_success(success);
    office.next<AckReceived>();
}

TEST_CASE("what waits for the PRACK of an earlier response has the phrase that it was given")
{
    Office office;
    Phone caller{office, "201"};
    const auto invite = open_call(office, caller, "Supported: 100rel\r\n");
    const auto rings = [&](std::string phrase) {
        office.run(Reply{.transaction = invite.transaction,
                         .status = 183,
                         .phrase = std::move(phrase),
                         .reliable = true,
                         .payload = sdp("v=0 early\r\n")});
    };
    rings("The gardener is being looked for");
    const auto first = caller.receive_beyond_100();
    CHECK(first.first_line == "SIP/2.0 183 The gardener is being looked for");
    rings("The gardener is on his way to the phone");
    caller.send(caller.request("PRACK", uri_of("202"), first["To"], 7,
                               fmt::format("RAck: {} {} INVITE\r\n", first["RSeq"],
                                           first["CSeq"].substr(0, first["CSeq"].find(' ')))));
    office.run(Reply{.transaction = office.next<RequestReceived>().transaction, .status = 200});
    auto second = caller.receive();
    while (second["RSeq"].empty() || second["RSeq"] == first["RSeq"]) second = caller.receive();
    CHECK(second.first_line == "SIP/2.0 183 The gardener is on his way to the phone");
}
