// What an event package leaves out for want of room (RFC 3261 §18.1.1).
#include "unit/engine/event_office.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

DirectoryRef office_with_a_line()
{
    Extension line{"207", {}, {}, {}};
    line.appearances = 16;
    return std::make_shared<const Directory>("office.test", std::vector<Extension>{std::move(line)},
                                             std::vector<Group>{});
}

DialogSnapshot ringing(std::uint64_t leg, const std::string& name)
{
    return call("207", LegState::early, leg, name);
}

}  // namespace

TEST_CASE("call-info: what changes only in what is left out is not told again")
{
    const EventPhone desk{"207"};
    EventOffice office{office_with_a_line()};
    CHECK(office.receives(office.subscribe(desk, EventPackage::call_info, "207", 1)).status == 200);
    office.acknowledged();
    const std::string name(80, 'N');
    for (std::uint64_t leg = 1; leg <= 7; ++leg) {
        office.fold(ringing(leg, name));
        office.acknowledged();
    }
    CHECK(office.notifies.empty());
    office.fold(ringing(3, name + "n"));
    CHECK(office.notifies.empty());
    CHECK_FALSE(office.subscriptions().at(0).owed);
    auto answered = ringing(3, name);
    answered.state = LegState::confirmed;
    office.fold(answered);
    office.acknowledged();
    office.fold(ringing(4, name + "n"));
    CHECK(office.notifies.empty());
    office.fold(ringing(5, {}));  // without that name all fits, or is told without it as before
    const auto before = office.notifies.size();
    auto request = office.subscribe(desk, EventPackage::call_info, "207", 1);
    request.cseq = 2;
    CHECK(office.receives(request).status == 200);
    CHECK(office.notifies.size() == before + 1);  // who asks is told all the same
}
