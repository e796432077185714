#pragma once
// Forwarding of an extension, set over REST or by the phone itself: validate, one transaction,
// ConfigChange.
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "admin/change.hpp"
#include "base/result.hpp"
#include "core/feature_code.hpp"
#include "db/database.hpp"

namespace lampline::admin {

/// `version` is that of the extension as long as nothing was set.
struct ForwardingView {
    std::string number;
    Forwarding forwarding;
    std::uint64_t version = 0;
    std::chrono::sys_seconds updated_at;
};

struct ForwardingSaved {
    ForwardingView view;
    ConfigChange change;
};

/// Use cases over one Database, on the thread that has it. May throw SQLite::Exception; then
/// nothing is changed.
class ForwardingService {
public:
    explicit ForwardingService(db::Database& database) : database_{database} {}

    /// nullopt: there is no such extension.
    [[nodiscard]] std::optional<ForwardingView> find(std::string_view number) const;
    /// Replaces. Faults at /always, /busy, /no_answer, /unregistered (unknown_number, itself,
    /// not_allowed: the digit plan would refuse the calls), /no_answer_after (5 to 600 s),
    /// /call_limit (1 to 1000), /exceptions (at most 100) and in them.
    Result<ForwardingSaved, Refusal> put(std::string_view number, const Forwarding& forwarding,
                                         const Precondition& condition, const Actor& actor,
                                         std::chrono::sys_seconds now);
    /// What a phone dialled, for its own extension: audited as `extension NUMBER`. A code that
    /// changes nothing is as good as one that does. Must be one about forwarding.
    Result<ConfigChange, Refusal> change(const FeatureAsked& asked, std::chrono::sys_seconds now);

private:
    db::Database& database_;
};

}  // namespace lampline::admin
