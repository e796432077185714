#include "core/feature_code.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/text.hpp"

namespace lampline {
namespace {

constexpr std::array<std::string_view, feature_count> names{
    "forward_always",  "forward_busy",    "forward_no_answer", "forward_unregistered",
    "forward_nothing", "do_not_disturb",  "disturb",           "except_caller",
    "end_exception",   "log_in",          "log_out",           "pickup_directed",
    "pickup_group",
};

bool is_forward(Feature feature) noexcept
{
    return feature <= Feature::forward_unregistered;
}

bool is_pickup(Feature feature) noexcept
{
    return feature >= Feature::pickup_directed;
}

/// `NUMBER*SECONDS`, where SECONDS is one to three digits.
void take_seconds(DialledFeature& dialled)
{
    const auto star = dialled.number->rfind('*');
    if (star == std::string::npos || star == 0) return;
    const auto digits = std::string_view{*dialled.number}.substr(star + 1);
    unsigned seconds = 0;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
    if (digits.empty() || digits.size() > 3 || error != std::errc{} ||
        end != digits.data() + digits.size())
        return;
    dialled.seconds = seconds;
    dialled.number->erase(star);
}

/// `CALLER*NUMBER`.
void take_target(DialledFeature& dialled)
{
    const auto star = dialled.number->find('*');
    if (star == std::string::npos || star == 0) return;
    dialled.to = dialled.number->substr(star + 1);
    dialled.number->erase(star);
}

/// The newest comes first: it counts before those that are about many callers.
void except(const DialledFeature& dialled, std::vector<CallerException>& exceptions)
{
    if (!dialled.number) return exceptions.clear();
    const bool is_new = dialled.feature == Feature::except_caller;
    CallerException exception{CallerMatch::number, *dialled.number, CallerTreatment::ring};
    if (dialled.to) {
        exception.treatment = CallerTreatment::forward;
        exception.to = *dialled.to;
    }
    std::erase_if(exceptions, [&](const CallerException& each) {
        return each.match == CallerMatch::number && each.caller == exception.caller;
    });
    if (is_new) exceptions.insert(exceptions.begin(), std::move(exception));
}

std::string in_words(const DialledFeature& dialled)
{
    if (!dialled.number) return "No exceptions";
    if (dialled.feature == Feature::end_exception) return *dialled.number + " like all others";
    if (dialled.to) return *dialled.number + " is sent to " + *dialled.to;
    return *dialled.number + " rings";
}

/// What `rest`, dialled after the code of `feature`, asks of it; nullopt: nothing it knows.
std::optional<DialledFeature> read_rest(Feature feature, std::string_view rest)
{
    DialledFeature dialled{feature, {}, {}};
    if (rest.empty()) return dialled;
    if (is_pickup(feature)) {
        dialled.number = rest;
        return dialled;
    }
    const bool takes_number = is_forward(feature) || is_about_ring_groups(feature) ||
                              is_about_exceptions(feature);
    if (!takes_number || rest.front() != '*') return std::nullopt;
    dialled.number = rest.substr(1);
    if (feature == Feature::forward_no_answer) take_seconds(dialled);
    if (feature == Feature::except_caller) take_target(dialled);
    return dialled;
}

}  // namespace

std::string_view name(Feature feature) noexcept
{
    return names[static_cast<std::size_t>(feature)];
}

std::optional<Feature> feature_named(std::string_view word) noexcept
{
    const auto found = std::find(names.begin(), names.end(), word);
    if (found == names.end()) return std::nullopt;
    return static_cast<Feature>(found - names.begin());
}

void apply(const DialledFeature& dialled, Forwarding& forwarding)
{
    const auto to = dialled.number.value_or("");
    switch (dialled.feature) {
    case Feature::forward_always: forwarding.always = to; break;
    case Feature::forward_busy: forwarding.busy = to; break;
    case Feature::forward_no_answer:
        forwarding.no_answer = to;
        if (dialled.seconds) forwarding.no_answer_after = std::chrono::seconds{*dialled.seconds};
        break;
    case Feature::forward_unregistered: forwarding.unregistered = to; break;
    case Feature::forward_nothing:
        forwarding.always.clear();
        forwarding.busy.clear();
        forwarding.no_answer.clear();
        forwarding.unregistered.clear();
        break;
    case Feature::do_not_disturb: forwarding.do_not_disturb = true; break;
    case Feature::disturb: forwarding.do_not_disturb = false; break;
    case Feature::except_caller:
    case Feature::end_exception: except(dialled, forwarding.exceptions); break;
    case Feature::log_in:
    case Feature::log_out:
    case Feature::pickup_directed:
    case Feature::pickup_group: break;
    }
}

std::string confirmation(const DialledFeature& dialled)
{
    switch (dialled.feature) {
    case Feature::do_not_disturb: return "Do not disturb";
    case Feature::disturb: return "May be disturbed";
    case Feature::except_caller:
    case Feature::end_exception: return in_words(dialled);
    case Feature::log_in: return dialled.number ? "Logged in to " + *dialled.number : "Logged in";
    case Feature::log_out:
        return dialled.number ? "Logged out of " + *dialled.number : "Logged out";
    case Feature::pickup_directed:
    case Feature::pickup_group: return {};
    default: break;
    }
    return dialled.number ? "Forwarded to " + *dialled.number : "Not forwarded";
}

void FeatureCodes::set(Feature feature, std::string code)
{
    std::replace(codes_.begin(), codes_.end(), code, std::string{});
    codes_[static_cast<std::size_t>(feature)] = std::move(code);
}

std::optional<DialledFeature> FeatureCodes::find(std::string_view dialled) const
{
    // Cisco's phones say so by themselves, whatever the code is here.
    constexpr std::string_view word = "blfpickup-";
    const bool takes = !code(Feature::pickup_directed).empty();
    if (takes && dialled.size() > word.size() && starts_with_word(dialled, word))
        return DialledFeature{Feature::pickup_directed, std::string{dialled.substr(word.size())}};
    std::optional<DialledFeature> best;
    std::size_t best_length = 0;
    for (std::size_t i = 0; i < feature_count; ++i) {
        const auto& code = codes_[i];
        if (code.size() <= best_length || !dialled.starts_with(code)) continue;
        auto read = read_rest(static_cast<Feature>(i), dialled.substr(code.size()));
        if (!read) continue;
        best = std::move(read);
        best_length = code.size();
    }
    return best;
}

}  // namespace lampline
