#pragma once
// application/reginfo+xml (RFC 3680): where the phones of an address-of-record are.
#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/location_table.hpp"

namespace lampline {

inline constexpr std::string_view reginfo_type = "application/reginfo+xml";

/// One contact as a document shows it.
struct RegisteredContact {
    std::string id;  ///< the same for as long as it is registered
    std::string uri;
    unsigned q_thousandths = 1000;
    std::chrono::sys_seconds expires_at;  ///< not shown: it tells expiry from removal
};

std::vector<RegisteredContact> registered_contacts(std::span<const Binding> bindings);

/// A document around its version number.
struct RegInfoText {
    std::string head;
    std::string tail;
};

/// All contacts of `aor`, a SIP URI; `id` names the registration within the document.
RegInfoText write_reginfo(std::string_view aor, std::string_view id,
                          std::span<const RegisteredContact> contacts);

/// The same in several documents, each of at most `room` bytes with any version: the first is full
/// and the others add to it. A contact that is too large for one is told without the parameters of
/// its URI. One document where there is room for all.
std::vector<RegInfoText> write_reginfo_in_parts(std::string_view aor, std::string_view id,
                                                std::span<const RegisteredContact> contacts,
                                                std::size_t room);

/// Only what has changed since there were the contacts `before`: those that came, and those that
/// went, as expired when their time had come by `now`.
RegInfoText write_partial_reginfo(std::string_view aor, std::string_view id,
                                  std::span<const RegisteredContact> before,
                                  std::span<const RegisteredContact> contacts,
                                  std::chrono::sys_seconds now);

}  // namespace lampline
