#include "core/subscription.hpp"

#include <doctest/doctest.h>

using namespace lampline;
using std::chrono::seconds;

TEST_CASE("RFC 4235 §4.1: versions start at 0; RFC 3261: a CSeq at 1; both rise by one")
{
    NotifyCounters counters;
    for (std::uint32_t at = 0; at < 200; ++at) {
        const auto numbers = counters.take();
        CHECK(numbers.version == at);
        CHECK(numbers.cseq == at + 1);
    }
}

TEST_CASE("counters never pass what was reserved in storage, and are stored seldom")
{
    NotifyCounters counters;
    unsigned stores = 0;
    for (int at = 0; at < 640; ++at) {
        if (counters.reserve()) ++stores;
        const auto numbers = counters.take();
        CHECK(numbers.cseq <= counters.reserved_cseq());
        CHECK(numbers.version <= counters.reserved_version());
    }
    CHECK(stores <= 640 / (NotifyCounters::block / 2) + 1);
}

TEST_CASE(
    "after a crash the counters go on above the reservation, after an orderly stop without a gap")
{
    NotifyCounters before;
    before.reserve();
    before.take();
    const auto last = before.take();

    NotifyCounters crashed{before.reserved_cseq(), before.reserved_version()};
    const auto after_crash = crashed.take();
    CHECK(after_crash.cseq > before.reserved_cseq());
    CHECK(after_crash.version > before.reserved_version());

    before.settle();
    NotifyCounters stopped{before.reserved_cseq(), before.reserved_version()};
    CHECK(stopped.reserve());
    const auto after_stop = stopped.take();
    CHECK(after_stop.cseq == last.cseq + 1);
    CHECK(after_stop.version == last.version + 1);
}

TEST_CASE("RFC 6665 §4.2.2, RFC 5057: what an answer to NOTIFY means")
{
    const auto plain = [](unsigned status) { return effect_of(status, seconds{0}); };
    CHECK(plain(200) == AnswerEffect::delivered);
    CHECK(plain(202) == AnswerEffect::delivered);
    for (const unsigned status : {408U, 491U, 500U, 503U, 504U})
        CHECK(plain(status) == AnswerEffect::again);
    for (const unsigned status :
         {301U, 401U, 403U, 404U, 405U, 407U, 410U, 415U, 480U, 481U, 489U, 501U, 603U})
        CHECK(plain(status) == AnswerEffect::over);
}

TEST_CASE(
    "RFC 6665 §4.2.2: a Retry-After keeps a subscription, but not one the phone does not know")
{
    CHECK(effect_of(480, seconds{10}) == AnswerEffect::again);
    CHECK(effect_of(500, seconds{10}) == AnswerEffect::again);
    CHECK(effect_of(481, seconds{10}) == AnswerEffect::over);
    CHECK(effect_of(489, seconds{10}) == AnswerEffect::over);
}

TEST_CASE("repetitions wait 1 s, doubling to 60 s; a Retry-After counts, within five minutes")
{
    CHECK(retry_delay(1, seconds{0}) == seconds{1});
    CHECK(retry_delay(2, seconds{0}) == seconds{2});
    CHECK(retry_delay(6, seconds{0}) == seconds{32});
    CHECK(retry_delay(7, seconds{0}) == seconds{60});
    CHECK(retry_delay(1'000'000, seconds{0}) == seconds{60});
    CHECK(retry_delay(1, seconds{17}) == seconds{17});
    CHECK(retry_delay(9, seconds{299}) == seconds{299});
    CHECK(retry_delay(1, seconds{3600}) == seconds{300});
    CHECK(retry_delay(1, seconds{86'400}) == seconds{300});
}

TEST_CASE("what somebody else has used is not used again, whatever it repeats or leaves out")
{
    NotifyCounters counters;
    counters.note(41, 7);
    counters.note(40, 6);
    counters.note(42, std::nullopt);
    counters.note(0xffff'ffff, 0xffff'ffff);
    const auto next = counters.take();
    CHECK(next.cseq == 43);
    CHECK(next.version == 8);
    CHECK(counters.reserve());
    counters.note(70, 8);
    CHECK_FALSE(counters.reserve());
    counters.note(80, 9);
    CHECK(counters.reserve());
    CHECK(counters.reserved_cseq() == 80 + NotifyCounters::block);
}

TEST_CASE("a phone is known by the address of its contact or by where it sends from")
{
    const auto contact = SipUri::parse("sip:201@192.168.1.7:2051;line=a").value();
    WatcherPhone phone{
        contact, {contact, {}, {Transport::udp, "203.0.113.5", 40000, {}, 0}}, 1, {}, {}};
    const Flow elsewhere{Transport::udp, "198.51.100.9", 5060, {}, 0};
    CHECK(same_phone(phone, SipUri::parse("sip:x@192.168.1.7:2051;line=b").value(), elsewhere));
    CHECK_FALSE(same_phone(phone, SipUri::parse("sip:201@192.168.1.7").value(), elsewhere));
    CHECK(same_phone(phone, SipUri::parse("sip:201@10.0.0.1").value(), phone.target.flow));

    phone.target.route = {"<sip:proxy.test;lr>"};  // the flow of a proxy is that of many phones
    CHECK_FALSE(same_phone(phone, SipUri::parse("sip:201@10.0.0.1").value(), phone.target.flow));
}
