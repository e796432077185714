#include "random_tokens.hpp"

#include <sodium.h>

#include <array>
#include <memory>
#include <stdexcept>

namespace lampline {
namespace {

constexpr std::size_t token_bytes = 12;
// 90 bits; a std::string of one letter more would need memory of its own, in each of its copies.
constexpr std::size_t token_length = 15;

/// Draws random bytes by the page: one system call for many tokens.
class TokenStream {
public:
    std::string next()
    {
        if (used_ + token_bytes > bytes_.size()) {
            randombytes_buf(bytes_.data(), bytes_.size());
            used_ = 0;
        }
        constexpr std::string_view alphabet =
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
        std::array<char, token_bytes * 4 / 3> letters{};
        auto* letter = letters.data();
        for (std::size_t i = 0; i < token_bytes; i += 3) {
            const unsigned three =
                bytes_[used_ + i] | bytes_[used_ + i + 1] << 8U | bytes_[used_ + i + 2] << 16U;
            for (unsigned shift = 0; shift < 24; shift += 6)
                *letter++ = alphabet[three >> shift & 63U];
        }
        used_ += token_bytes;
        return {letters.data(), token_length};
    }

private:
    std::array<unsigned char, 4092> bytes_{};
    std::size_t used_ = bytes_.size();
};

void require_sodium()
{
    if (sodium_init() < 0)
        throw std::runtime_error{"no random numbers: libsodium cannot be initialised"};
}

}  // namespace

TokenSource random_tokens()
{
    require_sodium();
    return [stream = std::make_shared<TokenStream>()] { return stream->next(); };
}

RandomSource random_numbers()
{
    require_sodium();
    return [](std::uint32_t below) { return randombytes_uniform(below); };
}

}  // namespace lampline
