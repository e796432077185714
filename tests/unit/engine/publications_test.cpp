// What publications cost.
#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "core/extension_uri.hpp"
#include "engine/appearances.hpp"
#include "engine/publications.hpp"

#include "support/live_memory.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace std::chrono_literals;

TEST_CASE("a publication that is refreshed time and again takes no more than one")
{
    Extension program{"107", {}, {}, {}};
    program.trusted = true;
    const Directory directory{"office.test", {program, {"102", {}, {}, {}}}, {}};
    std::uint64_t tokens = 0;
    Publications publications{{}, [&tokens] { return "etag-" + std::to_string(++tokens); }};
    Moment now{std::chrono::steady_clock::time_point{1h},
               std::chrono::sys_days{std::chrono::year{2026} / 3 / 1}};
    std::string etag;
    const auto publish = [&](std::chrono::seconds expires) {
        now.mono += 100ms;
        now.wall += 100ms;
        Outbox outbox;
        publications.receive(
            {.transaction = {1},
             .source = {},
             .authenticated = "107",
             .request_uri = extension_uri("102", "office.test"),
             .event = "call-info",
             .if_match = etag,
             .expires = expires,
             .payload = etag.empty()
                            ? std::make_shared<const Payload>(
                                  Payload{{},
                                          {},
                                          {{"Call-Info", "<sip:102@office.test>;appearance-index=1;"
                                                         "appearance-state=active"}}})
                            : PayloadRef{}},
            directory, Appearances{}, {}, now, outbox);
        const auto& reply = std::get<Reply>(outbox.commands.at(0));
        REQUIRE(reply.status == 200);
        for (const auto& header : reply.headers)
            if (header.name == "SIP-ETag") etag = header.value;
    };
    for (int at = 0; at < 10; ++at) publish(7200s);
    const auto before = live_bytes();
    for (int at = 0; at < 5000; ++at) publish(7200s);
    CHECK(publications.size() == 1);
    CHECK(live_bytes() < before + 50'000);
}
