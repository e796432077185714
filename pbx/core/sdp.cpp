#include "core/sdp.hpp"

#include "base/text.hpp"

namespace lampline {
namespace {

/// Direction and address in force for the session, or for the stream being read.
struct Stream {
    bool receives = true;
    std::string_view connection{};
    std::string_view media{};  ///< behind `m=`: type, port, formats
};

void read_line(std::string_view line, Stream& stream) noexcept
{
    if (line == "a=sendonly" || line == "a=inactive") stream.receives = false;
    if (line == "a=sendrecv" || line == "a=recvonly") stream.receives = true;
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

}  // namespace lampline
