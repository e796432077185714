#include "core/sdp.hpp"

#include "base/text.hpp"

namespace lampline {
namespace {

/// Direction and address in force for the session, or for the stream being read.
struct Stream {
    bool receives = true;
    bool has_address = true;
    bool refused = false;  // port 0
};

void read_attribute(std::string_view line, Stream& stream) noexcept
{
    if (line == "a=sendonly" || line == "a=inactive") stream.receives = false;
    if (line == "a=sendrecv" || line == "a=recvonly") stream.receives = true;
    if (line.starts_with("c="))
        stream.has_address = line.find(" 0.0.0.0") == std::string_view::npos;
}

bool refuses_stream(std::string_view media_line) noexcept
{
    const auto space = media_line.find(' ');
    return space != std::string_view::npos && media_line.substr(space + 1).starts_with("0 ");
}

}  // namespace

bool receives_media(std::string_view sdp) noexcept
{
    Stream session;
    Stream stream;
    bool in_media = false;
    bool any_media = false;
    const auto counts = [](const Stream& s) { return s.receives && s.has_address && !s.refused; };

    while (!sdp.empty()) {
        const auto line = take_line(sdp);
        if (line.starts_with("m=")) {
            if (in_media && counts(stream)) return true;
            in_media = any_media = true;
            stream = session;
            stream.refused = refuses_stream(line);
        } else {
            read_attribute(line, in_media ? stream : session);
        }
    }
    return any_media ? counts(stream) : true;
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
