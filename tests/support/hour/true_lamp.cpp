#include "support/hour/true_lamp.hpp"

#include <doctest/doctest.h>

#include <algorithm>

namespace lampline::test {
namespace {

std::string_view word_of(const TrueDialog& dialog, const BodyProfile& row)
{
    const auto& words = dialog.called ? row.as_recipient : row.as_initiator;
    return words[static_cast<std::size_t>(dialog.state)];
}

/// Where one dialog is shown: who rings may be picked up, and who dials is not ringing.
int rank_of(const TrueDialog& dialog, std::string_view word)
{
    switch (dialog.state) {
    case LegState::trying: return 0;
    case LegState::proceeding: return 1;
    case LegState::early: return word == "early" ? 3 : 1;
    default: return 2;
    }
}

std::string_view standing_word(const TrueState& state, const BodyProfile& row)
{
    if (state.unregistered && !row.unregistered.empty()) return row.unregistered;
    if (state.do_not_disturb && !row.do_not_disturb.empty()) return row.do_not_disturb;
    if (state.forwarded && !row.forwarded.empty()) return row.forwarded;
    return state.on ? row.switched_on : std::string_view{};
}

std::string line_of(const TrueDialog& dialog, const BodyProfile& row)
{
    return dialog.call_id + " " + std::string{word_of(dialog, row)};
}

/// Where there is no room for all, one of several phones that ring for a call is told for all of them.
bool is_told_by_another(const TrueDialog& dialog, const TrueState& state, const BodyProfile& row,
                        const std::multiset<std::string>& shown)
{
    const auto rings = [](const TrueDialog& one) {
        return one.called && one.state < LegState::confirmed && !one.call.empty();
    };
    return rings(dialog) && std::ranges::any_of(state.dialogs, [&](const TrueDialog& other) {
               return rings(other) && other.call == dialog.call &&
                      other.call_id != dialog.call_id && shown.contains(line_of(other, row));
           });
}

std::string joined(const std::multiset<std::string>& lines)
{
    std::string text;
    for (const auto& line : lines) text += line + "; ";
    return text;
}

}  // namespace

std::string wrong_in(const DialogInfo& document, const TrueState& state, const BodyProfile& row)
{
    std::multiset<std::string> shown;
    for (const auto& dialog : document.dialogs)
        if (dialog.state != "terminated") shown.insert(dialog.call_id + " " + dialog.state);
    std::multiset<std::string> so;
    int best = 0;
    for (const auto& dialog : state.dialogs) {
        const auto word = word_of(dialog, row);
        if (word.empty()) continue;
        if (row.single()) {
            REQUIRE(row.shown == ShownDialogs::ringing_first);
            const auto rank = rank_of(dialog, word);
            if (!so.empty() && rank < best) continue;
            if (rank > best) so.clear();
            best = rank;
        } else if (!shown.contains(line_of(dialog, row)) &&
                   is_told_by_another(dialog, state, row, shown)) {
            continue;
        }
        so.insert(line_of(dialog, row));
    }
    const auto wrong = "shows " + joined(shown) + "and it is " + joined(so);
    if (!so.empty() && row.single())  // of several that count the same, any
        return shown.size() == 1 && so.contains(*shown.begin()) ? "" : wrong;
    if (!so.empty()) return shown == so ? "" : wrong;
    const auto word = standing_word(state, row);
    if (word.empty()) return shown.empty() ? "" : wrong;
    return shown.size() == 1 && shown.begin()->ends_with(" " + std::string{word})
               ? ""
               : wrong + std::string{word};
}

}  // namespace lampline::test
