// Phones behind one outbound proxy: all of them send from its address, so that says of none who it
// is (RFC 3327).
#include <doctest/doctest.h>

#include "scenario/publishing.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

constexpr std::string_view alice_sdp = "v=0\r\no=alice\r\nm=audio 4000 RTP/AVP 0\r\n";
constexpr std::string_view bob_sdp = "v=0\r\no=bob\r\nm=audio 5000 RTP/AVP 0\r\n";
constexpr std::string_view carol_sdp = "v=0\r\no=carol\r\nm=audio 6000 RTP/AVP 0\r\n";

SipUri contact_of(std::string_view number, std::string_view host, std::uint16_t port = 5060)
{
    SipUri uri;
    uri.user = number;
    uri.host = host;
    uri.port = port;
    return uri;
}

/// All phones are behind the proxy at 198.51.100.1.
struct Office {
    explicit Office(std::vector<std::string> proxy_path = {"<sip:198.51.100.1;lr>"})
        : path{std::move(proxy_path)}
    {
    }

    Phone& behind_proxy(std::string number, const SipUri& contact)
    {
        auto& phone = pbx.silent_phone(std::move(number));
        phone.flow = {Transport::udp, "198.51.100.1", 5060, {}, 0};
        phone.path = path;
        phone.named_contact = contact;
        phone.reboots = ++phones;  // whose REGISTERs have a Call-ID of their own
        phone.registers();
        return phone;
    }

    void alice_and_bob_talk()
    {
        alice.sends(INVITE, "102", alice_sdp);
        bob.receives(INVITE).from("101");
        bob.replies(200, bob_sdp);
        alice.receives(200U);
        bob.receives(ACK);
    }

    void alice_hangs_up(Phone& other)
    {
        alice.sends(BYE);
        alice.receives(200U);
        other.receives(BYE);
        CHECK(pbx.has_no_calls());
        CHECK(pbx.has_no_dialogs());
    }

    std::vector<std::string> path;
    int phones = 0;
    Scenario pbx{{[] {
        auto sales = group("sales", {"102", "103", "104"}, {"101"});
        sales.rights.join = true;
        return sales;
    }()}};
    Phone& alice = behind_proxy("101", contact_of("101", "10.0.0.1"));
    Phone& bob = behind_proxy("102", contact_of("102", "10.0.0.2"));
};

}  // namespace

TEST_CASE("phones behind one proxy call each other")
{
    SUBCASE("that adds a Path")
    {
        Office office;
        office.alice_and_bob_talk();
        office.alice_hangs_up(office.bob);
    }
    SUBCASE("that adds none")
    {
        Office office{{}};
        office.alice_and_bob_talk();
        office.alice_hangs_up(office.bob);
    }
}

TEST_CASE("behind a proxy, too, no phone is rung by its own call")
{
    Office office;
    auto own = contact_of("101", "10.0.0.1");
    bool has_mobile = true;
    SUBCASE("its contact is as registered")
    {
    }
    SUBCASE("its contact is spelled in another way")
    {
        own.port = 0;
        own.params = ";transport=udp";
    }
    SUBCASE("its contact is not known: none of the proxy's phones of its owner is rung")
    {
        own.host = "gruu.example";
        has_mobile = false;
    }
    auto& mobile = office.behind_proxy("101", contact_of("101", "10.0.0.9"));
    office.alice.named_contact = own;
    office.alice.sends(INVITE, "101", alice_sdp);
    if (has_mobile) {
        mobile.receives(INVITE);
        mobile.replies(486);
    }
    office.alice.receives(has_mobile ? 486U : 480U);
    CHECK(office.pbx.has_no_calls());
}

TEST_CASE("without a proxy the address that a phone sends from says which it is")
{
    Scenario pbx;
    auto& alice = pbx.phone("101");
    const auto also_registers = [&](std::string number, const SipUri& contact) -> Phone& {
        auto& line = pbx.silent_phone(std::move(number));
        line.flow = alice.flow;
        line.named_contact = contact;
        line.registers();
        return line;
    };
    SUBCASE("its own number, by another contact")
    {
        alice.named_contact = contact_of("101", "192.168.0.7", 40000);
        alice.sends(INVITE, "101");
    }
    SUBCASE("another number of the same phone")
    {
        also_registers("102", contact_of("102", alice.flow.host, alice.flow.port));
        alice.sends(INVITE, "102");
    }
    SUBCASE("the same, by a contact that is not registered")
    {
        also_registers("102", contact_of("102", "192.168.0.7", 40000));
        alice.named_contact = contact_of("101", "192.168.0.7", 41000);
        alice.sends(INVITE, "102");
    }
    alice.receives(480U);
}

TEST_CASE("phones behind one proxy are transferred to each other")
{
    Office office;
    auto& carol = office.behind_proxy("103", contact_of("103", "10.0.0.3"));
    office.alice_and_bob_talk();
    office.bob.sends(Method::refer, std::make_shared<const Payload>(
                                        Payload{{}, {}, {{"Refer-To", "<sip:103@office.test>"}}}));
    office.bob.receives(202U);
    office.bob.replies_to(office.bob.receives(NOTIFY), 200);
    carol.receives(INVITE).from("101");
    carol.replies(200, carol_sdp);
    office.alice.receives(INVITE).with(carol_sdp);
    office.alice.replies(200, alice_sdp);
    office.alice.receives(ACK);
    carol.receives(ACK).with(alice_sdp);
    office.bob.replies_to(office.bob.receives(NOTIFY), 200);
    office.bob.receives(BYE);
    office.alice_hangs_up(carol);
}

TEST_CASE("phones behind one proxy join each other, none joins itself")
{
    Office office;
    auto& carol = office.behind_proxy("103", contact_of("103", "10.0.0.3"));
    office.alice_and_bob_talk();
    auto& dave = office.pbx.phone("104");
    const auto shown = dave.watches("102").dialog();
    const auto first = office.bob.dialog();
    const Replaces join{
        .call_id = shown.call_id, .to_tag = shown.local_tag, .from_tag = shown.remote_tag};
    office.bob.sends_joining(join, "102", bob_sdp);
    office.bob.receives(481U);
    carol.sends_joining(join, "102", carol_sdp);
    CHECK_FALSE(office.bob.receives(INVITE).value("Join").empty());
    office.bob.replies(486);
    carol.receives(486U);
    office.bob.uses(first);
    office.alice_hangs_up(office.bob);
    dave.inbox.clear();
}

TEST_CASE("who is told where to call is told of other phones behind its proxy, not of itself")
{
    Office office;
    office.behind_proxy("102", contact_of("102", "10.0.0.9"));
    office.pbx.joins("102", CallMode::redirect);
    office.alice.sends(INVITE, "102", alice_sdp);
    const auto told = office.alice.receives(302U).value("Contact");
    CHECK(told.find("10.0.0.2") != std::string::npos);
    CHECK(told.find("10.0.0.9") != std::string::npos);
    office.bob.sends(INVITE, "102", bob_sdp);
    const auto of_others = office.bob.receives(302U).value("Contact");
    CHECK(of_others.find("10.0.0.2") == std::string::npos);
    CHECK(of_others.find("10.0.0.9") != std::string::npos);
}

TEST_CASE("behind a proxy, too, what a phone has published of itself ends when it leaves")
{
    Office office;
    auto& carol = office.pbx.phone("103");
    carol.watches("101");
    const auto publishes = [&] {
        auto talking = dialogs(document(dialog("1", "outside", "confirmed"), "full", "101"));
        talking.to = "101";
        published(office.alice, talking);
        CHECK(carol.receives(NOTIFY).dialog().call_id == "outside");
    };
    SUBCASE("it is the only one there")
    {
        office.alice.named_contact->host = "10.9.9.9";  // in its PUBLISH
        publishes();
        office.alice.named_contact->host = "10.0.0.1";
    }
    SUBCASE("it names its contact")
    {
        auto& lab = office.behind_proxy("101", contact_of("101", "10.0.0.7"));
        publishes();
        lab.unregisters();
        CHECK(carol.hears_nothing());
    }
    office.alice.unregisters();
    CHECK(carol.receives(NOTIFY).idle());
    while (!carol.hears_nothing()) carol.receives(NOTIFY);
}

TEST_CASE("behind a proxy a PUBLISH without Contact is known by what its phone says of itself")
{
    Office office;
    auto& alice = office.alice;
    auto& carol = office.pbx.phone("103");
    carol.watches("101");
    auto& lab = office.behind_proxy("101", contact_of("101", "10.0.0.7"));
    bool is_known = true;
    SUBCASE("by its MAC address")
    {
        alice.user_agent = "Acme 00:04:13:aa:bb:cc";
        lab.user_agent = "Acme 00:04:13:aa:bb:dd";
    }
    SUBCASE("as the only one of its model")
    {
        alice.user_agent = "Acme 1.0";
        lab.user_agent = "Other 2.0";
    }
    SUBCASE("not as the only one there, which is another device")
    {
        alice.unregisters();
        alice.user_agent = "Acme 00:04:13:aa:bb:cc";
        lab.user_agent = "Acme 00:04:13:aa:bb:dd";
        lab.registers();
        is_known = false;
    }
    if (is_known)
        for (auto* phone : {&alice, &lab}) phone->registers();
    auto talking = dialogs(document(dialog("1", "outside", "confirmed"), "full", "101"));
    talking.to = "101";
    talking.expires = 600s;
    talking.names_contact = false;
    published(alice, talking);
    CHECK(carol.receives(NOTIFY).dialog().call_id == "outside");
    lab.unregisters();
    CHECK(carol.hears_nothing());
    alice.unregisters();
    if (!is_known) {
        CHECK(carol.hears_nothing());  // until it expires
        office.pbx.passes(601s);
    }
    CHECK(carol.receives(NOTIFY).idle());
    while (!carol.hears_nothing()) carol.receives(NOTIFY);
}

namespace {

/// 101 has two phones of one model behind one proxy, and the first publishes a call, be it with its
/// own target or without.
void one_of_two_publishes(bool says_where)
{
    Office office;
    auto& alice = office.alice;
    auto& carol = office.pbx.phone("103");
    carol.watches("101");
    auto& lab = office.behind_proxy("101", contact_of("101", "10.0.0.7"));
    auto outside = dialog("1", "outside", "confirmed");
    if (says_where)
        outside.insert(outside.find("<remote>"),
                       "<local><target uri=\"" + write(*alice.named_contact) + "\"/></local>");
    auto talking = dialogs(document(outside, "full", "101"));
    talking.to = "101";
    talking.expires = 600s;
    talking.names_contact = false;
    published(alice, talking);
    CHECK(carol.receives(NOTIFY).dialog().call_id == "outside");
    SUBCASE("the other one leaves first")
    {
        lab.unregisters();
        CHECK(carol.hears_nothing());
        alice.unregisters();
    }
    SUBCASE("it leaves first")
    {
        alice.unregisters();
        if (!says_where) {
            CHECK(carol.hears_nothing());  // it might be the other one
            lab.unregisters();
        }
    }
    SUBCASE("it begins anew after a restart of the exchange")
    {
        office.pbx.restarts();
        CHECK(carol.receives(NOTIFY).dialog().call_id == "outside");
        alice.reboots = ++office.phones;
        alice.registers();
        if (!says_where) {
            CHECK(carol.hears_nothing());
            lab.unregisters();
        }
    }
    CHECK(carol.receives(NOTIFY).idle());
    while (!carol.hears_nothing()) carol.receives(NOTIFY);
    CHECK(office.pbx.view().publications == 0);
    CHECK(office.pbx.kept().publications.empty());
}

}  // namespace

TEST_CASE(
    "behind a proxy, what one of several phones of a model has published ends with the last one "
    "that it may be")
{
    one_of_two_publishes(false);
}

TEST_CASE("behind a proxy, what a phone has published ends with itself where its dialog names it")
{
    one_of_two_publishes(true);
}

TEST_CASE("a proxy that cannot reach a phone says that it is not there")
{
    Office office;
    auto& carol = office.behind_proxy("103", contact_of("103", "10.0.0.3"));
    auto& dave = office.pbx.phone("104");
    office.pbx.forwards("102", {.no_answer = "104", .unregistered = "103"});
    SUBCASE("before the phone has said anything")
    {
        for (const unsigned status : {404, 408, 410, 430, 500, 503, 504}) {
            CAPTURE(status);
            office.alice.sends(INVITE, "102", alice_sdp);
            office.bob.receives(INVITE);
            office.bob.replies(status);
            office.alice.receives(181U);
            carol.receives(INVITE).header("Diversion",
                                          "<sip:102@office.test>;reason=unavailable;counter=1");
            carol.replies(486);
            office.alice.receives(486U);
        }
        CHECK(dave.hears_nothing());
    }
    SUBCASE("after it has rung it is a phone that nobody answers")
    {
        office.alice.sends(INVITE, "102", alice_sdp);
        office.bob.receives(INVITE);
        office.bob.replies(180);
        office.alice.receives(180U);
        office.bob.replies(408);
        office.alice.receives(181U);
        dave.receives(INVITE);
        dave.replies(486);
        office.alice.receives(486U);
    }
    SUBCASE("480 is what phones say that want no calls")
    {
        office.alice.sends(INVITE, "102", alice_sdp);
        office.bob.receives(INVITE);
        office.bob.replies(480);
        office.alice.receives(181U);
        dave.receives(INVITE);
        dave.replies(486);
        office.alice.receives(486U);
    }
    SUBCASE("another phone of the extension is there, and busy")
    {
        auto& second = office.behind_proxy("102", contact_of("102", "10.0.0.9"));
        office.alice.sends(INVITE, "102", alice_sdp);
        second.receives(INVITE);
        office.bob.receives(INVITE);
        second.replies(486);
        office.bob.replies(430);
        office.alice.receives(486U);
        CHECK(carol.hears_nothing());
    }
    SUBCASE("without a proxy the phone itself is there")
    {
        office.pbx.forwards("104", {.unregistered = "103"});
        office.alice.sends(INVITE, "104", alice_sdp);
        dave.receives(INVITE);
        dave.replies(404);
        office.alice.receives(404U);
    }
    CHECK(office.pbx.has_no_calls());
}

TEST_CASE("nobody else is told that a proxy has no way to the phone (RFC 5626 §5.3)")
{
    Office office;
    for (const unsigned status : {408, 430, 503}) {
        CAPTURE(status);
        office.alice.sends(INVITE, "102", alice_sdp);
        office.bob.receives(INVITE);
        office.bob.replies(status);
        office.alice.receives(480U);
    }
    CHECK(office.pbx.has_no_calls());
}
