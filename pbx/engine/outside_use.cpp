#include "engine/outside_use.hpp"

namespace lampline {

void OutsideUse::set_day(std::chrono::sys_days day)
{
    if (day == day_) return;
    day_ = day;
    for (auto* table : {&payers_, &trunks_}) {
        for (auto& [key, count] : *table) count.today = 0;
        std::erase_if(*table, [](const auto& each) { return each.second.now == 0; });
    }
}

void OutsideUse::restore(const std::vector<OutsideDay>& days)
{
    for (const auto& each : days) {
        if (each.day != day_) continue;
        auto& count = each.payer.empty() ? at(trunks_, each.trunk) : at(payers_, each.payer);
        count.today = each.calls;
    }
}

OutsideUse::Count& OutsideUse::at(Table& table, std::string_view key)
{
    const auto found = table.find(key);
    return found == table.end() ? table[std::string{key}] : found->second;
}

void OutsideUse::began(std::string_view payer, std::string_view trunk, Anew anew, Outbox& outbox)
{
    auto& over = at(trunks_, trunk);
    ++over.now;
    if (anew.trunk) outbox.store(OutsideDay{day_, {}, std::string{trunk}, ++over.today});
    if (payer.empty()) return;
    auto& by = at(payers_, payer);
    ++by.now;
    if (anew.payer) outbox.store(OutsideDay{day_, std::string{payer}, {}, ++by.today});
}

void OutsideUse::resumed(std::string_view payer, std::string_view trunk)
{
    ++at(trunks_, trunk).now;
    if (!payer.empty()) ++at(payers_, payer).now;
}

void OutsideUse::count_down(Table& table, std::string_view key)
{
    const auto found = table.find(key);
    if (found == table.end()) return;
    if (found->second.now > 0) --found->second.now;
    if (found->second.now == 0 && found->second.today == 0) table.erase(found);
}

void OutsideUse::ended(std::string_view payer, std::string_view trunk)
{
    count_down(trunks_, trunk);
    if (!payer.empty()) count_down(payers_, payer);
}

OutsideLimit OutsideUse::limit_of(const Table& table, std::string_view key,
                                  const OutsideLimits& limits)
{
    const auto found = table.find(key);
    const Count count = found == table.end() ? Count{} : found->second;
    if (limits.calls != 0 && count.now >= limits.calls) return OutsideLimit::calls;
    if (limits.calls_per_day != 0 && count.today >= limits.calls_per_day)
        return OutsideLimit::calls_per_day;
    return OutsideLimit::none;
}

OutsideLimit OutsideUse::payer_limit(std::string_view payer, const OutsideLimits& limits) const
{
    return limit_of(payers_, payer, limits);
}

OutsideLimit OutsideUse::trunk_limit(std::string_view trunk, const OutsideLimits& limits) const
{
    return limit_of(trunks_, trunk, limits);
}

std::size_t OutsideUse::calls_over(std::string_view trunk) const noexcept
{
    const auto found = trunks_.find(trunk);
    return found == trunks_.end() ? 0 : found->second.now;
}

}  // namespace lampline
