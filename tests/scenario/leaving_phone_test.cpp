// Phones that unregister: what they have asked for goes with them. Whose registration expires may
// be out of reach, and is told on.
#include "scenario/shared_line.hpp"

#include <utility>

using namespace lampline;
using namespace lampline::test;

namespace {

/// 103 watches 102, in lamps and in packages.
struct Watched {
    static void asks_for_all(Phone& phone)
    {
        phone.subscribes("dialog", "102");
        phone.subscribes("presence", "102");
        phone.subscribes("message-summary", "103");
    }
    static void is_left(Phone& phone)
    {
        for (int at = 0; at < 3; ++at)
            CHECK(got(phone, NOTIFY).notify->subscription_state == "terminated;reason=deactivated");
    }
    [[nodiscard]] std::size_t told() const
    {
        const auto view = pbx.view();
        return view.lamps.size() + view.subscriptions.size();
    }
    Scenario pbx{{group("sales", {"103"}, {"102"})}};
    Phone& carol = pbx.phone("103");
};

}  // namespace

TEST_CASE("a phone that unregisters is told nothing more, and the other one of its extension is")
{
    Watched office;
    auto& lab = office.pbx.phone("103");
    for (auto* phone : {&office.carol, &lab}) Watched::asks_for_all(*phone);
    CHECK(office.told() == 6);
    office.carol.unregisters();
    Watched::is_left(office.carol);
    CHECK(office.told() == 3);
    auto& bob = office.pbx.phone("102");  // presence: he is there
    lab.receives(NOTIFY);
    office.pbx.passes(600s);
    CHECK(office.carol.hears_nothing());
    CHECK(bob.hears_nothing());
    lab.unregisters();
    Watched::is_left(lab);
    CHECK(office.told() == 0);
    CHECK(office.pbx.kept().subscriptions.empty());
    office.pbx.stays_silent_for(7200s);
}

TEST_CASE("a registration that merely expires takes nothing with it: the phone may be out of reach")
{
    Watched office;
    Watched::asks_for_all(office.carol);
    auto& lab = office.pbx.phone("103");
    Watched::asks_for_all(lab);
    office.carol.registers(60s);
    office.pbx.passes(61s);
    CHECK(office.carol.hears_nothing());
    lab.registers(60s);
    lab.unregisters();  // whatever its colleague does
    Watched::is_left(lab);
    office.pbx.configures(
        "103", [](Extension& extension) { extension.messages = MessageCounts{.fresh = 2}; });
    office.carol.receives(NOTIFY);
    CHECK(office.told() == 3);
    SUBCASE("until its subscriptions expire")
    {
        office.pbx.passes(3600s);
        for (int at = 0; at < 3; ++at)
            CHECK(office.carol.receives(NOTIFY).notify->subscription_state ==
                  "terminated;reason=timeout");
        CHECK(office.pbx.kept().subscriptions.empty());
    }
    SUBCASE("until it says that it leaves, whatever has become of its registration")
    {
        SUBCASE("after a restart too")
        {
            office.pbx.restarts();
        }
        office.carol.inbox.clear();
        office.carol.unregisters();
        Watched::is_left(office.carol);
    }
    SUBCASE("until it registers again, and leaves")
    {
        office.carol.registers();
        CHECK(office.carol.hears_nothing());
        office.carol.unregisters();
        Watched::is_left(office.carol);
    }
    CHECK(office.told() == 0);
    office.pbx.stays_silent_for(7200s);
}

TEST_CASE("a phone that refreshes its registration, or comes after its SUBSCRIBE, keeps it")
{
    Watched office;
    auto& late = office.pbx.silent_phone("103");
    Watched::asks_for_all(office.carol);
    Watched::asks_for_all(late);
    office.carol.registers();
    late.registers();
    office.pbx.passes(30s);
    CHECK(office.told() == 6);
    late.unregisters();
    Watched::is_left(late);
    CHECK(office.told() == 3);
}

TEST_CASE("a watcher that never registers keeps what it has, whoever else comes and goes")
{
    Watched office;
    auto& program = office.pbx.silent_phone("103");
    Watched::asks_for_all(program);
    office.carol.unregisters();
    office.pbx.phone("103").unregisters();
    office.pbx.passes(30s);
    CHECK(office.told() == 3);
    CHECK(program.hears_nothing());
}

TEST_CASE("a phone that leaves after a restart is told nothing more")
{
    Watched office;
    Watched::asks_for_all(office.carol);
    office.pbx.restarts();
    office.carol.inbox.clear();
    office.carol.unregisters();
    Watched::is_left(office.carol);
    CHECK(office.told() == 0);
}

TEST_CASE("one phone of an extension that asks for too much takes nothing from the others")
{
    ExchangeSettings settings;
    settings.events.max_subscriptions_per_phone = 1;
    settings.events.max_subscriptions_per_watcher = 3;
    settings.indications.max_subscriptions_per_phone = 1;
    settings.indications.max_subscriptions_per_watcher = 3;
    Scenario pbx{{group("sales", {"103"}, {"102", "104"})}, settings};
    const auto asks = [&](Phone& phone, unsigned status) {
        for (const auto* event : {"dialog", "presence"}) {
            phone.asks({.event = event, .to = "104"});
            const auto answer = got(phone, status);
            if (status == 403)
                CHECK(answer.value("Warning") == "399 office.test \"too many subscriptions\"");
            phone.inbox.clear();
        }
    };
    auto& desk = pbx.phone("103");
    desk.subscribes("dialog", "102");
    desk.subscribes("presence", "102");
    asks(desk, 403);
    for (int at = 0; at < 2; ++at) asks(pbx.phone("103"), 200);
    asks(pbx.phone("103"), 403);  // nor do many phones take all
}

TEST_CASE("a phone that answers nothing and is not registered costs no more than its turns, and "
          "nothing when its subscriptions have expired")
{
    Watched office;
    office.carol.registers(60s);
    Watched::asks_for_all(office.carol);
    office.carol.answers_notify.reset();
    auto& bob = office.pbx.phone("102");
    auto& alice = office.pbx.phone("101");
    for (auto* phone : {&bob, &alice}) phone->answers_probes = true;
    bob.sends(INVITE, "101");
    alice.receives(INVITE);
    alice.replies(200, talking_sdp);
    bob.receives(200U);
    alice.receives(ACK);
    const auto goes_unanswered = [&](const Arrived& notify) {
        office.carol.answers(notify, 408, true);
    };
    std::size_t sent = 0;
    const auto end = office.pbx.now().mono + 3550s;
    while (office.pbx.now().mono < end) {
        const auto under_way = std::exchange(office.carol.inbox, {});
        office.pbx.passes(32s);  // they are repeated
        sent += under_way.size();
        for (const auto& notify : under_way) goes_unanswered(notify);
        office.pbx.passes(4s);
    }
    CHECK(sent > 150);  // one for its lamps, one for its packages
    CHECK(sent < 230);
    office.carol.inbox.clear();
    office.pbx.passes(60s);
    for (int at = 0; at < 3; ++at)
        CHECK(office.carol.receives(NOTIFY).notify->subscription_state ==
              "terminated;reason=timeout");
    CHECK(office.told() == 0);
    CHECK(office.pbx.kept().subscriptions.empty());
    CHECK(bob.hears_nothing());
    office.pbx.stays_silent_for(7200s);
}

TEST_CASE("what a phone is told unasked lasts as long as its registration, refreshes included")
{
    auto sales = group("sales", {}, {"102"});
    sales.watchers = {{"103", true}};
    Scenario pbx{{sales}};
    const auto has_messages = [&](unsigned fresh) {
        pbx.configures("103", [fresh](Extension& extension) {
            extension.messages = MessageCounts{.fresh = fresh};
        });
    };
    has_messages(1);
    auto& bob = pbx.phone("102");
    auto& alice = pbx.phone("101");
    auto& carol = pbx.silent_phone("103");
    carol.registers(600s);
    carol.inbox.clear();
    pbx.passes(500s);
    carol.registers(600s);
    pbx.passes(200s);
    CHECK(carol.hears_nothing());
    has_messages(2);
    CHECK(carol.receives(NOTIFY).notify->subscription_state == "active;expires=400");
    alice.sends(INVITE, "102");
    bob.receives(INVITE);
    bob.replies(180);
    alice.receives(180U);
    CHECK(carol.receives(NOTIFY).notify->subscription_state == "active;expires=400");
    for (const auto& lamp : pbx.view().lamps)
        CHECK(lamp.expires_at == std::chrono::floor<std::chrono::seconds>(pbx.now().wall) + 400s);
    alice.cancels();
    bob.receives(CANCEL);
    carol.inbox.clear();
    alice.inbox.clear();
}
