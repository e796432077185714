#pragma once
// What the NOTIFYs of event packages beside `dialog` are seen to say, and a change that one tells.
#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "support/scenario.hpp"

namespace lampline::test {

inline bool says(const Arrived& notify, std::string_view text)
{
    return notify.body().find(text) != std::string::npos;
}

/// So many messages wait for `number`.
inline void counts(Scenario& pbx, const std::string& number, MessageCounts messages)
{
    pbx.configures(number, [messages](Extension& extension) { extension.messages = messages; });
}

}  // namespace lampline::test
