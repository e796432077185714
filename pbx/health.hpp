#pragma once
// The question a container engine asks: is the server well?
#include <chrono>

#include "base/settings.hpp"

namespace lampline {

/// True when GET /healthz at `address` is answered 200 within `patience`. Blocks; no exceptions.
bool is_healthy(const ListenAddress& address,
                std::chrono::milliseconds patience = std::chrono::seconds{3});

}  // namespace lampline
