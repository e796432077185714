// An answer for a call that has nothing to say.
#include <algorithm>
#include <charconv>
#include <utility>

#include "base/text.hpp"
#include "core/sdp.hpp"

namespace lampline {
namespace {

constexpr std::string_view session =
    "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\n";

/// `m=TYPE PORT REST`, with another port. Empty: it is no such line.
std::string with_port(std::string_view media_line, std::string_view port)
{
    const auto first = media_line.find(' ');
    if (first == std::string_view::npos) return {};
    const auto second = media_line.find(' ', first + 1);
    if (second == std::string_view::npos) return {};
    return std::string{media_line.substr(0, first + 1)} + std::string{port} +
           std::string{media_line.substr(second)};
}

bool is_plain_audio(std::string_view media_line) noexcept
{
    return media_line.starts_with("m=audio ") &&
           media_line.find(" RTP/AVP ") != std::string_view::npos;
}

bool is_direction(std::string_view line) noexcept
{
    return line == "a=sendrecv" || line == "a=sendonly" || line == "a=recvonly" ||
           line == "a=inactive";
}

/// `o=USER ID VERSION REST`, one version later; as it is when that cannot be counted.
std::string next_version(std::string_view origin)
{
    auto begin = origin.find(' ');
    if (begin != std::string_view::npos) begin = origin.find(' ', begin + 1);
    if (begin == std::string_view::npos) return std::string{origin};
    const auto end = std::min(origin.find(' ', ++begin), origin.size());
    std::uint64_t version = 0;
    const auto read = std::from_chars(origin.data() + begin, origin.data() + end, version);
    if (read.ec != std::errc{} || read.ptr != origin.data() + end || version + 1 == 0)
        return std::string{origin};
    return std::string{origin.substr(0, begin)} + std::to_string(version + 1) +
           std::string{origin.substr(end)};
}

}  // namespace

std::string made_inactive(std::string_view sdp)
{
    if (!sdp.starts_with("m=") && sdp.find("\nm=") == std::string_view::npos)
        return inactive_answer({});
    std::string offer;
    bool in_stream = false;
    while (!sdp.empty()) {
        const auto line = take_line(sdp);
        if (line.empty() || is_direction(line)) continue;
        if (line.starts_with("m=") && std::exchange(in_stream, true)) offer += "a=inactive\r\n";
        offer += !in_stream && line.starts_with("o=") ? next_version(line) : std::string{line};
        offer += "\r\n";
    }
    return offer + "a=inactive\r\n";
}

std::string inactive_answer(std::string_view offer)
{
    std::string answer{session};
    if (offer.find("m=") == std::string_view::npos)
        return answer + "m=audio 9 RTP/AVP 0 8\r\na=inactive\r\n";
    bool taken = false;    // the audio stream
    bool copying = false;  // lines that explain its formats
    std::size_t sections = 0;
    while (!offer.empty() && sections <= max_sections) {
        const auto line = take_line(offer);
        if (line.starts_with("m=")) {
            ++sections;
            copying = !taken && is_plain_audio(line);
            const auto stream = with_port(line, copying ? "9" : "0");
            if (stream.empty()) continue;
            answer += stream + "\r\n";
            if (copying) answer += "a=inactive\r\n";
            taken = taken || copying;
        } else if (copying && (line.starts_with("a=rtpmap:") || line.starts_with("a=fmtp:"))) {
            answer += line;
            answer += "\r\n";
        }
    }
    return answer;
}

}  // namespace lampline
