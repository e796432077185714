#include "support/scenario.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <utility>

#include "core/server_location.hpp"
#include "support/scenario/network.hpp"
#include "support/scenario/values.hpp"

namespace lampline::test {
namespace {

TokenSource counting_tokens()
{
    return [count = std::make_shared<int>(0)] { return "t" + std::to_string(++*count); };
}

}  // namespace

Scenario::Scenario(std::vector<Group> groups, ExchangeSettings settings)
    : now_{std::chrono::steady_clock::time_point{1h},
           std::chrono::sys_days{std::chrono::year{2026} / 3 / 1}},
      groups_{std::move(groups)}, settings_{std::move(settings)}, tokens_{counting_tokens()}
{
    exchange_.emplace(settings_, tokens_, directory());
}

DirectoryRef Scenario::directory() const
{
    std::vector<Extension> extensions;
    for (int n = 101; n <= 109; ++n) {
        Extension extension{std::to_string(n), "Name " + std::to_string(n), {}, {}};
        if (const auto found = forwarding_.find(extension.number); found != forwarding_.end())
            extension.forwarding = found->second;
        if (const auto found = modes_.find(extension.number); found != modes_.end())
            extension.mode = found->second;
        for (const auto& [number, edit] : edits_)
            if (number == extension.number) edit(extension);
        if (std::ranges::find(removed_, extension.number) == removed_.end())
            extensions.push_back(std::move(extension));
    }
    return std::make_shared<const Directory>(std::string{scenario_domain}, std::move(extensions), groups_,
                                             Numbering{.feature_codes = {},
                                                       .ring_groups = ring_groups_,
                                                       .digit_plan = DigitPlan{rules_},
                                                       .trunks = trunks_,
                                                       .calling_card = calling_card_,
                                                       .park_lot = park_lot_},
                                             rows);
}

Scenario::~Scenario()
{
    for (const auto& phone : phones_)
        for (const auto& arrived : phone->inbox)
            if (!std::uncaught_exceptions())
                FAIL_CHECK(phone->number << " received unasked: " << arrived.what);
}

Phone& Scenario::phone(std::string number)
{
    auto& phone = silent_phone(std::move(number));
    phone.registers();
    return phone;
}

Phone& Scenario::silent_phone(std::string number)
{
    return *phones_.emplace_back(std::make_unique<Phone>(*this, std::move(number), next_port_++));
}

void Scenario::passes(std::chrono::milliseconds span)
{
    const auto end = now_.mono + span;
    while (now_.mono < end) {
        const auto deadline = exchange_->next_deadline();
        auto until = deadline && *deadline < end ? std::max(*deadline, now_.mono) : end;
        if (network_)
            if (const auto next = network_->next()) until = std::clamp(*next, now_.mono, until);
        now_.wall +=
            std::chrono::duration_cast<std::chrono::system_clock::duration>(until - now_.mono);
        now_.mono = until;
        if (network_) network_->goes_on();
        exchange_->advance(now_, outbox_);
        deliver();
        if (deadline && *deadline <= now_.mono && exchange_->next_deadline() == deadline)
            now_.mono += 1ms;
    }
    present_.reset();
}

void Scenario::stays_silent_for(std::chrono::seconds span)
{
    passes(span);
    for (const auto& phone : phones_)
        for (const auto& arrived : phone->inbox)
            FAIL_CHECK(phone->number << " received " << arrived.what);
}

void Scenario::replaces_directory(std::vector<Group> groups)
{
    groups_ = std::move(groups);
    exchange_->replace_directory(directory(), now_, outbox_);
    deliver();
}

void Scenario::forwards(const std::string& number, Forwarding forwarding)
{
    forwarding_[number] = std::move(forwarding);
    exchange_->replace_directory(directory(), now_, outbox_);
    deliver();
}

void Scenario::joins(const std::string& number, CallMode mode)
{
    modes_[number] = mode;
    exchange_->replace_directory(directory(), now_, outbox_);
    deliver();
}

void Scenario::has_calling_card(CallingCard card)
{
    calling_card_ = std::move(card);
    exchange_->replace_directory(directory(), now_, outbox_);
    deliver();
}

void Scenario::configures(const std::string& number, std::function<void(Extension&)> edit)
{
    edits_.emplace_back(number, std::move(edit));
    exchange_->replace_directory(directory(), now_, outbox_);
    deliver();
}

void Scenario::removes(const std::string& number)
{
    removed_.push_back(number);
    exchange_->replace_directory(directory(), now_, outbox_);
    deliver();
}

void Scenario::has_ring_groups(std::vector<RingGroup> groups)
{
    ring_groups_ = std::move(groups);
    exchange_->replace_directory(directory(), now_, outbox_);
    deliver();
}

void Scenario::has_park_lot(ParkLot lot)
{
    park_lot_ = std::move(lot);
    exchange_->replace_directory(directory(), now_, outbox_);
    deliver();
}

void Scenario::has_trunks(std::vector<Trunk> trunks, DigitRules rules)
{
    trunks_ = std::move(trunks);
    rules_ = std::move(rules);
    exchange_->replace_directory(directory(), now_, outbox_);
    deliver();
}

Phone& Scenario::carrier(const Trunk& trunk, std::string number)
{
    auto& phone = silent_phone(std::move(number));
    const auto& server = trunk.servers.front();
    phone.trunk = trunk.name;
    phone.flow = {server.transport.value_or(Transport::udp), server.host, server.port, {},
                  listener_by_way};
    return phone;
}

std::vector<CallRecord> Scenario::records() const
{
    std::vector<CallRecord> records;
    for (const auto& change : stored)
        if (const auto* recorded = std::get_if<CallRecorded>(&change))
            records.push_back(*recorded->record);
    return records;
}

const Forwarding& Scenario::forwarding_of(const std::string& number)
{
    return forwarding_[number];
}

void Scenario::settles_one(unsigned status)
{
    REQUIRE_FALSE(asked.empty());
    const auto feature = asked.front();
    asked.erase(asked.begin());
    settle(feature, status);
}

void Scenario::settle(const FeatureAsked& feature, unsigned status)
{
    if (status < 300) {
        const auto what = feature.dialled.feature;
        const auto& number = feature.dialled.number;
        apply(feature.dialled, forwarding_[feature.extension]);
        if (is_about_ring_groups(what))
            for (auto& group : ring_groups_)
                for (auto& member : group.members)
                    if ((!number || group.number == *number) && member.number == feature.extension)
                        member.logged_in = what == Feature::log_in;
        exchange_->replace_directory(directory(), now_, outbox_);
    }
    exchange_->receive(FeatureSettled{feature.leg, status, confirmation(feature.dialled),
                                      feature.subscription},
                       now_, outbox_);
    deliver();
}

OrderAnswer Scenario::orders(CallOrder order)
{
    if (order.call.empty() && order.action != CallAction::place)
        if (const auto calls = view().calls; calls.size() == 1) order.call = calls[0].id;
    auto answer = exchange_->carry_out(order, now_, outbox_);
    deliver();
    return answer;
}

void Scenario::ends_all_calls(CallsToEnd which)
{
    exchange_->end_calls(which, now_, outbox_);
    deliver();
}

void Scenario::has_network(std::function<Passage()> passage)
{
    network_ = std::make_unique<Network>(*this, std::move(passage));
}

bool Scenario::awaits_answer(TransactionId request) const
{
    return network_ ? network_->awaits_answer(request) : requests_.contains(request);
}

bool Scenario::is_known(LegId leg) const
{
    return is_open(leg) && !(network_ && network_->has_left(leg));
}

void Scenario::say(SipInput input)
{
    if (!network_ || !network_->take(input)) waiting_.push_back(std::move(input));
}

void Scenario::receive(const SipInput& input)
{
    if (!network_ || !network_->take(input)) enter(input);
}

void Scenario::enter(const SipInput& input)
{
    waiting_.push_back(input);
    if (std::exchange(stepping_, true)) return;
    while (!waiting_.empty()) {
        const auto next = std::move(waiting_.front());
        waiting_.pop_front();
        exchange_->receive(next, now_, outbox_);
        deliver();
    }
    stepping_ = false;
    while (settles && !asked.empty()) settles_one();
}

const LiveView& Scenario::present() const
{
    if (!present_) present_ = view();
    return *present_;
}

void Scenario::deliver()
{
    present_.reset();
    const bool outermost = !std::exchange(stepping_, true);
    auto commands = std::exchange(outbox_.commands, {});
    for (auto& change : outbox_.storage) stored.push_back(std::move(change));
    outbox_.storage.clear();
    outbox_.events.clear();
    for (auto& event : std::exchange(outbox_.shown, {})) shown.push_back(std::move(event));
    for (auto& command : commands) deliver(command);
    for (auto& feature : std::exchange(outbox_.asked, {})) asked.push_back(std::move(feature));
    if (!outermost) return;
    stepping_ = false;
    if (waiting_.empty()) return;
    auto next = std::move(waiting_.front());
    waiting_.pop_front();
    enter(next);
}

}  // namespace lampline::test
