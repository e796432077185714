#pragma once
// A member of a group, and who is told of it.
#include <string>

#include <doctest/doctest.h>

#include "core/group_state.hpp"

namespace lampline::test {

inline DialogSnapshot dialog(std::uint64_t leg, LegState state,
                             Direction direction = Direction::recipient)
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

}  // namespace lampline::test
