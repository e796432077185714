#pragma once
// A part of the configuration that there is once: read, and replaced whole.
#include <chrono>
#include <optional>
#include <string>

#include "admin/audited_change.hpp"
#include "admin/numbers.hpp"
#include "db/sole_row.hpp"

namespace lampline::admin {

/// As it is in force.
template <class Content>
struct Sole {
    Content content;
    std::uint64_t version = 0;
    std::optional<std::chrono::sys_seconds> updated_at;  ///< empty: never written
};

template <class Content>
struct SoleSaved {
    Sole<Content> view;
    ConfigChange change;
};

template <class Content>
Sole<Content> in_force(std::optional<db::SoleRow<Content>> row)
{
    if (!row) return {{}, version_as_it_comes, std::nullopt};
    return {std::move(row->content), row->version, row->updated_at};
}

/// Replaces the row of `store`, unless `condition` or what `faults_of(content)` finds keeps it as
/// it is, or a setting elsewhere would lead to nobody by it. `operation` and `subject` are for the audit.
template <class Store, class Content, class FaultsOf>
Result<SoleSaved<Content>, Refusal>
put_sole(db::Database& database, Store store, std::string operation, std::string subject,
         const Content& content, const Precondition& condition, const Actor& actor,
         std::chrono::sys_seconds now, FaultsOf faults_of)
{
    AuditedChange change{database, actor, now};
    const auto before = in_force(store.find());
    if (auto refusal = check(condition, before.version)) return unexpected{std::move(*refusal)};
    if (std::vector<FieldFault> faults = faults_of(content); !faults.empty())
        return unexpected{invalid(std::move(faults), before.version)};
    const auto leads = leads_that_end(database);
    const auto version = change.record(std::move(operation), std::move(subject),
                                       audit_text(before.content), audit_text(content));
    store.put({content, version, now});
    if (auto references = cut_off(leads, database); !references.empty())
        return unexpected{in_use(std::move(references), before.version)};
    return SoleSaved<Content>{{content, version, now}, change.commit()};
}

}  // namespace lampline::admin
