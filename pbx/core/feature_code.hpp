#pragma once
// Codes that a phone dials to have something done, instead of calling anybody.
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.hpp"
#include "core/forwarding.hpp"

namespace lampline {

enum class Feature : std::uint8_t {
    forward_always, forward_busy, forward_no_answer, forward_unregistered, forward_nothing,
    do_not_disturb, disturb, except_caller, end_exception, log_in, log_out, pickup_directed, pickup_group,
};
inline constexpr std::size_t feature_count = 13;

/// How a feature is called in REST and in storage: `forward_always`, ...
std::string_view name(Feature feature) noexcept;
std::optional<Feature> feature_named(std::string_view word) noexcept;

/// It changes who is logged in to ring groups; its number is the group's, and alone it means all groups of the caller.
constexpr bool is_about_ring_groups(Feature feature) noexcept
{
    return feature == Feature::log_in || feature == Feature::log_out;
}

/// It changes which callers are treated unlike all others; its number is the caller's.
constexpr bool is_about_exceptions(Feature feature) noexcept
{
    return feature == Feature::except_caller || feature == Feature::end_exception;
}

/// A feature, and the number that was dialled with it.
struct DialledFeature {
    Feature feature;
    std::optional<std::string> number{};  ///< none: the code stood alone; empty: it was left out
    std::optional<unsigned> seconds{};    ///< of forward_no_answer, when dialled
    /// except_caller: where the calls of `number` go on to; none: they ring; empty: it was left out.
    std::optional<std::string> to{};

    friend bool operator==(const DialledFeature&, const DialledFeature&) = default;
};

/// Makes the change to `forwarding` that was dialled; nothing for what is not about it.
void apply(const DialledFeature& dialled, Forwarding& forwarding);

/// What the phone shows when it is done: `Forwarded to 205`.
std::string confirmation(const DialledFeature& dialled);

/// The code of each feature; an empty one is out of use. The codes of forwards are those of 3GPP TS 22.030 Annex B.
class FeatureCodes {
public:
    [[nodiscard]] const std::string& code(Feature feature) const noexcept
    {
        return codes_[static_cast<std::size_t>(feature)];
    }
    /// Another feature that has this code has none from then on: what an office chose goes before what is shipped.
    void set(Feature feature, std::string code);

    /// What `dialled` asks for, by the longest code that fits; nullopt: it is no code. The `#` that
    /// ends dialling is taken off before, where it does.
    ///
    ///     *21*NUMBER  *21     forwards set and cleared
    ///     *61*NUMBER*SECONDS  the same with the time to ring
    ///     *23*CALLER  *23*CALLER*NUMBER  *23
    ///                         CALLER rings through, or is sent to NUMBER; no exception is left
    ///     *24*CALLER  *24     the exception of CALLER is over, or all are
    ///     *50*GROUP  *50      one ring group, or all that the caller is a member of
    ///     *78  *8             alone
    ///     **NUMBER  *8NUMBER  the number follows at once
    ///     blfpickup-NUMBER    the same as **NUMBER, in the words of Cisco's phones
    [[nodiscard]] std::optional<DialledFeature> find(std::string_view dialled) const;

    friend bool operator==(const FeatureCodes&, const FeatureCodes&) = default;

private:
    std::array<std::string, feature_count> codes_{"*21", "*67", "*61", "*62", "*73", "*78", "*79", "*23",
                                                  "*24", "*50", "*51", "**",  "*8"};
};

/// A phone asks for a change of its extension's settings. Answered by FeatureSettled, once.
struct FeatureAsked {
    LegId leg;              ///< the call that asks
    std::string extension;
    std::string address;    ///< of the phone
    DialledFeature dialled;
    SubscriptionId subscription{};  ///< in whose dialog it asks, when there is no call
};

/// The change is committed and in force (200), or what stands in its way (RFC 3261 §21).
struct FeatureSettled {
    LegId leg;
    unsigned status = 0;
    std::string phrase;
    SubscriptionId subscription{};
};

}  // namespace lampline
