#pragma once
// Who sent a request: digest, and whether the names in it are those of the credentials.
#include <string>
#include <variant>

#include "sip/digest.hpp"
#include "sip/inspection.hpp"

namespace lampline::sip {

/// Passed: the extension whose credentials the request carries.
struct Authenticated {
    std::string extension;
};
/// Not passed. `delay`: hold the answer back for so long (a wrong secret, again).
struct Refused {
    Rejection rejection;
    std::chrono::milliseconds delay{};
    bool challenged = false;
};

/// Judges a request outside a dialog. 401 for REGISTER and SUBSCRIBE, 407 for INVITE and MESSAGE;
/// 403 when the To of a REGISTER or the From of the others is not the address of the credentials.
std::variant<Authenticated, Refused> authenticate(const sip_t& sip, const std::string& source,
                                                  Authenticator& authenticator,
                                                  const Transports& transports, Moment now);
/// The same for a request within a dialog, where From and To are those that the dialog began with.
std::variant<Authenticated, Refused> authenticate_within_dialog(const sip_t& sip,
                                                                const std::string& source,
                                                                Authenticator& authenticator,
                                                                const Transports& transports,
                                                                Moment now);

}  // namespace lampline::sip
