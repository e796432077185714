#include "engine/shown_changes.hpp"

#include <algorithm>
#include <utility>

#include "engine/event_packages.hpp"

namespace lampline {
namespace {

AppearanceEvent event_of(std::string_view extension, const CallInfo& info)
{
    AppearanceEvent event{.extension = std::string{extension},
                          .index = info.index,
                          .state = info.state ? std::string{name(*info.state)} : info.other_state};
    if (auto party = NameAddr::parse(info.appearance_uri)) {
        event.with = std::move(party->uri.user);
        event.with_name = std::move(party->display_name);
    }
    return event;
}

bool counts_the_same(MessageCounts left, const MessageCounts& right)
{
    left.unsolicited = right.unsolicited;
    return left == right;
}

}  // namespace

std::vector<AppearanceEvent> appearances_of(const EventFacts& facts, std::string_view extension)
{
    static const std::vector<EventPartRef> nothing_before;
    std::vector<AppearanceEvent> line;
    for (const auto& value : said_appearances({facts, extension, nothing_before, {}, PartyView::own}))
        if (!value.info.names_none()) line.push_back(event_of(extension, value.info));
    return line;
}

void ShownChanges::changed(EventPackage package, const EventFacts& facts,
                           std::string_view extension, Moment now, Outbox& outbox)
{
    if (!facts.directory().find(extension)) return;
    if (package == EventPackage::presence) show_presence(facts, extension, now, outbox);
    if (package == EventPackage::call_info) show_line(facts, extension, now, outbox);
}

void ShownChanges::show_presence(const EventFacts& facts, std::string_view extension, Moment now,
                                 Outbox& outbox)
{
    const auto state = presence_state(facts, extension);
    const auto [known, first] = presence_.try_emplace(std::string{extension}, state);
    if (!first && std::exchange(known->second, state) == state) return;
    outbox.shown.push_back({now.wall, PresenceEvent{std::string{extension}, state}});
}

void ShownChanges::show_line(const EventFacts& facts, std::string_view extension, Moment now,
                             Outbox& outbox)
{
    Line line = appearances_of(facts, extension);
    const bool is_none = line.size() == 1 && facts.appearance_count(extension) == 0;
    const auto found = lines_.find(extension);
    if (found == lines_.end() && is_none) return;
    const Line before = found == lines_.end() ? Line{} : std::exchange(found->second, {});
    for (const auto& one : line)
        if (std::ranges::find(before, one) == before.end()) outbox.shown.push_back({now.wall, one});
    for (const auto& one : before)
        if (std::ranges::find(line, one.index, &AppearanceEvent::index) == line.end())
            outbox.shown.push_back({now.wall, AppearanceEvent{.extension = one.extension,
                                                              .index = one.index,
                                                              .state = line.back().state}});
    if (!is_none)
        lines_.insert_or_assign(std::string{extension}, std::move(line));
    else
        lines_.erase(found);
}

void ShownChanges::configured(const Extension* before, const Extension& extension, Moment now,
                              Outbox& outbox)
{
    static const Extension fresh{};
    const auto& old = before ? *before : fresh;
    const auto counts = extension.messages.value_or(MessageCounts{});
    if (!counts_the_same(old.messages.value_or(MessageCounts{}), counts))
        outbox.shown.push_back({now.wall, MessagesEvent{extension.number, counts}});
    if (old.forwarding == extension.forwarding) return;
    FeaturesEvent event{extension.number, extension.forwarding};
    event.forwarding.exceptions.clear();
    outbox.shown.push_back({now.wall, std::move(event)});
}

void ShownChanges::replace_directory(const Directory& before, const Directory& directory,
                                     Moment now, Outbox& outbox)
{
    const auto is_gone = [&](const auto& entry) { return !directory.find(entry.first); };
    std::erase_if(presence_, is_gone);
    std::erase_if(lines_, is_gone);
    for (const auto& [number, group] : directory.ring_groups()) {
        const auto* old = before.find_ring_group(number);
        if (old && old->members == group.members) continue;
        for (const auto& member : group.members) {
            const auto* was = old ? old->member(member.number) : nullptr;
            if (!was || was->logged_in != member.logged_in)
                outbox.shown.push_back(
                    {now.wall, LoginEvent{number, member.number, member.logged_in}});
        }
    }
}

}  // namespace lampline
