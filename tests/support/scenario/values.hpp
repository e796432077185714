#pragma once
// What the files of a Scenario share; not for tests.
#include <string>
#include <string_view>

#include "support/scenario.hpp"

namespace lampline::test {

inline constexpr std::string_view scenario_domain = "office.test";

/// Null: of nothing.
PayloadRef sdp_payload(std::string_view sdp);
/// Of an extension.
SipUri address_of(std::string_view number);
std::string_view word(Method method);

/// A response of a phone to an INVITE that was passed on.
struct PassedMessage : WireMessage {
    unsigned status = 0;
    std::string tag;
    PayloadRef payload;
};

template <class... Visitors>
struct Overloaded : Visitors... {
    using Visitors::operator()...;
};
template <class... Visitors>
Overloaded(Visitors...) -> Overloaded<Visitors...>;

}  // namespace lampline::test
