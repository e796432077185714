#pragma once
// The dice of random tests: one seed, the same throws with every standard library. One throw in
// each expression whose parts have no order, so that compilers agree on which was first.
#include <cstddef>
#include <random>

namespace lampline::test {

class Chance {
public:
    explicit Chance(unsigned seed) : random_{seed} {}

    /// From 0, less than `bound`.
    std::size_t below(std::size_t bound) { return random_() % bound; }
    bool one_in(std::size_t times) { return below(times) == 0; }
    /// Of what lives longer than the answer.
    template <class Range>
    auto& any_of(Range& all)
    {
        return all[below(std::size(all))];
    }

private:
    std::mt19937 random_;
};

}  // namespace lampline::test
