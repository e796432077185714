#pragma once
// All ids of the house: numbers that cannot be mistaken for each other.
#include <compare>
#include <cstdint>
#include <functional>

namespace lampline {

/// A number that names one object for the life of the process; 0 names none.
template <class Tag>
struct Id {
    std::uint64_t value{};

    constexpr explicit operator bool() const noexcept { return value != 0; }
    friend constexpr auto operator<=>(Id, Id) = default;
};

using CallRef = Id<struct CallTag>;               ///< one call, all its legs
using LegId = Id<struct LegTag>;                  ///< one dialog with one phone
using TransactionId = Id<struct TransactionTag>;  ///< a request we received and must answer
using ClientTransactionId = Id<struct ClientTransactionTag>;  ///< a request we sent
using SubscriptionId = Id<struct SubscriptionTag>;  ///< one watcher device, one watched extension
using ConnectionId = Id<struct ConnectionTag>;      ///< one accepted or opened TCP connection

/// Hands out 1, 2, 3, ...
template <class IdType>
class IdSource {
public:
    IdType next() noexcept { return IdType{++last_}; }
    /// None up to `id` is handed out any more.
    void skip_to(IdType id) noexcept
    {
        if (id.value > last_) last_ = id.value;
    }

private:
    std::uint64_t last_{};
};

}  // namespace lampline

template <class Tag>
struct std::hash<lampline::Id<Tag>> {
    std::size_t operator()(lampline::Id<Tag> id) const noexcept
    {
        return std::hash<std::uint64_t>{}(id.value);
    }
};
