#include "sip/digest.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>

#include "sip/digest_tables.hpp"

namespace lampline::sip {
namespace {

using Bytes = std::span<const unsigned char>;

struct Free {
    void operator()(EVP_MD* md) const noexcept { EVP_MD_free(md); }
    void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
    void operator()(EVP_MAC* mac) const noexcept { EVP_MAC_free(mac); }
    void operator()(EVP_MAC_CTX* context) const noexcept { EVP_MAC_CTX_free(context); }
};

void fill_with_random_bytes(std::span<unsigned char> bytes)
{
    if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1)
        throw std::runtime_error{"no random bytes"};
}

constexpr std::string_view hex_digits = "0123456789abcdef";

/// Values of the characters of an alphabet, -1 elsewhere.
constexpr std::array<std::int8_t, 256> values_of(std::string_view alphabet)
{
    std::array<std::int8_t, 256> values{};
    values.fill(-1);
    for (std::size_t i = 0; i < alphabet.size(); ++i)
        values[static_cast<unsigned char>(alphabet[i])] = static_cast<std::int8_t>(i);
    return values;
}

constexpr int hex_value(char c) noexcept
{
    constexpr auto values = values_of(hex_digits);
    return values[static_cast<unsigned char>(c >= 'A' && c <= 'F' ? c + ('a' - 'A') : c)];
}

constexpr char lower(char c) noexcept
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

bool same_text(std::string_view left, std::string_view right) noexcept
{
    return std::ranges::equal(left, right, {}, lower, lower);
}

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
    explicit Hasher(const char* name)
        : md_{EVP_MD_fetch(nullptr, name, nullptr)}, context_{EVP_MD_CTX_new()}
    {
        if (!md_ || !context_ || EVP_DigestInit_ex2(context_.get(), md_.get(), nullptr) != 1)
            throw std::runtime_error{std::string{"no "} + name};
        size_ = static_cast<std::size_t>(EVP_MD_get_size(md_.get()));
    }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    /// The hash of `parts` joined by colons.
    Hash operator()(std::initializer_list<std::string_view> parts) noexcept
    {
        Hash hash;
        bool good = EVP_DigestInit_ex2(context_.get(), nullptr, nullptr) == 1;
        bool first = true;
        for (const auto part : parts) {
            if (!first) good = good && EVP_DigestUpdate(context_.get(), ":", 1) == 1;
            good = good && EVP_DigestUpdate(context_.get(), part.data(), part.size()) == 1;
            first = false;
        }
        good = good && EVP_DigestFinal_ex(context_.get(), hash.bytes.data(), nullptr) == 1;
        if (!good) return hash;
        hash.size = size_;
        for (std::size_t i = 0; i < size_; ++i) {
            hash.hex[2 * i] = hex_digits[hash.bytes[i] >> 4];
            hash.hex[2 * i + 1] = hex_digits[hash.bytes[i] & 15];
        }
        return hash;
    }

private:
    std::unique_ptr<EVP_MD, Free> md_;
    std::unique_ptr<EVP_MD_CTX, Free> context_;
    std::size_t size_ = 0;
};

/// What a nonce of ours says: when it was made, and its number.
struct Nonce {
    std::uint32_t issued = 0;  ///< seconds of the steady clock
    std::uint64_t serial = 0;
};

std::uint32_t seconds_of(Moment now) noexcept
{
    return static_cast<std::uint32_t>(
        std::chrono::duration_cast<std::chrono::seconds>(now.mono.time_since_epoch()).count());
}

/// Writes nonces that nobody else can, and reads them: 4 bytes of time, 8 of serial, 12 of
/// HMAC-SHA256, in base64.
class NonceMint {
public:
    static constexpr std::size_t length = 32;

    NonceMint()
    {
        std::array<unsigned char, 32> key{};
        fill_with_random_bytes(key);
        const std::unique_ptr<EVP_MAC, Free> mac{EVP_MAC_fetch(nullptr, "HMAC", nullptr)};
        if (mac) context_.reset(EVP_MAC_CTX_new(mac.get()));
        std::string sha256 = "SHA256";
        const std::array params{
            OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, sha256.data(), 0),
            OSSL_PARAM_construct_end()};
        if (!context_ || EVP_MAC_init(context_.get(), key.data(), key.size(), params.data()) != 1)
            throw std::runtime_error{"no HMAC"};
        OPENSSL_cleanse(key.data(), key.size());
    }

    std::string write(Nonce nonce) noexcept(false)
    {
        Raw raw{};
        for (std::size_t i = 0; i < 4; ++i)
            raw[i] = static_cast<unsigned char>(nonce.issued >> (8 * i));
        for (std::size_t i = 0; i < 8; ++i)
            raw[4 + i] = static_cast<unsigned char>(nonce.serial >> (8 * i));
        const auto tag = sign(Bytes{raw}.first<plain_size>());
        std::copy_n(tag.begin(), raw.size() - plain_size, raw.begin() + plain_size);

        std::string text;
        text.reserve(length);
        for (std::size_t i = 0; i < raw.size(); i += 3) {
            const unsigned group = raw[i] << 16U | raw[i + 1] << 8U | raw[i + 2];
            for (const unsigned shift : {18U, 12U, 6U, 0U}) text += alphabet[group >> shift & 63U];
        }
        return text;
    }

    /// nullopt when `text` is not one of ours.
    std::optional<Nonce> read(std::string_view text) noexcept
    {
        constexpr auto values = values_of(alphabet);
        if (text.size() != length) return std::nullopt;
        Raw raw{};
        for (std::size_t i = 0, at = 0; i < raw.size(); i += 3) {
            unsigned group = 0;
            for (int n = 0; n < 4; ++n) {
                const int value = values[static_cast<unsigned char>(text[at++])];
                if (value < 0) return std::nullopt;
                group = group << 6U | static_cast<unsigned>(value);
            }
            raw[i] = static_cast<unsigned char>(group >> 16U);
            raw[i + 1] = static_cast<unsigned char>(group >> 8U);
            raw[i + 2] = static_cast<unsigned char>(group);
        }
        const auto tag = sign(Bytes{raw}.first<plain_size>());
        if (CRYPTO_memcmp(tag.data(), raw.data() + plain_size, raw.size() - plain_size) != 0)
            return std::nullopt;
        Nonce nonce;
        for (std::size_t i = 4; i-- > 0;) nonce.issued = nonce.issued << 8U | raw[i];
        for (std::size_t i = 8; i-- > 0;) nonce.serial = nonce.serial << 8U | raw[4 + i];
        return nonce;
    }

private:
    static constexpr std::string_view alphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    static constexpr std::size_t plain_size = 12;
    using Raw = std::array<unsigned char, length * 3 / 4>;

    std::array<unsigned char, 32> sign(Bytes bytes) noexcept
    {
        std::array<unsigned char, 32> tag{};
        std::size_t size = 0;
        const bool good = EVP_MAC_init(context_.get(), nullptr, 0, nullptr) == 1 &&
                          EVP_MAC_update(context_.get(), bytes.data(), bytes.size()) == 1 &&
                          EVP_MAC_final(context_.get(), tag.data(), &size, tag.size()) == 1;
        // A tag that nobody can guess stands for a failure of the library: no nonce is ours then.
        if (!good) RAND_bytes(tag.data(), static_cast<int>(tag.size()));
        return tag;
    }

    std::unique_ptr<EVP_MAC_CTX, Free> context_;
};

std::optional<DigestAlgorithm> algorithm_of(std::string_view name) noexcept
{
    if (name.empty() || same_text(name, "MD5")) return DigestAlgorithm::md5;
    if (same_text(name, "SHA-256")) return DigestAlgorithm::sha256;
    return std::nullopt;
}

std::string_view name_of(DigestAlgorithm algorithm) noexcept
{
    return algorithm == DigestAlgorithm::md5 ? "MD5" : "SHA-256";
}

/// The nonce count: exactly eight digits (RFC 7616 §3.4).
std::optional<std::uint32_t> count_of(std::string_view nc) noexcept
{
    std::uint32_t count = 0;
    const auto [stop, error] = std::from_chars(nc.data(), nc.data() + nc.size(), count, 16);
    if (nc.size() != 8 || error != std::errc{} || stop != nc.data() + nc.size())
        return std::nullopt;
    return count;
}

/// Does the `uri` of the credentials name what the request asks for? Ports and parameters may
/// differ, since proxies and phones write them differently, and so may escapes; a REGISTER is for
/// the whole domain, whoever its URI names.
bool is_for(std::string_view uri, const DigestRequest& request) noexcept
{
    const auto colon = uri.find(':');
    if (colon == std::string_view::npos) return false;
    const bool is_tel = same_text(uri.substr(0, colon), "tel");
    uri.remove_prefix(colon + 1);
    std::string_view user;
    if (is_tel) {
        user = uri.substr(0, uri.find(';'));
        uri = {};
    } else if (const auto at = uri.find('@'); at != std::string_view::npos) {
        user = uri.substr(0, std::min(at, uri.find(':')));
        uri.remove_prefix(at + 1);
    }
    const auto host_end = uri.starts_with('[') ? uri.find(']') : uri.find_first_of(":;?");
    const auto host = uri.starts_with('[') && host_end != std::string_view::npos
                          ? uri.substr(0, host_end + 1)
                          : uri.substr(0, host_end);
    if (!same_text(host, request.uri_host)) return false;
    if (user.empty() || request.method == "REGISTER" || user == request.uri_user) return true;
    return user.find('%') != std::string_view::npos ||
           request.uri_user.find('%') != std::string_view::npos;
}

bool same_secret(std::string_view response, const Hash& expected) noexcept
{
    std::array<unsigned char, 32> sent{};
    for (std::size_t i = 0; i < expected.size; ++i) {
        const int high = hex_value(response[2 * i]);
        const int low = hex_value(response[2 * i + 1]);
        if (high < 0 || low < 0) return false;
        sent[i] = static_cast<unsigned char>(high * 16 + low);
    }
    return expected.size != 0 &&
           CRYPTO_memcmp(sent.data(), expected.bytes.data(), expected.size) == 0;
}

/// Which of two refusals tells more about what is wrong; a stale nonce lets the phone go on by
/// itself.
int weight(const Verdict& verdict) noexcept
{
    return verdict.outcome == DigestOutcome::stale ? 100 : static_cast<int>(verdict.refusal);
}

constexpr std::size_t max_credentials = 4;  ///< looked at in one request
constexpr std::size_t max_parameter = 1024;

}  // namespace

struct Authenticator::Impl {
    AuthenticatorSettings settings;
    DirectoryRef directory;
    Hasher md5{"MD5"};
    Hasher sha256{"SHA256"};
    NonceMint mint;
    NonceCounts counts;
    FailureCounts failures;
    std::uint64_t last_serial = 0;
    /// Stands for the secret of those who do not exist, so that they cost the same work.
    std::string nobodys_ha1;

    Impl(AuthenticatorSettings wanted, DirectoryRef initial)
        : settings{std::move(wanted)}, directory{std::move(initial)}, counts{settings.nonces},
          failures{settings.failing_phones, [] {
                       std::array<unsigned char, 8> bytes{};
                       fill_with_random_bytes(bytes);
                       std::uint64_t seed = 0;
                       for (const auto byte : bytes) seed = seed << 8U | byte;
                       return seed;
                   }()}
    {
        std::array<unsigned char, 32> bytes{};
        fill_with_random_bytes(bytes);
        for (const auto byte : bytes) {
            nobodys_ha1 += hex_digits[byte >> 4];
            nobodys_ha1 += hex_digits[byte & 15];
        }
    }

    [[nodiscard]] std::string_view ha1_of(std::string_view username, DigestAlgorithm algorithm,
                                          std::size_t hex_size) const noexcept
    {
        const auto* const extension = directory->find(username);
        if (extension) {
            const auto& ha1 =
                algorithm == DigestAlgorithm::md5 ? extension->ha1_md5 : extension->ha1_sha256;
            if (ha1.size() == hex_size) return ha1;
        }
        return std::string_view{nobodys_ha1}.substr(0, hex_size);
    }

    Verdict verify(const Credentials& credentials, const DigestRequest& request,
                   Moment now) noexcept;
    Verdict verify_nonce(const Credentials& credentials, std::uint32_t count, Moment now) noexcept;
};

Verdict Authenticator::Impl::verify(const Credentials& credentials, const DigestRequest& request,
                                    Moment now) noexcept
{
    using enum DigestOutcome;
    if (!same_text(credentials.realm, directory->domain()))
        return {challenge, Refusal::no_credentials, {}, {}};

    const auto algorithm = algorithm_of(credentials.algorithm);
    const auto count = count_of(credentials.nc);
    const bool offered = algorithm && std::ranges::count(settings.algorithms, *algorithm) != 0;
    const bool bounded =
        std::max({credentials.username.size(), credentials.nonce.size(), credentials.uri.size(),
                  credentials.cnonce.size()}) <= max_parameter;
    if (!offered || !count || !bounded || !same_text(credentials.qop, "auth") ||
        credentials.cnonce.empty())
        return {challenge, Refusal::unsupported, {}, {}};

    auto& hasher = *algorithm == DigestAlgorithm::md5 ? md5 : sha256;
    if (credentials.response.size() != 2 * hasher.size())
        return {challenge, Refusal::unsupported, {}, {}};
    if (!is_for(credentials.uri, request)) return {challenge, Refusal::another_uri, {}, {}};

    const auto phone = failures.key(request.source, credentials.username);
    if (const auto held = failures.held(phone, now.mono); held.count() > 0)
        return {stale, Refusal::too_many_failures, {}, held};

    const auto ha1 = ha1_of(credentials.username, *algorithm, 2 * hasher.size());
    const auto ha2 = hasher({request.method, credentials.uri});
    const auto expected = hasher(
        {ha1, credentials.nonce, credentials.nc, credentials.cnonce, credentials.qop, ha2.text()});
    if (!same_secret(credentials.response, expected))
        return {challenge, Refusal::wrong_secret, {}, failures.add(phone, now.mono)};
    const auto verdict = verify_nonce(credentials, *count, now);
    // A repeated message proves nothing, so it does not clear what its sender has on record.
    if (verdict.outcome == DigestOutcome::accepted) failures.clear(phone);
    return verdict;
}

Verdict Authenticator::Impl::verify_nonce(const Credentials& credentials, std::uint32_t count,
                                          Moment now) noexcept
{
    using enum DigestOutcome;
    const auto nonce = mint.read(credentials.nonce);
    // Unsigned, so a nonce that seems to come from the future is too old as well.
    if (!nonce || seconds_of(now) - nonce->issued >=
                      static_cast<std::uint64_t>(settings.nonce_lifetime.count()))
        return {stale, Refusal::expired_nonce, {}, {}};
    if (!counts.use(nonce->serial, count)) return {stale, Refusal::repeated_nonce, {}, {}};
    return {accepted, Refusal::none, credentials.username, {}};
}

Authenticator::Authenticator(AuthenticatorSettings settings, DirectoryRef directory)
    : impl_{std::make_unique<Impl>(std::move(settings), std::move(directory))}
{
    if (!impl_->directory) impl_->directory = std::make_shared<const Directory>();
}

Authenticator::~Authenticator() = default;

void Authenticator::set_directory(DirectoryRef directory)
{
    if (directory) impl_->directory = std::move(directory);
}

Verdict Authenticator::verify(std::span<const Credentials> credentials,
                              const DigestRequest& request, Moment now)
{
    Verdict best{DigestOutcome::challenge, Refusal::no_credentials, {}, {}};
    for (const auto& candidate : credentials.first(std::min(credentials.size(), max_credentials))) {
        const auto verdict = impl_->verify(candidate, request, now);
        if (verdict.outcome == DigestOutcome::accepted) return verdict;
        const auto delay = std::max(best.delay, verdict.delay);
        if (weight(verdict) > weight(best)) best = verdict;
        best.delay = delay;
    }
    return best;
}

std::vector<std::string> Authenticator::challenge(bool stale, Moment now)
{
    const auto nonce = impl_->mint.write({seconds_of(now), ++impl_->last_serial});
    std::vector<std::string> challenges;
    challenges.reserve(impl_->settings.algorithms.size());
    for (const auto algorithm : impl_->settings.algorithms) {
        std::string& text = challenges.emplace_back();
        text.reserve(impl_->directory->domain().size() + 110);
        text += "Digest realm=\"";
        text += impl_->directory->domain();
        text += "\", nonce=\"";
        text += nonce;
        text += "\", algorithm=";
        text += name_of(algorithm);
        text += ", qop=\"auth\"";
        if (stale) text += ", stale=true";
    }
    return challenges;
}

}  // namespace lampline::sip
