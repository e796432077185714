#include "db/directory_loader.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include "db/extension_store.hpp"
#include "db/group_store.hpp"

namespace lampline::db {

DirectoryRef load_directory(Database& database)
{
    SQLite::Transaction snapshot{database.handle()};
    std::vector<Extension> extensions;
    for (auto& row : ExtensionStore{database}.all()) extensions.push_back(std::move(row.extension));
    std::vector<Group> groups;
    for (auto& row : GroupStore{database}.all()) groups.push_back(std::move(row.group));
    snapshot.commit();
    return std::make_shared<const Directory>(database.domain(), std::move(extensions),
                                             std::move(groups));
}

}  // namespace lampline::db
