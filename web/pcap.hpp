#pragma once
// The messages of a call as a capture file.
#include <string>

#include "core/sip_trace.hpp"

namespace lampline::web {

/// A file in libpcap format (LINKTYPE_RAW, microseconds): each message in one IP and UDP packet
/// with right checksums, also where it went over TCP. A message that does not fit is cut.
std::string pcap_of(const SipTrace& trace);

}  // namespace lampline::web
