#include "admin/token_service.hpp"

#include <doctest/doctest.h>

#include "admin/secret.hpp"
#include "db/audit_store.hpp"
#include "db/token_store.hpp"
#include "unit/db/stored_values.hpp"

using namespace lampline;
using namespace lampline::admin;
using lampline::testing::at;
using lampline::testing::bytes_of;
using lampline::testing::Office;

namespace {

const Actor cli{"command line", "", ""};

}  // namespace

TEST_CASE("a token is 160 random bits, known again, and stored nowhere")
{
    Office office;
    TokenService tokens{office.database};
    const auto token =
        tokens.create("laptop", Role::operator_, IfTaken::refuse, cli, at(100)).value();
    CHECK(token.size() == 35);
    CHECK(token.substr(0, 3) == "ll_");
    const auto bearer = tokens.authenticate(token, at(200));
    REQUIRE(bearer);
    CHECK(bearer->name == "laptop");
    CHECK(bearer->role == Role::operator_);
    CHECK_FALSE(tokens.authenticate(token + "x", at(200)));
    CHECK_FALSE(tokens.authenticate("", at(200)));
    CHECK_FALSE(tokens.authenticate(sha256(token), at(200)));

    const auto file = office.folder.database().string();
    CHECK(bytes_of(file).find(token) == std::string::npos);
    CHECK(bytes_of(file + "-wal").find(token) == std::string::npos);
    CHECK(bytes_of(file + "-wal").find(sha256(token)) != std::string::npos);
}

TEST_CASE("a token's use is noted once a minute")
{
    Office office;
    TokenService tokens{office.database};
    const auto token = tokens.create("laptop", Role::admin, IfTaken::refuse, cli, at(0)).value();
    const auto used = [&] {
        return db::TokenStore{office.database}.find_by_name("laptop")->last_used_at;
    };
    tokens.authenticate(token, at(100));
    CHECK(used() == at(100));
    tokens.authenticate(token, at(159));
    CHECK(used() == at(100));
    tokens.authenticate(token, at(160));
    CHECK(used() == at(160));
}

TEST_CASE("a taken name is refused, or its token replaced")
{
    Office office;
    TokenService tokens{office.database};
    const auto first = tokens.create("run", Role::admin, IfTaken::refuse, cli, at(0)).value();
    CHECK(tokens.create("run", Role::admin, IfTaken::refuse, cli, at(0)).error() ==
          TokenError::name_taken);
    const auto second = tokens.create("run", Role::admin, IfTaken::replace, cli, at(0)).value();
    CHECK_FALSE(tokens.authenticate(first, at(1)));
    CHECK(tokens.authenticate(second, at(1)));
    CHECK(tokens.create("a b", Role::admin, IfTaken::refuse, cli, at(0)).error() ==
          TokenError::malformed_name);
    CHECK(db::AuditStore{office.database}.latest(9).size() == 2);
}

TEST_CASE("a revoked token is nobody's")
{
    Office office;
    TokenService tokens{office.database};
    const auto token = tokens.create("run", Role::admin, IfTaken::refuse, cli, at(0)).value();
    CHECK(tokens.revoke("run", cli, at(1)));
    CHECK_FALSE(tokens.authenticate(token, at(2)));
    CHECK_FALSE(tokens.revoke("run", cli, at(3)));
}

TEST_CASE("each role may do what it is for")
{
    using enum Right;
    struct Row {
        Role role;
        bool reads, writes, watches;
    };
    for (const auto& row :
         {Row{Role::admin, true, true, true}, Row{Role::operator_, true, true, true},
          Row{Role::receptionist, false, false, true}, Row{Role::auditor, true, false, true}}) {
        CHECK(may(row.role, read_config) == row.reads);
        CHECK(may(row.role, write_config) == row.writes);
        CHECK(may(row.role, read_live) == row.watches);
        CHECK(role_named(word(row.role)) == row.role);
    }
    CHECK_FALSE(role_named("emperor"));
}
