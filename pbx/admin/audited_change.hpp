#pragma once
// One change of the configuration: a transaction, its audit row, and the directory after it.
#include <chrono>
#include <string>
#include <string_view>
#include <utility>

#include "admin/audit_text.hpp"
#include "admin/change.hpp"
#include "base/result.hpp"
#include "db/database.hpp"

namespace lampline::admin {

/// Version of what was never written. No change has it: whoever makes one has a token, and the
/// audit of that came first.
inline constexpr std::uint64_t version_as_it_comes = 1;

/// A row as it is after a change.
template <class Row>
struct Saved {
    Row row;
    bool created = false;
    ConfigChange change;
};

/// What becomes an unexpected: these faults, and nothing was changed.
Refusal invalid(std::vector<FieldFault> faults, std::uint64_t version = 0);
/// The same: others refer to it.
Refusal in_use(std::vector<db::GroupReference> references, std::uint64_t version);

/// Open from the first look at what there is to the commit; without one, everything is as it was.
/// Rows are what a store of `db` finds and puts, with a RowStamp `stamp`. May throw
/// SQLite::Exception.
class AuditedChange {
public:
    AuditedChange(db::Database& database, const Actor& actor, std::chrono::sys_seconds now)
        : database_{database}, actor_{actor}, now_{now}, transaction_{database,
                                                                      db::Durability::full}
    {
    }

    /// Returns the version that what is written has from now on.
    std::uint64_t record(std::string operation, std::string subject,
                         std::optional<std::string> before, std::optional<std::string> after);
    /// Nothing follows it.
    ConfigChange commit();

    /// Writes `row`, whose key is `key`, and commits. `content` is what the audit shows of it;
    /// `kind` begins the name of the operation.
    template <class Store, class Row, class Content>
    Result<Saved<Row>, Refusal> put(Store store, std::string_view kind, const std::string& key,
                                    Row row, Content Row::*content, const Precondition& condition)
    {
        const auto before = store.find(key);
        if (auto refusal = check(condition, before ? before->stamp.version : 0))
            return unexpected{std::move(*refusal)};
        write(store, kind, key, row, content, before);
        return Saved<Row>{std::move(row), !before, commit()};
    }

    /// The same for a row that takes the place of `before`, without the commit.
    template <class Store, class Row, class Content>
    void write(Store& store, std::string_view kind, const std::string& key, Row& row,
               Content Row::*content, const std::optional<Row>& before)
    {
        row.stamp.created_at = before ? before->stamp.created_at : now_;
        row.stamp.updated_at = now_;
        std::optional<std::string> was;
        if (before) was = audit_text((*before).*content);
        row.stamp.version =
            record(std::string{kind} + ".put", key, std::move(was), audit_text(row.*content));
        store.put(row);
    }

    /// Removes the row of `key`, unless `references` finds something that keeps it, and commits.
    template <class Store, class Row, class Content, class References>
    Result<ConfigChange, Refusal> remove(Store store, std::string_view kind, std::string_view key,
                                         Content Row::*content, const Precondition& condition,
                                         References references)
    {
        const auto before = store.find(key);
        if (auto refusal = check(condition, before ? before->stamp.version : 0))
            return unexpected{std::move(*refusal)};
        if (!before) return unexpected{Refusal{RefusalKind::unknown, {}, {}, 0}};
        if (std::vector<db::GroupReference> found = references(); !found.empty())
            return unexpected{in_use(std::move(found), before->stamp.version)};
        record(std::string{kind} + ".delete", std::string{key}, audit_text((*before).*content),
               std::nullopt);
        store.remove(key);
        return commit();
    }

private:
    db::Database& database_;
    const Actor& actor_;
    std::chrono::sys_seconds now_;
    db::Transaction transaction_;
};

}  // namespace lampline::admin
