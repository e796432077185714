#include <doctest/doctest.h>

#include "unit/web/http_client.hpp"
#include "unit/web/traced_call.hpp"
#include "web/pcap.hpp"

using namespace lampline;
using namespace lampline::testing;

namespace {

constexpr auto ladder = "/api/v1/call-log/6963200000503809/ladder";
constexpr auto pcap = "/api/v1/call-log/6963200000503809.pcap";

/// Reads numbers from the front of a file.
struct Reader {
    std::string_view rest;

    std::uint64_t little(std::size_t size)
    {
        std::uint64_t value = 0;
        for (std::size_t i = size; i-- > 0;)
            value = value << 8U | static_cast<unsigned char>(rest[i]);
        rest.remove_prefix(size);
        return value;
    }
    std::string_view take(std::size_t size)
    {
        const auto taken = rest.substr(0, size);
        rest.remove_prefix(size);
        return taken;
    }
};

std::size_t big(std::string_view bytes, std::size_t at)
{
    return static_cast<std::size_t>(static_cast<unsigned char>(bytes[at])) << 8U |
           static_cast<unsigned char>(bytes[at + 1]);
}

/// The sum over 16-bit words that a right checksum makes 0xFFFF (RFC 1071).
std::uint32_t folded_sum(std::string_view bytes)
{
    std::string even{bytes};
    if (even.size() % 2 != 0) even += '\0';
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < even.size(); i += 2) {
        sum += static_cast<std::uint32_t>(big(even, i));
        sum = (sum & 0xFFFFU) + (sum >> 16U);
    }
    return sum;
}

}  // namespace

TEST_CASE("ladder: each message with its time, its way, and who sent it; secrets masked")
{
    WebOffice office;
    office.trace = traced_call();
    const auto answer = office.get(ladder);
    CHECK(answer.status == 200);
    CHECK(answer.body.find("0123abcd") == std::string::npos);
    CHECK(answer.body.find("c2VjcmV0") == std::string::npos);
    const auto shown = json_of(answer);
    CHECK(shown.at("truncated") == true);
    CHECK(shown.at("messages").as_array().size() == 3);
    CHECK(shown.at("messages").at(0) == boost::json::parse(R"({
        "at":"2023-11-14T22:13:20.000Z","direction":"received",
        "from":{"role":"caller","extension":"201","address":"192.0.2.7:5062"},
        "to":{"role":"exchange","extension":null,"address":"192.0.2.1:5060"},
        "transport":"udp","call_id":"c1@phone","first_line":"INVITE sip:202@office.test SIP/2.0",
        "repeated":false,
        "text":"INVITE sip:202@office.test SIP/2.0\r\nAuthorization: Digest username=\"201\", response=xxxxxxxxxx\r\n\r\nv=0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 xxxxxxxxxxxxxxx\r\n"})"));
    CHECK(shown.at("messages").at(1).at("repeated") == true);
    CHECK(shown.at("messages").at(1).at("text") == "INVITE again \xEF\xBF\xBD\r\n\r\n");
    CHECK(shown.at("messages").at(2).at("to") == boost::json::parse(R"({
        "role":"called","extension":"202","address":"[2001:db8::8]:5064"})"));
}

TEST_CASE("capture file: every message in one packet with right lengths and checksums")
{
    WebOffice office;
    office.trace = traced_call();
    const auto answer = office.get(pcap);
    CHECK(answer.status == 200);
    CHECK(field(answer, "Content-Type") == "application/vnd.tcpdump.pcap");
    CHECK(answer.body.find("0123abcd") == std::string::npos);
    Reader file{answer.body};
    CHECK(file.little(4) == 0xA1B2C3D4);
    CHECK(file.little(2) == 2);
    CHECK(file.little(2) == 4);
    file.take(12);
    CHECK(file.little(4) == 101);  // LINKTYPE_RAW
    std::size_t packets = 0;
    for (; !file.rest.empty(); ++packets) {
        CHECK(file.little(4) == 1'700'000'000);
        CHECK(file.little(4) == 1000 * packets);
        const auto size = file.little(4);
        CHECK(file.little(4) == size);
        const auto packet = file.take(size);
        const bool is_six = packets == 2;
        const std::size_t header = is_six ? 40 : 20;
        CHECK((static_cast<unsigned char>(packet[0]) >> 4U) == (is_six ? 6 : 4));
        if (!is_six) CHECK(folded_sum(packet.substr(0, header)) == 0xFFFF);
        CHECK(big(packet, is_six ? 4 : 2) == (is_six ? size - 40 : size));
        const auto datagram = packet.substr(header);
        CHECK(big(datagram, 4) == datagram.size());
        CHECK(big(datagram, 0) == (is_six ? 5060 : 5062));
        std::string pseudo{is_six ? packet.substr(8, 32) : packet.substr(12, 8)};
        pseudo += {'\0', 17, static_cast<char>(datagram.size() >> 8U),
                   static_cast<char>(datagram.size())};
        CHECK(folded_sum(pseudo + std::string{datagram}) == 0xFFFF);
        CHECK(datagram.substr(8, 6) == "INVITE");
    }
    CHECK(packets == 3);
}

TEST_CASE("a message larger than a datagram is cut in a capture file")
{
    auto trace = *traced_call();
    trace.messages.resize(1);
    trace.messages[0].text.assign(90'000, 'a');
    CHECK(web::pcap_of(trace).size() == 24 + 16 + 65'535);
}

TEST_CASE("messages: only for admin and auditor, and only of calls that are kept")
{
    WebOffice office;
    office.trace = traced_call();
    for (const auto& [role, status] : {std::pair{admin::Role::operator_, 403U},
                                       {admin::Role::receptionist, 403U},
                                       {admin::Role::auditor, 200U}}) {
        const auto token = office.new_token(std::string{admin::word(role)}, role);
        for (const auto* path : {ladder, pcap})
            CHECK(office.get(path, {{"Authorization", "Bearer " + token}}).status == status);
        CHECK(office.get("/api/v1/call-log", {{"Authorization", "Bearer " + token}}).status == 200);
    }
    office.trace = nullptr;
    for (const auto* path : {ladder, pcap}) CHECK(office.get(path).status == 404);
    CHECK(office.get("/api/v1/call-log/x/ladder").status == 404);
    CHECK(office.get("/api/v1/call-log/.pcap").status == 404);
}
