#include "db/ring_group_store.hpp"

#include <array>
#include <unordered_map>

#include "db/rows.hpp"

namespace lampline::db {
namespace {

constexpr const char* columns =
    "SELECT number, display_name, strategy, ring_time, overflow, skip_busy, version, created_at, "
    "updated_at FROM ring_group ";

constexpr std::array<std::string_view, 5> strategies{"all", "linear", "round_robin", "longest_idle",
                                                     "random"};

StoredRingGroup head_in(SQLite::Statement& row)
{
    StoredRingGroup stored;
    stored.group.number = row.getColumn(0).getString();
    stored.group.display_name = row.getColumn(1).getString();
    stored.group.strategy =
        strategy_named(row.getColumn(2).getString()).value_or(RingStrategy::all);
    stored.group.ring_time = std::chrono::seconds{row.getColumn(3).getInt()};
    stored.group.overflow = row.getColumn(4).getString();
    stored.group.skip_busy = row.getColumn(5).getInt() != 0;
    stored.stamp = {static_cast<std::uint64_t>(row.getColumn(6).getInt64()),
                    time_in(row.getColumn(7)), time_in(row.getColumn(8))};
    return stored;
}

RingGroupMember member_in(SQLite::Statement& row, int first)
{
    return {row.getColumn(first).getString(),
            std::chrono::seconds{row.getColumn(first + 1).getInt()},
            row.getColumn(first + 2).getInt() != 0};
}

}  // namespace

std::string_view strategy_word(RingStrategy strategy) noexcept
{
    return strategies[static_cast<std::size_t>(strategy)];
}

std::optional<RingStrategy> strategy_named(std::string_view word) noexcept
{
    for (std::size_t i = 0; i < strategies.size(); ++i)
        if (word == strategies[i]) return static_cast<RingStrategy>(i);
    return std::nullopt;
}

std::optional<StoredRingGroup> RingGroupStore::find(std::string_view number) const
{
    SQLite::Statement head{database_.handle(), std::string{columns} + "WHERE number = ?"};
    head.bind(1, std::string{number});
    if (!head.executeStep()) return std::nullopt;
    auto row = head_in(head);
    SQLite::Statement members{database_.handle(), "SELECT number, delay, logged_in "
                                                  "FROM ring_group_member "
                                                  "WHERE ring_group = ? ORDER BY position"};
    members.bind(1, std::string{number});
    while (members.executeStep()) row.group.members.push_back(member_in(members, 0));
    return row;
}

std::vector<StoredRingGroup> RingGroupStore::all() const
{
    std::vector<StoredRingGroup> rows;
    std::unordered_map<std::string, std::size_t> place;
    SQLite::Statement heads{database_.handle(), std::string{columns} + "ORDER BY number"};
    while (heads.executeStep()) {
        rows.push_back(head_in(heads));
        place.emplace(rows.back().group.number, rows.size() - 1);
    }
    SQLite::Statement members{database_.handle(),
                              "SELECT ring_group, number, delay, logged_in FROM ring_group_member "
                              "WHERE ring_group IN (SELECT number FROM ring_group) "
                              "ORDER BY ring_group, position"};
    while (members.executeStep())
        rows[place.at(members.getColumn(0).getString())].group.members.push_back(
            member_in(members, 1));
    return rows;
}

void RingGroupStore::put(const StoredRingGroup& row)
{
    const auto& group = row.group;
    SQLite::Statement upsert{
        database_.handle(),
        "INSERT INTO ring_group VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (number) "
        "DO UPDATE SET display_name = excluded.display_name, strategy = excluded.strategy, "
        "ring_time = excluded.ring_time, overflow = excluded.overflow, "
        "skip_busy = excluded.skip_busy, version = excluded.version, "
        "updated_at = excluded.updated_at"};
    upsert.bind(1, group.number);
    upsert.bind(2, group.display_name);
    upsert.bind(3, std::string{strategy_word(group.strategy)});
    upsert.bind(4, static_cast<std::int64_t>(group.ring_time.count()));
    upsert.bind(5, group.overflow);
    upsert.bind(6, group.skip_busy ? 1 : 0);
    upsert.bind(7, static_cast<std::int64_t>(row.stamp.version));
    upsert.bind(8, column(row.stamp.created_at));
    upsert.bind(9, column(row.stamp.updated_at));
    upsert.exec();

    SQLite::Statement erase{database_.handle(),
                            "DELETE FROM ring_group_member WHERE ring_group = ?"};
    erase.bind(1, group.number);
    erase.exec();
    SQLite::Statement member{database_.handle(),
                             "INSERT INTO ring_group_member VALUES (?, ?, ?, ?, ?)"};
    for (std::size_t i = 0; i < group.members.size(); ++i) {
        member.bind(1, group.number);
        member.bind(2, static_cast<std::int64_t>(i));
        member.bind(3, group.members[i].number);
        member.bind(4, static_cast<std::int64_t>(group.members[i].delay.count()));
        member.bind(5, group.members[i].logged_in ? 1 : 0);
        run_once(member);
    }
}

bool RingGroupStore::remove(std::string_view number)
{
    SQLite::Statement erase{database_.handle(), "DELETE FROM ring_group WHERE number = ?"};
    erase.bind(1, std::string{number});
    return erase.exec() > 0;
}

std::vector<std::string> RingGroupStore::with_member(std::string_view extension) const
{
    std::vector<std::string> numbers;
    SQLite::Statement select{
        database_.handle(),
        "SELECT ring_group FROM ring_group_member WHERE number = ? ORDER BY ring_group"};
    select.bind(1, std::string{extension});
    while (select.executeStep()) numbers.push_back(select.getColumn(0).getString());
    return numbers;
}

}  // namespace lampline::db
