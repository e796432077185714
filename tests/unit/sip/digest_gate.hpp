#pragma once
// An authenticator, and phones that answer its challenges.
#include <openssl/evp.h>

#include <algorithm>
#include <random>

#include <doctest/doctest.h>

#include "sip/digest.hpp"
#include "sip/digest_tables.hpp"

namespace lampline::sip::gate {

inline std::string hex_hash(DigestAlgorithm algorithm, std::string_view text)
{
    std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
    unsigned size = 0;
    const auto* const md = algorithm == DigestAlgorithm::md5 ? EVP_md5() : EVP_sha256();
    EVP_Digest(text.data(), text.size(), bytes.data(), &size, md, nullptr);
    std::string hex;
    for (unsigned i = 0; i < size; ++i) {
        hex += "0123456789abcdef"[bytes[i] >> 4U];
        hex += "0123456789abcdef"[bytes[i] & 15U];
    }
    return hex;
}

inline DirectoryRef office(std::string domain = "office.test")
{
    std::vector<Extension> extensions;
    for (const auto* number : {"201", "202"}) {
        const auto a1 = std::string{number} + ":" + domain + ":secret of " + number;
        extensions.push_back({number,
                              {},
                              hex_hash(DigestAlgorithm::md5, a1),
                              hex_hash(DigestAlgorithm::sha256, a1)});
    }
    return std::make_shared<const Directory>(std::move(domain), std::move(extensions),
                                             std::vector<Group>{});
}

inline std::string param(std::string_view challenge, std::string_view name)
{
    const auto credentials = parse_credentials(challenge);
    REQUIRE(credentials);
    if (name == "nonce") return std::string{credentials->nonce};
    if (name == "realm") return std::string{credentials->realm};
    if (name == "qop") return std::string{credentials->qop};
    return std::string{credentials->algorithm};
}

/// A phone that answers challenges; its fields may be bent before it does.
struct Phone {
    std::string username = "201";
    std::string secret = "secret of 201";
    std::string realm = "office.test";
    std::string nonce;
    std::string uri = "sip:office.test";
    std::string method = "REGISTER";
    std::string nc = "00000001";
    std::string cnonce = "0a4f113b";
    std::string qop = "auth";
    std::string algorithm = "MD5";
    std::string response{};

    Credentials answer()
    {
        const auto kind = algorithm == "SHA-256" ? DigestAlgorithm::sha256 : DigestAlgorithm::md5;
        const auto ha1 = hex_hash(kind, username + ":" + realm + ":" + secret);
        const auto ha2 = hex_hash(kind, method + ":" + uri);
        response = qop.empty() ? hex_hash(kind, ha1 + ":" + nonce + ":" + ha2)
                               : hex_hash(kind, ha1 + ":" + nonce + ":" + nc + ":" + cnonce + ":" +
                                                    qop + ":" + ha2);
        return {username, realm, nonce, uri, response, algorithm, cnonce, qop, {}, nc};
    }
};

/// An authenticator on a clock that stands still until it is told.
struct Gate {
    Authenticator authenticator;
    Moment now{std::chrono::steady_clock::time_point{1000h}, {}};
    std::string source = "192.0.2.7";

    explicit Gate(AuthenticatorSettings settings = {})
        : authenticator{std::move(settings), office()}
    {
    }

    std::string nonce() { return param(authenticator.challenge(false, now)[0], "nonce"); }
    Phone phone()
    {
        Phone answering;
        answering.nonce = nonce();
        return answering;
    }
    Verdict check(const Credentials& credentials, std::string_view method = "REGISTER",
                  std::string_view user = {}, std::string_view host = "office.test")
    {
        return authenticator.verify({&credentials, 1}, {method, user, host, source, is_ours}, now);
    }
    std::function<bool(std::string_view)> is_ours{};
    Verdict check(Phone phone) { return check(phone.answer()); }
    Verdict guess(std::string username = "201")
    {
        auto guessing = phone();
        guessing.username = std::move(username);
        guessing.secret = "wrong";
        return check(guessing);
    }
    void pass(std::chrono::milliseconds time) { now.mono += time; }
};

inline AuthenticatorSettings offering(std::vector<DigestAlgorithm> algorithms)
{
    AuthenticatorSettings settings;
    settings.algorithms = std::move(algorithms);
    return settings;
}

}  // namespace lampline::sip::gate
