#include "admin/token_service.hpp"

#include <boost/json.hpp>
#include <spdlog/spdlog.h>

#include <stdexcept>

#include "admin/secret.hpp"
#include "db/audit_store.hpp"
#include "db/token_store.hpp"

namespace lampline::admin {
namespace {

constexpr std::chrono::minutes use_grid{1};
constexpr std::size_t max_name = 64;

bool is_token_name(std::string_view text)
{
    constexpr std::string_view allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                         "0123456789._-";
    return !text.empty() && text.size() <= max_name &&
           text.find_first_not_of(allowed) == std::string_view::npos;
}

std::string audit_text(const db::StoredToken& token)
{
    return boost::json::serialize(boost::json::object{{"name", token.name}, {"role", token.role}});
}

}  // namespace

std::string_view word(Role role) noexcept
{
    switch (role) {
    case Role::admin: return "admin";
    case Role::operator_: return "operator";
    case Role::receptionist: return "receptionist";
    case Role::auditor: return "auditor";
    }
    return "auditor";
}

std::optional<Role> role_named(std::string_view text) noexcept
{
    for (const auto role : {Role::admin, Role::operator_, Role::receptionist, Role::auditor})
        if (text == word(role)) return role;
    return std::nullopt;
}

std::optional<Right> right_named(std::string_view text) noexcept
{
    if (text == "read_config") return Right::read_config;
    if (text == "write_config") return Right::write_config;
    if (text == "read_live") return Right::read_live;
    if (text == "act_live") return Right::act_live;
    if (text == "read_messages") return Right::read_messages;
    return std::nullopt;
}

bool may(Role role, Right right) noexcept
{
    switch (right) {
    case Right::read_config: return role != Role::receptionist;
    case Right::write_config: return role == Role::admin || role == Role::operator_;
    case Right::read_live: return true;
    case Right::act_live: return role != Role::auditor;
    case Right::read_messages: return role == Role::admin || role == Role::auditor;
    }
    return false;
}

Result<std::string, TokenError> TokenService::create(std::string_view name, Role role,
                                                     IfTaken if_taken, const Actor& actor,
                                                     std::chrono::sys_seconds now)
{
    if (!is_token_name(name)) return unexpected{TokenError::malformed_name};
    db::Transaction transaction{database_, db::Durability::full};
    db::TokenStore tokens{database_};
    const auto before = tokens.find_by_name(name);
    if (before && if_taken == IfTaken::refuse) return unexpected{TokenError::name_taken};

    auto token = make_token();
    const db::StoredToken row{sha256(token), std::string{name}, std::string{word(role)}, now,
                              std::nullopt};
    if (before) tokens.remove(name);
    tokens.add(row);
    db::AuditRow audit{
        0,        now,          actor.name,     actor.address, actor.request_id, "token.create",
        row.name, std::nullopt, audit_text(row)};
    if (before) audit.before = audit_text(*before);
    db::AuditStore{database_}.record(audit);
    transaction.commit();
    return token;
}

std::optional<Bearer> TokenService::authenticate(std::string_view token,
                                                 std::chrono::sys_seconds now)
{
    // A digest is looked up, not the secret: how long the search takes says nothing about the
    // token.
    const auto row = db::TokenStore{database_}.find_by_digest(sha256(token));
    if (!row) return std::nullopt;
    const auto role = role_named(row->role);
    if (!role) return std::nullopt;
    if (!row->last_used_at || now - *row->last_used_at >= use_grid) note_use(row->sha256, now);
    return Bearer{row->name, *role, row->sha256};
}

bool TokenService::holds(const Bearer& bearer) const
{
    const auto row = db::TokenStore{database_}.find_by_digest(bearer.digest);
    return row && role_named(row->role) == bearer.role;
}

/// A disk that cannot be written now must not lock out who only reads: the next use notes it.
void TokenService::note_use(const std::string& digest, std::chrono::sys_seconds now)
try {
    db::Transaction transaction{database_, db::Durability::normal};
    db::TokenStore{database_}.touch(digest, now);
    transaction.commit();
} catch (const std::runtime_error& failure) {
    spdlog::warn("the use of a token is not noted: {}", failure.what());
}

bool TokenService::revoke(std::string_view name, const Actor& actor, std::chrono::sys_seconds now)
{
    db::Transaction transaction{database_, db::Durability::full};
    db::TokenStore tokens{database_};
    const auto before = tokens.find_by_name(name);
    if (!before) return false;
    tokens.remove(name);
    db::AuditStore{database_}.record({0, now, actor.name, actor.address, actor.request_id,
                                      "token.revoke", before->name, audit_text(*before),
                                      std::nullopt});
    transaction.commit();
    return true;
}

}  // namespace lampline::admin
