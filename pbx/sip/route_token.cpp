#include "sip/route_token.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <sodium.h>
#include <vector>

namespace lampline::sip {
namespace {

constexpr unsigned char is_tcp = 1;
constexpr unsigned char is_six = 2;
constexpr std::size_t max_token = 256;

using Bytes = std::vector<unsigned char>;

/// Flags, listener, port, connection (its length and that many bytes), address.
bool append(Bytes& bytes, const Flow& flow)
{
    std::array<unsigned char, sizeof(in6_addr)> address{};
    const bool six = inet_pton(AF_INET6, flow.host.c_str(), address.data()) == 1;
    if (!six && inet_pton(AF_INET, flow.host.c_str(), address.data()) != 1) return false;
    const bool tcp = flow.transport == Transport::tcp;
    bytes.push_back(static_cast<unsigned char>((tcp ? is_tcp : 0) | (six ? is_six : 0)));
    bytes.push_back(flow.listener);
    bytes.push_back(static_cast<unsigned char>(flow.port >> 8U));
    bytes.push_back(static_cast<unsigned char>(flow.port & 0xffU));
    const auto at = bytes.size();
    bytes.push_back(0);
    for (auto rest = flow.connection.value; rest != 0; rest >>= 8U) {
        bytes.push_back(static_cast<unsigned char>(rest & 0xffU));
        ++bytes[at];
    }
    bytes.insert(bytes.end(), address.begin(),
                 address.begin() + (six ? sizeof(in6_addr) : sizeof(in_addr)));
    return true;
}

/// Takes a flow off the front of `bytes`.
std::optional<Flow> take_flow(std::span<const unsigned char>& bytes)
{
    constexpr std::size_t fixed = 5;
    if (bytes.size() < fixed || bytes[4] > sizeof(std::uint64_t)) return std::nullopt;
    const std::size_t connection_size = bytes[4];
    const bool six = (bytes[0] & is_six) != 0;
    const std::size_t address_size = six ? sizeof(in6_addr) : sizeof(in_addr);
    if (bytes.size() < fixed + connection_size + address_size) return std::nullopt;
    Flow flow;
    flow.transport = (bytes[0] & is_tcp) != 0 ? Transport::tcp : Transport::udp;
    flow.listener = bytes[1];
    flow.port = static_cast<std::uint16_t>(bytes[2] << 8U | bytes[3]);
    for (std::size_t i = connection_size; i-- > 0;)
        flow.connection.value = flow.connection.value << 8U | bytes[fixed + i];
    std::array<char, INET6_ADDRSTRLEN> text{};
    inet_ntop(six ? AF_INET6 : AF_INET, bytes.data() + fixed + connection_size, text.data(),
              text.size());
    flow.host = text.data();
    bytes = bytes.subspan(fixed + connection_size + address_size);
    return flow;
}

}  // namespace

RouteTokens::Mark RouteTokens::mark(std::span<const unsigned char> sides, std::string_view call_id,
                                    std::string_view caller_tag) const
{
    std::string text{reinterpret_cast<const char*>(sides.data()), sides.size()};
    text += '\n';
    text += call_id;
    text += '\n';
    text += caller_tag;
    Mark result{};
    crypto_shorthash_siphashx24(result.data(), reinterpret_cast<const unsigned char*>(text.data()),
                                text.size(), key_.data());
    return result;
}

std::uint64_t RouteTokens::sign(std::string_view text) const noexcept
{
    Mark result{};
    crypto_shorthash_siphashx24(result.data(), reinterpret_cast<const unsigned char*>(text.data()),
                                text.size(), key_.data());
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < sizeof value; ++i) value = value << 8U | result[i];
    return value;
}

std::optional<std::string> RouteTokens::write(const DialogSides& sides, std::string_view call_id,
                                              std::string_view caller_tag) const
{
    Bytes bytes;
    bytes.reserve(64);
    if (!append(bytes, sides.caller) || !append(bytes, sides.callee)) return std::nullopt;
    if (!sides.watcher.empty()) {
        bytes.insert(bytes.end(), sides.watcher.begin(), sides.watcher.end());
        bytes.push_back('\n');
        bytes.insert(bytes.end(), sides.member.begin(), sides.member.end());
    }
    const auto signature = mark(bytes, call_id, caller_tag);
    bytes.insert(bytes.end(), signature.begin(), signature.begin() + mark_size);
    constexpr auto variant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
    std::string text(sodium_base64_encoded_len(bytes.size(), variant), '\0');
    sodium_bin2base64(text.data(), text.size(), bytes.data(), bytes.size(), variant);
    text.pop_back();  // the end of a C string
    return text;
}

std::optional<DialogSides> RouteTokens::read(std::string_view token, std::string_view call_id,
                                             std::string_view caller_tag) const
{
    if (token.size() > max_token) return std::nullopt;
    std::array<unsigned char, max_token> raw{};
    std::size_t size = 0;
    if (sodium_base642bin(raw.data(), raw.size(), token.data(), token.size(), nullptr, &size,
                          nullptr, sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 ||
        size <= mark_size)
        return std::nullopt;
    std::span<const unsigned char> bytes{raw.data(), size - mark_size};
    const auto signature = mark(bytes, call_id, caller_tag);
    if (sodium_memcmp(signature.data(), raw.data() + bytes.size(), mark_size) != 0)
        return std::nullopt;
    const auto caller = take_flow(bytes);
    const auto callee = caller ? take_flow(bytes) : std::nullopt;
    if (!callee) return std::nullopt;
    const std::string_view names{reinterpret_cast<const char*>(bytes.data()), bytes.size()};
    const auto between = names.find('\n');
    if (names.empty()) return DialogSides{*caller, *callee};
    if (between == std::string_view::npos) return std::nullopt;
    return DialogSides{*caller, *callee, std::string{names.substr(0, between)},
                       std::string{names.substr(between + 1)}};
}

}  // namespace lampline::sip
