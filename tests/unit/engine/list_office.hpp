#pragma once
// A group as a list, and how a phone reads it.
#include "support/list_notify_reader.hpp"
#include "unit/engine/indication_office.hpp"

namespace lampline::test {

constexpr auto early = LegState::early;
constexpr auto confirmed = LegState::confirmed;
constexpr auto terminated = LegState::terminated;

/// 201 and 202 watch `members`, who are 300, 301, ...; 203 watches nobody.
inline DirectoryRef house(std::size_t members, std::vector<std::string> hidden = {},
                          std::vector<BodyProfile> rows = {}, const std::string& profile = "")
{
    std::vector<Extension> extensions;
    for (const auto* number : {"201", "202", "203"}) extensions.push_back({number, {}, {}, {}});
    Group group{"sales", "Sales", {}, {{"201", true, profile}, {"202", false, profile}}};
    for (std::size_t at = 0; at < members; ++at) {
        auto number = std::to_string(300 + at);
        Extension member{number, "Name " + number, {}, {}};
        if (std::ranges::count(hidden, number)) member.visibility = Visibility::hidden;
        extensions.push_back(std::move(member));
        group.members.push_back(std::move(number));
    }
    return std::make_shared<const Directory>("office.test", std::move(extensions),
                                             std::vector<Group>{std::move(group)}, Numbering{},
                                             std::move(rows));
}

/// 201 over TCP, so that size is no matter unless a test makes it one.
inline SubscribeReceived list_request(const Office& office, std::uint32_t cseq = 1)
{
    auto request = office.subscribe("201", "sales", cseq);
    request.source.transport = Transport::tcp;
    request.supported = OptionTag::eventlist;
    request.accept = {"application/dialog-info+xml", "application/rlmi+xml", "multipart/related"};
    return request;
}

inline ReadList list_of(const SendNotify& notify)
{
    REQUIRE(notify.body_head);
    REQUIRE_FALSE(notify.body_tail);
    CHECK(notify.dialog->require == OptionTag::eventlist);
    const auto list = read_list(notify.content_type, *notify.body_head);
    CHECK(list.uri == "sip:sales@office.test");
    CHECK(list.version == notify.version);
    return list;
}

inline std::string states(const ReadResource* resource)
{
    REQUIRE(resource);
    REQUIRE(resource->document);
    std::string all;
    for (const auto& dialog : resource->document->dialogs)
        all += (all.empty() ? "" : " ") + dialog.state;
    return all;
}

inline std::string states(const SendNotify& notify, std::string_view number)
{
    return states(list_of(notify).find(uri(number)));
}

}  // namespace lampline::test
