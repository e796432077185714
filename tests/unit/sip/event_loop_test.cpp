#include <atomic>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "sip/event_loop.hpp"
#include "sip/header_text.hpp"
#include "sip/screen.hpp"
#include "sip/tokens.hpp"

using namespace lampline;
using namespace lampline::sip;
using namespace std::chrono_literals;

TEST_CASE("work posted by other threads is done on the loop's thread, in order, and all of it "
          "before it ends")
{
    EventLoop loop;
    const auto home = std::this_thread::get_id();
    std::vector<int> done;
    std::thread poster{[&] {
        for (int i = 0; i < 5000; ++i)
            loop.post([&, i] {
                CHECK(std::this_thread::get_id() == home);
                done.push_back(i);
            });
        loop.stop();
    }};
    loop.run();
    poster.join();
    REQUIRE(done.size() == 5000);
    for (int i = 0; i < 5000; ++i) REQUIRE(done[static_cast<std::size_t>(i)] == i);
}

TEST_CASE("work posted before run() is kept, and stop() before run() counts")
{
    EventLoop loop;
    bool done = false;
    loop.post([&] { done = true; });
    loop.stop();
    loop.run();
    CHECK(done);
}

TEST_CASE("deferred work runs after the callback that defers it, and before the loop sleeps")
{
    EventLoop loop;
    std::vector<int> order;
    loop.post([&] {
        loop.defer([&] {
            order.push_back(2);
            loop.defer([&] {
                order.push_back(3);
                loop.stop();
            });
        });
        order.push_back(1);
    });
    loop.run();
    CHECK(order == std::vector{1, 2, 3});
}

TEST_CASE("the owner's timer wakes once, not early, and can be moved and taken back")
{
    EventLoop loop;
    int woken = 0;
    loop.on_wake([&] {
        ++woken;
        loop.stop();
    });
    const auto started = std::chrono::steady_clock::now();
    loop.wake_at(started + 10s);
    loop.wake_at(started + 30ms);
    loop.run();
    CHECK(woken == 1);
    CHECK(std::chrono::steady_clock::now() - started >= 30ms);
    loop.wake_at(std::chrono::steady_clock::now() + 5ms);
    loop.wake_at(std::nullopt);
    for (int i = 0; i < 10; ++i) loop.step(2ms);
    CHECK(woken == 1);
}

TEST_CASE("a loop that is held up again and again says by how much; once is none of its doing")
{
    EventLoop loop;
    const auto is_held_up = [&] {
        loop.post([] {
            const auto until = std::chrono::steady_clock::now() + 600ms;
            while (std::chrono::steady_clock::now() < until) {
            }
        });
        for (int i = 0; i < 3; ++i) loop.step(2ms);
    };
    is_held_up();
    CHECK(loop.lag() < 400ms);
    for (int i = 0; i < 5 && loop.lag() < 400ms; ++i) is_held_up();
    CHECK(loop.lag() >= 400ms);
}

TEST_CASE("the SIP library asks our screen: the self-test passes here, where it is linked rightly")
{
    CHECK_NOTHROW(prove_screen());
}

TEST_CASE("tokens differ and have 64 bits of text")
{
    const auto one = random_token();
    CHECK(one.size() == 16);
    CHECK(one != random_token());
}

TEST_CASE("a Request-URI leaves behind what a Contact may say (RFC 3261 §19.1.1)")
{
    const auto uri =
        as_request_uri(*SipUri::parse("sip:a@b;line=1;METHOD=INVITE;ttl=5;transport=tcp"));
    CHECK(uri.params == ";line=1;transport=tcp");
}
