#include "support/office/dead_dialogs.hpp"

#include <algorithm>

namespace lampline::test {
namespace {

constexpr auto timer_f = 32s;
constexpr auto found_within = 34s;  // the question itself comes within a second of the start

}  // namespace

void DeadDialogs::exchange_restarted(
    const std::function<bool(const std::string& call_id)>& answers)
{
    auto& pbx = office_.pbx;
    unanswered_.clear();
    since_ = pbx.now().mono;
    const auto before = std::exchange(dead_, {});
    for (const auto& call : pbx.present().calls)
        for (const auto& leg : call.legs) {
            if (is_park_name(leg.extension) || answers(leg.call_id) || !pbx.dialog_of(leg.call_id))
                continue;
            if (!before.contains(leg.call_id) && !office_.chance.one_in(8)) continue;
            dead_.insert(leg.call_id);
            ++office_.done["dead after a restart"];
        }
    for (auto* phone : office_.phones)
        if (contains(phone->dialog())) phone->uses({});
}

bool DeadDialogs::contains(LegId dialog) const
{
    return dialog && std::ranges::any_of(dead_, [&](const std::string& call_id) {
        return office_.pbx.dialog_of(call_id) == dialog;
    });
}

bool DeadDialogs::take(Phone& phone, const Arrived& arrived)
{
    if (!arrived.answers_to || arrived.method == BYE || !contains(arrived.leg)) return false;
    unanswered_.push_back({&phone, arrived, office_.pbx.now().mono + timer_f});
    return true;
}

bool DeadDialogs::act()
{
    const auto due = std::ranges::find_if(unanswered_, [&](const Unanswered& one) {
        return one.until <= office_.pbx.now().mono;
    });
    if (due == unanswered_.end()) return false;
    const auto silent = std::move(*due);
    unanswered_.erase(due);
    if (!office_.pbx.is_open(silent.request.leg)) return true;
    const auto rings = silent.phone->rings() ? std::optional{silent.phone->asked()} : std::nullopt;
    silent.phone->fails_with(silent.request, 408);
    if (rings) silent.phone->must_answer(*rings);
    return true;
}

void DeadDialogs::check(const LiveView& view) const
{
    if (office_.pbx.now().mono < since_ + found_within) return;
    for (const auto& call : view.calls)
        for (const auto& leg : call.legs) {
            CAPTURE(leg.call_id);
            CHECK_MESSAGE(!dead_.contains(leg.call_id), "in a call with nobody");
        }
}

}  // namespace lampline::test
