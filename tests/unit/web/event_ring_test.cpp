#include <doctest/doctest.h>

#include "web/event_ring.hpp"

using namespace lampline::web;

namespace {

constexpr std::size_t plenty = 1 << 20;

EventRing ring_of(std::size_t events, EventRingSettings settings = {})
{
    EventRing ring{"run", settings};
    for (std::size_t i = 1; i <= events; ++i)
        ring.append(i % 2 ? EventType::call : EventType::lamp, {i % 3 ? "201" : "202"},
                    std::to_string(i));
    return ring;
}

}  // namespace

TEST_CASE("an event is its id, its name, its data and a blank line (WHATWG HTML 9.2)")
{
    const auto ring = ring_of(2);
    const auto part = ring.read(1, {}, plenty);
    CHECK(part.text == "id: run-1\nevent: call\ndata: 1\n\nid: run-2\nevent: lamp\ndata: 2\n\n");
    CHECK(part.place == ring.end());
    CHECK_FALSE(part.lost);
    CHECK(ring.read(part.place, {}, plenty).text.empty());
}

TEST_CASE("a reader goes on behind an id; ids of other runs, of the future, or none are unknown")
{
    const auto ring = ring_of(5);
    CHECK(ring.place_after("run-3") == 4);
    CHECK(ring.read(4, {}, plenty).text.starts_with("id: run-4\n"));
    CHECK(ring.place_after("run-0") == 1);
    CHECK(ring.place_after("run-5") == ring.end());
    CHECK(ring.id_before(ring.end()) == "run-5");
    for (const auto* id : {"run-6", "other-3", "run", "run-", "run-x", "run-3x", "", "3"}) {
        CAPTURE(id);
        CHECK_FALSE(ring.place_after(id));
    }
}

TEST_CASE("the ring keeps so many events and bytes; what has left it is lost")
{
    const auto few = ring_of(10, {.max_events = 4});
    CHECK(few.read(6, {}, plenty).lost);
    CHECK(few.read(6, {}, plenty).place == few.end());
    CHECK(few.read(7, {}, plenty).text.starts_with("id: run-7\n"));
    CHECK_FALSE(few.place_after("run-5"));
    CHECK(few.place_after("run-6") == 7);
    const auto small = ring_of(10, {.max_bytes = 100});
    CHECK(small.read(7, {}, plenty).lost);
    CHECK_FALSE(small.read(8, {}, plenty).lost);
}

TEST_CASE("what is forgotten is lost also for who had read it all")
{
    auto ring = ring_of(3);
    const auto place = ring.end();
    ring.forget();
    CHECK_FALSE(ring.place_after("run-3"));
    CHECK(ring.read(place, {}, plenty).lost);
    CHECK_FALSE(ring.read(ring.end(), {}, plenty).lost);
}

TEST_CASE("a filter takes types and an extension, and passes over the rest")
{
    const auto ring = ring_of(6);
    const auto lamps = ring.read(1, {static_cast<unsigned>(EventType::lamp), {}}, plenty);
    CHECK(lamps.text.find("event: call") == std::string::npos);
    CHECK(lamps.text.find("data: 6") != std::string::npos);
    CHECK(lamps.place == ring.end());
    const auto one = ring.read(1, {7, "202"}, plenty);
    CHECK(one.text == "id: run-3\nevent: call\ndata: 3\n\nid: run-6\nevent: lamp\ndata: 6\n\n");
    CHECK(ring.read(1, {7, "299"}, plenty).text.empty());
}

TEST_CASE("one piece is bounded, and the next goes on where it ended")
{
    const auto ring = ring_of(10);
    const auto piece = ring.read(1, {}, 40);
    CHECK(piece.place == 3);
    CHECK(ring.read(piece.place, {}, 1).text.starts_with("id: run-3\n"));
}
