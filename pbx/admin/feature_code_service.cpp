#include "admin/feature_code_service.hpp"

#include "admin/audited_change.hpp"
#include "admin/numbers.hpp"
#include "db/feature_code_store.hpp"

namespace lampline::admin {
namespace {

constexpr std::size_t max_code = 8;

bool is_code(std::string_view text)
{
    return text.size() <= max_code &&
           text.find_first_not_of("0123456789*#") == std::string_view::npos;
}

std::vector<FieldFault> faults_of(Feature feature, const std::string& code, db::Database& database)
{
    if (code.empty()) return {};
    if (!is_code(code)) return {{"/code", "malformed", "must be 1 to 8 of 0-9 * #"}};
    std::vector<FieldFault> faults;
    check_free(code, NumberKind::feature_code, "/code", database, faults, feature);
    return faults;
}

FeatureCodes codes_of(const std::vector<db::StoredFeatureCode>& rows)
{
    FeatureCodes codes;
    for (const auto& row : rows) codes.set(row.feature, row.code);
    return codes;
}

}  // namespace

FeatureCodes FeatureCodeService::codes() const
{
    return codes_of(db::FeatureCodeStore{database_}.all());
}

std::vector<FeatureCodeView> FeatureCodeService::all() const
{
    const auto rows = db::FeatureCodeStore{database_}.all();
    const auto known = codes_of(rows);
    std::vector<FeatureCodeView> views;
    for (std::size_t i = 0; i < feature_count; ++i) {
        const auto feature = static_cast<Feature>(i);
        views.push_back({feature, known.code(feature), version_as_it_comes, std::nullopt});
    }
    for (const auto& row : rows) {
        auto& view = views[static_cast<std::size_t>(row.feature)];
        view.version = row.version;
        view.updated_at = row.updated_at;
    }
    return views;
}

FeatureCodeView FeatureCodeService::at(Feature feature) const
{
    return all()[static_cast<std::size_t>(feature)];
}

Result<FeatureCodeSaved, Refusal> FeatureCodeService::put(Feature feature, const std::string& code,
                                                          const Precondition& condition,
                                                          const Actor& actor,
                                                          std::chrono::sys_seconds now)
{
    AuditedChange change{database_, actor, now};
    const auto before = at(feature);
    if (auto refusal = check(condition, before.version)) return unexpected{std::move(*refusal)};
    if (auto faults = faults_of(feature, code, database_); !faults.empty())
        return unexpected{invalid(std::move(faults), before.version)};

    const auto leads = leads_that_end(database_);
    FeatureCodeView view{feature, code, 0, now};
    view.version =
        change.record("feature_code.put", std::string{name(feature)},
                      feature_code_audit_text(before.code), feature_code_audit_text(code));
    db::FeatureCodeStore{database_}.put({feature, code, view.version, now});
    if (auto references = cut_off(leads, database_); !references.empty())
        return unexpected{in_use(std::move(references), before.version)};
    return FeatureCodeSaved{std::move(view), change.commit()};
}

}  // namespace lampline::admin
