#include "base/case_fold.hpp"

#include <doctest/doctest.h>

using namespace lampline;

TEST_CASE("a text is found whatever the case of its letters")
{
    CHECK(holds_text("Jörg Öhm", "öhm"));
    CHECK(holds_text("Jörg Öhm", "JÖRG"));
    CHECK(holds_text("Łukasz Żak", "łUKASZ ż"));
    CHECK(holds_text("ŸŽ", "ÿž"));
    CHECK(holds_text("Γιώργος", "ΓΙΏΡΓΟΣ"));
    CHECK(holds_text("Юрій Їжак Ґ", "юрІЙ їЖ"));
    CHECK(holds_text("anything", ""));
    CHECK(holds_text("", ""));
    CHECK_FALSE(holds_text("", "a"));
    CHECK_FALSE(holds_text("Jörg", "Jorg"));
    CHECK_FALSE(holds_text("Jör", "Jörg"));
    CHECK_FALSE(holds_text("×", "÷"));
    CHECK_FALSE(holds_text("[", "{"));
}

TEST_CASE("bytes that are no UTF-8 are found as they are")
{
    CHECK(holds_text("J\xF6rg", "j\xF6RG"));
    CHECK_FALSE(holds_text("J\xF6rg", "j\xD6rg"));
    CHECK_FALSE(holds_text("J\xF6rg", "Jörg"));
    CHECK(holds_text("a\xC3", "A\xC3"));
    CHECK(holds_text("\xF0\x9F\x93\x9E Lee", "\xF0\x9F\x93\x9E lEE"));
}
