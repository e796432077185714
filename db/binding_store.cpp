#include "db/binding_store.hpp"

#include <algorithm>

#include "db/rows.hpp"

namespace lampline::db {

struct BindingStore::Statements {
    explicit Statements(SQLite::Database& handle)
        : insert{handle, "INSERT INTO binding VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
                         "?, ?, ?)"},
          insert_lease{handle, "INSERT INTO binding_lease VALUES (?, ?, ?)"},
          refresh{handle, "UPDATE binding_lease SET cseq = ?, expires_at = ? WHERE binding_id = ?"},
          erase{handle, "DELETE FROM binding WHERE id = ?"}
    {
    }

    SQLite::Statement insert;
    SQLite::Statement insert_lease;
    SQLite::Statement refresh;
    SQLite::Statement erase;
};

BindingStore::BindingStore(Database& database)
    : database_{database}, statements_{std::make_unique<Statements>(database.handle())}
{
}

BindingStore::~BindingStore() = default;

std::vector<Binding> BindingStore::all()
{
    std::vector<Binding> rows;
    SQLite::Statement select{
        database_.handle(),
        "SELECT aor, contact, transport, host, port, listener, path, call_id, q_thousandths, "
        "user_agent, instance, registered_at, generation, cseq, expires_at, "
        "lamps_refused, packages_refused, refused_at "
        "FROM binding JOIN binding_lease ON binding_id = id "
        "WHERE aor IN (SELECT number FROM extension)"};
    while (select.executeStep()) {
        auto contact = SipUri::parse(select.getColumn(1).getString());
        if (!contact) continue;
        Binding row;
        row.aor = select.getColumn(0).getString();
        row.contact = std::move(*contact);
        row.flow = flow_in(select, 2);
        row.path = lines_in(select.getColumn(6));
        row.call_id = select.getColumn(7).getString();
        row.q_thousandths = select.getColumn(8).getUInt();
        row.user_agent = select.getColumn(9).getString();
        row.instance = select.getColumn(10).getString();
        row.registered_at = time_in(select.getColumn(11));
        row.generation = static_cast<std::uint64_t>(select.getColumn(12).getInt64());
        row.cseq = select.getColumn(13).getUInt();
        row.expires_at = time_in(select.getColumn(14));
        row.refusal = {select.getColumn(15).getUInt(), select.getColumn(16).getUInt(),
                       time_in(select.getColumn(17))};
        rows.push_back(std::move(row));
    }
    return rows;
}

void BindingStore::put(const Binding& binding)
{
    remove(binding.aor, binding.contact);
    auto& insert = statements_->insert;
    insert.bind(1, binding.aor);
    insert.bind(2, lampline::write(binding.contact));
    bind_flow(insert, 3, binding.flow);
    insert.bind(7, column(binding.path));
    insert.bind(8, binding.call_id);
    insert.bind(9, static_cast<std::int64_t>(binding.q_thousandths));
    insert.bind(10, binding.user_agent);
    insert.bind(11, binding.instance);
    insert.bind(12, column(binding.registered_at));
    insert.bind(13, static_cast<std::int64_t>(binding.generation));
    insert.bind(14, static_cast<std::int64_t>(binding.refusal.lamps));
    insert.bind(15, static_cast<std::int64_t>(binding.refusal.packages));
    insert.bind(16, column(binding.refusal.at));
    run_once(insert);
    const auto id = static_cast<std::int64_t>(database_.handle().getLastInsertRowid());
    auto& lease = statements_->insert_lease;
    lease.bind(1, id);
    lease.bind(2, static_cast<std::int64_t>(binding.cseq));
    lease.bind(3, column(binding.expires_at));
    run_once(lease);
    (*rows_)[binding.aor].push_back({binding.contact, id});
}

void BindingStore::refresh(const Binding& binding)
{
    const Row* row = find_row(binding.aor, binding.contact);
    if (row == nullptr) return put(binding);
    auto& refresh = statements_->refresh;
    refresh.bind(1, static_cast<std::int64_t>(binding.cseq));
    refresh.bind(2, column(binding.expires_at));
    refresh.bind(3, row->id);
    run_once(refresh);
}

void BindingStore::remove(const std::string& aor, const SipUri& contact)
{
    const Row* row = find_row(aor, contact);
    if (row == nullptr) return;
    statements_->erase.bind(1, row->id);
    run_once(statements_->erase);
    auto& rows = rows_->at(aor);
    rows.erase(rows.begin() + (row - rows.data()));
    if (rows.empty()) rows_->erase(aor);
}

void BindingStore::remove_orphans()
{
    database_.handle().exec("DELETE FROM binding WHERE aor NOT IN (SELECT number FROM extension)");
    forget_rows();
}

void BindingStore::forget_rows()
{
    rows_.reset();
}

void BindingStore::read_rows()
{
    rows_.emplace();
    SQLite::Statement select{database_.handle(), "SELECT id, aor, contact FROM binding"};
    while (select.executeStep())
        if (auto contact = SipUri::parse(select.getColumn(2).getString()))
            (*rows_)[select.getColumn(1).getString()].push_back(
                {std::move(*contact), select.getColumn(0).getInt64()});
}

BindingStore::Row* BindingStore::find_row(const std::string& aor, const SipUri& contact)
{
    if (!rows_) read_rows();
    const auto found = rows_->find(aor);
    if (found == rows_->end()) return nullptr;
    auto& rows = found->second;
    const auto row = std::find_if(rows.begin(), rows.end(), [&](const Row& each) {
        return each.contact == contact || equivalent(each.contact, contact);
    });
    return row == rows.end() ? nullptr : &*row;
}

}  // namespace lampline::db
