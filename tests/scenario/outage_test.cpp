// Phones that cannot be reached for a while, and what they know once they can.
#include <doctest/doctest.h>

#include <map>
#include <optional>

#include "support/scenario.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

/// A phone whose network comes and goes. A NOTIFY to it is repeated as RFC 3261 §17.1.2.2 has it.
class Unplugged {
public:
    Unplugged(Scenario& pbx, Phone& phone) : pbx_{pbx}, phone_{phone}
    {
        phone_.answers_notify.reset();
    }

    /// For `time` nothing gets through.
    void misses(std::chrono::seconds time)
    {
        for (const auto end = pbx_.now().mono + time; pbx_.now().mono < end;) step(false);
    }
    /// Within `time` all that has got through, by package, and how often something was told.
    std::map<std::string, std::string> learns(std::chrono::seconds time)
    {
        std::map<std::string, std::string> learned;
        for (const auto end = pbx_.now().mono + time; pbx_.now().mono < end;)
            for (const auto& notify : step(true))
                learned[notify.notify->dialog->event] = notify.body();
        return learned;
    }
    std::size_t sent = 0;  ///< NOTIFYs, not their repetitions
    [[nodiscard]] std::size_t under_way() const { return under_way_.size(); }

private:
    struct UnderWay {
        Arrived notify;
        std::chrono::steady_clock::time_point began, repeated_at;
        std::chrono::milliseconds next{500};
    };

    std::vector<Arrived> step(bool plugged)
    {
        pbx_.passes(250ms);
        std::vector<Arrived> arrived;
        take_new();
        for (std::size_t at = 0; at < under_way_.size();) {
            auto& one = under_way_[at];
            const auto now = pbx_.now().mono;
            const bool repeated = one.repeated_at <= now;
            const bool given_up = now - one.began >= 32s;
            if (repeated) {
                one.repeated_at = now + one.next;
                one.next = std::min<std::chrono::milliseconds>(2 * one.next, 4s);
            }
            if (!given_up && !(plugged && repeated)) {
                ++at;
                continue;
            }
            auto notify = std::move(one.notify);
            under_way_.erase(under_way_.begin() + static_cast<std::ptrdiff_t>(at));
            phone_.answers(notify, given_up ? 408 : 200, given_up);
            if (!given_up) arrived.push_back(std::move(notify));
            take_new();
            at = 0;
        }
        return arrived;
    }
    void take_new()
    {
        while (!phone_.inbox.empty()) {
            const auto now = pbx_.now().mono;
            under_way_.push_back({phone_.receives(NOTIFY), now, now});
            ++sent;
        }
    }

    Scenario& pbx_;
    Phone& phone_;
    std::vector<UnderWay> under_way_;
};

bool says(const std::string& body, std::string_view text)
{
    return body.find(text) != std::string::npos;
}

}  // namespace

TEST_CASE("after an outage of any length a phone has the truth within 5 s of its end")
{
    Scenario pbx{{group("sales", {"102", "104"}, {"103"})}};
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    auto& carol = pbx.phone("103");
    bob.registers(36000s);
    bob.watches("103");
    bob.subscribes("presence", "103");
    bob.subscribes("message-summary", "102");
    std::chrono::seconds length{};
    SUBCASE("20 s")
    {
        length = 20s;
    }
    SUBCASE("4 min")
    {
        length = 4min;
    }
    SUBCASE("20 min")
    {
        length = 20min;
    }
    SUBCASE("20 min and 2 s")
    {
        length = 20min + 2s;
    }
    SUBCASE("20 min and 17 s")
    {
        length = 20min + 17s;
    }
    SUBCASE("50 min")
    {
        length = 50min;
    }
    Unplugged unplugged{pbx, bob};
    alice.sends(INVITE, "103");
    carol.receives(INVITE);
    carol.replies(180);
    alice.receives(180U);
    pbx.configures("102",
                   [](Extension& extension) { extension.messages = MessageCounts{.fresh = 2}; });
    unplugged.misses(10s);
    carol.replies(200, talking_sdp);
    carol.receives(ACK);
    alice.receives(200U);
    alice.answers_probes = carol.answers_probes = true;
    unplugged.misses(length - 10s);
    const auto learned = unplugged.learns(5s);
    REQUIRE(learned.size() == 3);
    CHECK(says(learned.at("dialog"), "confirmed"));
    CHECK(says(learned.at("presence"), "On the phone"));
    CHECK(says(learned.at("message-summary"), "2/0"));
    CHECK(unplugged.under_way() == 0);
    pbx.stays_silent_for(60s);
}

TEST_CASE("an outage in which the registration of the phone expires")
{
    Scenario pbx{{group("sales", {"102"}, {"103"})}};
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    auto& carol = pbx.phone("103");
    bob.registers(60s);
    const auto first = bob.watches("103");
    bob.subscribes("message-summary", "102");
    Unplugged unplugged{pbx, bob};
    const auto rings = [&] {
        alice.sends(INVITE, "103");
        carol.receives(INVITE);
        carol.replies(180);
        alice.receives(180U);
    };
    SUBCASE("while much happens")
    {
        rings();
        unplugged.misses(100s);
        alice.cancels();
        carol.receives(CANCEL);
        unplugged.misses(300s);
        rings();
        unplugged.misses(10s);
        CHECK(says(unplugged.learns(5s).at("dialog"), ">early<"));
    }
    SUBCASE("while nothing happens")
    {
        unplugged.misses(400s);
        rings();
        CHECK(says(unplugged.learns(5s).at("dialog"), ">early<"));
    }
    bob.answers_notify = 200;
    bob.registers(60s);
    CHECK(bob.hears_nothing());
    alice.cancels();
    carol.receives(CANCEL);
    const auto last = bob.receives(NOTIFY);
    CHECK(last.notify->dialog->call_id == first.notify->dialog->call_id);
    CHECK(says(last.body(), "terminated"));
}

TEST_CASE("a phone that comes back by another port of its NAT is found there, by what asks it as well")
{
    Scenario pbx{{group("sales", {"102"}, {"103", "104"})}};
    auto& bob = pbx.phone("102");
    bob.named_contact =
        SipUri::parse("sip:102@" + bob.flow.host + ":" + std::to_string(bob.flow.port)).value();
    bob.registers();
    for (const auto* member : {"103", "104"}) {
        bob.watches(member);
        bob.subscribes("presence", member);
    }
    bob.answers_notify.reset();
    for (const auto* member : {"103", "104"}) {
        auto& caller = pbx.phone("101");
        auto& callee = pbx.phone(member);
        caller.sends(INVITE, member);
        callee.receives(INVITE);
        callee.replies(180);
        caller.receives(180U);
    }
    std::vector<Arrived> lost;
    while (!bob.hears_nothing()) lost.push_back(bob.receives(NOTIFY));
    REQUIRE(lost.size() == 4);
    pbx.passes(10s);
    for (const auto& notify : lost) bob.answers(notify, 408, true);
    pbx.passes(1s);
    for (int asking = 0; asking < 2; ++asking) bob.receives(NOTIFY);
    CHECK(bob.hears_nothing());
    bob.flow.port = 40'000;
    bob.answers_notify = 200;
    bob.registers();
    for (int told = 0; told < 4; ++told)
        CHECK(bob.receives(NOTIFY).notify->dialog->flow.port == 40'000);
    pbx.stays_silent_for(20s);
}

TEST_CASE("a phone in an outage costs one NOTIFY at a time, whatever it has subscribed to")
{
    Scenario pbx{{group("sales", {"102"}, {"103", "104", "105"})}};
    auto& bob = pbx.phone("102");
    bob.registers(36000s);
    for (const auto* member : {"103", "104", "105"}) {
        bob.watches(member);
        bob.subscribes("presence", member);
    }
    Unplugged unplugged{pbx, bob};
    std::vector<Phone*> phones;
    for (const auto* member : {"103", "104", "105"}) phones.push_back(&pbx.phone(member));
    unplugged.misses(5min);  // only the presences have changed
    CHECK(unplugged.under_way() <= 1);
    unplugged.sent = 0;
    unplugged.misses(30min);
    CHECK(unplugged.sent <= 30 * 60 / 36 + 1);
    CHECK(unplugged.sent >= 30 * 60 / 36 - 1);
    for (auto* phone : phones) phone->unregisters();
    unplugged.misses(1min);
    CHECK(unplugged.under_way() <= 1);
    unplugged.learns(5s);
    CHECK(unplugged.under_way() == 0);
}

TEST_CASE("an answer to OPTIONS frees what waits behind the NOTIFY that asks")
{
    ExchangeSettings settings;
    settings.qualify = {.interval = 20s, .misses = 3};
    Scenario pbx{{group("sales", {"102"}, {"103"})}, settings};
    auto& bob = pbx.phone("102");
    auto& carol = pbx.phone("103");
    carol.answers_options = 200;
    bob.answers_options = 408;
    bob.watches("103");
    bob.subscribes("presence", "103");
    bob.subscribes("reg", "102");
    bob.answers_notify.reset();
    carol.unregisters();
    pbx.phone("102").answers_options = 200;  // so `reg` has something to tell
    std::vector<Arrived> lost;
    while (!bob.inbox.empty()) lost.push_back(bob.receives(NOTIFY));
    REQUIRE(lost.size() == 2);
    pbx.passes(10s);
    for (const auto& notify : lost) bob.answers(notify, 408, true);
    pbx.passes(1s);
    const auto asking = bob.receives(NOTIFY);
    CHECK(bob.hears_nothing());
    bob.answers_options = 200;
    pbx.passes(30s);
    CHECK(bob.receives(NOTIFY).notify->subscription != asking.notify->subscription);
}
