#include "engine/session_timer.hpp"

#include <algorithm>

namespace lampline {

SessionTimer timer_to_forward(const SessionTimer& asked, std::chrono::seconds wanted,
                              std::chrono::seconds least)
{
    SessionTimer timer = asked;
    if (timer.expires.count() == 0 && wanted.count() > 0) {
        timer.min_se = std::max(timer.min_se, least);
        timer.expires = std::max(wanted, timer.min_se);
        timer.refresher = Refresher::unspecified;
    }
    return timer;
}

SessionTimer timer_kept_by_phone(std::chrono::seconds expires, std::chrono::seconds least)
{
    if (expires.count() == 0) return {};
    return {.expires = std::max(expires, least), .refresher = Refresher::uas, .min_se = least};
}

std::chrono::seconds shorter_session(std::chrono::seconds one, std::chrono::seconds other)
{
    if (one.count() == 0 || other.count() == 0) return std::max(one, other);
    return std::min(one, other);
}

AnsweredTimer answer_timer(const SessionTimer& asked, bool asker_supports,
                           const SessionTimer& answered)
{
    AnsweredTimer result;
    result.supervise_for = answered.expires;
    if (answered.expires.count() > 0) {
        if (asker_supports) result.timer = answered;
        result.require = asker_supports && answered.refresher == Refresher::uac;
    } else if (asker_supports && asked.expires.count() > 0) {
        result.timer = {.expires = asked.expires, .refresher = Refresher::uac};
        result.require = true;
        result.supervise_for = asked.expires;
    }
    return result;
}

}  // namespace lampline
