#include "engine/appearances.hpp"

#include <algorithm>
#include <utility>

#include "core/extension_uri.hpp"
#include "core/trunk_identity.hpp"
#include "engine/consent.hpp"

namespace lampline {
namespace {

bool shows_the_same(const DialogSnapshot& left, const DialogSnapshot& right)
{
    return left.state == right.state && left.holds == right.holds &&
           left.remote.identity == right.remote.identity;
}

bool is_private(const DialogSnapshot& dialog)
{
    return dialog.holds && dialog.place && dialog.place->is_private;
}

bool is_same(const WatcherPhone& left, const WatcherPhone& right)
{
    return same_phone(left, right.contact, right.target.flow);
}

}  // namespace

CallInfo idle_rest(std::string_view extension, std::string_view domain)
{
    return {.uri = write(extension_uri(extension, domain)),
            .index = 0,
            .rest = true,
            .state = AppearanceState::idle,
            .appearance_uri = {}};
}

AppearanceState Appearances::Appearance::state() const
{
    using enum AppearanceState;
    if (legs.empty()) return seized_by ? seized : idle;
    bool talks = false;
    bool holds = false;
    bool hides = false;
    bool calls = false;
    bool rings = false;
    for (const auto& leg : legs) {
        const bool confirmed = leg.state == LegState::confirmed;
        talks = talks || (confirmed && !leg.holds);
        holds = holds || (confirmed && leg.holds);
        hides = hides || (confirmed && is_private(leg));
        const bool called = leg.direction == Direction::recipient;
        calls = calls || (!confirmed && !called && !leg.untold);
        rings = rings || (!confirmed && called);
    }
    if (talks) return active;
    if (holds) return hides ? held_private : held;
    return rings && !calls ? alerting : progressing;  // what rings does so until a picker has it
}

/// The appearance that a dialog new to the line gets; null: all are in use.
Appearances::Appearance* Appearances::choose(Line& line, const DialogSnapshot& dialog,
                                             unsigned count)
{
    auto& all = line.appearances;
    for (auto& one : all)
        if (std::ranges::find(one.legs, dialog.call, &DialogSnapshot::call) != one.legs.end())
            return &one;
    if (line.expected && line.expected->call_id == dialog.dialog.call_id) {
        const auto& expected = *line.expected;
        for (auto& one : all)
            if (one.legs.empty() && one.seized_by && is_same(one.seized_at, expected.phone) &&
                (expected.index == 0 || expected.index == one.index))
                return &one;
        const bool free = std::ranges::find(all, expected.index, &Appearance::index) == all.end();
        if (expected.index > 0 && expected.index <= count && free)
            return &all.emplace_back(Appearance{.index = expected.index});
    }
    for (unsigned index = 1; index <= count; ++index)
        if (std::ranges::find(all, index, &Appearance::index) == all.end())
            return &all.emplace_back(Appearance{.index = index});
    return nullptr;
}

/// The same for one that may have been there before a restart: those have their old places, and
/// who had none waits for one, lest it takes that of another who is still to come.
Appearances::Appearance* Appearances::place(Line& line, const DialogSnapshot& dialog,
                                            unsigned count)
{
    if (!dialog.place) return choose(line, dialog, count);
    const auto index = dialog.place->index;
    if (index == 0) return nullptr;
    auto& all = line.appearances;
    const auto found = std::ranges::find(all, index, &Appearance::index);
    const bool free = found == all.end();
    if (index <= count && free) return &all.emplace_back(Appearance{.index = index});
    if (!free &&
        std::ranges::find(found->legs, dialog.call, &DialogSnapshot::call) != found->legs.end())
        return &*found;
    return choose(line, dialog, count);
}

Appearances::Change Appearances::fold(const DialogSnapshot& dialog, unsigned count)
{
    auto line = lines_.find(dialog.extension);
    if (line == lines_.end()) {
        if (count == 0 || dialog.state == LegState::terminated) return {};
        line = lines_.try_emplace(dialog.extension).first;
    }
    const bool over = dialog.state == LegState::terminated;
    for (auto& one : line->second.appearances) {
        const auto leg = std::ranges::find(one.legs, dialog.leg, &DialogSnapshot::leg);
        if (leg == one.legs.end()) continue;
        const auto before = one.state();
        const bool same = shows_the_same(*leg, dialog);
        *leg = dialog;
        if (over) {
            one.legs.erase(leg);
            extensions_.erase(dialog.leg);
        }
        const bool shown = one.state() != before || (!over && !same);
        drop_idle(dialog.extension);
        const bool seated = over && seat(dialog.extension, count);
        return {.shown = shown || seated};
    }
    auto* chosen = over || count == 0 ? nullptr : place(line->second, dialog, count);
    auto& beyond = line->second.beyond;
    const auto waits = std::ranges::find(beyond, dialog.leg, &DialogSnapshot::leg);
    if (!chosen) {
        if (waits != beyond.end() && over)
            beyond.erase(waits);
        else if (waits != beyond.end())
            *waits = dialog;
        else if (!over && count > 0)
            beyond.push_back(dialog);
        drop_idle(dialog.extension);
        return {};
    }
    if (waits != beyond.end()) beyond.erase(waits);
    const auto before = chosen->state();
    chosen->legs.push_back(dialog);
    extensions_.insert_or_assign(dialog.leg, dialog.extension);
    Change change{.shown = chosen->state() != before,
                  .used_up = std::exchange(chosen->seized_by, {})};
    chosen->seized_at = {};
    return change;
}

bool Appearances::seat(std::string_view extension, unsigned count)
{
    const auto line = lines_.find(extension);
    if (line == lines_.end() || count == 0) return false;
    const auto seated = std::erase_if(line->second.beyond, [&](const DialogSnapshot& dialog) {
        auto* const chosen = choose(line->second, dialog, count);
        if (!chosen) return false;
        chosen->legs.push_back(dialog);
        extensions_.insert_or_assign(dialog.leg, dialog.extension);
        seated_.push_back(dialog.leg);
        return true;
    });
    return seated > 0;
}

Appearances::Claim Appearances::seize(std::string_view extension, unsigned index, unsigned count,
                                      SubscriptionId subscription, const WatcherPhone& phone)
{
    if (index == 0 || index > count) return {Seizure::unknown};
    auto& all = lines_[std::string{extension}].appearances;
    const auto found = std::ranges::find(all, index, &Appearance::index);
    if (found == all.end()) {
        all.push_back({.index = index, .legs = {}, .seized_by = subscription, .seized_at = phone});
        return {Seizure::granted};
    }
    const bool held = found->state() == AppearanceState::held;
    const bool by_another = found->seized_by && !is_same(found->seized_at, phone);
    if (by_another || (!found->legs.empty() && !held)) return {Seizure::taken};
    found->seized_at = phone;
    return {Seizure::granted, std::exchange(found->seized_by, subscription)};
}

bool Appearances::release(std::string_view extension, SubscriptionId subscription)
{
    const auto line = lines_.find(extension);
    if (line == lines_.end()) return false;
    auto& all = line->second.appearances;
    const auto found = std::ranges::find(all, subscription, &Appearance::seized_by);
    if (found == all.end()) return false;
    found->seized_by = {};
    found->seized_at = {};
    drop_idle(extension);
    return true;
}

SubscriptionId Appearances::claim_of(std::string_view extension, unsigned index,
                                     const WatcherPhone& phone) const
{
    const auto line = lines_.find(extension);
    if (line == lines_.end()) return {};
    for (const auto& one : line->second.appearances) {
        const bool meant = index > 0 ? index == one.index : one.legs.empty();
        if (meant && one.seized_by && is_same(one.seized_at, phone)) return one.seized_by;
    }
    return {};
}

bool Appearances::is_claimed_by_another(std::string_view extension, unsigned index,
                                        const WatcherPhone& phone) const
{
    const auto* found = find(extension, index);
    return found && found->seized_by && !is_same(found->seized_at, phone);
}

void Appearances::expect(std::string_view extension, std::string call_id, unsigned index,
                         const WatcherPhone& phone)
{
    lines_[std::string{extension}].expected = Expected{std::move(call_id), index, phone};
}

void Appearances::forget_expected(std::string_view extension)
{
    const auto line = lines_.find(extension);
    if (line == lines_.end()) return;
    line->second.expected.reset();
    drop_idle(extension);
}

const DialogId* Appearances::held(std::string_view extension, unsigned index) const
{
    const auto* found = find(extension, index);
    if (!found || found->state() != AppearanceState::held) return nullptr;
    for (const auto& leg : found->legs)
        if (leg.state == LegState::confirmed && leg.holds) return &leg.dialog;
    return nullptr;
}

std::optional<AppearanceState> Appearances::state(std::string_view extension, unsigned index) const
{
    const auto* found = find(extension, index);
    if (!found) return std::nullopt;
    return found->state();
}

std::optional<LinePlace> Appearances::place_of(LegId leg) const
{
    const auto extension = extensions_.find(leg);
    if (extension == extensions_.end()) return std::nullopt;
    for (const auto& one : lines_.find(extension->second)->second.appearances)
        for (const auto& each : one.legs)
            if (each.leg == leg) return LinePlace{one.index, each.place && each.place->is_private};
    return std::nullopt;
}

std::vector<CallInfo> Appearances::shown(std::string_view extension, const Directory& directory,
                                         unsigned count, PartyView parties) const
{
    std::vector<CallInfo> infos;
    if (count == 0) return infos;
    const auto is_nameless = [&](const DialogSnapshot& dialog) {
        return parties == PartyView::anonymous ||
               (parties == PartyView::named && withholds_party(dialog, directory));
    };
    const auto uri = write(extension_uri(extension, directory.domain()));
    if (const auto line = lines_.find(extension); line != lines_.end())
        for (const auto& one : line->second.appearances) {
            if (one.index > count || one.is_idle()) continue;
            CallInfo info{.uri = uri,
                          .index = one.index,
                          .rest = false,
                          .state = one.state(),
                          .appearance_uri = {}};
            if (!one.legs.empty())
                info.appearance_uri =
                    write(is_nameless(one.legs.back()) ? anonymous_party()
                                                       : one.legs.back().remote.identity);
            infos.push_back(std::move(info));
        }
    std::ranges::sort(infos, {}, &CallInfo::index);
    infos.push_back(idle_rest(extension, directory.domain()));
    return infos;
}

const Appearances::Appearance* Appearances::find(std::string_view extension, unsigned index) const
{
    const auto line = lines_.find(extension);
    if (line == lines_.end()) return nullptr;
    const auto& all = line->second.appearances;
    const auto found = std::ranges::find(all, index, &Appearance::index);
    return found == all.end() ? nullptr : &*found;
}

void Appearances::drop_idle(std::string_view extension)
{
    const auto line = lines_.find(extension);
    if (line == lines_.end()) return;
    std::erase_if(line->second.appearances, [](const Appearance& one) { return one.is_idle(); });
    const auto& [appearances, beyond, expected] = line->second;
    if (appearances.empty() && beyond.empty() && !expected) lines_.erase(line);
}

}  // namespace lampline
