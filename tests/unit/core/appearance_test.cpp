// Call-Info headers of shared lines.
#include <doctest/doctest.h>

#include "core/appearance.hpp"

using namespace lampline;

TEST_CASE("Call-Info is read as phones and servers write it")
{
    const auto read = read_call_info(
        "<sip:office.test>;appearance-index=1;appearance-state=active;appearance-uri=\"\\\"Bo, "
        "B\\\" <sip:102@office.test>\" , <sip:office.test>; appearance-index = * "
        ";appearance-state=idle");
    REQUIRE(read);
    REQUIRE(read->size() == 2);
    CHECK(read->at(0) == CallInfo{"sip:office.test", 1, false, AppearanceState::active,
                                  "\"Bo, B\" <sip:102@office.test>"});
    CHECK(read->at(1) == CallInfo{"sip:office.test", 0, true, AppearanceState::idle, {}});
    CHECK(read_call_info("<http://office.test/a.png>;purpose=icon")->at(0).index == 0);
    for (const auto* uri : {"sips:102@office.test:5061;transport=tcp", "sip:[2001:db8::1]:5060",
                            "tel:+49-30-1234", "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
                            "https://office.test/%C3%A4?a=b&c=d#e", "cid:a!1@office.test"}) {
        CAPTURE(uri);
        CHECK(read_call_info("<" + std::string{uri} + ">;appearance-index=1"));
    }
    CHECK(read_call_info("<sip:a>;Appearance-Index=2;appearance-state=HELD-PRIVATE")->at(0).state ==
          AppearanceState::held_private);
}

TEST_CASE("what is written is read as the same")
{
    const CallInfo info{"sip:102@office.test", 3, false, AppearanceState::held,
                        "\"A \\ B\" <sip:101@office.test>"};
    CHECK(
        write(info).starts_with("<sip:102@office.test>;appearance-index=3;appearance-state=held"));
    CHECK(read_call_info(write(info)) == std::vector{info});
    const CallInfo rest{"sip:102@office.test", 0, true, AppearanceState::idle, {}};
    CHECK(read_call_info(write(rest)) == std::vector{rest});
}

TEST_CASE("a state that others have a name for is passed on as they say it")
{
    const auto read = read_call_info("<sip:a>;appearance-index=1;appearance-state=Active-Pending");
    REQUIRE(read);
    CHECK_FALSE(read->at(0).state);
    CHECK(read->at(0).other_state == "Active-Pending");
    CHECK(write(read->at(0)) == "<sip:a>;appearance-index=1;appearance-state=Active-Pending");
    CHECK_FALSE(read_call_info("<sip:a>;appearance-state=" + std::string(65, 'x')));
}

TEST_CASE("malformed Call-Info is not guessed at")
{
    for (const auto* text :
         {"", "sip:office.test", "<sip:office.test", "<>", "<sip:a>;appearance-index=0",
          "<sip:a>;appearance-index=x", "<sip:a>;appearance-index=1000", "<sip:a>;=1",
          "<sip:a>;appearance-state", "<sip:a>;appearance-state=\"\"",
          "<sip:a>;appearance-state=\"held <sip:b>\"", "<sip:a>;appearance-uri=\"open", "<sip:a>,",
          "<sip:a> <sip:b>", "<not a uri at all>;appearance-index=1", "<x>", "<:x>", "<1a:x>",
          "<sip:>", "<sip:a b>", "<sip:a@>", "<sip:102@office test>", "<http:>", "<urn:a b>",
          "<http://office.test/%4>", "<http://office.test/\"a\">",
          "<sip:a>;appearance-index=1;appearance-index=1",
          "<sip:a>;appearance-index=1;Appearance-Index=*",
          "<sip:a>;appearance-state=idle;appearance-state=held",
          "<sip:a>;appearance-uri=\"<sip:b>\";appearance-uri=\"<sip:c>\""}) {
        CAPTURE(text);
        CHECK_FALSE(read_call_info(text));
    }
    CHECK(split_call_info("<x>;appearance-index=1").error() ==
          "has something else than an absolute URI between < and >");
    CHECK(split_call_info("<sip:a>;appearance-index=0").error() ==
          "has an appearance-index that is neither from 1 to 999 nor *");
    std::string many{"<sip:a>"};
    for (int i = 0; i < 64; ++i) many += ",<sip:a>";
    CHECK_FALSE(read_call_info(many));
}
