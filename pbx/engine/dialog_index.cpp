#include "engine/dialog_index.hpp"

#include "base/table_room.hpp"

namespace lampline {

void DialogIndex::add(const Leg& leg)
{
    by_call_id_[leg.dialog.call_id].push_back(leg.id);
    if (leg.role == LegRole::callee && !leg.extension.empty()) ringing_[leg.extension].push_back(leg.id);
    put_on(leg);
}

void DialogIndex::stopped_ringing(const Leg& leg)
{
    take(ringing_, leg.extension, leg.id);
}

void DialogIndex::remove(const Leg& leg)
{
    take(by_call_id_, leg.dialog.call_id, leg.id);
    take(ringing_, leg.extension, leg.id);
    take_off(leg);
}

void DialogIndex::move(Leg& leg, const Flow& flow)
{
    const bool same = leg.flow.connection == flow.connection;
    if (!same) take_off(leg);
    leg.flow = flow;
    if (!same) put_on(leg);
}

void DialogIndex::put_on(const Leg& leg)
{
    if (leg.flow.connection) by_connection_[leg.flow.connection].push_back(leg.id);
}

void DialogIndex::take_off(const Leg& leg)
{
    const auto found = by_connection_.find(leg.flow.connection);
    if (found == by_connection_.end()) return;
    std::erase(found->second, leg.id);
    if (!found->second.empty()) return;
    by_connection_.erase(found);
    give_back_room(by_connection_);
}

std::span<const LegId> DialogIndex::by_connection(ConnectionId connection) const noexcept
{
    const auto found = by_connection_.find(connection);
    if (found == by_connection_.end()) return {};
    return found->second;
}

std::span<const LegId> DialogIndex::by_call_id(std::string_view call_id) const noexcept
{
    return look_up(by_call_id_, call_id);
}

std::span<const LegId> DialogIndex::ringing(std::string_view extension) const noexcept
{
    return look_up(ringing_, extension);
}

void DialogIndex::take(Table& table, std::string_view key, LegId leg)
{
    const auto found = table.find(key);
    if (found == table.end()) return;
    std::erase(found->second, leg);
    if (!found->second.empty()) return;
    table.erase(found);
    give_back_room(table);
}

std::span<const LegId> DialogIndex::look_up(const Table& table, std::string_view key) noexcept
{
    const auto found = table.find(key);
    if (found == table.end()) return {};
    return found->second;
}

}  // namespace lampline
