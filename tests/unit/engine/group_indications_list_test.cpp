// A whole group in one subscription: RFC 4662.
#include "unit/engine/list_office.hpp"

using namespace lampline;
using namespace lampline::test;

TEST_CASE(
    "RFC 4662 §4.1, §5: a group with eventlist is told as a list with one body for each member")
{
    Office office{house(3)};
    office.call(1, early, "301");
    const auto reply = office.receives(list_request(office));
    CHECK(reply.status == 200);
    CHECK(reply.required == OptionTag::eventlist);
    const auto notify = office.acknowledged();
    CHECK(notify.subscription_state == "active;expires=3600");
    const auto list = list_of(notify);
    CHECK(list.full);
    CHECK(list.name == "Sales");
    REQUIRE(list.resources.size() == 3);
    CHECK(list.resources[0].uri == "sip:300@office.test");
    CHECK(list.resources[0].name == "Name 300");
    CHECK(list.resources[0].state == "active");
    CHECK(states(&list.resources[0]) == "terminated");
    CHECK(states(&list.resources[1]) == "early");
    CHECK(list.resources[1].document->entity == "sip:301@office.test");
    CHECK(office.silent());
}

TEST_CASE("a change is told alone, and what comes meanwhile in one NOTIFY after the answer")
{
    Office office{house(3)};
    CHECK(office.receives(list_request(office)).status == 200);
    CHECK(office.acknowledged().version == 0);
    office.call(1, early, "301");
    const auto first = office.notified();
    CHECK_FALSE(list_of(first).full);
    CHECK(list_of(first).resources.size() == 1);
    CHECK(states(first, "301") == "early");
    office.call(1, confirmed, "301");
    office.call(2, early, "302");
    office.call(2, confirmed, "302");
    CHECK(office.silent());  // one under way
    office.answers(first, 200);
    const auto second = office.acknowledged();
    CHECK(second.version == 2);
    CHECK(second.cseq == 3);
    CHECK(list_of(second).resources.size() == 2);
    CHECK(states(second, "301") == "confirmed");
    CHECK(states(second, "302") == "confirmed");
    CHECK(office.silent());
}

TEST_CASE("both sides of a call change in one step: one NOTIFY")
{
    Office office{house(3)};
    CHECK(office.receives(list_request(office)).status == 200);
    office.acknowledged();
    for (const auto* number : {"300", "301"})
        office.indications.fold({{.leg = {std::uint64_t(number[2])},
                                  .extension = number,
                                  .dialog = {number, "a", "b"},
                                  .state = early}},
                                office.now, office.outbox);
    office.indications.finish_step(office.now, office.outbox);
    office.collect();
    CHECK(list_of(office.acknowledged()).resources.size() == 2);
    CHECK(office.silent());
}

TEST_CASE("the idle edge between two calls of a member is told, as without a list")
{
    Office office{house(2)};
    CHECK(office.receives(list_request(office)).status == 200);
    office.acknowledged();
    office.call(1, confirmed, "300");
    const auto first = office.notified();
    office.call(1, terminated, "300");
    office.call(2, early, "300");
    office.answers(first, 200);
    CHECK(states(office.acknowledged(), "300") == "terminated");
    CHECK(states(office.acknowledged(), "300") == "early");
    CHECK(office.silent());
}

TEST_CASE(
    "who may not be seen is absent; who watches nobody gets the 403 of a group that is not there")
{
    Office office{house(3, {"301"})};
    CHECK(office.receives(list_request(office)).status == 200);
    const auto list = list_of(office.acknowledged());
    CHECK(list.resources.size() == 2);
    CHECK_FALSE(list.find(uri("301")));
    CHECK(office.notifies.empty());

    for (const auto& [watcher, group] :
         std::vector<std::pair<std::string, std::string>>{{"203", "sales"}, {"201", "nobody"}}) {
        auto request = list_request(office);
        request.authenticated = watcher;
        request.request_uri = extension_uri(group, "office.test");
        const auto reply = office.receives(request);
        CHECK(reply.status == 403);
        CHECK(reply.headers.empty());
    }
}

TEST_CASE("RFC 4662 §4.1: without eventlist a group is refused with 421 that names it")
{
    Office office{house(2)};
    auto request = list_request(office);
    request.supported = OptionTag::none;
    const auto reply = office.receives(request);
    CHECK(reply.status == 421);
    CHECK(header(reply, "Require") == "eventlist");
    CHECK(header(reply, "Warning").find("event lists") != std::string::npos);
    CHECK(office.storage.empty());
}

TEST_CASE("a phone that knows lists but does not accept their types gets 406")
{
    Office office{house(2)};
    auto request = list_request(office);
    request.accept = {"application/dialog-info+xml"};
    const auto reply = office.receives(request);
    CHECK(reply.status == 406);
    CHECK(header(reply, "Accept").find("application/rlmi+xml") != std::string::npos);
    request.accept = {"*/*"};
    request.accept_not = {"multipart/related"};
    CHECK(office.receives(request).status == 406);
    request.accept_not = {"text/plain"};
    CHECK(office.receives(request).status == 200);
}

TEST_CASE("merged_lists: the dialogs of all members in one document about the group")
{
    Office office{house(3, {}, {{.name = "merging", .merged_lists = true}}, "merging")};
    auto request = list_request(office);
    request.supported = OptionTag::none;
    request.accept = {"application/dialog-info+xml"};
    const auto reply = office.receives(request);
    CHECK(reply.status == 200);
    CHECK(reply.required == OptionTag::none);
    auto notify = office.acknowledged();
    CHECK(notify.dialog->require == OptionTag::none);
    CHECK(notify.content_type == "application/dialog-info+xml");
    CHECK(document_of(notify).entity == "sip:sales@office.test");
    CHECK(states_of(notify) == "terminated");
    office.call(1, confirmed, "300");
    CHECK(states_of(office.acknowledged()) == "confirmed");
    office.call(2, early, "302");
    notify = office.acknowledged();
    CHECK(states_of(notify) == "confirmed early");
    CHECK(document_of(notify).dialogs[1].local_identity == "sip:302@office.test");
    office.call(1, terminated, "300");
    CHECK(states_of(office.acknowledged()) == "terminated early");
    CHECK(office.silent());
}

TEST_CASE("a member that comes, and one that leaves, are told with the whole list")
{
    Office office{house(2)};
    CHECK(office.receives(list_request(office)).status == 200);
    office.acknowledged();
    office.call(1, confirmed, "301");
    office.acknowledged();
    office.configures(house(3));
    auto list = list_of(office.acknowledged());
    CHECK(list.full);
    CHECK(list.resources.size() == 3);
    office.call(2, early, "302");
    CHECK(states(office.acknowledged(), "302") == "early");

    office.configures(house(1));  // 301 and 302 are deleted while they are lit
    const auto notify = office.acknowledged();
    list = list_of(notify);
    CHECK(list.full);
    REQUIRE(list.resources.size() == 3);
    for (const auto* number : {"301", "302"}) {
        const auto* gone = list.find(uri(number));
        CHECK(gone->state == "terminated");
        CHECK(gone->reason == "noresource");
        CHECK(states(gone) == "terminated");
    }
    office.call(1, terminated, "301");
    CHECK(office.silent());
    CHECK(office.view().lamps.size() == 1);

    office.configures(house(3));
    CHECK(list_of(office.acknowledged()).resources.size() == 3);
    CHECK(office.silent());
}

TEST_CASE("a right that is withdrawn for one member turns it dark and takes it out of the list")
{
    Office office{house(3)};
    CHECK(office.receives(list_request(office)).status == 200);
    office.acknowledged();
    office.call(1, confirmed, "301");
    office.acknowledged();
    office.configures(house(3, {"301"}));
    const auto list = list_of(office.acknowledged());
    CHECK(list.find(uri("301"))->reason == "rejected");
    CHECK(states(list.find(uri("301"))) == "terminated");
    office.call(1, terminated, "301");
    CHECK(office.silent());
}

TEST_CASE("a member that leaves and comes back before the phone has answered is lit")
{
    Office office{house(2)};
    CHECK(office.receives(list_request(office)).status == 200);
    office.acknowledged();
    office.call(1, confirmed, "301");
    office.acknowledged();
    office.configures(house(1));
    const auto without = office.notified();
    office.configures(house(2));
    office.answers(without, 200);
    std::string shown;
    while (!office.silent()) {
        const auto list = list_of(office.acknowledged());
        if (list.find(uri("301"))) shown = states(list.find(uri("301")));
    }
    CHECK(shown == "confirmed");
}

TEST_CASE(
    "a group that is deleted, or no longer watched, ends the subscription and leaves all dark")
{
    for (const bool deleted : {true, false}) {
        Office office{house(3)};
        CHECK(office.receives(list_request(office)).status == 200);
        office.acknowledged();
        office.call(1, confirmed, "301");
        office.acknowledged();
        std::vector<Extension> extensions;
        for (const auto* number : {"201", "300", "301", "302"})
            extensions.push_back({number, {}, {}, {}});
        std::vector<Group> groups;
        if (!deleted) groups.push_back({"sales", "Sales", {"300", "301", "302"}, {}});
        office.configures(std::make_shared<const Directory>("office.test", extensions, groups));
        const auto last = office.acknowledged();
        const auto reason = deleted ? "noresource" : "rejected";
        CHECK(last.subscription_state == std::string{"terminated;reason="} + reason);
        const auto list = list_of(last);
        CHECK(list.full);
        CHECK(list.resources.size() == 3);
        CHECK(states(list.find(uri("301"))) == "terminated");
        CHECK(list.find(uri("301"))->document->dialogs[0].call_id.empty());
        CHECK(list.find(uri("300"))->state == "terminated");
        CHECK(office.storage.empty());
        CHECK(office.view().lamps.empty());
    }
}

TEST_CASE("a list that was not answered is told anew, in full, with what is true then")
{
    Office office{house(2)};
    CHECK(office.receives(list_request(office)).status == 200);
    office.acknowledged();
    office.call(1, early, "300");
    const auto lost = office.notified();
    office.call(1, confirmed, "300");
    office.answers(lost, 408);
    CHECK(office.silent());
    office.passes(seconds{1});
    const auto again = office.acknowledged();
    CHECK(again.version == lost.version + 1);
    CHECK(list_of(again).full);
    CHECK(states(again, "300") == "confirmed");
    CHECK(office.silent());
}

TEST_CASE("481 ends a list, a refresh tells it in full, an end and a fetch tell it once more")
{
    Office office{house(2)};
    auto request = list_request(office);
    const auto reply = office.receives(request);
    office.acknowledged();
    request.parties.to_tag = reply.local_tag;
    request.cseq = 2;
    CHECK(office.receives(request).required == OptionTag::eventlist);
    CHECK(list_of(office.acknowledged()).full);
    request.cseq = 3;
    request.expires = seconds{0};
    CHECK(office.receives(request).status == 200);
    auto last = office.notified();
    CHECK(last.subscription_state == "terminated;reason=timeout");
    CHECK(list_of(last).resources.size() == 2);
    CHECK(office.storage.empty());

    auto fetch = list_request(office, 1);
    fetch.call_id = "fetch";
    fetch.expires = seconds{0};
    CHECK(office.receives(fetch).status == 200);
    last = office.notified();
    CHECK(last.subscription_state == "terminated;reason=timeout");
    CHECK(list_of(last).resources.size() == 2);
    CHECK(office.view().lamps.empty());

    auto again = list_request(office);
    again.call_id = "again";
    CHECK(office.receives(again).status == 200);
    office.answers(office.notified(), 481);
    CHECK(office.storage.empty());
    CHECK(office.view().lamps.empty());
    office.call(1, early, "300");
    CHECK(office.silent());
}

TEST_CASE("a list takes the place of the unsolicited NOTIFYs for its members, and gives it back")
{
    Office office{house(2)};
    office.registers("201");
    CHECK(office.view().lamps.size() == 2);
    office.acknowledged();
    office.acknowledged();
    auto request = list_request(office);
    request.source = Office::flow_of("201");
    const auto reply = office.receives(request);
    CHECK(reply.status == 200);
    while (!office.silent()) office.acknowledged();
    CHECK(office.view().lamps.size() == 2);
    for (const auto& lamp : office.view().lamps) CHECK(lamp.list == "sales");
    request.parties.to_tag = reply.local_tag;
    request.cseq = 2;
    request.expires = seconds{0};
    CHECK(office.receives(request).status == 200);
    for (const auto& lamp : office.view().lamps) CHECK(lamp.kind == "unsolicited");
    CHECK(office.view().lamps.size() == 2);
}

TEST_CASE("after a restart a list goes on above its counters, in full, and idle before it is lit")
{
    Office before{house(2)};
    CHECK(before.receives(list_request(before)).status == 200);
    before.acknowledged();
    before.call(1, confirmed, "300");
    const auto last = before.acknowledged();
    CHECK(before.kept().at(0).list == "rlmi");

    Office after{house(2)};
    after.call(9, early, "300");
    after.indications.restore(before.kept(), after.locations, after.now, after.outbox);
    after.collect();
    const auto first = after.acknowledged();
    CHECK(first.dialog->call_id == last.dialog->call_id);
    CHECK(first.cseq > last.cseq);
    CHECK(first.version > last.version);
    CHECK(list_of(first).full);
    CHECK(states(first, "300") == "terminated");
    CHECK(states(after.acknowledged(), "300") == "early");
    CHECK(after.silent());
}

TEST_CASE("who comes into a list after a restart may still be lit from before: idle, then its call")
{
    Office before{house(2)};
    CHECK(before.receives(list_request(before)).status == 200);
    before.acknowledged();
    before.call(1, confirmed, "301");
    before.acknowledged();
    before.configures(house(1));  // nobody hears that 301 has left

    Office after{house(1)};
    after.indications.restore(before.kept(), after.locations, after.now, after.outbox);
    after.collect();
    const auto list = list_of(after.acknowledged());
    CHECK(list.full);  // so who is not in it has left
    CHECK(list.resources.size() == 1);
    CHECK(list.find(uri("301")) == nullptr);
    CHECK(after.silent());
    after.call(9, early, "301");
    after.configures(house(2));
    CHECK(states(after.acknowledged(), "301") == "terminated");
    CHECK(states(after.acknowledged(), "301") == "early");
}

TEST_CASE("a lamp of a list is explained, and sent anew alone")
{
    Office office{house(2)};
    CHECK(office.receives(list_request(office)).status == 200);
    office.acknowledged();
    office.call(1, early, "301");
    const auto told = office.acknowledged();
    auto account = office.explains("201", "301");
    REQUIRE(account.phones.size() == 1);
    REQUIRE(account.phones[0].lamp);
    CHECK(account.phones[0].lamp->list == "sales");
    CHECK(account.phones[0].lamp->shown.colour == LampColour::flashing);
    CHECK(account.phones[0].lamp->agrees());
    CHECK(account.phones[0].lamp->notify->cseq == 2);
    CHECK(account.phones[0].lamp->notify->body.find("sip:301@office.test") != std::string::npos);
    CHECK(account.phones[0].lamp->notify->body.size() < told.body_head->size());
    CHECK(account.phones[0].lamp->notify->list_bytes == told.body_head->size());
    CHECK_FALSE(office.explains("201", "300").phones[0].lamp->notify->list_bytes);  // told before
    CHECK(office.explains("201", "300").phones[0].lamp->shown.colour == LampColour::dark);
    CHECK(office.explains("201", "300").phones[0].lamp->notify->cseq == 1);

    CHECK(office.resends("201", "301").size() == 1);
    const auto list = list_of(office.acknowledged());
    CHECK(list.resources.size() == 1);
    CHECK(states(list.find(uri("301"))) == "early");
}

TEST_CASE("a group without members is a list without resources, until there are some")
{
    Office office{house(0)};
    CHECK(office.receives(list_request(office)).status == 200);
    CHECK(list_of(office.acknowledged()).resources.empty());
    office.configures(house(1));
    CHECK(list_of(office.acknowledged()).resources.size() == 1);
    office.configures(house(0));
    CHECK(list_of(office.acknowledged()).find(uri("300"))->state == "terminated");
    CHECK(office.silent());
}

TEST_CASE("each member of a list counts as a lamp of its watcher: too many get 403 with a Warning")
{
    Office office{house(3), {.max_subscriptions_per_watcher = 4}};
    CHECK(office.receives(list_request(office)).status == 200);
    office.acknowledged();
    auto again = list_request(office);
    again.call_id = "again";
    const auto reply = office.receives(again);
    CHECK(reply.status == 403);
    CHECK(header(reply, "Warning").find("too many subscriptions") != std::string::npos);
}

TEST_CASE("what changes only in what is left out is not told again, in no form of a list")
{
    for (const bool merged : {false, true}) {
        CAPTURE(merged);
        BodyProfile small{.name = "small", .merged_lists = merged, .max_body = 1};
        Office office{house(2, {}, {small}, "small")};
        auto request = list_request(office);
        if (merged) request.supported = OptionTag::none;
        CHECK(office.receives(request).status == 200);
        while (!office.silent()) office.acknowledged();
        DialogSnapshot dialog{
            .leg = {1},
            .extension = "301",
            .dialog = {"call-1", "phone", "ours"},
            .direction = Direction::recipient,
            .state = early,
            .local = {{"Anna", extension_uri("301", "office.test")}, {}},
            .remote = {{"Ben", extension_uri("211", "office.test")}, {}},
        };
        office.fold(dialog);
        office.acknowledged();
        dialog.remote.identity.display_name = "Benjamin";
        office.fold(dialog);
        CHECK(office.silent());
        CHECK_FALSE(office.view().lamps.at(1).owed);
        CHECK(office.resends("201", "301").size() == 1);  // who asks is told all the same
        office.acknowledged();
        dialog.remote.identity.display_name = "Ben";
        office.fold(dialog);
        CHECK(office.silent());
        office.call(2, early, "301");
        office.acknowledged();
        office.call(2, terminated, "301");
        CHECK(body_of(office.acknowledged()).find("call-2") != std::string::npos);
        dialog.remote.identity.display_name = "Benedict";
        office.fold(dialog);
        CHECK(office.silent());  // beside a call that has ended since
        dialog.state = confirmed;
        office.fold(dialog);
        const auto lost = office.notified();
        office.answers(lost, 500);
        dialog.remote.identity.display_name = "Benjamin";
        office.fold(dialog);
        office.passes(seconds{1});
        CHECK_FALSE(office.silent());  // it may not have it
    }
}

TEST_CASE("a list is told at the pace of the phone")
{
    Office office{house(2, {}, {{.name = "slow", .gap = std::chrono::seconds{2}}}, "slow")};
    CHECK(office.receives(list_request(office)).status == 200);
    office.acknowledged();
    office.call(1, early, "300");
    office.call(1, confirmed, "300");
    CHECK(office.silent());
    office.passes(seconds{2});
    CHECK(states(office.acknowledged(), "300") == "confirmed");
    CHECK(office.silent());
}
