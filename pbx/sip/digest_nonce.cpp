#include "sip/digest_nonce.hpp"

#include <openssl/rand.h>
#include <sodium.h>

#include <algorithm>
#include <stdexcept>

namespace lampline::sip {
namespace {

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The places of characters in the alphabet, -1 for others.
constexpr auto values = [] {
    std::array<std::int8_t, 256> table{};
    table.fill(-1);
    for (std::size_t i = 0; i < alphabet.size(); ++i)
        table[static_cast<unsigned char>(alphabet[i])] = static_cast<std::int8_t>(i);
    return table;
}();

template <class Integer>
void put(Integer value, unsigned char* bytes) noexcept
{
    for (std::size_t i = 0; i < sizeof value; ++i)
        bytes[i] = static_cast<unsigned char>(value >> (8 * i));
}

template <class Integer>
Integer get(const unsigned char* bytes) noexcept
{
    Integer value = 0;
    for (std::size_t i = sizeof value; i-- > 0;)
        value = static_cast<Integer>(value << 8U | bytes[i]);
    return value;
}

}  // namespace

void fill_with_random_bytes(std::span<unsigned char> bytes)
{
    if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1)
        throw std::runtime_error{"no random bytes"};
}

NonceMint::NonceMint()
{
    static_assert(sizeof key_ == crypto_shorthash_siphashx24_KEYBYTES);
    fill_with_random_bytes(key_);
}

std::string NonceMint::write(Nonce nonce) const
{
    Raw raw{};
    put(nonce.issued, raw.data());
    put(nonce.serial, raw.data() + sizeof nonce.issued);
    const auto tag = sign(raw);
    std::copy_n(tag.begin(), raw.size() - plain_size, raw.begin() + plain_size);

    std::string text;
    text.reserve(length);
    for (std::size_t i = 0; i < raw.size(); i += 3) {
        const unsigned group = unsigned{raw[i]} << 16U | unsigned{raw[i + 1]} << 8U | raw[i + 2];
        for (const unsigned shift : {18U, 12U, 6U, 0U}) text += alphabet[group >> shift & 63U];
    }
    return text;
}

std::optional<Nonce> NonceMint::read(std::string_view text) const noexcept
{
    if (text.size() != length) return std::nullopt;
    Raw raw{};
    for (std::size_t i = 0; i < raw.size(); i += 3) {
        unsigned group = 0;
        for (const char c : text.substr(i / 3 * 4, 4)) {
            const auto value = values[static_cast<unsigned char>(c)];
            if (value < 0) return std::nullopt;
            group = group << 6U | static_cast<unsigned>(value);
        }
        raw[i] = static_cast<unsigned char>(group >> 16U);
        raw[i + 1] = static_cast<unsigned char>(group >> 8U);
        raw[i + 2] = static_cast<unsigned char>(group);
    }
    const auto tag = sign(raw);
    if (sodium_memcmp(tag.data(), raw.data() + plain_size, raw.size() - plain_size) != 0)
        return std::nullopt;
    return Nonce{get<std::uint32_t>(raw.data()),
                 get<std::uint64_t>(raw.data() + sizeof(std::uint32_t))};
}

NonceMint::Tag NonceMint::sign(const Raw& raw) const noexcept
{
    Tag tag{};
    static_assert(sizeof tag == crypto_shorthash_siphashx24_BYTES);
    crypto_shorthash_siphashx24(tag.data(), raw.data(), plain_size, key_.data());
    return tag;
}

}  // namespace lampline::sip
