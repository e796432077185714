#pragma once
// The hashes of digest authentication, for both sides of it.
#include <openssl/evp.h>

#include <array>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string_view>

#include "sip/digest.hpp"

namespace lampline::sip {

/// Longest result: SHA-256.
struct Hash {
    std::array<unsigned char, 32> bytes{};
    std::array<char, 64> hex{};
    std::size_t size = 0;  ///< in bytes; 0: the library failed

    [[nodiscard]] std::string_view text() const noexcept { return {hex.data(), 2 * size}; }
};

/// One hash algorithm with its reused context: fetching it anew costs more than the hash.
class Hasher {
public:
    /// @throws std::runtime_error when the library does not have it.
    explicit Hasher(DigestAlgorithm algorithm);

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    /// The hash of `parts` joined by colons.
    Hash operator()(std::initializer_list<std::string_view> parts) noexcept;

private:
    struct Free {
        void operator()(EVP_MD* md) const noexcept { EVP_MD_free(md); }
        void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
    };
    std::unique_ptr<EVP_MD, Free> md_;
    std::unique_ptr<EVP_MD_CTX, Free> context_;
    std::size_t size_ = 0;
};

/// The word of a challenge for it; empty means MD5 (RFC 7616 §3.3). nullopt: not one of ours.
std::optional<DigestAlgorithm> digest_algorithm(std::string_view name) noexcept;
std::string_view name(DigestAlgorithm algorithm) noexcept;

}  // namespace lampline::sip
