#pragma once
// Calls of one leg: a phone, and what the engine says.
#include "sip_office.hpp"

namespace lampline::sip::test {

inline PayloadRef sdp(std::string body)
{
    auto payload = std::make_shared<Payload>();
    payload->content_type = "application/sdp";
    payload->body = std::move(body);
    return payload;
}

inline constexpr LegId caller_leg{1};
inline constexpr LegId callee_leg{2};
inline constexpr ClientTransactionId first_request{101};

/// An authenticated INVITE of 201 to 202, taken up as caller_leg.
inline InviteReceived open_call(Office& office, Phone& caller, std::string_view more = "",
                                std::string_view body = "v=0 offer\r\n")
{
    caller.send_authorised("INVITE", uri_of("202"), address_of("202"), more, body);
    auto invite = office.next<InviteReceived>();
    office.run(OpenDialog{invite.transaction, caller_leg, "ours"});
    return invite;
}

/// The same, answered and acknowledged. Returns the 200 as the caller saw it.
inline Message answer_call(Office& office, Phone& caller)
{
    const auto invite = open_call(office, caller);
    office.run(
        Reply{.transaction = invite.transaction, .status = 200, .payload = sdp("v=0 answer\r\n")});
    auto success = caller.receive_beyond_100();
    REQUIRE(success.status() == 200);
    caller.acknowledge_success(success);
    office.next<AckReceived>();
    return success;
}

inline SendInvite invite_to(const Phone& phone, ConnectionId connection = {})
{
    SendInvite command;
    command.leg = callee_leg;
    command.transaction = first_request;
    command.target = {*SipUri::parse(phone.contact()), {}, phone.flow(connection)};
    command.from = {"Anna Lee", *SipUri::parse(uri_of("201"))};
    command.to = {"", *SipUri::parse(uri_of(phone.number()))};
    command.local_tag = "pbx";
    command.call_id = fmt::format("out-{}", phone.call_id);
    command.max_forwards = 69;
    command.supported = OptionTag::timer | OptionTag::reliable;
    command.session_timer = {1800s, Refresher::uas, 90s};
    command.headers = {{"Alert-Info", "<urn:alert:source:internal>"}};
    command.payload = sdp("v=0 offer\r\n");
    return command;
}

/// A call of ours to `phone`, answered and acknowledged.
inline void answer_at(Office& office, Phone& phone)
{
    office.run(invite_to(phone));
    phone.reply(phone.receive(), 200, "OK", "", "v=0 answer\r\n");
    CHECK(office.next<ResponseReceived>().status == 200);
    office.run(SendAck{callee_leg, first_request, nullptr});
    CHECK(phone.receive().method() == "ACK");
}

/// A request of the phone within the dialog that we started with it.
inline std::string request_of_callee(Phone& phone, const Office& office, std::string_view method,
                                     unsigned cseq, std::string_view more = "",
                                     std::string_view body = "")
{
    return fmt::format(
        "{} sip:201@127.0.0.1:{} SIP/2.0\r\n{}\r\nMax-Forwards: 70\r\nFrom: {};tag=callee\r\n"
        "To: {};tag=pbx\r\nCall-ID: out-{}\r\nCSeq: {} {}\r\nContact: <{}>\r\n{}{}Content-Length: "
        "{}\r\n\r\n{}",
        method, office.port(Transport::udp), phone.via(), address_of(phone.number()),
        address_of("201"), phone.call_id, cseq, method, phone.contact(), more,
        body.empty() ? "" : "Content-Type: application/sdp\r\n", body.size(), body);
}

}  // namespace lampline::sip::test
