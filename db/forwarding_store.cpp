#include "db/forwarding_store.hpp"

#include "db/rows.hpp"

namespace lampline::db {
namespace {

constexpr const char* columns =
    "SELECT number, always, busy, no_answer, unregistered, no_answer_after, do_not_disturb, "
    "call_waiting, call_limit, forking, version, updated_at FROM forwarding ";

StoredForwarding row_in(SQLite::Statement& row)
{
    StoredForwarding stored;
    stored.number = row.getColumn(0).getString();
    auto& forwarding = stored.forwarding;
    forwarding.always = row.getColumn(1).getString();
    forwarding.busy = row.getColumn(2).getString();
    forwarding.no_answer = row.getColumn(3).getString();
    forwarding.unregistered = row.getColumn(4).getString();
    forwarding.no_answer_after = std::chrono::seconds{row.getColumn(5).getInt()};
    forwarding.do_not_disturb = row.getColumn(6).getInt() != 0;
    forwarding.call_waiting = row.getColumn(7).getInt() != 0;
    if (const auto limit = row.getColumn(8); !limit.isNull())
        forwarding.call_limit = static_cast<unsigned>(limit.getInt());
    forwarding.forking = forking_named(row.getColumn(9).getString()).value_or(Forking::parallel);
    stored.version = static_cast<std::uint64_t>(row.getColumn(10).getInt64());
    stored.updated_at = time_in(row.getColumn(11));
    return stored;
}

CallerException exception_in(SQLite::Statement& row)
{
    return {caller_match_named(row.getColumn(1).getString()).value_or(CallerMatch::number),
            row.getColumn(2).getString(),
            caller_treatment_named(row.getColumn(3).getString()).value_or(CallerTreatment::ring),
            row.getColumn(4).getString()};
}

constexpr const char* exception_columns =
    "SELECT number, match, caller, treatment, target FROM caller_exception ";

}  // namespace

std::string_view forking_word(Forking forking) noexcept
{
    return forking == Forking::parallel ? "parallel" : "sequential";
}

std::optional<Forking> forking_named(std::string_view word) noexcept
{
    for (const auto forking : {Forking::parallel, Forking::sequential})
        if (word == forking_word(forking)) return forking;
    return std::nullopt;
}

std::string_view word(CallerMatch match) noexcept
{
    switch (match) {
    case CallerMatch::number: return "number";
    case CallerMatch::prefix: return "prefix";
    case CallerMatch::anonymous: break;
    }
    return "anonymous";
}

std::string_view word(CallerTreatment treatment) noexcept
{
    switch (treatment) {
    case CallerTreatment::ring: return "ring";
    case CallerTreatment::forward: return "forward";
    case CallerTreatment::refuse: break;
    }
    return "refuse";
}

std::optional<CallerMatch> caller_match_named(std::string_view text) noexcept
{
    for (const auto match : {CallerMatch::number, CallerMatch::prefix, CallerMatch::anonymous})
        if (text == word(match)) return match;
    return std::nullopt;
}

std::optional<CallerTreatment> caller_treatment_named(std::string_view text) noexcept
{
    using enum CallerTreatment;
    for (const auto treatment : {ring, forward, refuse})
        if (text == word(treatment)) return treatment;
    return std::nullopt;
}

std::optional<StoredForwarding> ForwardingStore::find(std::string_view number) const
{
    SQLite::Statement select{database_.handle(), std::string{columns} + "WHERE number = ?"};
    select.bind(1, std::string{number});
    if (!select.executeStep()) return std::nullopt;
    auto row = row_in(select);
    SQLite::Statement exceptions{database_.handle(), std::string{exception_columns} +
                                                         "WHERE number = ? ORDER BY position"};
    exceptions.bind(1, row.number);
    while (exceptions.executeStep()) row.forwarding.exceptions.push_back(exception_in(exceptions));
    return row;
}

std::vector<StoredForwarding> ForwardingStore::all() const
{
    std::vector<StoredForwarding> rows;
    SQLite::Statement select{database_.handle(), std::string{columns} + "ORDER BY number"};
    while (select.executeStep()) rows.push_back(row_in(select));
    SQLite::Statement exceptions{database_.handle(),
                                 std::string{exception_columns} + "ORDER BY number, position"};
    auto row = rows.begin();  // both are in the order of numbers
    while (exceptions.executeStep()) {
        const auto number = exceptions.getColumn(0).getString();
        while (row != rows.end() && row->number != number) ++row;
        if (row == rows.end()) break;
        row->forwarding.exceptions.push_back(exception_in(exceptions));
    }
    return rows;
}

void ForwardingStore::put(const StoredForwarding& row)
{
    const auto& forwarding = row.forwarding;
    SQLite::Statement clear{database_.handle(), "DELETE FROM caller_exception WHERE number = ?"};
    clear.bind(1, row.number);
    clear.exec();
    SQLite::Statement replace{
        database_.handle(),
        "INSERT OR REPLACE INTO forwarding VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"};
    replace.bind(1, row.number);
    replace.bind(2, forwarding.always);
    replace.bind(3, forwarding.busy);
    replace.bind(4, forwarding.no_answer);
    replace.bind(5, forwarding.unregistered);
    replace.bind(6, static_cast<std::int64_t>(forwarding.no_answer_after.count()));
    replace.bind(7, forwarding.do_not_disturb ? 1 : 0);
    replace.bind(8, forwarding.call_waiting ? 1 : 0);
    if (forwarding.call_limit) replace.bind(9, static_cast<int>(*forwarding.call_limit));
    replace.bind(10, std::string{forking_word(forwarding.forking)});
    replace.bind(11, static_cast<std::int64_t>(row.version));
    replace.bind(12, column(row.updated_at));
    replace.exec();
    SQLite::Statement insert{database_.handle(),
                             "INSERT INTO caller_exception VALUES (?, ?, ?, ?, ?, ?)"};
    for (std::size_t i = 0; i < forwarding.exceptions.size(); ++i) {
        const auto& exception = forwarding.exceptions[i];
        insert.bind(1, row.number);
        insert.bind(2, static_cast<std::int64_t>(i));
        insert.bind(3, std::string{word(exception.match)});
        insert.bind(4, exception.caller);
        insert.bind(5, std::string{word(exception.treatment)});
        insert.bind(6, exception.to);
        run_once(insert);
    }
}

}  // namespace lampline::db
