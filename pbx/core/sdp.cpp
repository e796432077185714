#include "core/sdp.hpp"

#include <vector>

#include "base/text.hpp"

namespace lampline {
namespace {

/// Direction and address in force for the session, or for the stream being read.
struct Stream {
    bool receives = true;
    bool sends = true;
    std::string_view connection{};
    std::string_view media{};  ///< behind `m=`: type, port, formats
};

void read_line(std::string_view line, Stream& stream) noexcept
{
    if (line == "a=sendonly" || line == "a=inactive") stream.receives = false;
    if (line == "a=sendrecv" || line == "a=recvonly") stream.receives = true;
    if (line == "a=recvonly" || line == "a=inactive") stream.sends = false;
    if (line == "a=sendrecv" || line == "a=sendonly") stream.sends = true;
    if (line.starts_with("c=")) stream.connection = line;
}

bool has_port(const Stream& stream, std::string_view port) noexcept
{
    auto rest = stream.media;
    take_until(rest, ' ');
    return take_until(rest, ' ') == port;
}

bool has_address(const Stream& stream) noexcept
{
    if (stream.connection.find(" 0.0.0.0") != std::string_view::npos) return false;
    // With port 9 the candidates are still to come: nobody is on hold (RFC 8840 §4.1).
    return !trimmed(stream.connection).ends_with(" ::") || has_port(stream, "9");
}

/// Streams of the lowest rank tell whether who talks is on hold: what is shown besides flows on.
int rank_of(const Stream& stream) noexcept
{
    if (stream.media.starts_with("audio ")) return 0;
    for (const std::string_view content : {"application ", "message ", "text "})
        if (stream.media.starts_with(content)) return 2;
    return 1;
}

/// At most `max_sections`.
std::vector<Stream> read_streams(std::string_view sdp)
{
    Stream session;
    std::vector<Stream> streams;
    while (!sdp.empty()) {
        const auto line = take_line(sdp);
        if (line.starts_with("m=")) {
            if (streams.size() == max_sections) break;
            streams.push_back(session);
            streams.back().media = line.substr(2);
        } else {
            read_line(line, streams.empty() ? session : streams.back());
        }
    }
    return streams;
}

/// `audio 4000 RTP/AVP 0 8` without its formats, which `media` is left with.
std::string_view take_transport(std::string_view& media) noexcept
{
    const auto whole = media;
    for (int word = 0; word < 3; ++word) take_until(media, ' ');
    return trimmed(whole.substr(0, whole.size() - media.size()));
}

bool has_format(std::string_view formats, std::string_view format) noexcept
{
    while (!formats.empty())
        if (take_until(formats, ' ') == format) return true;
    return false;
}

/// What is received and sent stays, and so does each format that could be sent there.
bool goes_on(const Stream& before, const Stream& offer, const Stream& answer) noexcept
{
    const bool refused_again = has_port(before, "0") && has_port(answer, "0");
    if (has_port(offer, "0") || refused_again) return true;
    auto known = before.media;
    auto asked = offer.media;
    auto said = answer.media;
    take_transport(asked);
    if (take_transport(known) != take_transport(said) || before.connection != answer.connection ||
        before.receives != answer.receives || before.sends != answer.sends)
        return false;
    while (!asked.empty()) {
        const auto format = take_until(asked, ' ');
        if (has_format(known, format) && !has_format(said, format)) return false;
    }
    return true;
}

bool is_key(std::string_view line) noexcept
{
    return line.starts_with("a=crypto:") || line.starts_with("a=fingerprint:") ||
           line.starts_with("a=ice-ufrag:") || line.starts_with("a=ice-pwd:");
}

bool has_line(std::string_view sdp, std::string_view line) noexcept
{
    while (!sdp.empty())
        if (take_line(sdp) == line) return true;
    return false;
}

}  // namespace

bool receives_media(std::string_view sdp) noexcept
{
    Stream session;
    Stream stream;
    bool receives = false;
    bool any_media = false;
    int rank = 3;
    const auto finish_stream = [&] {
        const int own = rank_of(stream);
        if (has_port(stream, "0") || own > rank) return;
        receives = (own == rank && receives) || (stream.receives && has_address(stream));
        rank = own;
    };

    while (!sdp.empty()) {
        const auto line = take_line(sdp);
        if (line.starts_with("m=")) {
            if (any_media) finish_stream();
            any_media = true;
            stream = session;
            stream.media = line.substr(2);
        } else {
            read_line(line, any_media ? stream : session);
        }
    }
    if (!any_media) return true;
    finish_stream();
    return receives;
}

bool same_media(std::string_view left, std::string_view right) noexcept
{
    const auto next = [](std::string_view& sdp) {
        auto line = take_line(sdp);
        return line.starts_with("o=") ? take_line(sdp) : line;
    };
    while (!left.empty() && !right.empty())
        if (next(left) != next(right)) return false;
    return left.empty() == right.empty();
}

bool answers_as_before(std::string_view before, std::string_view offer, std::string_view answer)
{
    const auto known = read_streams(before);
    const auto asked = read_streams(offer);
    const auto said = read_streams(answer);
    if (said.size() != asked.size() || known.size() < asked.size()) return false;
    for (std::size_t i = 0; i < asked.size(); ++i)
        if (!goes_on(known[i], asked[i], said[i])) return false;
    while (!answer.empty())
        if (const auto line = take_line(answer); is_key(line) && !has_line(before, line))
            return false;
    return true;
}

}  // namespace lampline
