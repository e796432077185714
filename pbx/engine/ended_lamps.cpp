#include "engine/ended_lamps.hpp"

#include <algorithm>

namespace lampline {

void EndedLamps::note(const Subscription& subscription, const std::string& member, EndedLamp end)
{
    if (entries_.size() == max_entries) entries_.pop_front();
    entries_.push_back(
        {subscription.watcher, member, contact_of(subscription), subscription.dialog, end});
}

const EndedLamps::Entry* EndedLamps::last(std::string_view watcher, std::string_view member,
                                          const WatcherPhone* phone) const
{
    const auto found = std::find_if(entries_.rbegin(), entries_.rend(), [&](const Entry& one) {
        return one.watcher == watcher && one.member == member &&
               (phone == nullptr || same_phone(*phone, one.contact, one.dialog->flow));
    });
    return found == entries_.rend() ? nullptr : &*found;
}

}  // namespace lampline
