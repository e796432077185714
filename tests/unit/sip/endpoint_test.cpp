#include <algorithm>

#include "sip_office.hpp"

using namespace lampline;
using namespace lampline::sip;
using namespace lampline::sip::test;

TEST_CASE("listens on the addresses given, each with a port of its own when it may choose")
{
    Office office;
    CHECK(office.port(Transport::udp) != 0);
    CHECK(office.port(Transport::tcp) != 0);
    Phone udp{office, "201"};
    Phone tcp{office, "201", Transport::tcp};
    for (auto* phone : {&udp, &tcp}) {
        phone->send(phone->request("OPTIONS", uri_of(""), address_of("201"), 1));
        CHECK(phone->receive().status() == 200);
    }
}

TEST_CASE("an address in use is named when it cannot be bound")
{
    Office office;
    auto settings = Office::quick();
    settings.listen = {{Transport::udp, "127.0.0.1", office.port(Transport::udp)}};
    try {
        Office second{settings};
        FAIL("bound twice");
    } catch (const CannotBind& error) {
        CHECK(error.address().port == office.port(Transport::udp));
        CHECK(std::string{error.what()}.find(std::to_string(office.port(Transport::udp))) !=
              std::string::npos);
    }
}

TEST_CASE("OPTIONS tells what we can (RFC 3261 §11.2)")
{
    Office office;
    Phone phone{office, "201"};
    phone.send(phone.request("OPTIONS",
                             fmt::format("sip:127.0.0.1:{}", office.port(Transport::udp)),
                             address_of("201"), 1));
    const auto answer = phone.receive();
    CHECK(answer.status() == 200);
    CHECK(answer["Allow"].find("INVITE") != std::string::npos);
    CHECK(answer["Accept"] == "application/sdp");
    CHECK(answer["Supported"].find("timer") != std::string::npos);
    CHECK(answer["Server"] == "Lampline/test");
}

TEST_CASE("REGISTER is challenged, and reported once the credentials are right (RFC 3261 §22)")
{
    for (const auto transport : {Transport::udp, Transport::tcp}) {
        Office office;
        Phone phone{office, "201", transport};
        phone.send_authorised("REGISTER", uri_of(""), address_of("201"),
                              "Expires: 600\r\nUser-Agent: Desk/1\r\nPath: <sip:edge.test;lr>\r\n");
        const auto request = office.next<RegisterReceived>();
        CHECK(request.aor == "201");
        REQUIRE(request.contacts.size() == 1);
        CHECK(write(request.contacts[0].uri) == phone.contact());
        CHECK(request.expires == 600s);
        CHECK(request.cseq == 2);
        CHECK(request.user_agent == "Desk/1");
        CHECK(request.path == std::vector<std::string>{"<sip:edge.test;lr>"});
        CHECK(request.source.transport == transport);
        CHECK(request.source.host == "127.0.0.1");
        CHECK(request.source.port == phone.port());
        CHECK(bool{request.source.connection} == (transport == Transport::tcp));
        office.run(
            Reply{.transaction = request.transaction,
                  .status = 200,
                  .headers = {{"Contact", fmt::format("<{}>;expires=600", phone.contact())}}});
        const auto answer = phone.receive();
        CHECK(answer.status() == 200);
        CHECK(answer["Contact"] == fmt::format("<{}>;expires=600", phone.contact()));
        CHECK(!answer.parameter("To", "tag").empty());
    }
}

TEST_CASE("the parameters of a registered contact are read (RFC 3261 §10.2.1)")
{
    Office office;
    Phone phone{office, "201"};
    phone.send_authorised(
        "REGISTER", uri_of(""), address_of("201"),
        "Contact: \"Anna\" "
        "<sip:201@192.0.2.1:5070;line=x>;q=0.25;expires=300;+sip.instance=\"<urn:uuid:1>\"\r\n");
    const auto request = office.next<RegisterReceived>();
    REQUIRE(request.contacts.size() == 2);
    const auto& contact = request.contacts[1];
    CHECK(contact.display_name == "Anna");
    CHECK(contact.uri.params == ";line=x");
    CHECK(contact.q_thousandths == 250);
    CHECK(contact.expires == 300s);
    CHECK(contact.instance == "<urn:uuid:1>");
}

TEST_CASE("nobody registers an address of ours, which would be dialled like a number")
{
    Office office;
    Phone phone{office, "201"};
    const auto refuses = [&](const std::string& contact) {
        CAPTURE(contact);
        phone.send(phone.request("REGISTER", uri_of(""), address_of("201"), 1,
                                 fmt::format("Contact: <{}>\r\n", contact)));
        const auto status = phone.receive().status();
        CHECK((status == 401 || status == 403));
        return status == 403;
    };
    CHECK(refuses(uri_of("112")));
    CHECK(refuses(fmt::format("sip:112@127.0.0.1:{}", office.port(Transport::udp))));
    CHECK(refuses(fmt::format("sip:112@127.0.0.1:{}", office.port(Transport::tcp))));
    CHECK_FALSE(refuses(phone.contact()));
    CHECK_FALSE(refuses("sip:112@192.0.2.1:5060"));
}

TEST_CASE("Contact: * and a fetch are told apart (RFC 3261 §10.2.2)")
{
    Office office;
    Phone phone{office, "201"};
    const auto strip = [&](std::string text, std::string_view by) {
        const auto line = fmt::format("Contact: <{}>\r\n", phone.contact());
        text.replace(text.find(line), line.size(), by);
        return text;
    };
    phone.send(phone.request("REGISTER", uri_of(""), address_of("201"), 1));
    const auto refusal = phone.receive();
    auto more = phone.answer_to(refusal, "REGISTER", uri_of("")) + "Expires: 0\r\n";
    phone.send(
        strip(phone.request("REGISTER", uri_of(""), address_of("201"), 2, more), "Contact: *\r\n"));
    CHECK(office.next<RegisterReceived>().wildcard);
}

TEST_CASE("a repeated REGISTER gets the answer of the first, and is not reported again (RFC 3261 "
          "§17.2.2)")
{
    Office office;
    Phone phone{office, "201"};
    const auto text = phone.send_authorised("REGISTER", uri_of(""), address_of("201"));
    const auto request = office.next<RegisterReceived>();
    phone.send(text);
    CHECK(phone.receives_nothing_for(50ms));
    office.run(Reply{.transaction = request.transaction, .status = 200});
    const auto first = phone.receive();
    phone.send(text);
    const auto second = phone.receive();
    CHECK(second.status() == 200);
    CHECK(second["To"] == first["To"]);
    CHECK(office.inputs.empty());
}

TEST_CASE("wrong and unknown credentials look the same")
{
    Office office;
    for (const auto* number : {"201", "999"}) {
        Phone phone{office, number};
        phone.send(phone.request("REGISTER", uri_of(""), address_of(number), 1));
        const auto refusal = phone.receive();
        phone.send(phone.request("REGISTER", uri_of(""), address_of(number), 2,
                                 phone.answer_to(refusal, "REGISTER", uri_of(""), "wrong")));
        CHECK(phone.receive().status() == 401);
    }
    CHECK(office.inputs.empty());
}

TEST_CASE("repeated guesses are answered later and later")
{
    Office office;
    Phone phone{office, "201"};
    phone.send(phone.request("REGISTER", uri_of(""), address_of("201"), 1));
    auto refusal = phone.receive();
    const auto guess = [&](unsigned cseq) {
        phone.send(phone.request("REGISTER", uri_of(""), address_of("201"), cseq,
                                 phone.answer_to(refusal, "REGISTER", uri_of(""), "wrong")));
    };
    for (unsigned cseq = 2; cseq < 5; ++cseq) {
        guess(cseq);
        refusal = phone.receive();
    }
    const auto before = std::chrono::steady_clock::now();
    guess(5);
    CHECK(phone.receive().status() == 401);
    CHECK(std::chrono::steady_clock::now() - before >= 900ms);
}

TEST_CASE("REGISTER for somebody else is refused with 403")
{
    Office office;
    Phone phone{office, "201"};
    phone.send_authorised("REGISTER", uri_of(""), address_of("202"));
    const auto answer = phone.receive();
    CHECK(answer.status() == 403);
    CHECK(!answer["Warning"].empty());
    CHECK(office.inputs.empty());
}

TEST_CASE("an INVITE that is from somebody else is refused with 403")
{
    Office office;
    Phone phone{office, "201"};
    const auto forged = [&](std::string text) {
        const std::string own = fmt::format("From: <sip:201@{}>", domain);
        text.replace(text.find(own), own.size(), fmt::format("From: <sip:203@{}>", domain));
        return text;
    };
    phone.send(forged(phone.request("INVITE", uri_of("202"), address_of("202"), 1)));
    const auto refusal = phone.receive();
    CHECK(refusal.status() == 407);
    phone.acknowledge_refusal(refusal, uri_of("202"));
    phone.send(forged(phone.request("INVITE", uri_of("202"), address_of("202"), 2,
                                    phone.answer_to(refusal, "INVITE", uri_of("202")))));
    CHECK(phone.receive().status() == 403);
    CHECK(office.inputs.empty());
}

TEST_CASE(
    "SUBSCRIBE is challenged with 401 and reported with all that a notifier needs (RFC 6665 §4.1)")
{
    Office office;
    Phone phone{office, "201"};
    phone.send_authorised(
        "SUBSCRIBE", uri_of("202"), address_of("202"),
        "Event: dialog;id=7\r\nExpires: 3600\r\n"
        "Accept: application/dialog-info+xml, text/plain;q=0.001, */*;level=1; Q=0.000\r\n"
        "Record-Route: <sip:p1.test;lr>, <sip:p2.test;lr>\r\nSupported: eventlist\r\n");
    const auto request = office.next<SubscribeReceived>();
    CHECK(request.authenticated == "201");
    CHECK(request.request_uri.user == "202");
    CHECK(request.event == "dialog");
    CHECK(request.event_params == ";id=7");
    CHECK(request.accept ==
          std::vector<std::string>{"application/dialog-info+xml", "text/plain"});
    CHECK(request.accept_not == std::vector<std::string>{"*/*"});
    CHECK(request.expires == 3600s);
    CHECK(request.record_route == std::vector<std::string>{"<sip:p1.test;lr>", "<sip:p2.test;lr>"});
    CHECK(has(request.supported, OptionTag::eventlist));
    CHECK(request.parties.from_tag == "phone201");
    CHECK(request.parties.to_tag.empty());
    office.run(Reply{.transaction = request.transaction,
                     .status = 200,
                     .local_tag = "ours",
                     .headers = {{"Expires", "1800"}}});
    const auto answer = phone.receive();
    CHECK(answer.status() == 200);
    CHECK(answer["Expires"] == "1800");
    CHECK(answer.parameter("To", "tag") == "ours");
    CHECK(answer["Contact"] == fmt::format("<sip:202@127.0.0.1:{}>", office.port(Transport::udp)));
    CHECK(answer.all("Record-Route").size() == 2);
}

TEST_CASE("requests that belong to no dialog get 481")
{
    Office office;
    Phone phone{office, "201"};
    unsigned cseq = 0;
    for (const auto* method : {"BYE", "INFO", "UPDATE", "PRACK", "NOTIFY", "CANCEL"}) {
        CAPTURE(method);
        phone.send(phone.request(method, uri_of("202"), "<sip:202@office.test>;tag=gone", ++cseq));
        CHECK(phone.receive().status() == 481);
    }
    phone.send(phone.request("INVITE", uri_of("202"), "<sip:202@office.test>;tag=gone", ++cseq));
    CHECK(phone.receive().status() == 481);
}

TEST_CASE("PUBLISH is reported with its entity-tag, body and Call-Info, once (RFC 3903)")
{
    for (const auto transport : {Transport::udp, Transport::tcp}) {
        Office office;
        Phone phone{office, "201", transport};
        const auto text = phone.send_authorised(
            "PUBLISH", uri_of("202"), address_of("202"),
            "Event: Call-Info\r\nSIP-If-Match: e7\r\nExpires: 15\r\n"
            "Call-Info: <sip:202@office.test>;appearance-index=1\r\n");
        const auto request = office.next<PublishReceived>();
        CHECK(request.authenticated == "201");
        CHECK(request.request_uri.user == "202");
        CHECK(request.event == "call-info");
        CHECK(request.if_match == "e7");
        CHECK(request.expires == 15s);
        REQUIRE(request.payload);
        CHECK(std::ranges::count(request.payload->headers,
                                 Header{"Call-Info", "<sip:202@office.test>;appearance-index=1"}) ==
              1);
        office.run(Reply{.transaction = request.transaction,
                         .status = 200,
                         .headers = {{"SIP-ETag", "e8"}, {"Expires", "15"}}});
        const auto answer = phone.receive();
        CHECK(answer.status() == 200);
        CHECK(answer["SIP-ETag"] == "e8");
        CHECK(answer.all("Contact").empty());
        if (transport == Transport::tcp) continue;
        phone.send(text);
        CHECK(phone.receive()["SIP-ETag"] == "e8");
    }
}

TEST_CASE("PUBLISH without credentials, or from somebody else, reaches nobody")
{
    for (const auto transport : {Transport::udp, Transport::tcp}) {
        Office office;
        Phone phone{office, "201", transport};
        const auto publish = [&](std::string_view more) {
            return phone.request("PUBLISH", uri_of("201"), address_of("201"), ++phone.cseq,
                                 fmt::format("Event: dialog\r\n{}", more));
        };
        phone.send(publish(""));
        const auto refusal = phone.receive();
        CHECK(refusal.status() == 401);
        CHECK_FALSE(refusal["WWW-Authenticate"].empty());
        phone.send(publish(phone.answer_to(refusal, "PUBLISH", uri_of("201"), "wrong")));
        const auto again = phone.receive();
        CHECK(again.status() == 401);
        auto forged = publish(phone.answer_to(again, "PUBLISH", uri_of("201")));
        const std::string own = fmt::format("From: <sip:201@{}>", domain);
        forged.replace(forged.find(own), own.size(), fmt::format("From: <sip:203@{}>", domain));
        phone.send(forged);
        CHECK(phone.receive().status() == 403);
        CHECK(office.inputs.empty());
    }
}

TEST_CASE("methods we do not serve are refused with what we allow (RFC 3261 §8.2.1)")
{
    Office office;
    Phone phone{office, "201"};
    phone.send(phone.request("FROBNICATE", uri_of("202"), address_of("202"), ++phone.cseq));
    const auto answer = phone.receive();
    CHECK(answer.status() == 501);
    CHECK(answer["Allow"].find("INVITE") != std::string::npos);
}

TEST_CASE("what RFC 3261 §8.2.2 and §16.3 want inspected is inspected")
{
    Office office;
    Phone phone{office, "201"};
    const auto answer_to = [&](std::string text) {
        phone.send(text);
        return phone.receive();
    };
    const auto replaced = [](std::string text, std::string_view what, std::string_view by) {
        text.replace(text.find(what), what.size(), by);
        return text;
    };
    const auto invite = [&](std::string_view more = "") {
        return phone.request("INVITE", uri_of("202"), address_of("202"), ++phone.cseq, more);
    };
    SUBCASE("an extension we do not know")
    {
        const auto answer = answer_to(phone.request("REGISTER", uri_of(""), address_of("201"), 1,
                                                    "Require: path, gruu\r\n"));
        CHECK(answer.status() == 420);
        CHECK(answer["Unsupported"] == "gruu");
    }
    SUBCASE("one that proxies have to know")
    {
        const auto answer = answer_to(invite("Proxy-Require: privacy\r\n"));
        CHECK(answer.status() == 420);
        CHECK(answer["Unsupported"] == "privacy");
    }
    SUBCASE("one that the other phone may know, as far as we can see here")
    {
        CHECK(answer_to(invite("Require: timer, gruu\r\n")).status() == 407);
    }
    SUBCASE("help, where no number is for that (RFC 5031)")
    {
        for (const auto* urn : {"urn:service:sos", "URN:service:sos.police", "urn:service:counseling",
                                "urn:isbn:0451450523"})
            CHECK_MESSAGE(answer_to(phone.request("INVITE", urn, address_of("202"), ++phone.cseq))
                                  .status() == 416,
                          urn);
    }
    SUBCASE("Max-Forwards used up")
    {
        CHECK(answer_to(replaced(invite(), "Max-Forwards: 70", "Max-Forwards: 0")).status() == 483);
    }
    SUBCASE("OPTIONS to us may arrive with Max-Forwards 0 (RFC 3261 §11)")
    {
        CHECK(answer_to(replaced(phone.request("OPTIONS", uri_of(""), address_of(""), 1),
                                 "Max-Forwards: 70", "Max-Forwards: 0"))
                  .status() == 200);
    }
    SUBCASE("another domain")
    {
        CHECK(answer_to(phone.request("REGISTER", "sip:elsewhere.test", address_of("201"), 1))
                  .status() == 404);
        // It may be the contact of a phone.
        CHECK(answer_to(phone.request("INVITE", "sip:202@elsewhere.test", address_of("202"), 1))
                  .status() == 407);
    }
    SUBCASE("a scheme we do not know")
    {
        CHECK(answer_to(phone.request("INVITE", "mailto:anna@office.test", address_of("202"), 1))
                  .status() == 416);
    }
    SUBCASE("an encoded body")
    {
        const auto answer = answer_to(invite("Content-Encoding: gzip\r\n"));
        CHECK(answer.status() == 415);
        CHECK(answer["Accept-Encoding"] == "identity");
    }
    SUBCASE("no Contact to answer to")
    {
        CHECK(answer_to(replaced(invite(), fmt::format("Contact: <{}>\r\n", phone.contact()), ""))
                  .status() == 400);
    }
    SUBCASE("CSeq of another method")
    {
        CHECK(answer_to(replaced(invite(), "CSeq: 1 INVITE", "CSeq: 1 BYE")).status() == 400);
    }
}

TEST_CASE("a body above the limit is refused with 413, over both transports")
{
    auto settings = Office::quick();
    settings.limits.body_bytes = 2000;
    Office office{settings};
    for (const auto transport : {Transport::udp, Transport::tcp}) {
        Phone phone{office, "201", transport};
        phone.send(phone.request("INVITE", uri_of("202"), address_of("202"), 1, "",
                                 std::string(2001, 'v')));
        CHECK(phone.receive().status() == 413);
    }
    Phone far_above{office, "201", Transport::tcp};
    far_above.send(far_above.request("INVITE", uri_of("202"), address_of("202"), 1, "",
                                     std::string(60000, 'v')));
    CHECK(far_above.receive().status() == 413);
}

TEST_CASE("XML above the limit is a malformed body of an event package, and too large in any other "
          "request")
{
    auto settings = Office::quick();
    settings.limits.body_bytes = 2048;
    Office office{settings};
    Phone phone{office, "201", Transport::tcp};
    const auto answer_to = [&](std::string_view method, std::string_view type) {
        constexpr std::string_view usual{"application/sdp"};
        auto text = phone.request(method, uri_of("202"), address_of("202"), ++phone.cseq,
                                  "Event: dialog\r\n", std::string(2049, ' '));
        phone.send(text.replace(text.find(usual), usual.size(), type));
        return phone.receive();
    };
    for (const auto* method : {"SUBSCRIBE", "PUBLISH", "NOTIFY"}) {
        CAPTURE(method);
        const auto refused = answer_to(method, "application/dialog-info+XML;charset=utf-8");
        CHECK(refused.status() == 400);
        CHECK(refused["Warning"].find("at most 2 KB") != std::string::npos);
        CHECK(answer_to(method, "application/xmlish").status() == 413);
    }
    CHECK(answer_to("OPTIONS", "text/xml").status() == 413);
}

TEST_CASE("under load an emergency number is not turned away")
{
    for (const bool late : {true, false}) {
        auto settings = Office::quick();
        if (late)
            settings.limits.overload_lag = -1s;
        else
            settings.limits.unanswered_requests = 0;
        Office office{settings};
        DigitRules rules;
        rules.rules = {{.pattern = "112|144", .emergency = true}};
        std::vector<Extension> extensions{
            {"201", "", md5_hex(fmt::format("201:{}:{}", domain, secret_of("201"))), ""}};
        office.endpoint.set_directory(std::make_shared<const Directory>(
            std::string{domain}, std::move(extensions), std::vector<Group>{},
            Numbering{.digit_plan = DigitPlan{rules}}));
        Phone phone{office, "201"};
        phone.send(phone.request("INVITE", uri_of("202"), address_of("202"), 1));
        CHECK(phone.receive().status() == 503);
        phone.send(phone.request("INVITE", uri_of("1-1-2"), address_of("112"), 2));
        CHECK(phone.receive().status() == 407);
        office.endpoint.refuse_new_calls(true);  // nor while the last calls end
        phone.send(phone.request("INVITE", uri_of("112"), address_of("112"), 3));
        CHECK(phone.receive().status() == 407);
        phone.send(phone.request("INVITE", uri_of("202"), address_of("202"), 4));
        CHECK(phone.receive().status() == 503);
    }
}

TEST_CASE("while draining, new calls are refused with 503 and Retry-After")
{
    Office office;
    office.endpoint.refuse_new_calls(true);
    Phone phone{office, "201"};
    phone.send(phone.request("INVITE", uri_of("202"), address_of("202"), 1));
    const auto answer = phone.receive();
    CHECK(answer.status() == 503);
    CHECK(!answer["Retry-After"].empty());
    phone.send(phone.request("REGISTER", uri_of(""), address_of("201"), 2));
    CHECK(phone.receive().status() == 401);
}

TEST_CASE("the end of a connection that a phone registered over is reported")
{
    Office office;
    Phone phone{office, "201", Transport::tcp};
    phone.send_authorised("REGISTER", uri_of(""), address_of("201"));
    const auto request = office.next<RegisterReceived>();
    REQUIRE(request.source.connection);
    office.run(Reply{.transaction = request.transaction, .status = 200});
    CHECK(phone.receive().status() == 200);
    phone.hang_up();
    CHECK(office.next<ConnectionClosed>().connection == request.source.connection);
}

TEST_CASE("no value of a command can add a header")
{
    Office office;
    Phone phone{office, "201"};
    phone.send_authorised("REGISTER", uri_of(""), address_of("201"));
    const auto request = office.next<RegisterReceived>();
    office.run(Reply{
        .transaction = request.transaction, .status = 200, .headers = {{"X-A", "1\r\nX-B: 2"}}});
    const auto answer = phone.receive();
    CHECK(answer["X-B"].empty());
    CHECK(answer["X-A"] == "1X-B: 2");
}

TEST_CASE("no more connections are taken than allowed; others wait until there is room")
{
    auto settings = Office::quick();
    settings.limits.connections = 3;
    Office office{settings};
    const auto is_answered = [&](Phone& phone) {
        phone.send(phone.request("OPTIONS", uri_of(""), address_of(""), ++phone.cseq));
        return !phone.receives_nothing_for(300ms);
    };
    std::deque<Phone> phones;
    for (int i = 0; i < 4; ++i) phones.emplace_back(office, "201", Transport::tcp);
    for (auto& phone : phones) CHECK(is_answered(phone));
    office.until([] { return false; }, 250ms);
    Phone late{office, "202", Transport::tcp};
    CHECK(!is_answered(late));
    phones.clear();
    CHECK(office.until([&] { return late.has_message(); }));
}

TEST_CASE("a From without the semicolon before its tag is understood, as old snom phones write it")
{
    Office office;
    Phone phone{office, "201"};
    const auto damaged = [](std::string text) {
        text.replace(text.find(">;tag=phone201"), 2, ">");
        return text;
    };
    phone.send(damaged(
        phone.request("SUBSCRIBE", uri_of("202"), address_of("202"), 1, "Event: dialog\r\n")));
    const auto refusal = phone.receive();
    REQUIRE(refusal.status() == 401);
    phone.send(damaged(
        phone.request("SUBSCRIBE", uri_of("202"), address_of("202"), 2,
                      phone.answer_to(refusal, "SUBSCRIBE", uri_of("202")) + "Event: dialog\r\n")));
    CHECK(office.next<SubscribeReceived>().parties.from_tag == "phone201");
}
