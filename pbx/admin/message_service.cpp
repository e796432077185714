#include "admin/message_service.hpp"

#include "admin/audit_text.hpp"
#include "db/audit_store.hpp"
#include "db/directory_loader.hpp"
#include "db/extension_store.hpp"
#include "db/mailbox_store.hpp"

namespace lampline::admin {
namespace {

constexpr unsigned max_messages = 9999;

std::vector<FieldFault> faults_of(const MessageCounts& messages)
{
    std::vector<FieldFault> faults;
    const auto check_count = [&](unsigned count, const char* pointer) {
        if (count > max_messages) faults.push_back({pointer, "out_of_range", "must be 0 to 9999"});
    };
    check_count(messages.fresh, "/new");
    check_count(messages.old, "/old");
    check_count(messages.urgent_fresh, "/urgent_new");
    check_count(messages.urgent_old, "/urgent_old");
    if (messages.urgent_fresh > messages.fresh)
        faults.push_back({"/urgent_new", "out_of_range", "must not be more than /new"});
    if (messages.urgent_old > messages.old)
        faults.push_back({"/urgent_old", "out_of_range", "must not be more than /old"});
    return faults;
}

}  // namespace

std::optional<MessageView> MessageService::find(std::string_view number) const
{
    const auto extension = db::ExtensionStore{database_}.find(number);
    if (!extension) return std::nullopt;
    if (const auto row = db::MailboxStore{database_}.find(number))
        return MessageView{row->number, row->messages, row->version, row->updated_at};
    return MessageView{
        extension->extension.number, {}, extension->stamp.version, extension->stamp.updated_at};
}

Result<MessagesSaved, Refusal> MessageService::put(std::string_view number,
                                                   const MessageCounts& messages,
                                                   const Precondition& condition,
                                                   const Actor& actor, std::chrono::sys_seconds now)
{
    db::Transaction transaction{database_, db::Durability::full};
    const auto before = find(number);
    if (auto refusal = check(condition, before ? before->version : 0))
        return unexpected{std::move(*refusal)};
    if (!before) return unexpected{Refusal{RefusalKind::unknown, {}, {}, 0}};
    if (auto faults = faults_of(messages); !faults.empty())
        return unexpected{Refusal{RefusalKind::invalid, std::move(faults), {}, before->version}};

    MessagesSaved saved;
    saved.view = {before->number, messages, 0, now};
    saved.view.version = db::AuditStore{database_}.record(
        {0, now, actor.name, actor.address, actor.request_id, "messages.put", before->number,
         audit_text(before->messages), audit_text(messages)});
    db::MailboxStore{database_}.put({before->number, messages, saved.view.version, now});
    transaction.commit();
    saved.change.directory = db::load_directory(database_);
    return saved;
}

}  // namespace lampline::admin
