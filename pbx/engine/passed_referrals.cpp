#include "engine/passed_referrals.hpp"

#include <algorithm>

#include "core/refer.hpp"

namespace lampline {
namespace {

/// For as long does who was referred call.
constexpr auto referral_lasts = 60s;
constexpr std::size_t max_referrals = 256;

}  // namespace

void PassedReferrals::note(const Leg& by, const Leg& to, const PayloadRef& payload, Moment now)
{
    std::erase_if(referrals_, [&](const Referred& each) { return each.until <= now.mono; });
    if (!payload || by.extension.empty() || to.extension.empty()) return;
    for (const auto& header : payload->headers) {
        const auto target = header.name == "Refer-To" ? parse_refer_to(header.value) : std::nullopt;
        if (!target || !target->replaces || referrals_.size() >= max_referrals) continue;
        referrals_.push_back(
            {to.extension, by.extension, target->replaces->call_id, now.mono + referral_lasts});
    }
}

bool PassedReferrals::allow(std::string_view extension, const Leg& leg, Moment now) const
{
    return std::ranges::any_of(referrals_, [&](const Referred& each) {
        return each.until > now.mono && each.extension == extension && each.by == leg.extension &&
               each.call_id == leg.dialog.call_id;
    });
}

}  // namespace lampline
