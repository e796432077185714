// Session timers of calls that are passed on: what a 2xx lacks is added on its way to who asked
// (RFC 4028 §8.2).
#include <algorithm>

#include "passed_call.hpp"

using namespace lampline;
using namespace lampline::sip;
using namespace lampline::sip::test;

namespace {

constexpr SessionTimer half_an_hour{.expires = 1800s, .refresher = Refresher::uac};
constexpr SessionTimer five_minutes{.expires = 300s, .refresher = Refresher::uac};
constexpr std::string_view asks_for_five_minutes = "Supported: timer\r\nSession-Expires: 300\r\n";

void has_session(const Message& success, std::string_view value)
{
    CHECK(success.status() == 200);
    CHECK(success.all("Session-Expires") == std::vector{std::string{value}});
    CHECK(success["Require"] == "timer");
}

void has_no_session(const Message& success)
{
    CHECK(success.status() == 200);
    CHECK(success["Session-Expires"].empty());
    CHECK(success["Require"].empty());
}

/// A caller that knows session timers, and a callee that does not.
struct Asking : Passed {
    explicit Asking(std::string_view session = "Supported: timer\r\nSession-Expires: 1800\r\n")
        : Passed{Transport::udp, Office::quick(), session}, invite{passes()}
    {
    }
    void answered()
    {
        callee.reply(invite, 200, "OK", "", "v=0 answer\r\n", "phone202");
        has_session(passes_back(200, half_an_hour), "1800;refresher=uac");
        callee.call_id = caller.call_id;
    }
    /// `from` asks by `method`, with these header lines.
    Message asks(Phone& from, std::string_view method, std::string_view more)
    {
        Phone& to = &from == &caller ? callee : caller;
        from.send(from.request(method, to.contact(),
                               fmt::format("{};tag=phone{}", address_of(to.number()), to.number()),
                               ++cseq,
                               fmt::format("Route: {}\r\n{}", invite["Record-Route"], more)));
        CHECK(office.next<DialogPassed>().status == 0);
        auto asked = receives(to);
        CHECK(asked.method() == method);
        return asked;
    }
    /// What is not the INVITE once more (timer A).
    Message receives(Phone& phone) const
    {
        auto message = phone.receive();
        while (message.method() == "INVITE" && message["CSeq"] == invite["CSeq"])
            message = phone.receive();
        return message;
    }
    /// It is accepted with these header lines. The 2xx as it reaches `from`.
    Message accepted(Phone& from, std::string_view method, std::string_view more,
                     std::string_view with = "")
    {
        const auto asked = asks(from, method, more);
        Phone& to = &from == &caller ? callee : caller;
        to.reply(asked, 200, "OK", with);
        return receives(from);
    }
    /// What the engine is told of a 2xx.
    SessionTimer reported()
    {
        const auto passed = office.next<DialogPassed>();
        CHECK(passed.status == 200);
        return passed.session_timer;
    }

    Message invite;
    unsigned cseq = 10;
};

}  // namespace

TEST_CASE("RFC 4028 §8.2: each copy of a 2xx has the Session-Expires that the first one got")
{
    Asking call;
    CHECK(call.invite["Session-Expires"] == "1800");
    call.answered();
    call.callee.reply(call.invite, 200, "OK", "", "v=0 answer\r\n", "phone202");
    has_session(call.caller.receive(), "1800;refresher=uac");
    CHECK(call.reported() == half_an_hour);
    call.callee.reply(call.invite, 200, "OK", "", "v=0 other\r\n", "forked");
    has_session(call.caller.receive(), "1800;refresher=uac");
    CHECK(call.reported() == half_an_hour);
    call.callee.reply(call.invite, 200, "OK",
                      "Require: timer\r\nSession-Expires: 600;refresher=uac\r\n", "v=0 third\r\n",
                      "knows-timers");
    has_session(call.caller.receive(), "600;refresher=uac");
    CHECK(call.reported() == SessionTimer{.expires = 600s, .refresher = Refresher::uac});
}

TEST_CASE("who does not know session timers reads of none in any copy of a 2xx")
{
    Asking call{"Session-Expires: 1800\r\n"};
    call.callee.reply(call.invite, 200, "OK");
    has_no_session(call.passes_back(200));
    call.callee.reply(call.invite, 200, "OK");
    has_no_session(call.caller.receive());
    CHECK(call.reported() == SessionTimer{});
}

TEST_CASE("RFC 4028 §8.2: a refresh of a callee without session timers keeps the caller's")
{
    Asking call;
    call.answered();
    for (const auto* method : {"UPDATE", "INVITE"}) {
        CAPTURE(method);
        has_session(call.accepted(call.caller, method, asks_for_five_minutes), "300;refresher=uac");
        CHECK(call.reported() == five_minutes);
    }
}

TEST_CASE("RFC 4028 §8.2: who is asked and answers by itself, or is not asked, is passed as it is")
{
    Asking call;
    call.answered();
    constexpr std::string_view own = "Require: timer\r\nSession-Expires: 200;refresher=uac\r\n";
    has_session(call.accepted(call.caller, "UPDATE", asks_for_five_minutes, own),
                "200;refresher=uac");
    CHECK(call.reported() == SessionTimer{.expires = 200s, .refresher = Refresher::uac});
    for (const auto* asked : {"", "Supported: timer\r\n", "Session-Expires: 300\r\n"}) {
        CAPTURE(asked);
        has_no_session(call.accepted(call.caller, "UPDATE", asked));
        CHECK(call.reported() == SessionTimer{});
    }
    const auto refused = call.asks(call.caller, "UPDATE", asks_for_five_minutes);
    call.callee.reply(refused, 488, "Not Acceptable Here");
    const auto refusal = call.caller.receive();
    CHECK(refusal.status() == 488);
    CHECK(refusal["Session-Expires"].empty());
    CHECK(call.office.inputs.empty());
}

TEST_CASE(
    "RFC 4028 §8.2: the callee refreshes, and the caller's phone answers with its own, or not")
{
    Asking call;
    call.answered();
    constexpr std::string_view own = "Require: timer\r\nSession-Expires: 200;refresher=uac\r\n";
    has_session(call.accepted(call.callee, "UPDATE", asks_for_five_minutes, own),
                "200;refresher=uac");
    CHECK(call.reported() == SessionTimer{.expires = 200s, .refresher = Refresher::uac});
    has_session(call.accepted(call.callee, "UPDATE", asks_for_five_minutes), "300;refresher=uac");
    CHECK(call.reported() == five_minutes);
}

TEST_CASE(
    "what was asked for cannot be changed by who answers: our branch with another goes nowhere")
{
    Asking call;
    call.answered();
    const auto update = call.asks(call.caller, "UPDATE", asks_for_five_minutes);
    auto forged = update;
    const auto via = std::ranges::find(forged.headers, std::string{"Via"},
                                       &std::pair<std::string, std::string>::first);
    REQUIRE(via != forged.headers.end());
    const std::string_view asked = ".12c.";  // 300
    const auto at = via->second.find(asked);
    REQUIRE(at != std::string::npos);
    via->second.replace(at, asked.size(), ".1.");
    call.callee.reply(forged, 200, "OK");
    CHECK(call.caller.receives_nothing_for(100ms));
    CHECK(call.office.inputs.empty());
    call.callee.reply(update, 200, "OK");
    has_session(call.caller.receive(), "300;refresher=uac");
}
