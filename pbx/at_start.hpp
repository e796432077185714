#pragma once
// What the exchange starts from: what the last run left, and the settings as each floor wants them.
#include <array>
#include <string>
#include <vector>

#include "base/settings.hpp"
#include "db/database_thread.hpp"
#include "engine/exchange.hpp"
#include "sip/digest.hpp"
#include "sip/endpoint.hpp"

namespace lampline {

/// What the database holds when the exchange starts.
struct AtStart {
    DirectoryRef directory;
    Kept kept;
    std::vector<CallRef> damaged_calls;
    std::array<unsigned char, 16> route_key{};
};

/// @throws db::OpenError when the database cannot be read.
AtStart read_database(db::Database& database);

sip::EndpointSettings endpoint_settings(const ServeSettings& settings, const std::string& domain,
                                        const AtStart& found);
sip::AuthenticatorSettings authenticator_settings(const ServeSettings& settings);
ExchangeSettings exchange_settings(const ServeSettings& settings);

/// Removes calls from the log, and changes from the audit, once there are more than the settings
/// say.
db::DatabaseChore pruning(const ServeSettings& settings);

}  // namespace lampline
