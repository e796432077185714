#include "sip/passed_headers.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/text.hpp"

namespace lampline::sip {
namespace {

constexpr std::array passing_headers = std::to_array<std::string_view>({
    "accept",
    "accept-language",
    "alert-info",
    "allow-events",
    "answer-mode",
    "call-info",
    "content-disposition",
    "content-encoding",
    "content-id",
    "content-language",
    "diversion",
    "error-info",
    "event",
    "history-info",
    "in-reply-to",
    "info-package",
    "mime-version",
    "organization",
    "p-early-media",
    "priority",
    "priv-answer-mode",
    "privacy",
    "reason",
    "recv-info",
    "refer-sub",
    "refer-to",
    "referred-by",
    "retry-after",
    "subject",
    "subscription-state",
    "unsupported",
    "warning",
});
static_assert(std::ranges::is_sorted(passing_headers));

constexpr std::size_t longest_passing = 24;

/// By length: the first letters of the names above, a bit for each of the alphabet.
constexpr auto passing_initials = [] {
    std::array<std::uint32_t, longest_passing + 1> initials{};
    for (const auto name : passing_headers) initials[name.size()] |= 1U << (name.front() & 31);
    return initials;
}();

}  // namespace

bool passes_through(std::string_view header_name) noexcept
{
    std::array<char, longest_passing> name;
    if (header_name.empty() || header_name.size() > name.size()) return false;
    // Most headers of a message describe its dialog; they end here.
    if ((passing_initials[header_name.size()] >> (header_name.front() & 31) & 1) == 0) return false;
    std::ranges::transform(header_name, name.begin(), lower);
    return std::ranges::binary_search(passing_headers,
                                      std::string_view{name.data(), header_name.size()});
}

}  // namespace lampline::sip
