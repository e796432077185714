#pragma once
// Tickets: what a browser's EventSource, which can set no header, may put into its URL.
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "admin/token_service.hpp"

namespace lampline::web {

/// A ticket stands for its owner's token once, within `lifetime`, at one door; whoever finds it in
/// a log comes too late. Kept in memory, by its digest. Belongs to one thread; time is told.
class TicketBox {
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    static constexpr std::chrono::seconds lifetime{30};
    static constexpr std::size_t max_tickets = 256;

    /// nullopt: too many are waiting to be used.
    std::optional<std::string> issue(admin::Bearer bearer, TimePoint now);
    /// Its owner; from now on nobody's. nullopt: unknown, used, or too old.
    std::optional<admin::Bearer> redeem(std::string_view ticket, TimePoint now);

private:
    struct Ticket {
        admin::Bearer bearer;
        TimePoint expires_at;
    };
    void drop_old(TimePoint now);

    std::unordered_map<std::string, Ticket> tickets_;  // by digest
};

}  // namespace lampline::web
