#include "admin/forwarding_service.hpp"

#include <doctest/doctest.h>

#include "admin/extension_service.hpp"
#include "admin/feature_code_service.hpp"
#include "db/audit_store.hpp"
#include "db/digit_plan_store.hpp"
#include "db/directory_loader.hpp"
#include "unit/db/stored_values.hpp"

using namespace lampline;
using namespace lampline::admin;
using lampline::testing::at;
using lampline::testing::Office;

namespace {

const Actor anna{"anna", "192.0.2.9", "req-1"};

struct Desk {
    Desk() { office.add_extensions({"201", "202", "203"}); }

    Result<ForwardingSaved, Refusal> put(const Forwarding& forwarding,
                                         const Precondition& condition = {})
    {
        return service.put("202", forwarding, condition, anna, at(200));
    }

    Office office;
    ForwardingService service{office.database};
    FeatureCodeService codes{office.database};
};

/// The only fault of a refused change: where, and what.
template <class Outcome>
std::string fault(const Outcome& outcome)
{
    REQUIRE_FALSE(outcome);
    REQUIRE(outcome.error().faults.size() == 1);
    return outcome.error().faults[0].pointer + ' ' + outcome.error().faults[0].code;
}

}  // namespace

TEST_CASE("forwarding is kept, audited, and in the directory")
{
    Desk desk;
    Forwarding wanted{.always = "201", .busy = "203", .no_answer = "201", .unregistered = "203"};
    wanted.no_answer_after = std::chrono::seconds{33};
    wanted.do_not_disturb = true;
    wanted.call_waiting = false;
    wanted.call_limit = 4;
    wanted.forking = Forking::sequential;
    wanted.exceptions = {{CallerMatch::prefix, "030", CallerTreatment::forward, "203"},
                         {CallerMatch::anonymous, "", CallerTreatment::refuse}};
    const auto saved = desk.put(wanted).value();
    CHECK(saved.view.forwarding == wanted);
    CHECK(saved.change.directory->find("202")->forwarding == wanted);
    CHECK(saved.change.directory->find("201")->forwarding == Forwarding{});
    CHECK(desk.service.find("202")->forwarding == wanted);
    CHECK(desk.service.find("202")->version == saved.view.version);
    const auto row = db::AuditStore{desk.office.database}.latest(1).at(0);
    CHECK(row.id == saved.view.version);
    CHECK(row.operation == "forwarding.put");
    CHECK(row.subject == "202");
    CHECK(row.before->find(R"("always":"")") != std::string::npos);
    CHECK(row.after->find(R"("always":"201")") != std::string::npos);
    CHECK(row.after->find(R"("call_limit":4)") != std::string::npos);
}

TEST_CASE("what cannot be dialled is refused, and nothing is changed")
{
    Desk desk;
    CHECK(fault(desk.put({.always = "202"})) == "/always itself");
    CHECK(fault(desk.put({.busy = "999"})) == "/busy unknown_number");
    Forwarding wanted;
    wanted.no_answer_after = std::chrono::seconds{4};
    CHECK(fault(desk.put(wanted)) == "/no_answer_after out_of_range");
    wanted.no_answer_after = std::chrono::seconds{600};
    wanted.call_limit = 0;
    CHECK(fault(desk.put(wanted)) == "/call_limit out_of_range");
    CHECK(desk.service.find("202")->forwarding == Forwarding{});
    CHECK(desk.service.put("999", {}, {}, anna, at(1)).error().kind == RefusalKind::unknown);
}

TEST_CASE("no forward is set that the digit plan would refuse, by whatever way it is asked for")
{
    Desk desk;
    DigitRules rules;
    rules.rules = {{.pattern = "0900.*", .status = 403, .phrase = "No Premium Calls"},
                   {.pattern = "00.*", .call_class = CallClass::international},
                   {.pattern = "0.*", .call_class = CallClass::national, .trunks = {"line"}},
                   {.pattern = "112", .emergency = true, .trunks = {"line"}}};
    rules.default_right = CallClass::national;
    const auto plan = [&](std::uint64_t version) {
        desk.office.write([&](db::Database& database) {
            db::DigitPlanStore{database}.put({rules, version, at(1)});
        });
    };
    plan(1);
    const auto phone = [&](const char* number) {
        return desk.service.change({LegId{1}, "202", "", {Feature::forward_always, number}},
                                   at(300));
    };
    for (const auto* number : {"0664999", "0900123", "0043664", "112"}) {
        CAPTURE(number);
        CHECK(fault(phone(number)) == "/always not_allowed");
        CHECK(fault(desk.put({.no_answer = number})) == "/no_answer not_allowed");
    }
    CHECK(desk.service.find("202")->forwarding == Forwarding{});
    Forwarding some;
    some.exceptions = {{CallerMatch::prefix, "030", CallerTreatment::forward, "0664999"}};
    CHECK(fault(desk.put(some)) == "/exceptions/0/to not_allowed");

    rules.outside["202"].forward = true;
    plan(2);
    CHECK(phone("0664999").value().directory->find("202")->forwarding.always == "0664999");
    CHECK(fault(phone("0900123")) == "/always not_allowed");
    rules.outside.clear();
    plan(3);  // what stays as it was stands in the way of nothing
    CHECK(desk.put({.always = "0664999", .busy = "203"}));
}

TEST_CASE("a phone changes its own extension, audited as that")
{
    Desk desk;
    const DialledFeature dialled{Feature::forward_always, "203"};
    const auto change = desk.service.change({LegId{1}, "202", "192.0.2.5", dialled}, at(300));
    CHECK(change.value().directory->find("202")->forwarding.always == "203");
    const auto row = db::AuditStore{desk.office.database}.latest(1).at(0);
    CHECK(row.actor == "extension 202");
    CHECK(row.address == "192.0.2.5");
    CHECK_FALSE(desk.service.change({LegId{2}, "202", "192.0.2.5", dialled}, at(301))
                    .value()
                    .directory);  // so it was already
    CHECK(fault(desk.service.change({LegId{3}, "202", "", {Feature::forward_busy, "999"}},
                                    at(302))) == "/busy unknown_number");
}

TEST_CASE("a forward whose target is gone stands in the way of no other change")
{
    Desk desk;
    Forwarding wanted{.busy = "203"};
    wanted.exceptions = {{CallerMatch::prefix, "030", CallerTreatment::forward, "203"}};
    desk.put(wanted).value();
    ExtensionService{desk.office.database}
        .remove("203", Memberships::keep, {}, anna, at(210))
        .value();

    const auto dials = [&](Feature feature, std::optional<std::string> number = {}) {
        return desk.service.change({LegId{1}, "202", "", {feature, std::move(number)}}, at(300));
    };
    CHECK(dials(Feature::do_not_disturb).value().directory->find("202")->forwarding.do_not_disturb);
    CHECK(dials(Feature::forward_always, "201").value().directory);
    CHECK(fault(dials(Feature::forward_always, "203")) == "/always unknown_number");

    wanted.call_limit = 2;  // an administrator leaves it as it is too
    wanted.exceptions.insert(wanted.exceptions.begin(),
                             {CallerMatch::anonymous, "", CallerTreatment::refuse});
    CHECK(desk.put(wanted));
    wanted.exceptions.push_back({CallerMatch::prefix, "040", CallerTreatment::forward, "203"});
    CHECK(fault(desk.put(wanted)) == "/exceptions/2/to unknown_number");
    wanted.exceptions.pop_back();
    wanted.no_answer = "203";
    CHECK(fault(desk.put(wanted)) == "/no_answer unknown_number");
    CHECK(dials(Feature::forward_nothing).value().directory);
}

TEST_CASE("an extension takes its forwarding with it; a new one of that number has none")
{
    Desk desk;
    desk.put({.always = "201"}).value();
    ExtensionService extensions{desk.office.database};
    extensions.remove("202", Memberships::keep, {}, anna, at(400)).value();
    CHECK_FALSE(desk.service.find("202"));
    extensions.put({"202", "", {}, false}, {}, anna, at(401)).value();
    CHECK(desk.service.find("202")->forwarding == Forwarding{});
}

TEST_CASE("a precondition counts for forwarding as for everything")
{
    Desk desk;
    const auto version = desk.put({}).value().view.version;
    CHECK(desk.put({}, {.only_versions = {{version + 1}}}).error().kind ==
          RefusalKind::precondition_failed);
    CHECK(desk.put({}, {.only_versions = {{version}}}));
}

TEST_CASE("a feature's code is changed, or taken out of use")
{
    Desk desk;
    CHECK(desk.codes.all().size() == feature_count);
    CHECK(desk.codes.at(Feature::disturb).code == "*79");
    CHECK_FALSE(desk.codes.at(Feature::disturb).updated_at);
    auto saved = desk.codes.put(Feature::disturb, "*60", {}, anna, at(500)).value();
    CHECK(saved.change.directory->feature_codes().code(Feature::disturb) == "*60");
    CHECK(desk.codes.at(Feature::disturb).version == saved.view.version);
    saved = desk.codes.put(Feature::disturb, "", {}, anna, at(501)).value();
    CHECK(saved.change.directory->feature_codes().code(Feature::disturb).empty());
    CHECK(db::load_directory(desk.office.database)->feature_codes().code(Feature::do_not_disturb) ==
          "*78");
}

TEST_CASE("a code is dialable, and nobody else's")
{
    Desk desk;
    const auto put = [&](const std::string& code) {
        return desk.codes.put(Feature::disturb, code, {}, anna, at(500));
    };
    CHECK(fault(put("*2a")) == "/code malformed");
    CHECK(fault(put("123456789")) == "/code malformed");
    CHECK(fault(put("*21")) == "/code taken");
    CHECK(fault(put("203")) == "/code taken");
    CHECK(put("*79"));
}
