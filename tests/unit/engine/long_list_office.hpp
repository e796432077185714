#pragma once
// Phones that are told lists over UDP, of which each NOTIFY has to fit into a datagram.
#include <map>
#include <string>
#include <string_view>

#include "unit/engine/list_office.hpp"

namespace lampline::test {

inline SubscribeReceived over_udp(const Office& office, std::uint32_t cseq = 1)
{
    auto request = list_request(office, cseq);
    request.source.transport = Transport::udp;
    return request;
}

/// Nor is there less to be said of the one member that it tells of: who rings is picked up by it.
inline bool fits_as_far_as_it_can(const SendNotify& notify)
{
    if (fits(notify)) return true;
    const auto list = list_of(notify);
    return list.resources.size() == 1 && list.resources[0].document &&
           list.resources[0].document->dialogs[0].local_identity.empty() &&
           !list.resources[0].document->dialogs[0].call_id.empty() &&
           list.resources[0].document->dialogs[0].remote_target.empty();
}

/// What a phone that follows RFC 4662 §5.2 shows: who is left out of the full state is dropped.
class ShownKeys {
public:
    void read(const SendNotify& notify)
    {
        const auto list = list_of(notify);
        if (list.full) shown_.clear();
        for (const auto& resource : list.resources) {
            auto& key = shown_[resource.uri];
            if (resource.document) key = states(&resource);
        }
    }
    [[nodiscard]] std::string at(std::string_view number) const
    {
        const auto found = shown_.find(uri(number));
        return found == shown_.end() ? "" : found->second;
    }
    [[nodiscard]] std::size_t size() const { return shown_.size(); }

private:
    std::map<std::string, std::string> shown_;
};

/// Acknowledges all that comes, which must fit into datagrams and be one at a time.
inline void read_all(Office& office, ShownKeys& keys)
{
    while (!office.silent()) {
        const auto notify = office.notified();
        CHECK(office.silent());
        CHECK(fits_as_far_as_it_can(notify));
        keys.read(notify);
        office.answers(notify, 200);
    }
}

}  // namespace lampline::test
