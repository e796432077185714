#pragma once
// One of the INVITEs that a call forks into (RFC 3261 §16.6).
#include <string>
#include <vector>

#include "core/sip_types.hpp"
#include "core/trunk.hpp"

namespace lampline {

/// Whom one INVITE of a hunt goes to.
struct Branch {
    std::string extension{};  ///< empty: outside
    NameAddr phone;           ///< who is there
    NameAddr from;            ///< who is told to call
    NameAddr to;
    Target target;
    std::string contact_user{};  ///< empty: that of `from`
    std::vector<Header> headers;
    PayloadRef payload;
    TrunkRef trunk{};    ///< null: a phone
    bool focus = false;  ///< whoever calls mixes (RFC 4579)
};

}  // namespace lampline
