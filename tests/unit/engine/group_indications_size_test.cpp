// How much of what there is to tell a phone fits, and what becomes of the rest.
#include "unit/engine/dialect_office.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

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

TEST_CASE("calls told in partial documents that had less are told anew in a row without these")
{
    BodyProfile small = acme();
    small.max_body = 1;
    small.partial = true;
    Office office{office_with({small}, "acme")};
    office.subscribed("201", "207");
    office.fold(wordy(1));
    const auto part = read_dialog_info(body_of(office.acknowledged()));
    REQUIRE(part);
    CHECK_FALSE(part->full);
    CHECK(part->dialogs.at(0).state == "confirmed");
    small.partial = false;
    office.configures(office_with({small}, "acme"));
    CHECK(states_of(office.acknowledged()) == "terminated");
    CHECK(states_of(office.acknowledged()) == "confirmed");
    CHECK(office.silent());
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

TEST_CASE("the account of a lamp has what its profile allows, and of a list what the list's does")
{
    BodyProfile small = acme();
    small.max_body = 500;
    Office office{office_with({small}, "acme")};
    office.subscribed("201", "207");
    const auto account = office.explains("201", "207");
    REQUIRE(account.phones.size() == 1);
    REQUIRE(account.phones.front().lamp);
    CHECK(account.phones.front().lamp->max_body == 500);
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
    CHECK(office.view().counters.notifies_refused == 0);
    office.passes(seconds{1});
    const auto again = office.acknowledged();
    CHECK(again.dialog->flow.transport == Transport::udp);
    CHECK(size_of(again) <= 1300);
    office.fold(wordy(2, 300));  // nor is it tried again
    const auto later = office.notified();
    CHECK(later.dialog->flow.transport == Transport::udp);
    office.answers(later, 481);
    CHECK(office.view().lamps.empty());
    CHECK(office.view().counters.notifies_refused == 1);
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
    for (const std::uint64_t leg : {1U, 2U}) {
        office.fold(wordy(leg));
        office.acknowledged();
    }
    office.resends("201", "207");
    const auto told = body_of(office.acknowledged());
    for (const char* call : {"call-1", "call-2"}) CHECK(told.find(call) != told.npos);
    for (const std::uint64_t leg : {1U, 2U}) {
        office.fold(wordy(leg, 121));
        CHECK(office.silent());
    }
}
