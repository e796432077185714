#pragma once
// The memory that the allocator keeps at hand for a thread.

namespace lampline {

/// Gives back what was freed and is kept for the next allocations of the calling thread: some
/// thousand pieces at most, each of which keeps the page it lies in, however long nothing happens.
/// Some ten microseconds; for a thread that rests, or every few seconds. Nothing under an allocator
/// other than jemalloc.
void give_back_spare_memory() noexcept;

}  // namespace lampline
