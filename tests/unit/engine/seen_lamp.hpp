#pragma once
// A lamp as its phone sees it, in dialects that differ in what they tell.
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "unit/engine/indication_office.hpp"

namespace lampline::test {

/// Shows what an extension is without a call.
inline const BodyProfile telling{.name = "telling",
                                 .unregistered = "trying",
                                 .do_not_disturb = "confirmed",
                                 .forwarded = "early"};

/// Told only what has changed, where that is certain; and with the idle edge before it rings.
inline const BodyProfile partly{.name = "partly", .partial = true};
inline const BodyProfile partly_cleared{
    .name = "partly-cleared", .clearing = Clearing::before_ringing, .partial = true};
inline const BodyProfile paced{.name = "paced", .gap = std::chrono::milliseconds{100}};
/// What 205 is always told in: lists in one document, too.
inline const BodyProfile merging{.name = "merging", .merged_lists = true};
inline const std::vector<BodyProfile> dialect_rows{telling, partly, partly_cleared, paced, merging};

inline bool stands_in(const std::string& call_id)
{
    return call_id == "unregistered" || call_id == "dnd" || call_id == "forwarded";
}

/// What one phone has seen of one Call-ID.
struct SeenLamp {
    std::string watcher, member;
    const BodyProfile* profile = nullptr;
    std::uint32_t version = 0, cseq = 0;
    std::uint32_t read = 0;  // version of the last body that it has read
    bool any = false;
    bool ended = false;
    std::vector<DialogElement> dialogs;  // of the last acknowledged body
    std::set<std::string> alive;         // call-ids last acknowledged as alive

    /// Takes over an acknowledged body. Returns what was alive before.
    std::set<std::string> take(const DialogInfo& document)
    {
        if (!document.full) CHECK(document.version == read + 1);  // nothing is missing
        read = document.version;
        if (document.full) dialogs.clear();
        for (const auto& told : document.dialogs) {
            if (!document.full)
                std::erase_if(dialogs, [&](const auto& one) { return one.id == told.id; });
            dialogs.push_back(told);
        }
        std::set<std::string> living;
        for (const auto& dialog : dialogs)
            if (dialog.state != "terminated" && !stands_in(dialog.call_id))
                living.insert(dialog.call_id);
        return std::exchange(alive, std::move(living));
    }

    /// Call-ID and state of what it shows.
    [[nodiscard]] std::multiset<std::string> lines() const
    {
        std::multiset<std::string> all;
        for (const auto& dialog : dialogs)
            if (dialog.state != "terminated") all.insert(dialog.call_id + " " + dialog.state);
        return all;
    }

    /// The same of what it should show, when these are the calls that there are.
    [[nodiscard]] std::multiset<std::string>
    true_lines(const std::vector<DialogSnapshot>& truth) const
    {
        std::multiset<std::string> all;
        int best = 0;
        for (const auto& dialog : truth) {
            const auto word = profile->word(dialog);
            if (dialog.extension != member || word.empty()) continue;
            const auto line = dialog.dialog.call_id + " " + std::string{word};
            constexpr int ranks[]{1, 2, 4, 3};  // early > confirmed > proceeding > trying
            const bool busy = dialog.state == LegState::early && word != "early";
            const bool talks = dialog.state == LegState::confirmed && !dialog.held;
            const int rank =
                2 * (busy ? 2 : ranks[static_cast<std::size_t>(dialog.state)]) + (talks ? 1 : 0);
            if (!profile->single()) {
                all.insert(line);
            } else if (rank > best) {
                best = rank;
                all = {line};
            }
        }
        return all;
    }
};

}  // namespace lampline::test
