#include "core/message_summary.hpp"

namespace lampline {

std::string write_message_summary(const MessageCounts& counts, std::string_view account)
{
    std::string body{"Messages-Waiting: "};
    body += counts.fresh > 0 ? "yes" : "no";
    body.append("\r\nMessage-Account: ").append(account).append("\r\nVoice-Message: ");
    body += std::to_string(counts.fresh) + "/" + std::to_string(counts.old);
    if (counts.urgent_fresh > 0 || counts.urgent_old > 0)
        body += " (" + std::to_string(counts.urgent_fresh) + "/" +
                std::to_string(counts.urgent_old) + ")";
    return body += "\r\n";
}

}  // namespace lampline
