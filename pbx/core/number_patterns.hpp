#pragma once
// Patterns of numbers, compiled once: which of them is about a number, and what it makes of it.
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lampline {

/// Immutable, any thread. RE2 syntax; matching takes time linear in the number, whatever the
/// patterns are, and one pass however many there are.
class NumberPatterns {
public:
    static constexpr std::size_t max_pattern = 128;
    static constexpr std::size_t max_replacement = 64;

    struct Rule {
        std::string pattern;      ///< matches the whole of a number
        std::string replacement;  ///< \1 to \9 the groups of the pattern; empty: the number stays
    };
    struct Match {
        std::size_t rule;    ///< its place
        std::string number;  ///< what it becomes
    };
    /// Why a rule cannot be.
    struct Fault {
        bool in_replacement;
        std::string reason;
    };

    NumberPatterns();
    /// All of `rules` must be without fault.
    explicit NumberPatterns(std::vector<Rule> rules);
    ~NumberPatterns();
    NumberPatterns(NumberPatterns&&) noexcept;
    NumberPatterns& operator=(NumberPatterns&&) noexcept;
    NumberPatterns(const NumberPatterns&) = delete;
    NumberPatterns& operator=(const NumberPatterns&) = delete;

    /// The first rule that is about `number`.
    [[nodiscard]] std::optional<Match> find(std::string_view number) const;

    static std::optional<Fault> fault_of(const Rule& rule);

private:
    class Compiled;
    std::unique_ptr<const Compiled> compiled_;  // null: there are no rules
};

/// How much of `pattern` stands for itself, from its beginning: `0043` of `0043(.*)`. Of
/// alternatives, what all of them begin with: `09` of `0900.*|0930.*` and of `(0900|0930).*`.
std::size_t literal_length(std::string_view pattern);

}  // namespace lampline
