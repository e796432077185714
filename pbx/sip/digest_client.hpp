#pragma once
// We as the one who is challenged: credentials of trunks (RFC 3261 §22, RFC 7616, RFC 8760).
#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
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

/// The realm of the first challenge of a 401 or 407, cut where it is very long; empty: none.
std::string challenged_by(const sip_t& response);

/// Answers challenges, and remembers the last nonce of each trunk, so that the next request comes
/// with credentials at once: the count one higher. Loop thread only.
///
/// Nobody but the trunk gets any: not whoever a dialog has led to meanwhile. `home` is the numeric
/// address that the dialog, or the request, began with: one of the trunk's. Another one must be
/// known as the trunk's.
class DigestClient {
public:
    /// Whether requests of `trunk` come from numeric address `host`.
    using IsItsAddress = std::function<bool(std::string_view trunk, std::string_view host)>;
    explicit DigestClient(IsItsAddress is_its_address);

    /// How many challenges of one request were answered.
    struct Attempts {
        unsigned answered = 0;
    };

    /// A header line for a request of `method` to `uri` that nobody has challenged yet, and that is
    /// sent to `destination`; empty when no nonce is known, or that is not the trunk.
    std::string introduce(const TrunkCredentials& credentials, std::string_view method,
                          std::string_view uri, std::string_view destination,
                          std::string_view home);
    /// A header line for the request anew, after `response` has come from `source`; empty: it is a
    /// refusal. One challenge is answered, two when the second says that only the nonce was old.
    std::string answer(const sip_t& response, const TrunkCredentials& credentials,
                       std::string_view method, std::string_view uri, std::string_view source,
                       std::string_view home, Attempts& attempts);
    [[nodiscard]] bool is_the_trunk(const TrunkCredentials& credentials, std::string_view host,
                                    std::string_view home) const;

private:
    struct Known {
        DigestChallenge challenge;
        std::uint32_t count = 0;
        std::optional<bool> proxy_for_register{}, proxy_for_others{};
    };
    using Key = std::tuple<std::string, std::string, std::string>;  // trunk, username, realm
    static constexpr std::size_t most_known = 256;

    std::string write(Known& known, bool proxy, const TrunkCredentials& credentials,
                      std::string_view method, std::string_view uri);

    IsItsAddress is_its_address_;
    Hasher md5_, sha256_;
    std::map<Key, Known> known_;
};

}  // namespace lampline::sip
