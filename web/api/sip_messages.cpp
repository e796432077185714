#include <boost/json.hpp>

#include "web/api/request.hpp"
#include "web/api/text.hpp"
#include "web/api/time_text.hpp"
#include "web/pcap.hpp"
#include "web/problem.hpp"

namespace lampline::web {
namespace {

namespace json = boost::json;

/// Secrets go no further than this.
SipTrace shown_trace(const SipTrace& trace)
{
    SipTrace shown = trace;
    for (auto& message : shown.messages) message.text = without_secrets(std::move(message.text));
    return shown;
}

json::object party(std::string_view role, const std::string& extension, const std::string& address)
{
    return {{"role", role},
            {"extension", text_or_null(extension)},
            {"address", address}};
}

json::object shown(const TracedMessage& message, const TracedDialog& dialog)
{
    const auto& head = message.head;
    const auto phone = party(word(dialog.kind), dialog.extension, write(head.remote));
    const auto us = party("exchange", {}, write(head.local));
    const auto first_line = message.text.substr(0, message.text.find_first_of("\r\n"));
    return {{"at", time_text(head.at)},
            {"direction", head.received ? "received" : "sent"},
            {"from", head.received ? phone : us},
            {"to", head.received ? us : phone},
            {"transport", name(head.transport)},
            {"call_id", dialog.sip_call_id},
            {"first_line", first_line},
            {"repeated", message.repeated},
            {"text", message.text}};
}

HttpResponse none_kept()
{
    return problem(404, "unknown", "no messages of such a call are kept");
}

}  // namespace

ApiAnswer get_ladder(const ApiRequest& request)
{
    if (!request.trace) return {none_kept()};
    const auto trace = shown_trace(*request.trace);
    json::array messages;
    for (const auto& message : trace.messages)
        messages.push_back(shown(message, trace.dialogs.at(message.dialog)));
    bool truncated = false;
    for (const auto& dialog : trace.dialogs) truncated = truncated || dialog.truncated;
    return {json_answer(200, {{"id", write(trace.record)},
                              {"truncated", truncated},
                              {"messages", std::move(messages)}})};
}

ApiAnswer get_pcap(const ApiRequest& request)
{
    if (!request.trace) return {none_kept()};
    HttpResponse response{200, {}, pcap_of(shown_trace(*request.trace))};
    response.fields.add("Content-Type", "application/vnd.tcpdump.pcap");
    response.fields.add("Content-Disposition",
                        "attachment; filename=\"call-" + write(request.trace->record) + ".pcap\"");
    return {std::move(response)};
}

}  // namespace lampline::web
