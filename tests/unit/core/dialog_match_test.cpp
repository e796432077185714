#include <doctest/doctest.h>

#include "core/dialog_match.hpp"

using namespace lampline;

TEST_CASE("how surely a Replaces names a dialog")
{
    using enum MatchRung;
    const DialogId dialog{"id", "ours", "theirs"};
    const auto rung = [&](const char* to, const char* from) {
        return rung_of(dialog, {.call_id = "id", .to_tag = to, .from_tag = from});
    };
    CHECK(rung("ours", "theirs") == exact);
    CHECK(rung("theirs", "ours") == exchanged);
    CHECK(rung("ours", "") == one_tag);
    CHECK(rung("0", "theirs") == one_tag);
    CHECK(rung("theirs", "0") == one_tag_exchanged);
    CHECK(rung("", "ours") == one_tag_exchanged);
    CHECK(rung("", "") == call_id_only);
    CHECK(rung("0", "0") == call_id_only);
    CHECK(rung("ours", "other") == none);
    CHECK(rung("other", "") == none);
    CHECK(rung("ours", "ours") == none);
}

TEST_CASE("a dialog without a tag of the other side is named by ours")
{
    const DialogId early{"id", "ours", ""};
    CHECK(rung_of(early, {.call_id = "id", .to_tag = "ours"}) == MatchRung::one_tag);
    CHECK(rung_of(early, {.call_id = "id", .to_tag = "ours", .from_tag = "x"}) == MatchRung::none);
}
