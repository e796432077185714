#include "sip/authentication.hpp"

#include <array>
#include <span>

#include <strings.h>

#include "sip/field_values.hpp"

namespace lampline::sip {
namespace {

constexpr std::size_t max_listed = 8;

/// `name=value` or `name="value"` into the field of that name.
void take_parameter(Credentials& credentials, std::string_view parameter) noexcept
{
    const auto equals = parameter.find('=');
    if (equals == std::string_view::npos) return;
    const auto key = parameter.substr(0, equals);
    auto value = parameter.substr(equals + 1);
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
        value = value.substr(1, value.size() - 2);
    struct Field {
        std::string_view name;
        std::string_view Credentials::*member;
    };
    constexpr std::array fields = std::to_array<Field>({
        {"username", &Credentials::username},
        {"realm", &Credentials::realm},
        {"nonce", &Credentials::nonce},
        {"uri", &Credentials::uri},
        {"response", &Credentials::response},
        {"algorithm", &Credentials::algorithm},
        {"cnonce", &Credentials::cnonce},
        {"qop", &Credentials::qop},
        {"opaque", &Credentials::opaque},
        {"nc", &Credentials::nc},
    });
    for (const auto& field : fields)
        if (key.size() == field.name.size() &&
            strncasecmp(key.data(), field.name.data(), key.size()) == 0)
            credentials.*field.member = value;
}

struct Answers {
    std::array<Credentials, max_listed> list;
    std::size_t count = 0;

    void take(const msg_auth_t* header) noexcept
    {
        for (; header && count < list.size(); header = header->au_next) {
            if (!header->au_scheme || strcasecmp(header->au_scheme, "Digest") != 0) continue;
            for (const auto* parameter = header->au_params; parameter && *parameter; ++parameter)
                take_parameter(list[count], *parameter);
            ++count;
        }
    }
};

Refused challenge(const sip_t& sip, bool stale, Authenticator& authenticator, Moment now)
{
    const auto method = sip.sip_request->rq_method;
    const bool proxy = method == sip_method_invite || method == sip_method_message;
    Refused refused;
    refused.challenged = true;
    refused.rejection.status = proxy ? 407 : 401;
    const std::string_view user_agent =
        sip.sip_user_agent ? text_of(sip.sip_user_agent->g_string) : "";
    for (const auto& value : authenticator.challenge(stale, now, user_agent)) {
        refused.rejection.headers += proxy ? "Proxy-Authenticate: " : "WWW-Authenticate: ";
        refused.rejection.headers += value;
        refused.rejection.headers += "\r\n";
    }
    return refused;
}

}  // namespace

std::variant<Authenticated, Refused> authenticate_within_dialog(const sip_t& sip,
                                                                const std::string& source,
                                                                Authenticator& authenticator,
                                                                const Transports& transports,
                                                                Moment now)
{
    Answers answers;
    answers.take(sip.sip_authorization);
    answers.take(sip.sip_proxy_authorization);
    const auto& uri = *sip.sip_request->rq_url;
    const DigestRequest request{
        text_of(sip.sip_request->rq_method_name), text_of(uri.url_user), text_of(uri.url_host),
        source, [&transports](std::string_view host) { return transports.is_ours(host); }};
    const auto verdict =
        authenticator.verify(std::span{answers.list.data(), answers.count}, request, now);
    if (verdict.outcome != DigestOutcome::accepted) {
        auto refused = challenge(sip, verdict.outcome == DigestOutcome::stale, authenticator, now);
        refused.delay = verdict.delay;
        return refused;
    }
    return Authenticated{std::string{verdict.username}};
}

std::variant<Authenticated, Refused> authenticate(const sip_t& sip, const std::string& source,
                                                  Authenticator& authenticator,
                                                  const Transports& transports, Moment now)
{
    auto outcome = authenticate_within_dialog(sip, source, authenticator, transports, now);
    const auto* sender = std::get_if<Authenticated>(&outcome);
    if (!sender) return outcome;
    const bool registration = sip.sip_request->rq_method == sip_method_register;
    const auto& claimed = registration ? *sip.sip_to->a_url : *sip.sip_from->a_url;
    // Who wants to be anonymous outside says so here, and has told us who it is all the same
    // (RFC 3323 §4.1.1.3).
    const bool anonymous =
        sip.sip_request->rq_method == sip_method_invite && text_of(claimed.url_host) == "anonymous.invalid";
    if (!anonymous && (text_of(claimed.url_user) != sender->extension ||
                       !transports.is_ours(text_of(claimed.url_host)))) {
        const std::string_view why = registration ? "To is not the address of the credentials"
                                                  : "From is not the address of the credentials";
        Refused refused;
        refused.rejection = {403, {}, {}};
        refused.rejection.headers = "Warning: 399 lampline \"" + std::string{why} + "\"\r\n";
        return refused;
    }
    return outcome;
}

}  // namespace lampline::sip
