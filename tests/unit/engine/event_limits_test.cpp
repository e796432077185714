// How many subscriptions to event packages a phone may have.
#include "engine/group_indications.hpp"
#include "unit/engine/event_office.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

constexpr std::uint32_t most = 2000;

DirectoryRef small_office()
{
    std::vector<Extension> extensions;
    for (const char* number : {"201", "202"}) extensions.push_back({number, {}, {}, {}});
    return std::make_shared<const Directory>("office.test", std::move(extensions),
                                             std::vector<Group>{}, Numbering{});
}

}  // namespace

TEST_CASE("a phone may have as many subscriptions to packages as to lamps, and no more")
{
    CHECK(EventSettings{}.max_subscriptions_per_phone == most);
    CHECK(IndicationSettings{}.max_subscriptions_per_phone == most);
    CHECK(EventSettings{}.max_subscriptions_per_watcher ==
          IndicationSettings{}.max_subscriptions_per_watcher);

    EventOffice office{small_office()};
    const EventPhone console{"201"};
    const auto asks = [&](const EventPhone& phone, std::uint32_t cseq) {
        office.notifies.clear();
        return office.receives(office.subscribe(phone, EventPackage::presence, phone.number, cseq));
    };
    std::uint32_t accepted = 0;
    for (std::uint32_t at = 1; at <= most; ++at)
        if (asks(console, at).status == 200) ++accepted;
    CHECK(accepted == most);
    const auto refused = asks(console, most + 1);
    CHECK(refused.status == 403);
    REQUIRE(refused.headers.size() == 1);
    CHECK(refused.headers.front() ==
          Header{"Warning", "399 office.test \"too many subscriptions\""});
    CHECK(asks({"201", 5061}, most + 2).status == 200);  // its other phone is not affected
    CHECK(asks({"202"}, most + 3).status == 200);
    CHECK(office.subscriptions().size() == most + 2);
}
