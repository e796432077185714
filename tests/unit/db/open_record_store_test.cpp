#include "db/open_record_store.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <doctest/doctest.h>

#include "db/write_behind.hpp"
#include "unit/db/call_records.hpp"
#include "unit/db/stored_values.hpp"

using namespace lampline;
using namespace lampline::db;
using namespace lampline::testing;

namespace {

OpenRecord open_record(long start)
{
    OpenRecord open{full_record(start, "201", "202"), {}, true, false};
    open.dialogs = {{"tag-1", true}, {"tag-2", false}, {"tag-3", true}};
    open.record.parts[2].moved_by = 0;
    open.record.parts[2].trunk = "line";
    open.record.parts[2].on_behalf_of = "205";
    open.record.failed_moves = failed_moves(start);
    return open;
}

void check_same(const OpenRecord& read, const OpenRecord& written)
{
    CHECK(read.clicked == written.clicked);
    CHECK(read.by_exchange == written.by_exchange);
    CHECK(read.record.id == written.record.id);
    CHECK(read.record.caller == written.record.caller);
    CHECK(read.record.caller_trunk == written.record.caller_trunk);
    CHECK(read.record.caller_name == written.record.caller_name);
    CHECK(read.record.dialled == written.record.dialled);
    CHECK(read.record.callee == written.record.callee);
    CHECK(read.record.callee_name == written.record.callee_name);
    CHECK(read.record.answered_by == written.record.answered_by);
    CHECK(read.record.answered_trunk == written.record.answered_trunk);
    CHECK(read.record.ringing_at == written.record.ringing_at);
    CHECK(read.record.answered_at == written.record.answered_at);
    CHECK(read.record.status == written.record.status);
    CHECK(read.record.reason == written.record.reason);
    CHECK(read.record.continued_in == written.record.continued_in);
    CHECK(read.record.failed_moves == written.record.failed_moves);
    REQUIRE(read.record.parts.size() == written.record.parts.size());
    REQUIRE(read.dialogs.size() == written.dialogs.size());
    for (std::size_t i = 0; i < read.dialogs.size(); ++i) {
        const auto& part = read.record.parts[i];
        const auto& other = written.record.parts[i];
        CHECK(read.dialogs[i].phone_tag == written.dialogs[i].phone_tag);
        CHECK(read.dialogs[i].living == written.dialogs[i].living);
        CHECK(part.kind == other.kind);
        CHECK(part.result == other.result);
        CHECK(part.status == other.status);
        CHECK(part.extension == other.extension);
        CHECK(part.trunk == other.trunk);
        CHECK(part.on_behalf_of == other.on_behalf_of);
        CHECK(part.name == other.name);
        CHECK(part.sip_call_id == other.sip_call_id);
        CHECK(part.end == other.end);
        CHECK(part.started_at == other.started_at);
        CHECK(part.ringing_at == other.ringing_at);
        CHECK(part.answered_at == other.answered_at);
        CHECK(part.ended_at == other.ended_at);
        CHECK(part.in_place_of == other.in_place_of);
        CHECK(part.moved_by == other.moved_by);
        CHECK(part.came_from == other.came_from);
    }
}

}  // namespace

TEST_CASE("a record of a call that is not over comes back as it was; the newest counts")
{
    Office office;
    OpenRecordStore store{office.database};
    auto first = open_record(10);
    const auto second = open_record(20);
    office.write([&](Database&) {
        store.put(second);
        store.put(first);
    });
    first.record.parts.push_back(first.record.parts[0]);
    first.dialogs.push_back({"tag-4", true});
    first.dialogs[0].living = false;
    first.record.ringing_at.reset();
    first.clicked = false;
    first.by_exchange = true;
    first.record.failed_moves.push_back({.kind = MoveKind::park, .status = 486, .at = wall(30)});
    office.write([&](Database&) { store.put(first); });
    auto all = store.all();
    REQUIRE(all.size() == 2);
    check_same(all[0], first);
    check_same(all[1], second);
    first.record.parts.pop_back();
    first.dialogs.pop_back();
    office.write([&](Database&) { store.put(first); });
    check_same(store.all().at(0), first);
    office.write([&](Database&) { store.remove(first.record.id); });
    all = store.all();
    REQUIRE(all.size() == 1);
    check_same(all[0], second);
    CHECK(office.database.handle()
              .execAndGet("SELECT count(*) FROM open_failed_move WHERE record NOT IN "
                          "(SELECT id FROM open_record)")
              .getInt() == 0);
}

TEST_CASE("an open record is written behind with its call, and gone when the call is recorded")
{
    Office office;
    WriteBehind behind{office.database};
    OpenRecordStore store{office.database};
    const WriteBehind::TimePoint start{};
    const auto open = open_record(10);
    const auto opened = [&] { return RecordOpened{std::make_shared<const OpenRecord>(open)}; };
    const CallRecorded recorded{std::make_shared<const CallRecord>(open.record), true};
    behind.add({opened()}, start);
    CHECK(behind.next_deadline() == start + WritePacing::call_delay);
    SUBCASE("after it was written")
    {
        CHECK(behind.flush(start));
        CHECK(store.all().size() == 1);
        behind.add({opened(), recorded}, start);
        CHECK(behind.owed() == 1);
    }
    SUBCASE("before")
    {
        behind.add({recorded}, start);
        CHECK(behind.owed() == 1);
    }
    CHECK(behind.flush(start));
    CHECK(store.all().empty());
    CHECK(CallLogStore{office.database}.find(open.record.id).has_value());
}
