#include "admin/audited_change.hpp"

#include "db/audit_store.hpp"
#include "db/directory_loader.hpp"

namespace lampline::admin {

Refusal invalid(std::vector<FieldFault> faults, std::uint64_t version)
{
    return {RefusalKind::invalid, std::move(faults), {}, version};
}

Refusal in_use(std::vector<db::GroupReference> references, std::uint64_t version)
{
    return {RefusalKind::in_use, {}, std::move(references), version};
}

std::uint64_t AuditedChange::record(std::string operation, std::string subject,
                                    std::optional<std::string> before,
                                    std::optional<std::string> after)
{
    return db::AuditStore{database_}.record(
        {0, now_, actor_.name, actor_.address, actor_.request_id, std::move(operation),
         std::move(subject), std::move(before), std::move(after)});
}

ConfigChange AuditedChange::commit()
{
    transaction_.commit();
    return {db::load_directory(database_)};
}

}  // namespace lampline::admin
