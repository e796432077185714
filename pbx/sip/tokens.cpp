#include "sip/tokens.hpp"

#include <array>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <utility>

#include <sys/random.h>

namespace lampline::sip {

std::string random_token()
{
    thread_local std::array<std::uint8_t, 256> pool;
    thread_local std::size_t used = pool.size();
    if (used == pool.size()) {
        // Up to 256 bytes are never interrupted (getrandom(2)).
        if (getrandom(pool.data(), pool.size(), 0) != static_cast<ssize_t>(pool.size()))
            throw std::runtime_error{"getrandom"};
        used = 0;
    }
    constexpr const char* digits = "0123456789abcdef";
    std::string token(16, '0');
    for (std::size_t i = 0; i < token.size(); i += 2) {
        const auto byte = std::exchange(pool[used++], std::uint8_t{0});
        token[i] = digits[byte >> 4];
        token[i + 1] = digits[byte & 15];
    }
    return token;
}

}  // namespace lampline::sip
