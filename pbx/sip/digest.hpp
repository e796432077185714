#pragma once
// Digest authentication: challenge and check (RFC 3261 §22, RFC 7616, RFC 8760).
#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "core/directory.hpp"

namespace lampline::sip {

enum class DigestAlgorithm : std::uint8_t { md5, sha256 };

/// The parameters of one Authorization or Proxy-Authorization header, as sent, without their
/// quotes. Views into the message; an absent one is empty.
struct Credentials {
    std::string_view username;
    std::string_view realm;
    std::string_view nonce;
    std::string_view uri;
    std::string_view response;
    std::string_view algorithm;  ///< empty: MD5
    std::string_view cnonce;
    std::string_view qop;
    std::string_view opaque;
    std::string_view nc;
};

/// Reads a header value, `Digest username="201", ...`. Unknown parameters are passed over; nullopt
/// when the scheme is another one or the text is malformed. The views point into `header_value`.
std::optional<Credentials> parse_credentials(std::string_view header_value) noexcept;

/// What the check needs to know of the request that carried the credentials.
struct DigestRequest {
    std::string_view method;    ///< as on the wire
    std::string_view uri_user;  ///< of the Request-URI; may be empty
    std::string_view uri_host;  ///< IPv6 in brackets
    std::string_view source;    ///< numeric address it came from
    /// Whether a host is this exchange: then all its names are as good as that of the Request-URI.
    std::function<bool(std::string_view host)> is_ours{};
};

enum class DigestOutcome : std::uint8_t {
    accepted,
    challenge,  ///< answer 401 or 407 with `challenge(false)`
    stale,      ///< answer 401 or 407 with `challenge(true)`: the phone repeats by itself, without
                ///< asking its user
};

/// Why a request was not accepted; for the log and the counters, never for the answer.
enum class Refusal : std::uint8_t {
    none,
    no_credentials,     ///< for our realm
    unsupported,        ///< another algorithm or qop, or malformed parameters
    another_uri,        ///< made for another Request-URI
    wrong_secret,       ///< or an unknown user: nobody can tell from outside
    expired_nonce,      ///< right secret; the nonce is too old, or from before a restart
    repeated_nonce,     ///< right secret; the nonce count was used before
    too_many_failures,  ///< not even looked at: an answer to a wrong secret is still being held
                        ///< back
};

struct Verdict {
    DigestOutcome outcome = DigestOutcome::challenge;
    Refusal refusal = Refusal::none;
    std::string_view
        username;  ///< when accepted: the extension's number, a view into the credentials
    std::chrono::milliseconds
        delay{};  ///< hold the answer back for this long; it may also be dropped
};

struct AuthenticatorSettings {
    /// Offered in this order, and the only ones accepted. RFC 8760 wants the strongest first; MD5
    /// comes first all the same, since clients in use read only the first challenge (SIPp 3.6,
    /// PJSIP 2.10).
    std::vector<DigestAlgorithm> algorithms{DigestAlgorithm::md5, DigestAlgorithm::sha256};
    std::chrono::seconds nonce_lifetime{300};
    std::size_t nonces = 65'536;          ///< whose counts are remembered; 24 bytes each
    std::size_t failing_phones = 16'384;  ///< whose failures are remembered; 24 bytes each
};

/// Hands out nonces that need no memory until they are used, and checks credentials against a
/// Directory, whose domain is the realm. Takes the same time and gives the same answers for unknown
/// users as for wrong secrets. SIP thread only.
///
/// Asks for qop=auth, and takes MD5 without qop as well, the form of RFC 2069, which clients older
/// than RFC 2617 send whatever is asked (RFC 3261 §22.4: qop stays optional to receive). There is
/// no nonce count in that, so each nonce is good for one request: whoever has seen it cannot send
/// it again, and the phone is challenged anew for the next one.
///
/// From the fourth wrong secret in a row of one (source, username) on, answers are held back 1, 2,
/// 4 and then 8 seconds, and nothing that arrives meanwhile is looked at, so parallel guesses gain
/// nothing. A right secret, or five minutes without a wrong one, ends that.
class Authenticator {
public:
    /// @throws std::runtime_error when the cryptographic library gives neither algorithms nor
    /// random bytes.
    Authenticator(AuthenticatorSettings settings, DirectoryRef directory);
    ~Authenticator();
    Authenticator(const Authenticator&) = delete;
    Authenticator& operator=(const Authenticator&) = delete;

    void set_directory(DirectoryRef directory);

    /// Judges a request by the first of its credentials that passes. Does not throw.
    [[nodiscard]] Verdict verify(std::span<const Credentials> credentials,
                                 const DigestRequest& request, Moment now);

    /// The values of the WWW-Authenticate or Proxy-Authenticate headers of one answer, in order. A
    /// client that gives up on any algorithm it does not know, told by its User-Agent, is offered
    /// MD5 alone if MD5 is accepted at all.
    [[nodiscard]] std::vector<std::string> challenge(bool stale, Moment now,
                                                     std::string_view user_agent = {});

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace lampline::sip
