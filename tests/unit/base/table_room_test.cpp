#include "base/table_room.hpp"

#include <doctest/doctest.h>

#include <unordered_map>

using namespace lampline;

TEST_CASE("a table gives its buckets back as it empties, seldom, and keeps what is in it")
{
    std::unordered_map<int, int> table;
    for (int key = 0; key < 20'000; ++key) table[key] = key;
    const auto* last = &table.at(19'999);
    int changes = 0;
    for (int key = 0; key < 19'990; ++key) {
        table.erase(key);
        const auto before = table.bucket_count();
        give_back_room(table);
        changes += table.bucket_count() != before ? 1 : 0;
    }
    CHECK(table.bucket_count() < 1000);
    CHECK(changes < 10);
    CHECK(table.size() == 10);
    for (int key = 19'990; key < 20'000; ++key) CHECK(table.at(key) == key);
    CHECK(&table.at(19'999) == last);
}

TEST_CASE("a small table is left alone")
{
    std::unordered_map<int, int> table;
    for (int key = 0; key < 200; ++key) table[key] = key;
    table.clear();
    const auto before = table.bucket_count();
    give_back_room(table);
    CHECK(table.bucket_count() == before);
}
