// Phones of an extension whose phones notify by themselves, that come, say nothing or begin anew:
// when they are asked, which ends what the others tell.
#include "scenario/forwarded_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::forwarded;

TEST_CASE("a phone that comes to an extension whose phones notify is to be asked as well")
{
    SUBCASE("after the others have been")
    {
        TwoTell office;
        auto& lab = office.pbx.phone("102");
        CHECK(ended(office.carol, office.mobile) == "deactivated 2 version 1");
        CHECK(ended(office.carol, office.desk) == "deactivated 32 version 6");
        CHECK(kinds(office.pbx).empty());
        office.carol.asks(to_bob);
        for (auto* phone : {&office.desk, &office.mobile, &lab}) phone->receives(SUBSCRIBE);
    }
    SUBCASE("while one is asked")
    {
        Scenario pbx{{group("sales", {"103"}, {"102"})}};
        notifies(pbx, true);
        auto& bob = pbx.phone("102");
        auto& carol = pbx.phone("103");
        carol.asks(to_bob);
        const auto asked = bob.receives(SUBSCRIBE);
        auto& lab = pbx.phone("102");
        CHECK(carol.hears_nothing());
        bob.answers_subscribe(asked, 200);
        carol.receives(200U);
        CHECK(ended(carol, bob) == "deactivated 1 version 0");
        CHECK(lab.hears_nothing());
    }
}

TEST_CASE("a phone that comes while another one shows a call is asked when that is over: no lamp "
          "goes dark for it")
{
    TwoTell office;
    auto& [pbx, desk, mobile, carol, of_desk, of_mobile] = office;
    desk.notifies(of_desk, {.cseq = 32, .version = 6, .shows_call = true});
    CHECK(passed(carol) == "32");
    auto& lab = pbx.phone("102");
    CHECK(carol.hears_nothing());
    mobile.notifies(of_mobile, {.cseq = 2, .version = 1, .shows_call = false});
    CHECK(passed(carol) == "2");
    CHECK(carol.hears_nothing());
    bool desk_stays = true;
    SUBCASE("it tells that the call is over")
    {
        desk.notifies(of_desk, {.cseq = 33, .version = 7, .shows_call = false});
        CHECK(passed(carol) == "33");
        CHECK(ended(carol, mobile) == "deactivated 3 version 2");
        CHECK(ended(carol, desk) == "deactivated 34 version 8");
    }
    SUBCASE("it tells nothing any more")
    {
        desk.notifies(of_desk, {.cseq = 33, .version = 7, .over = true});
        CHECK(passed(carol) == "33");
        CHECK(ended(carol, mobile) == "deactivated 3 version 2");
    }
    SUBCASE("it leaves")
    {
        desk.unregisters();
        CHECK(ended(carol, mobile) == "deactivated 3 version 2");
        CHECK(ended(carol, desk) == "deactivated 33 version 7");
        desk_stays = false;
    }
    SUBCASE("the one that has come leaves before that")
    {
        lab.unregisters();
        desk.notifies(of_desk, {.cseq = 33, .version = 7, .shows_call = false});
        CHECK(passed(carol) == "33");
        CHECK(carol.hears_nothing());
        office.mobile_tells_on(3);
        return;
    }
    CHECK(kinds(pbx).empty());
    carol.asks(to_bob);
    lab.receives(SUBSCRIBE);
    mobile.receives(SUBSCRIBE);
    if (desk_stays) desk.receives(SUBSCRIBE);
}

TEST_CASE("a phone that was asked and has not accepted is asked again when it has begun anew")
{
    Scenario pbx{{group("sales", {"103"}, {"102"})}};
    notifies(pbx, true);
    auto& desk = pbx.phone("102");
    auto& mobile = pbx.phone("102");
    auto& carol = pbx.phone("103");
    carol.asks(to_bob);
    const auto asked = desk.receives(SUBSCRIBE);
    mobile.receives(SUBSCRIBE);  // it boots, and says nothing
    desk.answers_subscribe(asked, 200);
    carol.receives(200U);
    desk.notifies(asked, {.cseq = 1, .version = 0});
    CHECK(passed(carol) == "1");
    mobile.registers();
    desk.registers();
    CHECK(carol.hears_nothing());
    SUBCASE("at once") {}
    SUBCASE("after a restart of the exchange")
    {
        pbx.restarts();
        CHECK(carol.hears_nothing());
    }
    ++mobile.reboots;
    mobile.registers();
    CHECK(ended(carol, desk).starts_with("deactivated "));
    CHECK(kinds(pbx).empty());
    carol.asks(to_bob);
    mobile.receives(SUBSCRIBE);
    desk.answers_subscribe(desk.receives(SUBSCRIBE), 200);
    carol.receives(200U);
    mobile.registers();
    CHECK(carol.hears_nothing());
}

TEST_CASE(
    "a phone that was asked and says nothing is asked again while it registers, ever more rarely")
{
    Scenario pbx{{group("sales", {"103"}, {"102"})}};
    notifies(pbx, true);
    auto& desk = pbx.phone("102");
    auto& mobile = pbx.phone("102");
    auto& carol = pbx.phone("103");
    const auto begins = [&] {
        carol.asks(to_bob);
        const auto asked = desk.receives(SUBSCRIBE);
        const auto in_vain = mobile.receives(SUBSCRIBE);
        desk.answers_subscribe(asked, 200);
        carol.receives(200U);
        return in_vain;
    };
    const auto nobody_is_asked = [&] {
        for (auto* phone : {&desk, &mobile}) phone->registers();
        CHECK(carol.hears_nothing());
    };
    begins();
    nobody_is_asked();
    for (const auto pause : {60s, 120s, 240s}) {
        pbx.passes(pause - 1s);
        nobody_is_asked();
        pbx.passes(1s);
        desk.registers();
        CHECK(carol.hears_nothing());
        mobile.registers();
        CHECK(ended(carol, desk).starts_with("deactivated "));
        CHECK(kinds(pbx).empty());
        nobody_is_asked();
        const auto asked = begins();
        if (pause == 240s) mobile.notifies(asked, {.cseq = 1, .version = 0});
    }
    CHECK(passed(carol) == "1");  // it is back, and tells by itself
    for (int i = 0; i < 20; ++i) {
        pbx.passes(120s);
        nobody_is_asked();
    }
}

TEST_CASE("a silent phone is asked again while nobody shows a call: no lamp goes dark for it")
{
    Scenario pbx{{group("sales", {"103"}, {"102"})}};
    notifies(pbx, true);
    auto& desk = pbx.phone("102");
    auto& mobile = pbx.phone("102");
    auto& carol = pbx.phone("103");
    carol.asks(to_bob);
    const auto asked = desk.receives(SUBSCRIBE);
    mobile.receives(SUBSCRIBE);
    desk.answers_subscribe(asked, 200);
    carol.receives(200U);
    mobile.registers();
    const auto tells = [&](std::uint32_t cseq, std::optional<bool> shows_call) {
        desk.notifies(asked, {.cseq = cseq, .version = cseq, .shows_call = shows_call});
        CHECK(passed(carol) == std::to_string(cseq));
    };
    tells(1, true);
    for (std::uint32_t cseq = 2; cseq < 5; ++cseq) {
        pbx.passes(120s);
        mobile.registers();
        CHECK(carol.hears_nothing());
        tells(cseq, std::nullopt);  // of other dialogs
    }
    tells(5, false);
    mobile.registers();
    CHECK(ended(carol, desk) == "deactivated 6 version 6");
}
