#include "core/packed_dialog.hpp"

#include <doctest/doctest.h>

using namespace lampline;

namespace {

DialogParty party(const std::string& user)
{
    return {{user + "'s phone", SipUri::parse("sip:" + user + "@office.test;user=phone").value()},
            SipUri::parse("sip:" + user + "@192.0.2.7:5062;transport=tcp").value()};
}

}  // namespace

TEST_CASE("a packed dialog is unpacked as it was, but for its id")
{
    DialogSnapshot dialog{.leg = {7},
                          .id = "another",
                          .call = {9},
                          .status = 487,
                          .extension = "207",
                          .trunk = "carrier",
                          .dialog = {std::string(300, 'c'), "phone", ""},
                          .direction = Direction::recipient,
                          .state = LegState::early,
                          .ended_by = LegInput::cancelled,
                          .resumed = true,
                          .held = true,
                          .place = LinePlace{3},
                          .local = party("207"),
                          .remote = party("211")};
    dialog.remote.identity.display_name = std::string(255, 'n');
    const PackedDialog packed{dialog, "first"};
    CHECK(packed.leg() == LegId{7});
    CHECK(packed.state() == LegState::early);
    CHECK(packed.id() == "first");

    const auto unpacked = packed.unpack();
    CHECK(unpacked.leg == dialog.leg);
    CHECK(unpacked.id == "first");
    CHECK(unpacked.call == dialog.call);
    CHECK(unpacked.status == 487);
    CHECK(unpacked.extension == "207");
    CHECK(unpacked.trunk == "carrier");
    CHECK(unpacked.dialog == dialog.dialog);
    CHECK(unpacked.direction == Direction::recipient);
    CHECK(unpacked.state == LegState::early);
    CHECK(unpacked.ended_by == LegInput::cancelled);
    CHECK(unpacked.resumed);
    CHECK(unpacked.held);
    CHECK(unpacked.place == dialog.place);
    CHECK(unpacked.local.identity == dialog.local.identity);
    CHECK(unpacked.local.target == dialog.local.target);
    CHECK(unpacked.remote.identity == dialog.remote.identity);
    CHECK(unpacked.remote.target == dialog.remote.target);
}
