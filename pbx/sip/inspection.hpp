#pragma once
// What is wrong with a request, before anybody looks at who sent it (RFC 3261 §8.2).
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sip/transports.hpp"

namespace lampline::sip {

/// An answer that ends a request.
struct Rejection {
    unsigned status = 0;
    std::string_view phrase;  ///< empty: the standard one
    std::string headers;      ///< whole lines
};

/// Body too large, or encoded as it is not read here. For every request. What is too large is malformed (400) where an
/// XML body would be read, else 413. What is larger by another 32 KB, on a connection, the stack
/// refuses with 413 by itself.
std::optional<Rejection> inspect_body(const sip_t& sip, std::size_t body_limit);

/// Its body is deflated, and nothing else.
bool is_deflated(const sip_t& sip) noexcept;

/// What of the Require of `sip` is not known here; for an INVITE, whoever answers it judges that.
std::vector<std::string> unsupported_options(const sip_t& sip);

/// The same for a request that is ours to answer (RFC 3261 §8.2.2.3).
std::optional<Rejection> inspect_require(const sip_t& sip);

/// A request that wants of its proxies what none here knows (RFC 3261 §16.3 step 5).
std::optional<Rejection> inspect_proxy_require(const sip_t& sip);

/// `urn:service:sos`, or one of the services below it (RFC 5031 §4.2).
bool is_emergency_service(const url_t& url) noexcept;

/// Everything else, for a request that belongs to no dialog of ours: method, Max-Forwards, dialog,
/// address, required extensions, loop. ACK and CANCEL are not its business.
std::optional<Rejection> inspect_request(const sip_t& sip, const Transports& transports);

/// The branch of an INVITE of ours carries this mark of its Request-URI: so an INVITE that comes
/// back unchanged is known (RFC 3261 §16.6 step 8).
std::string loop_mark(std::string_view user, std::string_view host, std::string_view port);

}  // namespace lampline::sip
