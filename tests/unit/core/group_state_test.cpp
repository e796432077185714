#include "core/group_state.hpp"

#include <doctest/doctest.h>

using namespace lampline;

namespace {

DialogSnapshot dialog(std::uint64_t leg, LegState state, Direction direction = Direction::recipient)
{
    return {.leg = {leg},
            .extension = "207",
            .dialog = {"call-" + std::to_string(leg), "phone", "ours"},
            .direction = direction,
            .state = state,
            .ended_by = LegInput::remote_bye,
            .local = {{"", SipUri::parse("sip:207@office.test").value()}, {}},
            .remote = {{"", SipUri::parse("sip:211@office.test").value()}, {}}};
}

/// A watcher that acknowledges all it is told.
class Watching {
public:
    Watching(MemberState& member, const BodyProfile& profile)
        : projection_{member.projection(built_in(profile))}
    {
    }

    /// Everything that is due, as "state state | state ...": dialogs of one document, then the next
    /// one.
    std::string told()
    {
        std::string all;
        for (Step step = projection_->next_step(told_); step != Step::none;
             step = projection_->next_step(told_)) {
            if (!all.empty()) all += " | ";
            all += show(step);
        }
        return all;
    }

    std::string show(Step step)
    {
        const auto& text = projection_->document(told_, step);
        const auto read = read_dialog_info(*text.head + "0" + *text.tail);
        REQUIRE(read);
        std::string shown;
        for (const auto& one : read->dialogs)
            shown += (shown.empty() ? "" : " ") + one.id + ":" + one.state;
        told_.note_sent(projection_->target(step));
        told_.note_acknowledged();
        return shown;
    }

    Told told_;
    ProjectionRef projection_;
};

}  // namespace

using enum LegState;

TEST_CASE("RFC 4235 §3.7.1: one dialog from trying to terminated, always with the same id")
{
    MemberState member{"sip:207@office.test", "r-"};
    Watching watcher{member, standard_profile};
    CHECK(watcher.told() == "idle:terminated");
    for (const auto state : {trying, proceeding, early, confirmed, terminated}) {
        CHECK(member.fold(dialog(4, state)));
        CHECK(watcher.told() == "r-4:" + std::string{name(state)});
    }
    CHECK(member.idle());
    CHECK(watcher.told().empty());
}

TEST_CASE("an ended dialog is told once, and only to who was told that it lived")
{
    MemberState member{"sip:207@office.test", ""};
    Watching watcher{member, standard_profile};
    member.fold(dialog(1, confirmed));
    CHECK(watcher.told() == "1:confirmed");
    member.fold(dialog(2, early));
    CHECK(watcher.told() == "1:confirmed 2:early");
    member.fold(dialog(3, early));
    member.fold(dialog(3, terminated));
    member.fold(dialog(1, terminated));
    CHECK(watcher.told() == "1:terminated 2:early");
    member.fold(dialog(2, confirmed));
    CHECK(watcher.told() == "2:confirmed");
}

TEST_CASE("the idle edge between two calls is told first, however late the watcher is")
{
    MemberState member{"sip:207@office.test", ""};
    Watching watcher{member, standard_profile};
    member.fold(dialog(1, confirmed));
    CHECK(watcher.told() == "1:confirmed");
    member.fold(dialog(1, terminated));
    member.fold(dialog(2, trying));
    member.fold(dialog(2, terminated));
    member.fold(dialog(3, early));
    CHECK(watcher.told() == "1:terminated | 3:early");
}

TEST_CASE("a second call before the first has ended makes no idle edge")
{
    MemberState member{"sip:207@office.test", ""};
    Watching watcher{member, standard_profile};
    member.fold(dialog(1, confirmed));
    CHECK(watcher.told() == "1:confirmed");
    member.fold(dialog(2, early));
    member.fold(dialog(1, terminated));
    CHECK(watcher.told() == "1:terminated 2:early");
}

TEST_CASE("a document that was sent but not acknowledged counts both ways")
{
    MemberState member{"sip:207@office.test", ""};
    Watching watcher{member, standard_profile};
    member.fold(dialog(1, early));
    watcher.told();
    member.fold(dialog(2, early));
    const Told before = watcher.told_;
    watcher.show(Step::present);  // 1 and 2 are early; lost, or only its answer
    watcher.told_.acknowledged = before.acknowledged;
    member.fold(dialog(1, terminated));
    member.fold(dialog(2, terminated));
    CHECK(watcher.told() == "1:terminated 2:terminated");
}

TEST_CASE("an idle edge that may be lost is told again")
{
    MemberState member{"sip:207@office.test", ""};
    Watching watcher{member, standard_profile};
    member.fold(dialog(1, confirmed));
    watcher.told();
    const PictureRef talking = watcher.told_.acknowledged;
    member.fold(dialog(1, terminated));
    member.fold(dialog(2, early));
    CHECK(watcher.show(watcher.projection_->next_step(watcher.told_)) == "1:terminated");
    watcher.told_.acknowledged = talking;
    CHECK(watcher.told() == "1:terminated | 2:early");
}

TEST_CASE("a call that was perhaps seen, and an end that perhaps was not, still make an idle edge")
{
    MemberState member{"sip:207@office.test", ""};
    Watching watcher{member, standard_profile};
    watcher.told();
    const auto lose = [&] {
        const Step step = watcher.projection_->next_step(watcher.told_);
        watcher.told_.note_sent(watcher.projection_->target(step));
    };
    member.fold(dialog(1, early));
    lose();
    member.fold(dialog(1, terminated));
    lose();
    member.fold(dialog(2, early));
    CHECK(watcher.told() == "1:terminated | 2:early");
}

TEST_CASE("a watcher that may show anything is told idle before it is told of a call")
{
    MemberState member{"sip:207@office.test", ""};
    Watching watcher{member, standard_profile};
    watcher.told_.unknown = true;
    member.fold(dialog(1, early));
    CHECK(watcher.told() == "idle:terminated | 1:early");
}

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

TEST_CASE("a change that no body shows is no change")
{
    MemberState member{"sip:207@office.test", ""};
    const auto kept = member.projection(built_in(standard_profile));
    CHECK(member.fold(dialog(1, confirmed)));
    CHECK_FALSE(member.fold(dialog(1, confirmed)));
    DialogSnapshot held = dialog(1, confirmed);
    held.held = true;
    CHECK(member.fold(held));
    DialogSnapshot named = held;
    named.remote.identity.display_name = "Ben";
    CHECK(member.fold(named));
}

TEST_CASE("the end of a dialog nobody knew is nothing")
{
    MemberState member{"sip:207@office.test", ""};
    const auto kept = member.projection(built_in(standard_profile));
    CHECK_FALSE(member.fold(dialog(1, terminated)));
    CHECK(member.idle());
}

TEST_CASE("one rendering serves all who were told the same")
{
    MemberState member{"sip:207@office.test", ""};
    Watching a{member, standard_profile};
    Watching b{member, standard_profile};
    a.told();
    b.told();
    member.fold(dialog(1, early));
    const auto of_a = a.projection_->document(a.told_, Step::present).tail;
    CHECK(of_a == b.projection_->document(b.told_, Step::present).tail);
}

TEST_CASE("a picture lives no longer than somebody needs it")
{
    MemberState member{"sip:207@office.test", ""};
    Watching watcher{member, standard_profile};
    member.fold(dialog(1, confirmed));
    watcher.told();
    const std::weak_ptr<const Picture> talking = watcher.told_.acknowledged;
    for (std::uint64_t leg = 2; leg < 50; ++leg) {
        member.fold(dialog(leg, early));
        member.fold(dialog(leg, terminated));
    }
    CHECK_FALSE(talking.expired());
    watcher.told();
    member.fold(dialog(60, early));
    CHECK(talking.expired());
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

TEST_CASE(
    "equal rows share a projection, whichever Directory they come from; filters have their own")
{
    MemberState member{"sip:207@office.test", ""};
    const auto copy = std::make_shared<const BodyProfile>(standard_profile);
    const auto one = member.projection(built_in(standard_profile));
    CHECK(member.projection(copy) == one);
    CHECK(member.projection(copy, {.call_id = "call-1", .from_tag = {}, .to_tag = {}}) != one);
}

TEST_CASE("a projection that nobody looks through is made no more")
{
    MemberState member{"sip:207@office.test", ""};
    auto kept = member.projection(built_in(standard_profile));
    CHECK(member.fold(dialog(1, early)));
    kept.reset();
    CHECK_FALSE(member.fold(dialog(1, confirmed)));
}

TEST_CASE("reduced documents keep what was told, and are rendered once")
{
    MemberState member{"sip:207@office.test", ""};
    Watching watcher{member, standard_profile};
    DialogSnapshot named = dialog(1, confirmed);
    named.remote.identity.display_name = "Ben";
    member.fold(named);
    const auto text = [&](Detail detail) {
        return *watcher.projection_
                    ->document(watcher.told_, Step::present, {DocumentKind::full, detail})
                    .tail;
    };
    CHECK(text(Detail::full).find("Ben") != std::string::npos);
    CHECK(text(Detail::no_names).find("Ben") == std::string::npos);
    CHECK(text(Detail::no_names).find("<target") != std::string::npos);
    CHECK(text(Detail::no_targets).find("<target") == std::string::npos);
    CHECK(text(Detail::no_targets).find("sip:211@office.test") != std::string::npos);
    const DocumentForm form{DocumentKind::full, Detail::no_names};
    const auto once = watcher.projection_->document(watcher.told_, Step::present, form).tail;
    CHECK(once == watcher.projection_->document(watcher.told_, Step::present, form).tail);
}

TEST_CASE("what is left out first: the parties of ended dialogs, then the name that the key has")
{
    MemberState member{"sip:207@office.test", ""};
    Watching watcher{member, standard_profile};
    member.fold(dialog(1, confirmed));
    watcher.told();
    member.fold(dialog(1, terminated));
    auto next = dialog(2, early);
    next.local.identity.display_name = "Desk";
    next.remote.identity.display_name = "Ben";
    member.fold(next);
    const auto parts = [&](Detail detail) {
        const auto text =
            *watcher.projection_
                 ->document(watcher.told_, Step::present, {DocumentKind::full, detail})
                 .tail;
        const auto middle = text.find("</dialog>");
        return std::pair{text.substr(0, middle), text.substr(middle)};
    };
    const auto whole = parts(Detail::full);
    CHECK(whole.first.find("<remote>") != std::string::npos);
    const auto brief = parts(Detail::ended_briefly);
    CHECK(brief.first.find("call-id=") != std::string::npos);
    CHECK(brief.first.find(">terminated</state>") != std::string::npos);
    CHECK(brief.first.find("<remote>") == std::string::npos);
    CHECK(brief.first.find("<local>") == std::string::npos);
    CHECK(brief.second == whole.second);
    const auto nameless = parts(Detail::no_local_names).second;
    CHECK(nameless.find("Desk") == std::string::npos);
    CHECK(nameless.find("Ben") != std::string::npos);
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

TEST_CASE(
    "RFC 3323: who may not see the parties is told of somebody anonymous, in life and at the end")
{
    MemberState member{"sip:207@office.test", "t-"};
    const auto profile = built_in(standard_profile);
    const auto named = member.projection(profile);
    const auto anonymous = member.projection(profile, {}, {.parties = PartyView::anonymous});
    CHECK(named != anonymous);
    CHECK(member.projection(profile, {}, {.parties = PartyView::anonymous}) == anonymous);

    auto ringing = dialog(1, LegState::early);
    ringing.remote.target = SipUri::parse("sip:211@192.0.2.7").value();
    member.fold(ringing);
    Told told;
    const auto shown = [&] {
        const auto& text = anonymous->document(told, Step::present);
        CHECK((*text.head + *text.tail).find("211") == std::string::npos);
        told.note_sent(anonymous->target(Step::present));
        return read_dialog_info(*text.head + "0" + *text.tail)->dialogs.at(0);
    };
    const auto living = shown();
    CHECK(living.state == "early");
    CHECK(living.remote_identity == "sip:anonymous@anonymous.invalid");
    CHECK(living.local_identity == "sip:207@office.test");
    CHECK(living.call_id == "call-1");  // a pickup must still name it

    member.fold(dialog(1, LegState::terminated));
    CHECK(shown().state == "terminated");
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

TEST_CASE("what nobody watches is there, under the same id, for who comes, goes, and comes again")
{
    MemberState member{"sip:207@office.test", "t-"};
    CHECK_FALSE(member.fold(dialog(1, early)));
    CHECK_FALSE(member.fold(dialog(2, confirmed)));
    CHECK_FALSE(member.idle());
    CHECK(member.leading() == early);
    CHECK_FALSE(member.fold(dialog(1, confirmed)));
    CHECK(member.leading() == confirmed);
    CHECK(member.live().size() == 2);
    for (int visit = 0; visit < 2; ++visit) {
        Watching watcher{member, *built_in(standard_profile)};
        CHECK(watcher.told() == "t-1:confirmed t-2:confirmed");
        member.fold(dialog(3, early));
        CHECK(watcher.told() == "t-1:confirmed t-2:confirmed t-3:early");
        member.fold(dialog(3, terminated));
    }
    CHECK_FALSE(member.fold(dialog(1, terminated)));
    CHECK_FALSE(member.fold(dialog(2, terminated)));
    CHECK(member.idle());
    CHECK(member.leading() == std::nullopt);
}
