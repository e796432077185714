#pragma once
// What phones publish of 102, or of themselves.
#include <string>

#include "support/scenario.hpp"

namespace lampline::test {

inline std::string document(const std::string& dialogs, const std::string& state = "full",
                            const std::string& number = "102")
{
    return "<?xml version=\"1.0\"?><dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" "
           "version=\"0\" state=\"" +
           state + "\" entity=\"sip:" + number + "@office.test\">" + dialogs + "</dialog-info>";
}

inline std::string dialog(const std::string& id, const std::string& call_id,
                          const std::string& state)
{
    return "<dialog id=\"" + id + "\" call-id=\"" + call_id +
           "\" local-tag=\"l\" remote-tag=\"r\" direction=\"recipient\"><state>" + state +
           "</state><remote><identity display=\"Zoe\">sip:555@elsewhere.test</identity></remote>"
           "</dialog>";
}

inline Publishing dialogs(const std::string& body, std::string if_match = {})
{
    return {.event = "dialog",
            .to = "102",
            .if_match = std::move(if_match),
            .content_type = "application/dialog-info+xml",
            .body = body};
}

/// What a NOTIFY of call-info says beside the appearances of 102 that are named: that all others
/// are idle.
inline const std::string rest_idle =
    "<sip:102@office.test>;appearance-index=*;appearance-state=idle";

/// Published and accepted; the entity-tag.
inline std::string published(Phone& phone, const Publishing& publishing)
{
    phone.publishes(publishing);
    return phone.receives(200U).value("SIP-ETag");
}

}  // namespace lampline::test
