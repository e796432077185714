#include "support/scenario.hpp"

#include <doctest/doctest.h>

#include "support/scenario/network.hpp"
#include "support/scenario/values.hpp"

namespace lampline::test {

void Storage::take(const StorageChange& change)
{
    ++taken;
    std::visit(
        Overloaded{
            [&](const BindingStored& one) {
                bindings[one.binding.aor + write(one.binding.contact)] = one.binding;
            },
            [&](const BindingRemoved& one) { bindings.erase(one.aor + write(one.contact)); },
            [&](const SubscriptionStored& one) {
                const auto& row = one.subscription;
                subscriptions[row.call_id + '\n' + row.local_tag] = row;
            },
            [&](const SubscriptionRemoved& one) {
                subscriptions.erase(one.call_id + '\n' + one.local_tag);
            },
            [&](const PublicationStored& one) {
                CHECK(one.first == !publications.contains(one.publication.id));
                publications[one.publication.id] = one.publication;
            },
            [&](const PublicationRemoved& one) { CHECK(publications.erase(one.id) == 1); },
            [&](const CallStored& one) {
                CHECK(one.first == !calls.contains(one.call->id));
                calls[one.call->id] = *one.call;
            },
            [&](const CallRemoved& one) { CHECK(calls.erase(one.call) == 1); },
            [&](const RingingStored& one) {
                CHECK(one.first == !ringing.contains(one.call->id));
                ringing[one.call->id] = *one.call;
            },
            [&](const RingingRemoved& one) { CHECK(ringing.erase(one.call) == 1); },
            [&](const TurnTaken& one) { turns[one.group] = one; },
            [&](const NotifierEnded& one) { ended[one.dialog] = one; },
            [&](const RecordOpened& one) { records[one.open->record.id] = *one.open; },
            [&](const CallRecorded& one) {
                CHECK(one.was_open == (records.erase(one.record->id) == 1));
                for (const auto& part : one.record->parts) {
                    if (!part.answered_at) continue;
                    std::erase(talked, part.extension);
                    talked.push_back(part.extension);
                }
            },
            [&](const OutsideDay& one) { outside[one.payer + '\n' + one.trunk] = one; },
            [&](const UnaskedLampStored& one) {
                unasked_lamps[{one.lamp.watcher, one.lamp.phone, one.lamp.member}] = one.lamp;
            },
            [&](const UnaskedLampRemoved& one) {
                unasked_lamps.erase({one.lamp.watcher, one.lamp.phone, one.lamp.member});
            },
        },
        change);
}

Kept Scenario::kept() const
{
    if (storage_.taken > stored.size()) storage_ = {};  // the last entries are lost
    while (storage_.taken < stored.size()) storage_.take(stored[storage_.taken]);
    Kept kept;
    for (auto& [key, binding] : storage_.bindings) kept.bindings.push_back(binding);
    for (auto& [key, subscription] : storage_.subscriptions) kept.subscriptions.push_back(subscription);
    for (auto& [id, call] : storage_.calls) kept.calls.push_back(call);
    for (auto& [id, call] : storage_.ringing) kept.ringing.push_back(call);
    for (auto& [group, turn] : storage_.turns) kept.turns.push_back(turn);
    kept.talked = storage_.talked;
    for (auto& [key, day] : storage_.outside) kept.outside.push_back(day);
    for (auto& [id, publication] : storage_.publications) kept.publications.push_back(publication);
    for (auto& [dialog, one] : storage_.ended) kept.ended_notifiers.push_back(one);
    for (auto& [id, open] : storage_.records) kept.records.push_back(open);
    for (auto& [key, lamp] : storage_.unasked_lamps) kept.unasked_lamps.push_back(lamp);
    return kept;
}

void Scenario::restarts()
{
    restarts([](Kept&) {});
}

void Scenario::restarts(const std::function<void(Kept&)>& edit)
{
    auto left = kept();
    edit(left);
    for (const auto& [call_id, leg] : open_)
        if (const auto* phone = phone_of(leg)) said_[call_id] = phone->said(leg);
    if (network_) {
        network_->exchange_killed();
        open_.clear();
    }
    waiting_.clear();
    requests_.clear();
    invites_.clear();
    legs_.clear();
    for (const auto& phone : phones_) {
        phone->to_answer_.reset();
        phone->leg_ = {};
        phone->said_.clear();
    }
    exchange_.emplace(settings_, tokens_, directory());
    exchange_->restore(std::move(left), now_, outbox_);
    deliver();
    if (network_) network_->exchange_restarted();
}

}  // namespace lampline::test
