#include "admin/forwarding_service.hpp"

#include <algorithm>

#include "admin/audited_change.hpp"
#include "admin/numbers.hpp"
#include "core/forward_target.hpp"
#include "db/digit_plan_store.hpp"
#include "db/extension_store.hpp"
#include "db/forwarding_store.hpp"
#include "db/ring_group_store.hpp"

namespace lampline::admin {
namespace {

constexpr std::chrono::seconds min_ring{5};
constexpr std::chrono::seconds max_ring{600};
constexpr unsigned max_calls = 1000;
constexpr std::size_t max_exceptions = 100;

/// The members that `exception` needs are there, and no others.
void check_exception(const CallerException& exception, const std::string& pointer,
                     std::vector<FieldFault>& faults)
{
    const bool anonymous = exception.match == CallerMatch::anonymous;
    if (anonymous != exception.caller.empty())
        faults.push_back({pointer + "/caller", anonymous ? "not_allowed" : "required",
                          anonymous ? "a caller without a number has none" : "whose calls?"});
    else if (!anonymous && !is_number(exception.caller))
        faults.push_back({pointer + "/caller", "malformed", "must be a number or how one begins"});
    const bool forwards = exception.treatment == CallerTreatment::forward;
    if (forwards == exception.to.empty())
        faults.push_back({pointer + "/to", forwards ? "required" : "not_allowed",
                          forwards ? "where to?" : "only of calls that go on"});
}

/// `plan` is read when first needed.
std::optional<ForwardRefusal> refusal_of(std::string_view own, const std::string& number,
                                         std::optional<DigitPlan>& plan, db::Database& database)
{
    if (!plan) {
        auto row = db::DigitPlanStore{database}.find();
        plan = row ? DigitPlan{std::move(row->content)} : DigitPlan{};
    }
    const bool ours = db::ExtensionStore{database}.find(number) ||
                      db::RingGroupStore{database}.find(number);
    return forward_refusal(*plan, own, number, ours);
}

std::vector<FieldFault> faults_of(std::string_view own, const Forwarding& before,
                                  const Forwarding& forwarding, db::Database& database)
{
    std::vector<FieldFault> faults;
    std::optional<DigitPlan> plan;
    const auto check_number = [&](const std::string& number, const std::string& was,
                                  const std::string& pointer) {
        if (number.empty() || number == was) return;
        if (number == own)
            faults.push_back({pointer, "itself", "must not be the extension's own number"});
        else if (!may_lead_to(number, was, database))
            faults.push_back({pointer, "unknown_number", "nobody has the number " + number});
        else if (const auto refusal = refusal_of(own, number, plan, database))
            faults.push_back({pointer, "not_allowed", refusal->reason});
    };
    check_number(forwarding.always, before.always, "/always");
    check_number(forwarding.busy, before.busy, "/busy");
    check_number(forwarding.no_answer, before.no_answer, "/no_answer");
    check_number(forwarding.unregistered, before.unregistered, "/unregistered");
    if (forwarding.no_answer_after < min_ring || forwarding.no_answer_after > max_ring)
        faults.push_back({"/no_answer_after", "out_of_range", "must be 5 to 600 seconds"});
    if (forwarding.call_limit && (*forwarding.call_limit < 1 || *forwarding.call_limit > max_calls))
        faults.push_back({"/call_limit", "out_of_range", "must be 1 to 1000"});
    if (forwarding.exceptions.size() > max_exceptions)
        faults.push_back({"/exceptions", "too_many", "must be at most 100"});
    else
        for (std::size_t i = 0; i < forwarding.exceptions.size(); ++i) {
            const auto pointer = "/exceptions/" + std::to_string(i);
            const auto& exception = forwarding.exceptions[i];
            check_exception(exception, pointer, faults);
            const bool stays =
                std::ranges::find(before.exceptions, exception) != before.exceptions.end();
            if (!stays) check_number(exception.to, {}, pointer + "/to");
        }
    return faults;
}

}  // namespace

std::optional<ForwardingView> ForwardingService::find(std::string_view number) const
{
    const auto extension = db::ExtensionStore{database_}.find(number);
    if (!extension) return std::nullopt;
    if (const auto row = db::ForwardingStore{database_}.find(number))
        return ForwardingView{row->number, row->forwarding, row->version, row->updated_at};
    return ForwardingView{
        extension->extension.number, {}, extension->stamp.version, extension->stamp.updated_at};
}

Result<ForwardingSaved, Refusal> ForwardingService::put(std::string_view number,
                                                        const Forwarding& forwarding,
                                                        const Precondition& condition,
                                                        const Actor& actor,
                                                        std::chrono::sys_seconds now)
{
    AuditedChange change{database_, actor, now};
    const auto before = find(number);
    if (auto refusal = check(condition, before ? before->version : 0))
        return unexpected{std::move(*refusal)};
    if (!before) return unexpected{Refusal{RefusalKind::unknown, {}, {}, 0}};
    if (auto faults = faults_of(number, before->forwarding, forwarding, database_); !faults.empty())
        return unexpected{invalid(std::move(faults), before->version)};

    ForwardingView view{before->number, forwarding, 0, now};
    view.version = change.record("forwarding.put", before->number, audit_text(before->forwarding),
                                 audit_text(forwarding));
    db::ForwardingStore{database_}.put({before->number, forwarding, view.version, now});
    return ForwardingSaved{std::move(view), change.commit()};
}

Result<ConfigChange, Refusal> ForwardingService::change(const FeatureAsked& asked,
                                                        std::chrono::sys_seconds now)
{
    const auto before = find(asked.extension);
    if (!before) return unexpected{Refusal{RefusalKind::unknown, {}, {}, 0}};
    auto wanted = before->forwarding;
    apply(asked.dialled, wanted);
    if (wanted == before->forwarding) return ConfigChange{};
    auto saved =
        put(asked.extension, wanted, {}, {"extension " + asked.extension, asked.address, ""}, now);
    if (!saved) return unexpected{std::move(saved.error())};
    return std::move(saved->change);
}

}  // namespace lampline::admin
