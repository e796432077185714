// How long nonces last, and what wrong secrets cost (RFC 7616 §5).
#include "unit/sip/digest_gate.hpp"

using namespace lampline;
using namespace lampline::sip;
using namespace lampline::sip::gate;

TEST_CASE("a nonce ends after its lifetime: stale, so the phone goes on by itself (RFC 7616 §3.3)")
{
    Gate gate;
    auto phone = gate.phone();
    gate.pass(299s);
    CHECK(gate.check(phone).outcome == DigestOutcome::accepted);
    gate.pass(1s);
    phone.nc = "00000002";
    const auto verdict = gate.check(phone);
    CHECK(verdict.outcome == DigestOutcome::stale);
    CHECK(verdict.refusal == Refusal::expired_nonce);
    phone.secret = "wrong";
    CHECK(gate.check(phone).outcome == DigestOutcome::challenge);
}

TEST_CASE("a nonce from before a restart, or one made up, is stale when the secret is right")
{
    Gate before;
    Gate after;
    auto phone = before.phone();
    CHECK(after.check(phone).outcome == DigestOutcome::stale);
    const auto own = after.nonce();
    for (std::size_t i = 0; i < own.size(); ++i) {
        phone.nonce = own;
        phone.nonce[i] = phone.nonce[i] == 'A' ? 'B' : 'A';
        CHECK(after.check(phone).refusal == Refusal::expired_nonce);
    }
    for (const auto* nonce :
         {"", "x", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"}) {
        phone.nonce = nonce;
        CHECK(after.check(phone).refusal == Refusal::expired_nonce);
    }
}

TEST_CASE("a nonce is good for many requests, each count once")
{
    Gate gate;
    auto phone = gate.phone();
    for (const auto* nc : {"00000001", "00000002", "0000000a"}) {
        phone.nc = nc;
        CHECK(gate.check(phone).outcome == DigestOutcome::accepted);
    }
    phone.nc = "00000009";  // overtaken on the way
    CHECK(gate.check(phone).outcome == DigestOutcome::accepted);
    for (const auto* nc : {"0000000a", "00000001", "00000009"}) {
        phone.nc = nc;
        const auto verdict = gate.check(phone);
        CHECK(verdict.outcome == DigestOutcome::stale);
        CHECK(verdict.refusal == Refusal::repeated_nonce);
    }
}

TEST_CASE("a nonce whose count was forgotten is refused")
{
    NonceCounts counts{4};
    CHECK(counts.use(1, 1));
    CHECK(counts.use(2, 1));
    CHECK(counts.use(5, 1));  // takes over the place of 1
    CHECK_FALSE(counts.use(1, 2));
    CHECK(counts.use(2, 2));
    CHECK_FALSE(counts.use(5, 1));
}

TEST_CASE("counts far behind the highest are refused")
{
    NonceCounts counts{1};
    CHECK(counts.use(1, 100));
    CHECK(counts.use(1, 37));
    CHECK_FALSE(counts.use(1, 36));
    CHECK(counts.use(1, 0xffffffff));
    CHECK_FALSE(counts.use(1, 100));
    CHECK(counts.use(1, 0xfffffffe));
}

TEST_CASE("from the fourth wrong secret on, answers are held back, longer each time")
{
    Gate gate;
    for (const auto expected : {0s, 0s, 0s, 1s, 2s, 4s, 8s, 8s}) {
        const auto verdict = gate.guess();
        CHECK(verdict.outcome == DigestOutcome::challenge);
        CHECK(verdict.delay == expected);
        gate.pass(verdict.delay);
    }
}

TEST_CASE("while an answer is held back nothing is looked at, and the right secret may try again")
{
    Gate gate;
    for (int i = 0; i < 4; ++i) gate.guess();
    gate.pass(400ms);
    const auto meanwhile = gate.check(gate.phone());
    CHECK(meanwhile.outcome == DigestOutcome::stale);
    CHECK(meanwhile.refusal == Refusal::too_many_failures);
    CHECK(meanwhile.delay == 600ms);
    CHECK(gate.guess().delay == 600ms);  // not counted either
    gate.pass(600ms);
    CHECK(gate.check(gate.phone()).outcome == DigestOutcome::accepted);
}

TEST_CASE("a right secret clears the failures, and five quiet minutes do")
{
    Gate gate;
    for (int i = 0; i < 3; ++i) gate.guess();
    CHECK(gate.check(gate.phone()).outcome == DigestOutcome::accepted);
    CHECK(gate.guess().delay == 0s);
    for (int i = 0; i < 2; ++i) gate.guess();
    gate.pass(5min);
    CHECK(gate.guess().delay == 0s);
}

TEST_CASE("a repeated message does not clear the failures")
{
    Gate gate;
    auto heard = gate.phone();
    CHECK(gate.check(heard).outcome == DigestOutcome::accepted);
    for (int i = 0; i < 3; ++i) gate.guess();
    CHECK(gate.check(heard).outcome == DigestOutcome::stale);
    CHECK(gate.guess().delay == 1s);
}

TEST_CASE("failures count by source and user name together")
{
    Gate gate;
    for (int i = 0; i < 4; ++i) gate.guess("201");
    CHECK(gate.guess("202").delay == 0s);
    gate.source = "192.0.2.8";
    CHECK(gate.guess("201").delay == 0s);
    CHECK(gate.check(gate.phone()).outcome == DigestOutcome::accepted);
}

TEST_CASE("a flood of failing names does not wash out one that is held back")
{
    FailureCounts failures{64, 7};
    const std::chrono::steady_clock::time_point now{1h};
    const auto guessed = failures.key("192.0.2.7", "201");
    for (int i = 0; i < 7; ++i) failures.add(guessed, now);
    for (int i = 0; i < 10'000; ++i)
        failures.add(failures.key("192.0.2.7", std::to_string(i)), now);
    CHECK(failures.held(guessed, now) == 8s);
}
