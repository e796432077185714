// Phones that register from another address, over another connection or as another contact than
// before: what they have subscribed to follows them.
#include <array>
#include <set>
#include <string>

#include <doctest/doctest.h>

#include "scenario/forwarded_office.hpp"
#include "scenario/publishing.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::forwarded;

namespace {

void rings(Phone& alice, Phone& carol)
{
    alice.sends(INVITE, "103");
    carol.receives(INVITE);
    carol.replies(180);
    alice.receives(180U);
}

/// 102 watches 103.
struct Office {
    /// What 102 has subscribed to: `dialog` and `presence` of 103.
    void asks(Phone& phone)
    {
        phone.watches("103");
        phone.subscribes("presence", "103");
    }
    /// 103 rings, which 102 is told at `flow` in both packages.
    void is_told_at(Phone& phone, const Flow& flow)
    {
        rings(alice, carol);
        std::set<std::string> packages;
        while (!phone.hears_nothing()) {
            const auto told = phone.receives(NOTIFY);
            CHECK(told.notify->dialog->flow == flow);
            packages.insert(told.notify->content_type);
        }
        CHECK(packages.size() == 2);
    }

    Scenario pbx{{group("sales", {"102"}, {"103"})}};
    Phone& alice = pbx.phone("101");
    Phone& carol = pbx.phone("103");
};

/// By the connection `id`, whose port its contact names.
void connects(Phone& phone, std::uint16_t port, std::uint64_t id)
{
    phone.flow = {Transport::tcp, "192.0.2.102", port, {id}, 0};
}

}  // namespace

TEST_CASE("a phone whose NAT gives it another port is told there from its next REGISTER on")
{
    Office office;
    auto& bob = office.pbx.silent_phone("102");
    bob.named_contact = bob.own_contact();
    bob.registers();
    office.asks(bob);
    SUBCASE("before anything has happened") {}
    SUBCASE("after the exchange has begun anew")
    {
        office.pbx.restarts();
        for (int package = 0; package < 2; ++package) bob.receives(NOTIFY);
    }
    SUBCASE("while what it was told is on its way to the old one")
    {
        bob.answers_notify.reset();
        rings(office.alice, office.carol);
        for (int package = 0; package < 2; ++package) bob.receives(NOTIFY);
        office.alice.cancels();
        office.carol.receives(CANCEL);
        bob.flow.port = 40'000;
        bob.answers_notify = 200;
        bob.registers();
        for (int package = 0; package < 2; ++package)
            CHECK(bob.receives(NOTIFY).notify->dialog->flow.port == 40'000);
    }
    bob.flow.port = 40'000;
    bob.registers();
    CHECK(bob.hears_nothing());  // it has seen all there is
    office.is_told_at(bob, bob.flow);
    const auto kept = office.pbx.kept();
    CHECK(kept.subscriptions.size() == 2);
    for (const auto& one : kept.subscriptions) CHECK(one.flow.port == 40'000);
}

TEST_CASE(
    "a REGISTER frees what the only lamp of a phone owes, while the NOTIFY that asks is under way")
{
    Office office;
    auto& bob = office.pbx.silent_phone("102");
    bob.named_contact = bob.own_contact();
    bob.registers();
    bob.watches("103");
    bob.answers_notify.reset();
    rings(office.alice, office.carol);
    const auto lost = bob.receives(NOTIFY);
    office.pbx.passes(32s);
    bob.answers(lost, 408, true);
    office.pbx.passes(1s);
    bob.receives(NOTIFY);  // which is lost as well
    bob.flow.port = 40'000;
    bob.answers_notify = 200;
    ++bob.reboots;  // nothing but its contact says which phone it is
    bob.registers();
    CHECK(bob.receives(NOTIFY).notify->dialog->flow.port == 40'000);
    office.pbx.stays_silent_for(60s);
}

TEST_CASE("a phone that registers over another connection is told over it, whatever becomes of the "
          "old one")
{
    Office office;
    auto& bob = office.pbx.silent_phone("102");
    connects(bob, 40'001, 77);
    bob.registers();
    office.asks(bob);
    bool by_mac = false;
    bool closes = false;
    SUBCASE("it is known by the Call-ID of its REGISTERs, and the old one seems to live") {}
    SUBCASE("it is known by the Call-ID of its REGISTERs, and the old one closes")
    {
        closes = true;
    }
    SUBCASE("it is known by its MAC address, and the old one seems to live")
    {
        by_mac = true;
    }
    SUBCASE("it is known by its MAC address, and the old one closes")
    {
        by_mac = closes = true;
    }
    if (by_mac) {
        bob.user_agent = "Acme 00:04:13:aa:bb:cc";
        bob.registers();
        ++bob.reboots;
    }
    connects(bob, 40'002, 78);
    bob.registers();
    CHECK(bob.hears_nothing());
    if (closes) office.pbx.receive(ConnectionClosed{{77}});
    CHECK(bob.hears_nothing());
    office.is_told_at(bob, bob.flow);
}

TEST_CASE("when its connection closes, a phone is told over the one that it has registered over")
{
    Office office;
    auto& bob = office.pbx.silent_phone("102");
    bob.user_agent = "Acme 00:04:13:aa:bb:cc";
    connects(bob, 40'001, 77);
    bob.registers();
    const auto registered = bob.flow;
    connects(bob, 40'002, 78);  // to subscribe over
    office.asks(bob);
    SUBCASE("while nothing happens")
    {
        bob.flow = registered;
        office.pbx.receive(ConnectionClosed{{78}});
        CHECK(bob.hears_nothing());
        office.is_told_at(bob, registered);
    }
    SUBCASE("while it is told something")
    {
        bob.answers_notify.reset();
        rings(office.alice, office.carol);
        for (int package = 0; package < 2; ++package) bob.receives(NOTIFY);
        bob.answers_notify = 200;
        bob.flow = registered;
        office.pbx.receive(ConnectionClosed{{78}});
        for (int package = 0; package < 2; ++package)
            CHECK(bob.receives(NOTIFY).notify->dialog->flow == registered);
    }
    office.pbx.stays_silent_for(60s);
}

TEST_CASE("a phone that changes its contact in one REGISTER keeps what it has subscribed to")
{
    Office office;
    auto& bob = office.pbx.silent_phone("102");
    SUBCASE("its NAT has given it another port")
    {
        bob.registers();
        office.asks(bob);
        const auto before = bob.own_contact();
        bob.flow.port = 40'000;
        bob.registers_instead_of(before);
    }
    SUBCASE("it has opened another connection")
    {
        connects(bob, 40'001, 77);
        bob.registers();
        office.asks(bob);
        const auto before = bob.own_contact();
        SUBCASE("since the old one is closed")
        {
            office.pbx.receive(ConnectionClosed{{77}});
        }
        SUBCASE("and nobody knows that the old one is dead") {}
        connects(bob, 40'002, 78);
        bob.registers_instead_of(before);
    }
    SUBCASE("twice")
    {
        bob.registers();
        office.asks(bob);
        for (const std::uint16_t port : std::array<std::uint16_t, 2>{40'000, 41'000}) {
            const auto before = bob.own_contact();
            bob.flow.port = port;
            bob.registers_instead_of(before);
        }
    }
    CHECK(bob.hears_nothing());
    office.is_told_at(bob, bob.flow);
    bob.unregisters();
    for (int package = 0; package < 2; ++package)
        CHECK(bob.receives(NOTIFY).notify->subscription_state == "terminated;reason=deactivated");
    office.pbx.stays_silent_for(60s);
}

TEST_CASE("a phone that changes its contact in one REGISTER goes on with what it has published")
{
    Scenario pbx{{group("sales", {"103"}, {"102"})}};
    auto& bob = pbx.phone("102");
    auto& carol = pbx.phone("103");
    carol.watches("102");
    published(bob, dialogs(document(dialog("1", "outside", "confirmed"))));
    carol.receives(NOTIFY);
    const auto before = bob.own_contact();
    bob.flow.port = 40'000;
    bob.registers_instead_of(before);
    CHECK(carol.hears_nothing());
    SUBCASE("until it leaves")
    {
        bob.unregisters();
    }
    SUBCASE("until it leaves after a restart")
    {
        pbx.restarts();
        CHECK(carol.receives(NOTIFY).dialog().call_id == "outside");
        bob.registers();
        CHECK(carol.hears_nothing());
        bob.unregisters();
    }
    CHECK(carol.receives(NOTIFY).idle());
    while (!carol.hears_nothing()) carol.receives(NOTIFY);
}

TEST_CASE("who does not answer is sought at the other contact of the same phone, once")
{
    Office office;
    auto& bob = office.pbx.silent_phone("102");
    bob.registers();
    bob.watches("103");
    const auto old = bob.flow.port;
    bob.flow.port = 40'000;
    bob.registers();  // and leaves its old contact behind, which may be in use
    bob.answers_notify.reset();
    bob.flow.port = old;
    rings(office.alice, office.carol);
    auto told = bob.receives(NOTIFY);
    bob.flow.port = 40'000;
    office.pbx.passes(32s);
    SUBCASE("and is there")
    {
        bob.answers_notify = 200;
        bob.answers(told, 408, true);
        CHECK(bob.receives(NOTIFY).notify->dialog->flow == bob.flow);
        office.alice.cancels();
        office.carol.receives(CANCEL);
        CHECK(bob.receives(NOTIFY).idle());
        bob.answers_notify.reset();  // it is back at its old contact
        rings(office.alice, office.carol);
        told = bob.receives(NOTIFY);
        CHECK(told.notify->dialog->flow == bob.flow);
        bob.flow.port = old;
        office.pbx.passes(32s);
        bob.answers_notify = 200;
        bob.answers(told, 408, true);
        CHECK(bob.receives(NOTIFY).notify->dialog->flow == bob.flow);
    }
    SUBCASE("and is not")
    {
        bob.answers(told, 408, true);
        told = bob.receives(NOTIFY);
        CHECK(told.notify->dialog->flow == bob.flow);
        for (const auto pause : {1s, 2s, 4s, 4s}) {
            bob.answers(told, 408, true);
            CHECK(bob.hears_nothing());
            office.pbx.passes(pause);
            told = bob.receives(NOTIFY);
            CHECK(told.notify->dialog->flow == bob.flow);
        }
        bob.answers(told, 200);
    }
    office.pbx.stays_silent_for(20s);
}

TEST_CASE("another phone with the same private address takes no NOTIFY over")
{
    Office office;
    auto& bob = office.pbx.silent_phone("102");
    bob.named_contact = bob.own_contact();
    bob.registers();
    office.asks(bob);
    auto& home = office.pbx.silent_phone("102");
    home.named_contact = bob.named_contact;
    home.registers();
    const auto flow = bob.flow;
    office.is_told_at(bob, flow);
}

TEST_CASE("what a phone tells by itself is passed to where its watcher has registered since")
{
    Asked office;
    office.bob.answers_subscribe(office.asked, 200);
    office.carol.receives(200U);
    office.bob.notifies(office.asked, {});
    CHECK(passed(office.carol) == "1");
    const auto before = office.carol.own_contact();
    office.carol.flow.port = 40'000;
    SUBCASE("by the same contact")
    {
        office.carol.named_contact = before;
        office.carol.registers();
    }
    SUBCASE("by another one")
    {
        office.carol.registers_instead_of(before);
    }
    office.bob.notifies(office.asked, {.cseq = 2});
    CHECK(passed(office.carol) == "2");
}
