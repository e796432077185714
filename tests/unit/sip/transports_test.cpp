#include "sip/transports.hpp"

#include "sip_office.hpp"

using namespace lampline;
using namespace lampline::sip;

TEST_CASE("a phone whose connection is gone is called at the port of its contact, at its own host")
{
    const Flow flow{Transport::tcp, "192.0.2.7", 49152, {}, 0};
    const auto hop = [&](std::string_view contact) {
        return Transports::next_hop(flow, *SipUri::parse(contact));
    };
    CHECK(hop("sip:201@192.0.2.7:5070") == "sip:192.0.2.7:5070;transport=tcp");
    CHECK(hop("sip:201@192.0.2.7") == "sip:192.0.2.7:5060;transport=tcp");
    // No contact leads to somebody else.
    CHECK(hop("sip:0900@198.51.100.1:5060") == "sip:192.0.2.7:49152;transport=tcp");
    CHECK(hop("sip:0900@carrier.test") == "sip:192.0.2.7:49152;transport=tcp");
    const Flow six{Transport::tcp, "2001:db8::1", 49152, {}, 0};
    CHECK(Transports::next_hop(six, *SipUri::parse("sip:201@[2001:db8::1]:5070")) ==
          "sip:[2001:db8::1]:5070;transport=tcp");
    const Flow udp{Transport::udp, "192.0.2.7", 1024, {}, 0};
    CHECK(Transports::next_hop(udp, *SipUri::parse("sip:201@192.0.2.7:5070")) ==
          "sip:192.0.2.7:1024;transport=udp");
}
