#include "core/numeric_address.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/text.hpp"

namespace lampline {
namespace {

struct NumericAddress {
    int family = AF_INET;
    std::array<unsigned char, sizeof(in6_addr)> bytes{};
};

std::optional<NumericAddress> parse(std::string_view host) noexcept
{
    std::array<char, INET6_ADDRSTRLEN> text{};  // the library wants a null behind it
    if (host.size() >= text.size() || host.find('\0') != std::string_view::npos)
        return std::nullopt;
    std::ranges::copy(host, text.begin());
    NumericAddress address;
    if (host.find(':') != std::string_view::npos) address.family = AF_INET6;
    if (inet_pton(address.family, text.data(), address.bytes.data()) != 1) return std::nullopt;
    return address;
}

}  // namespace

std::string_view without_brackets(std::string_view host) noexcept
{
    const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
    return bracketed ? host.substr(1, host.size() - 2) : host;
}

bool is_numeric_address(std::string_view host) noexcept
{
    return parse(host).has_value();
}

std::string canonical_address(std::string_view host)
{
    std::array<char, INET6_ADDRSTRLEN> text{};
    const auto address = parse(host);
    if (!address || !inet_ntop(address->family, address->bytes.data(), text.data(), text.size()))
        return std::string{host};
    return text.data();
}

bool same_host(std::string_view left, std::string_view right)
{
    if (same_word(left, right)) return true;
    left = without_brackets(left);
    right = without_brackets(right);
    const auto is_ipv6 = [](std::string_view host) { return host.find(':') != host.npos; };
    return is_ipv6(left) && is_ipv6(right) &&
           same_word(canonical_address(left), canonical_address(right));
}

}  // namespace lampline
