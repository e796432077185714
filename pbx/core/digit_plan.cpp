#include "core/digit_plan.hpp"

#include <re2/re2.h>
#include <re2/set.h>

#include <algorithm>
#include <array>

namespace lampline {
namespace {

/// Memory that one pattern, and all of them together, may compile to.
constexpr std::int64_t max_pattern_memory = 64 * 1024;
constexpr std::int64_t max_plan_memory = 8 * 1024 * 1024;
constexpr int max_groups = 9;

constexpr std::array<std::string_view, 5> class_names{"internal", "local", "national",
                                                      "international", "premium"};

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

/// How much of a pattern stands for itself, from its beginning: `0043` of `0043(.*)`.
std::size_t literal_length(std::string_view pattern) noexcept
{
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
        if (next == '|') return 0;
    }
    return pattern.find('|') == std::string_view::npos ? length : 0;
}

}  // namespace

std::string_view name(CallClass call_class) noexcept
{
    return class_names[static_cast<std::size_t>(call_class)];
}

std::optional<CallClass> call_class_named(std::string_view word) noexcept
{
    const auto found = std::ranges::find(class_names, word);
    if (found == class_names.end()) return std::nullopt;
    return static_cast<CallClass>(found - class_names.begin());
}

/// The patterns: all at once to find who matches, each for itself to rewrite.
class DigitPlan::Compiled {
public:
    explicit Compiled(const std::vector<DigitRule>& rules)
        : set_{options(max_plan_memory), RE2::ANCHOR_BOTH}
    {
        patterns_.reserve(rules.size());
        for (const auto& rule : rules) {
            patterns_.push_back(
                std::make_unique<const RE2>(piece(rule.pattern), options(max_pattern_memory)));
            set_.Add(piece(rule.pattern), nullptr);
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

    [[nodiscard]] std::string rewrite(std::size_t rule, std::string_view dialled,
                                      const std::string& replacement) const
    {
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
    bool usable_ = false;
};

DigitPlan::DigitPlan() = default;
DigitPlan::~DigitPlan() = default;
DigitPlan::DigitPlan(DigitPlan&&) noexcept = default;
DigitPlan& DigitPlan::operator=(DigitPlan&&) noexcept = default;

DigitPlan::DigitPlan(DigitRules rules) : written_{std::move(rules)}
{
    std::erase_if(written_.rules, [](const DigitRule& rule) { return fault_of(rule).has_value(); });
    if (written_.rules.size() > max_rules) written_.rules.resize(max_rules);
    // The first that matches counts, so the order is settled here.
    std::ranges::stable_sort(written_.rules, [](const DigitRule& left, const DigitRule& right) {
        if (left.priority != right.priority) return left.priority < right.priority;
        return literal_length(left.pattern) > literal_length(right.pattern);
    });
    if (!written_.rules.empty()) compiled_ = std::make_unique<const Compiled>(written_.rules);
}

std::optional<DigitPlan::Match> DigitPlan::find(std::string_view dialled) const
{
    if (!compiled_) return std::nullopt;
    const auto found = compiled_->matches(dialled);
    if (found.empty()) return std::nullopt;
    const auto first = static_cast<std::size_t>(*std::ranges::min_element(found));
    const auto& rule = written_.rules[first];
    return Match{&rule, compiled_->rewrite(first, dialled, rule.replacement)};
}

CallClass DigitPlan::right_of(std::string_view extension) const noexcept
{
    const auto found = written_.rights.find(extension);
    return found == written_.rights.end() ? written_.default_right : found->second;
}

std::optional<DigitRuleFault> DigitPlan::fault_of(const DigitRule& rule)
{
    if (rule.pattern.empty()) return DigitRuleFault{"pattern", "must not be empty"};
    if (rule.pattern.size() > max_pattern) return DigitRuleFault{"pattern", "is too long"};
    const RE2 pattern{piece(rule.pattern), options(max_pattern_memory)};
    if (!pattern.ok()) return DigitRuleFault{"pattern", pattern.error()};
    if (rule.replacement.size() > max_replacement)
        return DigitRuleFault{"replacement", "is too long"};
    std::string error;
    if (!pattern.CheckRewriteString(piece(rule.replacement), &error))
        return DigitRuleFault{"replacement", error};
    return std::nullopt;
}

}  // namespace lampline
