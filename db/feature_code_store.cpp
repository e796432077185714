#include "db/feature_code_store.hpp"

#include "db/rows.hpp"

namespace lampline::db {

std::vector<StoredFeatureCode> FeatureCodeStore::all() const
{
    std::vector<StoredFeatureCode> rows;
    SQLite::Statement select{database_.handle(),
                             "SELECT feature, code, version, updated_at FROM feature_code"};
    while (select.executeStep()) {
        const auto feature = feature_named(select.getColumn(0).getString());
        if (!feature) continue;
        rows.push_back({*feature, select.getColumn(1).getString(),
                        static_cast<std::uint64_t>(select.getColumn(2).getInt64()),
                        time_in(select.getColumn(3))});
    }
    return rows;
}

void FeatureCodeStore::put(const StoredFeatureCode& row)
{
    SQLite::Statement replace{database_.handle(),
                              "INSERT OR REPLACE INTO feature_code VALUES (?, ?, ?, ?)"};
    replace.bind(1, std::string{name(row.feature)});
    replace.bind(2, row.code);
    replace.bind(3, static_cast<std::int64_t>(row.version));
    replace.bind(4, column(row.updated_at));
    replace.exec();
}

}  // namespace lampline::db
