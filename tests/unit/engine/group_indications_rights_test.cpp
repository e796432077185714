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
