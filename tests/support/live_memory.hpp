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
// As in sanitizer/allocator_interface.h, which GCC does not install.
extern "C" std::size_t __sanitizer_get_current_allocated_bytes();
#else
#include <malloc.h>
#endif

namespace lampline::test {

/// In bytes. Exact under AddressSanitizer; else it counts what the C library keeps at hand too,
/// some ten kilobytes unless GLIBC_TUNABLES=glibc.malloc.tcache_count=0.
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
