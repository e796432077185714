#pragma once
// What trunks were told of the diversions of calls that ring by them.
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/ids.hpp"
#include "base/string_table.hpp"
#include "core/diversion.hpp"
#include "core/trunk_rules.hpp"

namespace lampline {

/// Chains of diversions, found by the numbers that a trunk was told for them. O(1) in the number of
/// calls. SIP thread only.
class ToldDiversions {
public:
    /// `leg` begins to ring by `way`, which was told that the call has gone by `chain`; an empty one
    /// tells nothing. `domain` is the office's.
    void add(LegId leg, const TrunkRules& way, std::span<const Diversion> chain,
             std::string_view domain);
    /// `leg` rings no more, or never has.
    void remove(LegId leg);
    /// Where `heard`, from the trunk `back`, begins with such a chain as it was told, the longest
    /// one counts, and the office's own numbers in it get back their names of here, without host.
    /// Nothing where that stands for different ones.
    void name_as_here(std::vector<Diversion>& heard, const Trunk& back,
                      std::string_view domain) const;
    [[nodiscard]] bool empty() const noexcept { return places_.empty() && told_.empty(); }

private:
    struct Chain {
        std::vector<Diversion> diversions;  ///< as they are here
        std::size_t legs = 0;
    };
    /// Chains that nothing tells apart from outside.
    struct Group {
        std::string domain;      ///< of the trunks that were told,
        std::vector<bool> ours;  ///< which of the numbers are the office's
        StringTable<Chain> chains{};  ///< by their numbers here
    };
    struct Place {
        std::string told;
        std::string domain;
        std::vector<bool> ours;
        std::string here;
    };
    /// As many as trunks have domains, times what is ours of a few numbers.
    using Groups = std::vector<Group>;

    static void append(std::string& numbers, std::string_view number);
    [[nodiscard]] static bool fits(const Group& group, std::span<const Diversion> heard,
                                   const Trunk& back, std::string_view domain);

    StringTable<Groups> told_;  ///< by the numbers that were told
    std::unordered_map<LegId, Place> places_;
};

}  // namespace lampline
