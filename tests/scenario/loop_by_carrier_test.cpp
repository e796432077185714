// A call that an extension forwards to outside, and that comes back from there (RFC 5806).
#include "trunk_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::trunks;

namespace {

/// All calls to 102 and 103 are forwarded to who is outside; `back` is how such a call comes back.
struct Forwarded : Office {
    Forwarded()
    {
        rules.outside["103"] = {.forward = true, .limits = {}};
        apply();
        Forwarding away;
        away.always = "0664999";
        pbx.forwards("102", away);
    }

    /// Alice calls 102, and it rings outside.
    Arrived goes_out(std::string_view shown = "+431102")
    {
        alice.sends(INVITE, "102");
        alice.receives(181U);
        auto invite = far.receives(INVITE).header("Diversion", diverted_by(shown));
        return invite;
    }

    void comes_back(std::string_view number, std::vector<std::string> diverted)
    {
        back.invite_headers.clear();
        for (auto& each : diverted) back.invite_headers.push_back({"Diversion", std::move(each)});
        back.sends(INVITE, number);
    }

    void is_a_loop()
    {
        back.receives(482U)
            .phrase("Loop Detected")
            .header("Warning", "399 lampline \"Forwarding loop\"");
    }

    /// It is no loop: it goes out once more.
    Arrived goes_on()
    {
        back.receives(181U);
        return far.receives(INVITE);
    }

    void rings_at(Phone& phone)
    {
        phone.receives(INVITE);
        phone.replies(486);
        back.receives(486U);
    }

    void is_busy(const Arrived& invite)
    {
        far.replies_to(invite, 486);
        alice.receives(486U);
        all_is_over();
    }

    static std::string diverted_by(std::string_view number, std::string_view host = "carrier.test")
    {
        return "<sip:" + std::string{number} + '@' + std::string{host} +
               ">;reason=unconditional;counter=1";
    }

    Phone& back = pbx.carrier(two, "+43664777");
};

}  // namespace

TEST_CASE("a forwarded call that the carrier sends back to who has forwarded it is a loop")
{
    Forwarded call;
    std::string by = Forwarded::diverted_by("+431102");
    SUBCASE("in the words of the office") {}
    SUBCASE("by a trunk with another domain, which says its own")
    {
        call.two.domain = "other.test";
        call.apply();
        by = Forwarded::diverted_by("+431102", "other.test");
    }
    SUBCASE("by a trunk with another domain, which says that of the first")
    {
        call.two.domain = "other.test";
        call.apply();
    }
    const auto out = call.goes_out();
    call.comes_back("+431102", {by});
    call.is_a_loop();
    const auto record = call.pbx.records().back();
    CHECK(record.status == 482);
    CHECK(record.dialled == "+431102");

    // The carrier passes it on, and can name no numbers.
    call.far.replies_to(out, 482);
    call.alice.receives(482U).header("Warning",
                                     "399 office.test \"Forwarding loop outside: 102 > 0664999\"");
    call.all_is_over();
}

TEST_CASE(
    "a forwarded call that the carrier sends back to another number, which leads to who has "
    "forwarded it, is a loop")
{
    Forwarded call;
    std::string number;
    SUBCASE("to another number of 102")
    {
        call.two.inbound.push_back({"\\+4310", "102", false});
        call.apply();
        number = "+4310";
    }
    SUBCASE("to who sends it on to 102")
    {
        Forwarding to_bob;
        to_bob.always = "102";
        call.pbx.forwards("103", to_bob);
        number = "+431103";
    }
    const auto out = call.goes_out();
    call.comes_back(number, {Forwarded::diverted_by("+431102")});
    call.is_a_loop();
    call.is_busy(out);
}

TEST_CASE("who calls from outside is told of a loop out there without the numbers of the office")
{
    Forwarded call;
    call.comes_back("+431102", {});
    const auto out = call.goes_on();
    call.far.replies_to(out, 482);
    call.back.receives(482U).header("Warning", "399 lampline \"Forwarding loop\"");
    call.all_is_over();
}

TEST_CASE(
    "a forwarded call that comes back to somebody else is none, who is told what the carrier says")
{
    Forwarded call;
    const auto out = call.goes_out();
    call.comes_back("+431103", {Forwarded::diverted_by("+431102")});
    call.carol.receives(INVITE).header("Diversion", Forwarded::diverted_by("+431102"));
    call.carol.replies(486);
    call.back.receives(486U);
    call.is_busy(out);
}

TEST_CASE("a number that several are shown by is that of who has forwarded the call")
{
    Forwarded call;
    SUBCASE("the main number, which somebody else answers")
    {
        call.one.caller_id.numbers = call.two.caller_id.numbers = {};
        call.two.inbound.push_back({"\\+4310", "103", false});
        call.apply();
        const auto out = call.goes_out("+4310");
        call.comes_back("+4310", {Forwarded::diverted_by("+4310")});
        call.rings_at(call.carol);
        call.comes_back("+431102", {Forwarded::diverted_by("+4310")});
        call.is_a_loop();
        call.is_busy(out);
    }
    SUBCASE("that of a ring group, which its members are shown by")
    {
        RingGroup sales;
        sales.number = "600";
        sales.members = {{"102", {}}, {"103", {}}};
        call.pbx.has_ring_groups({sales});
        call.one.caller_id.numbers = call.two.caller_id.numbers = {{"(600|10[23])", "+43199"}};
        call.apply();
        const auto out = call.goes_out("+43199");
        call.comes_back("+43199", {Forwarded::diverted_by("+43199")});
        call.rings_at(call.carol);
        call.is_busy(out);
    }
}

TEST_CASE("calls that go out at once by one number are told apart once they have gone round")
{
    Forwarded call;
    call.one.caller_id.numbers = call.two.caller_id.numbers = {};
    call.apply();
    Forwarding away;
    away.always = "0664999";
    call.pbx.forwards("103", away);
    const auto out = call.goes_out("+4310");
    auto& eve = call.pbx.phone("105");
    eve.sends(INVITE, "103");
    eve.receives(181U);
    const auto second = call.far.receives(INVITE);

    call.comes_back("+431102", {Forwarded::diverted_by("+4310")});
    const auto again = call.goes_on();
    auto& later = call.pbx.carrier(call.two, "+43664778");
    later.invite_headers = {{"Diversion", Forwarded::diverted_by("+4310")},
                            {"Diversion", Forwarded::diverted_by("+4310")}};
    later.sends(INVITE, "+431102");
    later.receives(482U).phrase("Loop Detected");

    call.far.replies_to(again, 486);
    call.back.receives(486U);
    call.far.replies_to(second, 486);
    eve.receives(486U);
    call.is_busy(out);
}

TEST_CASE(
    "what a carrier says of our numbers is no loop when no call from here rings there any more")
{
    Forwarded call;
    const auto out = call.goes_out();
    call.far.replies_to(out, 486);
    call.alice.receives(486U);
    call.comes_back("+431102", {Forwarded::diverted_by("+431102")});
    call.far.replies_to(call.goes_on(), 486);
    call.back.receives(486U);
    call.all_is_over();
}

TEST_CASE("a call that rings outside no more, however that came, is not one that can come back")
{
    Forwarded call;
    const auto out = call.goes_out();
    bool talks = false;
    SUBCASE("it is answered")
    {
        call.far.replies_to(out, 200, talking_sdp);
        call.alice.receives(200U);
        call.far.receives(ACK);
        talks = true;
    }
    SUBCASE("its caller has cancelled it")
    {
        call.alice.cancels();
        call.far.receives(CANCEL);
    }
    SUBCASE("the next trunk is tried, and refuses it")
    {
        call.far.fails_with(out, 503);
        call.other.receives(INVITE);
        call.other.replies(486);
        call.alice.receives(486U);
    }
    call.comes_back("+431102", {Forwarded::diverted_by("+431102")});
    call.far.replies_to(call.goes_on(), 486);
    call.back.receives(486U);
    if (talks) {
        call.alice.sends(BYE);
        call.alice.receives(200U);
        call.far.receives(BYE);
    }
    call.all_is_over();
}

TEST_CASE("what a carrier says of our numbers is no loop unless the call has come from here")
{
    Forwarded call;
    auto by = Forwarded::diverted_by("+431102");
    SUBCASE("one that rings there was diverted by somebody before")
    {
        by = Forwarded::diverted_by("+4930");
    }
    SUBCASE("one that rings there is of somebody else's domain")
    {
        by = Forwarded::diverted_by("+431102", "elsewhere.test");
    }
    SUBCASE("the trunk is not trusted")
    {
        call.two.trusted = false;
        call.apply();
    }
    const auto out = call.goes_out();
    call.comes_back("+431102", {by});
    call.far.replies_to(call.goes_on(), 486);
    call.back.receives(486U);
    call.is_busy(out);
}
