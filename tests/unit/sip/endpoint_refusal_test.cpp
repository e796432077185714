// What is refused without a look at who sends it, and what is too much.
#include "sip_office.hpp"

using namespace lampline;
using namespace lampline::sip;
using namespace lampline::sip::test;

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
        const auto answer =
            answer_to(replaced(invite(), fmt::format("Contact: <{}>\r\n", phone.contact()), ""));
        CHECK(answer.status() == 400);
        CHECK(answer["Warning"].starts_with("399 lampline \"Contact: "));
    }
    SUBCASE("CSeq of another method")
    {
        const auto answer = answer_to(replaced(invite(), "CSeq: 1 INVITE", "CSeq: 1 BYE"));
        CHECK(answer.status() == 400);
        CHECK(answer["Warning"].starts_with("399 lampline \"CSeq: "));
    }
}

TEST_CASE("a malformed header, and one too many, is named by a Warning, over both transports")
{
    Office office;
    for (const auto transport : {Transport::udp, Transport::tcp}) {
        Phone phone{office, "201", transport};
        const auto is_refused = [&](std::string_view method, std::string_view field,
                                    std::string_view lines) {
            CAPTURE(method);
            CAPTURE(lines);
            phone.send(phone.request(method, uri_of("202"), address_of("202"), ++phone.cseq, lines));
            const auto answer = phone.receive();
            CHECK(answer.status() == 400);
            CHECK_MESSAGE(answer["Warning"].starts_with(fmt::format("399 lampline \"{}: expected ", field)),
                          answer["Warning"]);
        };
        for (const auto* method : {"INVITE", "REGISTER", "SUBSCRIBE", "NOTIFY", "PUBLISH", "REFER"}) {
            is_refused(method, "Contact", "Contact: <<\r\n");
            is_refused(method, "Expires", "Expires: soon\r\n");
            is_refused(method, "Expires", "Expires: 60\r\nExpires: 60\r\n");
            is_refused(method, "Event", "Event: \r\n");
            is_refused(method, "Event", "Event: dialog\r\nEvent: dialog\r\n");
            is_refused(method, "Max-Forwards", "Max-Forwards: 70\r\n");
            is_refused(method, "From", "From: <sip:202@office.test>;tag=2\r\n");
            is_refused(method, "To", "To: <sip:203@office.test>\r\n");
            is_refused(method, "Call-ID", "Call-ID: another\r\n");
            is_refused(method, "CSeq", fmt::format("CSeq: 9 {}\r\n", method));
        }
        for (const auto* method : {"INVITE", "SUBSCRIBE", "NOTIFY", "REFER"})
            is_refused(method, "Contact", "Contact: <sip:201@192.0.2.1>\r\n");
        is_refused("INVITE", "Session-Expires", "Session-Expires: 90\r\nSession-Expires: 90\r\n");
        is_refused("PUBLISH", "SIP-If-Match", "SIP-If-Match: a\r\nSIP-If-Match: b\r\n");
        is_refused("NOTIFY", "Subscription-State", "Subscription-State: \r\n");
        is_refused("REGISTER", "Path", "Path: x y z\r\n");
        phone.send(phone.request("OPTIONS", uri_of(""), address_of(""), ++phone.cseq));
        CHECK(phone.receive().status() == 200);  // nothing of it was taken for an end of the stream
    }
    Phone phone{office, "201"};
    auto nameless = phone.request("OPTIONS", uri_of(""), address_of(""), 1);
    const std::string from = "From: <sip:201@office.test>";
    nameless.replace(nameless.find(from), from.size(), "From: <<");
    phone.send(nameless);
    const auto answer = phone.receive();
    CHECK(answer.status() == 400);
    CHECK(answer["Warning"].starts_with("399 lampline \"From: "));
}

TEST_CASE("a faulty request is kept from the dialog that it names; an ACK goes unanswered")
{
    Office office;
    Phone caller{office, "201"};
    const auto text = caller.send_authorised("INVITE", uri_of("202"), address_of("202"));
    const auto invite = office.next<InviteReceived>();
    office.run(OpenDialog{invite.transaction, LegId{1}, "ours"});
    office.run(Reply{.transaction = invite.transaction, .status = 200});
    const auto success = caller.receive_beyond_100();
    caller.acknowledge_success(success);
    static_cast<void>(office.next<AckReceived>());

    for (const auto* method : {"INVITE", "UPDATE", "REFER", "BYE"}) {
        caller.send(caller.request(method, uri_of("202"), success["To"], 20, "Expires: 60\r\nExpires: 60\r\n"));
        auto answer = caller.receive();  // or the 2xx once more
        while (answer["CSeq"] != fmt::format("20 {}", method)) answer = caller.receive();
        CHECK(answer.status() == 400);
        CHECK(answer["Warning"].starts_with("399 lampline \"Expires: "));
    }
    caller.send(caller.request("ACK", uri_of("202"), success["To"], 20, "Expires: soon\r\n"));
    CHECK(caller.receives_nothing_for(50ms));
    CHECK(office.inputs.empty());
    // Its CSeq was not counted.
    caller.send(caller.request("BYE", uri_of("202"), success["To"], 19));
    CHECK(office.next<RequestReceived>().method == Method::bye);
}

TEST_CASE("a number of somebody else's plan is nobody's here, whatever is asked of it (RFC 3966 §5.1.5)")
{
    Office office;
    Phone phone{office, "201"};
    for (const auto* method : {"MESSAGE", "SUBSCRIBE", "PUBLISH", "REFER", "REGISTER"})
        for (const auto* uri : {"tel:202;phone-context=elsewhere.test",
                                "sip:202;phone-context=elsewhere.test@office.test;user=phone"}) {
            CAPTURE(method);
            CAPTURE(uri);
            phone.send(phone.request(method, uri, address_of("201"), ++phone.cseq));
            const auto answer = phone.receive();
            CHECK(answer.status() == 404);
            CHECK(answer["Warning"].find("phone-context") != std::string::npos);
        }
    for (const auto* uri : {"tel:202;phone-context=office.test", "tel:202;phone-context=+43", "tel:202"}) {
        phone.send(phone.request("MESSAGE", uri, address_of("202"), ++phone.cseq));
        CHECK_MESSAGE(phone.receive()["Warning"].empty(), uri);  // but a challenge
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

TEST_CASE("one more connection on which nobody has authenticated takes the place of the oldest of these")
{
    for (const bool of_one_host : {true, false}) {
        CAPTURE(of_one_host);
        auto settings = Office::quick();
        settings.limits.strangers_of_host = of_one_host ? 3 : 100;
        settings.limits.strangers = of_one_host ? 100 : 3;
        Office office{settings};
        const auto is_answered = [&](Phone& phone) {
            phone.send(phone.request("OPTIONS", uri_of(""), address_of(""), ++phone.cseq));
            return phone.receive().status() == 200;
        };
        Phone known{office, "201", Transport::tcp};
        known.send_authorised("REGISTER", uri_of(""), address_of("201"));
        static_cast<void>(office.next<RegisterReceived>());
        std::deque<Phone> strangers;
        for (int i = 0; i < 5; ++i) {
            strangers.emplace_back(office, "202", Transport::tcp);
            REQUIRE(is_answered(strangers.back()));
        }
        CHECK(office.until([&] { return strangers[0].is_closed() && strangers[1].is_closed(); }));
        for (std::size_t i = 2; i < strangers.size(); ++i) CHECK(is_answered(strangers[i]));
        CHECK(is_answered(known));
    }
}
