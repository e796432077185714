#pragma once
// We as the one who is challenged: credentials of trunks (RFC 3261 §22, RFC 7616, RFC 8760).
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/trunk.hpp"
#include "sip/digest_hash.hpp"
#include "sip/sofia.hpp"

namespace lampline::sip {

/// One Digest challenge as it was sent, without quotes; escapes are as they were, since they are
/// hashed so (RFC 7616 §3.4.1).
struct DigestChallenge {
    std::string realm, nonce, opaque;
    DigestAlgorithm algorithm = DigestAlgorithm::md5;
    bool has_opaque = false;
    bool auth = false;   ///< qop=auth is offered; else none is, and RFC 2069's form is wanted
    bool proxy = false;  ///< Proxy-Authenticate
    bool stale = false;
};

/// The strongest challenge of a 401 or 407 for `realm` that can be answered: SHA-256 before MD5,
/// the first of equals; other algorithms and a qop without `auth` cannot. nullopt: none.
std::optional<DigestChallenge> strongest_challenge(const sip_t& response, std::string_view realm);

/// Answers challenges, and remembers the last one for each user of each realm, so that the next
/// request comes with credentials at once: same nonce, the count one higher. Only ever asked for
/// requests that go to a trunk; an answer is matched to its request by a branch that nobody can
/// guess, so a challenge has come from whom the request was sent to. Loop thread only.
class DigestClient {
public:
    DigestClient();

    /// How many challenges of one request were answered.
    struct Attempts {
        unsigned answered = 0;
    };

    /// A header line for a request of `method` to `uri` that nobody has challenged yet; empty when
    /// nothing is known of the realm.
    std::string introduce(const TrunkCredentials& credentials, std::string_view method,
                          std::string_view uri);
    /// A header line for the request anew, after `response`; empty: it is a refusal. One challenge
    /// is answered, two when the second says that only the nonce was old.
    std::string answer(const sip_t& response, const TrunkCredentials& credentials,
                       std::string_view method, std::string_view uri, Attempts& attempts);

private:
    struct Known {
        DigestChallenge challenge;
        std::uint32_t count = 0;
    };
    static constexpr std::size_t most_known = 256;

    std::string write(Known& known, const TrunkCredentials& credentials, std::string_view method,
                      std::string_view uri);

    Hasher md5_, sha256_;
    std::map<std::pair<std::string, std::string>, Known> known_;  // by username and realm
};

}  // namespace lampline::sip
