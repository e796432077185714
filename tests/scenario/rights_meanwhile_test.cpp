// Rights that change, and change back, while a NOTIFY is under way: what a phone certainly shows is
// not told it once more.
#include <doctest/doctest.h>

#include "support/list_notify_reader.hpp"
#include "support/scenario.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

/// Carol (103) watches a group in one subscription, whose names alone fill a datagram: so each
/// change is told by itself. Alice (101) calls Bob (102), Frank (106) calls Dan (104).
struct LongList {
    explicit LongList(const std::string& event = "dialog")
    {
        carol.asks({.event = event, .to = "sales", .supported = OptionTag::eventlist});
        carol.receives(200U);
        while (!carol.hears_nothing()) carol.receives(NOTIFY);
        carol.answers_notify.reset();
    }

    /// 103 is told that Bob is called, and has not answered.
    Arrived tells_of_bob()
    {
        alice.sends(INVITE, "102");
        bob.receives(INVITE);
        auto notify = carol.receives(NOTIFY);
        CHECK(told(notify, "102") == "trying");
        return notify;
    }
    /// All that is told after `under_way` has been answered is of Bob.
    void hears_no_more_of_dan(const Arrived& under_way)
    {
        carol.answers(under_way, 200);
        while (!carol.hears_nothing()) {
            const auto notify = carol.receives(NOTIFY);
            CHECK(told(notify, "104").empty());
            carol.answers(notify, 200);
        }
    }
    /// The state of its dialog, `active` without one, or why it left; empty: nothing about it.
    static std::string told(const Arrived& notify, const std::string& number)
    {
        const auto list = read_list(notify.notify->content_type, *notify.notify->body_head);
        const auto* one = list.find("sip:" + number + "@office.test");
        if (!one || one->state.empty()) return {};
        if (one->state == "terminated") return one->reason;
        return one->document && !one->document->dialogs.empty()
                   ? one->document->dialogs.front().state
                   : "active";
    }
    void may_see_parties(bool may)
    {
        sales.rights.parties = may;
        pbx.replaces_directory({sales});
    }
    void dan_hides(bool hides)
    {
        pbx.configures("104", [hides](Extension& extension) {
            extension.visibility = hides ? Visibility::hidden : Visibility::open;
        });
    }

    Group sales = group("sales", {"103"}, {"102", "104", "105", "107", "108", "109"});
    Scenario pbx{{sales}};
    Phone& alice = pbx.phone("101");
    Phone& bob = pbx.phone("102");
    Phone& carol = pbx.phone("103");
    Phone& dan = pbx.phone("104");
    Phone& frank = pbx.phone("106");
};

}  // namespace

TEST_CASE("who was called and is idle again when a NOTIFY is answered is not told, whatever rights "
          "have changed")
{
    LongList office;
    const auto under_way = office.tells_of_bob();
    office.frank.sends(INVITE, "104");
    office.dan.receives(INVITE);
    office.may_see_parties(false);
    office.frank.cancels();
    office.dan.receives(CANCEL);
    office.hears_no_more_of_dan(under_way);
}

TEST_CASE("who is called when rights change is told when a NOTIFY is answered")
{
    LongList office;
    const auto under_way = office.tells_of_bob();
    office.frank.sends(INVITE, "104");
    office.dan.receives(INVITE);
    office.may_see_parties(false);
    office.carol.answers(under_way, 200);
    std::string of_dan;
    while (!office.carol.hears_nothing()) {
        const auto notify = office.carol.receives(NOTIFY);
        if (const auto told = LongList::told(notify, "104"); !told.empty()) of_dan += told + " ";
        office.carol.answers(notify, 200);
    }
    CHECK(of_dan == "trying ");
}

TEST_CASE("who is back in a list, and leaves it again, before its phone has answered that it left is "
          "not told gone twice")
{
    for (const auto* event : {"dialog", "presence"}) {
        CAPTURE(event);
        LongList office{event};
        office.dan_hides(true);
        const auto leaves = office.carol.receives(NOTIFY);
        CHECK(LongList::told(leaves, "104") == "rejected");
        office.dan_hides(false);
        office.dan_hides(true);
        office.hears_no_more_of_dan(leaves);
        office.dan_hides(false);  // for good
        CHECK_FALSE(LongList::told(office.carol.receives(NOTIFY), "104").empty());
    }
}

TEST_CASE("who is back in a list, leaves it and is back again before its phone has answered is told")
{
    for (const auto* event : {"dialog", "presence"}) {
        CAPTURE(event);
        LongList office{event};
        office.dan_hides(true);
        const auto leaves = office.carol.receives(NOTIFY);
        for (const bool hides : {false, true, false}) office.dan_hides(hides);
        office.carol.answers(leaves, 200);
        const auto told = LongList::told(office.carol.receives(NOTIFY), "104");
        CHECK_FALSE(told.empty());
        CHECK(told != "rejected");
    }
}
