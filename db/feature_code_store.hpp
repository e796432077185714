#pragma once
// Table `feature_code`.
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "core/feature_code.hpp"
#include "db/database.hpp"

namespace lampline::db {

struct StoredFeatureCode {
    Feature feature;
    std::string code;  ///< empty: out of use
    std::uint64_t version = 0;
    std::chrono::sys_seconds updated_at;
};

/// Statements over one Database; every call may throw SQLite::Exception. Writing needs a
/// Transaction.
class FeatureCodeStore {
public:
    explicit FeatureCodeStore(Database& database) : database_{database} {}

    /// The codes that were changed. A feature that this program does not know is left out.
    [[nodiscard]] std::vector<StoredFeatureCode> all() const;
    void put(const StoredFeatureCode& row);

private:
    Database& database_;
};

}  // namespace lampline::db
