#include "bench/digest.hpp"

#include <array>
#include <memory>

#include <openssl/evp.h>

namespace bench {
namespace {

std::string md5_hex(std::string_view text)
{
    struct Free {
        void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
    };
    static const std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)> md5{
        EVP_MD_fetch(nullptr, "MD5", nullptr), EVP_MD_free};
    static const std::unique_ptr<EVP_MD_CTX, Free> context{EVP_MD_CTX_new()};
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    EVP_DigestInit_ex2(context.get(), md5.get(), nullptr);
    EVP_DigestUpdate(context.get(), text.data(), text.size());
    EVP_DigestFinal_ex(context.get(), digest.data(), &size);
    static constexpr char hex[] = "0123456789abcdef";
    std::string out;
    for (unsigned int i = 0; i < size; ++i) {
        out += hex[digest[i] >> 4];
        out += hex[digest[i] & 15];
    }
    return out;
}

/// The value of `name` in a challenge, without quotes.
std::string_view parameter(std::string_view challenge, std::string_view name)
{
    for (auto at = challenge.find(name); at != std::string_view::npos;
         at = challenge.find(name, at + 1)) {
        const auto after = at + name.size();
        const bool starts = at == 0 || challenge[at - 1] == ' ' || challenge[at - 1] == ',';
        if (!starts || after >= challenge.size() || challenge[after] != '=') continue;
        auto value = challenge.substr(after + 1);
        if (value.starts_with('"')) {
            value.remove_prefix(1);
            return value.substr(0, value.find('"'));
        }
        return value.substr(0, value.find_first_of(", "));
    }
    return {};
}

}  // namespace

std::optional<std::string> DigestClient::answer(const SipMessage& response, std::string_view method,
                                                std::string_view uri)
{
    for (const auto challenge : response.challenge) {
        const auto algorithm = parameter(challenge, "algorithm");
        if (!algorithm.empty() && algorithm != "MD5") continue;
        const auto realm = parameter(challenge, "realm");
        const std::string nonce{parameter(challenge, "nonce")};
        const auto opaque = parameter(challenge, "opaque");
        if (realm != realm_ || ha1_.empty()) {
            realm_ = realm;
            ha1_ = md5_hex(user_ + ":" + realm_ + ":" + secret_);
        }
        const std::string ha2 = md5_hex(std::string{method}.append(":").append(uri));
        const std::string proof = md5_hex(ha1_ + ":" + nonce + ":00000001:0a4f113b:auth:" + ha2);
        std::string line = response.status == 407 ? "Proxy-Authorization: " : "Authorization: ";
        line.append("Digest username=\"").append(user_).append("\", realm=\"").append(realm);
        line.append("\", nonce=\"").append(nonce).append("\", uri=\"").append(uri);
        line.append("\", response=\"").append(proof);
        line.append("\", algorithm=MD5, cnonce=\"0a4f113b\", qop=auth, nc=00000001");
        if (!opaque.empty()) line.append(", opaque=\"").append(opaque).append("\"");
        return line.append("\r\n");
    }
    return std::nullopt;
}

}  // namespace bench
