#pragma once
// A call of 201 to 202 that the endpoint passes on (RFC 3261 §16); the test is its engine.
#include "call_legs.hpp"

namespace lampline::sip::test {

inline constexpr ClientTransactionId branch{101};

struct Passed {
    /// `more`: header lines of the INVITE.
    explicit Passed(Transport to = Transport::udp, EndpointSettings settings = Office::quick(),
                    std::string_view more = "")
        : office{std::move(settings)}, callee{office, "202", to}
    {
        caller.send_authorised("INVITE", uri_of("202"), address_of("202"), more, "v=0 offer\r\n");
        request = office.next<InviteReceived>().transaction;
    }
    /// The INVITE as the callee's phone gets it.
    Message passes(ConnectionId connection = {})
    {
        office.run(ForwardInvite{
            .request = request,
            .caller = caller_leg,
            .leg = callee_leg,
            .transaction = branch,
            .target = {*SipUri::parse(callee.contact()), {}, callee.flow(connection)}});
        return callee.receive();
    }
    /// What the engine does with every response: it goes to the caller.
    Message passes_back(unsigned status, SessionTimer added = {})
    {
        const auto response = office.next<ResponseReceived>();
        CHECK(response.status == status);
        REQUIRE(response.message);
        office.run(ForwardResponse{
            .request = request, .message = response.message, .session_timer = added});
        return caller.receive_beyond_100();
    }

    Office office;
    Phone caller{office, "201"};
    Phone callee;
    TransactionId request;
};

}  // namespace lampline::sip::test
