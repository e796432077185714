#pragma once
// Lamps as phones show them by what they were told unasked, whichever dialog that was told in.
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "support/scenario.hpp"

namespace lampline::test {

class UnaskedLamps {
public:
    /// Of a NOTIFY, in the order in which all are sent. From 1.
    std::uint64_t next_place() { return ++sent_; }
    /// The NOTIFY at `place` has arrived. One that was sent before what has arrived, or before what
    /// was forgotten, is passed over.
    void show(const Phone& phone, const std::string& member, std::uint64_t place, bool lit);
    /// The phone has asked, or has refused: what was told until now counts no more, be it still
    /// under way. Empty `member`: of nobody.
    void forget(const Phone& phone, const std::string& member);
    /// The exchange knows of no others.
    void keep(const std::function<bool(const Phone& phone, const std::string& member)>& known);

    [[nodiscard]] bool is_lit(const Phone& phone, std::string_view member) const;

private:
    using Key = std::pair<const Phone*, std::string>;  // and the member
    struct Shown {
        std::uint64_t place = 0;
        bool lit = false;
    };

    std::uint64_t sent_ = 0;
    std::map<Key, Shown> shown_;
    std::map<Key, std::uint64_t> forgotten_;  // until where; under "" of all members
};

}  // namespace lampline::test
