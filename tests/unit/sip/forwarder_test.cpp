// INVITEs that are passed on: the transactions on both sides, and their timers (RFC 3261 §16, §17).
#include "passed_call.hpp"
#include "sip/route_token.hpp"

using namespace lampline;
using namespace lampline::sip;
using namespace lampline::sip::test;

TEST_CASE("timer A: the INVITE is repeated until the phone says something, and then no more")
{
    Passed call;
    const auto first = call.passes();
    const auto again = call.callee.receive();
    CHECK(again["Via"] == first["Via"]);
    call.callee.reply(first, 180, "Ringing");
    CHECK(call.passes_back(180).status() == 180);
    while (!call.callee.receives_nothing_for(300ms)) call.callee.receive();
}

TEST_CASE("timer B: a phone that says nothing is given up")
{
    Passed call;
    call.passes();
    const auto silence = call.office.next<ResponseReceived>();
    CHECK(silence.status == 408);
    CHECK(silence.generated);
    call.office.run(Reply{.transaction = call.request, .status = 408});
    CHECK(call.caller.receive_beyond_100().status() == 408);
}

TEST_CASE(
    "timer C: a phone that only rings is cancelled, and each provisional response gives it time")
{
    auto settings = Office::quick();
    settings.timer_c = 300ms;
    Passed call{Transport::udp, settings};
    const auto invite = call.passes();
    call.callee.reply(invite, 180, "Ringing");
    call.passes_back(180);
    CHECK(call.callee.receives_nothing_for(200ms));
    call.callee.reply(invite, 180, "Ringing");
    call.passes_back(180);
    CHECK(call.callee.receives_nothing_for(200ms));
    auto cancel = call.callee.receive();
    CHECK(cancel.method() == "CANCEL");
    CHECK(cancel["Via"] == invite["Via"]);
    CHECK(call.office.next<ResponseReceived>().status == 408);
    call.callee.reply(cancel, 200, "OK");
    call.callee.reply(invite, 487, "Request Terminated");
    CHECK(call.callee.receive().method() == "ACK");
    CHECK(call.office.inputs.empty());
}

TEST_CASE("timer C: a 100 gives a phone no time (RFC 3261 §16.7 step 2)")
{
    auto settings = Office::quick();
    settings.timer_c = 500ms;
    Passed call{Transport::udp, settings};
    const auto invite = call.passes();
    const auto begun = std::chrono::steady_clock::now();
    const auto passes = [&](std::chrono::milliseconds time) {
        call.office.until([] { return false; }, time);
    };
    passes(50ms);
    SUBCASE("alone") {}
    SUBCASE("behind the phone's own word")
    {
        call.callee.reply(invite, 180, "Ringing");
        call.passes_back(180);
    }
    passes(250ms);
    call.callee.reply(invite, 100, "Trying");
    auto heard = call.callee.receive();
    while (heard.method() == "INVITE") heard = call.callee.receive();
    CHECK(heard.method() == "CANCEL");
    CHECK(std::chrono::steady_clock::now() - begun < 750ms);
}

TEST_CASE("a CANCEL waits for a provisional response, is repeated until it is answered, and ends "
          "by 64*T1")
{
    Passed call;
    const auto invite = call.passes();
    call.office.run(SendCancel{callee_leg, branch, {{"Reason", "SIP;cause=200"}}});
    CHECK(call.callee.receive().method() == "INVITE");  // again
    call.callee.reply(invite, 180, "Ringing");
    auto cancel = call.callee.receive();
    while (cancel.method() == "INVITE") cancel = call.callee.receive();
    CHECK(cancel.method() == "CANCEL");
    CHECK(cancel["CSeq"] == "2 CANCEL");
    CHECK(cancel["Reason"] == "SIP;cause=200");
    CHECK(call.callee.receive().method() == "CANCEL");
    call.callee.reply(cancel, 200, "OK");
    const auto silence = call.office.next<ResponseReceived>();
    CHECK(silence.status == 180);
    CHECK(call.office.next<ResponseReceived>().status == 408);
}

TEST_CASE("what an earlier run has passed on is cancelled with its Via, and its refusal acknowledged")
{
    auto settings = Office::quick();
    settings.route_key = RouteKey{};
    Message asked;
    std::string via;
    {
        Passed before{Transport::udp, settings};
        asked = before.passes();
        before.callee.reply(asked, 180, "Ringing");
        via = before.office.next<ResponseReceived>().via;
        CHECK(via == asked.all("Via").front());
    }
    Office office{settings};
    auto of_next = asked;
    const auto ours = fmt::format("127.0.0.1:{}", office.port(Transport::udp));
    for (auto& header : of_next.headers)
        if (header.first == "Via" && header.second == via)
            header.second = fmt::format("SIP/2.0/UDP {}{}", ours, via.substr(via.find(';')));
    Phone callee{office, "202"};
    office.run(EndInvite{{.role = LegRole::callee,
                          .dialog = {asked["Call-ID"], "phone201", ""},
                          .state = {.local_party = {"", *SipUri::parse(uri_of("201"))},
                                    .remote_party = {"", *SipUri::parse(uri_of("202"))},
                                    .target = *SipUri::parse(callee.contact())},
                          .cseq = static_cast<std::uint32_t>(std::stoul(asked["CSeq"])),
                          .via = {via},
                          .flow = callee.flow()}});
    const auto cancel = callee.receive();
    CHECK(cancel.first_line == fmt::format("CANCEL {} SIP/2.0", callee.contact()));
    CHECK(cancel.all("Via").size() == 1);
    CHECK(cancel.parameter("Via", "branch") == asked.parameter("Via", "branch"));
    CHECK(cancel["CSeq"] == fmt::format("{} CANCEL", std::stoul(asked["CSeq"])));
    CHECK(cancel["Call-ID"] == asked["Call-ID"]);
    CHECK(cancel["From"] == asked["From"]);
    CHECK(cancel["To"] == asked["To"]);
    CHECK(cancel["Via"].starts_with(fmt::format("SIP/2.0/UDP {};", ours)));
    callee.reply(cancel, 200, "OK");
    callee.reply(of_next, 487, "Request Terminated");
    const auto ack = callee.receive();
    CHECK(ack.method() == "ACK");
    CHECK(ack.parameter("Via", "branch") == asked.parameter("Via", "branch"));
}

TEST_CASE("timer G: a failure is repeated to the caller until it is acknowledged")
{
    Passed call;
    const auto invite = call.passes();
    call.callee.reply(invite, 486, "Busy Here", "X-Why: lunch\r\n");
    CHECK(call.callee.receive().method() == "ACK");
    auto refusal = call.passes_back(486);
    CHECK(refusal["X-Why"] == "lunch");
    CHECK(refusal.all("Via").size() == 1);
    refusal = call.caller.receive();
    CHECK(refusal.status() == 486);
    call.caller.acknowledge_refusal(refusal, uri_of("202"));
    while (!call.caller.receives_nothing_for(200ms)) call.caller.receive();
    // Timer D: the phone has not heard our ACK.
    call.callee.reply(invite, 486, "Busy Here");
    CHECK(call.callee.receive().method() == "ACK");
    CHECK(call.office.inputs.empty());
}

TEST_CASE("RFC 3261 §16.4: Routes that lead to us are taken off, those behind them are told, and one "
          "that is followed is that of the CANCEL and ACK too")
{
    Office office;
    Phone caller{office, "201"};
    Phone callee{office, "202"};
    const auto along = fmt::format("<sip:127.0.0.1:{};lr>", callee.port());
    const auto routes = fmt::format(
        "Route: <sip:a-name-of-ours.example;lr>, <sip:office.test;lr>\r\n"
        "Route: <sip:127.0.0.1:{};lr>, {}\r\nRoute: <sip:office.test;lr>\r\n",
        office.port(Transport::udp), along);
    caller.send_authorised("INVITE", uri_of("202"), address_of("202"), routes, "v=0 offer\r\n");
    const auto asked = office.next<InviteReceived>();
    REQUIRE(asked.routes.size() == 2);
    CHECK('<' + write(asked.routes[0]) + '>' == along);  // another program at our address
    CHECK(asked.routes[1].host == "office.test");

    office.run(ForwardInvite{.request = asked.transaction,
                             .caller = caller_leg,
                             .leg = callee_leg,
                             .transaction = branch,
                             .target = {*SipUri::parse(callee.contact()), {along}, callee.flow()}});
    const auto invite = callee.receive();
    CHECK(invite.all("Route") == std::vector{along});
    callee.reply(invite, 180, "Ringing");
    CHECK(office.next<ResponseReceived>().status == 180);
    office.run(SendCancel{callee_leg, branch, {}});
    const auto next_but = [&](std::string_view method) {
        auto message = callee.receive();
        while (message.method() == method) message = callee.receive();
        return message;
    };
    const auto cancel = next_but("INVITE");
    CHECK(cancel.method() == "CANCEL");
    CHECK(cancel.all("Route") == std::vector{along});
    callee.reply(cancel, 200, "OK");
    callee.reply(invite, 487, "Request Terminated");
    const auto ack = next_but("CANCEL");
    CHECK(ack.method() == "ACK");
    CHECK(ack.all("Route") == std::vector{along});
}

TEST_CASE("a 2xx passes as often as it comes, by its Via alone; its ACK and the BYE by their Route")
{
    Passed call;
    const auto invite = call.passes();
    CHECK(invite["Max-Forwards"] == "69");
    CHECK(invite["Proxy-Authorization"].empty());
    CHECK(invite.body == "v=0 offer\r\n");
    call.callee.reply(invite, 200, "OK", "", "v=0 answer\r\n");
    CHECK(call.passes_back(200).body == "v=0 answer\r\n");
    call.callee.reply(invite, 200, "OK", "", "v=0 answer\r\n");
    CHECK(call.caller.receive().body == "v=0 answer\r\n");
    CHECK(call.office.next<DialogPassed>().to_tag == "callee");
    call.callee.reply(invite, 200, "OK", "", "v=0 other\r\n", "another");  // forked behind us
    CHECK(call.caller.receive()["To"].ends_with("another"));
    const auto forked = call.office.next<DialogPassed>();
    CHECK(forked.method == Method::invite);
    CHECK(forked.status == 200);
    CHECK(forked.from_tag == "phone201");
    CHECK(forked.to_tag == "another");
    CHECK(call.office.inputs.empty());

    const auto route = fmt::format("Route: {}\r\n", invite["Record-Route"]);
    const auto to = address_of("202") + ";tag=callee";
    call.caller.send(call.caller.request("ACK", call.callee.contact(), to, 2, route));
    const auto ack = call.callee.receive();
    CHECK(ack.method() == "ACK");
    CHECK(ack["Route"].empty());
    call.caller.send(call.caller.request("BYE", call.callee.contact(), to, 3, route));
    const auto bye = call.callee.receive();
    CHECK(bye.method() == "BYE");
    const auto passed = call.office.next<DialogPassed>();
    CHECK(passed.method == Method::bye);
    CHECK(passed.from_tag == "phone201");
    CHECK(passed.to_tag == "callee");
    call.callee.reply(bye, 200, "OK");
    CHECK(call.caller.receive()["CSeq"] == "3 BYE");
}

TEST_CASE("who has answered behind a proxy that has forked is told of with its Contact and the way to it")
{
    using Routes = std::vector<std::string>;
    Passed call;
    const auto invite = call.passes();
    call.callee.reply(invite, 200, "OK");
    call.passes_back(200);
    const auto ours = invite["Record-Route"];
    const auto answered = [&](std::string_view tag, const Routes& record_routes) {
        auto asked = invite;
        std::erase_if(asked.headers, [](const auto& header) { return header.first == "Record-Route"; });
        for (const auto& route : record_routes) asked.headers.emplace_back("Record-Route", route);
        call.callee.reply(asked, 200, "OK", "", "", tag);
        CHECK(call.caller.receive()["To"].ends_with(tag));
        return call.office.next<DialogPassed>();
    };
    const auto one = answered("one", {"<sip:192.0.2.8;lr>", "<sip:192.0.2.7;lr;pass=of-another>", ours,
                                      "<sip:192.0.2.1;lr>"});
    CHECK(one.route == Routes{"<sip:192.0.2.7;lr;pass=of-another>", "<sip:192.0.2.8;lr>"});
    CHECK(write(one.target) == call.callee.contact());
    CHECK(one.callee.port == call.callee.port());
    const auto other = answered("other", {ours, ours});  // RFC 5658
    CHECK(other.route.empty());
    CHECK(write(other.target) == call.callee.contact());
    CHECK(answered("unknown", {"<sip:192.0.2.8;lr>"}).target.host.empty());
}

TEST_CASE("a 481 to what passes in a dialog ends the call only where it is of the call (RFC 5057)")
{
    Passed call;
    const auto invite = call.passes();
    call.callee.reply(invite, 200, "OK", "", "v=0 answer\r\n");
    CHECK(call.passes_back(200).status() == 200);
    const auto route = fmt::format("Route: {}\r\n", invite["Record-Route"]);
    const auto to = address_of("202") + ";tag=callee";
    call.caller.send(call.caller.request("ACK", call.callee.contact(), to, 2, route));
    CHECK(call.callee.receive().method() == "ACK");
    unsigned cseq = 2;
    const auto passes = [&](std::string_view method, std::string_view more = "") {
        call.caller.send(call.caller.request(method, call.callee.contact(), to, ++cseq,
                                             fmt::format("{}{}", route, more)));
        const auto request = call.callee.receive();
        CHECK(request.method() == method);
        call.callee.reply(request, 481, "Subscription Does Not Exist");
        CHECK(call.caller.receive_beyond_100().status() == 481);
    };
    passes("NOTIFY", "Event: refer\r\nSubscription-State: terminated;reason=noresource\r\n");
    CHECK(call.office.next<ForwardedEnded>().call_id == call.caller.call_id);
    passes("MESSAGE");
    CHECK(call.office.inputs.empty());
    passes("INFO");
    const auto ended = call.office.next<DialogPassed>();
    CHECK(ended.method == Method::info);
    CHECK(ended.status == 481);
}

TEST_CASE("an INVITE that comes again makes no second call, whatever has become of the first")
{
    Passed call;
    const auto again = call.caller.request("INVITE", uri_of("202"), address_of("202"), 9);
    const auto invite = call.passes();
    call.callee.reply(invite, 200, "OK");
    const auto success = call.passes_back(200);
    const auto repeated = fmt::format(
        "INVITE {} SIP/2.0\r\nVia: {}\r\nMax-Forwards: 70\r\nFrom: {}\r\nTo: {}\r\nCall-ID: {}\r\n"
        "CSeq: {}\r\nContact: <{}>\r\nContent-Length: 0\r\n\r\n",
        uri_of("202"), success["Via"], success["From"], address_of("202"), success["Call-ID"],
        success["CSeq"], call.caller.contact());
    call.caller.send(repeated);
    CHECK(call.caller.receives_nothing_for(100ms));
    CHECK(call.office.inputs.empty());
}

TEST_CASE("what came over a connection and leaves by UDP is repeated by us until it is answered")
{
    Office office;
    Phone caller{office, "201", Transport::tcp};
    Phone callee{office, "202"};
    caller.send_authorised("INVITE", uri_of("202"), address_of("202"));
    const auto request = office.next<InviteReceived>().transaction;
    office.run(ForwardInvite{.request = request,
                             .caller = caller_leg,
                             .leg = callee_leg,
                             .transaction = branch,
                             .target = {*SipUri::parse(callee.contact()), {}, callee.flow()}});
    const auto invite = callee.receive();
    REQUIRE(invite.all("Record-Route").size() == 2);  // by UDP for the one, by TCP for the other
    CHECK(invite.all("Record-Route")[1].find("transport=tcp") != std::string::npos);
    callee.reply(invite, 200, "OK");
    const auto response = office.next<ResponseReceived>();
    office.run(ForwardResponse{.request = request, .message = response.message});
    CHECK(caller.receive_beyond_100().status() == 200);
    std::string routes;
    for (const auto& route : {invite.all("Record-Route")[1], invite.all("Record-Route")[0]})
        routes += fmt::format("Route: {}\r\n", route);
    caller.send(
        caller.request("BYE", callee.contact(), address_of("202") + ";tag=callee", 3, routes));
    const auto bye = callee.receive();
    CHECK(bye["Route"].empty());
    CHECK(callee.receive().method() == "BYE");
    callee.reply(bye, 200, "OK");
    CHECK(caller.receive()["CSeq"] == "3 BYE");
    while (!callee.receives_nothing_for(200ms)) callee.receive();
}

TEST_CASE("what passes in a dialog follows the phone that has moved, for as long as it is repeated")
{
    Passed call;
    Phone elsewhere{call.office, "202"};
    const auto invite = call.passes();
    call.callee.reply(invite, 200, "OK");
    call.passes_back(200);
    const auto route = fmt::format("Route: {}\r\n", invite.all("Record-Route").front());
    unsigned cseq = 3;
    const auto asks = [&] {
        call.caller.send(call.caller.request("INFO", call.callee.contact(),
                                             address_of("202") + ";tag=callee", cseq++, route));
    };
    MovePassed moves{std::string{invite["Call-ID"]}, "callee", elsewhere.flow()};
    call.office.run(moves);
    asks();
    const auto info = elsewhere.receive();
    CHECK(info.method() == "INFO");
    CHECK(info.first_line.find(call.callee.contact()) != std::string::npos);
    CHECK(info["Route"].empty());

    moves.flow.reset();
    call.office.run(moves);
    asks();
    CHECK(elsewhere.receive().method() == "INFO");
    while (!call.callee.receives_nothing_for(1ms))
        CHECK(call.callee.receive().method() == "INVITE");
}

TEST_CASE("a phone is asked whether it knows a dialog; its silence is told as 408")
{
    Office office;
    Phone phone{office, "202"};
    const ProbeDialog probe{callee_leg,
                            branch,
                            {"the-call", "peer", "phone"},
                            {.local_party = {"", *SipUri::parse(uri_of("201"))},
                             .remote_party = {"", *SipUri::parse(uri_of("202"))},
                             .target = *SipUri::parse(phone.contact())},
                            phone.flow()};
    office.run(probe);
    const auto options = phone.receive();
    CHECK(options.method() == "OPTIONS");
    CHECK(options["CSeq"] == "0 OPTIONS");
    CHECK(options["From"].ends_with(";tag=peer"));
    CHECK(options["To"].ends_with(";tag=phone"));
    phone.reply(options, 481, "Call/Transaction Does Not Exist");
    CHECK(office.next<ResponseReceived>().status == 481);
    office.run(probe);
    CHECK(office.next<ResponseReceived>().generated);
}

TEST_CASE("a phone behind other proxies is asked along its route set (RFC 3261 §12.2.1.1)")
{
    Office office;
    Phone proxy{office, "202"};
    const auto target = *SipUri::parse("sip:202@198.51.100.9:5062");
    ProbeDialog probe{callee_leg,
                      branch,
                      {"the-call", "peer", "phone"},
                      {.local_party = {"", *SipUri::parse(uri_of("201"))},
                       .remote_party = {"", *SipUri::parse(uri_of("202"))},
                       .target = target},
                      proxy.flow()};
    const std::string next{"<sip:198.51.100.2;lr>"};
    SUBCASE("the next one routes loosely")
    {
        const auto first = fmt::format("<sip:127.0.0.1:{};lr>", proxy.port());
        probe.state.route = {first, next};
        office.run(probe);
        const auto options = proxy.receive();
        CHECK(options.first_line == fmt::format("OPTIONS {} SIP/2.0", write(target)));
        CHECK(options.all("Route") == std::vector{first, next});
        proxy.reply(options, 503, "Service Unavailable");
        const auto answer = office.next<ResponseReceived>();
        CHECK(answer.status == 503);
        CHECK_FALSE(answer.generated);
    }
    SUBCASE("the next one routes strictly")
    {
        const auto first = fmt::format("sip:127.0.0.1:{}", proxy.port());
        probe.state.route = {'<' + first + '>', next};
        office.run(probe);
        const auto options = proxy.receive();
        CHECK(options.first_line == fmt::format("OPTIONS {} SIP/2.0", first));
        CHECK(options.all("Route") == std::vector{next, '<' + write(target) + '>'});
        proxy.reply(options, 481, "Call/Transaction Does Not Exist");
        CHECK(office.next<ResponseReceived>().status == 481);
    }
}

TEST_CASE("the route to a phone has all that is behind us, though it be another exchange like this")
{
    Passed call;
    auto invite = call.passes();
    const auto ours = invite["Record-Route"];
    const std::string nearer{"<sip:198.51.100.1;lr;pass=AAECAwQFBgcICQoLDA0ODw>"};
    const std::string farther{"<sip:198.51.100.2;lr>"};
    const std::string callers{"<sip:198.51.100.3;lr>"};
    for (const auto& behind : {nearer, farther})
        invite.headers.emplace(invite.headers.begin(), "Record-Route", behind);
    invite.headers.emplace_back("Record-Route", callers);
    REQUIRE(invite.all("Record-Route") == std::vector{farther, nearer, ours, callers});
    call.callee.reply(invite, 200, "OK");
    CHECK(call.office.next<ResponseReceived>().record_route == std::vector{farther, nearer});
}

TEST_CASE("a response that nobody's request has brought goes nowhere")
{
    Passed call;
    Phone eve{call.office, "203"};
    const auto invite = call.passes();
    const auto via = fmt::format("Via: SIP/2.0/UDP 127.0.0.1:{};branch=z9hG4bKx\r\n", eve.port());
    const auto head = fmt::format("From: {}\r\nTo: {};tag=x\r\nCall-ID: {}\r\nCSeq: {}\r\n"
                                  "Content-Length: 0\r\n\r\n",
                                  invite["From"], invite["To"], invite["Call-ID"], invite["CSeq"]);
    for (const auto* status : {"486 Busy Here", "200 OK"}) {
        eve.send(fmt::format("SIP/2.0 {}\r\nVia: {}\r\n{}{}", status, invite["Via"], via, head));
        eve.send(fmt::format("SIP/2.0 {}\r\nVia: {}\r\n{}", status, invite["Via"], head));
    }
    CHECK(eve.receives_nothing_for(100ms));
    for (const auto& input : call.office.inputs) {
        const auto& response = std::get<ResponseReceived>(input);
        CAPTURE(response.status);
        CHECK(response.generated);  // time has passed
    }
}
