#pragma once
// Messages that are passed on, as text: all that a proxy has no business with stays as it came.
#include <string>
#include <string_view>
#include <vector>

#include "core/sip_types.hpp"
#include "sip/sofia.hpp"

namespace lampline::sip {

/// What a proxy changes in a request (RFC 3261 §16.6). Views must outlive the call.
struct PassedRequest {
    std::string_view request_uri;                   ///< empty: as it came
    std::string_view via;                           ///< ours, on top
    std::size_t routes_gone = 0;                    ///< Route entries that are taken off the top
    std::size_t routes_kept = SIZE_MAX;             ///< of the rest, how many stay
    std::vector<std::string> routes_before;         ///< put before what stays of Route
    std::vector<std::string> routes_after;          ///< and behind it
    std::vector<std::string> record_routes;         ///< ours, top first
    std::string_view realm;                         ///< credentials for it are taken out
    std::string_view added;                         ///< whole header lines
    const std::vector<Header>* replaced = nullptr;  ///< instead of all of the same names
    bool without_body = false;
};

/// `whole`: the message still has the text that it came with (see Endpoint); else it is written
/// anew, header by header. Identities that the sender asserts are left out (RFC 3325 §5), and
/// Max-Forwards is counted down.
std::string pass_request(const sip_t& sip, const PassedRequest& change, bool whole);

/// Without its topmost Via, which is ours, and with `added`.
std::string pass_response(const sip_t& sip, std::string_view added, bool whole);

/// `CANCEL`, or the ACK of a response above 299, for a request of `via` that was made of `sip`:
/// they have its path (RFC 3261 §9.1, §17.1.1.3). `to` is a header line.
std::string hop_request(const sip_t& sip, std::string_view method, std::string_view request_uri,
                        std::string_view via, const std::vector<std::string>& routes,
                        std::string_view to, std::string_view headers);

}  // namespace lampline::sip
