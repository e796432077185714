#pragma once
// What all numbers that can be dialled have in common.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "admin/change.hpp"
#include "core/feature_code.hpp"
#include "db/database.hpp"
#include "db/group_store.hpp"

namespace lampline::admin {

/// 1 to 32 of A-Z a-z 0-9 . _ + * # -, and not a name that is kept for park slots.
bool is_number(std::string_view text) noexcept;

/// Somebody has thought of calls to `number`: an extension, a ring group, or a rule of the digit
/// plan. May throw SQLite::Exception.
bool is_destination(std::string_view number, db::Database& database);

/// What `number` is that only phones of the office may dial, in words: the calling-card
/// application, the park lot or one of its slots, a feature code, alone or with a number behind it
/// where the whole is no destination; empty: none of these, or unknown, as with \1. May throw
/// SQLite::Exception.
std::string for_phones_alone(std::string_view number, db::Database& database);

/// A setting of the office that sends calls to a number. What makes a number of the digits that were
/// dialled is none: it means no number by itself.
struct Lead {
    std::string number;
    db::GroupReference by;
    friend bool operator==(const Lead&, const Lead&) = default;
};
/// All there are: rules of the digit plan, inbound numbers of trunks, overflows of ring groups, and
/// the fallback of the park lot. Forwards are none: they are their users', who would keep others'
/// numbers from being removed. May throw SQLite::Exception.
std::vector<Lead> all_leads(db::Database& database);

/// Those that lead to `number`, which is about to be removed, and the rules by which calls for help
/// come to it without naming it. May throw SQLite::Exception.
std::vector<db::GroupReference> leading_to(std::string_view number, db::Database& database);

/// Those that lead to somebody now. May throw SQLite::Exception.
std::vector<Lead> leads_that_end(db::Database& database);
/// The others, which plans may have that are written before their numbers are. May throw
/// SQLite::Exception.
std::vector<Lead> leads_to_nobody(db::Database& database);
/// Those of `before` that are as they were, and lead to nobody any more. May throw
/// SQLite::Exception.
std::vector<db::GroupReference> cut_off(const std::vector<Lead>& before, db::Database& database);

/// Whether calls may go on to `number`, where they go to `was` until now; empty: nowhere. What
/// stays as it was is not asked for, so that the rest can be changed when its target has gone.
bool may_lead_to(std::string_view number, std::string_view was, db::Database& database);

enum class NumberKind : std::uint8_t {
    extension,
    ring_group,
    calling_card,
    feature_code,
    park_slot
};

/// Adds the fault `taken` when something else than the `own` thing of this number has it: an
/// extension, a ring group, or the code of a feature that is not `feature`. May throw
/// SQLite::Exception.
void check_free(std::string_view number, NumberKind own, const std::string& pointer,
                db::Database& database, std::vector<FieldFault>& faults,
                std::optional<Feature> feature = {});

}  // namespace lampline::admin
