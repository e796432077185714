// What becomes of messages on their way when the exchange is killed. It may be up again at once, or
// after 64*T1: of the transactions of before it knows nothing, and what it says in them by itself
// (500, CANCEL) is lost with the rest. What phones pass to each other goes on.
#include <algorithm>

#include "support/scenario/network.hpp"
#include "support/scenario/values.hpp"

namespace lampline::test {

std::string Network::call_id_of(LegId leg) const
{
    const auto found = std::ranges::find_if(
        scenario_.open_, [&](const auto& one) { return leg && one.second == leg; });
    return found == scenario_.open_.end() ? std::string{} : found->first;
}

void Network::exchange_killed()
{
    std::erase_if(due_, [](const auto& one) { return !one.second.passes; });
    for (const auto leg : left_) left_before_.insert(call_id_of(leg));
    for (auto& [id, one] : theirs_) {
        if (!std::exchange(one.over, true))
            forsaken_.push_back({.phone = one.phone,
                                 .request = id,
                                 .method = one.method,
                                 .call_id = one.within ? call_id_of(one.leg) : std::string{}});
        one.settled = true;
        one.unacknowledged = 0;
        one.held = nullptr;
        one.leg = {};
    }
    ours_.clear();
    passing_.exchange_killed();
    asked_.clear();
    left_.clear();
    over_.clear();
    heard_accepted_.clear();
    heard_cseq_.clear();
    reached_last_.clear();
}

void Network::resumed(const std::string& call_id, LegId leg)
{
    if (left_before_.contains(call_id)) left_.insert(leg);
}

void Network::exchange_restarted()
{
    for (const auto& one : std::exchange(forsaken_, {})) {
        const auto leg = scenario_.dialog_of(one.call_id);
        Arrived arrived;
        arrived.what = "408 by itself";
        arrived.status = 408;
        arrived.generated = true;
        arrived.transaction = one.request;
        note(*one.phone, true, std::string{word(one.method)}, " timed out, by a restart");
        arrive(*one.phone, std::move(arrived));
        const bool in_dialog =
            !one.call_id.empty() && scenario_.is_open(leg) && call_id_of(leg) == one.call_id;
        if (!in_dialog || has_left(leg)) continue;
        if (one.method != BYE && scenario_.times_out) scenario_.times_out(*one.phone, leg);
        left_.insert(leg);
    }
}

}  // namespace lampline::test
