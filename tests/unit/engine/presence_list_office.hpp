#pragma once
// A group whose presence is watched in one subscription, and how a phone reads it.
#include <algorithm>
#include <map>

#include "support/list_notify_reader.hpp"
#include "unit/engine/event_office.hpp"

namespace lampline::presence_list {

using namespace test;
using std::chrono::seconds;

using Names = std::vector<std::string>;

constexpr auto timeout_state = "terminated;reason=timeout";

/// 201 and `members` are extensions, the latter the group `sales`, which 201 watches if `watched`.
inline DirectoryRef house(const Names& members, const Names& hidden = {}, bool watched = true)
{
    std::vector<Extension> extensions{{"201", {}, {}, {}}, {"202", {}, {}, {}}};
    for (const auto& number : members) {
        Extension member{number, {}, {}, {}};
        if (std::ranges::count(hidden, number)) member.visibility = Visibility::hidden;
        extensions.push_back(std::move(member));
    }
    Group group{"sales", "Sales", members, {{watched ? "201" : "202", false, {}}}};
    return std::make_shared<const Directory>("office.test", std::move(extensions),
                                             std::vector<Group>{std::move(group)});
}

inline DirectoryRef house_without_group()
{
    std::vector<Extension> extensions{{"201", {}, {}, {}}, {"207", {}, {}, {}}};
    return std::make_shared<const Directory>("office.test", std::move(extensions),
                                             std::vector<Group>{});
}

inline ReadList list_of(const SendNotify& notify)
{
    REQUIRE(notify.body_head);
    REQUIRE_FALSE(notify.body_tail);
    CHECK(notify.dialog->require == OptionTag::eventlist);
    CHECK(notify.dialog->event == "presence");
    const auto list = read_list(notify.content_type, *notify.body_head);
    CHECK(list.uri == uri("sales"));
    CHECK(list.version == notify.version);
    return list;
}

class ListOffice : public EventOffice {
public:
    using EventOffice::EventOffice;

    [[nodiscard]] SubscribeReceived request(Transport transport = Transport::tcp,
                                            std::uint32_t cseq = 1) const
    {
        auto wanted = subscribe({"201"}, EventPackage::presence, "sales", cseq);
        wanted.source.transport = transport;
        wanted.supported = OptionTag::eventlist;
        wanted.accept = {"application/pidf+xml", "application/rlmi+xml", "multipart/related"};
        return wanted;
    }
    /// Reads until there is nothing more, one datagram at a time.
    SendNotify reads_all()
    {
        SendNotify last;
        do {
            last = notified();
            CHECK(notifies.empty());
            CHECK(fits(last));
            const auto list = list_of(last);
            if (list.full) shown.clear();
            for (const auto& resource : list.resources) {
                if (!resource.body.empty()) shown[resource.uri] = note(&resource);
                if (is_last(last)) CHECK(resource.state == "terminated");
            }
            if (!is_last(last)) answers(last, 200);
        } while (!notifies.empty());
        return last;
    }
    std::map<std::string, std::string> shown;  ///< by URI
};

inline Names many(std::size_t count)
{
    Names members;
    for (std::size_t at = 0; at < count; ++at) members.push_back(std::to_string(300 + at));
    return members;
}

inline const Names three{"207", "208", "209"};

}  // namespace lampline::presence_list
