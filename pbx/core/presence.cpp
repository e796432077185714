#include "core/presence.hpp"

#include "core/dialog_info.hpp"

namespace lampline {
namespace {

struct Words {
    std::string_view note;      // as Asterisk writes it: softphones look for these words
    std::string_view activity;  // element of RFC 4480 §3.2; empty: none
};

Words words_of(const PresenceState& state)
{
    if (state.talking) return {"On the phone", "on-the-phone"};
    if (state.ringing) return {"Ringing", "busy"};
    if (state.do_not_disturb) return {"Do not disturb", "busy"};
    return state.reachable ? Words{"Ready", {}} : Words{"Not online", {}};
}

/// Who calls with a phone that is not registered is there all the same.
std::string_view basic(const PresenceState& state)
{
    return state.reachable || state.talking ? "open" : "closed";
}

}  // namespace

std::string write_presence(const PresenceState& state, std::string_view entity)
{
    const auto [note, activity] = words_of(state);
    const std::string address = escape_xml(entity);
    std::string text{"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n"
                     "<presence xmlns=\"urn:ietf:params:xml:ns:pidf\""
                     " xmlns:dm=\"urn:ietf:params:xml:ns:pidf:data-model\""
                     " xmlns:rpid=\"urn:ietf:params:xml:ns:pidf:rpid\" entity=\""};
    text.append(address).append("\">\r\n<tuple id=\"line\"><status><basic>");
    text += basic(state);
    text.append("</basic></status><contact>").append(address).append("</contact><note>");
    text.append(note).append("</note></tuple>\r\n<dm:person id=\"person\"><rpid:activities>");
    if (!activity.empty()) text.append("<rpid:").append(activity).append("/>");
    text.append("</rpid:activities><dm:note>").append(note);
    return text += "</dm:note></dm:person>\r\n</presence>\r\n";
}

std::string write_presence(const PresenceState& state, std::string_view entity, ListedPresence form)
{
    const auto [note, activity] = words_of(state);
    std::string text{"<presence xmlns=\"urn:ietf:params:xml:ns:pidf\" entity=\""};
    text.append(escape_xml(entity)).append("\"><tuple id=\"line\"><status><basic>");
    text.append(basic(state)).append("</basic></status><note>").append(note);
    text += "</note></tuple>";
    if (form == ListedPresence::with_activity && !activity.empty())
        text.append("<person xmlns=\"urn:ietf:params:xml:ns:pidf:data-model\" id=\"person\">"
                    "<activities xmlns=\"urn:ietf:params:xml:ns:pidf:rpid\"><")
            .append(activity)
            .append("/></activities></person>");
    return text += "</presence>";
}

}  // namespace lampline
