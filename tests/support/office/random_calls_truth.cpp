// What must be true of the calls of an office, whatever its phones have done, and after a kill.
#include <algorithm>

#include "core/sdp.hpp"
#include "support/office/random_calls.hpp"
#include "support/scenario/network.hpp"

namespace lampline::test {
namespace {

bool talks(const LiveCall& call)
{
    return !call.legs.empty() && std::ranges::all_of(call.legs, &LiveLeg::connected);
}

}  // namespace

void RandomCalls::look()
{
    for (const auto& call : office_.pbx.present().calls) check_expired(call);
    for (const auto& call : office_.pbx.present().calls)
        for (const auto& leg : call.legs)
            if (leg.state == "confirmed" && !is_park_name(leg.extension))
                if (const auto dialog = office_.pbx.dialog_of(leg.call_id)) talk_.insert(dialog);
}

/// Whoever does not answer a CANCEL is waited for (RFC 3261 §9.1), a moment longer than 64*T1.
void RandomCalls::check_expired(const LiveCall& call) const
{
    constexpr auto over_by_then = 45s;
    if (call.legs.empty() || call.answered_at || office_.pbx.network()) return;
    const auto& caller = call.legs.front();
    const auto until = wanted_until_.find(caller.call_id);
    if (until == wanted_until_.end() || caller.state == "terminated") return;
    CAPTURE(caller.call_id);
    CHECK_MESSAGE(office_.pbx.now().mono <= until->second + over_by_then,
                  "rings for who wants no answer any more");
}

void RandomCalls::exchange_killed()
{
    talk_.clear();
    over_.clear();
    dialogs_before_.clear();
    for (const auto& call : office_.pbx.present().calls)
        for (const auto& leg : call.legs) dialogs_before_[call.id].insert(leg.call_id);
}

void RandomCalls::died(const std::set<std::string>& dialogs)
{
    for (const auto& call_id : dialogs) over_.insert(office_.pbx.dialog_of(call_id));
}

void RandomCalls::check_dialogs(const LiveView& view)
{
    look();
    std::set<LegId> in_calls;
    for (const auto& call : view.calls)
        for (const auto& leg : call.legs)
            if (!is_park_name(leg.extension)) in_calls.insert(office_.pbx.dialog_of(leg.call_id));
    const auto* network = office_.pbx.network();
    for (const auto leg : talk_)
        if (!in_calls.contains(leg))
            CHECK_MESSAGE((over_.contains(leg) || (network && network->is_over(leg))),
                          "ended without a BYE");
    std::erase_if(talk_, [&](LegId leg) { return !in_calls.contains(leg); });
}

std::set<std::string> RandomCalls::talking() const
{
    std::set<std::string> talking;
    for (const auto& call : office_.pbx.present().calls)
        if (call.answered_at && talks(call)) talking.insert(call.id);
    return talking;
}

void RandomCalls::check_survivors(const std::set<std::string>& talked)
{
    auto missing = talked;
    for (const auto& call : office_.pbx.present().calls) {
        CHECK(talks(call));
        missing.erase(call.id);
        ++office_.done["survives"];
    }
    // A phone may hang up as the exchange starts, since what it had asked before got no answer.
    std::erase_if(missing, [&](const std::string& call) {
        return std::ranges::any_of(dialogs_before_[call], [&](const std::string& call_id) {
            return over_.contains(office_.pbx.dialog_of(call_id));
        });
    });
    CHECK(missing.empty());
}

std::set<std::string> RandomCalls::storage_lost(const std::set<std::string>& talked,
                                                const std::vector<StoredCall>& before,
                                                const std::vector<StoredCall>& left)
{
    std::set<std::string> known;
    for (const auto& call : before)
        for (const auto& leg : call.legs) known.insert(leg.dialog.call_id);
    std::set<std::string> still;
    forgotten_.clear();
    for (const auto& call : left) {
        if (const auto id = std::to_string(call.id.value); talked.contains(id)) still.insert(id);
        for (const auto& leg : call.legs)
            if (!known.contains(leg.dialog.call_id) && !is_park_name(leg.extension))
                forgotten_.insert(leg.dialog.call_id);
    }
    unsure_.clear();
    for (const auto& call : left)
        for (const auto& leg : call.legs)
            if (!is_park_name(leg.extension) && hears_nothing(leg.dialog.call_id) != leg.held)
                unsure_.insert(leg.dialog.call_id);
    office_.done["calls lost"] += talked.size() - still.size();
    office_.done["dialogs forgotten"] += forgotten_.size();
    return still;
}

std::optional<bool> RandomCalls::hears_nothing(const std::string& call_id) const
{
    const auto dialog = office_.pbx.dialog_of(call_id);
    if (!dialog) return std::nullopt;  // SharedDialogs knows
    for (const auto* phone : office_.phones)
        if (const auto said = phone->said(dialog); !said.empty()) return !receives_media(said);
    return std::nullopt;
}

void RandomCalls::check_holds(const LiveView& view) const
{
    for (const auto& call : view.calls) {
        if (!talks(call) || !call.parked_in.empty()) continue;
        for (const auto& leg : call.legs) {
            if (is_park_name(leg.extension) || unsure_.contains(leg.call_id)) continue;
            const auto held = hears_nothing(leg.call_id);
            CAPTURE(leg.call_id);
            CAPTURE(leg.extension);
            if (held) CHECK(leg.held == *held);
            office_.done["on hold"] += held == true;
        }
    }
}

void RandomCalls::check_stored() const
{
    for (const auto& call : office_.pbx.kept().calls)
        for (const auto& leg : call.legs) {
            const auto dialog = office_.pbx.dialog_of(leg.dialog.call_id);
            if (is_park_name(leg.extension) || !dialog) continue;
            CAPTURE(leg.extension);
            CHECK(office_.pbx.is_open(dialog));
        }
}

void RandomCalls::check_forgotten(const LiveView& view) const
{
    for (const auto& call : view.calls)
        for (const auto& leg : call.legs) CHECK_FALSE(forgotten_.contains(leg.call_id));
}

void RandomCalls::check_one_truth(const LiveView& view) const
{
    std::set<std::string> dialogs;
    for (const auto& call : view.calls)
        for (const auto& leg : call.legs) {
            if (is_park_name(leg.extension) || !office_.pbx.dialog_of(leg.call_id)) continue;
            CAPTURE(leg.call_id);
            CHECK_MESSAGE(dialogs.insert(leg.call_id).second, "in two calls, or twice in one");
        }
}

void RandomCalls::check_known(const LiveView& view) const
{
    const auto* network = office_.pbx.network();
    for (const auto& call : view.calls)
        for (const auto& leg : call.legs) {
            const auto dialog = office_.pbx.dialog_of(leg.call_id);
            if (is_park_name(leg.extension) || !dialog || !leg.connected) continue;
            CAPTURE(leg.call_id);
            CAPTURE(leg.extension);
            CHECK_MESSAGE(!network->has_left(dialog), "in a call that its phone has left");
        }
}

void RandomCalls::check_slots(const LiveView& view)
{
    std::set<std::string> taken;
    for (const auto& call : view.calls) {
        std::string waits_in;
        for (const auto& leg : call.legs)
            if (is_park_name(leg.extension) && leg.state == "confirmed") waits_in = leg.extension;
        if (waits_in.empty()) continue;
        ++office_.done["waits"];
        CHECK(park_name(call.parked_in) == waits_in);
        CHECK(taken.insert(waits_in).second);
        CHECK(std::ranges::any_of(call.legs, [](const LiveLeg& leg) {
            return !is_park_name(leg.extension) && leg.state == "confirmed";
        }));
    }
}

}  // namespace lampline::test
