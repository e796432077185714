#pragma once
// An account of a lamp in sentences, for the person who asks why it is red.
#include <string>

#include "core/lamp_account.hpp"

namespace lampline::web {

/// What the member does, or what keeps the watcher from ever seeing it, and what to do about it.
std::string summary(const LampAccount& account);
/// What one phone shows, and why; or why it shows nothing, and what to do about it.
std::string explanation(const AccountedPhone& phone, const LampAccount& account);

}  // namespace lampline::web
