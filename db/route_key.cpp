#include "db/route_key.hpp"

#include <algorithm>
#include <stdexcept>
#include <unistd.h>

#include "db/rows.hpp"

namespace lampline::db {

std::array<unsigned char, 16> route_key(Database& database)
{
    std::array<unsigned char, 16> key{};
    Transaction transaction{database, Durability::full};
    SQLite::Statement select{database.handle(), "SELECT key FROM route_key"};
    if (select.executeStep()) {
        const auto column = select.getColumn(0);
        const auto* bytes = static_cast<const unsigned char*>(column.getBlob());
        std::copy_n(bytes,
                    std::min<std::size_t>(key.size(), static_cast<std::size_t>(column.getBytes())),
                    key.begin());
        return key;
    }
    if (getentropy(key.data(), key.size()) != 0) throw std::runtime_error{"no random bytes"};
    SQLite::Statement insert{database.handle(), "INSERT INTO route_key VALUES (1, ?)"};
    insert.bind(1, key.data(), static_cast<int>(key.size()));
    insert.exec();
    transaction.commit();
    return key;
}

}  // namespace lampline::db
