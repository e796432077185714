#include "db/calling_card_store.hpp"

#include "db/rows.hpp"

namespace lampline::db {

std::optional<SoleRow<CallingCard>> CallingCardStore::find() const
{
    SQLite::Statement select{
        database_.handle(),
        "SELECT number, display_name, everybody, first_digit, inter_digit, long_pound, back, "
        "longest, version, updated_at FROM calling_card"};
    if (!select.executeStep()) return std::nullopt;
    SoleRow<CallingCard> row;
    row.content.number = select.getColumn(0).getString();
    row.content.display_name = select.getColumn(1).getString();
    row.content.everybody = select.getColumn(2).getInt() != 0;
    auto& rules = row.content.rules;
    rules.first_digit = std::chrono::seconds{select.getColumn(3).getInt()};
    rules.inter_digit = std::chrono::seconds{select.getColumn(4).getInt()};
    rules.long_pound = std::chrono::milliseconds{select.getColumn(5).getInt()};
    rules.back = select.getColumn(6).getString();
    rules.longest = std::chrono::seconds{select.getColumn(7).getInt()};
    row.version = static_cast<std::uint64_t>(select.getColumn(8).getInt64());
    row.updated_at = time_in(select.getColumn(9));
    SQLite::Statement users{database_.handle(),
                            "SELECT number FROM calling_card_user ORDER BY number"};
    while (users.executeStep()) row.content.users.push_back(users.getColumn(0).getString());
    return row;
}

void CallingCardStore::put(const SoleRow<CallingCard>& row)
{
    const auto& card = row.content;
    SQLite::Statement replace{
        database_.handle(),
        "INSERT OR REPLACE INTO calling_card VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"};
    replace.bind(1, card.number);
    replace.bind(2, card.display_name);
    replace.bind(3, card.everybody ? 1 : 0);
    replace.bind(4, static_cast<std::int64_t>(card.rules.first_digit.count()));
    replace.bind(5, static_cast<std::int64_t>(card.rules.inter_digit.count()));
    replace.bind(6, static_cast<std::int64_t>(card.rules.long_pound.count()));
    replace.bind(7, card.rules.back);
    replace.bind(8, static_cast<std::int64_t>(card.rules.longest.count()));
    replace.bind(9, static_cast<std::int64_t>(row.version));
    replace.bind(10, column(row.updated_at));
    replace.exec();
    database_.handle().exec("DELETE FROM calling_card_user");
    SQLite::Statement insert{database_.handle(), "INSERT INTO calling_card_user VALUES (?)"};
    for (const auto& user : card.users) {
        insert.bind(1, user);
        run_once(insert);
    }
}

void CallingCardStore::forget(std::string_view number)
{
    SQLite::Statement remove{database_.handle(), "DELETE FROM calling_card_user WHERE number = ?"};
    remove.bind(1, std::string{number});
    // No later change has this version: the removal that it is part of has one of its own.
    if (remove.exec() > 0)
        database_.handle().exec("UPDATE calling_card SET version = version + 1");
}

}  // namespace lampline::db
