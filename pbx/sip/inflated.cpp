#include "sip/inflated.hpp"

#define ZLIB_CONST
#include <zlib.h>

namespace lampline::sip {

std::optional<std::string> inflated(std::string_view text, std::size_t most)
{
    z_stream stream{};
    if (inflateInit(&stream) != Z_OK) return std::nullopt;
    std::string whole(most, '\0');
    stream.next_in = reinterpret_cast<const Bytef*>(text.data());
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(whole.data());
    stream.avail_out = static_cast<uInt>(whole.size());
    const int result = inflate(&stream, Z_FINISH);
    const bool complete = result == Z_STREAM_END && stream.avail_in == 0;
    whole.resize(most - stream.avail_out);
    inflateEnd(&stream);
    if (!complete) return std::nullopt;
    return whole;
}

}  // namespace lampline::sip
