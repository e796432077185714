// Callers who are told where the phones are, and call them by themselves (RFC 3261 §8.3).
#include "engine/call_engine.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/extension_uri.hpp"

namespace lampline {

void CallEngine::redirect(const InviteReceived& input, const Route& route,
                          std::span<const Diversion> known, Outbox& outbox)
{
    std::vector<Header> headers;
    const PhoneAddress own{input.source, input.contact, input.authenticated};
    for (const auto& binding : locations_.bindings(route.hunt.number)) {  // the highest q first
        if (locations_.is_at(binding, own)) continue;
        headers.push_back(
            {"Contact", fmt::format("<{}>;q={}.{:03}", write(binding.contact),
                                    binding.q_thousandths / 1000, binding.q_thousandths % 1000)});
    }
    if (route.diversions.size() > known.size()) {
        auto passed = input.payload ? input.payload->headers : std::vector<Header>{};
        std::erase_if(passed, [](const Header& header) {
            return header.name != "Diversion" && header.name != "History-Info";
        });
        for (auto& header : diverted_headers(passed, addresses_.dialled_by(input), route.diversions,
                                             known.size(), route.hunt.number, directory_->domain()))
            headers.push_back(std::move(header));
    }
    reject(input, 302, "Moved Temporarily", outbox, std::move(headers));
}

void CallEngine::redirect_outside(const InviteReceived& input, const Route& route, Outbox& outbox)
{
    std::vector<std::string> contacts;  // the best first
    for (const auto& wave : route.hunt.waves) {
        const auto& member = wave.members.front();
        const auto& trunk = directory_->find_trunk(member.trunk)->trunk();
        auto uri = extension_uri(member.number, trunk.domain);
        if (is_numeric_address(trunk.domain)) {
            uri.port = member.server.port;
            if (member.server.transport == Transport::tcp) uri.params = ";transport=tcp";
        }
        if (auto text = write(uri); std::ranges::find(contacts, text) == contacts.end())
            contacts.push_back(std::move(text));
    }
    std::vector<Header> headers;
    unsigned q = 10;
    for (const auto& contact : contacts) {
        headers.push_back({"Contact", fmt::format("<{}>;q={}.{}", contact, q / 10, q % 10)});
        if (q > 0) --q;
    }
    // That it was told counts as a call of the day: nothing that follows is seen.
    const auto& first = route.hunt.waves.front().members.front().trunk;
    outside_.began(route.hunt.payer, first, {}, outbox);
    outside_.ended(route.hunt.payer, first);
    reject(input, 302, "Moved Temporarily", outbox, std::move(headers));
}

}  // namespace lampline
