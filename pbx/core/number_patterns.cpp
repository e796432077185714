#include "core/number_patterns.hpp"

#include <re2/re2.h>
#include <re2/set.h>

#include <algorithm>
#include <array>
#include <cctype>

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

/// Whether one of several patterns as a whole is to match: `10.|2`, and not `1(0|2).`.
bool is_alternation(std::string_view pattern) noexcept
{
    int depth = 0;
    bool in_class = false;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        const char c = pattern[i];
        if (c == '\\') {
            ++i;
        } else if (in_class) {
            in_class = c != ']';
        } else if (c == '[') {
            in_class = true;
            if (i + 1 < pattern.size() && pattern[i + 1] == '^') ++i;
            if (i + 1 < pattern.size() && pattern[i + 1] == ']') ++i;  // its first sign
        } else if (c == '(') {
            ++depth;
        } else if (c == ')') {
            --depth;
        } else if (c == '|' && depth == 0) {
            return true;
        }
    }
    return false;
}

}  // namespace

std::size_t literal_length(std::string_view pattern) noexcept
{
    if (is_alternation(pattern)) return 0;
    if (pattern.starts_with('^')) pattern.remove_prefix(1);
    std::size_t length = 0;
    for (std::size_t i = 0; i < pattern.size(); ++i, ++length) {
        if (pattern[i] == '\\' && i + 1 < pattern.size() &&
            !std::isalnum(static_cast<unsigned char>(pattern[i + 1])))
            ++i;  // an escaped sign
        else if (std::string_view{"\\.[](){}*+?|^$"}.find(pattern[i]) != std::string_view::npos)
            break;
        const auto next = i + 1 < pattern.size() ? pattern[i + 1] : ' ';
        if (next == '*' || next == '?' || next == '{') break;  // it need not be there
    }
    return length;
}

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
    if (!pattern.ok()) return Fault{false, pattern.error()};
    if (rule.replacement.size() > max_replacement) return Fault{true, "is too long"};
    std::string error;
    if (!pattern.CheckRewriteString(piece(rule.replacement), &error)) return Fault{true, error};
    return std::nullopt;
}

}  // namespace lampline
