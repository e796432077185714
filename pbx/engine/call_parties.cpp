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

void CallEngine::rename(const Directory& before, Outbox& outbox)
{
    for (const auto* extension : directory_->extensions()) {
        const auto* known = before.find(extension->number);
        if (!known || known->display_name == extension->display_name) continue;
        for (const auto ref : occupancy_.calls_of(extension->number))
            rename(*calls_.at(ref), *known, extension->display_name, outbox);
    }
}

void CallEngine::rename(Call& call, const Extension& known, const std::string& display_name,
                        Outbox& outbox)
{
    const auto uri = extension_uri(known.number, directory_->domain());
    std::vector<std::string> names{known.display_name};
    for (const auto& leg : call.legs)  // its phone's own, where the directory had none
        if (leg.extension == known.number) names.push_back(leg.phone.display_name);
    const auto takes_name = [&](NameAddr& party) {
        const bool is_it =
            party.uri == uri && std::ranges::find(names, party.display_name) != names.end();
        if (is_it) party.display_name = display_name;
        return is_it;
    };
    if (call.hunting) takes_name(call.hunting->invitation.from);  // for who rings later
    for (auto& leg : call.legs) {
        const bool itself = takes_name(leg.phone);
        const bool other = takes_name(leg.other);
        const bool unseen = leg.slot && leg.state == LegState::trying;  // not parked in yet
        if ((itself || other) && !unseen && leg.state != LegState::terminated)
            announce(leg, outbox);
    }
    call.unsaved = call.unsaved || call.kept;
    keep(call, outbox);
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

const Binding* CallEngine::addressed_phone(const SipUri& uri) const
{
    const bool numeric = uri.host.starts_with('[') || is_numeric_address(uri.host);
    const bool number = uri.scheme == UriScheme::tel ||
                        (!numeric && same_word(uri.host, directory_->domain()));
    return number ? nullptr : locations_.find(uri);
}

std::string CallEngine::dialled_by(const InviteReceived& invite) const
{
    const auto* phone = addressed_phone(invite.request_uri);
    return phone ? phone->aor : extension_of(invite.request_uri);
}

std::optional<CallEngine::Called> CallEngine::called_by(const SipUri& uri) const
{
    if (const auto* phone = addressed_phone(uri)) return Called{phone->aor, phone};
    Called called{extension_of(uri)};
    if (uri.scheme == UriScheme::tel) {
        // Dialled here like that of an INVITE, but where it says whose it is.
        const auto context = uri.param("phone-context");
        if (context && !context->starts_with('+') && !is_own_host(*context)) return std::nullopt;
        return called;
    }
    if (is_own_host(uri.host)) return called;
    if (!directory_->serves_elsewhere(uri.host)) return std::nullopt;
    called.domain = uri.host;
    return called;
}

std::optional<CallEngine::Called> CallEngine::called_in(const Call& call) const
{
    if (call.called_at) return called_by(*call.called_at);
    return Called{call.dialled};
}

}  // namespace lampline
