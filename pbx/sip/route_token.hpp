#pragma once
// The parameter of our Record-Route that says, signed, which dialog it is part of and where its two
// sides are. So requests in the dialog find their way without a table, over a restart too, and
// nobody else's do (RFC 3261 §16.6 step 4; RFC 5626 §5.1 has such tokens for flows).
#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/sip_types.hpp"

namespace lampline::sip {

using RouteKey = std::array<unsigned char, 16>;

/// The two sides of a proxied dialog.
struct DialogSides {
    Flow caller;
    Flow callee;
    /// Of a subscription, whose right to it is looked up each time; both empty: it is a call.
    std::string watcher{}, member{};

    friend bool operator==(const DialogSides&, const DialogSides&) = default;
};

/// Signs with SipHash-2-4, 128 bits cut to 96. Any thread.
class RouteTokens {
public:
    explicit RouteTokens(const RouteKey& key) noexcept : key_{key} {}

    /// Characters that a URI parameter may have as they are. nullopt: a host is no numeric address.
    [[nodiscard]] std::optional<std::string>
    write(const DialogSides& sides, std::string_view call_id, std::string_view caller_tag) const;
    /// nullopt: not signed by us for this dialog.
    [[nodiscard]] std::optional<DialogSides> read(std::string_view token, std::string_view call_id,
                                                  std::string_view caller_tag) const;
    /// A short signature of any text.
    [[nodiscard]] std::uint64_t sign(std::string_view text) const noexcept;

private:
    static constexpr std::size_t mark_size = 12;
    using Mark = std::array<unsigned char, 16>;

    [[nodiscard]] Mark mark(std::span<const unsigned char> sides, std::string_view call_id,
                            std::string_view caller_tag) const;

    RouteKey key_;
};

}  // namespace lampline::sip
