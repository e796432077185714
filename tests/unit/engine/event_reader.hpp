#pragma once
// What a phone reads in the NOTIFYs of the event packages.
#include <map>
#include <set>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include "core/feature_event.hpp"
#include "core/sip_command.hpp"

namespace lampline::test {

/// What one NOTIFY says, each thing by the name under which it is said again.
using Said = std::map<std::string, std::string>;

inline constexpr std::string_view contacts{"contacts"};

/// The ids of the contacts in a reginfo document with this state.
inline std::set<std::string> contacts_in(const std::string& body, std::string_view state)
{
    std::set<std::string> ids;
    const std::string begin{"<contact id=\""};
    for (auto at = body.find(begin); at != std::string::npos; at = body.find(begin, at + 1)) {
        const auto id =
            body.substr(at + begin.size(), body.find('"', at + begin.size()) - at - begin.size());
        if (body.substr(body.find("state=\"", at) + 7).starts_with(state)) ids.insert(id);
    }
    return ids;
}

inline std::string joined(const std::set<std::string>& words)
{
    std::string text;
    for (const auto& word : words) text.append(word).append(" ");
    return text;
}

/// One document of as-feature-event, by the feature it is about.
inline void add_feature(Said& said, const std::string& document)
{
    auto about = document.find("forwarding") == std::string::npos ? std::string{"dnd"} : "";
    for (const auto* type : {"forwardImmediate", "forwardBusy", "forwardNoAns"})
        if (document.find(type) != std::string::npos) about = type;
    REQUIRE_FALSE(about.empty());
    said[about] = document;
}

/// The body without its version.
inline std::string text_of(const SendNotify& notify)
{
    return (notify.body_head ? *notify.body_head : "") +
           (notify.body_tail ? "V" + *notify.body_tail : "");
}

/// `before`: what was said until then, which reg builds upon.
inline Said read(const SendNotify& notify, const Said& before)
{
    const auto body = text_of(notify);
    Said said;
    const auto& event = notify.dialog->event;
    if (event == "as-feature-event") {
        if (notify.content_type == feature_event_type) {
            add_feature(said, body);
        } else if (!body.empty()) {
            const std::string begin{"<?xml"};
            for (auto at = body.find(begin); at != std::string::npos;) {
                const auto next = body.find(begin, at + 1);
                const auto part = body.substr(at, next == std::string::npos ? next : next - at);
                add_feature(said, part.substr(0, part.rfind('>') + 1) + "\r\n");
                at = next;
            }
        }
        return said;
    }
    if (event == "reg") {
        std::set<std::string> known;
        if (body.find("state=\"partial\"") != std::string::npos) {
            const auto had = before.find(std::string{contacts});
            REQUIRE(had != before.end());
            const auto& words = had->second;
            for (std::size_t at = 0; at < words.size();) {
                const auto end = words.find(' ', at);
                known.insert(words.substr(at, end - at));
                at = end + 1;
            }
        }
        known.merge(contacts_in(body, "active"));
        for (const auto& gone : contacts_in(body, "terminated")) known.erase(gone);
        said[std::string{contacts}] = joined(known);
        return said;
    }
    std::string all = body;
    for (const auto& header : notify.headers) all.append(header.name).append(header.value);
    said["all"] = all;
    return said;
}

/// The same as it is written; reg may say the same contacts in another order.
inline Said as_written(const SendNotify& notify)
{
    if (notify.dialog->event == "reg") return {{std::string{contacts}, text_of(notify)}};
    return read(notify, {});
}

}  // namespace lampline::test
