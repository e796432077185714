#include "admin/trunk_service.hpp"

#include <algorithm>

#include "admin/numbers.hpp"
#include "core/number_patterns.hpp"
#include "db/digit_plan_store.hpp"
#include "db/extension_store.hpp"

namespace lampline::admin {
namespace {

constexpr std::size_t max_text = 128;
constexpr std::size_t max_host = 253;  // RFC 1035 §2.3.4

bool made_of(std::string_view text, std::size_t max, std::string_view allowed)
{
    return !text.empty() && text.size() <= max &&
           text.find_first_not_of(allowed) == std::string_view::npos;
}

bool is_host(std::string_view text)
{
    constexpr std::string_view letters =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-";
    return is_numeric_address(text) || made_of(text, max_host, letters);
}

/// Goes into a header as it is, or into the user part of a URI.
bool is_word(std::string_view text)
{
    return !text.empty() && text.size() <= max_text && std::ranges::all_of(text, [](char c) {
        return c > ' ' && c < 0x7F &&
               std::string_view{"\"\\<>,;@"}.find(c) == std::string_view::npos;
    });
}

void check_servers(const Trunk& trunk, std::vector<FieldFault>& faults)
{
    if (trunk.servers.empty()) faults.push_back({"/servers", "required", "must name at least one"});
    if (trunk.servers.size() > Trunk::max_servers)
        faults.push_back(
            {"/servers", "too_many", "must be at most " + std::to_string(Trunk::max_servers)});
    for (std::size_t i = 0; i < trunk.servers.size(); ++i)
        if (!is_host(trunk.servers[i].host))
            faults.push_back({"/servers/" + std::to_string(i) + "/host", "malformed",
                              "must be a host name or a numeric address"});
    if (trunk.sources.size() > Trunk::max_sources)
        faults.push_back(
            {"/sources", "too_many", "must be at most " + std::to_string(Trunk::max_sources)});
    for (std::size_t i = 0; i < trunk.sources.size(); ++i)
        if (!is_numeric_address(trunk.sources[i]))
            faults.push_back(
                {"/sources/" + std::to_string(i), "malformed", "must be a numeric address"});
}

void check_credentials(const Trunk& trunk, std::vector<FieldFault>& faults)
{
    if (!trunk.credentials) {
        if (trunk.kind == TrunkKind::registering)
            faults.push_back({"/username", "required", "is what a trunk registers as"});
        return;
    }
    const auto& username = trunk.credentials->username;
    const auto& secret = trunk.credentials->secret;
    const auto& realm = trunk.credentials->realm;
    if (!is_word(username))
        faults.push_back({"/username", "malformed", "must be 1 to 128 characters of a SIP user"});
    if (secret.empty())
        faults.push_back({"/secret", "required", "must be given with the first username"});
    else
        check_text(secret, max_text, "/secret", faults);
    check_text(realm, max_text, "/realm", faults);
    if (realm.find_first_of("\"\\") != std::string::npos)
        faults.push_back({"/realm", "malformed", "must have neither quotes nor backslashes"});
}

void check_pattern(const NumberPatterns::Rule& rule, const std::string& pointer,
                   std::string_view replacement_member, std::vector<FieldFault>& faults)
{
    if (rule.replacement.empty())
        faults.push_back(
            {pointer + '/' + std::string{replacement_member}, "required", "must not be empty"});
    if (auto fault = NumberPatterns::fault_of(rule))
        faults.push_back(
            {pointer + '/' + std::string{fault->in_replacement ? replacement_member : "pattern"},
             "malformed", std::move(fault->reason)});
}

void check_numbers(const Trunk& trunk, std::vector<FieldFault>& faults)
{
    const auto& caller_id = trunk.caller_id;
    if (!caller_id.main_number.empty() && !is_word(caller_id.main_number))
        faults.push_back({"/caller_id/main_number", "malformed", "must be a number"});
    const auto limit = std::to_string(Trunk::max_numbers);
    if (caller_id.numbers.size() > Trunk::max_numbers)
        faults.push_back({"/caller_id/numbers", "too_many", "must be at most " + limit});
    if (trunk.inbound.size() > Trunk::max_numbers)
        faults.push_back({"/inbound", "too_many", "must be at most " + limit});
    if (!faults.empty()) return;
    for (std::size_t i = 0; i < caller_id.numbers.size(); ++i)
        check_pattern({caller_id.numbers[i].pattern, caller_id.numbers[i].number},
                      "/caller_id/numbers/" + std::to_string(i), "number", faults);
    for (std::size_t i = 0; i < trunk.inbound.size(); ++i)
        check_pattern({trunk.inbound[i].pattern, trunk.inbound[i].destination},
                      "/inbound/" + std::to_string(i), "destination", faults);
}

std::vector<FieldFault> faults_of(const Trunk& trunk)
{
    std::vector<FieldFault> faults;
    if (!made_of(trunk.name, 32, "abcdefghijklmnopqrstuvwxyz0123456789_-"))
        faults.push_back({"/name", "malformed", "must be 1 to 32 of a-z 0-9 _ -"});
    check_text(trunk.display_name, max_text, "/display_name", faults);
    check_servers(trunk, faults);
    if (!trunk.domain.empty() && !is_host(trunk.domain))
        faults.push_back({"/domain", "malformed", "must be a host name or a numeric address"});
    check_credentials(trunk, faults);
    if (trunk.mode != CallMode::bridge && trunk.kind != TrunkKind::peer)
        faults.push_back({"/mode", "not_allowed", "is for peers only"});
    if (trunk.expires < Trunk::min_expires || trunk.expires > Trunk::max_expires)
        faults.push_back({"/expires", "out_of_range", "must be 60 to 86400 seconds"});
    if (trunk.qualify.count() != 0 &&
        (trunk.qualify < std::chrono::seconds{5} || trunk.qualify > std::chrono::hours{1}))
        faults.push_back({"/qualify", "out_of_range", "must be 0 or 5 to 3600 seconds"});
    check_numbers(trunk, faults);
    return faults;
}

/// Somebody outside has no rights, and nobody here would pay for it, unless an extension lends its
/// own.
void check_destinations(const Trunk& trunk, db::Database& database, std::vector<FieldFault>& faults)
{
    for (std::size_t i = 0; i < trunk.inbound.size(); ++i) {
        const auto& number = trunk.inbound[i];
        const auto row = "/inbound/" + std::to_string(i);
        if (number.on_behalf_of.empty()) {
            if (const auto what = for_phones_alone(number.destination, database); !what.empty())
                faults.push_back({row + "/destination", "not_from_outside",
                                  "is " + what + ", which calls from outside may reach only on "
                                                 "behalf of an extension (on_behalf_of)"});
            continue;
        }
        if (!db::ExtensionStore{database}.find(number.on_behalf_of))
            faults.push_back({row + "/on_behalf_of", "unknown_extension", "is not an extension"});
        if (number.outside)
            faults.push_back({row + "/outside", "not_allowed",
                              "would be at the cost of the trunk, and on_behalf_of says who pays"});
    }
}

/// What is not said follows from what is.
Trunk completed(const Trunk& trunk, const std::optional<db::StoredTrunk>& before)
{
    Trunk whole = trunk;
    if (whole.domain.empty() && !whole.servers.empty()) whole.domain = whole.servers.front().host;
    if (!whole.credentials) return whole;
    auto credentials = *whole.credentials;
    if (credentials.realm.empty()) credentials.realm = whole.domain;
    if (credentials.secret.empty() && before && before->trunk.credentials)
        credentials.secret = before->trunk.credentials->secret;
    whole.credentials = std::make_shared<const TrunkCredentials>(std::move(credentials));
    return whole;
}

}  // namespace

std::optional<db::StoredTrunk> TrunkService::find(std::string_view name) const
{
    return db::TrunkStore{database_}.find(name);
}

std::vector<db::StoredTrunk> TrunkService::all() const
{
    return db::TrunkStore{database_}.all();
}

Result<TrunkSaved, Refusal> TrunkService::put(const Trunk& trunk, const Precondition& condition,
                                              const Actor& actor, std::chrono::sys_seconds now)
{
    AuditedChange change{database_, actor, now};
    const db::TrunkStore rows{database_};
    const auto before = rows.find(trunk.name);
    auto whole = completed(trunk, before);
    auto faults = faults_of(whole);
    if (faults.empty()) check_destinations(whole, database_, faults);
    if (!before && rows.all().size() >= max_trunks)
        faults.push_back(
            {"/name", "too_many", "there are " + std::to_string(max_trunks) + " trunks already"});
    if (!faults.empty()) return unexpected{invalid(std::move(faults))};
    const auto name = whole.name;
    return change.put(rows, "trunk", name, db::StoredTrunk{std::move(whole), {}},
                      &db::StoredTrunk::trunk, condition);
}

Result<ConfigChange, Refusal> TrunkService::remove(std::string_view name,
                                                   const Precondition& condition,
                                                   const Actor& actor, std::chrono::sys_seconds now)
{
    AuditedChange change{database_, actor, now};
    return change.remove(
        db::TrunkStore{database_}, "trunk", name, &db::StoredTrunk::trunk, condition, [&] {
            std::vector<db::GroupReference> references;
            const auto plan = db::DigitPlanStore{database_}.find();
            if (!plan) return references;
            for (const auto& rule : plan->content.rules)
                if (std::ranges::count(rule.trunks, name))
                    references.push_back(
                        {rule.name.empty() ? rule.pattern : rule.name, "trunk", {}, "digit_rule"});
            return references;
        });
}

}  // namespace lampline::admin
