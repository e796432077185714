#include "at_start.hpp"

#include <set>

#include "db/audit_store.hpp"
#include "db/binding_store.hpp"
#include "db/call_log_store.hpp"
#include "db/call_store.hpp"
#include "db/directory_loader.hpp"
#include "db/ended_notifier_store.hpp"
#include "db/open_record_store.hpp"
#include "db/outside_day_store.hpp"
#include "db/publication_store.hpp"
#include "db/ring_group_store.hpp"
#include "db/route_key.hpp"
#include "db/subscription_store.hpp"
#include "db/turn_store.hpp"
#include "db/unasked_lamp_store.hpp"
#include "random_tokens.hpp"

namespace lampline {
namespace {

/// Whose last talk decides in ring groups.
std::vector<std::string> members_by_idleness(db::Database& database)
{
    std::set<std::string> members;
    for (const auto& row : db::RingGroupStore{database}.all())
        if (row.group.strategy == RingStrategy::longest_idle)
            for (const auto& member : row.group.members) members.insert(member.number);
    return {members.begin(), members.end()};
}

std::vector<std::string> own_hosts(const ServeSettings& settings)
{
    std::vector<std::string> hosts;
    for (const auto& listener : settings.sip) hosts.push_back(listener.address.host);
    return hosts;
}

}  // namespace

AtStart read_database(db::Database& database)
{
    AtStart found;
    database.read([&] {
        auto calls = db::CallStore{database}.all();
        auto directory = db::load_directory(database);
        auto talked = db::CallLogStore{database}.by_last_talk(members_by_idleness(database));
        found = {std::move(directory),
                 {db::BindingStore{database}.all(), db::SubscriptionStore{database}.all(),
                  std::move(calls.calls), std::move(calls.ringing), db::TurnStore{database}.all(),
                  std::move(talked), db::OutsideDayStore{database}.latest(),
                  db::PublicationStore{database}.all(), db::EndedNotifierStore{database}.all(),
                  db::OpenRecordStore{database}.all(), db::UnaskedLampStore{database}.all()},
                 std::move(calls.damaged),
                 db::route_key(database)};
    });
    return found;
}

sip::EndpointSettings endpoint_settings(const ServeSettings& settings, const std::string& domain,
                                        const AtStart& found)
{
    sip::EndpointSettings result;
    result.domain = domain;
    result.route_key = found.route_key;
    result.product = "Lampline/" LAMPLINE_VERSION;
    for (const auto& listener : settings.sip)
        result.listen.push_back(
            {listener.protocol == ListenProtocol::udp ? Transport::udp : Transport::tcp,
             listener.address.host, listener.address.port});
    result.trace = {settings.trace_calls, settings.trace_kilobytes * 1024};
    result.resolver.server = settings.resolver;
    result.resolver.random = random_numbers();
    return result;
}

db::DatabaseChore pruning(const ServeSettings& settings)
{
    constexpr std::size_t step = 200;
    const db::CallLogLimits limits{std::chrono::days{settings.call_log_days},
                                   settings.call_log_rows};
    const db::AuditLimits audit{std::chrono::days{settings.audit_days}, settings.audit_rows};
    return [limits, audit](db::Database& database) {
        const auto now = present();
        const auto calls = db::CallLogStore{database}.prune(limits, now.wall, step);
        const auto changes = db::AuditStore{database}.prune(audit, now.seconds(), step);
        return calls == step || changes == step;
    };
}

sip::AuthenticatorSettings authenticator_settings(const ServeSettings& settings)
{
    using enum sip::DigestAlgorithm;
    sip::AuthenticatorSettings result;
    result.nonce_lifetime = settings.nonce_lifetime;
    switch (settings.digest) {
    case DigestOffer::md5_and_sha256: result.algorithms = {md5, sha256}; break;
    case DigestOffer::sha256_and_md5: result.algorithms = {sha256, md5}; break;
    case DigestOffer::md5: result.algorithms = {md5}; break;
    case DigestOffer::sha256: result.algorithms = {sha256}; break;
    }
    return result;
}

ExchangeSettings exchange_settings(const ServeSettings& settings)
{
    return {
        .registrar = {settings.min_expires, settings.default_expires, settings.max_expires},
        .calls = {.ring_timeout = settings.ring_timeout,
                  .session_expires = settings.session_expires,
                  .min_session_expires = settings.min_se,
                  .probe_interval = settings.probe_interval,
                  .hosts = own_hosts(settings),
                  .random = random_numbers()},
        .indications = {.min_expires = settings.min_expires,
                        .default_expires = settings.default_expires,
                        .max_expires = settings.max_expires},
        .events = {{settings.min_expires, settings.default_expires, settings.max_expires}},
        .qualify = {.interval = settings.qualify_interval,
                    .misses = static_cast<unsigned>(settings.qualify_misses),
                    .random = random_numbers()},
        .trunks = {.misses = static_cast<unsigned>(settings.qualify_misses),
                   .random = random_numbers()},
    };
}

}  // namespace lampline
