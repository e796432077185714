// What watchers are told when a group or the watched extension itself allows less.
#include <doctest/doctest.h>

#include "unit/engine/indication_office.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

using enum LegState;

/// 201 watches 207, which shows itself so far, in a group with these rights.
DirectoryRef office_with(GroupRights rights, Visibility visibility = Visibility::open)
{
    std::vector<Extension> extensions;
    for (const char* number : {"201", "207"}) extensions.push_back({number, {}, {}, {}});
    extensions.back().visibility = visibility;
    Group group{"sales", "Sales", {"207"}, {{"201", false, "standard"}}};
    group.rights = rights;
    return std::make_shared<const Directory>("office.test", std::move(extensions),
                                             std::vector<Group>{std::move(group)});
}

std::string caller_in(const SendNotify& notify)
{
    return document_of(notify).dialogs.at(0).remote_identity;
}

constexpr std::string_view nobody{"sip:anonymous@anonymous.invalid"};

}  // namespace

TEST_CASE("without the right to see the parties a watcher sees that it rings, but not who calls")
{
    Office office{office_with({.parties = false})};
    office.subscribed("201", "207");
    office.call(1, early);
    const auto told = office.acknowledged();
    CHECK(states_of(told) == "early");
    CHECK(caller_in(told) == nobody);
    CHECK(body_of(told).find("211") == std::string::npos);
}

TEST_CASE("a right that is taken or given in mid-call is told at once, and the lamp stays as it is")
{
    Office office{office_with({})};
    office.subscribed("201", "207");
    office.call(1, confirmed);
    CHECK(caller_in(office.acknowledged()) == "sip:211@office.test");
    office.configures(office_with({.parties = false}));
    auto told = office.acknowledged();
    CHECK(states_of(told) == "confirmed");
    CHECK(caller_in(told) == nobody);
    office.configures(office_with({}, Visibility::anonymous));
    CHECK(office.silent());  // the same to the watcher
    office.configures(office_with({}));
    told = office.acknowledged();
    CHECK(caller_in(told) == "sip:211@office.test");
    CHECK(office.silent());
}

TEST_CASE("RFC 6665 §4.1.3: an extension that hides ends its subscriptions at once, dark")
{
    Office office{office_with({})};
    office.subscribed("201", "207");
    office.call(1, confirmed);
    office.acknowledged();
    office.configures(office_with({}, Visibility::hidden));
    const auto last = office.notified();
    CHECK(last.subscription_state == "terminated;reason=rejected");
    CHECK(body_of(last).find("confirmed") == std::string::npos);
    CHECK(office.receives(office.subscribe("201", "207", 9)).status == 403);
    CHECK(office.silent());
}

TEST_CASE("who may neither take nor join a call is told a name of it that is of no use elsewhere")
{
    Office office{office_with({.pickup = false})};
    office.subscribed("201", "207");
    DialogSnapshot dialog{.leg = {1},
                          .id = "ours",  // as of a call: it is a tag
                          .extension = "207",
                          .dialog = {"call-1", "phone", "ours"},
                          .direction = Direction::recipient,
                          .state = early,
                          .ended_by = LegInput::remote_bye,
                          .local = {{{}, extension_uri("207", "office.test")}, {}},
                          .remote = {{{}, extension_uri("211", "office.test")}, {}}};
    office.fold(dialog);
    const auto names_nothing = [](const SendNotify& notify) {
        const auto body = body_of(notify);
        for (const char* word : {"call-1", "phone", "ours", "tag"})
            CHECK(body.find(word) == body.npos);
    };
    auto told = office.acknowledged();
    names_nothing(told);
    const auto ringing = document_of(told).dialogs.at(0);
    CHECK(ringing.call_id == ringing.id);
    CHECK_FALSE(ringing.id.empty());

    SUBCASE("it lasts as long as the call, over a restart too")
    {
        dialog.state = confirmed;
        office.fold(dialog);
        CHECK(document_of(office.acknowledged()).dialogs.at(0).id == ringing.id);
        Office next{office_with({.pickup = false})};
        dialog.leg = {7};
        next.fold(dialog);
        CHECK(document_of(next.subscribed("201", "207")).dialogs.at(0).id == ringing.id);
    }
    SUBCASE("a right to either is told at once")
    {
        office.configures(office_with({.pickup = false, .join = true}));
        told = office.acknowledged();
        const auto seen = document_of(told).dialogs.at(0);
        CHECK(seen.call_id == "call-1");
        CHECK(seen.local_tag == "phone");
        CHECK(seen.remote_tag == "ours");
        CHECK(seen.state == "early");
        office.configures(office_with({.pickup = false}));
        names_nothing(office.acknowledged());
        CHECK(office.silent());
    }
    SUBCASE("the end")
    {
        dialog.state = terminated;
        office.fold(dialog);
        told = office.acknowledged();
        names_nothing(told);
        CHECK(document_of(told).dialogs.at(0).id == ringing.id);
    }
}

TEST_CASE("RFC 4235 §3.2: a filter of who is told no Call-ID and no tags confirms no guess")
{
    Office office{office_with({.pickup = false})};
    office.call(1, early);
    auto request = office.subscribe("201", "207");
    for (const char* guess : {";call-id=call-1", ";to-tag=phone", ";from-tag=ours"}) {
        CAPTURE(guess);
        request.event_params = guess;
        request.call_id = guess;
        CHECK(office.receives(request).status == 200);
        CHECK(states_of(office.acknowledged()) == "terminated");
    }
    const auto known = document_of(office.subscribed("201", "207")).dialogs.at(0).call_id;
    request.event_params = ";call-id=" + known;
    request.call_id = "by what it is told";
    CHECK(office.receives(request).status == 200);
    CHECK(states_of(office.acknowledged()) == "early");
    office.call(1, confirmed);
    CHECK(states_of(office.acknowledged()) == "confirmed");
    CHECK(states_of(office.acknowledged()) == "confirmed");
    CHECK(office.silent());
}

TEST_CASE("what is told unasked names no dialog either")
{
    auto directory = std::make_shared<const Directory>(
        "office.test", std::vector<Extension>{{"201", {}, {}, {}}, {"207", {}, {}, {}}},
        std::vector<Group>{{.name = "sales",
                            .display_name = "Sales",
                            .members = {"207"},
                            .watchers = {{"201", true, "standard"}},
                            .rights = {.pickup = false}}});
    Office office{directory};
    office.registers("201");
    office.acknowledged();
    office.call(1, early);
    const auto body = body_of(office.acknowledged());
    CHECK(body.find(">early<") != body.npos);
    CHECK(body.find("call-1") == body.npos);
    CHECK(body.find("tag=") == body.npos);
}
