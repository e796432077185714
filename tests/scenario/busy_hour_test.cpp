// An hour of an office at a thousand calls a minute: every two hundred calls all comes to rest, and
// each lamp must show what the phones do.
#include <doctest/doctest.h>

#include <cstdlib>

#include "support/hour/busy_office.hpp"

using namespace lampline;
using namespace lampline::test;

TEST_CASE("a thousand calls a minute: no lamp wrong at any rest, counters without a gap, nothing "
          "told twice, nothing left behind")
{
    const char* wanted = std::getenv("LAMPLINE_BUSY_MINUTES");
    const char* seed = std::getenv("LAMPLINE_BUSY_SEED");
    const int minutes = wanted ? std::atoi(wanted) : 1;
    BusyOffice office{seed ? static_cast<unsigned>(std::atoi(seed)) : 4235U};
    for (std::size_t rest = 0; rest < static_cast<std::size_t>(minutes) * rests_a_minute; ++rest) {
        CAPTURE(rest);
        office.works();
        office.rests();
    }
    office.closes();
    auto done = office.done();
    CHECK(done.at("calls") == static_cast<std::size_t>(minutes) * calls_a_minute);
    CHECK(done.at("NOTIFY") > done.at("calls") * 10);
    for (const std::string what :
         {"blind transfers", "attended transfers", "attended transfers to who rings",
          "transfer 200", "pick up by the key", "pick up by **", "parks", "retrievals", "holds",
          "give up", "refused 486", "want peace", "phones that leave",
          "watchers that refresh", "repeated", "answered 408", "answered 500", "answered 503"})
        CHECK_MESSAGE(done[what] > 4, what);
    for (const std::string what : {"pick up by *8", "forward all", "answered 481", "answered 489",
                                   "watchers that leave", "watchers that reboot"})
        CHECK_MESSAGE(done[what] > 0, what);
    std::string account;
    for (const auto& [what, times] : done) account += what + " " + std::to_string(times) + ", ";
    MESSAGE(account);
}
