#pragma once
#include "bench/line.hpp"

namespace bench {

/// Sends OPTIONS every millisecond until one is answered; false when none is within `patience`.
[[nodiscard]] bool wait_for_answer(const Server& server, Clock::duration patience);

}  // namespace bench
