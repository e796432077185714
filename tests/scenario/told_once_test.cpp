// What one step changes is told each watcher in one NOTIFY, when all of it is known.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "scenario/publishing.hpp"
#include "scenario/shared_line.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

/// "early trying": the states of the dialogs in it.
std::string states(const Arrived& notify)
{
    std::string text;
    for (const auto& one : notify.document().dialogs) text += (text.empty() ? "" : " ") + one.state;
    return text;
}

/// 102 has two phones. 103 and 104 watch 101, 102 and 103, the latter unasked.
struct TwoPhones {
    TwoPhones()
    {
        Group sales{"sales",
                    "Sales",
                    {"101", "102", "103"},
                    {{"103", false, "standard"}, {"104", true, "standard"}}};
        pbx.replaces_directory({sales});
        for (const auto* number : {"101", "102"}) carol.watches(number);
        while (!dave.hears_nothing()) dave.receives(NOTIFY);
    }
    /// The one NOTIFY about `number` that `watcher` has got.
    static Arrived told_of(Phone& watcher, const std::string& number)
    {
        std::optional<Arrived> only;
        for (auto at = watcher.inbox.begin(); at != watcher.inbox.end();) {
            const bool about = at->method == NOTIFY && at->status == 0 &&
                               at->document().entity == "sip:" + number + "@office.test";
            if (!about) {
                ++at;
                continue;
            }
            CHECK_FALSE_MESSAGE(only, watcher.number << " is told twice of " << number);
            only = std::move(*at);
            at = watcher.inbox.erase(at);
        }
        REQUIRE_MESSAGE(only, watcher.number << " is not told of " << number);
        return *only;
    }
    void both_see(const std::string& number, const std::string& what)
    {
        for (auto* watcher : {&carol, &dave}) {
            CAPTURE(watcher->number);
            CHECK(states(told_of(*watcher, number)) == what);
        }
    }
    /// 101 calls 102, both of whose phones ring.
    void rings()
    {
        alice.sends(INVITE, "102");
        both_see("101", "trying");
        both_see("102", "trying trying");
        for (auto* phone : {&desk, &lab}) {
            phone->receives(INVITE);
            phone->replies(180);
        }
        got(alice, 180U);
        both_see("101", "early");
        for (auto* watcher : {&carol, &dave})
            while (!watcher->hears_nothing())
                ringing = watcher->receives(NOTIFY).document().dialogs.front();
        CHECK(ringing.state == "early");
    }

    Scenario pbx;
    Phone& alice = pbx.phone("101");
    Phone& desk = pbx.phone("102");
    Phone& lab = pbx.phone("102");
    Phone& carol = pbx.phone("103");
    Phone& dave = pbx.phone("104");
    DialogElement ringing;
};

}  // namespace

TEST_CASE("a pickup from an extension whose two phones ring is one NOTIFY to each of its watchers")
{
    TwoPhones call;
    call.rings();
    SUBCASE("by the key")
    {
        call.carol.sends_replacing(replacing(call.ringing), "101");
    }
    SUBCASE("by the code")
    {
        call.carol.sends(INVITE, "**102");
    }
    got(call.carol, 200U);
    call.alice.receives(200U);
    for (auto* phone : {&call.desk, &call.lab}) phone->receives(CANCEL);
    call.both_see("102", "terminated terminated");
    call.both_see("101", "confirmed");
    CHECK(states(TwoPhones::told_of(call.dave, "103")) == "confirmed");
    call.pbx.stays_silent_for(32s);
}

TEST_CASE("an answer, and the end of the other phones' ringing, are one NOTIFY")
{
    TwoPhones call;
    call.rings();
    call.lab.replies(200, talking_sdp);
    call.alice.receives(200U);
    call.lab.receives(ACK);
    call.desk.receives(CANCEL);
    call.both_see("102", "terminated confirmed");
    call.both_see("101", "confirmed");
    call.pbx.stays_silent_for(32s);
}

TEST_CASE("a caller who gives up darkens an extension with two phones by one NOTIFY")
{
    TwoPhones call;
    call.rings();
    call.alice.cancels();
    for (auto* phone : {&call.desk, &call.lab}) phone->receives(CANCEL);
    call.both_see("102", "terminated terminated");
    call.both_see("101", "terminated");
    call.pbx.stays_silent_for(32s);
}

TEST_CASE("a watcher that was silent and picks a call up is told no state of before")
{
    TwoPhones call;
    call.carol.answers_notify = std::nullopt;
    call.alice.sends(INVITE, "102");
    const auto of_alice = TwoPhones::told_of(call.carol, "101");
    const auto of_bob = TwoPhones::told_of(call.carol, "102");
    for (auto* phone : {&call.desk, &call.lab}) {
        phone->receives(INVITE);
        phone->replies(180);
    }
    got(call.alice, 180U);
    call.carol.answers(of_alice, 408, true);
    call.carol.answers(of_bob, 408, true);
    call.carol.inbox.clear();
    while (!call.dave.hears_nothing()) call.dave.receives(NOTIFY);

    call.carol.answers_notify = 200;
    call.carol.sends(INVITE, "**102");
    got(call.carol, 200U);
    call.alice.receives(200U);
    CHECK(states(TwoPhones::told_of(call.carol, "102")) == "terminated terminated");
    CHECK(states(TwoPhones::told_of(call.carol, "101")) == "confirmed");
    for (auto* phone : {&call.desk, &call.lab}) phone->receives(CANCEL);
    while (!call.dave.hears_nothing()) call.dave.receives(NOTIFY);
    call.pbx.stays_silent_for(32s);
}

TEST_CASE("a document with several dialogs that is published is one NOTIFY (RFC 3903)")
{
    TwoPhones office;
    const auto tag =
        published(office.desk,
                  dialogs(document(dialog("1", "one", "early") + dialog("2", "two", "confirmed"))));
    office.both_see("102", "early confirmed");
    published(office.desk, dialogs(document(dialog("2", "two", "confirmed")), tag));
    office.both_see("102", "terminated confirmed");
    office.pbx.stays_silent_for(32s);
}

TEST_CASE("a shared line on which two calls end at once is told so in one NOTIFY")
{
    SharedLine line;
    auto& erin = line.pbx.phone("105");
    line.talks();
    erin.sends(INVITE, "102");
    for (auto* phone : {&line.desk, &line.lab}) got(*phone, INVITE);
    line.both_see("1:active 2:alerting *:idle");
    line.pbx.ends_all_calls();
    line.both_see("*:idle");
    for (auto* phone : {&line.alice, &erin, &line.desk, &line.lab}) {
        CHECK(std::ranges::none_of(phone->inbox,
                                   [](const Arrived& one) { return one.method == NOTIFY; }));
        phone->inbox.clear();
    }
}

TEST_CASE(
    "three phones of an extension ring: over UDP the key is told a target to dial all the same")
{
    Scenario pbx{{group("sales", {"103"}, {"102"})}};
    pbx.configures("101", [](Extension& caller) { caller.display_name = "Anna Lee of the sales"; });
    auto& alice = pbx.phone("101");
    auto& carol = pbx.phone("103");
    const std::array phones{&pbx.phone("102"), &pbx.phone("102"), &pbx.phone("102")};
    carol.watches("102");
    alice.sends(INVITE, "102");
    carol.receives(NOTIFY);
    for (auto* phone : phones) {
        phone->receives(INVITE);
        phone->replies(180);
    }
    got(alice, 180U);
    while (carol.inbox.size() > 1) carol.receives(NOTIFY);
    const auto last = carol.receives(NOTIFY);
    CHECK(header_size(*last.notify->dialog) + last.body().size() <= 1300);
    const auto shown = last.document().dialogs;
    REQUIRE(shown.size() == 1);
    CHECK(shown[0].state == "early");
    CHECK_FALSE(shown[0].remote_target.empty());
    CHECK(shown[0].remote_display == "Anna Lee of the sales");
    CHECK(pbx.explains("103", "102").phones.at(0).lamp->left_out == 2);

    carol.sends_replacing(replacing(shown[0]), "101");
    got(carol, 200U);
    got(alice, 200U);
    for (auto* phone : phones) phone->receives(CANCEL);
    const auto told = carol.receives(NOTIFY);
    CHECK(told.idle());
    CHECK(carol.hears_nothing());
    pbx.stays_silent_for(32s);
}
