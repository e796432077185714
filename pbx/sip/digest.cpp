#include "sip/digest.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>

#include "base/text.hpp"
#include "sip/digest_hash.hpp"
#include "sip/digest_nonce.hpp"
#include "sip/digest_tables.hpp"

namespace lampline::sip {
namespace {

std::uint32_t seconds_of(Moment now) noexcept
{
    return static_cast<std::uint32_t>(
        std::chrono::duration_cast<std::chrono::seconds>(now.mono.time_since_epoch()).count());
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
/// the whole domain, whoever its URI names. Our domain and our addresses are one resource (RFC 7616
/// §3.4.6): behind an outbound proxy phones take the one here and the other there.
bool is_for(std::string_view uri, const DigestRequest& request)
{
    const auto colon = uri.find(':');
    if (colon == std::string_view::npos) return false;
    const bool is_tel = same_word(uri.substr(0, colon), "tel");
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
    const bool same_host = same_word(host, request.uri_host) ||
                           (request.is_ours && !host.empty() && request.is_ours(host) &&
                            request.is_ours(request.uri_host));
    if (!same_host) return false;
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

Verdict refuse(DigestOutcome outcome, Refusal refusal,
               std::chrono::milliseconds delay = {}) noexcept
{
    return {outcome, refusal, {}, delay};
}

/// Which of two refusals tells more about what is wrong; a stale nonce lets the phone go on by
/// itself.
int weight(const Verdict& verdict) noexcept
{
    return verdict.outcome == DigestOutcome::stale ? 100 : static_cast<int>(verdict.refusal);
}

/// What credentials without a nonce count are taken to have, so that their nonce is good once.
constexpr std::uint32_t first_count = 1;

constexpr std::size_t max_credentials = 4;  ///< looked at in one request
constexpr std::size_t max_parameter = 1024;

/// Credentials with the right secret; what is left to judge is their nonce.
struct Proven {
    const Credentials& credentials;
    std::uint64_t phone;  ///< key of its failures
    std::uint32_t count;
};

/// baresip before 2.6 and Twinkle (1.10.2) fail the whole authentication when one of several
/// challenges is not MD5.
bool gives_up_on_others(std::string_view user_agent) noexcept
{
    for (const std::string_view known :
         {"baresip v0.", "baresip v1.", "baresip v2.0", "baresip v2.1", "baresip v2.2",
          "baresip v2.3", "baresip v2.4", "baresip v2.5", "Twinkle/"})
        if (user_agent.starts_with(known)) return true;
    return false;
}

}  // namespace

struct Authenticator::Impl {
    AuthenticatorSettings settings;
    DirectoryRef directory;
    Hasher md5{DigestAlgorithm::md5};
    Hasher sha256{DigestAlgorithm::sha256};
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
    Verdict verify_nonce(const Proven& proven, Moment now) noexcept;
};

Verdict Authenticator::Impl::verify(const Credentials& credentials, const DigestRequest& request,
                                    Moment now) noexcept
{
    using enum DigestOutcome;
    if (!same_word(credentials.realm, directory->domain()))
        return refuse(challenge, Refusal::no_credentials);

    const auto algorithm = digest_algorithm(credentials.algorithm);
    const bool counted = !credentials.qop.empty();
    const auto count = counted ? count_of(credentials.nc) : std::optional{first_count};
    const bool offered = algorithm && std::ranges::count(settings.algorithms, *algorithm) != 0;
    const bool well_formed = counted
                                 ? same_word(credentials.qop, "auth") && !credentials.cnonce.empty()
                                 : algorithm == DigestAlgorithm::md5;
    const bool bounded =
        std::max({credentials.username.size(), credentials.nonce.size(), credentials.uri.size(),
                  credentials.cnonce.size()}) <= max_parameter;
    if (!offered || !count || !bounded || !well_formed)
        return refuse(challenge, Refusal::unsupported);

    auto& hasher = *algorithm == DigestAlgorithm::md5 ? md5 : sha256;
    if (credentials.response.size() != 2 * hasher.size())
        return refuse(challenge, Refusal::unsupported);
    if (!is_for(credentials.uri, request)) return refuse(challenge, Refusal::another_uri);

    const auto phone = failures.key(request.source, credentials.username);
    if (const auto held = failures.held(phone, now.mono); held.count() > 0)
        return refuse(stale, Refusal::too_many_failures, held);

    const auto ha1 = ha1_of(credentials.username, *algorithm, 2 * hasher.size());
    const auto ha2 = hasher({request.method, credentials.uri});
    const auto expected = counted ? hasher({ha1, credentials.nonce, credentials.nc,
                                            credentials.cnonce, credentials.qop, ha2.text()})
                                  : hasher({ha1, credentials.nonce, ha2.text()});
    if (!same_secret(credentials.response, expected))
        return refuse(challenge, Refusal::wrong_secret, failures.add(phone, now.mono));
    return verify_nonce({credentials, phone, *count}, now);
}

Verdict Authenticator::Impl::verify_nonce(const Proven& proven, Moment now) noexcept
{
    using enum DigestOutcome;
    const auto nonce = mint.read(proven.credentials.nonce);
    // Unsigned, so a nonce that seems to come from the future is too old as well.
    if (!nonce || seconds_of(now) - nonce->issued >=
                      static_cast<std::uint64_t>(settings.nonce_lifetime.count()))
        return refuse(stale, Refusal::expired_nonce);

    if (!counts.use(nonce->serial, proven.count)) return refuse(stale, Refusal::repeated_nonce);
    // Only here: a message sent again proves nothing about its sender.
    failures.clear(proven.phone);
    return {accepted, Refusal::none, proven.credentials.username, {}};
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
    auto best = refuse(DigestOutcome::challenge, Refusal::no_credentials);
    for (const auto& candidate : credentials.first(std::min(credentials.size(), max_credentials))) {
        const auto verdict = impl_->verify(candidate, request, now);
        if (verdict.outcome == DigestOutcome::accepted) return verdict;
        const auto delay = std::max(best.delay, verdict.delay);
        if (weight(verdict) > weight(best)) best = verdict;
        best.delay = delay;
    }
    return best;
}

std::vector<std::string> Authenticator::challenge(bool stale, Moment now,
                                                  std::string_view user_agent)
{
    const auto& accepted = impl_->settings.algorithms;
    const bool md5_alone =
        gives_up_on_others(user_agent) &&
        std::find(accepted.begin(), accepted.end(), DigestAlgorithm::md5) != accepted.end();
    const auto nonce = impl_->mint.write({seconds_of(now), ++impl_->last_serial});
    std::vector<std::string> challenges;
    challenges.reserve(accepted.size());
    for (const auto algorithm : accepted) {
        if (md5_alone && algorithm != DigestAlgorithm::md5) continue;
        std::string& text = challenges.emplace_back();
        text.reserve(impl_->directory->domain().size() + 110);
        text += "Digest realm=\"";
        text += impl_->directory->domain();
        text += "\", nonce=\"";
        text += nonce;
        text += "\", algorithm=";
        text += name(algorithm);
        text += ", qop=\"auth\"";
        if (stale) text += ", stale=true";
    }
    return challenges;
}

}  // namespace lampline::sip
