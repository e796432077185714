#include "admin/secret.hpp"

#include <openssl/evp.h>
#include <sodium.h>

#include <array>
#include <stdexcept>

namespace lampline::admin {
namespace {

/// 32 letters and digits each; the first without 0, 1, l and o, which people mistake for each
/// other.
constexpr std::string_view readable = "23456789abcdefghijkmnpqrstuvwxyz";
constexpr std::string_view base32 = "abcdefghijklmnopqrstuvwxyz234567";
static_assert(readable.size() == 32 && base32.size() == 32);

/// 5 random bits a character.
std::string random_text(std::size_t characters, std::string_view alphabet)
{
    if (sodium_init() < 0) throw std::runtime_error{"no source of random numbers"};
    std::string text(characters, '\0');
    randombytes_buf(text.data(), text.size());
    for (char& c : text) c = alphabet[static_cast<unsigned char>(c) & 31U];
    return text;
}

std::string digest(const EVP_MD* algorithm, std::string_view text)
{
    std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
    unsigned size = 0;
    if (EVP_Digest(text.data(), text.size(), bytes.data(), &size, algorithm, nullptr) != 1)
        throw std::runtime_error{"the digest is not available"};
    constexpr std::string_view hex = "0123456789abcdef";
    std::string written;
    for (unsigned i = 0; i < size; ++i) {
        written += hex[bytes[i] >> 4U];
        written += hex[bytes[i] & 15U];
    }
    return written;
}

std::string credentials(std::string_view number, std::string_view realm, std::string_view password)
{
    std::string text{number};
    text.append(":").append(realm).append(":").append(password);
    return text;
}

}  // namespace

std::string make_sip_password()
{
    return random_text(24, readable);
}

std::string make_token()
{
    return "ll_" + random_text(32, base32);
}

std::string ha1_md5(std::string_view number, std::string_view realm, std::string_view password)
{
    return digest(EVP_md5(), credentials(number, realm, password));
}

std::string ha1_sha256(std::string_view number, std::string_view realm, std::string_view password)
{
    return digest(EVP_sha256(), credentials(number, realm, password));
}

std::string sha256(std::string_view text)
{
    return digest(EVP_sha256(), text);
}

}  // namespace lampline::admin
