#pragma once
// Rules about dialled digits that are nobody's number: what they become, who may dial them, what is
// refused.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/call_mode.hpp"
#include "core/number_patterns.hpp"
#include "core/outside_rights.hpp"

namespace lampline {

/// What a call costs whom, from the least right to the most.
enum class CallClass : std::uint8_t { internal, local, national, international, premium };

std::string_view name(CallClass call_class) noexcept;
std::optional<CallClass> call_class_named(std::string_view word) noexcept;

/// One rule. It is about a number when `pattern` matches the whole of it (RE2 syntax).
struct DigitRule {
    std::string name;  ///< for people
    std::string pattern;
    unsigned priority =
        100;  ///< of several that match, the lowest counts, then the longest literal beginning
    std::string replacement;  ///< the number it becomes, \1 to \9 the groups of the pattern; empty:
                              ///< as dialled
    CallClass call_class = CallClass::internal;  ///< the right it takes
    bool emergency = false;  ///< no right is needed; it counts before all that are none
    unsigned status = 0;     ///< refused with it, 400 to 699; 0, or an emergency: not refused
    std::string phrase;                          ///< of the refusal
    std::vector<std::string> trunks{};  ///< the number lies outside: by the first that can take it
    /// How its callers are joined; nullopt: as the extension or the trunk wants it.
    std::optional<CallMode> mode{};

    friend bool operator==(const DigitRule&, const DigitRule&) = default;
};

/// The plan as it is written down.
struct DigitRules {
    std::vector<DigitRule> rules;
    CallClass default_right =
        CallClass::international;  ///< of extensions that `rights` does not name
    std::map<std::string, CallClass, std::less<>> rights;
    OutsideRights default_outside{};  ///< of those that `outside` does not name
    std::map<std::string, OutsideRights, std::less<>> outside{};

    friend bool operator==(const DigitRules&, const DigitRules&) = default;
};

/// Why a rule cannot be: which member, and what is wrong with it.
struct DigitRuleFault {
    std::string member;  ///< "pattern" or "replacement"
    std::string reason;
};

/// The plan as it is used: compiled once, immutable, any thread.
class DigitPlan {
public:
    static constexpr std::size_t max_rules = 200;

    DigitPlan() = default;
    /// Rules that fault_of() finds fault with are left out.
    explicit DigitPlan(DigitRules rules);

    struct Match {
        const DigitRule* rule;
        std::string number;  ///< what it becomes
    };
    /// The rule that is about `dialled`.
    [[nodiscard]] std::optional<Match> find(std::string_view dialled) const;
    /// The rule about `dialled`, in whatever way it is written, is one for emergencies; also where
    /// it ends with the `#` that ends dialling.
    [[nodiscard]] bool is_emergency(std::string_view dialled) const;
    /// What to dial for help where no number was (RFC 5031); empty: no rule is for emergencies.
    [[nodiscard]] std::string emergency_number() const;
    [[nodiscard]] CallClass right_of(std::string_view extension) const noexcept;
    [[nodiscard]] const OutsideRights& outside_rights_of(std::string_view number) const noexcept;

    static std::optional<DigitRuleFault> fault_of(const DigitRule& rule);

private:
    DigitRules written_;
    NumberPatterns patterns_;  // of the rules in the order in which they count
};

}  // namespace lampline
