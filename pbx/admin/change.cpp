#include "admin/change.hpp"

#include <algorithm>

#include "db/audit_store.hpp"

namespace lampline::admin {
namespace {

/// The length of the well-formed character that `text` begins with (RFC 3629 §4); 0: it is not
/// UTF-8.
std::size_t character_length(std::string_view text)
{
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const auto continues = [&](std::size_t i) {
        return i < text.size() && (byte(i) & 0xC0U) == 0x80U;
    };
    const unsigned first = byte(0);
    if (first < 0x80) return 1;
    if (first >= 0xC2 && first <= 0xDF) return continues(1) ? 2 : 0;
    if (first >= 0xE0 && first <= 0xEF) {
        if (!continues(1) || !continues(2)) return 0;
        const bool overlong = first == 0xE0 && byte(1) < 0xA0;
        const bool surrogate = first == 0xED && byte(1) >= 0xA0;
        return overlong || surrogate ? 0 : 3;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        if (!continues(1) || !continues(2) || !continues(3)) return 0;
        const bool overlong = first == 0xF0 && byte(1) < 0x90;
        const bool beyond = first == 0xF4 && byte(1) >= 0x90;
        return overlong || beyond ? 0 : 4;
    }
    return 0;
}

bool contains(const std::vector<std::uint64_t>& versions, std::uint64_t version)
{
    return std::find(versions.begin(), versions.end(), version) != versions.end();
}

}  // namespace

std::optional<Refusal> check(const Precondition& condition, std::uint64_t version)
{
    const bool exists = version != 0;
    const bool met = (!condition.must_exist || exists) && (!condition.must_not_exist || !exists) &&
                     (!condition.only_versions || contains(*condition.only_versions, version)) &&
                     (!exists || !contains(condition.not_versions, version));
    if (!met) return Refusal{RefusalKind::precondition_failed, {}, {}, version};
    const bool stated = condition.must_exist || condition.must_not_exist ||
                        condition.only_versions || !condition.not_versions.empty();
    if (condition.demanded && exists && !stated)
        return Refusal{RefusalKind::precondition_required, {}, {}, version};
    return std::nullopt;
}

void record_action(db::Database& database, const Actor& actor, std::string operation,
                   std::string subject, std::chrono::sys_seconds now)
{
    db::Transaction transaction{database, db::Durability::normal};
    db::AuditStore{database}.record({0, now, actor.name, actor.address, actor.request_id,
                                     std::move(operation), std::move(subject), std::nullopt,
                                     std::nullopt});
    transaction.commit();
}

void check_text(const std::string& text, std::size_t max, const std::string& pointer,
                std::vector<FieldFault>& faults)
{
    std::size_t characters = 0;
    for (std::string_view rest{text}; !rest.empty(); ++characters) {
        const auto length = character_length(rest);
        const auto first = static_cast<unsigned char>(rest.front());
        if (length == 0 || first < 0x20 || first == 0x7F) {
            faults.push_back({pointer, "malformed", "must be UTF-8 without control characters"});
            return;
        }
        rest.remove_prefix(length);
    }
    if (characters > max)
        faults.push_back(
            {pointer, "too_long", "must have at most " + std::to_string(max) + " characters"});
}

}  // namespace lampline::admin
