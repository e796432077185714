#include "engine/leg_session.hpp"

#include <doctest/doctest.h>

using namespace lampline;

namespace {

PayloadRef session(std::string_view direction, std::string_view port = "4000")
{
    const auto body = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
                      "m=audio " +
                      std::string{port} + " RTP/AVP 0\r\na=" + std::string{direction} + "\r\n";
    return std::make_shared<const Payload>(Payload{"application/sdp", body, {}});
}

Leg on_its_line()
{
    Leg leg;
    leg.place = LinePlace{};
    leg.place->is_private = true;
    return leg;
}

}  // namespace

TEST_CASE("a phone that offers not to receive holds the call, and one that receives again does not")
{
    Leg leg;
    CHECK_FALSE(note_hold(leg, session("sendrecv"), SdpRole::offer));
    CHECK(note_hold(leg, session("sendonly"), SdpRole::offer));
    CHECK(leg.held);
    CHECK(leg.holds);
    CHECK_FALSE(note_hold(leg, session("inactive"), SdpRole::offer));
    CHECK(note_hold(leg, session("sendrecv"), SdpRole::offer));
    CHECK_FALSE(leg.held);
    CHECK_FALSE(leg.holds);
    CHECK_FALSE(note_hold(leg, nullptr, SdpRole::offer));
}

TEST_CASE("an answer that does not receive follows a hold, and so does an offer that repeats it")
{
    Leg leg;
    CHECK(note_hold(leg, session("inactive"), SdpRole::answer));
    CHECK(leg.held);
    CHECK_FALSE(leg.holds);
    CHECK_FALSE(note_hold(leg, session("inactive"), SdpRole::offer));
    CHECK_FALSE(leg.holds);

    CHECK(note_hold(leg, session("inactive", "4002"), SdpRole::offer));
    CHECK(leg.holds);
}

TEST_CASE("what is held is private until somebody receives again")
{
    Leg held = on_its_line();
    CHECK(set_held(held, true));
    CHECK(held.place->is_private);
    CHECK_FALSE(set_held(held, true));
    held.holds = true;
    CHECK(set_held(held, false));
    CHECK_FALSE(held.holds);
    CHECK_FALSE(held.place->is_private);

    Leg resumed = on_its_line();
    note_hold(resumed, session("sendrecv"), SdpRole::offer);
    CHECK_FALSE(resumed.place->is_private);
}
