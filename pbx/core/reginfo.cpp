#include "core/reginfo.hpp"

#include <algorithm>

#include "core/dialog_info.hpp"

namespace lampline {
namespace {

std::string q_text(unsigned thousandths)
{
    if (thousandths >= 1000) return "1";
    std::string digits = std::to_string(1000 + thousandths).substr(1);
    while (digits.size() > 1 && digits.back() == '0') digits.pop_back();
    return "0." + digits;
}

void append_contact(std::string& text, const RegisteredContact& contact, std::string_view state,
                    std::string_view event)
{
    text.append("<contact id=\"").append(escape_xml(contact.id)).append("\" state=\"");
    text.append(state).append("\" event=\"").append(event).append("\" q=\"");
    text.append(q_text(contact.q_thousandths)).append("\"><uri>");
    text.append(escape_xml(contact.uri)).append("</uri></contact>\r\n");
}

/// The document with `elements` as the contacts.
RegInfoText document(std::string_view aor, std::string_view id, bool full, bool active,
                     std::string_view elements)
{
    RegInfoText text{"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n"
                     "<reginfo xmlns=\"urn:ietf:params:xml:ns:reginfo\" version=\"",
                     "\" state=\""};
    text.tail += full ? "full" : "partial";
    text.tail.append("\">\r\n<registration aor=\"").append(escape_xml(aor)).append("\" id=\"");
    text.tail.append(escape_xml(id)).append("\" state=\"");
    // Terminated is but the moment of leaving, init what is before and after (RFC 3680 §4.7.1).
    text.tail += active ? "active" : full ? "init" : "terminated";
    text.tail.append("\">\r\n").append(elements).append("</registration>\r\n</reginfo>\r\n");
    return text;
}

/// nullptr: it is not there.
const RegisteredContact* find(std::span<const RegisteredContact> contacts, std::string_view id)
{
    const auto found = std::ranges::find(contacts, id, &RegisteredContact::id);
    return found == contacts.end() ? nullptr : &*found;
}

}  // namespace

std::vector<RegisteredContact> registered_contacts(std::span<const Binding> bindings)
{
    std::vector<RegisteredContact> contacts;
    contacts.reserve(bindings.size());
    for (const auto& binding : bindings) {
        auto uri = write(binding.contact);
        auto id = std::to_string(binding.generation) + "-" +
                  std::to_string(std::hash<std::string>{}(uri));
        contacts.push_back(
            {std::move(id), std::move(uri), binding.q_thousandths, binding.expires_at});
    }
    return contacts;
}

RegInfoText write_reginfo(std::string_view aor, std::string_view id,
                          std::span<const RegisteredContact> contacts)
{
    std::string elements;
    for (const auto& contact : contacts) append_contact(elements, contact, "active", "registered");
    return document(aor, id, true, !contacts.empty(), elements);
}

std::vector<RegInfoText> write_reginfo_in_parts(std::string_view aor, std::string_view id,
                                                std::span<const RegisteredContact> contacts,
                                                std::size_t room)
{
    constexpr std::size_t longest_version = 10;
    const auto around = document(aor, id, false, true, {});
    const std::size_t taken = around.head.size() + longest_version + around.tail.size();
    const std::size_t most = room > taken ? room - taken : 0;
    std::vector<RegInfoText> parts;
    std::string elements;
    const auto finish_part = [&] {
        parts.push_back(document(aor, id, parts.empty(), !contacts.empty(), elements));
        elements.clear();
    };
    for (const auto& contact : contacts) {
        std::string element;
        append_contact(element, contact, "active", "registered");
        if (element.size() > most) {
            auto shorter = contact;
            shorter.uri.erase(std::min(shorter.uri.find(';'), shorter.uri.size()));
            element.clear();
            append_contact(element, shorter, "active", "registered");
        }
        if (!elements.empty() && elements.size() + element.size() > most) finish_part();
        elements += element;
    }
    finish_part();
    return parts;
}

RegInfoText write_partial_reginfo(std::string_view aor, std::string_view id,
                                  std::span<const RegisteredContact> before,
                                  std::span<const RegisteredContact> contacts,
                                  std::chrono::sys_seconds now)
{
    std::string elements;
    for (const auto& contact : before)
        if (!find(contacts, contact.id))
            append_contact(elements, contact, "terminated",
                           contact.expires_at <= now ? "expired" : "unregistered");
    for (const auto& contact : contacts) {
        const auto* known = find(before, contact.id);
        if (!known)
            append_contact(elements, contact, "active", "registered");
        else if (known->q_thousandths != contact.q_thousandths)
            append_contact(elements, contact, "active", "refreshed");
    }
    return document(aor, id, false, !contacts.empty(), elements);
}

}  // namespace lampline
