#include "db/digit_plan_store.hpp"

#include "db/rows.hpp"

namespace lampline::db {
namespace {

CallClass class_in(const SQLite::Column& column)
{
    return call_class_named(column.getString()).value_or(CallClass::internal);
}

DigitRule rule_in(SQLite::Statement& row)
{
    return {row.getColumn(0).getString(),
            row.getColumn(1).getString(),
            static_cast<unsigned>(row.getColumn(2).getInt()),
            row.getColumn(3).getString(),
            class_in(row.getColumn(4)),
            row.getColumn(5).getInt() != 0,
            static_cast<unsigned>(row.getColumn(6).getInt()),
            row.getColumn(7).getString(),
            lines_in(row.getColumn(8)),
            call_mode(row.getColumn(9).getString())};
}

}  // namespace

std::optional<SoleRow<DigitRules>> DigitPlanStore::find() const
{
    SQLite::Statement head{database_.handle(),
                           "SELECT default_right, version, updated_at FROM digit_plan"};
    if (!head.executeStep()) return std::nullopt;
    SoleRow<DigitRules> plan;
    plan.content.default_right = class_in(head.getColumn(0));
    plan.version = static_cast<std::uint64_t>(head.getColumn(1).getInt64());
    plan.updated_at = time_in(head.getColumn(2));
    SQLite::Statement rules{database_.handle(),
                            "SELECT name, pattern, priority, replacement, call_class, emergency, "
                            "status, phrase, trunks, mode FROM digit_rule ORDER BY position"};
    while (rules.executeStep()) plan.content.rules.push_back(rule_in(rules));
    SQLite::Statement rights{database_.handle(), "SELECT number, call_class FROM call_right"};
    while (rights.executeStep())
        plan.content.rights.emplace(rights.getColumn(0).getString(), class_in(rights.getColumn(1)));
    SQLite::Statement outside{database_.handle(),
                              "SELECT number, forward, calls, minutes, calls_a_day "
                              "FROM outside_right"};
    while (outside.executeStep()) {
        const OutsideRights may{outside.getColumn(1).getInt() != 0,
                                {outside.getColumn(2).getUInt(),
                                 std::chrono::minutes{outside.getColumn(3).getInt()},
                                 outside.getColumn(4).getUInt()}};
        auto number = outside.getColumn(0).getString();
        if (number.empty())
            plan.content.default_outside = may;
        else
            plan.content.outside.emplace(std::move(number), may);
    }
    return plan;
}

void DigitPlanStore::put(const SoleRow<DigitRules>& plan)
{
    SQLite::Statement head{database_.handle(),
                           "INSERT OR REPLACE INTO digit_plan VALUES (1, ?, ?, ?)"};
    head.bind(1, std::string{name(plan.content.default_right)});
    head.bind(2, static_cast<std::int64_t>(plan.version));
    head.bind(3, column(plan.updated_at));
    head.exec();

    database_.handle().exec("DELETE FROM digit_rule");
    SQLite::Statement insert{database_.handle(),
                             "INSERT INTO digit_rule VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"};
    for (std::size_t i = 0; i < plan.content.rules.size(); ++i) {
        const auto& rule = plan.content.rules[i];
        insert.bind(1, static_cast<std::int64_t>(i));
        insert.bind(2, rule.name);
        insert.bind(3, rule.pattern);
        insert.bind(4, static_cast<std::int64_t>(rule.priority));
        insert.bind(5, rule.replacement);
        insert.bind(6, std::string{name(rule.call_class)});
        insert.bind(7, rule.emergency ? 1 : 0);
        insert.bind(8, static_cast<std::int64_t>(rule.status));
        insert.bind(9, rule.phrase);
        insert.bind(10, column(rule.trunks));
        insert.bind(11, std::string{rule.mode ? name(*rule.mode) : ""});
        run_once(insert);
    }
    database_.handle().exec("DELETE FROM call_right");
    SQLite::Statement right{database_.handle(), "INSERT INTO call_right VALUES (?, ?)"};
    for (const auto& [number, call_class] : plan.content.rights) {
        right.bind(1, number);
        right.bind(2, std::string{name(call_class)});
        run_once(right);
    }
    database_.handle().exec("DELETE FROM outside_right");
    SQLite::Statement outside{database_.handle(),
                              "INSERT INTO outside_right VALUES (?, ?, ?, ?, ?)"};
    const auto put_outside = [&](const std::string& number, const OutsideRights& may) {
        outside.bind(1, number);
        outside.bind(2, may.forward ? 1 : 0);
        outside.bind(3, static_cast<std::int64_t>(may.limits.calls));
        outside.bind(4, static_cast<std::int64_t>(may.limits.minutes.count()));
        outside.bind(5, static_cast<std::int64_t>(may.limits.calls_per_day));
        run_once(outside);
    };
    put_outside({}, plan.content.default_outside);
    for (const auto& [number, may] : plan.content.outside) put_outside(number, may);
}

void DigitPlanStore::forget(std::string_view number)
{
    const std::string key{number};
    int gone = 0;
    for (const auto* sql : {"DELETE FROM call_right WHERE number = ?",
                            "DELETE FROM outside_right WHERE number = ? AND number <> ''"}) {
        SQLite::Statement remove{database_.handle(), sql};
        remove.bind(1, key);
        gone += remove.exec();
    }
    // No later change has this version: the removal that it is part of has one of its own.
    if (gone > 0) database_.handle().exec("UPDATE digit_plan SET version = version + 1");
}

}  // namespace lampline::db
