// Callers for whom an extension makes an exception.
#include "unit/engine/router_office.hpp"

using namespace lampline;
using namespace lampline::routing;

TEST_CASE("a caller that is excepted rings through do not disturb and forwarding")
{
    Office office;
    auto& wishes = office.forwarding["202"];
    wishes.do_not_disturb = true;
    wishes.always = "203";
    wishes.exceptions = {exception(CallerMatch::number, "201", CallerTreatment::ring)};
    const auto chief = office.decide("201", "202");
    rings(chief, "202");
    CHECK(told(chief).find("202 makes an exception for 201: it rings. ") != std::string::npos);
    rings(office.decide("204", "202"), "203");
    wishes.always.clear();
    rejected(office.decide("204", "202"), 480, "Do Not Disturb");
    wishes.call_waiting = false;
    office.occupancy.began("202", CallRef{9});
    rejected(office.decide("201", "202"), 486, "Busy Here");  // a phone has no second line for it
}

TEST_CASE("excepted callers go elsewhere or are refused, by number, prefix or none at all; the "
          "order decides")
{
    Office office;
    auto& wishes = office.forwarding["202"];
    wishes.exceptions = {exception(CallerMatch::anonymous, "", CallerTreatment::refuse),
                         exception(CallerMatch::number, "0301", CallerTreatment::ring),
                         exception(CallerMatch::prefix, "030", CallerTreatment::forward, "203"),
                         exception(CallerMatch::prefix, "0", CallerTreatment::refuse)};
    const auto shows = [&](std::string_view caller) {
        return office.decide("201", "202", nullptr, {}, caller);
    };
    rings(office.decide("201", "202"), "202");
    rejected(shows(""), 433, "Anonymity Disallowed");
    rings(shows("0301"), "202");
    const auto moved = shows("03012");
    rings(moved, "203");
    CHECK(moved.diversions ==
          std::vector<Diversion>{{"202", {}, DiversionReason::unconditional, 1}});
    CHECK(told(moved).find("202 makes an exception for numbers that begin with 030: the call goes "
                           "on to 203. ") != std::string::npos);
    rejected(shows("040"), 603, "Decline");
}

TEST_CASE("an exception's number takes the rights of who forwards, and loops end")
{
    Office office;
    office.rules.rules = {{.name = "out",
                           .pattern = "0.*",
                           .replacement = "203",
                           .call_class = CallClass::international}};
    office.rules.rights = {{"202", CallClass::internal}, {"201", CallClass::premium}};
    office.forwarding["202"].exceptions = {
        exception(CallerMatch::number, "201", CallerTreatment::forward, "044")};
    rejected(office.decide("201", "202"), 403, "Not Allowed");
    office.forwarding["202"].exceptions[0].to = "203";
    office.forwarding["203"].exceptions = {
        exception(CallerMatch::number, "201", CallerTreatment::forward, "202")};
    const auto looped = office.decide("201", "202");
    rejected(looped, 482, "Loop Detected");
    CHECK(looped.warning == "Forwarding loop: 202 > 203 > 202");
}
