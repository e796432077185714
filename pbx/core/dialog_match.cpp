#include "core/dialog_match.hpp"

namespace lampline {
namespace {

bool missing(std::string_view tag) noexcept
{
    return tag.empty() || tag == "0";
}

}  // namespace

MatchRung rung_of(const DialogId& dialog, const Replaces& replaces) noexcept
{
    const bool no_to = missing(replaces.to_tag);
    const bool no_from = missing(replaces.from_tag);
    if (no_to && no_from) return MatchRung::call_id_only;
    const auto fits = [&](std::string_view to, std::string_view from) {
        return (no_to || replaces.to_tag == to) && (no_from || replaces.from_tag == from);
    };
    const bool one_tag = no_to || no_from;
    if (fits(dialog.local_tag, dialog.remote_tag))
        return one_tag ? MatchRung::one_tag : MatchRung::exact;
    if (fits(dialog.remote_tag, dialog.local_tag))
        return one_tag ? MatchRung::one_tag_exchanged : MatchRung::exchanged;
    return MatchRung::none;
}

}  // namespace lampline
