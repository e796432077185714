#include "unit/core/watched_member.hpp"

using namespace lampline;
using namespace lampline::test;
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
