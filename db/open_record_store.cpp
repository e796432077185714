#include "db/open_record_store.hpp"

#include "db/record_columns.hpp"
#include "db/rows.hpp"

namespace lampline::db {
namespace {

OpenRecord record_in(SQLite::Statement& row)
{
    OpenRecord open;
    auto& record = open.record;
    record.id = id_in(row.getColumn(0));
    record.caller = row.getColumn(1).getString();
    record.caller_trunk = row.getColumn(2).getString();
    record.caller_name = row.getColumn(3).getString();
    record.dialled = row.getColumn(4).getString();
    record.callee = row.getColumn(5).getString();
    record.callee_name = row.getColumn(6).getString();
    record.answered_by = row.getColumn(7).getString();
    record.answered_trunk = row.getColumn(8).getString();
    record.ringing_at = maybe_moment_in(row.getColumn(9));
    record.answered_at = maybe_moment_in(row.getColumn(10));
    record.status = row.getColumn(11).getUInt();
    record.reason = row.getColumn(12).getString();
    record.continued_in = id_in(row.getColumn(13));
    open.clicked = row.getColumn(14).getInt() != 0;
    open.by_exchange = row.getColumn(15).getInt() != 0;
    return open;
}

void add_part(OpenRecord& open, SQLite::Statement& row)
{
    auto& part = open.record.parts.emplace_back();
    part.kind = part_kind(row.getColumn(2).getString());
    part.result = part_result(row.getColumn(3).getString());
    part.extension = row.getColumn(4).getString();
    part.trunk = row.getColumn(5).getString();
    part.on_behalf_of = row.getColumn(6).getString();
    part.name = row.getColumn(7).getString();
    part.sip_call_id = row.getColumn(8).getString();
    open.dialogs.push_back({row.getColumn(9).getString(), row.getColumn(10).getInt() != 0});
    part.end = row.getColumn(11).getString();
    part.status = row.getColumn(12).getUInt();
    part.started_at = moment_in(row.getColumn(13));
    part.ringing_at = maybe_moment_in(row.getColumn(14));
    part.answered_at = maybe_moment_in(row.getColumn(15));
    part.ended_at = moment_in(row.getColumn(16));
    part.in_place_of = position_in(row.getColumn(17));
    part.moved_by = position_in(row.getColumn(18));
    part.came_from = id_in(row.getColumn(19));
}

}  // namespace

struct OpenRecordStore::Statements {
    explicit Statements(SQLite::Database& handle)
        : put{handle, "INSERT OR REPLACE INTO open_record "
                      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"},
          put_part{handle, "INSERT OR REPLACE INTO open_part "
                           "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"},
          put_move{handle, "INSERT OR REPLACE INTO open_failed_move VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"},
          erase{handle, "DELETE FROM open_record WHERE id = ?"},
          erase_parts{handle, "DELETE FROM open_part WHERE record = ? AND position >= ?"},
          erase_moves{handle, "DELETE FROM open_failed_move WHERE record = ?"}
    {
    }

    SQLite::Statement put;
    SQLite::Statement put_part;
    SQLite::Statement put_move;
    SQLite::Statement erase;
    SQLite::Statement erase_parts;
    SQLite::Statement erase_moves;
};

OpenRecordStore::OpenRecordStore(Database& database)
    : database_{database}, statements_{std::make_unique<Statements>(database.handle())}
{
}

OpenRecordStore::~OpenRecordStore() = default;

std::vector<OpenRecord> OpenRecordStore::all()
{
    std::vector<OpenRecord> found;
    SQLite::Statement records{database_.handle(), "SELECT * FROM open_record ORDER BY id"};
    SQLite::Statement parts{database_.handle(),
                            "SELECT * FROM open_part WHERE record = ? ORDER BY position"};
    SQLite::Statement moves{database_.handle(),
                            "SELECT * FROM open_failed_move WHERE record = ? ORDER BY position"};
    while (records.executeStep()) {
        auto& open = found.emplace_back(record_in(records));
        parts.bind(1, column(open.record.id));
        while (parts.executeStep()) add_part(open, parts);
        parts.reset();
        read_moves(moves, open.record);
    }
    return found;
}

void OpenRecordStore::put(const OpenRecord& open)
{
    const auto& record = open.record;
    auto& put = statements_->put;
    put.clearBindings();
    put.bind(1, column(record.id));
    put.bind(2, record.caller);
    put.bind(3, record.caller_trunk);
    put.bind(4, record.caller_name);
    put.bind(5, record.dialled);
    put.bind(6, record.callee);
    put.bind(7, record.callee_name);
    put.bind(8, record.answered_by);
    put.bind(9, record.answered_trunk);
    bind(put, 10, record.ringing_at);
    bind(put, 11, record.answered_at);
    put.bind(12, record.status);
    put.bind(13, record.reason);
    bind(put, 14, record.continued_in);
    put.bind(15, open.clicked ? 1 : 0);
    put.bind(16, open.by_exchange ? 1 : 0);
    run_once(put);

    auto& row = statements_->put_part;
    for (std::size_t position = 0; position < record.parts.size(); ++position) {
        const auto& part = record.parts[position];
        const auto& dialog = open.dialogs.at(position);
        row.clearBindings();
        row.bind(1, column(record.id));
        row.bind(2, static_cast<std::int64_t>(position));
        row.bind(3, std::string{word(part.kind)});
        row.bind(4, std::string{word(part.result)});
        row.bind(5, part.extension);
        row.bind(6, part.trunk);
        row.bind(7, part.on_behalf_of);
        row.bind(8, part.name);
        row.bind(9, part.sip_call_id);
        row.bind(10, dialog.phone_tag);
        row.bind(11, dialog.living ? 1 : 0);
        row.bind(12, part.end);
        row.bind(13, part.status);
        row.bind(14, milliseconds(part.started_at));
        bind(row, 15, part.ringing_at);
        bind(row, 16, part.answered_at);
        row.bind(17, milliseconds(part.ended_at));
        bind(row, 18, part.in_place_of);
        bind(row, 19, part.moved_by);
        bind(row, 20, part.came_from);
        run_once(row);
    }
    erase_parts_from(record.parts.size(), record.id);  // forgotten since
    put_moves(statements_->put_move, record);
}

void OpenRecordStore::remove(CallRecordId id)
{
    statements_->erase.bind(1, column(id));
    run_once(statements_->erase);
    erase_parts_from(0, id);
    statements_->erase_moves.bind(1, column(id));
    run_once(statements_->erase_moves);
}

void OpenRecordStore::erase_parts_from(std::size_t position, CallRecordId id)
{
    auto& erase = statements_->erase_parts;
    erase.bind(1, column(id));
    erase.bind(2, static_cast<std::int64_t>(position));
    run_once(erase);
}

}  // namespace lampline::db
