#include "web/api/text.hpp"

#include <boost/json.hpp>

namespace lampline::web {
namespace {

/// Bytes of the character at the start of `text`; 0: it is none (RFC 3629 §4).
std::size_t character_size(std::string_view text) noexcept
{
    const auto byte = [&](std::size_t i) {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
    };
    const auto follows = [&](std::size_t i, unsigned least = 0x80, unsigned most = 0xBF) {
        return byte(i) >= least && byte(i) <= most;
    };
    const unsigned first = byte(0);
    if (first < 0x80) return 1;
    if (first >= 0xC2 && first <= 0xDF) return follows(1) ? 2 : 0;
    if (first >= 0xE0 && first <= 0xEF) {
        const bool second = follows(1, first == 0xE0 ? 0xA0 : 0x80, first == 0xED ? 0x9F : 0xBF);
        return second && follows(2) ? 3 : 0;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        const bool second = follows(1, first == 0xF0 ? 0x90 : 0x80, first == 0xF4 ? 0x8F : 0xBF);
        return second && follows(2) && follows(3) ? 4 : 0;
    }
    return 0;
}

}  // namespace

bool is_utf8(std::string_view text) noexcept
{
    while (!text.empty()) {
        const auto size = character_size(text);
        if (size == 0) return false;
        text.remove_prefix(size);
    }
    return true;
}

std::string utf8_text(std::string_view text)
{
    std::string clean;
    clean.reserve(text.size());
    while (!text.empty()) {
        const auto size = character_size(text);
        if (size == 0)
            clean += "\xEF\xBF\xBD";
        else
            clean.append(text.substr(0, size));
        text.remove_prefix(size == 0 ? 1 : size);
    }
    return clean;
}

std::string json_text(const boost::json::object& object)
{
    auto text = boost::json::serialize(object);
    return is_utf8(text) ? text : utf8_text(text);  // only within strings, since all else is ours
}

boost::json::value text_or_null(std::string_view text)
{
    if (text.empty()) return nullptr;
    return boost::json::string{text};
}

}  // namespace lampline::web
