#include "core/number_patterns.hpp"

#include <re2/re2.h>
#include <re2/set.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

namespace lampline {
namespace {

/// Memory that one pattern, and all of them together, may compile to.
constexpr std::int64_t max_pattern_memory = 64 * 1024;
constexpr std::int64_t max_set_memory = 8 * 1024 * 1024;
constexpr int max_groups = 9;

RE2::Options options(std::int64_t memory)
{
    RE2::Options options{RE2::Quiet};
    options.set_encoding(RE2::Options::EncodingLatin1);
    options.set_max_mem(memory);
    options.set_never_nl(true);
    return options;
}

re2::StringPiece piece(std::string_view text)
{
    return {text.data(), text.size()};
}

}  // namespace

/// The patterns: all at once to find who matches, each for itself to rewrite.
class NumberPatterns::Compiled {
public:
    explicit Compiled(std::vector<Rule> rules) : set_{options(max_set_memory), RE2::ANCHOR_BOTH}
    {
        patterns_.reserve(rules.size());
        replacements_.reserve(rules.size());
        for (auto& rule : rules) {
            patterns_.push_back(
                std::make_unique<const RE2>(piece(rule.pattern), options(max_pattern_memory)));
            set_.Add(piece(rule.pattern), nullptr);
            replacements_.push_back(std::move(rule.replacement));
        }
        usable_ = set_.Compile();
    }

    /// Indices of the rules that match, in no order.
    [[nodiscard]] std::vector<int> matches(std::string_view dialled) const
    {
        std::vector<int> found;
        RE2::Set::ErrorInfo error{};
        if (usable_ && set_.Match(piece(dialled), &found, &error)) return found;
        if (usable_ && error.kind == RE2::Set::kNoError) return {};
        found.clear();  // out of memory: a rule that bars a number must not fail open
        for (std::size_t i = 0; i < patterns_.size(); ++i)
            if (RE2::FullMatch(piece(dialled), *patterns_[i])) found.push_back(static_cast<int>(i));
        return found;
    }

    [[nodiscard]] std::string rewrite(std::size_t rule, std::string_view dialled) const
    {
        const auto& replacement = replacements_[rule];
        std::string number{dialled};
        if (!replacement.empty()) {
            const RE2& pattern = *patterns_[rule];
            std::array<re2::StringPiece, max_groups + 1> groups{};
            const auto text = piece(dialled);
            const auto count = std::min(pattern.NumberOfCapturingGroups(), max_groups) + 1;
            if (pattern.Match(text, 0, text.size(), RE2::ANCHOR_BOTH, groups.data(), count)) {
                number.clear();
                pattern.Rewrite(&number, piece(replacement), groups.data(), count);
            }
        }
        return number;
    }

private:
    RE2::Set set_;
    std::vector<std::unique_ptr<const RE2>> patterns_;
    std::vector<std::string> replacements_;
    bool usable_ = false;
};

namespace {

/// How a pattern begins.
struct Beginning {
    std::string text;    ///< with this, whatever it matches
    bool whole = false;  ///< and with nothing else
};

Beginning beginning_of(std::string_view pattern);

/// Where what begins at `at` ends: an escaped sign, a class, a group with all that is in it.
std::size_t end_of_part(std::string_view pattern, std::size_t at) noexcept
{
    int depth = 0;
    for (; at < pattern.size(); ++at) {
        const char c = pattern[at];
        if (c == '\\') {
            ++at;
        } else if (c == '[') {
            if (++at < pattern.size() && pattern[at] == '^') ++at;
            if (at < pattern.size() && pattern[at] == ']') ++at;  // its first sign
            while (at < pattern.size() && pattern[at] != ']') at += pattern[at] == '\\' ? 2 : 1;
        } else if (c == '(') {
            ++depth;
        } else if (c == ')') {
            --depth;
        }
        if (depth <= 0) break;
    }
    return std::min(at + 1, pattern.size());
}

bool need_not_be_there(char quantifier) noexcept
{
    return quantifier == '*' || quantifier == '?' || quantifier == '{';
}

/// Of `(...)`. Flags are none.
Beginning beginning_of_group(std::string_view group)
{
    auto inside = group.substr(1, group.size() - std::min<std::size_t>(group.size(), 2));
    if (inside.starts_with("?P<"))
        inside.remove_prefix(std::min(inside.find('>'), inside.size() - 1) + 1);
    else if (inside.starts_with("?:"))
        inside.remove_prefix(2);
    else if (inside.starts_with('?'))
        return {};
    return beginning_of(inside);
}

/// Of what has no alternative as a whole.
Beginning beginning_of_one(std::string_view pattern)
{
    if (pattern.starts_with('^')) pattern.remove_prefix(1);
    Beginning beginning{{}, true};
    for (std::size_t at = 0; at < pattern.size();) {
        const auto end = end_of_part(pattern, at);
        const auto part = pattern.substr(at, end - at);
        const auto next = end < pattern.size() ? pattern[end] : ' ';
        beginning.whole = false;
        if (need_not_be_there(next)) return beginning;
        if (part.front() == '(') {
            auto inside = beginning_of_group(part);
            beginning.text += inside.text;
            if (!inside.whole) return beginning;
        } else if (part.size() == 2 && part.front() == '\\' &&
                   !std::isalnum(static_cast<unsigned char>(part.back()))) {
            beginning.text += part.back();
        } else if (part.size() == 1 && std::string_view{"\\.[](){}*+?|^$"}.find(part.front()) ==
                                           std::string_view::npos) {
            beginning.text += part;
        } else {
            return beginning;
        }
        if (next == '+') return beginning;  // what follows may be more of the same
        beginning.whole = true;
        at = end;
    }
    return beginning;
}

/// Of several alternatives, what all have in common.
Beginning beginning_of(std::string_view pattern)
{
    std::optional<Beginning> common;
    std::size_t from = 0;
    for (std::size_t at = 0; at <= pattern.size();) {
        if (at < pattern.size() && pattern[at] != '|') {
            at = end_of_part(pattern, at);
            continue;
        }
        auto one = beginning_of_one(pattern.substr(from, at - from));
        from = ++at;
        if (!common) {
            common = std::move(one);
            continue;
        }
        common->whole = common->whole && one.whole && common->text == one.text;
        const auto parted = std::ranges::mismatch(common->text, one.text).in1;
        common->text.erase(parted, common->text.end());
    }
    return std::move(*common);
}

}  // namespace

std::size_t literal_length(std::string_view pattern)
{
    return beginning_of(pattern).text.size();
}

namespace {

/// Why `pattern` does not compile.
std::string reason_of(const RE2& pattern)
{
    const auto about = [&](std::string_view what) {
        return std::string{what}.append(": ").append(pattern.error_arg());
    };
    switch (pattern.error_code()) {
    case RE2::ErrorMissingParen: return "must have a ) for each (";
    case RE2::ErrorUnexpectedParen: return "must have a ( for each )";
    case RE2::ErrorMissingBracket: return "must have a ] for each [";
    case RE2::ErrorTrailingBackslash: return "must not end with a backslash";
    case RE2::ErrorBadEscape: return about("must not have this after a backslash");
    case RE2::ErrorBadCharClass: return about("must have no unknown class of characters");
    case RE2::ErrorBadCharRange: return about("must have ranges from low to high");
    case RE2::ErrorRepeatArgument: return about("must have something to repeat before");
    case RE2::ErrorRepeatOp: return about("must not repeat a repetition");
    case RE2::ErrorRepeatSize: return about("must not repeat that often");
    case RE2::ErrorBadPerlOp: return about("must have no groups with conditions or options");
    case RE2::ErrorPatternTooLarge: return "must be simpler: it takes too much memory";
    default: return about("must be a pattern that RE2 can read");
    }
}

/// Why `replacement` cannot be put together from `groups` groups.
std::string reason_against(std::string_view replacement, int groups)
{
    const auto wanted = RE2::MaxSubmatch(piece(replacement));
    if (wanted <= groups)
        return "must have a digit or a backslash after each backslash: \\1 to \\9 are the groups of "
               "the pattern";
    return "must not name \\" + std::to_string(wanted) + ": the pattern has " +
           (groups == 0 ? "no group; put what to keep in parentheses"
                        : std::to_string(groups) + (groups == 1 ? " group" : " groups") +
                              " in parentheses");
}

}  // namespace

NumberPatterns::NumberPatterns() = default;
NumberPatterns::~NumberPatterns() = default;
NumberPatterns::NumberPatterns(NumberPatterns&&) noexcept = default;
NumberPatterns& NumberPatterns::operator=(NumberPatterns&&) noexcept = default;

NumberPatterns::NumberPatterns(std::vector<Rule> rules)
    : compiled_{rules.empty() ? nullptr : std::make_unique<const Compiled>(std::move(rules))}
{
}

std::optional<NumberPatterns::Match> NumberPatterns::find(std::string_view number) const
{
    if (!compiled_) return std::nullopt;
    const auto found = compiled_->matches(number);
    if (found.empty()) return std::nullopt;
    const auto first = static_cast<std::size_t>(*std::ranges::min_element(found));
    return Match{first, compiled_->rewrite(first, number)};
}

std::optional<NumberPatterns::Fault> NumberPatterns::fault_of(const Rule& rule)
{
    if (rule.pattern.empty()) return Fault{false, "must not be empty"};
    if (rule.pattern.size() > max_pattern) return Fault{false, "is too long"};
    const RE2 pattern{piece(rule.pattern), options(max_pattern_memory)};
    if (!pattern.ok()) return Fault{false, reason_of(pattern)};
    if (rule.replacement.size() > max_replacement) return Fault{true, "is too long"};
    std::string said;
    if (pattern.CheckRewriteString(piece(rule.replacement), &said)) return std::nullopt;
    return Fault{true, reason_against(rule.replacement, pattern.NumberOfCapturingGroups())};
}

}  // namespace lampline
