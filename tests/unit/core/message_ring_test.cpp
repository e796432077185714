#include "core/message_ring.hpp"

#include <doctest/doctest.h>

using namespace lampline;
using namespace std::chrono_literals;

namespace {

struct Ring {
    MessageRing ring;
    long now = 0;

    explicit Ring(MessageRingLimits limits = {}) : ring{limits} {}

    void add(std::string_view call_id, std::string_view text, bool begins = false,
             bool received = true)
    {
        PacketHead head;
        head.at = std::chrono::system_clock::time_point{++now * 1ms};
        head.received = received;
        const std::string_view pieces[] = {text.substr(0, text.size() / 2),
                                           text.substr(text.size() / 2)};
        ring.add(call_id, begins, head, pieces);
    }
    void claim(std::uint64_t record, std::string_view call_id)
    {
        ring.claim(CallRecordId{record}, call_id, "201", PartKind::caller);
    }
    std::vector<std::string> texts(std::uint64_t record)
    {
        std::vector<std::string> all;
        if (const auto trace = ring.read(CallRecordId{record}))
            for (const auto& message : trace->messages) all.push_back(message.text);
        return all;
    }
};

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("messages of a call's dialogs come back whole, in order of time")
{
    Ring kept;
    kept.add("a", "INVITE a", true);
    kept.claim(1, "a");
    kept.claim(1, "b");
    kept.add("b", "INVITE b", true, false);
    kept.add("a", "100 a", false, false);
    kept.add("b", "200 b");
    CHECK(kept.texts(1) == Texts{"INVITE a", "INVITE b", "100 a", "200 b"});
    const auto trace = kept.ring.read(CallRecordId{1});
    CHECK(trace->dialogs.size() == 2);
    CHECK(trace->messages[1].dialog == 1);
    CHECK_FALSE(trace->messages[1].head.received);
    CHECK(kept.ring.read(CallRecordId{2}) == nullptr);
}

TEST_CASE("what no INVITE began is not kept, unless a call claims the dialog")
{
    Ring kept;
    kept.add("a", "BYE a");
    kept.claim(1, "a");
    CHECK(kept.texts(1).empty());
    kept.add("a", "BYE a");
    CHECK(kept.texts(1) == Texts{"BYE a"});
}

TEST_CASE("the same bytes the same way are a repetition")
{
    Ring kept;
    kept.add("a", "INVITE", true);
    kept.claim(1, "a");
    kept.add("a", "INVITE");
    kept.add("a", "INVITE", false, false);
    const auto trace = kept.ring.read(CallRecordId{1});
    CHECK_FALSE(trace->messages[0].repeated);
    CHECK(trace->messages[1].repeated);
    CHECK_FALSE(trace->messages[2].repeated);
}

TEST_CASE("only the last calls are kept, by the start of the call")
{
    Ring kept{{.calls = 2, .bytes = 1'000'000}};
    for (const auto* id : {"1", "2", "3"}) {
        kept.add(id, "INVITE", true);
        kept.claim(static_cast<std::uint64_t>(*id - '0'), id);
    }
    CHECK(kept.texts(1).empty());
    CHECK(kept.texts(2) == Texts{"INVITE"});
    CHECK(kept.texts(3) == Texts{"INVITE"});
    CHECK(kept.ring.call_count() == 2);
    kept.add("1", "BYE");
    kept.claim(1, "1");  // an older one does not come back
    CHECK(kept.ring.call_count() == 2);
    CHECK(kept.texts(1).empty());
}

TEST_CASE("bytes are bounded: the oldest call goes, and a dialog has a limit of its own")
{
    Ring kept{{.calls = 100, .bytes = 200'000}};
    for (std::uint64_t call = 1; call <= 20; ++call) {
        const auto id = std::to_string(call);
        kept.add(id, "INVITE", true);
        kept.claim(call, id);
        for (int i = 0; i < 30; ++i) kept.add(id, std::string(1000, 'x'));
        CHECK(kept.ring.bytes() <= 200'000);
    }
    CHECK(kept.texts(1).empty());
    CHECK(kept.texts(20).size() == 31);
    for (int i = 0; i < 300; ++i) kept.add("20", std::string(1000, 'x'));
    CHECK(kept.texts(20).size() < 100);
    CHECK(kept.ring.read(CallRecordId{20})->dialogs[0].truncated);
}

TEST_CASE("a flood of INVITEs that nobody claims pushes out no call, and is bounded")
{
    Ring kept{{.calls = 10, .bytes = 4'000'000}};
    kept.add("call", "INVITE", true);
    kept.claim(1, "call");
    for (int i = 0; i < 10'000; ++i) {
        const auto id = "flood-" + std::to_string(i);
        kept.add(id, std::string(5000, 'x'), true);
        kept.add(id, std::string(5000, 'x'));
        kept.add(id, std::string(50'000, 'x'));
    }
    CHECK(kept.texts(1) == Texts{"INVITE"});
    CHECK(kept.ring.bytes() < 1'000'000);
}

TEST_CASE("a dialog that moves to another call is in both, and goes with the last of them")
{
    Ring kept{{.calls = 2, .bytes = 1'000'000}};
    kept.add("a", "INVITE", true);
    kept.claim(1, "a");
    kept.claim(2, "a");
    kept.claim(2, "a");
    CHECK(kept.texts(1) == kept.texts(2));
    kept.claim(3, "c");
    CHECK(kept.texts(1).empty());
    CHECK(kept.texts(2) == Texts{"INVITE"});
    kept.claim(4, "d");
    CHECK(kept.texts(2).empty());
    kept.claim(5, "e");
    kept.claim(6, "f");
    CHECK(kept.ring.bytes() <= 2 * 512);
}

TEST_CASE("switched off, nothing is kept")
{
    Ring kept{{.calls = 0, .bytes = 1'000'000}};
    kept.add("a", "INVITE", true);
    kept.claim(1, "a");
    CHECK(kept.ring.bytes() == 0);
    CHECK(kept.ring.read(CallRecordId{1}) == nullptr);
}

TEST_CASE("addresses as text")
{
    PacketAddress address;
    address.bytes = {192, 0, 2, 1};
    address.port = 5060;
    CHECK(write(address) == "192.0.2.1:5060");
    address.bytes = {0x20, 0x01, 0x0d, 0xb8};
    address.bytes[15] = 1;
    address.six = true;
    CHECK(write(address) == "[2001:db8::1]:5060");
}

TEST_CASE("RFC 5952: one address, one text")
{
    const auto text = [](std::array<std::uint8_t, 16> bytes) {
        return write(PacketAddress{bytes, 7, true});
    };
    CHECK(text({}) == "[::]:7");
    CHECK(text({0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1}) ==
          "[2001:db8::1:0:0:1]:7");
    CHECK(text({0x20, 0x01, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0}) == "[2001:0:1:0:1::]:7");
    CHECK(text({0xfe, 0x80, 0, 1, 0, 2, 0, 0, 0, 3, 0, 4, 0, 5, 0xab, 0xcd}) ==
          "[fe80:1:2:0:3:4:5:abcd]:7");
}
