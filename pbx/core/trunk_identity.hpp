#pragma once
// Who is shown on a trunk, and what of a message goes out of the office (RFC 3323, RFC 3325).
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/diversion.hpp"
#include "core/sip_types.hpp"
#include "core/trunk_rules.hpp"

namespace lampline {

/// Who calls, as the office knows it.
struct OutsideCaller {
    NameAddr party;
    std::string_view extension;  ///< whose phone it is; empty: a caller from outside
    std::string_view payer;  ///< for whose call it counts: shown in the place of one from outside
    bool anonymous = false;  ///< it has asked for privacy
};

/// What an INVITE over a trunk says of its caller.
struct TrunkIdentity {
    NameAddr from;
    std::vector<Header> headers;  ///< P-Asserted-Identity, Privacy
};

TrunkIdentity identity_on(const TrunkRules& trunk, const OutsideCaller& caller);

/// Diversion and History-Info with the numbers that are shown on the trunk; none where it is not
/// trusted. `target` is where the call goes at last.
std::vector<Header> diversions_on(const TrunkRules& trunk, std::span<const Diversion> chain,
                                  std::string_view target, std::string_view domain);

/// `Anonymous <sip:anonymous@anonymous.invalid>` (RFC 3323 §4.1).
NameAddr anonymous_party();
/// `address` is one that says nothing, or `payload` asks for privacy of the user.
bool wants_privacy(const NameAddr& address, const PayloadRef& payload);

/// `header` (any case) may cross the border of the office, in either direction.
bool crosses_border(std::string_view header) noexcept;
/// `payload` without the headers that may not.
PayloadRef across_border(const PayloadRef& payload);

}  // namespace lampline
