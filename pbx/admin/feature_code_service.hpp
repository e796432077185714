#pragma once
// The codes that phones dial: validate, one transaction, ConfigChange.
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "admin/change.hpp"
#include "base/result.hpp"
#include "core/feature_code.hpp"
#include "db/database.hpp"

namespace lampline::admin {

struct FeatureCodeView {
    Feature feature;
    std::string code;  ///< empty: out of use
    std::uint64_t version = 0;
    std::optional<std::chrono::sys_seconds> updated_at;  ///< empty: as the program comes
};

struct FeatureCodeSaved {
    FeatureCodeView view;
    ConfigChange change;
};

/// Use cases over one Database, on the thread that has it. May throw SQLite::Exception; then
/// nothing is changed.
class FeatureCodeService {
public:
    explicit FeatureCodeService(db::Database& database) : database_{database} {}

    /// Every feature.
    [[nodiscard]] std::vector<FeatureCodeView> all() const;
    [[nodiscard]] FeatureCodeView at(Feature feature) const;
    /// The same, to look up what is dialled.
    [[nodiscard]] FeatureCodes codes() const;
    /// `code` empty: out of use. Faults at /code: malformed (1 to 8 of 0-9 * #), taken.
    Result<FeatureCodeSaved, Refusal> put(Feature feature, const std::string& code,
                                          const Precondition& condition, const Actor& actor,
                                          std::chrono::sys_seconds now);

private:
    db::Database& database_;
};

}  // namespace lampline::admin
