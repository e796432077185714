#pragma once
// The messages of a call with secrets in them, for tests.
#include "core/sip_trace.hpp"
#include "unit/db/call_records.hpp"

namespace lampline::testing {

inline PacketAddress four(std::uint8_t last, std::uint16_t port)
{
    PacketAddress address;
    address.bytes = {192, 0, 2, last};
    address.port = port;
    return address;
}

inline PacketAddress six(std::uint8_t last, std::uint16_t port)
{
    PacketAddress address;
    address.bytes = {0x20, 0x01, 0x0d, 0xb8};
    address.bytes[15] = last;
    address.port = port;
    address.six = true;
    return address;
}

/// 201 at 192.0.2.7 calls 202 at [2001:db8::8], over UDP and TCP.
inline SipTraceRef traced_call()
{
    auto trace = std::make_shared<SipTrace>();
    trace->record = CallRecordId{6963200000503809};
    trace->dialogs = {{"c1@phone", "201", PartKind::caller, false},
                      {"c2@us", "202", PartKind::called, true}};
    const auto us = four(1, 5060);
    trace->messages = {
        {{wall(0), true, Transport::udp, us, four(7, 5062)},
         0,
         false,
         "INVITE sip:202@office.test SIP/2.0\r\nAuthorization: Digest username=\"201\", "
         "response=\"0123abcd\"\r\n\r\nv=0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 "
         "inline:c2VjcmV0\r\n"},
        {{wall(1), true, Transport::udp, us, four(7, 5062)}, 0, true, "INVITE again \xF6\r\n\r\n"},
        {{wall(2), false, Transport::tcp, six(1, 5060), six(8, 5064)},
         1,
         false,
         "INVITE sip:202@[2001:db8::8] SIP/2.0\r\n\r\n"},
    };
    return trace;
}

}  // namespace lampline::testing
