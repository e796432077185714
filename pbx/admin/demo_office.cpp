#include "admin/demo_office.hpp"

#include <array>
#include <string_view>

#include "admin/audit_text.hpp"
#include "admin/secret.hpp"
#include "db/audit_store.hpp"
#include "db/extension_store.hpp"
#include "db/group_store.hpp"
#include "db/ring_group_store.hpp"

namespace lampline::admin {
namespace {

struct Person {
    std::string_view number;
    std::string_view name;
};

constexpr std::array<Person, 10> people{{
    {"201", "Reception"},
    {"202", "Mila Brandt"},
    {"203", "Jonas Weber"},
    {"204", "Priya Nair"},
    {"205", "Luca Ferri"},
    {"206", "Sofie Holm"},
    {"207", "Anna Lee"},
    {"208", "Omar Haddad"},
    {"209", "Clara Voss"},
    {"210", "Tom Okafor"},
}};

const GroupWatcher reception{"201", true};

const std::array<Group, 2> groups{{
    {"sales", "Sales", {"202", "203", "204", "207"}, {reception}},
    {"support", "Support", {"205", "206", "208", "209", "210"}, {reception}},
}};

/// The groups again, as numbers to call: sales ring together, support in turn.
const std::array<RingGroup, 2> ring_groups{{
    {.number = "600",
     .display_name = "Sales",
     .strategy = RingStrategy::all,
     .members = {{"202"}, {"203"}, {"204"}, {"207"}},
     .overflow = "201"},
    {.number = "601",
     .display_name = "Support",
     .strategy = RingStrategy::longest_idle,
     .members = {{"205"}, {"206"}, {"208"}, {"209"}, {"210"}},
     .overflow = "201"},
}};

}  // namespace

Result<std::vector<DemoAccount>, SeedError>
seed_demo_office(db::Database& database, const Actor& actor, std::chrono::sys_seconds now)
{
    db::Transaction transaction{database, db::Durability::full};
    db::ExtensionStore extensions{database};
    db::GroupStore group_store{database};
    if (extensions.count() != 0 || group_store.count() != 0)
        return unexpected{SeedError::office_exists};

    db::AuditStore audit{database};
    std::vector<DemoAccount> accounts;
    for (const auto& person : people) {
        DemoAccount account{std::string{person.number}, std::string{person.name},
                            make_sip_password()};
        const Extension extension{
            account.number, account.display_name,
            ha1_md5(account.number, database.domain(), account.sip_password),
            ha1_sha256(account.number, database.domain(), account.sip_password)};
        const auto version =
            audit.record({0, now, actor.name, actor.address, actor.request_id, "extension.put",
                          account.number, std::nullopt, audit_text(extension)});
        extensions.put({extension, {version, now, now}});
        accounts.push_back(std::move(account));
    }
    for (const auto& group : groups) {
        const auto version =
            audit.record({0, now, actor.name, actor.address, actor.request_id, "group.put",
                          group.name, std::nullopt, audit_text(group)});
        group_store.put({group, {version, now, now}});
    }
    db::RingGroupStore ring_group_store{database};
    for (const auto& group : ring_groups) {
        const auto version =
            audit.record({0, now, actor.name, actor.address, actor.request_id, "ring_group.put",
                          group.number, std::nullopt, audit_text(group)});
        ring_group_store.put({group, {version, now, now}});
    }
    transaction.commit();
    return accounts;
}

}  // namespace lampline::admin
