#include "core/trunk_rules.hpp"

namespace lampline {
namespace {

template <class Rule>
NumberPatterns compiled(std::vector<Rule>& rules, std::string Rule::*becomes)
{
    std::erase_if(rules, [&](const Rule& rule) {
        return NumberPatterns::fault_of({rule.pattern, rule.*becomes}).has_value();
    });
    std::vector<NumberPatterns::Rule> patterns;
    patterns.reserve(rules.size());
    for (const auto& rule : rules) patterns.push_back({rule.pattern, rule.*becomes});
    return NumberPatterns{std::move(patterns)};
}

}  // namespace

TrunkRules::TrunkRules(Trunk trunk)
    : inbound_{compiled(trunk.inbound, &InboundNumber::destination)}, numbers_{compiled(
                                                                          trunk.caller_id.numbers,
                                                                          &NumberRule::number)}
{
    for (auto& server : trunk.servers) server.host = canonical_address(server.host);
    for (auto& source : trunk.sources) source = canonical_address(source);
    if (trunk.credentials) {
        auto credentials = *trunk.credentials;
        credentials.trunk = trunk.name;
        trunk.credentials = std::make_shared<const TrunkCredentials>(std::move(credentials));
    }
    trunk_ = std::make_shared<const Trunk>(std::move(trunk));
}

std::optional<TrunkRules::Inbound> TrunkRules::inbound(std::string_view number) const
{
    auto found = inbound_.find(number);
    if (!found) return std::nullopt;
    const auto& rule = trunk_->inbound[found->rule];
    return Inbound{std::move(found->number), rule.outside, rule.on_behalf_of};
}

std::string TrunkRules::number_of(std::string_view extension) const
{
    if (auto found = numbers_.find(extension)) return std::move(found->number);
    if (!trunk_->caller_id.main_number.empty()) return trunk_->caller_id.main_number;
    if (trunk_->credentials) return trunk_->credentials->username;
    return std::string{extension};
}

}  // namespace lampline
