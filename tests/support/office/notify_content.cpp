#include "support/office/notify_content.hpp"

#include "support/list_notify_reader.hpp"

namespace lampline::test {
namespace {

/// All of a document but its version.
std::string words_of(const DialogInfo& document)
{
    std::string text;
    for (const auto& one : document.dialogs)
        for (const auto& word : {one.id, one.call_id, one.local_tag, one.remote_tag, one.direction,
                                 one.state, one.event, one.local_identity, one.local_display,
                                 one.local_target, one.remote_identity, one.remote_display,
                                 one.remote_target, std::string{one.rendered ? "" : "held"}})
            text.append(word).append("\n");
    return text;
}

}  // namespace

std::string body_of(const SendNotify& notify)
{
    if (!notify.body_head) return {};
    if (!notify.body_tail) return *notify.body_head;
    return *notify.body_head + std::to_string(notify.version) + *notify.body_tail;
}

std::string dialog_of(const SendNotify& notify)
{
    const auto& from = notify.dialog->from;
    return notify.dialog->call_id + from.substr(from.find(";tag="));
}

std::string package_of(const SendNotify& notify)
{
    return notify.dialog->event.substr(0, notify.dialog->event.find(';'));
}

bool is_list(const SendNotify& notify)
{
    return notify.dialog->require != OptionTag::none;
}

bool is_last(const SendNotify& notify)
{
    return notify.subscription_state.starts_with("terminated");
}

std::map<std::string, std::string> features_in(const std::string& body)
{
    std::map<std::string, std::string> documents;
    for (auto begin = body.find("<?xml"); begin != std::string::npos;) {
        const auto next = body.find("<?xml", begin + 1);
        const auto document = body.substr(begin, next - begin);
        std::string about = "doNotDisturb";
        for (const std::string type : {"forwardImmediate", "forwardBusy", "forwardNoAns"})
            if (document.find(">" + type + "<") != std::string::npos) about = type;
        documents[about] = document.substr(0, document.find("Event>") + 6);
        begin = next;
    }
    return documents;
}

std::map<std::string, std::string> contacts_in(const std::string& body)
{
    const auto value = [&](std::string_view name, std::size_t from) {
        const auto begin = body.find(name, from) + name.size();
        return body.substr(begin, body.find_first_of("\"<", begin) - begin);
    };
    std::map<std::string, std::string> contacts;
    for (auto at = body.find("<contact "); at != std::string::npos;
         at = body.find("<contact ", at + 1))
        contacts[value("id=\"", at)] =
            value("state=\"", at) == "active" ? value("<uri>", at) : std::string{};
    return contacts;
}

bool is_full_reginfo(const std::string& body)
{
    return body.find("\" state=\"full\"") != std::string::npos;
}

std::map<std::string, std::string> said_in(const SendNotify& notify)
{
    std::map<std::string, std::string> parts;
    if (is_list(notify)) {
        for (const auto& one : read_list(notify.content_type, *notify.body_head).resources)
            parts[one.uri] = one.state + (one.document ? words_of(*one.document) : "");
        return parts;
    }
    if (package_of(notify) == "as-feature-event") return features_in(body_of(notify));
    auto& all = parts[""];
    if (notify.body_head) all += *notify.body_head;
    if (notify.body_tail) all += *notify.body_tail;
    for (const auto& header : notify.headers) all += header.name + ": " + header.value + "\n";
    return parts;
}

}  // namespace lampline::test
