// In which dialect a phone is told, about which dialogs, how much of them fits, and how often.
#include "unit/engine/indication_office.hpp"

using namespace lampline;
using namespace lampline::test;
using std::chrono::milliseconds;

namespace {

DirectoryRef office_with(std::vector<BodyProfile> profiles, const std::string& choice = {})
{
    return office_directory({"201", "207"}, {"207"}, {{"201", false, choice}}, std::move(profiles));
}

BodyProfile acme(std::string idle_id = "none")
{
    return {.name = "acme", .user_agents = {"Acme"}, .idle_dialog_id = std::move(idle_id)};
}

SubscribeReceived from_phone(const Office& office, const std::string& user_agent)
{
    auto request = office.subscribe("201", "207");
    request.user_agent = user_agent;
    return request;
}

/// A call with names so long that two dialogs do not fit.
DialogSnapshot wordy(std::uint64_t leg, std::size_t letters = 120)
{
    return {.leg = {leg},
            .extension = "207",
            .dialog = {"call-" + std::to_string(leg), "phone", "ours"},
            .direction = Direction::recipient,
            .state = LegState::confirmed,
            .local = {{std::string(letters, 'A'), extension_uri("207", "office.test")}, {}},
            .remote = {{std::string(letters, 'B'), extension_uri("211", "office.test")},
                       SipUri::parse("sip:211@192.0.2.211:5060;line=abc").value()}};
}

std::size_t size_of(const SendNotify& notify)
{
    return header_size(*notify.dialog) + body_of(notify).size();
}

Binding over_tcp(const std::string& number)
{
    Binding binding;
    binding.aor = number;
    binding.contact =
        SipUri::parse("sip:" + number + "@192.0.2." + number + ";transport=tcp").value();
    binding.flow = {Transport::tcp, "192.0.2." + number, 40001, ConnectionId{9}, 0};
    binding.generation = 1;
    binding.expires_at = std::chrono::sys_days{std::chrono::year{2030} / 1 / 1};
    return binding;
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

TEST_CASE("too large for UDP: without display names, then without targets, never without identity")
{
    Office office;
    office.subscribed("201", "207");
    office.fold(wordy(1, 20));
    const auto whole = document_of(office.acknowledged()).dialogs.at(0);
    CHECK_FALSE(whole.remote_display.empty());

    office.fold(wordy(1));
    office.acknowledged();
    office.fold(wordy(2));
    const auto nameless = office.acknowledged();
    CHECK(size_of(nameless) <= 1300);
    for (const auto& dialog : document_of(nameless).dialogs) {
        CHECK(dialog.remote_display.empty());
        CHECK_FALSE(dialog.remote_identity.empty());
        CHECK_FALSE(dialog.local_identity.empty());
    }
    CHECK(office.view().counters.notifies_reduced == 1);
    CHECK(office.view().counters.notifies_oversized == 0);
}

TEST_CASE("local targets go before remote ones, which may be dialled; what says hold stays")
{
    BodyProfile small = acme();
    const auto body_without = [&](std::size_t limit) {
        small.max_body = limit;
        Office office{office_with({small}, "acme")};
        office.subscribed("201", "207");
        auto dialog = wordy(1, 10);
        dialog.held = true;
        office.fold(dialog);
        return document_of(office.acknowledged()).dialogs.at(0);
    };
    const auto whole = body_without(0);
    CHECK_FALSE(whole.remote_display.empty());
    CHECK_FALSE(whole.remote_target.empty());
    const auto bare = body_without(1);
    CHECK(bare.remote_display.empty());
    CHECK(bare.remote_target.empty());
    CHECK_FALSE(bare.rendered);
    CHECK_FALSE(bare.remote_identity.empty());
}

TEST_CASE("what changes only in what is left out is not told again")
{
    BodyProfile small = acme();
    small.max_body = 1;
    Office office{office_with({small}, "acme")};
    office.subscribed("201", "207");
    auto dialog = wordy(1, 10);
    dialog.state = LegState::early;
    office.fold(dialog);
    office.acknowledged();
    dialog.remote.identity.display_name += " II";
    office.fold(dialog);
    CHECK(office.silent());
    SUBCASE("and the next change is")
    {
        dialog.state = LegState::confirmed;
        office.fold(dialog);
        CHECK(states_of(office.acknowledged()) == "confirmed");
        dialog.state = LegState::terminated;
        office.fold(dialog);
        CHECK(states_of(office.acknowledged()) != "confirmed");
    }
    SUBCASE("who asks is told all the same")
    {
        CHECK(office.resends("201", "207").size() == 1);
        CHECK(states_of(office.acknowledged()) == "early");
    }
}

TEST_CASE("what changes only in what is left out is not told again beside other calls")
{
    for (const bool partial : {false, true}) {
        CAPTURE(partial);
        BodyProfile small = acme();
        small.max_body = 1;
        small.partial = partial;
        Office office{office_with({small}, "acme")};
        office.subscribed("201", "207");
        auto dialog = wordy(1, 10);
        const auto renamed = [&] {
            dialog.remote.identity.display_name += "I";
            office.fold(dialog);
        };
        office.fold(dialog);
        office.acknowledged();
        office.call(2, LegState::confirmed);
        office.acknowledged();
        office.call(2, LegState::terminated);
        dialog.held = true;
        office.fold(dialog);
        office.acknowledged();
        if (!office.silent()) office.acknowledged();
        renamed();
        CHECK(office.silent());
        office.call(3, LegState::early);
        office.acknowledged();
        office.call(3, LegState::terminated);  // the last document has an ended call in it
        auto ended = body_of(office.acknowledged());
        if (!partial) CHECK(ended.find("call-1") != ended.npos);
        renamed();
        CHECK(office.silent());
    }
}

TEST_CASE("what does not fit with nothing left to leave out is sent all the same, and counted")
{
    Office office;
    office.subscribed("201", "207");
    SendNotify last;
    for (std::uint64_t leg = 1; leg <= 6; ++leg) {
        office.fold(wordy(leg));
        last = office.acknowledged();
    }
    CHECK(size_of(last) > 1300);
    CHECK(document_of(last).dialogs.size() == 6);
    CHECK(office.view().counters.notifies_oversized > 0);
}

TEST_CASE("too large for UDP: over the connection of the same phone, in full")
{
    Office office;
    office.subscribed("201", "207");
    REQUIRE(office.locations.put(over_tcp("201")));
    office.fold(wordy(1, 300));
    const auto notify = office.acknowledged();
    CHECK(notify.dialog->flow.transport == Transport::tcp);
    CHECK(notify.dialog->flow.connection == ConnectionId{9});
    CHECK(notify.dialog->request_uri == "sip:201@192.0.2.201:5060;line=x");
    CHECK(document_of(notify).dialogs.at(0).remote_display.size() == 300);
    CHECK(office.view().counters.notifies_by_connection == 1);

    auto ended = wordy(1, 3);
    ended.state = LegState::terminated;
    office.fold(ended);
    CHECK(office.acknowledged().dialog->flow.transport == Transport::udp);  // it fits again
}

TEST_CASE("a connection that fails is not tried again: less detail gets through")
{
    Office office;
    office.subscribed("201", "207");
    REQUIRE(office.locations.put(over_tcp("201")));
    office.fold(wordy(1, 300));
    office.hears_nothing(office.notified());
    office.passes(seconds{1});
    for (const unsigned call : {2U, 3U}) {
        const auto again = office.acknowledged();
        CHECK(again.dialog->flow.transport == Transport::udp);
        CHECK(size_of(again) <= 1300);
        office.fold(wordy(call, 300));
    }
    office.acknowledged();
    office.registers(over_tcp("201"));  // it has opened another
    office.fold(wordy(4, 300));
    CHECK(office.acknowledged().dialog->flow.transport == Transport::tcp);
}

TEST_CASE("the connection of a colleague's phone, or of another phone, is not used")
{
    Office office;
    office.subscribed("201", "207");
    auto elsewhere = over_tcp("201");
    elsewhere.flow.host = "192.0.2.99";
    REQUIRE(office.locations.put(elsewhere));
    REQUIRE(office.locations.put(over_tcp("202")));
    office.fold(wordy(1, 300));
    CHECK(office.acknowledged().dialog->flow.transport == Transport::udp);
}

TEST_CASE("the connection of a like phone behind the same NAT is not used")
{
    Office office;
    auto request = office.subscribe("201", "207");
    request.user_agent = "snom360/8.7";
    request.contact = SipUri::parse("sip:201@10.0.0.5:5060").value();
    auto beside = over_tcp("201");
    beside.user_agent = request.user_agent;
    beside.contact = SipUri::parse("sip:201@10.0.0.6:5060;transport=tcp").value();
    auto transport = Transport::udp;
    SUBCASE("another device") {}
    SUBCASE("the same one, that has registered from there alone")
    {
        beside.contact = SipUri::parse("sip:201@10.0.0.5:49152;transport=tcp").value();
        transport = Transport::tcp;
    }
    SUBCASE("another one at the same host, since the phone has registered itself")
    {
        beside.contact = SipUri::parse("sip:201@10.0.0.5:49152;transport=tcp").value();
        Binding itself = beside;
        itself.contact = request.contact;
        itself.flow = request.source;
        REQUIRE(office.locations.put(itself));
    }
    SUBCASE("the same one, as its instance says")
    {
        const std::string instance{"<urn:uuid:00000000-0000-1000-8000-0004133a0b0c>"};
        request.user_agent = "snom360/8.7 0004133A0B0C";
        beside.instance = instance;
        transport = Transport::tcp;
    }
    CHECK(office.receives(request).status == 200);
    office.acknowledged();
    REQUIRE(office.locations.put(beside));
    office.fold(wordy(1, 300));
    CHECK(office.acknowledged().dialog->flow.transport == transport);
}

TEST_CASE("what is refused over a connection that the phone has not subscribed over ends nothing")
{
    Office office;
    office.subscribed("201", "207");
    REQUIRE(office.locations.put(over_tcp("201")));
    office.fold(wordy(1, 300));
    const auto refused = office.notified();
    CHECK(refused.dialog->flow.transport == Transport::tcp);
    office.answers(refused, 481);
    CHECK(office.view().lamps.size() == 1);
    office.passes(seconds{1});
    const auto again = office.acknowledged();
    CHECK(again.dialog->flow.transport == Transport::udp);
    CHECK(size_of(again) <= 1300);
    office.fold(wordy(2, 300));  // nor is it tried again
    const auto later = office.notified();
    CHECK(later.dialog->flow.transport == Transport::udp);
    office.answers(later, 481);
    CHECK(office.view().lamps.empty());
}

TEST_CASE("a contact that asks for TCP gets it for what is too large, and only for that")
{
    Office office;
    auto request = office.subscribe("201", "207");
    request.contact = SipUri::parse("sip:201@192.0.2.201:5060;transport=TCP").value();
    CHECK(office.receives(request).status == 200);
    CHECK(office.acknowledged().dialog->flow.transport == Transport::udp);
    office.fold(wordy(1, 300));
    const auto notify = office.acknowledged();
    CHECK(notify.dialog->flow.transport == Transport::tcp);
    CHECK_FALSE(notify.dialog->flow.connection);
}

TEST_CASE("over TCP nothing is left out")
{
    Office office;
    auto request = office.subscribe("201", "207");
    request.source = {Transport::tcp, "192.0.2.201", 40001, ConnectionId{9}, 0};
    CHECK(office.receives(request).status == 200);
    office.acknowledged();
    office.fold(wordy(1, 900));
    CHECK(document_of(office.acknowledged()).dialogs.at(0).remote_display.size() == 900);
}

TEST_CASE("one reduced rendering serves all who need it")
{
    Office office;
    office.subscribed("201", "207");
    office.subscribed("202", "207");
    office.fold(wordy(1, 300));
    const auto one = office.acknowledged();
    CHECK(one.body_tail == office.acknowledged().body_tail);
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
    CHECK(document_of(office.acknowledged()).entity == "sip:208@office.test");  // it was first
    CHECK(office.silent());
    office.passes(seconds{2});
    CHECK(states_of(office.acknowledged()) == "confirmed");
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

TEST_CASE("partial documents about calls that are too large each: a change that does not fit is "
          "told of none of them")
{
    BodyProfile changes = acme();
    changes.partial = true;
    Office office{office_with({changes}, "acme")};
    office.subscribed("201", "207");
    const auto told = [&] {
        const auto read = read_dialog_info(body_of(office.acknowledged()));
        REQUIRE(read);
        CHECK_FALSE(read->full);
        std::string calls;
        for (const auto& dialog : read->dialogs) calls += dialog.call_id + " ";
        return calls;
    };
    constexpr std::size_t too_many = 600;
    office.fold(wordy(1, too_many));
    CHECK(told() == "call-1 ");
    office.fold(wordy(2, too_many));
    CHECK(told() == "call-2 ");
    office.fold(wordy(1, too_many + 1));
    CHECK(office.silent());
    office.fold(wordy(2, too_many + 1));
    CHECK(office.silent());

    auto held = wordy(1, too_many + 1);
    held.held = true;
    office.fold(held);
    CHECK(told() == "call-1 ");
    office.fold(wordy(2, too_many));
    CHECK(office.silent());
    office.fold(wordy(2, 10));  // it fits again
    CHECK(told() == "call-2 ");
    office.fold(wordy(2, too_many));
    CHECK(told() == "call-2 ");  // the names of before are no more shown
}

TEST_CASE("what is told in full counts for calls that the partial documents before have left out")
{
    BodyProfile small = acme();
    small.partial = true;
    small.max_body = 1;
    Office office{office_with({small}, "acme")};
    office.subscribed("201", "207");
    for (const std::uint64_t leg : {1, 2}) {
        office.fold(wordy(leg));
        office.acknowledged();
    }
    office.resends("201", "207");
    const auto told = body_of(office.acknowledged());
    for (const char* call : {"call-1", "call-2"}) CHECK(told.find(call) != told.npos);
    for (const std::uint64_t leg : {1, 2}) {
        office.fold(wordy(leg, 121));
        CHECK(office.silent());
    }
}
