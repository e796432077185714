#include "admin/calling_card_service.hpp"

#include <unordered_set>

#include "admin/numbers.hpp"
#include "db/calling_card_store.hpp"
#include "db/extension_store.hpp"

namespace lampline::admin {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t max_display_name = 128;
constexpr std::size_t max_back = 4;

void check_rules(const CardRules& rules, std::vector<FieldFault>& faults)
{
    const auto out_of_range = [&](const char* pointer, const char* range) {
        faults.push_back({pointer, "out_of_range", range});
    };
    if (rules.first_digit < 5s || rules.first_digit > 120s)
        out_of_range("/first_digit", "must be 5 to 120 seconds");
    if (rules.inter_digit < 1s || rules.inter_digit > 30s)
        out_of_range("/inter_digit", "must be 1 to 30 seconds");
    if (rules.long_pound != 0ms && (rules.long_pound < 500ms || rules.long_pound > 10s))
        out_of_range("/long_pound", "must be 500 to 10000 milliseconds");
    if (rules.longest < 60s || rules.longest > 86400s)
        out_of_range("/longest", "must be 60 to 86400 seconds");
    if (rules.back.size() > max_back ||
        rules.back.find_first_not_of("0123456789*#") != std::string::npos)
        faults.push_back({"/back", "malformed", "must be at most 4 of 0-9 * #"});
}

std::vector<FieldFault> faults_of(const CallingCard& card, db::Database& database)
{
    std::vector<FieldFault> faults;
    if (card.users.size() > CallingCardService::max_users)
        return {{"/users", "too_many", "must be at most 1000"}};
    if (!card.number.empty() && !is_number(card.number))
        faults.push_back({"/number", "malformed", "must be 1 to 32 of A-Z a-z 0-9 . _ + * # -"});
    else if (!card.number.empty())
        check_free(card.number, NumberKind::calling_card, "/number", database, faults);
    check_text(card.display_name, max_display_name, "/display_name", faults);
    const db::ExtensionStore extensions{database};
    std::unordered_set<std::string> seen;
    for (std::size_t i = 0; i < card.users.size(); ++i) {
        const auto pointer = "/users/" + std::to_string(i);
        if (!seen.insert(card.users[i]).second)
            faults.push_back({pointer, "duplicate", card.users[i] + " is named twice"});
        else if (!extensions.find(card.users[i]))
            faults.push_back(
                {pointer, "unknown_extension", "there is no extension " + card.users[i]});
    }
    check_rules(card.rules, faults);
    return faults;
}

}  // namespace

Sole<CallingCard> CallingCardService::at() const
{
    return in_force(db::CallingCardStore{database_}.find());
}

Result<SoleSaved<CallingCard>, Refusal> CallingCardService::put(const CallingCard& card,
                                                                const Precondition& condition,
                                                                const Actor& actor,
                                                                std::chrono::sys_seconds now)
{
    return put_sole(database_, db::CallingCardStore{database_}, "calling_card.put", "calling-card",
                    card, condition, actor, now,
                    [&](const CallingCard& asked) { return faults_of(asked, database_); });
}

}  // namespace lampline::admin
