#include "db/subscription_store.hpp"

#include <sstream>

#include "db/rows.hpp"

namespace lampline::db {
namespace {

/// A row that is there stays where it lies.
constexpr const char* put_row =
    "INSERT INTO subscription (call_id, local_tag, watcher, member, remote_tag, local_uri, "
    "remote_uri, contact, route, transport, host, port, listener, event, user_agent, remote_cseq, "
    "reserved_cseq, reserved_version, expires_at, list, forwarded, notifiers, "
    "registered_call, entries) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (call_id, local_tag) DO UPDATE SET watcher = excluded.watcher, "
    "member = excluded.member, remote_tag = excluded.remote_tag, local_uri = excluded.local_uri, "
    "remote_uri = excluded.remote_uri, contact = excluded.contact, route = excluded.route, "
    "transport = excluded.transport, host = excluded.host, port = excluded.port, "
    "listener = excluded.listener, event = excluded.event, user_agent = excluded.user_agent, "
    "remote_cseq = excluded.remote_cseq, reserved_cseq = excluded.reserved_cseq, "
    "reserved_version = excluded.reserved_version, expires_at = excluded.expires_at, "
    "list = excluded.list, forwarded = excluded.forwarded, notifiers = excluded.notifiers, "
    "registered_call = excluded.registered_call, entries = excluded.entries";

std::vector<std::string> lines_of(const std::vector<StoredNotifier>& notifiers)
{
    std::vector<std::string> lines;
    for (const auto& one : notifiers)
        lines.push_back(one.tag + ' ' + std::to_string(one.reserved_cseq) + ' ' +
                        std::to_string(one.reserved_version) + ' ' +
                        std::to_string(one.generation));
    return lines;
}

/// Neither has blanks in it.
std::vector<std::string> lines_of(const std::vector<ContainedEntry>& entries)
{
    std::vector<std::string> lines;
    for (const auto& one : entries) lines.push_back(one.member + ' ' + one.uri);
    return lines;
}

std::vector<ContainedEntry> entries_in(const SQLite::Column& text)
{
    std::vector<ContainedEntry> entries;
    for (const auto& line : lines_in(text)) {
        const auto blank = line.find(' ');
        if (blank != std::string::npos)
            entries.push_back({line.substr(0, blank), line.substr(blank + 1)});
    }
    return entries;
}

std::vector<StoredNotifier> notifiers_in(const SQLite::Column& text)
{
    std::vector<StoredNotifier> notifiers;
    for (const auto& line : lines_in(text)) {
        StoredNotifier one;
        std::istringstream words{line};
        if (!(words >> one.tag >> one.reserved_cseq >> one.reserved_version)) continue;
        words >> one.generation;  // missing in rows of earlier releases: 0
        notifiers.push_back(std::move(one));
    }
    return notifiers;
}

}  // namespace

struct SubscriptionStore::Statements {
    explicit Statements(SQLite::Database& handle)
        : put{handle, put_row}, erase{
                                    handle,
                                    "DELETE FROM subscription WHERE call_id = ? AND local_tag = ?"}
    {
    }

    SQLite::Statement put;
    SQLite::Statement erase;
};

SubscriptionStore::SubscriptionStore(Database& database)
    : database_{database}, statements_{std::make_unique<Statements>(database.handle())}
{
}

SubscriptionStore::~SubscriptionStore() = default;

std::vector<StoredSubscription> SubscriptionStore::all()
{
    std::vector<StoredSubscription> rows;
    SQLite::Statement select{database_.handle(),
                             "SELECT call_id, local_tag, watcher, member, remote_tag, "
                             "local_uri, remote_uri, contact, "
                             "route, transport, host, port, listener, event, "
                             "user_agent, remote_cseq, reserved_cseq, "
                             "reserved_version, expires_at, list, forwarded, notifiers, "
                             "registered_call, entries "
                             "FROM subscription "
                             "WHERE watcher IN (SELECT number FROM extension)"};
    while (select.executeStep()) {
        StoredSubscription row;
        row.call_id = select.getColumn(0).getString();
        row.local_tag = select.getColumn(1).getString();
        row.watcher = select.getColumn(2).getString();
        row.member = select.getColumn(3).getString();
        row.remote_tag = select.getColumn(4).getString();
        row.local_uri = select.getColumn(5).getString();
        row.remote_uri = select.getColumn(6).getString();
        row.contact = select.getColumn(7).getString();
        row.route = lines_in(select.getColumn(8));
        row.flow = flow_in(select, 9);
        row.event = select.getColumn(13).getString();
        row.user_agent = select.getColumn(14).getString();
        row.remote_cseq = select.getColumn(15).getUInt();
        row.reserved_cseq = select.getColumn(16).getUInt();
        row.reserved_version = select.getColumn(17).getUInt();
        row.expires_at = time_in(select.getColumn(18));
        row.list = select.getColumn(19).getString();
        row.forwarded = select.getColumn(20).getInt() != 0;
        row.notifiers = notifiers_in(select.getColumn(21));
        row.registered_call = static_cast<std::uint64_t>(select.getColumn(22).getInt64());
        row.entries = entries_in(select.getColumn(23));
        rows.push_back(std::move(row));
    }
    return rows;
}

void SubscriptionStore::put(const StoredSubscription& row)
{
    auto& put = statements_->put;
    // The statement has run before `row` is gone.
    put.bindNoCopy(1, row.call_id);
    put.bindNoCopy(2, row.local_tag);
    put.bindNoCopy(3, row.watcher);
    put.bindNoCopy(4, row.member);
    put.bindNoCopy(5, row.remote_tag);
    put.bindNoCopy(6, row.local_uri);
    put.bindNoCopy(7, row.remote_uri);
    put.bindNoCopy(8, row.contact);
    const auto route = column(row.route);
    const auto notifiers = column(lines_of(row.notifiers));
    const auto entries = column(lines_of(row.entries));
    put.bindNoCopy(9, route);
    bind_flow(put, 10, row.flow);
    put.bindNoCopy(14, row.event);
    put.bindNoCopy(15, row.user_agent);
    put.bind(16, static_cast<std::int64_t>(row.remote_cseq));
    put.bind(17, static_cast<std::int64_t>(row.reserved_cseq));
    put.bind(18, static_cast<std::int64_t>(row.reserved_version));
    put.bind(19, column(row.expires_at));
    put.bindNoCopy(20, row.list);
    put.bind(21, row.forwarded ? 1 : 0);
    put.bindNoCopy(22, notifiers);
    put.bind(23, static_cast<std::int64_t>(row.registered_call));
    put.bindNoCopy(24, entries);
    run_once(put);
}

void SubscriptionStore::remove(std::string_view call_id, std::string_view local_tag)
{
    auto& erase = statements_->erase;
    erase.bind(1, std::string{call_id});
    erase.bind(2, std::string{local_tag});
    run_once(erase);
}

void SubscriptionStore::remove_orphans()
{
    database_.handle().exec(
        "DELETE FROM subscription WHERE watcher NOT IN (SELECT number FROM extension)");
}

}  // namespace lampline::db
