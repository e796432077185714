#pragma once
// The product's source of tags and Call-IDs, and of chance.
#include "core/token_source.hpp"

namespace lampline {

/// 90 random bits in 15 characters of [A-Za-z0-9_-]. One thread at a time.
/// @throws std::runtime_error when the system has no random numbers.
TokenSource random_tokens();

/// Every number below the bound as likely. Any thread.
/// @throws std::runtime_error when the system has no random numbers.
RandomSource random_numbers();

}  // namespace lampline
