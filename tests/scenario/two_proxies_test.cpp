// Two proxies of one owner: each passes on what is for the domain of the other.
#include <doctest/doctest.h>

#include "support/scenario.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

Trunk biloxi()
{
    Trunk trunk;
    trunk.name = "biloxi";
    trunk.servers = {{"198.51.100.1", 5060, Transport::udp}};
    trunk.domain = "biloxi.test";
    trunk.mode = CallMode::proxy;
    trunk.inbound = {{"(10[1-9])", "\\1", false}};
    return trunk;
}

/// Another proxy of ours, which serves bob@biloxi.test and knows Bob here as 102.
struct TwoProxies {
    TwoProxies()
    {
        DigitRule rule;
        rule.pattern = "bob";
        rule.trunks = {"biloxi"};
        rules.rules = {rule};
        rules.default_outside.limits.minutes = 0min;  // a proxy hangs up nobody
        pbx.has_trunks({peer}, rules);
        dan.watches("101");
    }
    void lamp(std::string_view state)
    {
        auto notify = dan.receives(NOTIFY);
        CHECK((state == "idle" ? notify.idle() : notify.dialog().state == state));
    }

    Scenario pbx{{group("all", {"104"}, {"101", "102", "103"})}};
    Trunk peer = biloxi();
    DigitRules rules;
    Phone& alice = pbx.phone("101");
    Phone& dan = pbx.phone("104");
    Phone& far = pbx.carrier(peer, "bob");
};

SipUri bob_elsewhere()
{
    return SipUri::parse("sip:bob@biloxi.test").value();
}

}  // namespace

TEST_CASE("two proxies: nobody here registers what is of the domain of the other")
{
    TwoProxies both;
    auto& eve = both.pbx.silent_phone("103");
    eve.named_contact = bob_elsewhere();
    eve.asks_to_register();
    eve.receives(403U).phrase("Contact Is Not Yours");
    both.alice.sends_to(bob_elsewhere());
    both.far.receives(INVITE);
    both.far.replies(486);
    both.alice.receives(486U);
    CHECK(eve.hears_nothing());
    both.dan.inbox.clear();
    CHECK(both.pbx.has_no_calls());
    eve.asks_to_register(0s);
    eve.receives(200U);
}

TEST_CASE("two proxies: a call to the domain of another proxy is passed on to it")
{
    TwoProxies both;
    both.alice.sends_to(bob_elsewhere());
    both.far.receives(INVITE);
    both.lamp("trying");
    both.far.replies(180);
    both.alice.receives(180U);
    both.lamp("early");
    both.far.replies(200, talking_sdp);
    both.alice.receives(200U);
    both.lamp("confirmed");
    both.far.passes(BYE);
    both.lamp("idle");
    CHECK(both.pbx.has_no_calls());
    CHECK(both.pbx.has_no_dialogs());
}

TEST_CASE(
    "two proxies: a call from the other one is passed on to phones in proxy mode, else bridged")
{
    TwoProxies both;
    auto& bob = both.pbx.phone("102");
    both.far.sends(INVITE, "102");
    bob.receives(INVITE);
    bob.replies(486);
    both.far.receives(486U);
    CHECK(both.pbx.has_no_dialogs());  // has been bridged
    both.pbx.joins("102", CallMode::proxy);
    both.pbx.has_trunks({both.peer}, both.rules);
    both.far.sends(INVITE, "102");
    bob.receives(INVITE);
    bob.replies(200, talking_sdp);
    both.far.receives(200U);
    bob.passes(BYE);
    CHECK(both.pbx.has_no_calls());
}

TEST_CASE("two proxies: rights and limits hold, and only the domain of the peer is served")
{
    TwoProxies both;
    SUBCASE("another domain")
    {
        both.alice.sends_to(SipUri::parse("sip:bob@elsewhere.test").value());
        both.alice.receives(404U);
    }
    SUBCASE("a number of the office at the other's domain")
    {
        both.pbx.phone("102");
        both.alice.sends_to(SipUri::parse("sip:102@biloxi.test").value());
        both.alice.receives(404U);
    }
    SUBCASE("the right is missing")
    {
        both.rules.rules.front().call_class = CallClass::premium;
        both.rules.default_right = CallClass::internal;
        both.pbx.has_trunks({both.peer}, both.rules);
        both.alice.sends_to(bob_elsewhere());
        both.alice.receives(403U);
    }
    SUBCASE("who must be hung up in time is bridged")
    {
        both.rules.default_outside.limits.minutes = 5min;
        both.pbx.has_trunks({both.peer}, both.rules);
        both.alice.sends_to(bob_elsewhere());
        both.far.receives(INVITE);
        both.far.replies(200, talking_sdp);
        both.alice.receives(200U);
        both.far.receives(ACK);
        both.alice.sends(BYE);
        both.alice.receives(200U);
        both.far.receives(BYE);
        both.dan.inbox.clear();
    }
    CHECK(both.pbx.has_no_calls());
}

TEST_CASE("two proxies: who is referred to the domain of the other one is bridged to it")
{
    TwoProxies both;
    auto& [pbx, peer, rules, alice, dan, far] = both;
    auto& bob = pbx.phone("102");
    auto& carol = pbx.phone("103");
    alice.sends(INVITE, "103");
    carol.receives(INVITE);
    carol.replies(200, talking_sdp);
    alice.receives(200U);
    carol.receives(ACK);
    const auto refers = [&](std::string target) {
        carol.sends(Method::refer, std::make_shared<const Payload>(
                                       Payload{{}, {}, {{"Refer-To", std::move(target)}}}));
        carol.receives(202U);
        carol.replies_to(carol.receives(NOTIFY).with("SIP/2.0 100 Trying\r\n"), 200);
    };
    const auto is_refused = [&](std::string_view line) {
        carol.replies_to(carol.receives(NOTIFY).with(std::string{line} + "\r\n"), 200);
        CHECK(far.hears_nothing());
        alice.sends(BYE);
        alice.receives(200U);
        carol.receives(BYE);
    };
    SUBCASE("it rings there")
    {
        refers("<sip:bob@biloxi.test>");
        far.receives(INVITE).to("sip:bob@biloxi.test").without_body();
        far.replies(200, talking_sdp);
        alice.receives(INVITE).with(talking_sdp);
        alice.replies(200, talking_sdp);
        far.receives(ACK);
        alice.receives(ACK);
        carol.replies_to(carol.receives(NOTIFY).with("SIP/2.0 200 OK\r\n"), 200);
        carol.receives(BYE);
        alice.sends(BYE);
        alice.receives(200U);
        far.receives(BYE);
    }
    SUBCASE("not where the number is one of ours")
    {
        refers("<sip:102@biloxi.test>");
        is_refused("SIP/2.0 404 Not A Number Here");
    }
    SUBCASE("not where who refers may not call there")
    {
        rules.rules.front().call_class = CallClass::premium;
        rules.default_right = CallClass::internal;
        pbx.has_trunks({peer}, rules);
        refers("<sip:bob@biloxi.test>");
        is_refused("SIP/2.0 403 Not Allowed\r\n"
                   "Warning: 399 office.test \"103 may not make premium calls\"");
    }
    CHECK(bob.hears_nothing());
    dan.inbox.clear();
    CHECK(pbx.has_no_calls());
    CHECK(pbx.has_no_dialogs());
}

TEST_CASE("two proxies: a dialer calls a number of the other one")
{
    TwoProxies both;
    auto& [pbx, peer, rules, alice, dan, far] = both;
    auto& dialer = pbx.silent_phone("101");
    const auto refers = [&](std::string target) {
        dialer.refers("101", std::make_shared<const Payload>(
                                 Payload{{}, {}, {{"Refer-To", std::move(target)}}}));
    };
    pbx.phone("103");
    refers("<sip:103@biloxi.test>");
    dialer.receives(404U);  // as an INVITE to it
    refers("<sip:bob@biloxi.test>");
    dialer.receives(202U);
    dialer.receives(NOTIFY);
    alice.receives(INVITE);
    alice.replies(200, hold_sdp);
    alice.receives(ACK);
    far.receives(INVITE).to("sip:bob@biloxi.test").without_body();
    far.replies(486);
    dialer.receives(NOTIFY);
    alice.receives(BYE);
    dan.inbox.clear();
    CHECK(pbx.has_no_calls());
    CHECK(pbx.has_no_dialogs());
}
