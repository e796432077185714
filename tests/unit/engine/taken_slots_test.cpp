#include "engine/taken_slots.hpp"

#include <doctest/doctest.h>

using namespace lampline;

namespace {

constexpr CallRef one{1};
constexpr CallRef two{2};

ParkLot three_slots()
{
    ParkLot lot;
    lot.number = "700";
    lot.first_slot = "701";
    lot.slots = 3;
    return lot;
}

bool all_ask(CallRef)
{
    return true;
}
bool nobody_asks(CallRef)
{
    return false;
}

}  // namespace

TEST_CASE("a slot is the call's that took it first, until that call gives it back")
{
    TakenSlots slots;
    CHECK_FALSE(slots.find("701"));
    slots.take("701", one);
    slots.take("701", two);
    CHECK(slots.find("701") == one);

    slots.release("701", two);
    CHECK(slots.find("701") == one);
    slots.release("701", one);
    CHECK_FALSE(slots.find("701"));
    CHECK(slots.all().empty());
}

TEST_CASE("the first free slot is one that no call has and nobody who still asks was told")
{
    TakenSlots slots;
    CHECK(slots.first_free(three_slots(), all_ask) == "701");
    slots.take("701", one);
    CHECK(slots.first_free(three_slots(), all_ask) == "702");

    slots.offer("702", two, all_ask);
    CHECK(slots.offered_to("702") == two);
    CHECK(slots.first_free(three_slots(), all_ask) == "703");
    CHECK(slots.first_free(three_slots(), nobody_asks) == "702");

    slots.take("703", one);
    CHECK_FALSE(slots.first_free(three_slots(), all_ask));
}

TEST_CASE("an offer replaces the one before, and drops those whose callers ask no more")
{
    TakenSlots slots;
    slots.offer("701", one, all_ask);
    slots.offer("701", two, all_ask);
    CHECK(slots.offered_to("701") == two);

    slots.offer("702", one, nobody_asks);
    CHECK_FALSE(slots.offered_to("701"));
    CHECK(slots.offered_to("702") == one);
}
