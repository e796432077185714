#pragma once
// Tables `office_group`, `group_member`, `group_watcher` and `group_audience`.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/directory.hpp"
#include "db/database.hpp"
#include "db/row_stamp.hpp"

namespace lampline::db {

struct StoredGroup {
    Group group;
    RowStamp stamp;
};

/// Where a group names an extension, or something else names what is asked about.
struct GroupReference {
    std::string group;
    std::string as;        ///< "member" or "watcher"
    std::string number{};  ///< the extension or group, where that is not what was asked about
    std::string type = "group";  ///< or "ring_group"
    std::string pointer{};       ///< JSON Pointer (RFC 6901) to the place there; empty: not told

    friend bool operator==(const GroupReference&, const GroupReference&) = default;
};

/// Statements over one Database; every call may throw SQLite::Exception. Writing needs a
/// Transaction.
class GroupStore {
public:
    explicit GroupStore(Database& database) : database_{database} {}

    [[nodiscard]] std::optional<StoredGroup> find(std::string_view name) const;
    /// Every group, by name; members and watchers in their order.
    [[nodiscard]] std::vector<StoredGroup> all() const;
    [[nodiscard]] std::size_t count() const;
    /// Inserts or replaces; an existing row keeps its created_at. Members and watchers must be
    /// extensions, each once, and watching groups groups.
    void put(const StoredGroup& row);
    bool remove(std::string_view name);
    /// Where `number` is a member or a watcher, by group name.
    [[nodiscard]] std::vector<GroupReference> references(std::string_view number) const;
    /// The other groups that the members of group `name` watch.
    [[nodiscard]] std::vector<GroupReference> watched_by_group(std::string_view name) const;
    /// The watchers, and watching groups, that are told in the body profile `name` by choice, by
    /// group name.
    [[nodiscard]] std::vector<GroupReference> told_in(std::string_view name) const;

private:
    Database& database_;
};

/// A watcher's choice of body profile in the database and in REST: its name, or `auto` for none.
std::string profile_word(const std::string& profile);
std::string profile_named(std::string_view word);

}  // namespace lampline::db
