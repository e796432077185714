#pragma once
// Dialogs of a watcher and a phone that are over for the watcher, and not yet for the phone.
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "base/string_table.hpp"

namespace lampline {

/// The last of them, by dialog_key() of the phone's tag. A phone's NOTIFY there is answered 481,
/// but for a repetition of the one that was passed on as the last. All is O(1). SIP thread only.
class EndedNotifiers {
public:
    /// `last_cseq`: of that NOTIFY; 0: the watcher's last one is ours. False: it is here already.
    bool add(std::string dialog, std::uint32_t last_cseq)
    {
        if (!last_.try_emplace(dialog, last_cseq).second) return false;
        oldest_first_.push_back(std::move(dialog));
        if (oldest_first_.size() <= max_dialogs) return true;
        last_.erase(oldest_first_.front());
        oldest_first_.pop_front();
        return true;
    }
    /// nullopt: it is not over, or forgotten.
    [[nodiscard]] std::optional<std::uint32_t> last_cseq(std::string_view dialog) const
    {
        const auto found = last_.find(dialog);
        return found == last_.end() ? std::nullopt : std::optional{found->second};
    }

private:
    static constexpr std::size_t max_dialogs = 4096;

    StringTable<std::uint32_t> last_;
    std::deque<std::string> oldest_first_;
};

}  // namespace lampline
