// In which dialect a phone is told, about which dialogs, and how often.
#include "unit/engine/dialect_office.hpp"

using namespace lampline;
using namespace lampline::test;
using std::chrono::milliseconds;

namespace {

SubscribeReceived from_phone(const Office& office, const std::string& user_agent)
{
    auto request = office.subscribe("201", "207");
    request.user_agent = user_agent;
    return request;
}

}  // namespace

TEST_CASE("a row of the office is chosen by User-Agent before a built-in one")
{
    BodyProfile mine = acme();
    mine.user_agents = {"Yealink SIP-T46"};
    Office office{office_with({mine})};
    CHECK(office.receives(from_phone(office, "Yealink SIP-T46U 108.86.0.20")).status == 200);
    CHECK(document_of(office.acknowledged()).dialogs.at(0).id == "none");
    CHECK(office.view().lamps.at(0).profile == "acme");
}

TEST_CASE("a SUBSCRIBE without User-Agent is told by that of the phone's registration")
{
    Office office{office_with({acme()})};
    office.registers("201", 1, seconds{600}, "Acme 1.0");
    CHECK(office.receives(office.subscribe("201", "207")).status == 200);
    CHECK(document_of(office.acknowledged()).dialogs.at(0).id == "none");
}

TEST_CASE("a changed row is told anew at once, an unchanged one is not")
{
    Office office{office_with({acme()}, "acme")};
    office.subscribed("201", "207");
    office.configures(office_with({acme()}, "acme"));
    CHECK(office.silent());
    office.configures(office_with({acme("other")}, "acme"));
    CHECK(document_of(office.acknowledged()).dialogs.at(0).id == "other");
    CHECK(office.silent());
}

TEST_CASE("another code for pickup is told anew to whose row has it as a target")
{
    const auto office_dialling = [](const std::string& code) {
        Numbering numbering;
        numbering.feature_codes.set(Feature::pickup_directed, code);
        Group group{"sales", "Sales", {"207"}, {{"201", false, "acme"}, {"202", false, ""}}};
        auto row = acme();
        row.pickup_target = PickupTarget::remote;
        return std::make_shared<const Directory>(
            "office.test",
            std::vector<Extension>{{"201", {}, {}, {}}, {"202", {}, {}, {}}, {"207", {}, {}, {}}},
            std::vector<Group>{std::move(group)}, std::move(numbering),
            std::vector<BodyProfile>{std::move(row)});
    };
    Office office{office_dialling("**")};
    office.subscribed("201", "207");
    office.subscribed("202", "207");
    office.call(1, LegState::early);
    CHECK(document_of(office.acknowledged()).dialogs.at(0).remote_target == "sip:**207@office.test");
    CHECK(document_of(office.acknowledged()).dialogs.at(0).remote_target == "sip:211@office.test");
    office.configures(office_dialling("*98"));
    CHECK(states_of(office.acknowledged()) == "terminated");
    CHECK(document_of(office.acknowledged()).dialogs.at(0).remote_target ==
          "sip:*98207@office.test");
    CHECK(office.silent());
    office.configures(office_dialling(""));
    CHECK(states_of(office.acknowledged()) == "terminated");
    CHECK(document_of(office.acknowledged()).dialogs.at(0).remote_target == "sip:211@office.test");
    CHECK(office.silent());
}

TEST_CASE("a row that comes or goes changes the dialect of the phones it names")
{
    Office office{office_with({})};
    CHECK(office.receives(from_phone(office, "Acme 1.0")).status == 200);
    CHECK(document_of(office.acknowledged()).dialogs.at(0).id == "idle");
    office.configures(office_with({acme()}));
    CHECK(document_of(office.acknowledged()).dialogs.at(0).id == "none");
    office.configures(office_with({}));
    CHECK(document_of(office.acknowledged()).dialogs.at(0).id == "idle");
}

TEST_CASE("another dialect in the middle of a call begins with idle, whatever the phone showed")
{
    Office office{office_with({acme()}, "acme")};
    office.subscribed("201", "207");
    office.call(1, LegState::confirmed);
    office.acknowledged();
    office.configures(office_with({acme("other")}, "acme"));
    CHECK(states_of(office.acknowledged()) == "terminated");
    CHECK(states_of(office.acknowledged()) == "confirmed");
    CHECK(office.silent());
}

TEST_CASE("RFC 4235 §3.2: a subscription to one dialog is told of no other")
{
    Office office;
    auto request = office.subscribe("201", "207");
    request.event_params = ";call-id=call-2;id=4;sla";
    CHECK(office.receives(request).status == 200);
    CHECK(office.acknowledged().dialog->event == "dialog;call-id=call-2;id=4");
    office.call(1, LegState::confirmed);
    CHECK(office.silent());
    office.call(2, LegState::early);
    const auto told = document_of(office.acknowledged());
    REQUIRE(told.dialogs.size() == 1);
    CHECK(told.dialogs[0].call_id == "call-2");
    office.call(1, LegState::terminated);
    CHECK(office.silent());
    office.call(2, LegState::terminated);
    CHECK(states_of(office.acknowledged()) == "terminated");
}

TEST_CASE("a refresh belongs to the subscription by its id, whatever else its Event says")
{
    Office office;
    auto request = office.subscribe("201", "207");
    request.event_params = ";id=4;call-id=call-2";
    const auto accepted = office.receives(request);
    office.acknowledged();
    request.parties.to_tag = accepted.local_tag;
    request.cseq = 2;
    request.event_params = ";id=4";
    CHECK(office.receives(request).status == 200);
    office.acknowledged();
    office.call(1, LegState::confirmed);
    CHECK(office.silent());  // still about call-2
    request.cseq = 3;
    request.event_params = ";id=5";
    CHECK(office.receives(request).status == 481);
}

TEST_CASE("a filter outlives a restart")
{
    Office before;
    auto request = before.subscribe("201", "207");
    request.event_params = ";call-id=call-2";
    before.receives(request);
    before.acknowledged();
    Office after;
    after.indications.restore(before.kept(), after.locations, after.now, after.outbox);
    after.collect();
    after.acknowledged();
    after.call(1, LegState::confirmed);
    CHECK(after.silent());
    after.call(2, LegState::confirmed);
    CHECK(states_of(after.acknowledged()) == "confirmed");
}

TEST_CASE("pacing: a gap between NOTIFYs to one watcher, over all it watches; the last state wins")
{
    BodyProfile slow = acme();
    slow.gap = milliseconds{2000};
    Office office{
        office_directory({"201", "207", "208"}, {"207", "208"}, {{"201", false, "acme"}}, {slow})};
    office.subscribed("201", "207");
    CHECK(office.receives(office.subscribe("201", "208")).status == 200);
    CHECK(office.silent());
    office.call(1, LegState::early);
    office.call(1, LegState::confirmed);
    office.passes(seconds{1});
    CHECK(office.silent());
    office.passes(seconds{1});
    CHECK(states_of(office.acknowledged()) == "confirmed");
    CHECK(office.silent());
    office.passes(seconds{2});
    CHECK(document_of(office.acknowledged()).entity == "sip:208@office.test");  // it is idle
    office.passes(seconds{60});
    CHECK(office.silent());
}

TEST_CASE("pacing never hides the idle edge between two calls")
{
    BodyProfile slow = acme();
    slow.gap = milliseconds{2000};
    Office office{office_with({slow}, "acme")};
    office.subscribed("201", "207");
    office.passes(seconds{2});
    office.call(1, LegState::confirmed);
    CHECK(states_of(office.acknowledged()) == "confirmed");
    office.call(1, LegState::terminated);
    office.call(2, LegState::early);
    office.passes(seconds{2});
    CHECK(states_of(office.acknowledged()) == "terminated");
    office.passes(seconds{2});
    CHECK(states_of(office.acknowledged()) == "early");
}

TEST_CASE("a partial document has what changed, and follows only on what has certainly arrived")
{
    BodyProfile changes = acme();
    changes.partial = true;
    Office office{office_with({changes}, "acme")};
    const auto first = office.subscribed("201", "207");
    CHECK(document_of(first).full);
    const auto next = [&] { return read_dialog_info(body_of(office.acknowledged())).value(); };
    office.call(1, LegState::confirmed);
    auto told = next();
    CHECK_FALSE(told.full);
    REQUIRE(told.dialogs.size() == 1);
    office.call(2, LegState::early);
    told = next();
    CHECK_FALSE(told.full);
    REQUIRE(told.dialogs.size() == 1);
    CHECK(told.dialogs[0].call_id == "call-2");
    office.call(1, LegState::terminated);
    told = next();
    REQUIRE(told.dialogs.size() == 1);
    CHECK(told.dialogs[0].state == "terminated");
    CHECK(told.dialogs[0].call_id == "call-1");

    office.call(2, LegState::confirmed);
    const auto lost = office.notified();
    office.answers(lost, 408);
    office.call(3, LegState::early);
    office.passes(seconds{1});
    told = next();
    CHECK(told.full);
    CHECK(told.dialogs.size() == 2);
}
