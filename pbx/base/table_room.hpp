#pragma once
// Hash tables that follow what is in them both ways.
#include <cstddef>

namespace lampline {

/// For after an erasure: standard hash tables grow, but never shrink. Where an eighth of the
/// buckets would do, the others are given back; then as many erasures must follow until it happens
/// again, so each costs O(1) on average, as insertions do. Invalidates iterators, and no
/// references.
template <class Table>
void give_back_room(Table& table)
{
    constexpr std::size_t few = 512;  // buckets: not worth it
    if (table.bucket_count() > few && table.size() < table.bucket_count() / 8)
        table.rehash(2 * table.size());
}

}  // namespace lampline
