#include "web/ticket_box.hpp"

#include "admin/secret.hpp"

namespace lampline::web {

std::optional<std::string> TicketBox::issue(admin::Bearer bearer, TimePoint now)
{
    drop_old(now);
    if (tickets_.size() >= max_tickets) return std::nullopt;
    auto ticket = admin::make_token();
    ticket.replace(0, 2, "lt");  // tokens begin with ll_
    tickets_.insert_or_assign(admin::sha256(ticket), Ticket{std::move(bearer), now + lifetime});
    return ticket;
}

std::optional<admin::Bearer> TicketBox::redeem(std::string_view ticket, TimePoint now)
{
    drop_old(now);
    auto found = tickets_.extract(admin::sha256(ticket));
    if (!found) return std::nullopt;
    return std::move(found.mapped().bearer);
}

void TicketBox::drop_old(TimePoint now)
{
    std::erase_if(tickets_, [&](const auto& each) { return each.second.expires_at <= now; });
}

}  // namespace lampline::web
