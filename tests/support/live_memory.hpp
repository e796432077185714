#pragma once
// What the program has allocated and not given back.
#include <cstddef>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LAMPLINE_COUNTS_EXACTLY
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define LAMPLINE_COUNTS_EXACTLY
#endif

#ifdef LAMPLINE_COUNTS_EXACTLY
#include <sanitizer/allocator_interface.h>
#else
#include <malloc.h>
#endif

namespace lampline::test {

#ifdef LAMPLINE_COUNTS_EXACTLY
inline constexpr std::size_t kept_at_hand = 0;
#else
inline constexpr std::size_t kept_at_hand = 65'536;
#endif

/// In bytes. Exact under AddressSanitizer; else it counts up to `kept_at_hand` of what the C library
/// has not given back.
inline std::size_t live_bytes()
{
#ifdef LAMPLINE_COUNTS_EXACTLY
    return __sanitizer_get_current_allocated_bytes();
#else
    const auto all = mallinfo2();
    return all.uordblks + all.hblkhd;
#endif
}

}  // namespace lampline::test
