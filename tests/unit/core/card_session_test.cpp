#include "core/card_session.hpp"

#include <doctest/doctest.h>

using namespace lampline;
using namespace std::chrono_literals;

namespace {

using Kind = CardMove::Kind;

struct Caller {
    explicit Caller(CardRules rules = {}) : session{std::move(rules), now} {}

    CardMove presses(std::string_view keys, std::chrono::milliseconds held = 100ms)
    {
        CardMove move;
        for (const char key : keys) move = session.pressed({key, held}, now);
        return move;
    }
    CardMove waits(std::chrono::milliseconds span)
    {
        now += span;
        return session.advanced(now);
    }
    CardMove reports(std::string digits, std::string_view tag = CardSession::key_tag,
                     unsigned code = 200)
    {
        return session.reported({code, std::move(digits), std::string{tag}}, now);
    }

    CardSession::Time now{};
    CardSession session;
};

}  // namespace

TEST_CASE("a number is complete by pound, by a pause, or by its length")
{
    Caller caller;
    CHECK(caller.presses("202").kind == Kind::nothing);
    const auto by_pound = caller.presses("#");
    CHECK(by_pound.kind == Kind::call);
    CHECK(by_pound.number == "202");
    CHECK(caller.session.stage() == CardStage::calling);

    caller.session.alone(caller.now);
    caller.presses("*3");
    CHECK(caller.waits(3999ms).kind == Kind::nothing);
    caller.presses("4");
    CHECK(caller.waits(3999ms).kind == Kind::nothing);
    const auto by_pause = caller.waits(1ms);
    CHECK(by_pause.kind == Kind::call);
    CHECK(by_pause.number == "*34");

    caller.session.alone(caller.now);
    CHECK(caller.presses(std::string(31, '1')).kind == Kind::nothing);
    CHECK(caller.presses("2").number == std::string(31, '1') + '2');
}

TEST_CASE("pound alone is no number; who presses nothing is hung up, and so is who stays too long")
{
    Caller caller{{.longest = 100s}};
    CHECK(caller.presses("#").kind == Kind::nothing);
    CHECK(caller.waits(29s).kind == Kind::nothing);
    CHECK(caller.waits(1s).kind == Kind::end);

    Caller talker{{.longest = 100s}};
    talker.presses("202#");
    talker.session.connected();
    CHECK(talker.session.deadline() == talker.now + 100s);
    CHECK(talker.waits(99s).kind == Kind::nothing);
    CHECK(talker.waits(1s).kind == Kind::end);
}

TEST_CASE("a long pound ends a call, a short one and other keys do not")
{
    Caller caller{{.long_pound = 1500ms}};
    caller.presses("202#");
    CHECK(caller.presses("#", 1499ms).kind == Kind::nothing);
    CHECK(caller.presses("*", 5s).kind == Kind::nothing);
    CHECK(caller.presses("#", 1500ms).kind == Kind::take_back);
    Caller without{{.long_pound = 0ms}};
    without.presses("202#");
    CHECK(without.presses("#", 5s).kind == Kind::nothing);
}

TEST_CASE("the keys that end a call are pressed in a row, without a pause")
{
    Caller caller{{.back = "*0"}};
    caller.presses("202#");
    caller.session.connected();
    CHECK(caller.presses("0*").kind == Kind::nothing);
    caller.waits(4001ms);
    CHECK(caller.presses("0").kind == Kind::nothing);
    CHECK(caller.presses("**0").kind == Kind::take_back);
}

TEST_CASE("reports of the phone count as what was asked for")
{
    Caller caller;
    CHECK(caller.reports("9", CardSession::back_tag).kind == Kind::nothing);
    CHECK(caller.reports("2", CardSession::key_tag, 487).kind == Kind::nothing);
    CHECK(caller.reports("20").kind == Kind::nothing);
    CHECK(caller.reports("2#", CardSession::key_tag, 423).number == "202");
    CHECK(caller.reports("#").kind == Kind::nothing);  // late, from before
    CHECK(caller.reports("#", CardSession::back_tag, 423).kind == Kind::nothing);
    CHECK(caller.reports("#", CardSession::back_tag).kind == Kind::take_back);
}
