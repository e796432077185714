#include "web/pcap.hpp"

#include <algorithm>

namespace lampline::web {
namespace {

constexpr std::uint32_t link_type_raw = 101;  // begins with the IP header
constexpr std::size_t longest_packet = 65'535;
constexpr std::size_t udp_header = 8;
constexpr std::uint8_t udp_protocol = 17;

/// The file's header says how its numbers are written: little-endian.
void append_little(std::string& bytes, std::uint32_t value, std::size_t size = 4)
{
    for (std::size_t i = 0; i < size; ++i) bytes += static_cast<char>(value >> (8 * i));
}

void append_big(std::string& bytes, std::size_t value, std::size_t size = 2)
{
    for (std::size_t i = size; i-- > 0;) bytes += static_cast<char>(value >> (8 * i));
}

/// Internet checksum (RFC 1071).
std::uint16_t checksum(std::string_view bytes)
{
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const auto byte = static_cast<unsigned char>(bytes[i]);
        sum += i % 2 == 0 ? std::uint64_t{byte} << 8U : byte;
    }
    while (sum >> 16U) sum = (sum & 0xFFFFU) + (sum >> 16U);
    return static_cast<std::uint16_t>(~sum);
}

void append_address(std::string& bytes, const PacketAddress& address, bool six)
{
    bytes.append(reinterpret_cast<const char*>(address.bytes.data()), six ? 16 : 4);
}

std::string udp_datagram(const PacketAddress& from, const PacketAddress& to, bool six,
                         std::string_view text)
{
    const auto size = udp_header + text.size();
    std::string pseudo;
    append_address(pseudo, from, six);
    append_address(pseudo, to, six);
    append_big(pseudo, six ? size : udp_protocol, six ? 4 : 2);
    append_big(pseudo, six ? udp_protocol : size, six ? 4 : 2);

    std::string datagram;
    append_big(datagram, from.port);
    append_big(datagram, to.port);
    append_big(datagram, size);
    append_big(datagram, 0);
    datagram += text;
    auto sum = checksum(pseudo + datagram);
    if (sum == 0) sum = 0xFFFF;  // 0 means "none" (RFC 768)
    datagram[6] = static_cast<char>(sum >> 8U);
    datagram[7] = static_cast<char>(sum & 0xFFU);
    return datagram;
}

std::string packet_of(const TracedMessage& message)
{
    const auto& head = message.head;
    const auto& from = head.received ? head.remote : head.local;
    const auto& to = head.received ? head.local : head.remote;
    const bool six = from.six || to.six;
    const std::size_t ip_header = six ? 40 : 20;
    const auto room = longest_packet - udp_header - ip_header;
    const auto datagram =
        udp_datagram(from, to, six, std::string_view{message.text}.substr(0, room));

    std::string packet;
    if (six) {
        append_big(packet, 0x60000000, 4);
        append_big(packet, datagram.size());
        packet += static_cast<char>(udp_protocol);
        packet += '\x40';  // hop limit
    } else {
        packet += "\x45";
        packet += '\0';
        append_big(packet, ip_header + datagram.size());
        append_big(packet, 0, 4);  // not fragmented
        packet += '\x40';          // time to live
        packet += static_cast<char>(udp_protocol);
        append_big(packet, 0);
    }
    append_address(packet, from, six);
    append_address(packet, to, six);
    if (!six) {
        const auto sum = checksum(packet);
        packet[10] = static_cast<char>(sum >> 8U);
        packet[11] = static_cast<char>(sum & 0xFFU);
    }
    return packet + datagram;
}

}  // namespace

std::string pcap_of(const SipTrace& trace)
{
    std::string file;
    append_little(file, 0xA1B2C3D4);
    append_little(file, 2, 2);
    append_little(file, 4, 2);
    append_little(file, 0);
    append_little(file, 0);
    append_little(file, static_cast<std::uint32_t>(longest_packet));
    append_little(file, link_type_raw);
    for (const auto& message : trace.messages) {
        const auto packet = packet_of(message);
        const auto since_1970 =
            std::chrono::floor<std::chrono::microseconds>(message.head.at.time_since_epoch())
                .count();
        append_little(file, static_cast<std::uint32_t>(since_1970 / 1'000'000));
        append_little(file, static_cast<std::uint32_t>(since_1970 % 1'000'000));
        append_little(file, static_cast<std::uint32_t>(packet.size()));
        append_little(file, static_cast<std::uint32_t>(packet.size()));
        file += packet;
    }
    return file;
}

}  // namespace lampline::web
