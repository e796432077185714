#include "sip/digest_client.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <strings.h>

#include "base/text.hpp"
#include "sip/header_text.hpp"
#include "sip/tokens.hpp"

namespace lampline::sip {
namespace {

constexpr std::string_view register_method = "REGISTER";
constexpr std::size_t most_realm = 128;  // shown to people
constexpr std::size_t most_echoed = 2048;  // of nonce and opaque, which each request repeats

struct Parameter {
    std::string_view name, value;
};

Parameter split(std::string_view text) noexcept
{
    const auto equals = text.find('=');
    if (equals == std::string_view::npos) return {text, {}};
    auto value = text.substr(equals + 1);
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
        value = value.substr(1, value.size() - 2);
    return {text.substr(0, equals), value};
}

/// Whether a list such as `auth, auth-int` has `auth`.
bool offers_auth(std::string_view list) noexcept
{
    while (!list.empty())
        if (same_word(trimmed(take_until(list, ',')), "auth")) return true;
    return false;
}

std::optional<DigestChallenge> read(const msg_auth_t& header)
{
    if (!header.au_scheme || strcasecmp(header.au_scheme, "Digest") != 0) return std::nullopt;
    DigestChallenge challenge;
    std::string_view algorithm;
    std::optional<std::string_view> qop;
    for (const auto* each = header.au_params; each && *each; ++each) {
        const auto [name, value] = split(*each);
        if (same_word(name, "realm")) challenge.realm = value;
        if (same_word(name, "nonce")) challenge.nonce = value;
        if (same_word(name, "algorithm")) algorithm = value;
        if (same_word(name, "qop")) qop = value;
        if (same_word(name, "stale")) challenge.stale = same_word(value, "true");
        if (same_word(name, "opaque")) {
            challenge.opaque = value;
            challenge.has_opaque = true;
        }
    }
    const auto known = digest_algorithm(algorithm);
    challenge.auth = qop && offers_auth(*qop);
    if (!known || challenge.nonce.empty() || (qop && !challenge.auth)) return std::nullopt;
    if (challenge.nonce.size() + challenge.opaque.size() > most_echoed) return std::nullopt;
    challenge.algorithm = *known;
    return challenge;
}

}  // namespace

std::string challenged_by(const sip_t& response)
{
    const auto* header = response.sip_status->st_status == 407 ? response.sip_proxy_authenticate
                                                               : response.sip_www_authenticate;
    for (const auto* each = header ? header->au_params : nullptr; each && *each; ++each)
        if (const auto [name, value] = split(*each); same_word(name, "realm"))
            return std::string{value.substr(0, most_realm)};
    return {};
}

std::optional<DigestChallenge> strongest_challenge(const sip_t& response, std::string_view realm)
{
    std::optional<DigestChallenge> best;
    const auto take = [&](const msg_auth_t* header, bool proxy) {
        for (; header; header = header->au_next) {
            auto challenge = read(*header);
            if (!challenge || challenge->realm != realm) continue;
            challenge->proxy = proxy;
            if (!best || (best->algorithm == DigestAlgorithm::md5 &&
                          challenge->algorithm == DigestAlgorithm::sha256))
                best = std::move(challenge);
        }
    };
    if (response.sip_status->st_status == 407)
        take(response.sip_proxy_authenticate, true);
    else
        take(response.sip_www_authenticate, false);
    return best;
}

DigestClient::DigestClient(IsItsAddress is_its_address)
    : is_its_address_{std::move(is_its_address)}, md5_{DigestAlgorithm::md5},
      sha256_{DigestAlgorithm::sha256}
{
}

bool DigestClient::is_the_trunk(const TrunkCredentials& credentials, std::string_view host,
                                std::string_view home) const
{
    return !host.empty() && (host == home || is_its_address_(credentials.trunk, host));
}

std::string DigestClient::introduce(const TrunkCredentials& credentials, std::string_view method,
                                    std::string_view uri, std::string_view destination,
                                    std::string_view home)
{
    const auto found = known_.find(Key{credentials.trunk, credentials.username, credentials.realm});
    if (found == known_.end() || !is_the_trunk(credentials, destination, home)) return {};
    auto& known = found->second;
    const auto& proxy =
        method == register_method ? known.proxy_for_register : known.proxy_for_others;
    return write(known, proxy.value_or(known.challenge.proxy), credentials, method, uri);
}

std::string DigestClient::answer(const sip_t& response, const TrunkCredentials& credentials,
                                 std::string_view method, std::string_view uri,
                                 std::string_view source, std::string_view home, Attempts& attempts)
{
    auto challenge = strongest_challenge(response, credentials.realm);
    if (!challenge) return {};
    if (!is_the_trunk(credentials, source, home)) {
        spdlog::warn("trunk {}: {} challenges a {}, and is no address of it: not answered",
                     credentials.trunk, source, method);
        return {};
    }
    const unsigned allowed = challenge->stale ? most_challenges : 1;
    if (attempts.answered >= allowed) return {};
    ++attempts.answered;
    Key key{credentials.trunk, credentials.username, credentials.realm};
    if (known_.size() >= most_known && !known_.contains(key)) known_.clear();
    auto& known = known_[std::move(key)];
    // A nonce may come again; its count still goes up (RFC 7616 §3.4).
    if (known.challenge.nonce != challenge->nonce) known.count = 0;
    const bool proxy = challenge->proxy;
    (method == register_method ? known.proxy_for_register : known.proxy_for_others) = proxy;
    known.challenge = std::move(*challenge);
    return write(known, proxy, credentials, method, uri);
}

std::string DigestClient::write(Known& known, bool proxy, const TrunkCredentials& credentials,
                                std::string_view method, std::string_view uri)
{
    const auto& challenge = known.challenge;
    auto& hash = challenge.algorithm == DigestAlgorithm::md5 ? md5_ : sha256_;
    const auto ha1 = hash({credentials.username, credentials.realm, credentials.secret});
    const auto ha2 = hash({method, uri});
    const auto nc = fmt::format("{:08x}", ++known.count);
    const auto cnonce = random_token();
    const auto result = challenge.auth
                            ? hash({ha1.text(), challenge.nonce, nc, cnonce, "auth", ha2.text()})
                            : hash({ha1.text(), challenge.nonce, ha2.text()});
    if (result.size == 0) return {};
    auto value = fmt::format(
        "Digest username=\"{}\", realm=\"{}\", nonce=\"{}\", uri=\"{}\", response=\"{}\", "
        "algorithm={}",
        credentials.username, credentials.realm, challenge.nonce, uri, result.text(),
        name(challenge.algorithm));
    if (challenge.auth) value += fmt::format(", qop=auth, nc={}, cnonce=\"{}\"", nc, cnonce);
    if (challenge.has_opaque) value += fmt::format(", opaque=\"{}\"", challenge.opaque);
    std::string line;
    append_header(line, proxy ? "Proxy-Authorization" : "Authorization", value);
    return line;
}

}  // namespace lampline::sip
