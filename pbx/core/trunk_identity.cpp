#include "core/trunk_identity.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "core/extension_uri.hpp"
#include "core/numeric_address.hpp"

namespace lampline {
namespace {

constexpr std::string_view invalid_host = "anonymous.invalid";

/// What a phone rings like, who it is and how a call came here are matters of the office.
constexpr std::array crossing = std::to_array<std::string_view>({
    "accept",
    "accept-language",
    "content-disposition",
    "content-id",
    "content-language",
    "event",
    "info-package",
    "mime-version",
    "p-early-media",
    "priority",
    "reason",
    "recv-info",
    "retry-after",
    "subscription-state",
});
static_assert(std::ranges::is_sorted(crossing));

}  // namespace

NameAddr anonymous_party()
{
    NameAddr party;
    party.display_name = "Anonymous";
    party.uri.user = "anonymous";
    party.uri.host = invalid_host;
    return party;
}

bool wants_privacy(const NameAddr& address, const PayloadRef& payload)
{
    if (same_host(address.uri.host, invalid_host)) return true;
    if (!payload) return false;
    return std::ranges::any_of(payload->headers, [](const Header& header) {
        if (!same_word(header.name, "privacy")) return false;
        const auto value = lowered(header.value);
        return value.find("id") != std::string::npos || value.find("user") != std::string::npos ||
               value.find("header") != std::string::npos;
    });
}

TrunkIdentity identity_on(const TrunkRules& trunk, const OutsideCaller& caller)
{
    const auto& settings = trunk.trunk();
    const bool from_outside = caller.extension.empty();
    NameAddr shown = caller.party;
    if (!from_outside)
        shown.uri = extension_uri(trunk.number_of(caller.extension), settings.domain);
    else if (settings.caller_id.show_outside_callers)
        shown.uri = extension_uri(extension_of(caller.party.uri), settings.domain);
    else if (auto number = trunk.number_of(caller.payer); !number.empty())
        shown = {{}, extension_uri(number, settings.domain)};
    else
        shown = anonymous_party();  // the trunk pays, and has no number that could be shown

    TrunkIdentity identity;
    const bool anonymous = caller.anonymous || settings.caller_id.anonymous;
    identity.from = anonymous ? anonymous_party() : shown;
    // Somebody who is anonymous to us has no identity that could be asserted.
    const bool known = shown.uri.user != "anonymous";
    if (settings.trusted && known)
        identity.headers.push_back({"P-Asserted-Identity", write(shown)});
    if (anonymous) identity.headers.push_back({"Privacy", "id"});
    return identity;
}

std::vector<Header> diversions_on(const TrunkRules& trunk, std::span<const Diversion> chain,
                                  std::string_view target, std::string_view domain)
{
    if (!trunk.trunk().trusted || chain.empty()) return {};
    std::vector<Diversion> shown;
    for (const auto& each : chain) {
        shown.push_back(each);
        if (!is_ours(each, domain)) continue;
        shown.back().number = trunk.number_of(each.number);
        shown.back().host.clear();
    }
    return diverted_headers({}, {}, shown, 0, target, trunk.trunk().domain);
}

bool crosses_border(std::string_view header) noexcept
{
    std::array<char, 24> name{};
    if (header.size() > name.size()) return false;
    std::ranges::transform(header, name.begin(), lower);
    return std::ranges::binary_search(crossing, std::string_view{name.data(), header.size()});
}

PayloadRef across_border(const PayloadRef& payload)
{
    const auto stays = [](const Header& header) { return !crosses_border(header.name); };
    if (!payload || std::ranges::none_of(payload->headers, stays)) return payload;
    auto crossed = std::make_shared<Payload>(*payload);
    std::erase_if(crossed->headers, stays);
    return crossed;
}

}  // namespace lampline
