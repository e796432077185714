#include "base/spare_memory.hpp"

#include <cstddef>

// jemalloc(3). Null under another allocator.
extern "C" __attribute__((weak)) int mallctl(const char* name, void* old_value,
                                             std::size_t* old_size, void* new_value,
                                             std::size_t new_size);

namespace lampline {

void give_back_spare_memory() noexcept
{
    if (mallctl != nullptr)
        static_cast<void>(mallctl("thread.tcache.flush", nullptr, nullptr, nullptr, 0));
}

}  // namespace lampline
