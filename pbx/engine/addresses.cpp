#include "engine/addresses.hpp"

#include <algorithm>
#include <span>

#include "base/text.hpp"
#include "core/extension_uri.hpp"
#include "core/numeric_address.hpp"
#include "core/presented_number.hpp"
#include "engine/displays.hpp"

namespace lampline {

bool Addresses::is_own_host(std::string_view host) const
{
    return same_host(host, directory_->domain()) ||
           std::ranges::any_of(hosts_,
                               [&](const std::string& own) { return same_host(host, own); });
}

bool Addresses::is_number_here(const SipUri& uri) const
{
    return !uri.user.empty() && (uri.scheme == UriScheme::tel || is_own_host(uri.host)) &&
           !is_of_other_plan(uri);
}

bool Addresses::is_of_other_plan(const SipUri& uri) const
{
    const auto context = phone_context(uri);
    return context && !context->starts_with('+') && !is_own_host(*context);
}

const Binding* Addresses::addressed_phone(const SipUri& uri) const
{
    const bool numeric = uri.host.starts_with('[') || is_numeric_address(uri.host);
    const bool number = uri.scheme == UriScheme::tel ||
                        (!numeric && same_word(uri.host, directory_->domain()));
    return number ? nullptr : locations_.find(uri);
}

std::string Addresses::dialled_by(const InviteReceived& invite) const
{
    const auto* phone = addressed_phone(invite.request_uri);
    return phone ? phone->aor : extension_of(invite.request_uri);
}

std::optional<Called> Addresses::called_by(const SipUri& uri) const
{
    if (const auto* phone = addressed_phone(uri)) return Called{phone->aor, phone};
    Called called{extension_of(uri)};
    if (uri.scheme == UriScheme::tel || is_own_host(uri.host)) {
        if (is_of_other_plan(uri)) return std::nullopt;
        return called;
    }
    if (!directory_->serves_elsewhere(uri.host)) return std::nullopt;
    called.domain = uri.host;
    return called;
}

std::optional<Called> Addresses::called_in(const Call& call) const
{
    if (call.called_at) return called_by(*call.called_at);
    return Called{call.dialled};
}

NameAddr Addresses::party_of(std::string_view number, std::string_view own_display_name) const
{
    const auto* extension = directory_->find(number);
    const auto* group = directory_->find_ring_group(number);
    NameAddr address;
    address.display_name = own_display_name;
    if (extension && !extension->display_name.empty())
        address.display_name = extension->display_name;
    else if (group && !group->display_name.empty())
        address.display_name = group->display_name;
    address.uri = extension_uri(number, directory_->domain());
    return address;
}

std::string Addresses::number_shown_by(const InviteReceived& input)
{
    if (!input.trunk.empty() && !same_host(input.parties.from.uri.host, input.request_uri.host))
        return {};
    return presented_number(input.parties.from, input.payload ? std::span{input.payload->headers}
                                                              : std::span<Header>{});
}

std::string Addresses::number_shown_by(const Leg& leg) const
{
    const auto& shown = presented(leg);
    if (!leg.trunk.empty() && !same_host(shown.uri.host, directory_->domain())) return {};
    return presented_number(shown, {});
}

Header Addresses::warning_of(std::string_view text) const
{
    auto value = "399 " + directory_->domain() + " \"";
    for (const char c : text) {
        if (c == '"' || c == '\\') value += '\\';
        if (c == '\t' || (c >= ' ' && c != 0x7f)) value += c;
    }
    return {"Warning", value + '"'};
}

}  // namespace lampline
