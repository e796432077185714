#include "admin/demo_office.hpp"

#include <doctest/doctest.h>

#include <set>

#include "admin/secret.hpp"
#include "db/directory_loader.hpp"
#include "unit/db/stored_values.hpp"

using namespace lampline;
using namespace lampline::admin;
using lampline::testing::at;
using lampline::testing::Office;

namespace {

const Actor cli{"command line", "", ""};

}  // namespace

TEST_CASE("the demo office: ten extensions with secrets, two groups, the reception watching both")
{
    Office office;
    const auto accounts = seed_demo_office(office.database, cli, at(100)).value();
    REQUIRE(accounts.size() == 10);
    std::set<std::string> passwords;
    const auto directory = db::load_directory(office.database);
    for (std::size_t i = 0; i < accounts.size(); ++i) {
        const auto& account = accounts[i];
        CHECK(account.number == std::to_string(201 + i));
        CHECK_FALSE(account.display_name.empty());
        CHECK(account.sip_password.size() >= 20);
        passwords.insert(account.sip_password);
        CHECK(directory->find(account.number)->ha1_md5 ==
              ha1_md5(account.number, "office.test", account.sip_password));
    }
    CHECK(passwords.size() == 10);
    for (const auto* name : {"sales", "support"}) {
        const auto* group = directory->find_group(name);
        REQUIRE(group != nullptr);
        CHECK_FALSE(group->members.empty());
        for (const auto& member : group->members) CHECK(directory->right("201", member) != nullptr);
    }
}

TEST_CASE("an office that exists is never overwritten")
{
    Office office;
    office.add_extensions({"555"});
    CHECK(seed_demo_office(office.database, cli, at(100)).error() == SeedError::office_exists);
    CHECK(db::load_directory(office.database)->extension_count() == 1);
}
