#include "support/scenario/values.hpp"

namespace lampline::test {

PayloadRef sdp_payload(std::string_view sdp)
{
    if (sdp.empty()) return nullptr;
    return std::make_shared<const Payload>(Payload{"application/sdp", std::string{sdp}, {}});
}

SipUri address_of(std::string_view number)
{
    SipUri uri;
    uri.user = number;
    uri.host = scenario_domain;
    return uri;
}

std::string_view word(Method method)
{
    switch (method) {
    case Method::invite: return "INVITE";
    case Method::ack: return "ACK";
    case Method::bye: return "BYE";
    case Method::cancel: return "CANCEL";
    case Method::options: return "OPTIONS";
    case Method::info: return "INFO";
    case Method::update: return "UPDATE";
    case Method::prack: return "PRACK";
    case Method::notify: return "NOTIFY";
    case Method::subscribe: return "SUBSCRIBE";
    case Method::message: return "MESSAGE";
    case Method::refer: return "REFER";
    default: return "other";
    }
}

}  // namespace lampline::test
