// Phones that notify by themselves, and phones of watchers, that leave, expire, reboot and come
// back.
#include "scenario/forwarded_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::forwarded;

TEST_CASE("a watcher's phone that leaves is told nothing more by the phone that notifies")
{
    Asked office;
    auto& [pbx, bob, carol, asked] = office;
    bob.notifies(asked, {.cseq = 41, .version = 7});
    CHECK(passed(carol) == "41");
    bob.answers_subscribe(asked, 200);
    carol.receives(200U);
    SUBCASE("by its word")
    {
        carol.unregisters();
        CHECK(ended(carol, bob) == "deactivated 42 version 8");
        bob.notifies(asked, {.cseq = 42, .version = 8});
        bob.receives(481U);
        CHECK(carol.hears_nothing());
        CHECK(kinds(pbx).empty());
    }
}

TEST_CASE("when the last phone that notifies is gone, nobody's lamp stays as it was")
{
    Scenario pbx{{told_unasked()}};
    notifies(pbx, true);
    auto& desk = pbx.phone("102");
    auto& mobile = pbx.phone("102");
    auto& carol = pbx.phone("103");
    carol.receives(NOTIFY);
    carol.asks(to_bob);
    desk.receives(SUBSCRIBE);
    mobile.answers_subscribe(mobile.receives(SUBSCRIBE), 489);
    carol.receives(489U);
    carol.asks(to_bob);
    const auto again = desk.receives(SUBSCRIBE);
    mobile.receives(SUBSCRIBE);
    desk.answers_subscribe(again, 200, 7200s);
    carol.receives(200U);
    desk.notifies(again, {.cseq = 5, .version = 4});
    CHECK(passed(carol) == "5");
    mobile.unregisters();
    CHECK(carol.hears_nothing());
    SUBCASE("it says so")
    {
        desk.unregisters();
        CHECK(ended(carol, desk) == "deactivated 6 version 5");
        CHECK(carol.receives(NOTIFY).idle());  // unasked
    }
    SUBCASE("its registration ends")
    {
        carol.registers(7200s);
        pbx.passes(3601s);
        CHECK(ended(carol, desk) == "deactivated 6 version 5");
        CHECK(carol.receives(NOTIFY).idle());
    }
    carol.asks(to_bob);
    carol.receives(480U);
}

TEST_CASE(
    "a phone that notifies and registers anew has forgotten its watchers: they are to begin anew")
{
    Asked office;
    auto& [pbx, bob, carol, asked] = office;
    bob.answers_subscribe(asked, 200);
    carol.receives(200U);
    bob.notifies(asked, {.cseq = 41, .version = 7});
    CHECK(passed(carol) == "41");
    bob.registers();  // a refresh
    CHECK(carol.hears_nothing());
    SUBCASE("by another call, as after a reboot")
    {
        ++bob.reboots;
    }
    SUBCASE("the same after a restart of the exchange")
    {
        pbx.restarts();
        CHECK(carol.hears_nothing());
        ++bob.reboots;
    }
    bob.registers();
    const auto last = ended(carol, bob);
    CHECK(last.starts_with("deactivated "));
    carol.asks(to_bob);
    bob.answers_subscribe(bob.receives(SUBSCRIBE), 200);
    carol.receives(200U);
    bob.registers();
    CHECK(carol.hears_nothing());
}

namespace {

/// 103 is told by a phone of 102, which has said something, and its registration is about to end.
struct Lapsing {
    Lapsing()
    {
        notifies(pbx, true);
        carol.user_agent = "Acme 001565aabbcc";
        carol.registers(60s);
        carol.asks(to_bob);
        asked = bob.receives(SUBSCRIBE);
        bob.answers_subscribe(asked, 200);
        carol.receives(200U);
        bob.notifies(asked, {.cseq = 41, .version = 7});
        CHECK(passed(carol) == "41");
    }
    void is_refused(std::uint32_t cseq)
    {
        bob.notifies(asked, {.cseq = cseq, .version = cseq});
        bob.receives(481U);
        CHECK(carol.hears_nothing());
        CHECK(kinds(pbx).empty());
    }
    /// She has the truth by beginning anew, which is to be said to her now.
    void is_back(std::string_view ended_by)
    {
        carol.registers();
        CHECK(ended(carol, bob) == ended_by);
        CHECK(pbx.kept().subscriptions.empty());
        carol.asks(to_bob);
        bob.answers_subscribe(bob.receives(SUBSCRIBE), 200);
        carol.receives(200U);
        CHECK(kinds(pbx) == "103 forwarded unknown\n");
    }
    Scenario pbx{{group("sales", {"103"}, {"102"})}};
    Phone& bob = pbx.phone("102");
    Phone& carol = pbx.phone("103");
    Arrived asked;
};

}  // namespace

TEST_CASE("a watcher's phone whose registration expires is told nothing more by the phone that "
          "notifies: somebody else may be there by then")
{
    Lapsing office;
    auto& [pbx, bob, carol, asked] = office;
    pbx.passes(59s);
    bob.notifies(asked, {.cseq = 42, .version = 8});
    CHECK(passed(carol) == "42");
    pbx.passes(2s);
    office.is_refused(43);

    SUBCASE("it is told so when it is back")
    {
        office.is_back("deactivated 43 version 9");
    }
    SUBCASE("it is told so when it is back, at another address")
    {
        ++carol.flow.port;
        office.is_back("deactivated 43 version 9");
    }
    SUBCASE("it is told so when it is back, after a restart")
    {
        pbx.restarts();
        office.is_refused(44);
        office.is_back("deactivated 106 version 72");
    }
    SUBCASE("another phone of its extension is not it")
    {
        auto& lab = pbx.phone("103");
        CHECK(lab.hears_nothing());
        office.is_back("deactivated 43 version 9");
    }
    SUBCASE("the right to see goes meanwhile, or the setting, and its lamp is dark when it is back")
    {
        SUBCASE("the right")
        {
            pbx.replaces_directory({});
        }
        SUBCASE("the setting")
        {
            notifies(pbx, false);
        }
        SUBCASE("the phone")
        {
            bob.unregisters();
        }
        CHECK(carol.hears_nothing());
        carol.registers();
        CHECK(ended(carol, bob) == "deactivated 43 version 9");
        CHECK(pbx.kept().subscriptions.empty());
    }
    SUBCASE("it asks for more, and hears by 481 that it is to begin anew")
    {
        carol.asks(within(bob));
        carol.receives(481U);
        carol.asks(to_bob);
        bob.answers_subscribe(bob.receives(SUBSCRIBE), 200);
        carol.receives(200U);
        CHECK(kinds(pbx) == "103 forwarded unknown\n");
    }
    SUBCASE("it says that it leaves")
    {
        carol.unregisters();
        CHECK(ended(carol, bob) == "deactivated 43 version 9");
        CHECK(pbx.kept().subscriptions.empty());
    }
    SUBCASE("it never comes back: nothing is left when its subscription has expired")
    {
        pbx.passes(3600s);
        CHECK(pbx.kept().subscriptions.empty());
        carol.registers();
        CHECK(carol.hears_nothing());
    }
}

TEST_CASE("a watcher's phone whose registration expires while the exchange is down is told nothing "
          "more by the phone that notifies")
{
    Lapsing office;
    office.pbx.restarts([](Kept& kept) {
        for (auto& binding : kept.bindings)
            if (binding.aor == "103") binding.expires_at -= 60s;
    });
    office.is_refused(42);
    office.is_back("deactivated 106 version 72");
}

TEST_CASE("a watcher that never registers is told by the phone, over a restart too")
{
    Scenario pbx{{group("sales", {"103"}, {"102"})}};
    notifies(pbx, true);
    auto& bob = pbx.phone("102");
    auto& carol = pbx.silent_phone("103");
    carol.asks(to_bob);
    const auto asked = bob.receives(SUBSCRIBE);
    bob.answers_subscribe(asked, 200);
    carol.receives(200U);
    pbx.restarts();
    bob.notifies(asked, {.cseq = 1});
    CHECK(passed(carol) == "1");
}

namespace {

bool is_at(const Binding& binding, const Phone& phone)
{
    return binding.contact.port == phone.flow.port;
}

}  // namespace

TEST_CASE("one of two phones that notify is gone: what it told is over, and the other one tells on")
{
    TwoTell office;
    auto& [pbx, desk, mobile, carol, of_desk, of_mobile] = office;
    SUBCASE("it registers anew, as after a reboot, and is asked when the watcher begins anew")
    {
        SUBCASE("at once")
        {
            ++desk.reboots;
            desk.registers();
            office.desk_is_over("deactivated 32 version 6");
            office.mobile_tells_on(2);
        }
        SUBCASE("after a restart of the exchange")
        {
            desk.notifies(of_desk, {.cseq = 32, .version = 6});
            CHECK(passed(carol) == "32");
            pbx.restarts();
            CHECK(carol.hears_nothing());
            ++desk.reboots;
            desk.registers();
            office.desk_is_over("deactivated 96 version 70");
            office.mobile_tells_on(101);
        }
        carol.asks(to_bob);
        desk.receives(SUBSCRIBE);
        mobile.answers_subscribe(mobile.receives(SUBSCRIBE), 200);
        carol.receives(200U);
    }
    SUBCASE("it unregisters, and comes back: it has not been asked, so all is to be begun anew")
    {
        desk.unregisters();
        office.desk_is_over("deactivated 32 version 6");
        office.mobile_tells_on(2);
        desk.registers();
        CHECK(ended(carol, mobile) == "deactivated 3 version 3");
        CHECK(kinds(pbx).empty());
    }
    SUBCASE("its registration ends")
    {
        mobile.registers(7200s);
        carol.registers(7200s);
        desk.registers(600s);
        pbx.passes(601s);
        office.desk_is_over("deactivated 32 version 6");
        office.mobile_tells_on(2);
    }
    SUBCASE("its registration ends while the exchange is down")
    {
        const auto of_desk_alone = [&](const auto& one) { return is_at(one, desk); };
        pbx.restarts([&](Kept& kept) { std::erase_if(kept.bindings, of_desk_alone); });
        CHECK(ended(carol, desk).starts_with("deactivated "));
        office.mobile_tells_on(101);
    }
    SUBCASE("all registrations end while the exchange is down")
    {
        pbx.restarts([&](Kept& kept) {
            std::erase_if(kept.bindings,
                          [](const Binding& binding) { return binding.aor == "102"; });
        });
        CHECK(ended(carol, mobile).starts_with("deactivated "));
        CHECK(ended(carol, desk).starts_with("deactivated "));
        CHECK(kinds(pbx).empty());
    }
}
