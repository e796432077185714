// An answer for a call that has nothing to say.
#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

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

/// A media line and what stands below it.
struct MediaSection {
    std::string_view media{};
    std::vector<std::string_view> lines{};
};

/// The streams of `sdp`, at most `max_sections`; `common` gets the lines above them.
std::vector<MediaSection> read_streams(std::string_view sdp, MediaSection& common)
{
    std::vector<MediaSection> streams;
    while (!sdp.empty()) {
        const auto line = take_line(sdp);
        if (line.starts_with("m=")) {
            if (streams.size() == max_sections) break;
            streams.push_back({line, {}});
        } else {
            (streams.empty() ? common : streams.back()).lines.push_back(line);
        }
    }
    return streams;
}

/// The value of the first line that begins with `attribute`; empty: there is none.
std::string_view value_of(const MediaSection& section, std::string_view attribute) noexcept
{
    for (const auto line : section.lines)
        if (line.starts_with(attribute)) return line.substr(attribute.size());
    return {};
}

/// Answers the first offer of keys for AES-CM with 128 bits, which all know (RFC 4568 §6.1.1).
std::string crypto_for(const MediaSection& stream, std::string_view key)
{
    constexpr std::string_view attribute = "a=crypto:";
    for (auto line : stream.lines) {
        if (!line.starts_with(attribute)) continue;
        line.remove_prefix(attribute.size());
        const auto tag_end = line.find(' ');
        if (tag_end == std::string_view::npos) continue;
        const auto suite = line.substr(tag_end + 1, line.find(' ', tag_end + 1) - tag_end - 1);
        if (!suite.starts_with("AES_CM_128_HMAC_SHA1_")) continue;
        return std::string{attribute}.append(line.substr(0, tag_end + 1)).append(suite) +
               " inline:" + std::string{key} + "\r\n";
    }
    return {};
}

/// A certificate that nobody has (RFC 8122), so nobody can pass for the one who answers.
std::string fingerprint_of(std::string_view key)
{
    constexpr std::size_t sha256_size = 32;
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string text = "a=fingerprint:sha-256 ";
    for (std::size_t i = 0; i < sha256_size; ++i) {
        const auto byte = static_cast<unsigned char>(key[i % key.size()]);
        text += digits[byte / 16U];
        text += digits[byte % 16U];
        text += i + 1 < sha256_size ? ":" : "\r\n";
    }
    return text;
}

/// What makes an answer to a stream whose media is encrypted. Empty: it cannot be answered here.
std::string keys_for(const MediaSection& stream, const MediaSection& common, std::string_view key)
{
    if (key.empty() || !stream.media.starts_with("m=audio ")) return {};
    if (stream.media.find(" RTP/SAVP") != std::string_view::npos) return crypto_for(stream, key);
    if (stream.media.find(" UDP/TLS/RTP/SAVP") == std::string_view::npos) return {};
    const auto is_given = [&](std::string_view attribute) {
        return !value_of(stream, attribute).empty() || !value_of(common, attribute).empty();
    };
    if (!is_given("a=fingerprint:")) return {};
    auto role = value_of(stream, "a=setup:");
    if (role.empty()) role = value_of(common, "a=setup:");
    return std::string{"a=setup:"} + (role == "passive" ? "active" : "passive") + "\r\n" +
           fingerprint_of(key);
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
        return inactive_answer({}, {});
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

std::string inactive_answer(std::string_view offer, std::string_view key)
{
    if (offer.find("m=") == std::string_view::npos)
        return std::string{session} + "m=audio 9 RTP/AVP 0 8\r\na=inactive\r\n";
    MediaSection common;
    const auto streams = read_streams(offer, common);
    const auto is_takeable = [&](const MediaSection& stream) {
        return is_plain_audio(stream.media) || !keys_for(stream, common, key).empty();
    };
    auto taken = std::ranges::find_if(
        streams, [](const MediaSection& stream) { return is_plain_audio(stream.media); });
    if (taken == streams.end()) taken = std::ranges::find_if(streams, is_takeable);

    std::string answer{session};
    for (auto stream = streams.begin(); stream != streams.end(); ++stream) {
        const auto line = with_port(stream->media, stream == taken ? "9" : "0");
        if (line.empty()) continue;
        answer += line + "\r\n";
        if (stream != taken) continue;
        answer += "a=inactive\r\n";
        if (!is_plain_audio(stream->media)) answer += keys_for(*stream, common, key);
        for (const auto each : stream->lines)
            if (each.starts_with("a=rtpmap:") || each.starts_with("a=fmtp:"))
                answer.append(each) += "\r\n";
    }
    return answer;
}

}  // namespace lampline
