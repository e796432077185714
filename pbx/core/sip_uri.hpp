#pragma once
// SIP addresses as values (RFC 3261 §19.1, §20.10).
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lampline {

enum class UriScheme : std::uint8_t { sip, sips, tel };

/// A SIP URI without its `?headers`, which are never carried on. Text is kept as received, escapes included.
struct SipUri {
    UriScheme scheme = UriScheme::sip;
    std::string user;        ///< may be empty; for tel: the number
    std::string host;        ///< IPv6 in brackets; empty for tel
    std::uint16_t port = 0;  ///< 0: not given
    std::string params;      ///< with the leading ';', or empty

    friend bool operator==(const SipUri&, const SipUri&) = default;

    /// nullopt when `text` is not one of our schemes, is longer than 1024 bytes or has control characters.
    static std::optional<SipUri> parse(std::string_view text);

    /// The value of URI parameter `name` (compared without case); empty view when present without value.
    [[nodiscard]] std::optional<std::string_view> param(std::string_view name) const noexcept;
};

/// Text -> value is SipUri::parse; value -> text:
std::string write(const SipUri& uri);
/// The same, written at the end of `text`.
void append(std::string& text, const SipUri& uri);

/// Equality of RFC 3261 §19.1.4, as far as a registrar needs it: scheme, user (escapes resolved), host without
/// case, port, and the transport, user, method, ttl and maddr parameters.
bool equivalent(const SipUri& left, const SipUri& right);

/// A display name and an address, as From, To and Contact carry them; header parameters are not part of it.
struct NameAddr {
    std::string display_name;  ///< unquoted; empty: none
    SipUri uri;

    friend bool operator==(const NameAddr&, const NameAddr&) = default;

    /// Reads what write() writes; nullopt for anything else.
    static std::optional<NameAddr> parse(std::string_view text);
};

/// `"Anna Lee" <sip:207@office.test>`; quotes and backslashes escaped, control characters left out.
std::string write(const NameAddr& address);

}  // namespace lampline
