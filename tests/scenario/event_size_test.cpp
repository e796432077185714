// What is too large for UDP (RFC 3261 §18.1.1), in all event packages beside `dialog`.
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
