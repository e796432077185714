#include "sip/digest_nonce.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

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

void NonceMint::Free::operator()(evp_mac_ctx_st* context) const noexcept
{
    EVP_MAC_CTX_free(context);
}

NonceMint::NonceMint()
{
    std::array<unsigned char, 32> key{};
    fill_with_random_bytes(key);
    auto* const mac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
    context_.reset(mac ? EVP_MAC_CTX_new(mac) : nullptr);
    EVP_MAC_free(mac);
    std::string sha256 = "SHA256";
    const std::array params{
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, sha256.data(), 0),
        OSSL_PARAM_construct_end()};
    if (!context_ || EVP_MAC_init(context_.get(), key.data(), key.size(), params.data()) != 1)
        throw std::runtime_error{"no HMAC"};
    OPENSSL_cleanse(key.data(), key.size());
}

std::string NonceMint::write(Nonce nonce)
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

std::optional<Nonce> NonceMint::read(std::string_view text) noexcept
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
    if (CRYPTO_memcmp(tag.data(), raw.data() + plain_size, raw.size() - plain_size) != 0)
        return std::nullopt;
    return Nonce{get<std::uint32_t>(raw.data()),
                 get<std::uint64_t>(raw.data() + sizeof(std::uint32_t))};
}

NonceMint::Tag NonceMint::sign(const Raw& raw) noexcept
{
    Tag tag{};
    std::size_t size = 0;
    const bool good = EVP_MAC_init(context_.get(), nullptr, 0, nullptr) == 1 &&
                      EVP_MAC_update(context_.get(), raw.data(), plain_size) == 1 &&
                      EVP_MAC_final(context_.get(), tag.data(), &size, tag.size()) == 1;
    // A tag that nobody can guess stands for a failure of the library: no nonce is ours then.
    if (!good) RAND_bytes(tag.data(), static_cast<int>(tag.size()));
    return tag;
}

}  // namespace lampline::sip
