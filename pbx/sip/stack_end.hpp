#pragma once
// What Sofia does when the program ends.

namespace lampline::sip {

/// Lets Sofia end in a program that has not used it: when it is unloaded, it deletes the thread key of
/// its random numbers (su_uniqueid.c), which is key 0 as long as there is none, and that is the
/// allocator's. jemalloc then says `Error setting tsd` for a thread that begins meanwhile. Main
/// thread, before any task.
void prepare_stack_end() noexcept;

}  // namespace lampline::sip
