#pragma once
// An office whose calls are routed, and what is said of where they go.
#include <doctest/doctest.h>

#include "engine/router.hpp"

namespace lampline::routing {

using namespace std::chrono_literals;

/// Extensions 201 to 209, the first five registered once.
struct Office {
    Office()
    {
        for (int n = 201; n <= 209; ++n) forwarding[std::to_string(n)] = {};
        for (int n = 201; n <= 205; ++n) registers(std::to_string(n));
    }

    Flow registers(const std::string& number, unsigned q = 1000)
    {
        Binding binding;
        binding.aor = number;
        binding.flow = {Transport::udp, "192.0.2.1", port++, {}, 0};
        binding.contact = *SipUri::parse("sip:" + number + "@192.0.2.1:" + std::to_string(port));
        binding.q_thousandths = q;
        locations.put(binding);
        return binding.flow;
    }

    Route decide(std::string_view from, std::string_view dialled, const Flow* own = nullptr,
                 std::vector<Diversion> diversions = {},
                 std::optional<std::string_view> caller = {})
    {
        std::vector<Extension> extensions;
        for (const auto& [number, wishes] : forwarding)
            extensions.push_back({number, {}, {}, {}, wishes});
        for (auto& each : extensions)
            if (const auto mode = modes.find(each.number); mode != modes.end())
                each.mode = mode->second;
        const Directory directory{"office.test",
                                  extensions,
                                  {},
                                  Numbering{.feature_codes = codes,
                                            .ring_groups = groups,
                                            .digit_plan = DigitPlan{rules}}};
        const PhoneAddress phone{own ? *own : Flow{}, {}, std::string{from}};
        return route({from, dialled, own ? &phone : nullptr, diversions, caller},
                     {directory, locations, occupancy, order, trunks, outside});
    }

    std::map<std::string, Forwarding> forwarding;
    std::map<std::string, CallMode> modes;
    std::vector<RingGroup> groups;
    DigitRules rules;
    FeatureCodes codes;
    LocationTable locations;
    Occupancy occupancy;
    HuntOrder order{[](std::uint32_t) { return 0U; }};
    ConfiguredTrunkStates trunks;
    OutsideUse outside;
    std::uint16_t port = 5060;
};

inline std::string told(const Route& route)
{
    std::string text;
    for (const auto& step : route.steps) text += words(step) + ". ";
    return text;
}

inline void rejected(const Route& route, unsigned status, std::string_view phrase)
{
    CHECK(route.kind == RouteKind::reject);
    CHECK(route.status == status);
    CHECK(route.phrase == phrase);
}

inline void rings(const Route& route, std::string_view number)
{
    CHECK(route.kind == RouteKind::hunt);
    CHECK(route.hunt.number == number);
    CHECK(route.hunt.waves.size() == 1);
}

inline CallerException exception(CallerMatch match, std::string caller, CallerTreatment treatment,
                                 std::string to = {})
{
    return {match, std::move(caller), treatment, std::move(to)};
}

}  // namespace lampline::routing
