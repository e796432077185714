#include "sip/digest_hash.hpp"

#include <stdexcept>
#include <string>
#include <utility>

#include "base/text.hpp"

namespace lampline::sip {

std::optional<DigestAlgorithm> digest_algorithm(std::string_view name) noexcept
{
    if (name.empty() || same_word(name, "MD5")) return DigestAlgorithm::md5;
    if (same_word(name, "SHA-256")) return DigestAlgorithm::sha256;
    return std::nullopt;
}

std::string_view name(DigestAlgorithm algorithm) noexcept
{
    return algorithm == DigestAlgorithm::md5 ? "MD5" : "SHA-256";
}

Hasher::Hasher(DigestAlgorithm algorithm)
    : md_{EVP_MD_fetch(nullptr, algorithm == DigestAlgorithm::md5 ? "MD5" : "SHA256", nullptr)},
      context_{EVP_MD_CTX_new()}
{
    if (!md_ || !context_ || EVP_DigestInit_ex2(context_.get(), md_.get(), nullptr) != 1)
        throw std::runtime_error{"no " + std::string{name(algorithm)}};
    size_ = static_cast<std::size_t>(EVP_MD_get_size(md_.get()));
}

Hash Hasher::operator()(std::initializer_list<std::string_view> parts) noexcept
{
    Hash hash;
    bool good = EVP_DigestInit_ex2(context_.get(), nullptr, nullptr) == 1;
    std::array<char, 512> text;  // of most requests; a call into the library costs as much as a part
    std::size_t length = 0;
    const auto hand_over = [&](const char* from, std::size_t size) {
        good = good && EVP_DigestUpdate(context_.get(), from, size) == 1;
    };
    const auto add = [&](std::string_view part) {
        if (part.size() > text.size() - length) {
            hand_over(text.data(), std::exchange(length, 0));
            if (part.size() > text.size()) return hand_over(part.data(), part.size());
        }
        part.copy(text.data() + length, part.size());
        length += part.size();
    };
    bool first = true;
    for (const auto part : parts) {
        if (!std::exchange(first, false)) add(":");
        add(part);
    }
    hand_over(text.data(), length);
    good = good && EVP_DigestFinal_ex(context_.get(), hash.bytes.data(), nullptr) == 1;
    if (!good) return hash;
    hash.size = size_;
    for (std::size_t i = 0; i < size_; ++i) {
        hash.hex[2 * i] = hex_digits[hash.bytes[i] >> 4];
        hash.hex[2 * i + 1] = hex_digits[hash.bytes[i] & 15];
    }
    return hash;
}

}  // namespace lampline::sip
