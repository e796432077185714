#pragma once
// What digest authentication remembers: bounded tables that never allocate after their
// construction.
#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

namespace lampline::sip {

/// Which counts of which nonces have been used. A nonce takes a place when it is first used, at its
/// serial modulo the number of places; a newer one may take it over, and an older one is refused
/// from then on. So nothing is ever accepted twice, and handing out nonces costs nothing.
class NonceCounts {
public:
    explicit NonceCounts(std::size_t places) : places_(std::max<std::size_t>(places, 1)) {}

    /// False when `count` was used before, or may have been. Counts may come a little out of order,
    /// as datagrams do.
    bool use(std::uint64_t serial, std::uint32_t count) noexcept
    {
        auto& place = places_[serial % places_.size()];
        if (place.serial > serial) return false;
        if (place.serial < serial) {
            place = {serial, 1, count};
            return true;
        }
        if (count > place.highest) {
            const auto step = count - place.highest;
            place.seen = (step < window ? place.seen << step : 0) | 1U;
            place.highest = count;
            return true;
        }
        const auto back = place.highest - count;
        if (back >= window || (place.seen >> back & 1U) != 0) return false;
        place.seen |= std::uint64_t{1} << back;
        return true;
    }

private:
    static constexpr std::uint32_t window = 64;
    struct Place {
        std::uint64_t serial = 0;  // 0: free
        std::uint64_t seen = 0;    // bit n: highest - n was used
        std::uint32_t highest = 0;
    };
    std::vector<Place> places_;
};

/// Wrong secrets in a row, by source and user name. Keeps a hash of the two, in sets of four; in a
/// full set the one with the fewest failures makes room.
class FailureCounts {
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    /// `seed`: random, so that nobody outside can choose who shares a set with whom.
    FailureCounts(std::size_t places, std::uint64_t seed)
        : seed_{seed}, sets_(std::bit_ceil(std::max<std::size_t>(places / set_size, 1)))
    {
    }

    [[nodiscard]] std::uint64_t key(std::string_view source,
                                    std::string_view username) const noexcept
    {
        const std::hash<std::string_view> hash;
        return mix(mix(hash(source) ^ seed_) + hash(username)) | 1U;
    }

    /// For how long answers to `key` are still held back.
    [[nodiscard]] std::chrono::milliseconds held(std::uint64_t key, TimePoint now) const noexcept
    {
        for (const auto& entry : set_of(key))
            if (entry.key == key && !is_over(entry, now))
                return std::chrono::ceil<std::chrono::milliseconds>(
                    std::max(entry.last + hold(entry.failures) - now, TimePoint::duration::zero()));
        return {};
    }

    /// Counts one more, and says for how long its answer is to be held back.
    std::chrono::milliseconds add(std::uint64_t key, TimePoint now) noexcept
    {
        auto& set = sets_[index(key)];
        auto entry = std::ranges::find(set, key, &Entry::key);
        if (entry == set.end())
            entry = std::ranges::min_element(
                set, {}, [now](const Entry& e) { return is_over(e, now) ? 0U : e.failures; });
        if (entry->key != key || is_over(*entry, now)) *entry = {key, {}, 0};
        entry->last = now;
        entry->failures = std::min(entry->failures + 1, 1000U);
        return hold(entry->failures);
    }

    void clear(std::uint64_t key) noexcept
    {
        auto& set = sets_[index(key)];
        if (const auto entry = std::ranges::find(set, key, &Entry::key); entry != set.end())
            *entry = {};
    }

private:
    static constexpr std::size_t set_size = 4;
    struct Entry {
        std::uint64_t key = 0;  // 0: free
        TimePoint last;
        unsigned failures = 0;
    };
    using Set = std::array<Entry, set_size>;

    /// Three mistakes are free.
    static constexpr std::chrono::seconds hold(unsigned failures) noexcept
    {
        return std::chrono::seconds{failures <= 3 ? 0 : 1 << std::min(failures - 4, 3U)};
    }
    static bool is_over(const Entry& entry, TimePoint now) noexcept
    {
        return entry.key == 0 || now - entry.last >= std::chrono::minutes{5};
    }
    static constexpr std::uint64_t mix(std::uint64_t x) noexcept
    {
        x = (x ^ x >> 31U) * 0x9e3779b97f4a7c15U;
        return x ^ x >> 29U;
    }
    [[nodiscard]] std::size_t index(std::uint64_t key) const noexcept
    {
        return key >> 17U & (sets_.size() - 1);
    }
    [[nodiscard]] const Set& set_of(std::uint64_t key) const noexcept { return sets_[index(key)]; }

    std::uint64_t seed_;
    std::vector<Set> sets_;
};

}  // namespace lampline::sip
