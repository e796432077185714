#include "admin/park_lot_service.hpp"

#include <algorithm>

#include "admin/numbers.hpp"
#include "db/extension_store.hpp"
#include "db/group_store.hpp"
#include "db/park_lot_store.hpp"
#include "db/ring_group_store.hpp"

namespace lampline::admin {
namespace {

constexpr std::chrono::seconds min_timeout{10};
constexpr std::chrono::seconds max_timeout{3600};
constexpr std::size_t max_digits = 9;
constexpr std::size_t max_groups = 50;

bool is_digits(std::string_view text)
{
    return !text.empty() && text.size() <= max_digits &&
           std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

void check_number(const ParkLot& lot, db::Database& database, std::vector<FieldFault>& faults)
{
    if (!is_number(lot.number))
        faults.push_back({"/number", "malformed", "must be 1 to 32 of A-Z a-z 0-9 . _ + * # -"});
    else if (lot.slot_of(lot.number))
        faults.push_back({"/number", "slot", "must not be one of the slots"});
    check_free(lot.number, NumberKind::park_slot, "/number", database, faults);
}

void check_slots(const ParkLot& lot, db::Database& database, std::vector<FieldFault>& faults)
{
    if (!is_digits(lot.first_slot)) {
        faults.push_back({"/first_slot", "malformed", "must be 1 to 9 digits"});
        return;
    }
    if (lot.slots < 1 || lot.slots > ParkLot::max_slots) {
        faults.push_back(
            {"/slots", "out_of_range", "must be 1 to " + std::to_string(ParkLot::max_slots)});
        return;
    }
    const auto slots = lot.all_slots();
    if (slots.size() < lot.slots)
        faults.push_back({"/first_slot", "too_few_digits", "leaves no room for all slots"});
    for (const auto& slot : slots)
        if (db::ExtensionStore{database}.find(slot) || db::RingGroupStore{database}.find(slot))
            faults.push_back({"/first_slot", "taken", slot + " is somebody's number already"});
}

void check_groups(const ParkLot& lot, const ParkLot& before, db::Database& database,
                  std::vector<FieldFault>& faults)
{
    if (lot.groups.size() > max_groups) {
        faults.push_back({"/groups", "too_many", "must be at most " + std::to_string(max_groups)});
        return;
    }
    const db::GroupStore groups{database};
    for (std::size_t i = 0; i < lot.groups.size(); ++i) {
        const auto& group = lot.groups[i];
        const auto pointer = "/groups/" + std::to_string(i);
        const auto here = lot.groups.begin() + static_cast<std::ptrdiff_t>(i);
        if (std::find(lot.groups.begin(), here, group) != here)
            faults.push_back({pointer, "duplicate", group + " is named twice"});
        else if (std::ranges::find(before.groups, group) == before.groups.end() &&
                 !groups.find(group))
            faults.push_back({pointer, "unknown_group", "there is no group " + group});
    }
}

std::vector<FieldFault> faults_of(const ParkLot& lot, const ParkLot& before, db::Database& database)
{
    std::vector<FieldFault> faults;
    if (lot.number.empty()) return faults;
    check_number(lot, database, faults);
    check_slots(lot, database, faults);
    if (lot.timeout < min_timeout || lot.timeout > max_timeout)
        faults.push_back({"/timeout", "out_of_range", "must be 10 to 3600 seconds"});
    if (lot.slot_of(lot.fallback) || (!lot.fallback.empty() && lot.fallback == lot.number))
        faults.push_back({"/fallback", "slot", "must be somebody who can answer"});
    else if (!may_lead_to(lot.fallback, before.fallback, database))
        faults.push_back({"/fallback", "unknown_number", "nobody has the number " + lot.fallback});
    check_groups(lot, before, database, faults);
    return faults;
}

}  // namespace

Sole<ParkLot> ParkLotService::at() const
{
    return in_force(db::ParkLotStore{database_}.find());
}

Result<SoleSaved<ParkLot>, Refusal> ParkLotService::put(const ParkLot& lot,
                                                        const Precondition& condition,
                                                        const Actor& actor,
                                                        std::chrono::sys_seconds now)
{
    return put_sole(
        database_, db::ParkLotStore{database_}, "park_lot.put", "park-lot", lot, condition, actor,
        now, [&](const ParkLot& asked) { return faults_of(asked, at().content, database_); });
}

}  // namespace lampline::admin
