#include <doctest/doctest.h>

#include "sip/stateless_reply.hpp"

using namespace lampline::sip;
using namespace std::chrono_literals;

TEST_CASE("answers are remembered for as long as a request may be repeated, and then take nothing")
{
    RepeatedRequests repeated{32s};
    const RequestKey key{"one", 1};
    const RequestKey later{"two", 2};
    const RepeatedRequests::TimePoint start{1h};
    repeated.add(key, start);
    CHECK(repeated.find(key, start + 1s).seen == RepeatedRequests::Seen::waiting);
    repeated.answer(key, std::make_shared<Packet>());
    repeated.add(later, start + 10s);
    repeated.forget_old(start + 32s);
    CHECK(repeated.find(key, start + 32s).seen == RepeatedRequests::Seen::answered);
    repeated.forget_old(start + 33s);
    CHECK(repeated.size() == 1);
    CHECK(repeated.find(key, start + 33s).seen == RepeatedRequests::Seen::first);
    CHECK(repeated.find(later, start + 33s).seen == RepeatedRequests::Seen::waiting);
    repeated.forget_old(start + 43s);
    CHECK(repeated.size() == 0);
}
