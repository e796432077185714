#include <doctest/doctest.h>

#include "web/ticket_box.hpp"

using namespace lampline;
using web::TicketBox;

namespace {

const TicketBox::TimePoint start{std::chrono::hours{1}};
const admin::Bearer anna{"anna", admin::Role::receptionist, "d1"};

}  // namespace

TEST_CASE("a ticket opens once, within its lifetime, and only if it is one")
{
    TicketBox tickets;
    const auto ticket = tickets.issue(anna, start).value();
    CHECK(ticket.starts_with("lt_"));
    CHECK(ticket.size() > 30);
    CHECK_FALSE(tickets.redeem("lt_other", start));
    const auto owner = tickets.redeem(ticket, start + TicketBox::lifetime / 2);
    REQUIRE(owner);
    CHECK(owner->name == "anna");
    CHECK(owner->digest == "d1");
    CHECK_FALSE(tickets.redeem(ticket, start + TicketBox::lifetime / 2));
    const auto late = tickets.issue(anna, start).value();
    CHECK(late != ticket);
    CHECK_FALSE(tickets.redeem(late, start + TicketBox::lifetime));
}

TEST_CASE("unused tickets are bounded, and make room when they are too old")
{
    TicketBox tickets;
    for (std::size_t i = 0; i < TicketBox::max_tickets; ++i) CHECK(tickets.issue(anna, start));
    CHECK_FALSE(tickets.issue(anna, start));
    CHECK(tickets.issue(anna, start + TicketBox::lifetime));
}
