#include "core/dialog_info.hpp"

#include <doctest/doctest.h>

using namespace lampline;

namespace {

SipUri uri(std::string_view text)
{
    return SipUri::parse(text).value();
}

/// 207 is called by 211 in the published innovaphone trace.
DialogSnapshot innovaphone_call(LegState state)
{
    return {.leg = {7},
            .extension = "207",
            .dialog = {"e1b50917e909d311824d0090330200d6", "a", "b"},
            .direction = Direction::recipient,
            .state = state,
            .local = {{"Anna", uri("sip:207@172.16.16.180")}, uri("sip:207@172.16.16.34")},
            .remote = {{"Ben", uri("sip:211@172.16.16.180")}, uri("sip:211@172.16.16.180")}};
}

/// 211 is called by 2112 in the published snom trace.
DialogSnapshot snom_call(LegState state)
{
    return {.leg = {7},
            .extension = "211",
            .dialog = {"feb21493-d84a9bd6@192.168.0.113", "6yln5cag4d", "fe9c856f35980aao0"},
            .direction = Direction::recipient,
            .state = state,
            .local = {{"", uri("sip:211@abptech.com")}, {}},
            .remote = {{"", uri("sip:2112@abptech.com")}, {}}};
}

std::string document(const BodyProfile& profile, std::string_view entity, std::uint32_t version,
                     const std::vector<std::string>& dialogs)
{
    const std::vector<std::string_view> elements{dialogs.begin(), dialogs.end()};
    const auto text = write_dialog_info(entity, elements, profile);
    return *text.head + std::to_string(version) + *text.tail;
}

std::string standard(const DialogSnapshot& dialog)
{
    return document(standard_profile, "sip:207@office.test", 0,
                    {write_dialog(dialog, name(dialog.state), "x-7", standard_profile)});
}

}  // namespace

TEST_CASE("innovaphone how-to: the bodies to the byte, of 343 and 349 bytes")
{
    const auto body = [](LegState state, std::string_view word, std::uint32_t version) {
        return document(innovaphone_profile, "sip:207@172.16.16.180", version,
                        {write_dialog(innovaphone_call(state), word, "x", innovaphone_profile)});
    };
    const auto expected = [](std::string_view word, std::string_view version) {
        return "<?xml version=\"1.0\"?>\r\n<dialog-info "
               "xmlns=\"urn:ietf:params:xml:ns:dialog-info\" "
               "state=\"full\" version=\"" +
               std::string{version} +
               "\"><dialog id=\"1\" direction=\"initiator\" "
               "call-id=\"e1b50917e909d311824d0090330200d6\"><state>" +
               std::string{word} +
               "</state><local><identity>sip:207@172.16.16.180</identity></local><remote><identity>"
               "sip:211@172.16.16.180</identity></remote></dialog></dialog-info>";
    };
    const auto early = body(LegState::early, "early", 9);
    const auto cleared = body(LegState::early, "terminated", 10);
    const auto talking = body(LegState::confirmed, "proceeding", 11);
    const auto ended = body(LegState::terminated, "terminated", 12);
    CHECK(early == expected("early", "9"));
    CHECK(cleared == expected("terminated", "10"));
    CHECK(talking == expected("proceeding", "11"));
    CHECK(ended == expected("terminated", "12"));
    CHECK(early.size() == 343);
    CHECK(cleared.size() == 349);
    CHECK(talking.size() == 349);
    CHECK(ended.size() == 349);
}

TEST_CASE("snom FAQ: the bodies to the byte, of 150, 500 and 504 bytes")
{
    const auto body = [](std::uint32_t version, const std::vector<std::string>& dialogs) {
        return document(snom_profile, "sip:211@abptech.com", version, dialogs);
    };
    const auto dialog = [](LegState state) {
        return write_dialog(snom_call(state), name(state), "x", snom_profile);
    };
    const auto off = body(18, {});
    const auto flash = body(19, {dialog(LegState::early)});
    const auto steady = body(20, {dialog(LegState::confirmed)});
    CHECK(off ==
          "<?xml version=\"1.0\"?>\r\n<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" "
          "version=\"18\" state=\"full\" entity=\"sip:211@abptech.com\"></dialog-info>\r\n");
    CHECK(flash ==
          "<?xml version=\"1.0\"?>\r\n<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" "
          "version=\"19\" state=\"full\" entity=\"sip:211@abptech.com\"><dialog id=\"dummy\" "
          "call-id=\"feb21493-d84a9bd6@192.168.0.113\" local-tag=\"6yln5cag4d\" "
          "remote-tag=\"fe9c856f35980aao0\" direction=\"recipient\"><state>early</state><local>"
          "<identity>sip:211@abptech.com</identity><target uri=\"sip:211@abptech.com\"/></local>"
          "<remote><identity>sip:2112@abptech.com</identity><target uri=\"sip:2112@abptech.com\"/>"
          "</remote></dialog></dialog-info>\r\n");
    CHECK(off.size() == 150);
    CHECK(flash.size() == 500);
    CHECK(steady.size() == 504);
}

TEST_CASE("RFC 4235 §4.1: a written document reads back as it was meant")
{
    DialogSnapshot dialog = innovaphone_call(LegState::early);
    dialog.held = true;
    const auto read = read_dialog_info(standard(dialog));
    REQUIRE(read);
    CHECK(read->full);
    CHECK(read->version == 0);
    CHECK(read->entity == "sip:207@office.test");
    REQUIRE(read->dialogs.size() == 1);
    const auto& one = read->dialogs.front();
    CHECK(one.id == "x-7");
    CHECK(one.call_id == "e1b50917e909d311824d0090330200d6");
    CHECK(one.local_tag == "a");
    CHECK(one.remote_tag == "b");
    CHECK(one.direction == "recipient");
    CHECK(one.state == "early");
    CHECK(one.event.empty());
    CHECK(one.local_identity == "sip:207@172.16.16.180");
    CHECK(one.local_display == "Anna");
    CHECK(one.local_target == "sip:207@172.16.16.34");
    CHECK(one.remote_identity == "sip:211@172.16.16.180");
    CHECK(one.remote_display == "Ben");
    CHECK(one.remote_target == "sip:211@172.16.16.180");
    CHECK_FALSE(one.rendered);
}

TEST_CASE("RFC 4235 §4.1.6: media is rendered unless the dialog is held")
{
    const auto read = read_dialog_info(standard(innovaphone_call(LegState::confirmed)));
    REQUIRE(read);
    CHECK(read->dialogs.at(0).rendered);
}

TEST_CASE("RFC 4235 §4.1.3: a terminated dialog says why it ended")
{
    DialogSnapshot dialog = innovaphone_call(LegState::terminated);
    dialog.ended_by = LegInput::cancelled;
    const auto read = read_dialog_info(standard(dialog));
    REQUIRE(read);
    CHECK(read->dialogs.at(0).state == "terminated");
    CHECK(read->dialogs.at(0).event == "cancelled");
}

TEST_CASE("a tag that is not known yet is left out, not empty")
{
    DialogSnapshot dialog = innovaphone_call(LegState::trying);
    dialog.dialog.local_tag.clear();
    const auto text = standard(dialog);
    CHECK(text.find("local-tag") == std::string::npos);
    CHECK(text.find("remote-tag=\"b\"") != std::string::npos);
}

TEST_CASE("a party without a target is reached by its identity")
{
    DialogSnapshot dialog = innovaphone_call(LegState::early);
    dialog.remote.target = {};
    const auto read = read_dialog_info(standard(dialog));
    REQUIRE(read);
    CHECK(read->dialogs.at(0).remote_target == "sip:211@172.16.16.180");
}

TEST_CASE("a party that is not known is left out")
{
    DialogSnapshot dialog = innovaphone_call(LegState::early);
    dialog.remote = {};
    CHECK(standard(dialog).find("<remote>") == std::string::npos);
}

TEST_CASE("an idle extension: standard and innovaphone have a terminated dialog, snom has none")
{
    const auto idle = [](const BodyProfile& profile) {
        return read_dialog_info(document(profile, "sip:207@office.test", 3,
                                         {write_idle_dialog("sip:207@office.test", profile)}));
    };
    for (const auto* profile : {&standard_profile, &innovaphone_profile}) {
        const auto read = idle(*profile);
        REQUIRE(read);
        REQUIRE(read->dialogs.size() == 1);
        CHECK(read->dialogs.front().state == "terminated");
        CHECK_FALSE(read->dialogs.front().id.empty());  // mandatory, RFC 4235 §4.1.2
    }
    REQUIRE(idle(snom_profile));
    CHECK(idle(snom_profile)->dialogs.empty());
}

TEST_CASE("XML 1.0: markup is escaped wherever it comes from a phone")
{
    DialogSnapshot dialog = innovaphone_call(LegState::early);
    const std::string hostile = "\"/><evil a='&amp;'>\"";
    dialog.dialog = {hostile, hostile, hostile};
    dialog.remote.identity.display_name = hostile;
    dialog.remote.identity.uri.user = "a'&<b>";
    const auto read = read_dialog_info(standard(dialog));
    REQUIRE(read);
    REQUIRE(read->dialogs.size() == 1);
    CHECK(read->dialogs.front().call_id == hostile);
    CHECK(read->dialogs.front().local_tag == hostile);
    CHECK(read->dialogs.front().remote_display == hostile);
    CHECK(read->dialogs.front().remote_identity == "sip:a'&<b>@172.16.16.180");
    CHECK(escape_xml("<a b=\"c\" d='e'>&") == "&lt;a b=&quot;c&quot; d=&apos;e&apos;&gt;&amp;");
}

TEST_CASE("XML 1.0 §2.2: characters that may not occur are left out")
{
    using namespace std::string_literals;
    CHECK(escape_xml("a\0b\x01\x1F\tc\x7F"s) == "ab\tc\x7F");
    CHECK(escape_xml("\xEF\xBF\xBE\xEF\xBF\xBFz") == "z");  // U+FFFE, U+FFFF
}

TEST_CASE("RFC 3629: what is not UTF-8 is replaced, what is stays")
{
    const std::string fffd = "\xEF\xBF\xBD";
    CHECK(escape_xml("Zo\xC3\xAB \xE2\x82\xAC \xF0\x9F\x93\x9E") ==
          "Zo\xC3\xAB \xE2\x82\xAC \xF0\x9F\x93\x9E");
    CHECK(escape_xml("\xFCnal") == fffd + "nal");     // Latin-1
    CHECK(escape_xml("\xC0\xAF") == fffd + fffd);     // overlong
    CHECK(escape_xml("\xE0\x80\xAF") == fffd);        // overlong
    CHECK(escape_xml("\xED\xA0\x80") == fffd);        // surrogate
    CHECK(escape_xml("\xF4\x90\x80\x80") == fffd);    // above U+10FFFF
    CHECK(escape_xml("a\xE2\x82") == "a" + fffd);     // cut short
    CHECK(escape_xml("\xE2\x82<") == fffd + "&lt;");  // markup is not swallowed
}

TEST_CASE("whatever bytes a phone sends, the document is well formed")
{
    std::uint32_t seed = 4235;
    for (int round = 0; round < 2000; ++round) {
        std::string noise;
        for (int at = 0; at < 40; ++at) {
            seed = seed * 1664525U + 1013904223U;
            noise += static_cast<char>(seed >> 24);
        }
        DialogSnapshot dialog = innovaphone_call(LegState::early);
        dialog.dialog.call_id = noise;
        dialog.remote.identity.display_name = noise;
        const auto read = read_dialog_info(standard(dialog));
        REQUIRE(read);
        REQUIRE(read->dialogs.size() == 1);
    }
}

TEST_CASE("a lenient reader skips what it does not know")
{
    const auto read = read_dialog_info(
        "<d:dialog-info xmlns:d='urn:ietf:params:xml:ns:dialog-info' xmlns='urn:other' version='4' "
        "state='partial'><dialog id='no'/><d:dialog id='1'><d:duration>5</d:duration>"
        "<d:state> "
        "early</d:state><d:local><d:cseq>1</d:cseq></d:local></d:dialog></d:dialog-info>");
    REQUIRE(read);
    CHECK_FALSE(read->full);
    CHECK(read->version == 4);
    REQUIRE(read->dialogs.size() == 1);
    CHECK(read->dialogs.front().id == "1");
}

TEST_CASE("what is not a dialog-info document is not read")
{
    const std::string open = "<dialog-info xmlns='urn:ietf:params:xml:ns:dialog-info' version=";
    CHECK_FALSE(read_dialog_info(""));
    CHECK_FALSE(read_dialog_info("<dialog-info/>"));
    CHECK_FALSE(read_dialog_info(open + "'x'/>"));
    CHECK_FALSE(read_dialog_info(open + "'-1'/>"));
    CHECK_FALSE(read_dialog_info(open + "'4294967296'/>"));
    CHECK_FALSE(read_dialog_info(open + "'1'>"));
    CHECK_FALSE(read_dialog_info("<!DOCTYPE a [<!ENTITY b 'c'>]>" + open + "'1'/>"));
    CHECK(read_dialog_info(open + "'1'/>"));
}

TEST_CASE("the version is read from the first element alone")
{
    const std::string open = "<dialog-info xmlns='urn:ietf:params:xml:ns:dialog-info' version=";
    CHECK(read_version(open + "'17'><dialog") == 17);
    CHECK(read_version("<?xml version='1.0'?><dialog-info version='3'/>") == 3);
    for (const auto* other : {"", "version='1'", "<presence version='1'/>", "<dialog-info/>",
                              "<x:dialog-info xmlns:x='urn:other' version='1'/>"})
        CHECK_FALSE(read_version(other));
    CHECK_FALSE(read_version(open + "'4294967296'/>"));
}

TEST_CASE("whether a document shows a call: a partial one without any leaves that open")
{
    const auto document = [](const std::string& kind, const std::string& dialogs) {
        return "<dialog-info xmlns='urn:ietf:params:xml:ns:dialog-info' version='1' "
               "entity='sip:207@office.test' state='" +
               kind + "'>" + dialogs + "</dialog-info>";
    };
    const std::string over = "<dialog id='1'><state>terminated</state></dialog>";
    const std::string lives = "<dialog id='2'><state>confirmed</state></dialog>";
    CHECK(shows_call(document("full", "")) == false);
    CHECK(shows_call(document("full", over)) == false);
    CHECK(shows_call(document("full", over + lives)) == true);
    CHECK(shows_call(document("partial", over + lives)) == true);
    CHECK_FALSE(shows_call(document("partial", over)));
    CHECK_FALSE(shows_call(""));
    CHECK_FALSE(shows_call("<presence/>"));
}

TEST_CASE("a document beyond a limit is not read")
{
    const std::string open = "<dialog-info xmlns='urn:ietf:params:xml:ns:dialog-info' version='1'>";
    const std::string close = "</dialog-info>";
    std::string dialogs, nested, unnested;
    for (int at = 0; at < 257; ++at) dialogs += "<dialog id='1'/>";
    for (int at = 0; at < 20; ++at) {
        nested += "<a>";
        unnested += "</a>";
    }
    CHECK_FALSE(read_dialog_info(open + dialogs + close));
    CHECK_FALSE(read_dialog_info(open + nested + unnested + close));
    const std::string room(32 * 1024 - open.size() - close.size(), ' ');
    CHECK(read_dialog_info(open + room + close));
    CHECK_FALSE(read_dialog_info(open + room + ' ' + close));
}

TEST_CASE("a pickup target is written where the row has one, and stays where others are left out")
{
    const auto written = [](PickupTarget where, std::string_view pickup, Detail detail,
                            bool other_targets) {
        BodyProfile row{.name = "acme",
                        .local_targets = other_targets,
                        .remote_targets = other_targets,
                        .pickup_target = where};
        const auto dialog =
            write_dialog(innovaphone_call(LegState::early), "early", "x", row, detail, pickup);
        const auto read =
            read_dialog_info(document(row, "sip:207@172.16.16.180", 0, {dialog})).value();
        const auto& one = read.dialogs.at(0);
        return one.local_target + " " + one.remote_target;
    };
    using enum PickupTarget;
    const std::string code = "sip:**207@office.test";
    const std::string local_plain = "sip:207@172.16.16.34", remote_plain = "sip:211@172.16.16.180";
    for (const auto where : {none, remote, local, both}) {
        CAPTURE(name(where));
        CHECK(pickup_target(name(where)) == where);
        const bool at_local = where == local || where == both;
        const bool at_remote = where == remote || where == both;
        CHECK(written(where, code, Detail::full, true) ==
              (at_local ? code : local_plain) + " " + (at_remote ? code : remote_plain));
        for (const auto& bare : {written(where, code, Detail::full, false),
                                 written(where, code, Detail::no_local_party, true)})
            CHECK(bare == (at_local ? code : "") + " " + (at_remote ? code : ""));
        CHECK(written(where, "", Detail::full, true) == local_plain + " " + remote_plain);
    }
    CHECK_FALSE(pickup_target("all"));
}

TEST_CASE("in a list the entity stands for the watched party, and the dialog keeps its ids")
{
    const auto written = [](LegState state, Detail detail, const BodyProfile& profile) {
        return write_dialog(snom_call(state), name(state), "x", profile, detail);
    };
    const auto has = [](const std::string& text, std::string_view part) {
        return text.find(part) != std::string::npos;
    };
    const auto talks = written(LegState::confirmed, Detail::no_local_party, standard_profile);
    CHECK_FALSE(has(talks, "<local>"));
    CHECK(has(talks, "call-id="));
    CHECK(has(talks, "remote-tag="));
    CHECK(has(talks, "sip:2112@abptech.com"));

    BodyProfile nameless = standard_profile;
    nameless.entity = false;
    CHECK(has(written(LegState::confirmed, Detail::no_local_party, nameless), "<local>"));

    auto held = snom_call(LegState::confirmed);
    held.held = true;
    BodyProfile rendering = standard_profile;
    rendering.rendering = true;
    CHECK(has(write_dialog(held, "confirmed", "x", rendering, Detail::no_local_party),
              "+sip.rendering"));
}
