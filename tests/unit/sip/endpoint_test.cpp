// Where we listen, and what of a request outside a dialog is reported.
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

TEST_CASE("PUBLISH: a Call-Info that cannot be read is reported as empty, beside those that can")
{
    using Values = std::vector<std::string>;
    const std::string good{"<sip:202@office.test>;appearance-index=1"};
    const auto reported = [](const std::string& lines) {
        Office office;
        Phone phone{office, "201"};
        phone.send_authorised("PUBLISH", uri_of("202"), address_of("202"),
                              "Event: call-info\r\n" + lines);
        Values values;
        if (const auto request = office.next<PublishReceived>(); request.payload)
            for (const auto& header : request.payload->headers)
                if (header.name == "Call-Info") values.push_back(header.value);
        return values;
    };
    const auto line = [](const std::string& value) { return "Call-Info: " + value + "\r\n"; };
    CHECK(reported(line(good)) == Values{good});
    for (const auto* bad : {"<sip:202@office.test", "one two", "<sip:202@office.test>;a=\"b", ""}) {
        CAPTURE(bad);
        CHECK(reported(line(bad)) == Values{""});
        CHECK(reported(line(good) + line(bad)) == Values{good, ""});
        CHECK(reported(line(bad) + line(good)) == Values{good, ""});
    }
    CHECK(reported(line(good + ", <sip:202@office.test")) == Values{""});
    for (const auto& gap : {good + ",", good + " , ", "," + good, " ,\t" + good + ','}) {
        CAPTURE(gap);  // RFC 3261 §20.9 has no empty values
        CHECK(reported(line(gap)) == Values{good, ""});
        CHECK(reported(line(good) + line(gap)) == Values{good, good, ""});
        CHECK(reported(line(gap) + line(good)) == Values{good, good, ""});
    }
    CHECK(reported(line(good + ", ," + good)) == Values{good, good, ""});
    const std::string commas{"<sip:a,,b@office.test>;purpose=\"x,,\\\",\";y=1"};
    CHECK(reported(line(commas)) == Values{commas});
    CHECK(reported("Subject: x\r\n").empty());
}

TEST_CASE("REFER: a Refer-To that cannot be read is reported as it was written, behind a comma")
{
    const auto reported = [](const std::string& lines) {
        Office office;
        Phone phone{office, "201"};
        phone.send_authorised("REFER", uri_of("201"), address_of("201"), lines);
        std::vector<std::string> values;
        if (const auto request = office.next<ReferReceived>(); request.payload)
            for (const auto& header : request.payload->headers)
                if (header.name == "Refer-To") values.push_back(header.value);
        return values;
    };
    const std::string good{"<sip:202@office.test>"};
    const std::string bad{"\"Bob <sip:202@office.test>;x=1"};
    const auto line = [](const std::string& value) { return "Refer-To: " + value + "\r\n"; };
    CHECK(reported(line(good)) == std::vector{good});
    CHECK(reported(line(bad)) == std::vector{"," + bad});
    CHECK(reported(line(good) + line(bad)) == std::vector{good, "," + bad});
    CHECK(reported(line("<" + std::string(3000, 'x'))) ==
          std::vector{",<" + std::string(1023, 'x')});
    CHECK(reported("Subject: x\r\n").empty());
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
