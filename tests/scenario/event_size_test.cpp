// What is too large for UDP (RFC 3261 §18.1.1), in all event packages beside `dialog`.
#include <map>
#include <optional>
#include <set>
#include <string>

#include "scenario/shared_line.hpp"

#include "core/feature_event.hpp"
#include "core/subscription.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

constexpr std::string_view features_multipart{"multipart/mixed"};

std::size_t size_of(const Arrived& notify)
{
    std::size_t size = header_size(*notify.notify->dialog) + notify.body().size();
    for (const auto& header : notify.headers) size += header.name.size() + header.value.size() + 4;
    return size;
}

Subscribing features_together()
{
    return {.event = "as-feature-event",
            .to = "102",
            .accept = {std::string{feature_event_type}, std::string{features_multipart}}};
}

/// How many of the features `body` tells of.
int features_in(const std::string& body)
{
    int count = 0;
    for (const auto* element :
         {"<DoNotDisturbEvent", "forwardImmediate", "forwardBusy", "forwardNoAns"})
        count += body.find(element) != std::string::npos;
    return count;
}

EventCounters counters_of(const Scenario& pbx, std::string_view package)
{
    for (const auto& [name, counters] : pbx.view().events)
        if (name == package) return counters;
    FAIL("no such package");
    return {};
}

}  // namespace

TEST_CASE("features that do not fit together are told one after the other")
{
    Scenario pbx;
    auto& bob = pbx.phone("102");
    bob.asks(features_together());
    bob.receives(200U);
    int told = 0;
    int notifies = 0;
    while (!bob.hears_nothing()) {
        const auto notify = bob.receives(NOTIFY);
        CHECK(size_of(notify) <= 1300);
        told += features_in(notify.body());
        ++notifies;
    }
    CHECK(told == 4);
    CHECK(notifies > 1);
    CHECK(counters_of(pbx, "as-feature-event").oversized == 0);

    bob.answers_notify.reset();  // of those that follow, none is sent before the answer
    bob.asks(features_together());
    bob.receives(200U);
    bob.receives(NOTIFY);
    CHECK(bob.hears_nothing());
}

TEST_CASE("what is too large for UDP goes over the phone's connection, in full")
{
    Scenario pbx;
    auto& bob = pbx.silent_phone("102");
    auto& connection = pbx.silent_phone("102");  // of the same phone
    connection.flow = bob.flow;
    connection.flow.transport = Transport::tcp;
    connection.registers();
    bob.asks(features_together());
    bob.receives(200U);
    const auto whole = connection.receives(NOTIFY);
    CHECK(features_in(whole.body()) == 4);
    CHECK(whole.notify->content_type.starts_with(features_multipart));
    CHECK(counters_of(pbx, "as-feature-event").by_connection == 1);
    pbx.forwards("102", {.do_not_disturb = true});
    CHECK(features_in(bob.receives(NOTIFY).body()) == 1);  // that fits

    // A phone that does not want it there has not ended what it asked for.
    connection.answers_notify = 481;
    bob.asks(features_together());
    bob.receives(200U);
    connection.receives(NOTIFY);
    pbx.passes(1s);
    CHECK(features_in(bob.receives(NOTIFY).body()) > 0);
    while (!bob.hears_nothing()) CHECK(size_of(bob.receives(NOTIFY)) <= 1300);
    CHECK(pbx.view().subscriptions.size() == 1);
}

TEST_CASE("appearances of many calls are told without names, then without who is there")
{
    SharedLine line;
    line.pbx.configures("102", [](Extension& extension) { extension.appearances = 16; });
    line.desk.answers_notify.reset();
    line.lab.answers_notify.reset();
    const auto busy_with = [&](unsigned calls) {
        for (unsigned at = 0; at < calls; ++at) line.alice.sends(INVITE, "102");
        for (auto* phone : {&line.desk, &line.lab}) {
            while (phone->inbox.front().method != NOTIFY) phone->inbox.pop_front();
            const auto stale = phone->receives(NOTIFY);
            phone->inbox.clear();
            phone->answers(stale, 200);
        }
        const auto told = got(line.desk, NOTIFY);
        line.lab.inbox.clear();
        return told;
    };
    const auto some = busy_with(6);
    CHECK(size_of(some) <= 1300);
    auto infos = read_call_info(some.value("Call-Info")).value();
    CHECK(infos.size() == 7);
    CHECK(infos.front().appearance_uri == "<sip:101@office.test>");
    line.desk.answers(some, 200);
    line.lab.answers_notify = 200;

    for (unsigned at = 0; at < 3; ++at) line.alice.sends(INVITE, "102");
    const auto stale = got(line.desk, NOTIFY);
    line.desk.inbox.clear();
    line.desk.answers(stale, 200);
    const auto many = got(line.desk, NOTIFY);
    CHECK(size_of(many) <= 1300);
    infos = read_call_info(many.value("Call-Info")).value();
    CHECK(infos.size() == 10);
    CHECK(infos.front().appearance_uri.empty());
    CHECK(infos.front().state == AppearanceState::alerting);
    CHECK(counters_of(line.pbx, "call-info").reduced > 0);
    CHECK(counters_of(line.pbx, "call-info").oversized == 0);
    for (auto* phone : {&line.alice, &line.desk, &line.lab}) phone->inbox.clear();
}

TEST_CASE(
    "features that are merely asked for once are told one after the other too (RFC 6665 §4.4.3)")
{
    Scenario pbx;
    auto& bob = pbx.phone("102");
    auto fetching = features_together();
    fetching.expires = 0s;
    SUBCASE("where they go together") {}
    SUBCASE("where each goes by itself")
    {
        fetching.accept.clear();
    }
    bob.asks(fetching);
    bob.receives(200U);
    int told = 0;
    std::string state;
    while (!bob.hears_nothing()) {
        CHECK((state.empty() || state == "active;expires=0"));
        const auto notify = bob.receives(NOTIFY);
        CHECK(size_of(notify) <= 1300);
        told += features_in(notify.body());
        state = notify.notify->subscription_state;
    }
    CHECK(told == 4);
    CHECK(state == "terminated;reason=timeout");
    CHECK(pbx.view().subscriptions.empty());
    CHECK(pbx.kept().subscriptions.empty());

    bob.answers_notify = 500;  // asked for once, told once
    bob.asks(fetching);
    bob.receives(200U);
    bob.receives(NOTIFY);
    CHECK(pbx.view().subscriptions.empty());
    pbx.stays_silent_for(120s);

    bob.answers_notify.reset();
    bob.asks(fetching);
    bob.receives(200U);
    bob.receives(NOTIFY);
    pbx.passes(31s);
    CHECK(pbx.view().subscriptions.size() == 1);
    CHECK(pbx.kept().subscriptions.empty());
    pbx.passes(1s);
    CHECK(bob.receives(NOTIFY).notify->subscription_state == "terminated;reason=timeout");
    CHECK(pbx.view().subscriptions.empty());
}

namespace {

/// An extension with so many phones that their contacts do not fit into one NOTIFY.
struct ManyPhones {
    ManyPhones()
    {
        for (int at = 0; at < 8; ++at) {
            auto& added = pbx.silent_phone("102");
            added.named_contact = SipUri::parse("sip:102-" + std::to_string(at) +
                                                "@192.0.2.1:" + std::to_string(added.flow.port) +
                                                ";instance=" + std::string(150, 'x'))
                                      .value();
            added.registers();
            phones.push_back(&added);
        }
    }

    /// Reads what has come as a phone does: a full document takes the place of all before.
    void reads(const Arrived& notify)
    {
        CHECK(size_of(notify) <= 1300);
        const auto body = notify.body();
        if (body.find("state=\"full\"") != std::string::npos) shown.clear();
        for (auto at = body.find("<contact "); at != std::string::npos;
             at = body.find("<contact ", at + 1)) {
            const auto element = body.substr(at, body.find("</contact>", at) - at);
            const auto user = element.find("sip:102-") + 8;
            const auto number = element.substr(user, element.find('@') - user);
            if (element.find("state=\"active\"") != std::string::npos)
                shown.insert(number);
            else
                shown.erase(number);
        }
        if (last) CHECK(notify.notify->version == *last + 1);
        last = notify.notify->version;
    }

    Scenario pbx;
    std::vector<Phone*> phones;
    std::set<std::string> shown;
    std::optional<std::uint32_t> last;
};

}  // namespace

TEST_CASE(
    "reg: contacts that do not fit into one NOTIFY come in several, of which the first is full")
{
    ManyPhones many;
    auto& pbx = many.pbx;
    auto& desk = *many.phones.front();
    SUBCASE("subscribed")
    {
        desk.asks({.event = "reg", .to = "102"});
        desk.receives(200U);
        int notifies = 0;
        for (; !desk.hears_nothing(); ++notifies) many.reads(desk.receives(NOTIFY));
        CHECK(notifies > 1);
        CHECK(many.shown.size() == 8);
        many.phones.back()->unregisters();
        const auto partial = desk.receives(NOTIFY);
        CHECK(partial.body().find("state=\"partial\"") != std::string::npos);
        many.reads(partial);
        CHECK(many.shown.size() == 7);

        desk.asks_again();  // as its answer was lost
        desk.receives(200U);
        CHECK(desk.hears_nothing());
        for (auto* phone : many.phones) phone->registers(7200s);
        while (!desk.hears_nothing()) many.reads(desk.receives(NOTIFY));
        CHECK(many.shown.size() == 8);
        pbx.passes(3600s);
        const auto last = desk.receives(NOTIFY);
        CHECK(last.notify->subscription_state == "terminated;reason=timeout");
        CHECK(size_of(last) <= 1300);
    }
    SUBCASE("what changes in between is told from the beginning")
    {
        desk.answers_notify.reset();
        desk.asks({.event = "reg", .to = "102"});
        desk.receives(200U);
        const auto first = desk.receives(NOTIFY);
        many.reads(first);
        many.phones.back()->unregisters();
        CHECK(desk.hears_nothing());
        desk.answers_notify = 200;
        SUBCASE("what fits then has nothing to follow it")
        {
            for (std::size_t at = 1; at < 7; ++at) many.phones[at]->unregisters();
            desk.answers(first, 200);
            many.reads(desk.receives(NOTIFY));
            CHECK(many.shown.size() == 1);
            CHECK(desk.hears_nothing());
        }
        SUBCASE("what does not fit is followed by the rest")
        {
            desk.answers(first, 200);
            const auto anew = desk.receives(NOTIFY);
            CHECK(anew.body().find("state=\"full\"") != std::string::npos);
            many.reads(anew);
            while (!desk.hears_nothing()) many.reads(desk.receives(NOTIFY));
            CHECK(many.shown.size() == 7);
        }
    }
    SUBCASE("what is lost in between is told from the beginning")
    {
        desk.answers_notify.reset();
        desk.asks({.event = "reg", .to = "102"});
        desk.receives(200U);
        const auto first = desk.receives(NOTIFY);
        desk.answers(first, 200);
        const auto second = desk.receives(NOTIFY);
        CHECK(second.body().find("state=\"partial\"") != std::string::npos);
        desk.answers_notify = 200;
        desk.answers(second, 408, true);
        pbx.passes(1s);
        bool full = true;
        many.last = second.notify->version;
        while (!desk.hears_nothing()) {
            const auto notify = desk.receives(NOTIFY);
            CHECK((notify.body().find("state=\"full\"") != std::string::npos) == full);
            full = false;
            many.reads(notify);
        }
        CHECK(many.shown.size() == 8);
    }
    SUBCASE("merely asked for once")
    {
        desk.asks({.event = "reg", .to = "102", .expires = 0s});
        desk.receives(200U);
        std::string state;
        while (!desk.hears_nothing()) {
            const auto notify = desk.receives(NOTIFY);
            many.reads(notify);
            state = notify.notify->subscription_state;
        }
        CHECK(many.shown.size() == 8);
        CHECK(state.starts_with("terminated"));
    }
    CHECK(counters_of(pbx, "reg").oversized == 0);
}

TEST_CASE("appearances that do not fit in one NOTIFY come in several, each by its index")
{
    SharedLine line;
    line.pbx.configures("102", [](Extension& extension) { extension.appearances = 16; });
    for (unsigned at = 0; at < 14; ++at) line.alice.sends(INVITE, "102");
    for (auto* phone : {&line.alice, &line.desk, &line.lab}) phone->inbox.clear();
    line.desk.asks({.event = "call-info", .to = "102"});
    std::map<unsigned, AppearanceState> shown;
    int notifies = 0;
    while (!line.desk.hears_nothing()) {
        auto arrived = std::move(line.desk.inbox.front());
        line.desk.inbox.pop_front();
        if (arrived.method != NOTIFY) continue;
        ++notifies;
        CHECK(size_of(arrived) <= 1300);
        const auto infos = read_call_info(arrived.value("Call-Info"));
        for (const auto& info : infos.value()) {
            CHECK_FALSE(info.rest);
            CHECK(shown.emplace(info.index, *info.state).second);
        }
    }
    CHECK(notifies == 2);
    REQUIRE(shown.size() == 16);
    CHECK(shown.at(14) == AppearanceState::alerting);
    CHECK(shown.at(15) == AppearanceState::idle);
    CHECK(counters_of(line.pbx, "call-info").oversized == 0);
    for (auto* phone : {&line.alice, &line.desk, &line.lab}) phone->inbox.clear();
}
