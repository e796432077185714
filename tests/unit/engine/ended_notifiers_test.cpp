#include <doctest/doctest.h>

#include "engine/ended_notifiers.hpp"

using namespace lampline;

TEST_CASE("the last 4096 dialogs that have ended are known, each by its first end")
{
    EndedNotifiers ended;
    CHECK_FALSE(ended.last_cseq("0"));
    for (int i = 0; i < 4096; ++i) ended.add(std::to_string(i), 7);
    ended.add("0", 9);
    CHECK(ended.last_cseq("0") == 7);
    ended.add("one more", 0);
    CHECK_FALSE(ended.last_cseq("0"));
    CHECK(ended.last_cseq("1") == 7);
    CHECK(ended.last_cseq("one more") == 0);
}
