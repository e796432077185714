#pragma once
// Extensions: validate, one transaction, ConfigChange.
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "admin/change.hpp"
#include "base/result.hpp"
#include "db/database.hpp"

namespace lampline::admin {

/// An extension as it is shown: without its digests.
struct ExtensionView {
    std::string number;
    std::string display_name;
    Visibility visibility = Visibility::open;
    CallMode mode = CallMode::bridge;
    db::RowStamp stamp;
    bool trusted = false;
    unsigned appearances = 0;
    bool phone_notifies = false;
};

struct ExtensionDraft {
    std::string number;
    std::string display_name;
    std::optional<std::string>
        sip_password;  ///< empty: keep the present one; a new extension gets a generated one
    bool generate_password = false;  ///< take a new one, even if there is one
    Visibility visibility = Visibility::open;
    CallMode mode = CallMode::bridge;
    bool trusted = false;
    unsigned appearances = 0;
    bool phone_notifies = false;
};

struct ExtensionSaved {
    ExtensionView extension;
    bool created = false;
    std::optional<std::string> generated_password;  ///< shown once, stored nowhere
    ConfigChange change;
};

enum class Memberships : std::uint8_t {
    keep,
    remove
};  ///< keep: an extension in a group is not removed

/// Use cases over one Database, on the thread that has it. May throw SQLite::Exception; then
/// nothing is changed.
class ExtensionService {
public:
    explicit ExtensionService(db::Database& database) : database_{database} {}

    [[nodiscard]] std::optional<ExtensionView> find(std::string_view number) const;
    [[nodiscard]] std::vector<ExtensionView> all() const;
    /// Creates or replaces. Faults at /number, /display_name, /sip_password,
    /// /appearances (0 to 16).
    Result<ExtensionSaved, Refusal> put(const ExtensionDraft& draft, const Precondition& condition,
                                        const Actor& actor, std::chrono::sys_seconds now);
    Result<ConfigChange, Refusal> remove(std::string_view number, Memberships memberships,
                                         const Precondition& condition, const Actor& actor,
                                         std::chrono::sys_seconds now);

private:
    db::Database& database_;
};

}  // namespace lampline::admin
