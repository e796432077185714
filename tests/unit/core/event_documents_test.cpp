// The bodies of event packages, to the byte where phones are particular.
#include <doctest/doctest.h>

#include "core/event_package.hpp"
#include "core/message_summary.hpp"
#include "core/presence.hpp"
#include "core/reginfo.hpp"

using namespace lampline;

namespace {

bool contains(std::string_view text, std::string_view part)
{
    return text.find(part) != std::string_view::npos;
}

Binding binding(std::string_view contact, std::uint64_t generation, unsigned q = 1000)
{
    Binding made;
    made.aor = "207";
    made.contact = SipUri::parse(contact).value();
    made.generation = generation;
    made.q_thousandths = q;
    made.expires_at = std::chrono::sys_seconds{std::chrono::seconds{1000}};
    return made;
}

}  // namespace

TEST_CASE("an Event header names its package, whatever parameters it has")
{
    CHECK(event_package("presence") == EventPackage::presence);
    CHECK(event_package("reg;id=7") == EventPackage::reg);
    CHECK(event_package("message-summary ;id=1") == EventPackage::message_summary);
    CHECK_FALSE(event_package("dialog"));
    CHECK_FALSE(event_package("presence.winfo"));
    CHECK_FALSE(event_package(""));
    CHECK(allow_events().starts_with("dialog, message-summary, presence, reg"));
}

TEST_CASE("a message summary (RFC 3842 §5)")
{
    CHECK(write_message_summary({.fresh = 2, .old = 8}, "sip:207@office.test") ==
          "Messages-Waiting: yes\r\nMessage-Account: sip:207@office.test\r\nVoice-Message: "
          "2/8\r\n");
    CHECK(write_message_summary({.fresh = 2, .old = 8, .urgent_old = 1}, "sip:207@office.test")
              .ends_with("Voice-Message: 2/8 (0/1)\r\n"));
    CHECK(write_message_summary({.old = 3}, "sip:207@office.test")
              .starts_with("Messages-Waiting: no\r\n"));
}

TEST_CASE("presence says one thing at a time, and names the watched one as the contact")
{
    const std::string_view entity = "sip:207@office.test";
    const auto away = write_presence({}, entity);
    CHECK(contains(away, "entity=\"sip:207@office.test\""));
    CHECK(contains(away, "<contact>sip:207@office.test</contact>"));
    CHECK(contains(away, "<basic>closed</basic>"));
    CHECK(contains(away, "<note>Not online</note>"));
    CHECK(contains(away, "<rpid:activities></rpid:activities>"));
    CHECK(contains(write_presence({.reachable = true}, entity), "<basic>open</basic>"));
    CHECK(contains(write_presence({.reachable = true}, entity), "<note>Ready</note>"));
    const auto ringing = write_presence({.reachable = true, .ringing = true}, entity);
    CHECK(contains(ringing, "<note>Ringing</note>"));
    CHECK_FALSE(contains(ringing, "on-the-phone"));
    const auto talking = write_presence(
        {.reachable = true, .talking = true, .ringing = true, .do_not_disturb = true}, entity);
    CHECK(contains(talking, "<rpid:on-the-phone/>"));
    CHECK(contains(talking, "<dm:note>On the phone</dm:note>"));
    CHECK_FALSE(contains(talking, "busy"));
    CHECK(contains(write_presence({.reachable = true, .do_not_disturb = true}, entity),
                   "<note>Do not disturb</note>"));
}

TEST_CASE("presence in a list says the same in less, and at last without the activity")
{
    const std::string_view entity = "sip:207@office.test";
    const PresenceState talking{.reachable = true, .talking = true};
    const auto whole = write_presence(talking, entity);
    const auto listed = write_presence(talking, entity, ListedPresence::with_activity);
    const auto least = write_presence(talking, entity, ListedPresence::note_alone);
    for (const auto& text : {listed, least}) {
        CHECK(contains(text, "entity=\"sip:207@office.test\""));
        CHECK(contains(text, "<basic>open</basic>"));
        CHECK(contains(text, "<note>On the phone</note>"));
    }
    CHECK(contains(listed, "<on-the-phone/>"));
    CHECK_FALSE(contains(least, "on-the-phone"));
    CHECK(least.size() < listed.size());
    CHECK(listed.size() < whole.size());
    const PresenceState away;
    CHECK(contains(write_presence(away, entity, ListedPresence::note_alone), "<basic>closed</basic>"));
    CHECK(write_presence(away, entity, ListedPresence::with_activity) ==
          write_presence(away, entity, ListedPresence::note_alone));
}

TEST_CASE("reginfo: all contacts, or those that came and went (RFC 3680 §5)")
{
    const std::vector two{binding("sip:207@192.0.2.7:5060;line=a&b", 4),
                          binding("sip:207@192.0.2.8", 9, 500)};
    const auto before = registered_contacts(two);
    const auto full = write_reginfo("sip:207@office.test", "207", before);
    CHECK(full.head.ends_with("version=\""));
    CHECK(full.tail.starts_with("\" state=\"full\">"));
    CHECK(contains(full.tail,
                   "<registration aor=\"sip:207@office.test\" id=\"207\" state=\"active\">"));
    CHECK(contains(full.tail, "line=a&amp;b</uri>"));
    CHECK(contains(full.tail, "q=\"0.5\""));

    const auto after = registered_contacts(std::vector{two[1], binding("sip:207@192.0.2.9", 11)});
    const auto at = [](int seconds) {
        return std::chrono::sys_seconds{std::chrono::seconds{seconds}};
    };
    const auto partial =
        write_partial_reginfo("sip:207@office.test", "207", before, after, at(500)).tail;
    CHECK(partial.starts_with("\" state=\"partial\">"));
    CHECK(contains(partial, "state=\"terminated\" event=\"unregistered\""));
    CHECK(contains(partial, "state=\"active\" event=\"registered\""));
    CHECK_FALSE(contains(partial, "192.0.2.8"));
    CHECK(
        contains(write_partial_reginfo("sip:207@office.test", "207", before, after, at(1000)).tail,
                 "event=\"expired\""));
    CHECK(contains(write_reginfo("sip:207@office.test", "207", {}).tail, "state=\"init\">"));
    const auto left = write_partial_reginfo("sip:207@office.test", "207", before, {}, at(500)).tail;
    CHECK(contains(left, "id=\"207\" state=\"terminated\">"));

    auto other = two;
    other[1].q_thousandths = 700;  // a partial document without it would say nothing
    const auto changed = write_partial_reginfo("sip:207@office.test", "207", before,
                                               registered_contacts(other), at(500))
                             .tail;
    CHECK(contains(changed, "state=\"active\" event=\"refreshed\" q=\"0.7\""));
    CHECK_FALSE(contains(changed, "192.0.2.7"));
}

TEST_CASE("reginfo in parts: a contact too large for one loses the parameters of its URI")
{
    const auto contacts =
        registered_contacts(std::vector{binding("sip:207@192.0.2.7;x=" + std::string(900, 'y'), 4),
                                        binding("sip:207@192.0.2.8", 9)});
    const auto parts = write_reginfo_in_parts("sip:207@office.test", "207", contacts, 600);
    for (const auto& part : parts) CHECK(part.head.size() + 10 + part.tail.size() <= 600);
    CHECK(contains(parts.front().tail, "<uri>sip:207@192.0.2.7</uri>"));
    CHECK(contains(parts.back().tail, "<uri>sip:207@192.0.2.8</uri>"));
    CHECK(write_reginfo_in_parts("sip:207@office.test", "207", contacts, 5000).size() == 1);
}
