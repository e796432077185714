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

/// Body too large, or encoded. For every request.
std::optional<Rejection> inspect_body(const sip_t& sip, std::size_t body_limit);

/// Everything else, for a request that belongs to no dialog of ours: method, Max-Forwards, dialog,
/// address, required extensions, loop. ACK and CANCEL are not its business.
std::optional<Rejection> inspect_request(const sip_t& sip, const Transports& transports);

/// The branch of an INVITE of ours carries this mark of its Request-URI: so an INVITE that comes
/// back unchanged is known (RFC 3261 §16.6 step 8).
std::string loop_mark(std::string_view user, std::string_view host, std::string_view port);

}  // namespace lampline::sip
