#include "db/trunk_store.hpp"

#include <doctest/doctest.h>

#include "db/directory_loader.hpp"
#include "unit/db/stored_values.hpp"

using namespace lampline;
using namespace lampline::db;
using namespace lampline::testing;

namespace {

Trunk full_trunk(std::string name)
{
    Trunk trunk;
    trunk.name = std::move(name);
    trunk.display_name = "Line";
    trunk.kind = TrunkKind::registering;
    trunk.enabled = false;
    trunk.servers = {{"192.0.2.1", 5080, Transport::tcp}, {"sip.carrier.test", 0, {}}};
    trunk.sources = {"192.0.2.9", "2001:db8::1"};
    trunk.domain = "carrier.test";
    trunk.credentials =
        std::make_shared<const TrunkCredentials>(TrunkCredentials{"u1", "s\"ecret", "realm of it"});
    trunk.expires = std::chrono::seconds{120};
    trunk.qualify = std::chrono::seconds{0};
    trunk.trusted = false;
    trunk.caller_id = {"+4310", {{"(20.)", "+431\\1"}}, true, true};
    trunk.inbound = {{"b", "1", true, {}}, {"a", "2", false, "201"}};
    trunk.limits = {4, std::chrono::minutes{60}, 100};
    trunk.mode = CallMode::redirect;
    return trunk;
}

void check_same(const Trunk& read, const Trunk& written)
{
    CHECK(read.name == written.name);
    CHECK(read.display_name == written.display_name);
    CHECK(read.kind == written.kind);
    CHECK(read.enabled == written.enabled);
    CHECK(read.servers == written.servers);
    CHECK(read.sources == written.sources);
    CHECK(read.domain == written.domain);
    REQUIRE(static_cast<bool>(read.credentials) == static_cast<bool>(written.credentials));
    if (read.credentials) {
        CHECK(read.credentials->username == written.credentials->username);
        CHECK(read.credentials->secret == written.credentials->secret);
        CHECK(read.credentials->realm == written.credentials->realm);
    }
    CHECK(read.expires == written.expires);
    CHECK(read.qualify == written.qualify);
    CHECK(read.trusted == written.trusted);
    CHECK(read.caller_id == written.caller_id);
    CHECK(read.inbound == written.inbound);
    CHECK(read.limits == written.limits);
    CHECK(read.mode == written.mode);
}

}  // namespace

TEST_CASE("a trunk comes back as it was put, whole or in the directory")
{
    Office office;
    const auto trunk = full_trunk("b");
    office.write([&](Database& database) {
        TrunkStore{database}.put({full_trunk("c"), {1, at(100), at(100)}});
        TrunkStore{database}.put({trunk, {2, at(100), at(100)}});
        TrunkStore{database}.put({trunk, {3, at(200), at(200)}});
    });
    const TrunkStore store{office.database};
    check_same(store.find("b")->trunk, trunk);
    CHECK(store.find("b")->stamp.version == 3);
    CHECK(store.find("b")->stamp.created_at == at(100));
    CHECK(store.all().size() == 2);
    check_same(load_directory(office.database)->find_trunk("b")->trunk(), trunk);
    CHECK(load_directory(office.database)->trunks().size() == 2);
    CHECK(load_directory(office.database)->find_trunk("b")->trunk().credentials->trunk == "b");
    CHECK_FALSE(store.find("a"));
}

TEST_CASE("a trunk that is replaced or removed leaves nothing of its lists")
{
    Office office;
    office.write([](Database& database) {
        TrunkStore{database}.put({full_trunk("b"), {}});
        Trunk bare;
        bare.name = "b";
        TrunkStore{database}.put({bare, {}});
    });
    auto read = TrunkStore{office.database}.find("b")->trunk;
    CHECK(read.servers.empty());
    CHECK(read.sources.empty());
    CHECK(read.inbound.empty());
    CHECK(read.caller_id.numbers.empty());
    CHECK_FALSE(read.credentials);
    office.write([](Database& database) {
        CHECK(TrunkStore{database}.remove("b"));
        CHECK_FALSE(TrunkStore{database}.remove("b"));
    });
    CHECK(TrunkStore{office.database}.all().empty());
}

TEST_CASE("a number acts on behalf of nobody when its extension is gone, and the trunk has changed")
{
    Office office;
    office.add_extensions({"201"});
    office.write([](Database& database) {
        TrunkStore{database}.put({full_trunk("b"), {3, at(100), at(100)}});
        ExtensionStore{database}.remove("201");
    });
    const auto read = TrunkStore{office.database}.find("b");
    CHECK(read->trunk.inbound.at(1).on_behalf_of.empty());
    CHECK(read->stamp.version == 4);
}
