#pragma once
// A trunk as calls use it: its rules compiled once.
#include <optional>
#include <string>
#include <string_view>

#include "core/number_patterns.hpp"
#include "core/trunk.hpp"

namespace lampline {

/// Immutable, any thread. Addresses are in their canonical form, and credentials know whose they
/// are.
class TrunkRules {
public:
    /// Rules that NumberPatterns finds fault with are left out.
    explicit TrunkRules(Trunk trunk);

    [[nodiscard]] const Trunk& trunk() const noexcept { return *trunk_; }
    [[nodiscard]] const TrunkRef& shared() const noexcept { return trunk_; }

    struct Inbound {
        std::string destination;  ///< what is dialled
        bool outside = false;     ///< it may lead to outside again
        std::string on_behalf_of{};  ///< by whose rights; empty: nobody's
    };
    /// Who is meant by `number`, called from outside; nullopt: nobody.
    [[nodiscard]] std::optional<Inbound> inbound(std::string_view number) const;
    /// What is shown outside for `extension`: its own number, the main one, or the username.
    [[nodiscard]] std::string number_of(std::string_view extension) const;

private:
    TrunkRef trunk_;
    NumberPatterns inbound_;
    NumberPatterns numbers_;
};

}  // namespace lampline
