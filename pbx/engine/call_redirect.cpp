// Callers who are told where the phones are, and call them by themselves (RFC 3261 §8.3).
#include "engine/call_engine.hpp"

#include <fmt/format.h>

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
        for (auto& header : diverted_headers(passed, dialled_by(input), route.diversions,
                                             known.size(), route.hunt.number, directory_->domain()))
            headers.push_back(std::move(header));
    }
    reject(input, 302, "Moved Temporarily", outbox, std::move(headers));
}

}  // namespace lampline
