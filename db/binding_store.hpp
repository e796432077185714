#pragma once
// Tables `binding` and `binding_lease`: the registered contacts.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/location_table.hpp"
#include "db/database.hpp"

namespace lampline::db {

/// Keeps prepared statements and the row id of every binding, so that a refresh is one narrow
/// UPDATE. One of it writes; contacts are the same when `equivalent`. Every call may throw
/// SQLite::Exception; writing needs a Transaction, and forget_rows() after one that was rolled
/// back.
class BindingStore {
public:
    explicit BindingStore(Database& database);
    ~BindingStore();

    /// Every binding of an existing extension, expired ones included; Flow::connection is 0. Reads
    /// only.
    [[nodiscard]] std::vector<Binding> all();
    void put(const Binding& binding);
    /// Moves expiry and CSeq only; puts the whole binding when it is not there.
    void refresh(const Binding& binding);
    void remove(const std::string& aor, const SipUri& contact);
    /// Drops bindings whose extension is gone.
    void remove_orphans();
    /// What is remembered of rows is read anew.
    void forget_rows();

private:
    struct Row {
        SipUri contact;
        std::int64_t id;
    };
    struct Statements;

    void read_rows();
    Row* find_row(const std::string& aor, const SipUri& contact);

    Database& database_;
    std::unique_ptr<Statements> statements_;
    std::optional<std::unordered_map<std::string, std::vector<Row>>>
        rows_;  // by aor; empty: to be read
};

}  // namespace lampline::db
