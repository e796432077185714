#include "engine/addresses.hpp"

#include <doctest/doctest.h>

using namespace lampline;

namespace {

SipUri uri(std::string_view text)
{
    return SipUri::parse(text).value();
}

DirectoryRef directory_of(std::string domain, std::string name_of_201)
{
    RingGroup sales;
    sales.number = "600";
    sales.display_name = "Sales";
    Trunk far;
    far.name = "far";
    far.domain = "far.test";
    far.mode = CallMode::proxy;
    return std::make_shared<const Directory>(
        std::move(domain),
        std::vector<Extension>{{"201", std::move(name_of_201), {}, {}}, {"202", {}, {}, {}}},
        std::vector<Group>{}, Numbering{.ring_groups = {sales}, .trunks = {far}});
}

/// The phone of 201 is registered; 600 is a ring group; phones call far.test themselves.
struct Office {
    Office() { registers(phone); }

    void registers(const SipUri& contact)
    {
        Binding binding;
        binding.aor = "201";
        binding.contact = contact;
        locations.put(binding);
    }
    [[nodiscard]] std::string dialled(std::string_view request_uri) const
    {
        InviteReceived invite;
        invite.request_uri = uri(request_uri);
        return addresses.dialled_by(invite);
    }
    [[nodiscard]] std::string number_called(std::string_view text) const
    {
        const auto called = addresses.called_by(uri(text));
        return called ? called->number + '@' + called->domain : "nobody";
    }

    SipUri phone = uri("sip:line1@192.0.2.1:5061");
    DirectoryRef directory = directory_of("office.test", "Anna Lee");
    LocationTable locations;
    std::vector<std::string> hosts{"192.0.2.100"};
    Addresses addresses{directory, locations, hosts};
};

}  // namespace

TEST_CASE("our hosts are the domain and our addresses; a number there, or a tel URI, may be here")
{
    const Office office;
    CHECK(office.addresses.is_own_host("OFFICE.test"));
    CHECK(office.addresses.is_own_host("192.0.2.100"));
    CHECK_FALSE(office.addresses.is_own_host("192.0.2.1"));
    CHECK_FALSE(office.addresses.is_own_host("far.test"));

    CHECK(office.addresses.is_number_here(uri("sip:999@office.test")));
    CHECK(office.addresses.is_number_here(uri("sip:202@192.0.2.100")));
    CHECK(office.addresses.is_number_here(uri("tel:+431234")));
    CHECK_FALSE(office.addresses.is_number_here(uri("sip:office.test")));
    CHECK_FALSE(office.addresses.is_number_here(uri("sip:202@far.test")));
    CHECK_FALSE(office.addresses.is_number_here(uri("tel:202;phone-context=else.test")));
    CHECK_FALSE(office.addresses.is_number_here(uri("sip:202;phone-context=else.test@office.test;user=phone")));
}

TEST_CASE("a URI calls a number here, one in a trunk's domain, or nobody")
{
    const Office office;
    CHECK(office.number_called("sip:202@office.test") == "202@");
    CHECK(office.number_called("sip:%2A21@192.0.2.100") == "*21@");
    CHECK(office.number_called("sip:7@FAR.test") == "7@FAR.test");
    CHECK(office.number_called("sip:202@else.test") == "nobody");
}

TEST_CASE("a telephone number calls as it is dialled, unless its context is somebody else's")
{
    const Office office;
    CHECK(office.number_called("sip:202;phone-context=office.test@office.test;user=phone") == "202@");
    CHECK(office.number_called("sip:202;phone-context=else.test@office.test;user=phone") == "nobody");
    CHECK(office.number_called("sip:202;phone-context=far.test@192.0.2.100") == "nobody");
    CHECK(office.number_called("sip:7;phone-context=else.test@far.test") == "7@far.test");
    CHECK(office.number_called("tel:+431234") == "+431234@");
    CHECK(office.number_called("tel:202;phone-context=office.test") == "202@");
    CHECK(office.number_called("tel:202;phone-context=+43") == "202@");
    CHECK(office.number_called("tel:202;phone-context=else.test") == "nobody");
    CHECK(office.number_called("tel:202;phone-context=far.test") == "nobody");
}

TEST_CASE("a number with the context of somebody else is of another plan")
{
    const Office office;
    for (const auto* text : {"tel:202;phone-context=else.test", "tel:202;phone-context=far.test",
                             "sip:202;phone-context=x@office.test", "sip:202;phone-context=x@office.test;user=phone"})
        CHECK_MESSAGE(office.addresses.is_of_other_plan(uri(text)), text);
    for (const auto* text : {"tel:202", "tel:202;phone-context=office.test", "tel:202;phone-context=+43",
                             "sip:202;phone-context=office.test@office.test", "tel:+43664;phone-context=else.test",
                             "sip:202@office.test;phone-context=x"})
        CHECK_FALSE_MESSAGE(office.addresses.is_of_other_plan(uri(text)), text);
}

TEST_CASE("the contact of a registered phone calls just that phone, by the number of its extension")
{
    Office office;
    const auto called = office.addresses.called_by(office.phone);
    REQUIRE(called);
    CHECK(called->number == "201");
    REQUIRE(called->phone);
    CHECK(called->phone->contact == office.phone);
    CHECK(called->domain.empty());
    CHECK(office.dialled("sip:line1@192.0.2.1:5061") == "201");

    CHECK(office.number_called("sip:line1@192.0.2.1:5062") == "nobody");
    CHECK(office.dialled("sip:202@office.test") == "202");
}

TEST_CASE("a contact at the domain is the number, whichever phone has registered it")
{
    Office office;
    office.registers(uri("sip:202@office.test"));
    CHECK_FALSE(office.addresses.addressed_phone(uri("sip:202@office.test")));
    CHECK(office.dialled("sip:202@office.test") == "202");
}

TEST_CASE("a call that was for a phone is for nobody once that has left")
{
    Office office;
    Call call;
    call.dialled = "201";
    const auto by_number = office.addresses.called_in(call);
    REQUIRE(by_number);
    CHECK(by_number->number == "201");
    CHECK_FALSE(by_number->phone);

    call.called_at = office.phone;
    const auto by_contact = office.addresses.called_in(call);
    REQUIRE(by_contact);
    CHECK(by_contact->phone);

    office.locations.remove("201", office.phone);
    CHECK_FALSE(office.addresses.called_in(call));
}

TEST_CASE("others see the directory's name of a number, else the phone's own")
{
    Office office;
    const auto name = [&](std::string_view number) {
        return office.addresses.party_of(number, "Desk").display_name;
    };
    CHECK(name("201") == "Anna Lee");
    CHECK(name("202") == "Desk");
    CHECK(name("600") == "Sales");
    CHECK(name("999") == "Desk");
    CHECK(office.addresses.party_of("#1", {}).uri == uri("sip:%231@office.test"));

    office.directory = directory_of("new.test", "Anna Hill");
    CHECK(name("201") == "Anna Hill");
    CHECK(office.addresses.party_of("202", {}).uri == uri("sip:202@new.test"));
    CHECK_FALSE(office.addresses.is_own_host("office.test"));
}

TEST_CASE("a caller shows its number, unless it hides it or is outside under a host of its own")
{
    InviteReceived invite;
    invite.request_uri = uri("sip:202@office.test");
    invite.parties.from.uri = uri("sip:201@phone.test");
    CHECK(Addresses::number_shown_by(invite) == "201");

    invite.payload = std::make_shared<const Payload>(Payload{{}, {}, {{"Privacy", "id"}}});
    CHECK(Addresses::number_shown_by(invite).empty());

    invite.payload = {};
    invite.trunk = "far";
    CHECK(Addresses::number_shown_by(invite).empty());
    invite.parties.from.uri = uri("sip:201@office.test");
    CHECK(Addresses::number_shown_by(invite) == "201");
}

TEST_CASE("a leg shows the number of its phone by the same rules")
{
    const Office office;
    Leg leg;
    leg.phone.uri = uri("sip:201@office.test");
    CHECK(office.addresses.number_shown_by(leg) == "201");

    leg.anonymous = true;
    CHECK(office.addresses.number_shown_by(leg).empty());

    leg.anonymous = false;
    leg.trunk = "far";
    CHECK(office.addresses.number_shown_by(leg) == "201");
    leg.phone.uri = uri("sip:201@far.test");
    CHECK(office.addresses.number_shown_by(leg).empty());
}

TEST_CASE("a Warning names the domain, and its text is a quoted string on one line")
{
    const Office office;
    const auto warning = office.addresses.warning_of("say \"no\",\r\nor C:\\");
    CHECK(warning.name == "Warning");
    CHECK(warning.value == R"(399 office.test "say \"no\",or C:\\")");
}
