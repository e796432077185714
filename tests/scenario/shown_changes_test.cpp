// What changes beside calls, lamps and registrations, as it is shown to who looks on.
#include "park_office.hpp"
#include "publishing.hpp"
#include "scenario/package_events.hpp"
#include "shared_line.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

using Words = std::vector<std::string>;

std::string words(const PresenceEvent& event)
{
    std::string text = event.extension;
    if (event.state.reachable) text += " reachable";
    if (event.state.talking) text += " talking";
    if (event.state.ringing) text += " ringing";
    if (event.state.do_not_disturb) text += " undisturbed";
    return text;
}

std::string words(const AppearanceEvent& event)
{
    const auto index = event.index > 0 ? std::to_string(event.index) : std::string{"*"};
    return event.extension + ' ' + index + ':' + event.state + ' ' + event.with;
}

std::string words(const PublishedEvent& event)
{
    return event.extension + ' ' + event.call_id + ' ' + std::string{name(event.state)} + ' ' +
           event.with + ' ' + event.with_name;
}

std::string words(const MessagesEvent& event)
{
    return event.extension + ' ' + std::to_string(event.counts.fresh) + '/' +
           std::to_string(event.counts.old);
}

std::string words(const FeaturesEvent& event)
{
    return event.extension + (event.forwarding.do_not_disturb ? " undisturbed" : "") + ' ' +
           event.forwarding.always;
}

std::string words(const LoginEvent& event)
{
    return event.extension + (event.logged_in ? " in " : " out ") + event.group;
}

/// The events of one kind since the last look.
template <class Event>
Words shown(Scenario& pbx)
{
    Words all;
    std::erase_if(pbx.shown, [&](const LiveEvent& one) {
        const auto* event = std::get_if<Event>(&one.what);
        if (event) all.push_back(words(*event));
        return event != nullptr;
    });
    return all;
}

Words sorted(Words all)
{
    std::ranges::sort(all);
    return all;
}

}  // namespace

TEST_CASE("shown: messages that wait, where their number has changed")
{
    Scenario pbx;
    counts(pbx, "102", {.fresh = 1});
    CHECK(pbx.shown.empty());
    pbx.looks_on();
    counts(pbx, "102", {.fresh = 2, .old = 1});
    counts(pbx, "102", {.fresh = 2, .old = 1});
    counts(pbx, "102", {.fresh = 2, .old = 1, .unsolicited = false});
    pbx.configures("102", [](Extension& extension) { extension.messages.reset(); });
    CHECK(shown<MessagesEvent>(pbx) == Words{"102 2/1", "102 0/0"});
}

TEST_CASE("shown: do not disturb and forwards, and what they make of presence")
{
    Scenario pbx;
    Forwarding undisturbed, away;
    undisturbed.do_not_disturb = true;
    away.always = "104";
    pbx.looks_on();
    pbx.forwards("102", undisturbed);
    pbx.forwards("102", away);
    pbx.forwards("102", away);
    counts(pbx, "102", {.fresh = 1});
    CHECK(shown<FeaturesEvent>(pbx) == Words{"102 undisturbed ", "102 104"});
    CHECK(shown<PresenceEvent>(pbx) == Words{"102 undisturbed", "102"});
}

TEST_CASE("shown: who logs in to a ring group, or out")
{
    Scenario pbx;
    RingGroup sales;
    sales.number = "600";
    sales.members = {{"102"}, {"103"}};
    pbx.has_ring_groups({sales});
    pbx.looks_on();
    sales.ring_time = std::chrono::seconds{30};
    pbx.has_ring_groups({sales});
    CHECK(shown<LoginEvent>(pbx).empty());
    sales.members[1].logged_in = false;
    pbx.has_ring_groups({sales});
    sales.members.push_back({"104"});
    pbx.has_ring_groups({sales});
    CHECK(shown<LoginEvent>(pbx) == Words{"103 out 600", "104 in 600"});

    auto& carol = pbx.phone("103");
    carol.sends(INVITE, "*50*600");
    carol.receives(200U);
    CHECK(shown<LoginEvent>(pbx) == Words{"103 in 600"});
    pbx.passes(std::chrono::seconds{2});
    carol.receives(BYE);
}

TEST_CASE("shown: presence, once for each change, and anew for who begins to look on")
{
    Scenario pbx;
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    pbx.looks_on();
    alice.sends(INVITE, "102");
    bob.receives(INVITE);
    CHECK(sorted(shown<PresenceEvent>(pbx)) == Words{"101 reachable talking", "102 reachable"});
    bob.replies(180);
    alice.receives(180U);
    bob.replies(200, talking_sdp);
    alice.receives(200U);
    bob.receives(ACK);
    CHECK(shown<PresenceEvent>(pbx) == Words{"102 reachable ringing", "102 reachable talking"});
    bob.registers();
    CHECK(shown<PresenceEvent>(pbx).empty());
    alice.sends(BYE);
    alice.receives(200U);
    bob.receives(BYE);
    CHECK(sorted(shown<PresenceEvent>(pbx)) == Words{"101 reachable", "102 reachable"});
    bob.unregisters();
    CHECK(shown<PresenceEvent>(pbx) == Words{"102"});
}

TEST_CASE("shown: each appearance of a shared line that has changed")
{
    SharedLine line;
    line.pbx.looks_on();
    line.talks();
    CHECK(shown<AppearanceEvent>(line.pbx) ==
          Words{"102 1:alerting 101", "102 *:idle ", "102 1:active 101"});
    line.holds("held");
    CHECK(shown<AppearanceEvent>(line.pbx) == Words{"102 1:held 101"});
    line.alice.sends(BYE);
    line.alice.receives(200U);
    got(line.desk, BYE);
    line.both_see("*:idle");
    CHECK(shown<AppearanceEvent>(line.pbx) == Words{"102 1:idle "});
}

TEST_CASE("shown: what is published of dialogs and appearances")
{
    Scenario pbx;
    auto& bob = pbx.phone("102");
    auto& program = pbx.phone("109");
    pbx.configures("109", [](Extension& extension) { extension.trusted = true; });
    pbx.looks_on();
    const auto etag = published(bob, dialogs(document(dialog("1", "outside", "confirmed"))));
    published(bob, dialogs(document(""), etag));
    CHECK(shown<PublishedEvent>(pbx) ==
          Words{"102 outside confirmed 555 Zoe", "102 outside terminated 555 Zoe"});
    CHECK(shown<PresenceEvent>(pbx) == Words{"102 reachable talking", "102 reachable"});

    Publishing line{.event = "call-info",
                    .to = "102",
                    .call_info =
                        "<sip:102@office.test>;appearance-index=3;appearance-state=active"};
    line.if_match = published(program, line);
    line.call_info = "<sip:102@office.test>;appearance-index=4;appearance-state=parked";
    published(program, line);
    CHECK(shown<AppearanceEvent>(pbx) ==
          Words{"102 3:active ", "102 *:idle ", "102 4:parked ", "102 3:idle "});
}

TEST_CASE("shown: a park slot is an extension with a call")
{
    park::Office office;
    office.pbx.looks_on();
    const auto in_slot = [&] {
        Words states;
        for (const auto& one : office.pbx.shown)
            if (const auto* leg = std::get_if<LegEvent>(&one.what);
                leg && leg->extension == "park+701")
                states.push_back(std::string{name(leg->state)} + ' ' + leg->with);
        return states;
    };
    office.bob_parks("701");
    REQUIRE_FALSE(in_slot().empty());
    CHECK(in_slot().front() == "confirmed 101");
    office.alice.sends(BYE);
    office.alice.receives(200U);
    CHECK(in_slot().back() == "terminated 101");
    office.nothing_is_left();
}
