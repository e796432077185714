#pragma once
// What the kernel says of the server's processes.
#include <cstdint>

#include <sys/types.h>

namespace bench {

/// CPU seconds, user and system, of all threads of `root` and of its descendants, in ticks of 10
/// ms.
[[nodiscard]] double cpu_seconds(pid_t root);
/// Memory of `root` and its descendants in bytes, shared pages counted once (Pss).
[[nodiscard]] std::uint64_t memory_bytes(pid_t root);
/// The same without pages of files: program and libraries, which count less while another process
/// runs them too. For differences.
[[nodiscard]] std::uint64_t allocated_bytes(pid_t root);

}  // namespace bench
