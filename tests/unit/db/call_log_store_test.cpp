#include "db/call_log_store.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <doctest/doctest.h>

#include "db/write_behind.hpp"
#include "unit/db/call_records.hpp"
#include "unit/db/stored_values.hpp"

using namespace lampline;
using namespace lampline::db;
using namespace lampline::testing;
using namespace std::chrono_literals;

namespace {

struct Log {
    Office office;
    CallLogStore store{office.database};

    void put(const CallRecord& record)
    {
        office.write([&](db::Database&) { store.put(record); });
    }
    /// Starts, in milliseconds of `wall`, of what the query finds.
    std::vector<long> found(const CallLogQuery& query)
    {
        std::vector<long> starts;
        for (const auto& record : store.page(query))
            starts.push_back(static_cast<long>((started_at(record.id) - wall(0)) / 1ms));
        return starts;
    }
    long count(const char* table)
    {
        return office.database.handle()
            .execAndGet(std::string{"SELECT count(*) FROM "} + table)
            .getInt();
    }
};

using Starts = std::vector<long>;

}  // namespace

TEST_CASE("a record comes back as it was, with its parts and their links")
{
    Log log;
    auto stored = full_record(1234, "201", "202");
    stored.parts[2].on_behalf_of = "204";
    stored.parts[2].trunk = "other";  // 203 is a number outside, and no extension's
    log.put(stored);
    const auto found = log.store.find(stored.id);
    REQUIRE(found);
    CHECK(found->caller == "201");
    CHECK(found->caller_name == stored.caller_name);
    CHECK(found->dialled == "202");
    CHECK(found->callee_name == stored.callee_name);
    CHECK(found->answered_by == "203");
    CHECK(found->caller_trunk == "line");
    CHECK(found->answered_trunk == "other");
    CHECK(found->ringing_at == stored.ringing_at);
    CHECK(found->answered_at == stored.answered_at);
    CHECK(found->ended_at == stored.ended_at);
    CHECK(found->result == CallResult::answered);
    CHECK(found->ended_by == CallEnder::callee);
    CHECK(found->ended_extension == "203");
    CHECK(found->status == 200);
    CHECK(found->reason == stored.reason);
    CHECK(found->continued_in == stored.continued_in);
    REQUIRE(found->parts.size() == 3);
    CHECK(found->parts[0].kind == PartKind::caller);
    CHECK(found->parts[1].result == PartResult::answered_elsewhere);
    CHECK(found->parts[1].ringing_at == stored.parts[1].ringing_at);
    CHECK_FALSE(found->parts[1].answered_at);
    CHECK(found->parts[2].trunk == "other");
    CHECK(found->parts[2].on_behalf_of == "204");
    CHECK(found->parts[2].in_place_of == 1);
    CHECK_FALSE(found->parts[1].in_place_of);
    CHECK(found->parts[2].came_from == stored.parts[2].came_from);
    CHECK(found->parts[2].sip_call_id == "c3@phone");
    CHECK_FALSE(log.store.find(CallRecordId{5}));
}

TEST_CASE("moves that failed come back with their record, in pages too")
{
    Log log;
    auto moved = full_record(1234, "201", "202");
    moved.failed_moves = failed_moves(1234);
    log.put(moved);
    log.put(full_record(5678, "201", "202"));
    CHECK(log.store.find(moved.id)->failed_moves == moved.failed_moves);
    const auto page = log.store.page({});
    REQUIRE(page.size() == 2);
    CHECK(page[0].failed_moves.empty());
    CHECK(page[1].failed_moves == moved.failed_moves);
    log.office.database.handle().exec("UPDATE failed_move SET kind = 'nonsense', part = -1, at = -1");
    CHECK(log.store.find(moved.id)->failed_moves[0].kind == MoveKind::transfer);
}

TEST_CASE("a record that is put again replaces itself")
{
    Log log;
    auto record = full_record(1, "201", "202");
    record.failed_moves = failed_moves(1);
    log.put(record);
    record.reason = "later";
    log.put(record);
    CHECK(log.store.find(record.id)->reason == "later");
    CHECK(log.count("call_record") == 1);
    CHECK(log.count("call_part") == 3);
    CHECK(log.count("failed_move") == 2);
}

TEST_CASE("pages are newest first, and begin after a key: what comes meanwhile repeats nothing")
{
    Log log;
    for (const long at : {10, 20, 30, 40, 50}) log.put(full_record(at, "201", "202"));
    CallLogQuery query;
    query.limit = 2;
    const auto first = log.store.page(query);
    CHECK(log.found(query) == Starts{50, 40});
    log.put(full_record(60, "201", "202"));
    query.before = first.back().id;
    CHECK(log.found(query) == Starts{30, 20});
    query.extension = "202";
    CHECK(log.found(query) == Starts{30, 20});
    query.before = record_id(wall(20), CallRef{1});
    CHECK(log.found(query) == Starts{10});
}

TEST_CASE("filters: extension and its side, outcome, time, text")
{
    Log log;
    log.put(full_record(10, "201", "202"));    // 203 has picked it up
    log.put(missed_record(20, "202", "204"));  // nobody took it
    log.put(missed_record(30, "205", "202"));
    CallLogQuery query;
    CHECK(log.found(query) == Starts{30, 20, 10});
    query.outcome = CallOutcome::missed;
    CHECK(log.found(query) == Starts{30, 20});
    query.extension = "202";
    CHECK(log.found(query) == Starts{30});  // neither its own call nor the one that 203 took
    query.outcome = CallOutcome::any;
    CHECK(log.found(query) == Starts{30, 20, 10});
    query.side = CallSide::incoming;
    CHECK(log.found(query) == Starts{30, 10});
    query.side = CallSide::outgoing;
    CHECK(log.found(query) == Starts{20});
    query = {};
    query.extension = "203";
    query.outcome = CallOutcome::answered;
    CHECK(log.found(query) == Starts{10});
    query = {};
    query.from = wall(20);
    CHECK(log.found(query) == Starts{30, 20});
    query.to = wall(30);
    CHECK(log.found(query) == Starts{20});
    query = {};
    query.text = "name OF 205";
    CHECK(log.found(query) == Starts{30});
    query.text = "%";
    CHECK(log.found(query).empty());
}

TEST_CASE("a call is found by who took it, and by whom it was transferred to, not by who just rang")
{
    Log log;
    auto record = full_record(10, "201", "202");  // 203 has picked it up
    record.parts.push_back(part_of(PartKind::called, PartResult::answered_elsewhere, "206", 10));
    record.parts.push_back(part_of(PartKind::transferred, PartResult::unreachable, "207", 500));
    log.put(record);
    log.put(missed_record(20, "202", "204"));
    CallLogQuery query;
    for (const auto* text : {"name of 203", "207", "Name of 207"}) {
        CAPTURE(text);
        query.text = text;
        CHECK(log.found(query) == Starts{10});
    }
    query.text = "name of 206";
    CHECK(log.found(query).empty());
    query.text = "name of 203";
    query.extension = "201";
    CHECK(log.found(query) == Starts{10});
}

TEST_CASE("a name is found whatever the case of its letters")
{
    Log log;
    auto record = full_record(10, "201", "202");
    record.callee_name = "Jörg Öhm";
    log.put(record);
    CallLogQuery query;
    query.text = "JÖRG öhm";
    CHECK(log.found(query) == Starts{10});
    query.text = "jorg";
    CHECK(log.found(query).empty());
}

TEST_CASE("an extension with two phones in a call finds the call once")
{
    Log log;
    auto record = missed_record(10, "201", "202");
    record.parts.push_back(record.parts.back());
    log.put(record);
    CallLogQuery query;
    query.extension = "202";
    CHECK(log.found(query) == Starts{10});
}

TEST_CASE("too old and too many are removed in small steps, the oldest first")
{
    Log log;
    const auto day = std::chrono::milliseconds{24h}.count();
    for (long i = 0; i < 10; ++i) {
        auto record = full_record(i * day, "201", "202");
        record.failed_moves = failed_moves(i * day);
        log.put(record);
    }
    const auto now = wall(10 * day);
    SUBCASE("by age")
    {
        const CallLogLimits limits{.age = std::chrono::days{4}, .rows = 0};
        CHECK(log.store.prune(limits, now, 4) == 4);
        CHECK(log.store.prune(limits, now, 4) == 2);
        CHECK(log.store.prune(limits, now, 4) == 0);
        CHECK(log.found({}) == Starts{9 * day, 8 * day, 7 * day, 6 * day});
    }
    SUBCASE("by number")
    {
        const CallLogLimits limits{.age = std::chrono::days{0}, .rows = 3};
        CHECK(log.store.prune(limits, now, 100) == 7);
        CHECK(log.store.prune(limits, now, 100) == 0);
        CHECK(log.found({}) == Starts{9 * day, 8 * day, 7 * day});
    }
    SUBCASE("without limits")
    {
        CHECK(log.store.prune({.age = std::chrono::days{0}, .rows = 0}, now, 100) == 0);
    }
    CHECK(log.count("call_part") == 3 * log.count("call_record"));
    CHECK(log.count("failed_move") == 2 * log.count("call_record"));
}

TEST_CASE("a damaged row is shown as far as it can be read")
{
    Log log;
    const auto record = full_record(10, "201", "202");
    log.put(record);
    log.office.database.handle().exec(
        "UPDATE call_record SET result = 'nonsense', ended_by = '', status = -5, ended_at = -1;"
        "UPDATE call_part SET kind = 'nonsense', result = '', in_place_of = 99, missed = 7");
    const auto found = log.store.find(record.id);
    REQUIRE(found);
    CHECK(found->result == CallResult::failed);
    CHECK(found->ended_by == CallEnder::transfer);
    CHECK(found->duration().count() == 0);
    CHECK(found->parts.size() == 3);
    CHECK(log.found({}) == Starts{10});
    log.office.database.handle().exec("UPDATE call_record SET ended_at = 9223372036854775807");
    CHECK(log.store.find(record.id)->ended_at ==
          std::chrono::sys_days{std::chrono::year{2262} / 1 / 1});
    log.office.database.handle().exec("DELETE FROM call_part");
    CHECK(log.store.find(record.id)->parts.empty());
}

TEST_CASE("a record is written behind, within 200 ms, and one that the schema refuses is dropped")
{
    Log log;
    WriteBehind behind{log.office.database};
    const WriteBehind::TimePoint start{};
    const auto owe = [&](CallRecord record) {
        behind.add({CallRecorded{std::make_shared<const CallRecord>(std::move(record))}}, start);
    };
    owe(full_record(10, "201", "202"));
    CHECK(behind.next_deadline() == start + 200ms);
    behind.flush_due(start + 199ms);
    CHECK(log.count("call_record") == 0);
    behind.flush_due(start + 200ms);
    CHECK(log.count("call_record") == 1);

    log.office.database.handle().exec("CREATE TRIGGER refuse BEFORE INSERT ON call_record WHEN "
                                      "new.caller = '666' BEGIN SELECT RAISE(ABORT, 'no'); END");
    owe(full_record(20, "666", "202"));
    owe(full_record(30, "201", "202"));
    CHECK(behind.flush(start));
    CHECK(behind.owed() == 0);
    CHECK(log.found({}) == Starts{30, 10});
}

TEST_CASE("a disk that fails keeps the newest records owed, and no more than so many")
{
    Log log;
    WriteBehind behind{log.office.database};
    std::vector<StorageChange> changes;
    for (std::size_t i = 0; i < WriteBehind::max_records + 3; ++i)
        changes.emplace_back(CallRecorded{
            std::make_shared<const CallRecord>(missed_record(static_cast<long>(i), "201", "202"))});
    behind.add(std::move(changes), WriteBehind::TimePoint{});
    CHECK(behind.owed() == WriteBehind::max_records);
}

TEST_CASE("extensions in the order in which their last talk ended; missed calls are none")
{
    Log log;
    log.put(full_record(1000, "201", "205"));
    log.put(full_record(2000, "202", "205"));
    log.put(missed_record(3000, "201", "202"));
    CHECK(log.store.by_last_talk({"202", "201", "203", "205", "999"}) ==
          std::vector<std::string>{"201", "202", "203"});
    log.put(full_record(40'000, "201", "205"));
    CHECK(log.store.by_last_talk({"201", "202"}) == std::vector<std::string>{"202", "201"});
}
