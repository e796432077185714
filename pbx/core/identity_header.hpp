#pragma once
// In which header a phone is told who is at the other end.
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/sip_types.hpp"

namespace lampline {

enum class IdentityHeader : std::uint8_t {
    asserted,         ///< P-Asserted-Identity (RFC 3325)
    remote_party_id,  ///< Remote-Party-ID (draft-ietf-sip-privacy-04), for older phones
    both,
};

/// The word for it in storage and in REST.
constexpr std::string_view name(IdentityHeader header) noexcept
{
    constexpr std::array<std::string_view, 3> words{"asserted", "remote_party_id", "both"};
    return words[static_cast<std::size_t>(header)];
}

/// nullopt: not one of them.
constexpr std::optional<IdentityHeader> identity_header(std::string_view word) noexcept
{
    for (const auto header :
         {IdentityHeader::asserted, IdentityHeader::remote_party_id, IdentityHeader::both})
        if (name(header) == word) return header;
    return std::nullopt;
}

/// `party` for the display of a phone that has called it, or was called by it. What an anonymous
/// party is called it says itself.
std::vector<Header> identity_headers(IdentityHeader header, const NameAddr& party, bool called);

}  // namespace lampline
