#include "core/escaped.hpp"

#include "base/text.hpp"

namespace lampline {

std::string unescaped(std::string_view text)
{
    std::string result;
    result.reserve(text.size());
    while (!text.empty()) {
        const bool escape = text.front() == '%' && text.size() > 2 && hex_value(text[1]) >= 0 &&
                            hex_value(text[2]) >= 0;
        result += escape ? static_cast<char>(hex_value(text[1]) * 16 + hex_value(text[2]))
                         : text.front();
        text.remove_prefix(escape ? 3 : 1);
    }
    return result;
}

}  // namespace lampline
