// What the exchange ends in the name of a phone that notifies by itself: the last NOTIFY is told until
// it is answered.
#include <doctest/doctest.h>

#include <algorithm>

#include "support/office/notified_phones.hpp"
#include "support/office/notify_content.hpp"

namespace lampline::test {

/// Some are lost, and told again.
void NotifiedPhones::take_of_notifier(Phone& phone, const SendNotify& notify)
{
    CHECK(is_last(notify));
    if (ends_for_phone) ends_for_phone(phone, notify);
    const bool lost = weather != Weather::fair && notify.cseq % 3 == 0;
    of_notifiers_.push_back({.dialog = {},
                             .notify = notify,
                             .arrives_at = {},
                             .answered_at = office_.pbx.now().mono + (lost ? 32'000ms : 100ms),
                             .status = lost ? 408U : 200U,
                             .generated = lost,
                             .arrives = false});
}

/// False: none is due.
bool NotifiedPhones::answer_of_notifier()
{
    const auto now = office_.pbx.now().mono;
    const auto due = std::ranges::find_if(
        of_notifiers_, [&](const UnderWay& one) { return one.answered_at <= now; });
    if (due == of_notifiers_.end()) return false;
    const auto answered = std::move(*due);
    of_notifiers_.erase(due);
    office_.pbx.receive(NotifyAnswered{.subscription = answered.notify.subscription,
                                       .cseq = answered.notify.cseq,
                                       .status = answered.status,
                                       .retry_after = {},
                                       .generated = answered.generated});
    return true;
}

}  // namespace lampline::test
