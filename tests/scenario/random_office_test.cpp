// An office of phones that do anything at any time: whatever happens, the lamps tell the truth and
// nothing is left.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>

#include "support/office/random_office.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

/// How a round ends.
enum class Killed : std::uint8_t { never, after_storing, with_loss };

/// What was done in offices, and how often.
using Done = std::map<std::string, std::size_t>;

constexpr unsigned seeds_of_case = 100;  // 1-100, 101-200, and so on
constexpr unsigned last_seed = 1400;

/// Offices of several seeds; nullopt: only the one that was asked for, if it is of this case, of
/// which no number of anything is to be expected.
std::optional<Done> work(Mood mood, unsigned first, unsigned offices,
                         Killed killed = Killed::never, Links links = Links::perfect)
{
    auto seeds = seeds_of_case;
    if (const char* many = std::getenv("LAMPLINE_RANDOM_OFFICES")) {
        offices = static_cast<unsigned>(std::atoi(many));
        seeds = std::max(seeds, offices);
    }
    const char* wanted = std::getenv("LAMPLINE_RANDOM_SEED");
    if (wanted) {
        const auto only = static_cast<unsigned>(std::atoi(wanted));
        REQUIRE_MESSAGE((only >= 1 && only <= last_seed - seeds_of_case + seeds),
                        "no case has the seed " << wanted);
        if (only < first || only >= first + seeds) return std::nullopt;
        first = only;
        offices = 1;
    }
    Done done;
    for (unsigned seed = first; seed < first + offices; ++seed) {
        CAPTURE(seed);
        RandomOffice office{seed, mood, links};
        INFO("the last messages:" << office.ladder());
        constexpr std::array weathers{Weather::fair, Weather::silent, Weather::stormy,
                                      Weather::stormy};
        for (std::size_t round = 0; round < 20; ++round) {
            CAPTURE(round);
            const auto weather = weathers[(seed + round) % weathers.size()];
            for (int i = 0; i < 25; ++i) {
                CAPTURE(i);
                office.step(weather);
            }
            switch (killed) {
            case Killed::never: office.rests(); break;
            case Killed::after_storing:
                office.is_killed();
                if (links == Links::lossy) office.rests();
                break;
            case Killed::with_loss: office.is_killed_with_loss(round % 2 ? 20ms : 100ms); break;
            }
        }
        office.closes();
        for (const auto& [what, times] : office.done()) done[what] += times;
    }
    if (wanted) return std::nullopt;
    return done;
}

/// Of thirty offices.
void check_losses(Done& done)
{
    CHECK(done["messages lost"] > 20);
    CHECK(done["messages delayed"] > 200);
    for (const std::string what :
         {"answered in spite of a CANCEL", "answered by two", "talks to two"})
        CHECK_MESSAGE(done[what] > 1, what);
    for (const std::string what : {"2xx in a shared dialog that nobody acknowledged",
                                   "2xx of a shared dialog that came to no caller"})
        CHECK_MESSAGE(done[what] > 0, what);
}

}  // namespace

TEST_CASE("random calls of an office: lamps true at every rest, versions without a gap, nothing "
          "left behind")
{
    auto done = work(Mood::calling, 1, 38);
    if (!done) return;
    for (const std::string what :
         {"parks", "joins", "also", "refers", "messages", "carrier answers", "keys", "takes over",
          "cancels what was passed on", "calls that share a dialog", "redirected to phones",
          "recorded as answered"})
        CHECK_MESSAGE((*done)[what] > 4, what);
    for (const std::string what :
         {"picks up by a code", "picks up by a dialog", "refused to take who talks",
          "refers to a dialog by its tags", "another session by UPDATE", "overtakes its own INVITE",
          "orders to place", "orders to hangup", "shows no number", "wants an answer soon", "199",
          "wishes something by code"})
        CHECK_MESSAGE((*done)[what] > 4, what);
    for (const std::string what :
         {"registers", "unregisters", "orders to hold", "orders to transfer", "orders to park"})
        CHECK_MESSAGE((*done)[what] > 1, what);
    for (const std::string what :
         {"waits", "replaces", "carrier fails", "carrier redirects", "calls from outside", "on hold",
          "answered by two", "on hold in a shared dialog", "refreshes what it shares",
          "refused by an exception", "hangs up what nobody refreshes"})
        CHECK_MESSAGE((*done)[what] > 0, what);
}

TEST_CASE("watchers that come and go, with rights that come and go")
{
    auto done = work(Mood::watching, 101, 40);
    if (!done) return;
    for (const std::string what :
         {"forwarded SUBSCRIBE 200", "NOTIFYs of phones", "ended in the name of a phone",
          "told by the phone", "registers", "unregisters", "refuses what it has not asked for",
          "ends of what nobody asked for told again"})
        CHECK_MESSAGE((*done)[what] > 4, what);
    CHECK(done->at("NOTIFYs of phones to who has expired") > 0);
}

TEST_CASE("lines that several phones share")
{
    work(Mood::sharing, 201, 12);
}

TEST_CASE("dialogs that phones publish")
{
    auto done = work(Mood::publishing, 301, 12);
    if (!done) return;
    for (const std::string what : {"publishes call-info", "publishes line-seize"})
        CHECK_MESSAGE((*done)[what] > 4, what);
}

TEST_CASE("the exchange is killed again and again: who talks talks on, lamps true within two "
          "seconds, nothing left behind")
{
    for (const auto mood : {Mood::calling, Mood::watching, Mood::sharing, Mood::publishing}) {
        const auto first = 401 + 100 * static_cast<unsigned>(mood);
        work(mood, first, 6, Killed::after_storing);
    }
}

TEST_CASE("the exchange is killed before it has stored the last of what it did: no lamp wrong, no "
          "call that its phones do not know, nothing left behind")
{
    for (const auto mood : {Mood::calling, Mood::watching, Mood::sharing, Mood::publishing}) {
        const auto first = 801 + 100 * static_cast<unsigned>(mood);
        work(mood, first, 6, Killed::with_loss);
    }
}

TEST_CASE("messages of calls are lost as the exchange is killed: the same")
{
    work(Mood::calling, 1301, 6, Killed::after_storing, Links::lossy);
}

TEST_CASE("messages of calls are lost, late, or overtake each other: each call is over for all, or "
          "known to all, and nothing is left behind")
{
    auto done = work(Mood::calling, 1201, 30, Killed::never, Links::lossy);
    if (done) check_losses(*done);
}

TEST_CASE("messages of calls get lost in thirty more offices: the same")
{
    auto done = work(Mood::calling, 1231, 30, Killed::never, Links::lossy);
    if (!done) return;
    check_losses(*done);
    CHECK((*done)["2xx that nobody acknowledged"] > 0);
}
