// What is shown of a lamp is sent once more, when somebody asks for that.
#include "unit/engine/lamp_account.hpp"

using namespace lampline;
using namespace lampline::test;
using enum LegState;

TEST_CASE("resend: the present state, in full, to each phone of the watcher, and to nobody else")
{
    Office office;
    office.subscribed("201", "207");
    office.subscribed("201", "208");
    office.subscribed("202", "207");
    office.call(1, early);
    office.acknowledged();
    office.acknowledged();
    REQUIRE(office.silent());
    const auto resent = office.resends("201", "207");
    REQUIRE(resent.size() == 1);
    const auto notify = office.acknowledged();
    CHECK(states_of(notify) == "early");
    CHECK(resent[0].cseq == notify.cseq);
    CHECK_FALSE(resent[0].waits);
    CHECK(resent[0].contact == notify.dialog->request_uri);
    CHECK(office.silent());
    CHECK(office.resends("203", "207").empty());
    CHECK(office.resends("201", "299").empty());
}

TEST_CASE("resend does not wait for a retry, but for the answer to what is under way")
{
    Office office;
    office.subscribed("201", "207");
    office.call(1, early);
    office.answers(office.notified(), 500, seconds{200});
    CHECK(office.silent());
    CHECK_FALSE(office.resends("201", "207").at(0).waits);
    const auto under_way = office.notified();
    CHECK(states_of(under_way) == "early");
    CHECK(office.resends("201", "207").at(0).waits);
    CHECK(office.silent());
    office.answers(under_way, 200);
    CHECK(states_of(office.acknowledged()) == "early");
    CHECK(office.silent());
    office.passes(seconds{300});
    CHECK(office.silent());
}

TEST_CASE("resend waits for its turn where the phone wants a pause between NOTIFYs")
{
    BodyProfile slow = *built_in(standard_profile);
    slow.name = "slow";
    slow.gap = std::chrono::milliseconds{2000};
    Office office{office_directory({"201", "207"}, {"207"}, {{"201", false, "slow"}}, {slow})};
    office.subscribed("201", "207");
    office.passes(seconds{2});
    const auto at_once = office.resends("201", "207").at(0);
    CHECK_FALSE(at_once.waits);
    CHECK(office.acknowledged().cseq == at_once.cseq);
    CHECK(office.resends("201", "207").at(0).waits);
    CHECK(office.silent());
    office.passes(seconds{2});
    CHECK(office.acknowledged().cseq == at_once.cseq + 1);
}
