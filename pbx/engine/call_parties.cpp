// Whose a number, a host or a contact is, and how others see it.
#include <algorithm>

#include "base/text.hpp"
#include "core/extension_uri.hpp"
#include "core/numeric_address.hpp"
#include "core/presented_number.hpp"
#include "engine/call_engine.hpp"

namespace lampline {

std::string CallEngine::number_shown_by(const InviteReceived& input)
{
    if (!input.trunk.empty() && !same_host(input.parties.from.uri.host, input.request_uri.host))
        return {};
    return presented_number(input.parties.from, input.payload ? std::span{input.payload->headers}
                                                              : std::span<Header>{});
}

std::string CallEngine::number_shown_by(const Leg& leg) const
{
    const auto& shown = presented(leg);
    if (!leg.trunk.empty() && !same_host(shown.uri.host, directory_->domain())) return {};
    return presented_number(shown, {});
}

NameAddr CallEngine::party_of(std::string_view number, std::string_view own_display_name) const
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

bool CallEngine::is_own_host(std::string_view host) const
{
    return same_host(host, directory_->domain()) ||
           std::ranges::any_of(settings_.hosts,
                               [&](const std::string& own) { return same_host(host, own); });
}

bool CallEngine::is_number_here(const SipUri& uri) const
{
    return !uri.user.empty() && (uri.scheme == UriScheme::tel || is_own_host(uri.host));
}

const Binding* CallEngine::addressed_phone(const InviteReceived& invite) const
{
    const auto& uri = invite.request_uri;
    const bool numeric = uri.host.starts_with('[') || is_numeric_address(uri.host);
    const bool number = uri.scheme == UriScheme::tel ||
                        (!numeric && same_word(uri.host, directory_->domain()));
    return number ? nullptr : locations_.find(uri);
}

std::string CallEngine::dialled_by(const InviteReceived& invite) const
{
    const auto* phone = addressed_phone(invite);
    return phone ? phone->aor : extension_of(invite.request_uri);
}

}  // namespace lampline
