#include "db/write_behind.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <spdlog/spdlog.h>
#include <sqlite3.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "base/table_room.hpp"

namespace lampline::db {
namespace {

std::string key_of(const std::string& call_id, const std::string& local_tag)
{
    return call_id + '\n' + local_tag;
}

std::string key_of(const UnaskedLamp& lamp)
{
    return lamp.watcher + '\n' + lamp.phone + '\n' + lamp.member;
}

/// `stored` takes the place of what is owed of the same `key`, and is `first` if that was: what is
/// still to be removed is on the disk.
template <class Stored, class Table>
void owe_stored(Table& owed, const typename Table::key_type& key, Stored&& stored)
{
    if (const auto before = owed.find(key); before != owed.end()) {
        const auto* unwritten = std::get_if<Stored>(&before->second);
        stored.first = unwritten && unwritten->first;
    }
    owed.insert_or_assign(key, std::move(stored));
}

/// What the disk has never heard of is not removed from it: most calls are too short for it, and a
/// failing disk makes nothing grow.
template <class Stored, class Table, class Removed>
void owe_removed(Table& owed, const typename Table::key_type& key, Removed&& removed)
{
    const auto before = owed.find(key);
    const auto* unwritten = before == owed.end() ? nullptr : std::get_if<Stored>(&before->second);
    if (unwritten && unwritten->first)
        owed.erase(before);
    else
        owed.insert_or_assign(key, std::forward<Removed>(removed));
}

}  // namespace

WriteBehind::WriteBehind(Database& database)
    : database_{database}, bindings_{database}, subscriptions_{database},
      publications_{database}, calls_{database}, turns_{database},
      ended_notifiers_{database}, open_records_{database}, call_log_{database},
      outside_days_{database}, unasked_lamps_{database}
{
}

void WriteBehind::add(std::vector<StorageChange> changes, TimePoint now)
{
    using Kind = OwedBinding::Kind;
    for (auto& change : changes) {
        const auto due = pacing_.due(change, now);
        if (auto* stored = std::get_if<BindingStored>(&change)) {
            add_binding(std::move(stored->binding),
                        stored->refresh ? Kind::refreshed : Kind::stored);
        } else if (auto* removed = std::get_if<BindingRemoved>(&change)) {
            Binding binding;
            binding.aor = std::move(removed->aor);
            binding.contact = std::move(removed->contact);
            add_binding(std::move(binding), Kind::removed);
        } else if (auto* subscription = std::get_if<SubscriptionStored>(&change)) {
            auto key =
                key_of(subscription->subscription.call_id, subscription->subscription.local_tag);
            owed_subscriptions_.insert_or_assign(std::move(key), std::move(*subscription));
        } else if (auto* ended = std::get_if<SubscriptionRemoved>(&change)) {
            auto key = key_of(ended->call_id, ended->local_tag);
            owed_subscriptions_.insert_or_assign(std::move(key), std::move(*ended));
        } else if (auto* publication = std::get_if<PublicationStored>(&change)) {
            const auto id = publication->publication.id;
            owe_stored(owed_publications_, id, std::move(*publication));
        } else if (auto* withdrawn = std::get_if<PublicationRemoved>(&change)) {
            const auto id = withdrawn->id;
            owe_removed<PublicationStored>(owed_publications_, id, std::move(*withdrawn));
        } else if (auto* call = std::get_if<CallStored>(&change)) {
            const auto id = call->call->id;
            owe_stored(owed_calls_, id, std::move(*call));
        } else if (auto* over = std::get_if<CallRemoved>(&change)) {
            owe_removed<CallStored>(owed_calls_, over->call, *over);
        } else if (auto* ringing = std::get_if<RingingStored>(&change)) {
            const auto id = ringing->call->id;
            owe_stored(owed_ringing_, id, std::move(*ringing));
        } else if (auto* silent = std::get_if<RingingRemoved>(&change)) {
            owe_removed<RingingStored>(owed_ringing_, silent->call, *silent);
        } else if (auto* turn = std::get_if<TurnTaken>(&change)) {
            auto group = turn->group;
            owed_turns_.insert_or_assign(std::move(group), std::move(*turn));
        } else if (auto* notifier = std::get_if<NotifierEnded>(&change)) {
            auto dialog = notifier->dialog;
            owed_ended_.try_emplace(std::move(dialog), std::move(*notifier));
        } else if (auto* opened = std::get_if<RecordOpened>(&change)) {
            add_record(std::move(*opened));
        } else if (auto* recorded = std::get_if<CallRecorded>(&change)) {
            add_record(std::move(*recorded));
        } else if (auto* day = std::get_if<OutsideDay>(&change)) {
            auto key = key_of(day->payer, day->trunk);
            owed_days_.insert_or_assign(std::move(key), std::move(*day));
        } else if (auto* lit = std::get_if<UnaskedLampStored>(&change)) {
            owed_lamps_.insert_or_assign(key_of(lit->lamp), std::move(*lit));
        } else if (auto* dark = std::get_if<UnaskedLampRemoved>(&change)) {
            owed_lamps_.insert_or_assign(key_of(dark->lamp), std::move(*dark));
        }
        due_by(due);
    }
}

void WriteBehind::add_binding(Binding binding, OwedBinding::Kind kind)
{
    auto& owed = owed_bindings_[binding.aor];
    const auto same = std::find_if(owed.begin(), owed.end(), [&](const OwedBinding& each) {
        return each.binding.contact == binding.contact ||
               equivalent(each.binding.contact, binding.contact);
    });
    if (same == owed.end()) {
        owed.push_back({std::move(binding), kind});
        ++owed_bindings_count_;
        return;
    }
    // What is owed was never written, so a refresh on top of it must still write all of it.
    const bool only_lease =
        kind == OwedBinding::Kind::refreshed && same->kind == OwedBinding::Kind::refreshed;
    if (kind == OwedBinding::Kind::refreshed && !only_lease) kind = OwedBinding::Kind::stored;
    *same = {std::move(binding), kind};
}

void WriteBehind::add_record(RecordOpened opened)
{
    const auto id = opened.open->record.id;
    owed_open_.insert_or_assign(id, std::move(opened));
}

void WriteBehind::add_record(CallRecorded recorded)
{
    if (recorded.was_open) owed_open_.erase(recorded.record->id);
    if (owed_records_.size() >= max_records) {
        if (lost_records_++ % 1000 == 0)
            spdlog::error("database: {} records of calls are lost", lost_records_);
        owed_records_.pop_front();
    }
    owed_records_.push_back(std::move(recorded));
}

void WriteBehind::due_by(TimePoint deadline)
{
    const bool retrying = retry_delay_.count() > 0;
    if (!deadline_ || (!retrying && deadline < *deadline_)) deadline_ = deadline;
}

std::size_t WriteBehind::owed() const noexcept
{
    return owed_bindings_count_ + owed_subscriptions_.size() + owed_publications_.size() +
           owed_calls_.size() + owed_ringing_.size() + owed_turns_.size() + owed_ended_.size() +
           owed_days_.size() + owed_lamps_.size() + owed_open_.size() + owed_records_.size();
}

void WriteBehind::flush_due(TimePoint now)
{
    if (deadline_ && *deadline_ <= now) flush(now);
}

bool WriteBehind::flush(TimePoint now)
{
    if (owed() == 0) {
        deadline_.reset();
        return true;
    }
    const auto written = owed();
    try {
        write_together();
    } catch (const SQLite::Exception& failure) {
        bindings_.forget_rows();
        if (failure.getErrorCode() != SQLITE_CONSTRAINT) {
            retry_delay_ = std::clamp(retry_delay_ * 2, std::chrono::seconds{1}, max_retry_delay);
            deadline_ = now + retry_delay_;
            spdlog::error("database: {} changes wait, next attempt in {} s: {}", owed(),
                          retry_delay_.count(), failure.what());
            return false;
        }
        write_one_by_one();
    }
    owed_bindings_.clear();
    owed_bindings_count_ = 0;
    owed_subscriptions_.clear();
    owed_publications_.clear();
    owed_calls_.clear();
    owed_ringing_.clear();
    owed_turns_.clear();
    owed_ended_.clear();
    owed_days_.clear();
    owed_lamps_.clear();
    owed_open_.clear();
    owed_records_.clear();
    give_back_room(owed_bindings_);
    give_back_room(owed_subscriptions_);
    give_back_room(owed_calls_);
    give_back_room(owed_ringing_);
    give_back_room(owed_lamps_);
    give_back_room(owed_open_);
    deadline_.reset();
    pacing_.note_written(written, now);
    retry_delay_ = {};
    return true;
}

template <class Visit>
void WriteBehind::for_each_owed(Visit visit)
{
    for (const auto& [aor, owed] : owed_bindings_)
        for (const auto& each : owed) visit(each);
    for (const auto& [key, owed] : owed_subscriptions_) visit(owed);
    for (const auto& [id, owed] : owed_publications_) visit(owed);
    for (const auto& [id, owed] : owed_calls_) visit(owed);
    for (const auto& [id, owed] : owed_ringing_) visit(owed);
    for (const auto& [group, owed] : owed_turns_) visit(owed);
    for (const auto& [dialog, owed] : owed_ended_) visit(owed);
    for (const auto& [key, owed] : owed_days_) visit(owed);
    for (const auto& [key, owed] : owed_lamps_) visit(owed);
    for (const auto& [id, owed] : owed_open_) visit(owed);
    for (const auto& owed : owed_records_) visit(owed);
}

void WriteBehind::write_together()
{
    Transaction transaction{database_, Durability::normal};
    for_each_owed([this](const auto& owed) { write(owed); });
    transaction.commit();
}

void WriteBehind::write_one_by_one()
{
    for_each_owed([this](const auto& owed) {
        try {
            Transaction transaction{database_, Durability::normal};
            write(owed);
            transaction.commit();
        } catch (const SQLite::Exception& failure) {
            bindings_.forget_rows();
            spdlog::error("database: a change was dropped: {}", failure.what());
        }
    });
}

void WriteBehind::write(const OwedBinding& owed)
{
    switch (owed.kind) {
    case OwedBinding::Kind::refreshed: return bindings_.refresh(owed.binding);
    case OwedBinding::Kind::stored: return bindings_.put(owed.binding);
    case OwedBinding::Kind::removed:
        return bindings_.remove(owed.binding.aor, owed.binding.contact);
    }
}

void WriteBehind::write(const OwedSubscription& owed)
{
    if (const auto* stored = std::get_if<SubscriptionStored>(&owed))
        return subscriptions_.put(stored->subscription);
    const auto& removed = std::get<SubscriptionRemoved>(owed);
    subscriptions_.remove(removed.call_id, removed.local_tag);
}

void WriteBehind::write(const OwedPublication& owed)
{
    if (const auto* stored = std::get_if<PublicationStored>(&owed))
        return publications_.put(stored->publication);
    publications_.remove(std::get<PublicationRemoved>(owed).id);
}

void WriteBehind::write(const OwedCall& owed)
{
    if (const auto* stored = std::get_if<CallStored>(&owed)) return calls_.put(*stored->call);
    calls_.remove(std::get<CallRemoved>(owed).call);
}

void WriteBehind::write(const OwedRinging& owed)
{
    if (const auto* stored = std::get_if<RingingStored>(&owed)) return calls_.put(*stored->call);
    calls_.remove_ringing(std::get<RingingRemoved>(owed).call);
}

void WriteBehind::write(const TurnTaken& owed)
{
    turns_.put(owed);
}

void WriteBehind::write(const NotifierEnded& owed)
{
    ended_notifiers_.put(owed);
}

void WriteBehind::write(const OutsideDay& owed)
{
    outside_days_.put(owed);
}

void WriteBehind::write(const OwedLamp& owed)
{
    if (const auto* lit = std::get_if<UnaskedLampStored>(&owed))
        return unasked_lamps_.put(lit->lamp);
    unasked_lamps_.remove(std::get<UnaskedLampRemoved>(owed).lamp);
}

void WriteBehind::write(const RecordOpened& owed)
{
    open_records_.put(*owed.open);
}

void WriteBehind::write(const CallRecorded& owed)
{
    call_log_.put(*owed.record);
    if (owed.was_open) open_records_.remove(owed.record->id);
}

}  // namespace lampline::db
