// Presence of a whole group in one subscription (RFC 4662).
#include "unit/engine/named_sales.hpp"
#include "unit/engine/presence_list_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::presence_list;

TEST_CASE("RFC 4662: presence of a group begins in full, then tells who changes alone")
{
    ListOffice office{house(three)};
    const auto reply = office.receives(office.request());
    CHECK(reply.status == 200);
    CHECK(reply.required == OptionTag::eventlist);
    const auto first = office.acknowledged();
    CHECK(first.subscription_state == "active;expires=3600");
    auto list = list_of(first);
    CHECK(list.full);
    CHECK(list.version == 0);
    CHECK(list.name == "Sales");
    REQUIRE(list.resources.size() == 3);
    for (const auto& member : list.resources) {
        CHECK(member.state == "active");
        CHECK(note(&member) == "Not online");
    }
    CHECK(office.notifies.empty());

    office.registers({"207"}, 1);
    const auto ready = office.notified();
    list = list_of(ready);
    CHECK_FALSE(list.full);
    CHECK(list.version == 1);
    REQUIRE(list.resources.size() == 1);
    CHECK(note(list.find(uri("207"))) == "Ready");

    // What comes while that is under way is told together, as it is then.
    office.fold(call("208", LegState::early));
    office.fold(call("208", LegState::confirmed));
    office.fold(call("209", LegState::confirmed, 2));
    office.fold(call("207", LegState::confirmed, 3));
    office.fold(call("207", LegState::terminated, 3));
    CHECK(office.notifies.empty());
    office.answers(ready, 200);
    list = list_of(office.acknowledged());
    CHECK_FALSE(list.full);
    CHECK(list.version == 2);
    REQUIRE(list.resources.size() == 2);
    CHECK(note(list.find(uri("208"))) == "On the phone");
    CHECK(note(list.find(uri("209"))) == "On the phone");
    CHECK(list.find(uri("208"))->body.find("<on-the-phone/>") != std::string::npos);
    CHECK(office.notifies.empty());
    REQUIRE(office.subscriptions().size() == 1);
    CHECK(office.subscriptions()[0].resource == "sales");
    CHECK_FALSE(office.subscriptions()[0].owed);

    auto refresh = office.request(Transport::tcp, 2);
    refresh.call_id = "call-1";
    refresh.parties.to_tag = reply.local_tag;
    const auto refreshed = office.receives(refresh);
    CHECK(refreshed.status == 200);
    CHECK(refreshed.required == OptionTag::eventlist);
    list = list_of(office.acknowledged());
    CHECK(list.full);
    CHECK(list.version == 3);
    CHECK(list.resources.size() == 3);
    CHECK(note(list.find(uri("208"))) == "On the phone");

    refresh.cseq = 3;
    refresh.expires = seconds{0};
    CHECK(office.receives(refresh).status == 200);
    const auto last = office.notified();
    CHECK(last.subscription_state == timeout_state);
    CHECK(note(list_of(last).find(uri("208"))) == "On the phone");
    CHECK(office.storage.empty());
    CHECK(office.subscriptions().empty());
    office.fold(call("208", LegState::terminated));
    CHECK(office.notifies.empty());
}

TEST_CASE("a change of two members in one step is one NOTIFY")
{
    ListOffice office{house(three)};
    CHECK(office.receives(office.request()).status == 200);
    office.acknowledged();
    office.notifier->fold({call("207", LegState::confirmed, 1)}, office.now, office.outbox);
    office.notifier->fold({call("208", LegState::confirmed, 2)}, office.now, office.outbox);
    office.collect();
    CHECK(list_of(office.acknowledged()).resources.size() == 2);
    CHECK(office.notifies.empty());
}

TEST_CASE("who may not be seen any more leaves the list of presence, as who is deleted does")
{
    ListOffice office{house(three)};
    CHECK(office.receives(office.request()).status == 200);
    office.acknowledged();
    office.fold(call("208", LegState::confirmed));
    office.acknowledged();

    office.configures(house(three, {"208"}));
    auto list = list_of(office.acknowledged());
    CHECK(list.full);
    CHECK(list.resources.size() == 3);
    const auto* left = list.find(uri("208"));
    REQUIRE(left);
    CHECK(left->state == "terminated");
    CHECK(left->reason == "rejected");
    CHECK(note(left) == "Not online");
    CHECK(list.find(uri("207"))->state == "active");
    office.fold(call("208", LegState::terminated));
    CHECK(office.notifies.empty());

    office.configures(house({"207", "210"}, {}));
    list = list_of(office.acknowledged());
    REQUIRE(list.find(uri("209")));
    CHECK(list.find(uri("209"))->state == "terminated");
    CHECK(list.find(uri("209"))->reason == "noresource");
    CHECK_FALSE(list.find(uri("208")));
    REQUIRE(list.find(uri("210")));
    CHECK(list.find(uri("210"))->state == "active");
    office.fold(call("210", LegState::early));
    list = list_of(office.acknowledged());
    CHECK_FALSE(list.full);
    CHECK(note(list.find(uri("210"))) == "Ringing");
    CHECK(office.notifies.empty());
}

TEST_CASE("who is back in the list before its phone has heard that it left is told as it is")
{
    ListOffice office{house(three)};
    CHECK(office.receives(office.request()).status == 200);
    office.fold(call("208", LegState::confirmed));
    SUBCASE("when nothing has said so")
    {
        const auto first = office.notified();  // is under way
        office.configures(house(three, {"208"}));
        office.configures(house(three));
        CHECK(office.notifies.empty());
        office.answers(first, 200);
        const auto list = list_of(office.acknowledged());
        CHECK(list.find(uri("208"))->state == "active");
        CHECK(note(list.find(uri("208"))) == "On the phone");
    }
    SUBCASE("when that is under way")
    {
        office.acknowledged();
        office.acknowledged();
        office.configures(house(three, {"208"}));
        const auto leaving = office.notified();
        CHECK(list_of(leaving).find(uri("208"))->state == "terminated");
        office.configures(house(three));
        CHECK(office.notifies.empty());
        office.answers(leaving, 200);
        const auto list = list_of(office.acknowledged());
        CHECK(list.find(uri("208"))->state == "active");
        CHECK(note(list.find(uri("208"))) == "On the phone");
    }
    CHECK(office.notifies.empty());
    office.fold(call("208", LegState::terminated));
    CHECK(note(list_of(office.acknowledged()).find(uri("208"))) == "Not online");
    CHECK(office.notifies.empty());
}

TEST_CASE("presence of a group ends with the right to see it, dark")
{
    ListOffice office{house(three)};
    const auto reply = office.receives(office.request());
    office.acknowledged();
    office.fold(call("208", LegState::confirmed));
    office.acknowledged();
    bool with_group = false;
    bool was_there = true;
    SUBCASE("withdrawn") {}
    SUBCASE("withdrawn while the phone was not there") { was_there = false; }
    SUBCASE("with the group") { with_group = true; }
    SUBCASE("with the group while the phone was not there")
    {
        with_group = true;
        was_there = false;
    }
    const std::string reason = with_group ? "noresource" : "rejected";
    office.configures(with_group ? house_without_group() : house(three, {}, false));
    const auto last = office.notified();
    CHECK(last.subscription_state == "terminated;reason=" + reason);
    const auto list = list_of(last);
    for (const auto& member : list.resources) CHECK(member.state == "terminated");
    CHECK(note(list.find(uri("208"))) == "Not online");
    CHECK(office.subscriptions().empty());
    CHECK(office.storage.size() == 1);  // until that is answered
    office.answers(last, was_there ? 200 : 408);
    if (!was_there) {
        office.passes(seconds{1});
        const auto again = office.acknowledged();
        CHECK(again.cseq == last.cseq + 1);
        CHECK(again.subscription_state == last.subscription_state);
        const auto same = list_of(again);
        CHECK(same.full);
        CHECK(same.resources.size() == list.resources.size());
        CHECK(note(same.find(uri("208"))) == "Not online");
    }
    CHECK(office.storage.empty());
    CHECK(office.notifies.empty());
    auto refresh = office.request(Transport::tcp, 2);
    refresh.call_id = "call-1";
    refresh.parties.to_tag = reply.local_tag;
    CHECK(office.receives(refresh).status == 481);
    auto anew = office.request(Transport::tcp, 3);
    CHECK(office.receives(anew).status == 403);
}

TEST_CASE("lists are of presence alone, for who may watch the group and can read them")
{
    ListOffice office{house(three)};
    auto refused = office.request();
    refused.supported = OptionTag::none;
    auto reply = office.receives(refused);
    CHECK(reply.status == 421);
    const auto names_eventlist = [](const Header& header) {
        return header.name == "Require" && header.value == "eventlist";
    };
    CHECK(std::ranges::any_of(reply.headers, names_eventlist));

    refused = office.request();
    refused.accept = {"application/pidf+xml"};
    reply = office.receives(refused);
    CHECK(reply.status == 406);
    REQUIRE(reply.headers.size() == 1);
    CHECK(reply.headers[0].value ==
          "application/pidf+xml, application/rlmi+xml, multipart/related");

    refused = office.request();
    refused.authenticated = "202";
    reply = office.receives(refused);
    CHECK(reply.status == 403);
    CHECK(reply.headers.empty());

    for (const auto package :
         {EventPackage::message_summary, EventPackage::reg, EventPackage::as_feature_event,
          EventPackage::call_info, EventPackage::line_seize}) {
        auto other = office.request();
        other.event = std::string{name(package)};
        other.accept = {};
        CHECK(office.receives(other).status == 403);
    }
    CHECK(office.notifies.empty());
    CHECK(office.storage.empty());
}

TEST_CASE("a list counts by its members among the subscriptions of its phone")
{
    ListOffice office{house(many(most_of_phone))};
    CHECK(office.receives(office.request()).status == 200);
    office.acknowledged();
    const auto one_more = office.subscribe({"201"}, EventPackage::presence, "201", 2);
    const auto reply = office.receives(one_more);
    CHECK(reply.status == 403);
    CHECK_FALSE(reply.headers.empty());  // says why
    ListOffice larger{house(many(most_of_phone + 1))};
    CHECK(larger.receives(larger.request()).status == 403);
    CHECK(larger.notifies.empty());
}

TEST_CASE("a list of presence goes on after a crash, from above the versions before")
{
    ListOffice office{house(three)};
    CHECK(office.receives(office.request()).status == 200);
    office.acknowledged();
    office.fold(call("208", LegState::confirmed));
    const auto before = office.acknowledged();
    REQUIRE(office.storage.size() == 1);
    CHECK(office.storage.begin()->second.list == "rlmi");
    SUBCASE("when nothing is lost but the calls")
    {
        office.crashes(house(three));
        const auto notify = office.acknowledged();
        CHECK(notify.cseq > before.cseq);
        const auto list = list_of(notify);
        CHECK(list.full);
        CHECK(list.version > before.version);
        CHECK(list.resources.size() == 3);
        CHECK(note(list.find(uri("208"))) == "Not online");
        CHECK(office.notifies.empty());
        office.fold(call("207", LegState::early));
        const auto next = list_of(office.acknowledged());
        CHECK(next.version == list.version + 1);
        CHECK(next.resources.size() == 1);
    }
    SUBCASE("after an orderly stop without a gap")
    {
        office.notifier->save(office.outbox);
        office.collect();
        office.crashes(house(three));
        const auto notify = office.acknowledged();
        CHECK(notify.version == before.version + 1);
        CHECK(list_of(notify).full);
    }
    SUBCASE("and ends where it was withdrawn meanwhile, dark")
    {
        office.crashes(house(three, {}, false));
        const auto last = office.acknowledged();
        CHECK(last.subscription_state == "terminated;reason=rejected");
        CHECK(office.storage.empty());
    }
}

TEST_CASE("a list of presence that nobody answered is told anew from the beginning")
{
    ListOffice office{house(three)};
    CHECK(office.receives(office.request()).status == 200);
    office.acknowledged();
    office.fold(call("208", LegState::confirmed));
    const auto lost = office.notified();
    CHECK_FALSE(list_of(lost).full);
    office.answers(lost, 500);
    office.passes(seconds{1});
    const auto list = list_of(office.acknowledged());
    CHECK(list.full);
    CHECK(list.version == lost.version + 1);
    CHECK(list.resources.size() == 3);
    CHECK(note(list.find(uri("208"))) == "On the phone");
    office.fold(call("208", LegState::terminated));
    office.answers(office.notified(), 481);
    CHECK(office.subscriptions().empty());
    CHECK(office.storage.empty());
}

TEST_CASE("RFC 4662 §5.2: another name of a member, or of the group, is told at once in presence too")
{
    ListOffice office{sales_named("Ben", "Sales")};
    CHECK(office.receives(office.request()).status == 200);
    office.acknowledged();
    office.configures(sales_named("Benjamin", "Sales"));
    const auto list = list_of(office.acknowledged());
    CHECK(list.full);
    REQUIRE(list.resources.size() == 2);
    CHECK(list.resources[0].name == "Ann");
    CHECK(list.resources[1].name == "Benjamin");
    office.configures(sales_named("Benjamin", "Sellers"));
    CHECK(list_of(office.acknowledged()).name == "Sellers");
    office.configures(sales_named("Benjamin", "Sellers"));
    CHECK(office.notifies.empty());
}
