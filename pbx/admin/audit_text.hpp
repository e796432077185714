#pragma once
// How configuration looks in the audit: JSON, without secrets.
#include <string>

#include "core/directory.hpp"

namespace lampline::admin {

std::string audit_text(const Extension& extension);
std::string audit_text(const Group& group);
std::string audit_text(const MessageCounts& messages);
std::string audit_text(const Forwarding& forwarding);
std::string audit_text(const RingGroup& group);
std::string audit_text(const DigitRules& rules);
std::string audit_text(const CallingCard& card);
std::string audit_text(const Trunk& trunk);
std::string audit_text(const ParkLot& lot);
std::string feature_code_audit_text(const std::string& code);
std::string audit_text(const BodyProfile& profile);
std::string audit_text(const DeviceProfile& choice);

}  // namespace lampline::admin
