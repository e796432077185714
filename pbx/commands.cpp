#include "commands.hpp"

#include <fmt/format.h>

#include <cstdio>

#include "admin/demo_office.hpp"
#include "admin/token_service.hpp"
#include "base/clock.hpp"
#include "base/setting_table.hpp"
#include "db/database.hpp"
#include "db/inspection.hpp"
#include "db/token_store.hpp"
#include "health.hpp"
#include "web/api/time_text.hpp"

namespace lampline {
namespace {

const admin::Actor operator_here{.name = "command line", .address = {}, .request_id = {}};

}  // namespace

ExitCode create_token(const ServeSettings& settings, const CreateToken& wanted)
{
    const auto role = admin::role_named(wanted.role);
    if (!role) {
        fmt::print(stderr, "--role: '{}': expected admin, operator, receptionist or auditor\n",
                   wanted.role);
        return ExitCode::usage;
    }
    db::Database database{settings.database_file(), settings.domain};
    const auto token = admin::TokenService{database}.create(
        wanted.name, *role, admin::IfTaken::refuse, operator_here, present().seconds());
    if (token) {
        fmt::print("{}\n", *token);
        return ExitCode::ok;
    }
    switch (token.error()) {
    case admin::TokenError::malformed_name:
        fmt::print(stderr, "token create: a name is 1 to 64 of A-Z a-z 0-9 . _ -\n");
        return ExitCode::usage;
    case admin::TokenError::name_taken:
        fmt::print(stderr, "token create: there is a token named '{}' already\n", wanted.name);
        return ExitCode::failure;
    }
    return ExitCode::failure;
}

ExitCode revoke_token(const ServeSettings& settings, const RevokeToken& unwanted)
{
    db::Database database{settings.database_file(), settings.domain};
    if (admin::TokenService{database}.revoke(unwanted.name, operator_here, present().seconds()))
        return ExitCode::ok;
    fmt::print(stderr, "token revoke: there is no token named '{}'\n", unwanted.name);
    return ExitCode::failure;
}

ExitCode list_tokens(const ServeSettings& settings)
{
    db::Database database{settings.database_file(), settings.domain};
    for (const auto& token : db::TokenStore{database}.all())
        fmt::print("{} {} {} {}\n", token.name, token.role, web::time_text(token.created_at),
                   token.last_used_at ? web::time_text(*token.last_used_at) : "never");
    return ExitCode::ok;
}

ExitCode seed_demo(const ServeSettings& settings)
{
    std::filesystem::create_directories(settings.data_directory);
    db::Database database{settings.database_file(), settings.domain};
    const auto accounts = admin::seed_demo_office(database, operator_here, present().seconds());
    if (!accounts) {
        fmt::print(stderr, "seed demo: {} has extensions or groups already; nothing was changed\n",
                   settings.database_file().string());
        return ExitCode::failure;
    }
    for (const auto& account : *accounts)
        fmt::print("{} {} {}\n", account.number, account.sip_password, account.display_name);
    return ExitCode::ok;
}

ExitCode check_config(const ServeSettings& settings)
{
    const auto file = settings.database_file();
    const auto database = db::inspect(file, settings.domain);
    if (!database && settings.domain.empty()) {
        fmt::print(stderr, "--domain: there is no {} yet to remember one\n", file.string());
        return ExitCode::bad_config;
    }
    fmt::print("configuration is good; {} {}\n", file.string(),
               database ? "is of " + database->domain : "will be made for " + settings.domain);
    return ExitCode::ok;
}

ExitCode check_health(const ServeSettings& settings)
{
    const bool healthy = is_healthy(settings.http);
    fmt::print("{}: {}\n", write(settings.http), healthy ? "healthy" : "not healthy");
    return healthy ? ExitCode::ok : ExitCode::failure;
}

}  // namespace lampline
