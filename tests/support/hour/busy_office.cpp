#include "support/hour/busy_office.hpp"

#include <doctest/doctest.h>

#include <algorithm>

namespace lampline::test {
namespace {

constexpr int first_number = 300, member_count = 100, team_size = 10;
constexpr int first_watcher = 200;

std::string member(int at)
{
    return std::to_string(first_number + at % member_count);
}

std::string team_name(int team)
{
    return "team" + std::to_string(team);
}

/// What some have switched on for good.
std::map<std::string, Forwarding> first_forwarding()
{
    std::map<std::string, Forwarding> all;
    for (int at = 0; at < member_count; ++at) {
        auto& one = all[member(at)];
        one.no_answer_after = 2s;
        switch (at % 10) {
        case 1: one.busy = member(at + 1); break;
        case 2: one.no_answer = member(at + 3); break;
        case 3: one.call_waiting = false; break;
        case 4: one.unregistered = member(at + 1); break;
        case 6: one.forking = Forking::sequential; break;
        case 7: one.call_limit = 2; break;
        default: break;
        }
    }
    return all;
}

RingGroup ring_group(std::string number, RingStrategy strategy, int first)
{
    RingGroup group;
    group.number = std::move(number);
    group.strategy = strategy;
    group.ring_time = 2s;
    group.skip_busy = false;
    for (int at = first; at < first + 4; ++at) group.members.push_back({member(11 * at)});
    return group;
}

}  // namespace

std::vector<std::string> BusyOffice::numbers()
{
    std::vector<std::string> numbers;
    for (int at = 0; at < member_count; ++at) numbers.push_back(member(at));
    return numbers;
}

std::map<std::string, std::vector<std::string>> BusyOffice::teams()
{
    std::map<std::string, std::vector<std::string>> teams;
    for (int at = 0; at < member_count; ++at)
        teams[team_name(at / team_size)].push_back(member(at));
    return teams;
}

std::vector<Watching> BusyOffice::watching()
{
    std::vector<Watching> all;
    const auto every_team = teams();
    int number = first_watcher;
    for (const auto* row : built_in_profiles()) {
        const auto team = team_name(number % 10);
        all.push_back({std::to_string(number++), row, {team}, true});
    }
    for (const auto* row : built_in_profiles()) {
        auto resources = every_team.at(team_name(number % 10));
        resources.push_back("dnd+" + resources[0]);
        resources.push_back("fwd+" + resources[1]);
        for (unsigned at = 0; at < slot_count; ++at)
            resources.push_back("park+" + std::to_string(first_slot + at));
        all.push_back({std::to_string(number++), row, std::move(resources), false});
    }
    return all;
}

DirectoryRef BusyOffice::directory() const
{
    std::vector<Extension> extensions;
    std::vector<Group> groups;
    for (const auto& number : numbers())
        extensions.push_back({.number = number,
                              .display_name = "Desk " + number,
                              .forwarding = forwarding_.at(number)});
    for (auto& [name, members] : teams())
        groups.push_back({.name = name,
                          .display_name = name,
                          .members = members,
                          .watchers = {},
                          .members_pick_up = true});
    for (const auto& one : watching()) {
        extensions.push_back({.number = one.number});
        auto& team = groups[static_cast<std::size_t>(std::stoi(one.number) % 10)];
        team.watchers.push_back({one.number, false, one.row->name});
    }
    Numbering numbering;
    numbering.ring_groups = {ring_group("600", RingStrategy::all, 0),
                             ring_group("601", RingStrategy::linear, 4)};
    numbering.park_lot = {.number = std::string{park_number},
                          .first_slot = std::to_string(first_slot),
                          .slots = slot_count,
                          .timeout = 10s};
    return std::make_shared<const Directory>("office.test", std::move(extensions),
                                             std::move(groups), std::move(numbering));
}

BusyOffice::BusyOffice(unsigned seed)
    : chance_{seed}, forwarding_{first_forwarding()}, exchange_{directory()},
      watchers_{exchange_, chance_, watching(), teams()}, phones_{exchange_, chance_, numbers(),
                                                                  team_size}
{
    exchange_.carries_out = [this](const SipCommand& command) {
        if (const auto* notify = std::get_if<SendNotify>(&command)) return watchers_.take(*notify);
        if (const auto* reply = std::get_if<Reply>(&command)) watchers_.take(*reply);
        phones_.take(command);
    };
    exchange_.settles = [this](const FeatureAsked& asked) {
        apply(asked.dialled, forwarding_.at(asked.extension));
        exchange_.replace_directory(directory());
        exchange_.receive(
            FeatureSettled{asked.leg, 200, confirmation(asked.dialled), asked.subscription});
    };
    phones_.begin();
    watchers_.begin();
    refreshed_at_ = exchange_.now();
}

void BusyOffice::works()
{
    refreshes();
    const auto begin = exchange_.now();
    const auto between = std::chrono::milliseconds{1min} / calls_a_minute;
    constexpr auto calls = calls_a_minute / rests_a_minute;
    for (std::size_t call = 0; call < calls; ++call)
        exchange_.hands.add(begin + call * between, [this] {
            phones_.calls();
            const auto die = chance_.below(1000);
            if (die < 10) return phones_.wants_peace();
            if (die < 20) return forwards_for_a_while();
            if (die < 40) return phones_.leaves();
            if (die < 60) watchers_.act();
        });
    exchange_.passes_until(begin + calls * between, true);
}

/// Rests take time as well, in which what phones have asked for would expire.
void BusyOffice::refreshes()
{
    if (exchange_.now() < refreshed_at_ + 30min) return;
    refreshed_at_ = exchange_.now();
    phones_.register_again();
    watchers_.refresh();
}

void BusyOffice::forwards_for_a_while()
{
    const auto number = member(static_cast<int>(chance_.below(member_count)));
    auto& always = forwarding_.at(number).always;
    if (!always.empty()) return;
    ++forwards_;
    always = member(static_cast<int>(chance_.below(member_count)));
    if (always == number) always = member(std::stoi(number) + 1);
    exchange_.replace_directory(directory());
    const auto until = exchange_.now() + 1s + std::chrono::milliseconds{chance_.below(20000)};
    exchange_.hands.add(until, [this, number] {
        forwarding_.at(number).always.clear();
        exchange_.replace_directory(directory());
    });
}

void BusyOffice::passes_until_all_is_told()
{
    const auto latest = exchange_.now() + 10min;
    const auto owed = [this] {
        const auto lamps = exchange_.view().lamps;
        return std::ranges::any_of(
            lamps, [](const auto& lamp) { return lamp.owed || lamp.under_way || lamp.waiting; });
    };
    while (owed()) {
        REQUIRE(exchange_.now() < latest);
        exchange_.passes_until(exchange_.now() + 2s, false);
    }
}

void BusyOffice::rests()
{
    watchers_.calm(true);
    const auto began = exchange_.now();
    passes_until_all_is_told();
    const auto view = exchange_.view();
    watchers_.check(truth(view), view);
    exchange_.hands.postpone(exchange_.now() - began);
    watchers_.calm(false);
}

void BusyOffice::closes()
{
    watchers_.calm(true);
    exchange_.hands.forget();
    while (!phones_.are_idle()) {
        phones_.everybody_hangs_up();
        exchange_.passes_until(exchange_.now() + 1s, false);
    }
    exchange_.passes_until(exchange_.now() + 1min, false);
    passes_until_all_is_told();
    auto view = exchange_.view();
    watchers_.check(truth(view), view);
    CHECK(exchange_.call_count() == 0);
    CHECK_FALSE(phones_.is_something_left());
    watchers_.leave();
    exchange_.passes_until(exchange_.now() + 1min, false);
    CHECK(exchange_.view().lamps.empty());
}

Truth BusyOffice::truth(const LiveView& view) const
{
    auto truth = phones_.truth();
    for (const auto& [number, wishes] : forwarding_) {
        truth[number].do_not_disturb = wishes.do_not_disturb;
        truth[number].forwarded = !wishes.always.empty();
        truth["dnd+" + number].on = wishes.do_not_disturb;
        truth["fwd+" + number].on = !wishes.always.empty();
    }
    std::map<std::string, std::string> calls;  // by Call-ID
    for (const auto& call : view.calls)
        for (const auto& leg : call.legs) calls[leg.call_id] = call.id;
    for (auto& [number, state] : truth)
        for (auto& dialog : state.dialogs)
            if (const auto call = calls.find(dialog.call_id); call != calls.end())
                dialog.call = call->second;
    // Who waits in which slot only the exchange knows.
    for (const auto& call : view.calls)
        for (const auto& leg : call.legs)
            if (is_park_name(leg.extension) && leg.state == "confirmed")
                truth[leg.extension].dialogs.push_back(
                    {leg.call_id, LegState::confirmed, leg.role == "callee"});
    return truth;
}

std::map<std::string, std::size_t> BusyOffice::done() const
{
    auto done = phones_.done;
    for (const auto& [what, times] : watchers_.done) done[what] += times;
    done["forward all"] = forwards_;
    return done;
}

}  // namespace lampline::test
