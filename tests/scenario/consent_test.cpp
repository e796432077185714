// Who hides, or its numbers, on the lamps of those it talks to.
#include <string>
#include <string_view>

#include "scenario/publishing.hpp"
#include "scenario/shared_line.hpp"
#include "support/list_notify_reader.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

constexpr std::string_view nobody = "sip:anonymous@anonymous.invalid";
constexpr std::string_view alice_here = "sip:101@office.test";

/// Carol (103) watches Bob (102), whom Alice (101) calls.
struct Watched {
    void alice_is(Visibility visibility)
    {
        pbx.configures("101", [=](Extension& shy) { shy.visibility = visibility; });
    }
    void rings()
    {
        alice.sends(INVITE, "102");
        bob.receives(INVITE).from("101");
        bob.replies(180);
        alice.receives(180U);
    }
    void talks()
    {
        rings();
        bob.replies(200, talking_sdp);
        alice.receives(200U);
        bob.receives(ACK);
    }
    /// Of all that Carol was told; the last.
    DialogElement names_nobody()
    {
        DialogElement dialog;
        do {
            dialog = carol.receives(NOTIFY).dialog();
            CHECK(dialog.remote_identity == nobody);
            for (const auto* text : {&dialog.remote_display, &dialog.remote_target})
                CHECK(text->find("101") == text->npos);
        } while (!carol.hears_nothing());
        return dialog;
    }
    [[nodiscard]] std::string named() { return carol.receives(NOTIFY).dialog().remote_identity; }

    Scenario pbx{{group("sales", {"103"}, {"102"})}};
    Phone& alice = pbx.phone("101");
    Phone& bob = pbx.phone("102");
    Phone& carol = pbx.phone("103");
};

std::string who_is_there(const Arrived& notify)
{
    const auto infos = read_call_info(notify.value("Call-Info"));
    REQUIRE(infos);
    return infos->at(0).appearance_uri;
}

}  // namespace

TEST_CASE("who hides, or its numbers, is named on no lamp of those it talks to, but to the phone that "
          "it calls")
{
    Watched office;
    SUBCASE("itself")
    {
        office.alice_is(Visibility::hidden);
    }
    SUBCASE("its numbers")
    {
        office.alice_is(Visibility::anonymous);
    }
    CHECK(office.carol.watches("102").idle());
    office.talks();
    CHECK(office.names_nobody().state == "confirmed");
    // An administrator, who sees calls, sees this one by the lamp as well.
    const auto account = office.pbx.explains("103", "102");
    REQUIRE(account.calls.size() == 1);
    CHECK(account.calls.front().with == "101");
    CHECK(account.calls.front().unnamed);
    office.alice.sends(BYE);
    office.alice.receives(200U);
    office.bob.receives(BYE);
    CHECK(office.names_nobody().state == "terminated");
}

TEST_CASE("whose name its lamp keeps back is picked up, and is named to who has it then")
{
    Watched office;
    office.alice_is(Visibility::hidden);
    CHECK(office.carol.watches("102").idle());
    office.rings();
    const auto lamp = office.names_nobody();
    office.carol.sends_replacing(replacing(lamp), "102", talking_sdp);
    CHECK(office.carol.receives(200U).value("P-Asserted-Identity").find(alice_here) !=
          std::string::npos);
    office.alice.receives(200U);
    office.bob.receives(CANCEL);
    CHECK(office.names_nobody().state == "terminated");
}

TEST_CASE("whether somebody is named is told as soon as that one wants it otherwise, in mid-call "
          "and over a restart")
{
    Watched office;
    office.alice.answers_probes = office.bob.answers_probes = true;
    CHECK(office.carol.watches("102").idle());
    office.talks();
    while (!office.carol.hears_nothing()) CHECK(office.named() == alice_here);
    office.alice_is(Visibility::anonymous);
    CHECK(office.named() == nobody);
    office.alice_is(Visibility::hidden);
    CHECK(office.carol.hears_nothing());  // the same to her
    office.pbx.restarts();
    CHECK(office.named() == nobody);
    office.alice_is(Visibility::open);
    CHECK(office.named() == alice_here);
    CHECK(office.carol.hears_nothing());
    office.alice_is(Visibility::hidden);
    CHECK(office.named() == nobody);
    // Whom nobody can ask any more has not agreed.
    office.pbx.removes("101");
    CHECK(office.carol.hears_nothing());
    office.bob.sends(BYE);
    office.bob.receives(200U);
    office.alice.receives(BYE);
    CHECK(office.names_nobody().state == "terminated");
}

TEST_CASE("another phone of the extension sees whom it talks to, however that one hides")
{
    Watched office;
    auto& lab = office.pbx.phone("102");
    office.alice_is(Visibility::hidden);
    CHECK(lab.subscribes("dialog", "102").idle());
    CHECK(office.carol.watches("102").idle());
    office.bob.sends(INVITE, "101");
    office.alice.receives(INVITE);
    CHECK(lab.receives(NOTIFY).dialog().remote_identity == alice_here);
    office.names_nobody();
    office.alice_is(Visibility::open);
    CHECK(office.named() == alice_here);
    CHECK(lab.hears_nothing());
}

TEST_CASE("who hides is not named in a list either (RFC 4662)")
{
    Watched office;
    office.alice_is(Visibility::hidden);
    office.carol.asks({.event = "dialog", .to = "sales", .supported = OptionTag::eventlist});
    office.carol.receives(200U);
    while (!office.carol.hears_nothing()) office.carol.receives(NOTIFY);
    const auto named = [&] {
        const auto told = office.carol.receives(NOTIFY);
        const auto list = read_list(told.notify->content_type, *told.notify->body_head);
        const auto* bob = list.find("sip:102@office.test");
        REQUIRE(bob);
        REQUIRE(bob->document);
        return bob->document->dialogs.at(0).remote_identity;
    };
    office.rings();
    while (!office.carol.hears_nothing()) CHECK(named() == nobody);
    office.alice_is(Visibility::open);
    CHECK(named() == alice_here);
    office.alice_is(Visibility::anonymous);
    CHECK(named() == nobody);
}

TEST_CASE("who hides is named in call-info to the phones of the line it calls, and to nobody else")
{
    SharedLine line;
    auto& carol = line.pbx.phone("103");
    const auto alice_is = [&](Visibility visibility) {
        line.pbx.configures("101", [=](Extension& shy) { shy.visibility = visibility; });
    };
    line.pbx.replaces_directory({group("all", {"103"}, {"102"})});
    alice_is(Visibility::hidden);
    CHECK(SharedLine::shown(carol.subscribes("call-info", "102")) == "*:idle");
    line.alice.sends(INVITE, "102");
    const std::string name = "\"Name 101\" <sip:101@office.test>";
    for (auto* phone : {&line.desk, &line.lab}) {
        got(*phone, INVITE);
        CHECK(who_is_there(told(*phone, "call-info")) == name);
    }
    const auto alerted = carol.receives(NOTIFY);
    CHECK(SharedLine::shown(alerted) == "1:alerting *:idle");
    CHECK(who_is_there(alerted) == "\"Anonymous\" <sip:anonymous@anonymous.invalid>");
    alice_is(Visibility::open);
    CHECK(who_is_there(carol.receives(NOTIFY)) == name);
    alice_is(Visibility::anonymous);
    CHECK(who_is_there(carol.receives(NOTIFY)) ==
          "\"Anonymous\" <sip:anonymous@anonymous.invalid>");
    for (auto* phone : {&line.desk, &line.lab}) CHECK(phone->hears_nothing());
}

TEST_CASE("who loses the right to see with whom a line talks learns no name of who begins to show "
          "itself at the same time")
{
    auto visibility = Visibility::hidden;
    SharedLine line;
    auto& carol = line.pbx.phone("103");
    auto watching = group("all", {"103"}, {"102"});
    line.pbx.replaces_directory({watching});
    line.pbx.configures("101", [&](Extension& shy) { shy.visibility = visibility; });
    CHECK(SharedLine::shown(carol.subscribes("call-info", "102")) == "*:idle");
    line.alice.sends(INVITE, "102");
    for (auto* phone : {&line.desk, &line.lab}) {
        got(*phone, INVITE);
        told(*phone, "call-info");
    }
    CHECK(who_is_there(carol.receives(NOTIFY)) ==
          "\"Anonymous\" <sip:anonymous@anonymous.invalid>");
    visibility = Visibility::open;
    SUBCASE("and sees what it saw")
    {
        watching.rights.parties = false;
        line.pbx.replaces_directory({watching});
        CHECK(carol.hears_nothing());
    }
    SUBCASE("and so it is told who has the right still")
    {
        line.pbx.replaces_directory({watching});
        CHECK(who_is_there(carol.receives(NOTIFY)) == "\"Name 101\" <sip:101@office.test>");
    }
}

TEST_CASE("nor does what a phone publishes name who hides, by whatever address it calls the office")
{
    Watched office;
    std::string host = "office.test";
    SUBCASE("by its domain") {}
    SUBCASE("by another name")
    {
        host = "192.0.2.200";
    }
    office.alice_is(Visibility::hidden);
    CHECK(office.carol.watches("102").idle());
    published(office.bob,
              dialogs(document("<dialog id=\"d\" call-id=\"c\" local-tag=\"l\" remote-tag=\"r\" "
                               "direction=\"recipient\"><state>confirmed</state><local><identity>"
                               "sip:102@" +
                               host +
                               "</identity></local><remote><identity display=\"Name 101\">sip:101@" +
                               host + "</identity></remote></dialog>")));
    CHECK(office.names_nobody().state == "confirmed");
    office.alice_is(Visibility::open);
    CHECK(office.named() == "sip:101@" + host);
}
