#include "engine/session_timer.hpp"

#include <doctest/doctest.h>

using namespace lampline;
using std::chrono::seconds;

TEST_CASE("a request without a session timer is given one, never below its Min-SE (RFC 4028 §8.1)")
{
    CHECK(timer_to_forward({}, seconds{1800}).expires == seconds{1800});
    CHECK(timer_to_forward({.min_se = seconds{3600}}, seconds{1800}).expires == seconds{3600});
    CHECK(timer_to_forward({.expires = seconds{600}}, seconds{1800}).expires == seconds{600});
    CHECK(timer_to_forward({}, seconds{0}).expires == seconds{0});
    CHECK(timer_to_forward({}, seconds{1800}, seconds{3600}).expires == seconds{3600});
    CHECK(timer_to_forward({}, seconds{1800}, seconds{3600}).min_se == seconds{3600});
    CHECK(timer_to_forward({.expires = seconds{600}}, seconds{1800}, seconds{3600}).expires ==
          seconds{600});
}

TEST_CASE("our own requests leave the refreshing to the phone, and the shorter of two sessions counts")
{
    CHECK(timer_kept_by_phone(seconds{600}).refresher == Refresher::uas);
    CHECK(timer_kept_by_phone(seconds{600}).expires == seconds{600});
    CHECK(timer_kept_by_phone(seconds{0}).refresher == Refresher::unspecified);
    CHECK(timer_kept_by_phone(seconds{0}, seconds{90}) == SessionTimer{});
    CHECK(timer_kept_by_phone(seconds{600}, seconds{900}).expires == seconds{900});
    CHECK(shorter_session(seconds{0}, seconds{600}) == seconds{600});
    CHECK(shorter_session(seconds{1800}, seconds{0}) == seconds{1800});
    CHECK(shorter_session(seconds{1800}, seconds{600}) == seconds{600});
    CHECK(shorter_session(seconds{0}, seconds{0}) == seconds{0});
}

TEST_CASE("the 2xx tells the asking phone what it can understand (RFC 4028 §8.2)")
{
    const SessionTimer asked{.expires = seconds{600}};
    SUBCASE("the answerer chose a refresher: passed on; Require: timer when the asking phone must "
            "refresh (§9)")
    {
        const auto uas =
            answer_timer(asked, true, {.expires = seconds{600}, .refresher = Refresher::uas});
        CHECK(uas.timer.refresher == Refresher::uas);
        CHECK_FALSE(uas.require);
        CHECK(answer_timer(asked, true, {.expires = seconds{600}, .refresher = Refresher::uac})
                  .require);
    }
    SUBCASE("the asking phone knows no timers: it is told nothing, but the session is supervised")
    {
        const auto answer =
            answer_timer({}, false, {.expires = seconds{1800}, .refresher = Refresher::uas});
        CHECK(answer.timer.expires == seconds{0});
        CHECK(answer.supervise_for == seconds{1800});
    }
    SUBCASE("the answerer knows none: the asking phone refreshes alone")
    {
        const auto answer = answer_timer(asked, true, {});
        CHECK(answer.timer.refresher == Refresher::uac);
        CHECK(answer.require);
        CHECK(answer.supervise_for == seconds{600});
    }
    SUBCASE("nobody knows timers")
    {
        CHECK(answer_timer({}, false, {}).supervise_for == seconds{0});
    }
}
