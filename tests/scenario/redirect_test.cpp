// The exchange as a redirect server (RFC 3261 §8.3), and phones that redirect.
#include <doctest/doctest.h>

#include "support/scenario.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

SipUri uri(std::string_view text)
{
    return SipUri::parse(text).value();
}

std::vector<std::string> contacts_of(const Arrived& response)
{
    std::vector<std::string> contacts;
    for (const auto& header : response.headers)
        if (header.name == "Contact") contacts.push_back(header.value);
    return contacts;
}

CallRecord record_of(const Scenario& pbx)
{
    for (auto change = pbx.stored.rbegin(); change != pbx.stored.rend(); ++change)
        if (const auto* recorded = std::get_if<CallRecorded>(&*change)) return *recorded->record;
    FAIL("no call was recorded");
    return {};
}

/// Alice calls Bob, whose phone redirects to Carol, unless the test says otherwise.
struct Office {
    Scenario pbx{{group("all", {"104"}, {"102", "103"})}};
    Phone& alice = pbx.phone("101");
    Phone& bob = pbx.phone("102");
    Phone& carol = pbx.phone("103");

    void alice_calls_bob()
    {
        alice.sends(INVITE, "102");
        bob.receives(INVITE);
    }
    void alice_talks_to(Phone& phone)
    {
        phone.replies(200, talking_sdp);
        alice.receives(200U);
        phone.receives(ACK);
        alice.sends(BYE);
        alice.receives(200U);
        phone.receives(BYE);
        CHECK(pbx.has_no_calls());
        CHECK(pbx.has_no_dialogs());
    }
};

}  // namespace

TEST_CASE("redirect mode: the caller is told where the phones are, the best first")
{
    Scenario pbx;
    pbx.joins("102", CallMode::redirect);
    auto& alice = pbx.phone("101");
    auto& desk = pbx.silent_phone("102");
    auto& mobile = pbx.silent_phone("102");
    desk.registers(3600s, 250);
    mobile.registers(3600s, 1000);

    alice.sends(INVITE, "102");
    const auto moved = alice.receives(302U);
    CHECK(contacts_of(moved) == std::vector<std::string>{"<sip:102@192.0.2.02:5062>;q=1.000",
                                                         "<sip:102@192.0.2.02:5061>;q=0.250"});
    CHECK(pbx.has_no_calls());
    const auto record = record_of(pbx);
    CHECK(record.result == CallResult::redirected);
    CHECK(record.status == 302);
    CHECK(record.dialled == "102");

    // Through us again: that phone rings, and no other.
    alice.sends_to(uri("sip:102@192.0.2.02:5061"));
    desk.receives(INVITE).from("101");
    desk.replies(200, talking_sdp);
    alice.receives(200U);
    desk.receives(ACK);
    alice.sends(BYE);
    alice.receives(200U);
    desk.receives(BYE);
    CHECK(record_of(pbx).dialled == "102");
    CHECK(pbx.has_no_calls());
}

TEST_CASE("redirect mode: nobody there, nobody of that number, and a host that is not ours")
{
    Scenario pbx;
    pbx.joins("102", CallMode::redirect);
    auto& alice = pbx.phone("101");
    alice.sends(INVITE, "102");
    alice.receives(480U);
    alice.sends(INVITE, "999");
    alice.receives(404U);
    alice.sends_to(uri("sip:102@192.0.2.77:5060"));
    alice.receives(404U);
    CHECK(pbx.has_no_calls());
}

TEST_CASE("redirect mode comes after forwards: the caller is told of the one it is forwarded to")
{
    Office office;
    Forwarding always;
    always.always = "103";
    office.pbx.forwards("102", always);
    office.pbx.joins("103", CallMode::redirect);
    office.alice.sends(INVITE, "102");
    auto moved = office.alice.receives(302U);
    moved.header("Contact", "<sip:103@192.0.2.03:5062>;q=1.000");
    moved.header("Diversion", "<sip:102@office.test>;reason=unconditional;counter=1");
}

TEST_CASE("who may not dial a number does not reach its phone by its contact either")
{
    Office office;
    DigitRules rules;
    rules.rules = {{.pattern = "103", .status = 403, .phrase = "Door"},
                   {.pattern = "102", .replacement = "104", .call_class = CallClass::local}};
    rules.default_right = CallClass::internal;
    rules.rights["103"] = CallClass::local;
    office.pbx.has_trunks({}, rules);
    office.alice.sends_to(uri("sip:103@192.0.2.03:5062"));
    office.alice.receives(403U).phrase("Door");
    office.alice.sends_to(uri("sip:102@192.0.2.02:5061"));
    office.alice.receives(403U).phrase("Not Allowed");
    office.carol.sends_to(uri("sip:102@192.0.2.02:5061"));
    office.bob.receives(INVITE);  // this phone, whoever has its number by now
    office.bob.replies(486);
    office.carol.receives(486U);
    CHECK(office.pbx.has_no_calls());
}

TEST_CASE("a phone of a ring group redirects: the group follows nobody, and the caller hears so")
{
    Office office;
    RingGroup group;
    group.number = "600";
    group.members = {{"102"}};
    office.pbx.has_ring_groups({group});
    office.alice.sends(INVITE, "600");
    office.bob.receives(INVITE);
    office.bob.redirects({uri("sip:103@office.test")});
    const auto refused = office.alice.receives(480U).phrase("Temporarily Unavailable");
    REQUIRE(refused.payload);
    CHECK(refused.payload->headers.at(0).value ==
          "399 office.test \"A phone of 102 redirects, which 600 does not follow\"");
    CHECK(office.pbx.has_no_calls());
}

TEST_CASE("who cannot be redirected is bridged: a ring group rings a member in redirect mode")
{
    Office office;
    office.pbx.joins("102", CallMode::redirect);
    RingGroup group;
    group.number = "600";
    group.members = {{"102"}};
    office.pbx.has_ring_groups({group});
    office.alice.sends(INVITE, "600");
    office.bob.receives(INVITE).from("101");
    office.alice_talks_to(office.bob);
}

TEST_CASE("a phone redirects: the call goes on, and everybody is told why (RFC 5806, RFC 7044)")
{
    Office office;
    office.alice_calls_bob();
    office.bob.replies(180);
    office.alice.receives(180U);
    office.bob.redirects({uri("sip:103@office.test")});
    office.alice.receives(181U);
    office.carol.receives(INVITE)
        .from("101")
        .header("Diversion", "<sip:102@office.test>;reason=deflection;counter=1")
        .header("History-Info", "<sip:102@office.test>;index=1, "
                                "<sip:103@office.test;cause=480>;index=1.1;mp=1");
    office.carol.replies(180);
    office.alice.receives(180U);
    office.alice_talks_to(office.carol);
    const auto record = record_of(office.pbx);
    CHECK(record.answered_by == "103");
    CHECK(record.parts.at(1).extension == "102");
    CHECK(record.parts.at(1).result == PartResult::deflected);
}

TEST_CASE("a phone redirects: it speaks for the other phones of its extension")
{
    Office office;
    auto& mobile = office.pbx.phone("102");
    office.alice_calls_bob();
    mobile.receives(INVITE);
    office.bob.redirects({uri("tel:103")});
    mobile.receives(CANCEL);
    office.alice.receives(181U);
    office.carol.receives(INVITE);
    office.alice_talks_to(office.carol);
}

TEST_CASE("a phone redirects to the contact of another one, which rings by the rights of its extension")
{
    Office office;
    auto& mobile = office.pbx.phone("103");
    office.alice_calls_bob();
    SUBCASE("whatever the plan makes of its number")
    {
        DigitRules rules;
        rules.rules = {{.pattern = "103", .replacement = "104"}};
        office.pbx.has_trunks({}, rules);
        office.bob.redirects({mobile.own_contact()});
        office.alice.receives(181U);
        mobile.receives(INVITE).from("101").header(
            "Diversion", "<sip:102@office.test>;reason=deflection;counter=1");
        CHECK(office.carol.hears_nothing());
        office.alice_talks_to(mobile);
    }
    SUBCASE("who may not dial its number may not send a call there")
    {
        DigitRules rules;
        rules.rules = {{.pattern = "103", .call_class = CallClass::local}};
        rules.default_right = CallClass::internal;
        rules.rights["101"] = CallClass::local;
        office.pbx.has_trunks({}, rules);
        office.bob.redirects({mobile.own_contact()});
        office.alice.receives(403U).phrase("Not Allowed");
    }
    SUBCASE("whoever wants peace there has it")
    {
        office.pbx.forwards("103", {.do_not_disturb = true});
        office.bob.redirects({mobile.own_contact()});
        office.alice.receives(480U).phrase("Do Not Disturb");
        CHECK(mobile.hears_nothing());
    }
    SUBCASE("its own contact: the call would come back")
    {
        office.bob.redirects({office.bob.own_contact()});
        office.alice.receives(482U);
    }
    CHECK(office.pbx.has_no_calls());
}

TEST_CASE("a phone that is gone when its turn comes is passed over, and no other phone of its number rings")
{
    Office office;
    auto& mobile = office.pbx.phone("103");
    auto& dave = office.pbx.phone("104");
    auto& eve = office.pbx.phone("105");
    office.alice_calls_bob();
    const auto redirects = [&](std::vector<SipUri> to) {
        office.bob.redirects(std::move(to));
        office.alice.receives(181U);
        dave.receives(INVITE);
        mobile.unregisters();
        dave.replies(486);
        CHECK(office.carol.hears_nothing());
    };
    SUBCASE("there is another target")
    {
        redirects({uri("sip:104@office.test"), mobile.own_contact(), uri("sip:105@office.test")});
        office.alice.receives(181U);
        eve.receives(INVITE);
        office.alice_talks_to(eve);
    }
    SUBCASE("there is none")
    {
        redirects({uri("sip:104@office.test"), mobile.own_contact()});
        office.alice.receives(480U)
            .phrase("Phone Not Available")
            .header("Warning", "399 office.test \"The phone of 103 to which 102 redirects is not "
                               "registered any more\"");
    }
    CHECK(office.pbx.has_no_calls());
}

TEST_CASE("several targets are tried in order, until one leads anywhere")
{
    Office office;
    office.alice_calls_bob();
    office.bob.redirects({uri("sip:0900@outside.example"), uri("sip:999@office.test"),
                          uri("sip:109@office.test"), uri("sip:103@office.test")});
    office.alice.receives(181U);
    office.carol.receives(INVITE);
    office.carol.replies(486);
    office.alice.receives(486U);
    CHECK(office.pbx.has_no_calls());
}

TEST_CASE("the next target is tried when the first one is busy, but not when it is declined")
{
    Office office;
    auto& dan = office.pbx.phone("104");
    office.alice_calls_bob();
    office.bob.redirects({uri("sip:103@office.test"), uri("sip:104@office.test")});
    office.alice.receives(181U);
    office.carol.receives(INVITE);
    SUBCASE("busy")
    {
        office.carol.replies(486);
        office.alice.receives(181U);
        dan.receives(INVITE);
        office.alice_talks_to(dan);
    }
    SUBCASE("declined")
    {
        office.carol.replies(603);
        office.alice.receives(603U);
    }
}

TEST_CASE("a foreign host or scheme is no target: 403 that says why")
{
    Office office;
    office.alice_calls_bob();
    office.bob.redirects({uri("sip:0900@outside.example")});
    auto refused = office.alice.receives(403U);
    refused.phrase("Redirected To Outside");
    REQUIRE(refused.payload);
    CHECK(refused.payload->headers.at(0).value ==
          "399 office.test \"A phone of 102 redirects to no number here\"");
    CHECK(office.pbx.has_no_calls());
}

TEST_CASE("a number of somebody else's plan is no target, though a phone here has it (RFC 3966 §5.1.5)")
{
    Office office;
    office.alice_calls_bob();
    std::vector targets{uri("tel:103;phone-context=elsewhere.test"),
                        uri("sip:103;phone-context=elsewhere.test@office.test;user=phone")};
    SUBCASE("no other is left")
    {
        office.bob.redirects(targets);
        office.alice.receives(403U).phrase("Redirected To Outside");
    }
    SUBCASE("one of ours is")
    {
        targets.push_back(uri("tel:104;phone-context=office.test"));
        auto& dan = office.pbx.phone("104");
        office.bob.redirects(targets);
        office.alice.receives(181U);
        dan.receives(INVITE);
        dan.replies(486);
        office.alice.receives(486U);
    }
    CHECK(office.pbx.has_no_calls());
}

TEST_CASE("phones that redirect in a circle: 482 with the chain")
{
    Office office;
    office.alice_calls_bob();
    office.bob.redirects({uri("sip:103@office.test")});
    office.alice.receives(181U);
    office.carol.receives(INVITE);
    office.carol.redirects({uri("sip:102@office.test")});
    office.alice.receives(482U).header("Warning",
                                       "399 office.test \"Forwarding loop: 102 > 103 > 102\"");
    CHECK(office.pbx.has_no_calls());
}

TEST_CASE("no more than five redirections are followed")
{
    Scenario pbx;
    auto& alice = pbx.phone("101");
    std::vector<Phone*> chain;
    for (const auto* number : {"102", "103", "104", "105", "106", "107", "108"})
        chain.push_back(&pbx.phone(number));
    alice.sends(INVITE, "102");
    for (std::size_t i = 0; i < 5; ++i) {
        chain[i]->receives(INVITE);
        chain[i]->redirects({uri("sip:" + chain[i + 1]->number + "@office.test")});
        alice.receives(181U);
    }
    chain[5]->receives(INVITE);
    chain[5]->redirects({uri("sip:108@office.test")});
    alice.receives(482U);
    CHECK(pbx.has_no_calls());
}

TEST_CASE("a transfer's target redirects: the transferee follows")
{
    Office office;
    auto& dan = office.pbx.phone("104");
    office.alice_calls_bob();
    office.bob.replies(200, talking_sdp);
    office.alice.receives(200U);
    office.bob.receives(ACK);
    CHECK(office.pbx.orders({.action = CallAction::transfer, .to = "103", .by = "102"}).outcome ==
          OrderOutcome::begun);
    office.carol.receives(INVITE);
    office.carol.redirects({uri("sip:104@office.test")});
    dan.receives(INVITE);
    dan.replies(486);
    CHECK(office.pbx.view().calls.size() == 1);  // alice still talks to bob
    office.alice.sends(BYE);
    office.alice.receives(200U);
    office.bob.receives(BYE);
}
