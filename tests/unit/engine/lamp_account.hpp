#pragma once
// What is said of lamps: why one shows what it shows, and what happened to it.
#include "unit/engine/indication_office.hpp"

namespace lampline::test {

/// What happened to lamps, as words: "notified dark flashing".
inline std::vector<std::string> lamp_steps(const Office& office)
{
    std::vector<std::string> steps;
    for (const auto& event : office.shown)
        if (const auto* lamp = std::get_if<LampEvent>(&event.what))
            steps.push_back(std::string{name(lamp->step)}
                                .append(" ")
                                .append(name(lamp->shown))
                                .append(" ")
                                .append(name(lamp->present)));
    return steps;
}

inline AccountedPhone only_phone(const Office& office)
{
    const auto account = office.explains("201", "207");
    REQUIRE(account.phones.size() == 1);
    return account.phones.front();
}

inline AccountedLamp only_lamp(const Office& office)
{
    const auto phone = only_phone(office);
    REQUIRE(phone.lamp);
    return *phone.lamp;
}

}  // namespace lampline::test
