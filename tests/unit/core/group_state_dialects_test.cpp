// What the state of a member becomes in the dialects of phones.
#include "unit/core/watched_member.hpp"

using namespace lampline;
using namespace lampline::test;
using enum LegState;

TEST_CASE("snom: off is an empty document, and the moment before ringing is not shown")
{
    MemberState member{"sip:207@office.test", ""};
    Watching watcher{member, snom_profile};
    CHECK(watcher.projection_->next_step(watcher.told_) == Step::present);
    CHECK(watcher.told().empty());  // no dialogs
    CHECK_FALSE(member.fold(dialog(1, trying)));
    CHECK(member.fold(dialog(1, early)));
    CHECK(watcher.told() == "dummy:early");
    member.fold(dialog(1, confirmed));
    CHECK(watcher.told() == "dummy:confirmed");
    member.fold(dialog(1, terminated));
    CHECK(watcher.projection_->next_step(watcher.told_) == Step::present);
    CHECK(watcher.told().empty());
    CHECK(watcher.projection_->next_step(watcher.told_) == Step::none);
}

TEST_CASE("innovaphone: early, terminated, proceeding, terminated")
{
    MemberState member{"sip:207@office.test", ""};
    Watching watcher{member, innovaphone_profile};
    CHECK(watcher.told() == "1:terminated");
    member.fold(dialog(9, trying));
    member.fold(dialog(9, early));
    CHECK(watcher.told() == "1:early");
    member.fold(dialog(9, confirmed));
    CHECK(watcher.told() == "1:terminated | 1:proceeding");
    member.fold(dialog(9, terminated));
    CHECK(watcher.told() == "1:terminated");
}

TEST_CASE("innovaphone: another call under the same id is told after the former was cleared")
{
    MemberState member{"sip:207@office.test", ""};
    Watching watcher{member, innovaphone_profile};
    member.fold(dialog(1, confirmed));
    CHECK(watcher.told() == "1:proceeding");
    member.fold(dialog(2, early));
    CHECK(watcher.told() == "1:terminated | 1:early");
    member.fold(dialog(2, terminated));
    CHECK(watcher.told() == "1:terminated | 1:proceeding");
}

TEST_CASE("where one dialog is shown: early > confirmed > proceeding > trying")
{
    for (const auto* profile : {&snom_profile, &innovaphone_profile}) {
        MemberState member{"sip:207@office.test", ""};
        const auto projection = member.projection(built_in(*profile));
        const auto shown = [&] {
            return projection->current()->dialogs.at(0).dialog->latest.leg.value;
        };
        member.fold(dialog(1, trying, Direction::initiator));
        CHECK(shown() == 1);
        member.fold(dialog(2, proceeding, Direction::initiator));
        CHECK(shown() == 2);
        member.fold(dialog(3, confirmed));
        CHECK(shown() == 3);
        member.fold(dialog(4, early));
        CHECK(shown() == 4);
        member.fold(dialog(5, early));
        CHECK(shown() == 4);  // the older of equals
        CHECK(projection->current()->dialogs.size() == 1);
        CHECK(lamp_state(projection->current()) == early);
    }
}

TEST_CASE("where one dialog is shown, who is talked to counts more than who is held")
{
    for (const auto* profile : {&snom_profile, &innovaphone_profile}) {
        MemberState member{"sip:207@office.test", ""};
        const auto projection = member.projection(built_in(*profile));
        const auto shown = [&] {
            return projection->current()->dialogs.at(0).dialog->latest.leg.value;
        };
        auto first = dialog(1, confirmed);
        first.held = true;
        member.fold(first);
        member.fold(dialog(2, proceeding, Direction::initiator));
        CHECK(shown() == 1);
        member.fold(dialog(2, confirmed, Direction::initiator));
        CHECK(shown() == 2);
        member.fold(dialog(3, early));
        CHECK(shown() == 3);
        member.fold(dialog(3, terminated));
        member.fold(dialog(2, terminated));
        CHECK(shown() == 1);
    }
}

TEST_CASE("where one dialog is shown, a profile may put the talking or the newest one first")
{
    const auto shown_by = [](ShownDialogs which) {
        BodyProfile profile{.name = "one", .shown = which};
        MemberState member{"sip:207@office.test", ""};
        const auto projection = member.projection(std::make_shared<const BodyProfile>(profile));
        member.fold(dialog(1, early));
        member.fold(dialog(2, confirmed));
        member.fold(dialog(3, proceeding));
        return projection->current()->dialogs.at(0).dialog->latest.leg.value;
    };
    CHECK(shown_by(ShownDialogs::ringing_first) == 1);
    CHECK(shown_by(ShownDialogs::talking_first) == 2);
    CHECK(shown_by(ShownDialogs::newest_first) == 3);
}

TEST_CASE("a phone that shows one dialog, and dialling as busy, is not shown dialling before talk")
{
    MemberState member{"sip:207@office.test", ""};
    const auto projection = member.projection(built_in_profile("cisco-spa"));
    member.fold(dialog(1, confirmed));
    member.fold(dialog(2, early, Direction::initiator));
    CHECK(projection->current()->dialogs.at(0).dialog->latest.leg.value == 1);
    member.fold(dialog(3, early));
    CHECK(projection->current()->dialogs.at(0).dialog->latest.leg.value == 3);
}

TEST_CASE("Polycom: ringing at somebody who was told as busy comes after an idle edge")
{
    MemberState member{"sip:207@office.test", ""};
    const auto profile = built_in_profile("polycom");
    Watching watcher{member, *profile};
    watcher.told();
    member.fold(dialog(1, trying));
    CHECK(watcher.told() == "1:trying");
    member.fold(dialog(1, early));
    CHECK(watcher.told() == "1:early");  // the same call: it was never busy
    member.fold(dialog(2, early));
    CHECK(watcher.told() == "1:early 2:early");  // it rings already
    member.fold(dialog(2, terminated));
    member.fold(dialog(1, confirmed));
    CHECK(watcher.told() == "2:terminated 1:confirmed");
    member.fold(dialog(3, early));
    CHECK(watcher.told() == "1:terminated | 1:confirmed 3:early");
}

TEST_CASE("Polycom: somebody who talks and dials is not ringing, and stays lit")
{
    MemberState member{"sip:207@office.test", ""};
    Watching watcher{member, *built_in_profile("polycom")};
    member.fold(dialog(1, confirmed));
    CHECK(watcher.told() == "1:confirmed");
    member.fold(dialog(2, trying, Direction::initiator));
    CHECK(watcher.told() == "1:confirmed 2:trying");
    member.fold(dialog(2, early, Direction::initiator));
    CHECK(watcher.told() == "1:confirmed 2:early");
    member.fold(dialog(3, early));  // a call for pickup, though somebody was told as early
    CHECK(watcher.told() == "1:terminated 2:terminated | 1:confirmed 2:early 3:early");
}

TEST_CASE("what a phone is told in the same word is told once")
{
    MemberState member{"sip:207@office.test", ""};
    const auto fanvil = built_in_profile("fanvil");
    Watching watcher{member, *fanvil};
    watcher.told();
    member.fold(dialog(1, trying, Direction::initiator));
    CHECK(watcher.told() == "1:confirmed");
    CHECK(lamp_state(watcher.projection_->current()) == confirmed);
    CHECK_FALSE(member.fold(dialog(1, early, Direction::initiator)));
    CHECK_FALSE(member.fold(dialog(1, confirmed, Direction::initiator)));
    member.fold(dialog(1, terminated, Direction::initiator));
    CHECK(watcher.told() == "1:terminated");
}

TEST_CASE("a row with a pickup target tells who may pick up what to dial, while it rings")
{
    MemberState member{"sip:207@office.test", "t-"};
    auto row = std::make_shared<BodyProfile>();
    row->pickup_target = PickupTarget::remote;
    row->pickup_code = "*#";
    const auto taker = member.projection(row);
    const auto at_address = member.projection(row, {}, {}, "sip:207@192.0.2.1:5070");
    const auto looker = member.projection(row, {}, {.picks_up = false});
    const auto anonymous = member.projection(row, {}, {.parties = PartyView::anonymous});
    CHECK(taker != looker);
    const auto target = [](const ProjectionRef& projection, Step step, const Told& told = {}) {
        const auto& text = projection->document(told, step);
        return read_dialog_info(*text.head + "0" + *text.tail)->dialogs.at(0).remote_target;
    };

    for (const auto state : {trying, proceeding, early}) {
        member.fold(dialog(1, state));
        CHECK(target(taker, Step::present) == "sip:*%23207@office.test");
        CHECK(target(at_address, Step::present) == "sip:*%23207@192.0.2.1:5070");
        CHECK(target(looker, Step::present) == "sip:211@office.test");
        CHECK(target(anonymous, Step::present) == "sip:*%23207@office.test");
    }
    Told told;
    told.note_sent(taker->current());
    CHECK(target(taker, Step::clear, told) == "sip:211@office.test");  // it is told as ended
    member.fold(dialog(1, confirmed));
    CHECK(target(taker, Step::present) == "sip:211@office.test");
    member.fold(dialog(1, terminated));
    member.fold(dialog(2, early, Direction::initiator));
    CHECK(target(taker, Step::present) == "sip:211@office.test");  // who is called there rings

    auto off = std::make_shared<BodyProfile>(*row);
    off->pickup_code.clear();
    member.fold(dialog(2, terminated));
    member.fold(dialog(3, early));
    CHECK(target(member.projection(off), Step::present) == "sip:211@office.test");
}
