#include "engine/session_timer.hpp"

#include <algorithm>

namespace lampline {

SessionTimer timer_to_forward(const SessionTimer& asked, std::chrono::seconds wanted)
{
    SessionTimer timer = asked;
    if (timer.expires.count() == 0 && wanted.count() > 0) {
        timer.expires = std::max(wanted, timer.min_se);
        timer.refresher = Refresher::unspecified;
    }
    return timer;
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
