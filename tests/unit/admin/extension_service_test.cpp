#include "admin/extension_service.hpp"

#include <doctest/doctest.h>

#include "admin/group_service.hpp"
#include "admin/secret.hpp"
#include "db/audit_store.hpp"
#include "db/extension_store.hpp"
#include "unit/db/stored_values.hpp"

using namespace lampline;
using namespace lampline::admin;
using lampline::testing::at;
using lampline::testing::Office;

namespace {

const Actor anna{"anna", "192.0.2.9", "req-1"};

struct Desk {
    Office office;
    ExtensionService extensions{office.database};
    GroupService groups{office.database};

    ExtensionSaved add(const std::string& number)
    {
        return extensions.put({number, "", {}, false}, {}, anna, at(100)).value();
    }
    Result<ExtensionSaved, Refusal> put(const ExtensionDraft& draft,
                                        const Precondition& condition = {})
    {
        return extensions.put(draft, condition, anna, at(200));
    }
    Extension stored(const std::string& number)
    {
        return db::ExtensionStore{office.database}.find(number).value().extension;
    }
    std::vector<db::AuditRow> audit() { return db::AuditStore{office.database}.latest(10); }
};

/// The only fault of a refused change.
FieldFault fault(const Result<ExtensionSaved, Refusal>& outcome)
{
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().kind == RefusalKind::invalid);
    REQUIRE(outcome.error().faults.size() == 1);
    return outcome.error().faults[0];
}

}  // namespace

TEST_CASE("a new extension without a password gets one, told once and kept as digests (RFC 7616)")
{
    Desk desk;
    const auto saved = desk.put({"207", "Anna Lee", {}, false}).value();
    CHECK(saved.created);
    REQUIRE(saved.generated_password);
    CHECK(saved.generated_password->size() == 24);
    CHECK(desk.stored("207").ha1_md5 == ha1_md5("207", "office.test", *saved.generated_password));
    CHECK(desk.stored("207").ha1_sha256 ==
          ha1_sha256("207", "office.test", *saved.generated_password));
    REQUIRE(saved.change.directory);
    CHECK(saved.change.directory->find("207")->display_name == "Anna Lee");
}

TEST_CASE("a password that is given is used and not told")
{
    Desk desk;
    const auto saved = desk.put({"207", "", "correct horse", false}).value();
    CHECK_FALSE(saved.generated_password);
    CHECK(desk.stored("207").ha1_md5 == ha1_md5("207", "office.test", "correct horse"));
}

TEST_CASE("replacing keeps the password unless a new one is given or asked for")
{
    Desk desk;
    desk.add("207");
    const auto digest = desk.stored("207").ha1_md5;
    const auto renamed = desk.put({"207", "Anna Ng", {}, false}).value();
    CHECK_FALSE(renamed.created);
    CHECK_FALSE(renamed.generated_password);
    CHECK(desk.stored("207").ha1_md5 == digest);
    CHECK(renamed.extension.stamp.created_at == at(100));
    CHECK(renamed.extension.stamp.updated_at == at(200));
    CHECK(desk.put({"207", "Anna Ng", {}, true}).value().generated_password);
    CHECK(desk.stored("207").ha1_md5 != digest);
}

TEST_CASE("every field that cannot be accepted is named, and nothing is changed")
{
    Desk desk;
    CHECK(fault(desk.put({"", "", {}, false})).pointer == "/number");
    CHECK(fault(desk.put({"2 7", "", {}, false})).code == "malformed");
    CHECK(fault(desk.put({std::string(33, '2'), "", {}, false})).pointer == "/number");
    CHECK(fault(desk.put({"207", "a\nb", {}, false})).pointer == "/display_name");
    CHECK(fault(desk.put({"207", "\xC3", {}, false})).code == "malformed");
    CHECK(fault(desk.put({"207", "\xED\xA0\x80", {}, false})).code == "malformed");
    CHECK(fault(desk.put({"207", std::string(129, 'x'), {}, false})).code == "too_long");
    CHECK(fault(desk.put({"207", "", "short", false})).code == "too_short");
    CHECK(fault(desk.put({"207", "", std::string(129, 'x'), false})).pointer == "/sip_password");
    CHECK(desk.put({"2 7", "a\nb", "x", false}).error().faults.size() == 3);
    CHECK(desk.audit().empty());
    std::string umlauts;
    for (int i = 0; i < 128; ++i) umlauts += "ü";
    CHECK(desk.put({"207", umlauts, {}, false}));
}

TEST_CASE("a precondition that does not hold refuses with the present version (RFC 9110 13.1)")
{
    Desk desk;
    const auto version = desk.add("207").extension.stamp.version;
    const ExtensionDraft draft{"207", "new", {}, false};
    const auto refusal = [&](const Precondition& condition) {
        const auto outcome = desk.put(draft, condition);
        REQUIRE_FALSE(outcome);
        CHECK(outcome.error().version == version);
        return outcome.error().kind;
    };
    CHECK(refusal({.must_not_exist = true}) == RefusalKind::precondition_failed);
    CHECK(refusal({.only_versions = {{version + 1}}}) == RefusalKind::precondition_failed);
    CHECK(refusal({.not_versions = {version}}) == RefusalKind::precondition_failed);
    CHECK(refusal({.demanded = true}) == RefusalKind::precondition_required);
    CHECK_FALSE(desk.put({"208", "", {}, false}, {.must_exist = true}));
    CHECK_FALSE(desk.put({"208", "", {}, false}, {.only_versions = {{version}}}));
    CHECK(desk.put({"208", "", {}, false}, {.must_not_exist = true, .demanded = true}));
    CHECK(desk.put({"209", "", {}, false}, {.demanded = true}));
    CHECK(desk.put(draft, {.only_versions = {{7777, version}}, .demanded = true}));
}

TEST_CASE("a version never comes back, not even when a number is made again")
{
    Desk desk;
    const auto first = desk.add("207").extension.stamp.version;
    CHECK(desk.extensions.remove("207", Memberships::keep, {}, anna, at(1)));
    CHECK(desk.add("207").extension.stamp.version > first);
}

TEST_CASE("removing an extension of a group is refused with every reference")
{
    Desk desk;
    desk.add("201");
    desk.add("207");
    CHECK(desk.groups.put({"sales", "", {"207", "201"}, {{"201", true, {}}}}, {}, anna, at(1)));
    const auto refused = desk.extensions.remove("201", Memberships::keep, {}, anna, at(1));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind == RefusalKind::in_use);
    CHECK(refused.error().references ==
          std::vector<db::GroupReference>{{"sales", "member"}, {"sales", "watcher"}});
    CHECK(desk.extensions.find("201"));

    const auto version = desk.groups.find("sales")->stamp.version;
    const auto removed = desk.extensions.remove("201", Memberships::remove, {}, anna, at(300));
    REQUIRE(removed);
    CHECK(removed->directory->find("201") == nullptr);
    const auto group = desk.groups.find("sales").value();
    CHECK(group.group.members == std::vector<std::string>{"207"});
    CHECK(group.group.watchers.empty());
    CHECK(group.stamp.version > version);
    CHECK(group.stamp.updated_at == at(300));
}

TEST_CASE("removing what is not there is unknown")
{
    Desk desk;
    const auto outcome = desk.extensions.remove("207", Memberships::keep, {}, anna, at(1));
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().kind == RefusalKind::unknown);
}

TEST_CASE("the audit says who changed what from what to what, and no secret")
{
    Desk desk;
    CHECK(desk.put({"207", "Anna Lee", "correct horse", false}));
    CHECK(desk.put({"207", "Anna Ng", {}, false}));
    CHECK(desk.extensions.remove("207", Memberships::keep, {}, anna, at(300)));
    const auto rows = desk.audit();
    REQUIRE(rows.size() == 3);
    CHECK(rows[1].operation == "extension.put");
    CHECK(rows[1].subject == "207");
    CHECK(rows[1].actor == "anna");
    CHECK(rows[1].address == "192.0.2.9");
    CHECK(rows[1].request_id == "req-1");
    CHECK(rows[1].before ==
          R"({"number":"207","display_name":"Anna Lee","visibility":"open","mode":"bridge",)"
          R"("trusted":false,"appearances":0,"phone_notifies":false})");
    CHECK(rows[1].after ==
          R"({"number":"207","display_name":"Anna Ng","visibility":"open","mode":"bridge",)"
          R"("trusted":false,"appearances":0,"phone_notifies":false})");
    CHECK(rows[0].operation == "extension.delete");
    CHECK_FALSE(rows[0].after);
    CHECK_FALSE(rows[2].before);
}
