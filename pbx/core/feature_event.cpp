#include "core/feature_event.hpp"

#include <algorithm>
#include <charconv>

#include "base/text.hpp"
#include "core/dialog_info.hpp"
#include "core/extension_uri.hpp"
#include "core/xml_element.hpp"

namespace lampline {
namespace {

constexpr std::string_view boundary = "lampline-features";
constexpr std::size_t max_number = 128;

struct ForwardingType {
    std::string_view word;
    Feature feature;
    std::string Forwarding::*number;
};
constexpr std::array forwarding_types = std::to_array<ForwardingType>({
    {"forwardImmediate", Feature::forward_always, &Forwarding::always},
    {"forwardBusy", Feature::forward_busy, &Forwarding::busy},
    {"forwardNoAns", Feature::forward_no_answer, &Forwarding::no_answer},
});

/// An xs:boolean, as phones write it; nullopt: it is none.
std::optional<bool> truth_of(std::string_view word)
{
    const auto text = lowered(word);
    if (text == "true" || text == "1") return true;
    if (text == "false" || text == "0") return false;
    return std::nullopt;
}

/// Phones write a number, or an address.
std::string number_in(std::string_view text)
{
    if (text.starts_with("sip:") || text.starts_with("sips:") || text.starts_with("tel:"))
        if (const auto uri = SipUri::parse(text)) return extension_of(*uri);
    return std::string{text};
}

std::optional<DialledFeature> read_forwarding(const XmlElement& request, bool active)
{
    const auto type = std::ranges::find(forwarding_types, request.text_of("forwardingType"),
                                        &ForwardingType::word);
    if (type == forwarding_types.end()) return std::nullopt;
    DialledFeature dialled{type->feature, {}, {}};
    if (!active) return dialled;
    dialled.number = number_in(request.text_of("forwardDN"));
    unsigned rings = 0;
    const auto count = request.text_of("ringCount");
    const auto [end, error] = std::from_chars(count.data(), count.data() + count.size(), rings);
    if (type->feature == Feature::forward_no_answer && error == std::errc{} && rings > 0 &&
        rings <= 100)
        dialled.seconds = rings * static_cast<unsigned>(ring_length.count());
    return dialled;
}

/// The document with one element about `device`.
std::string document(std::string_view element, std::string_view device, std::string_view members)
{
    std::string text{"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<"};
    text.append(element).append(
        " xmlns=\"http://www.ecma-international.org/standards/ecma-323/csta/ed3\">\r\n<device>");
    text.append(escape_xml(device)).append("</device>\r\n").append(members);
    return text.append("</").append(element).append(">\r\n");
}

std::string tagged(std::string_view name, std::string_view text)
{
    return std::string{"<"}
        .append(name)
        .append(">")
        .append(escape_xml(text))
        .append("</")
        .append(name)
        .append(">\r\n");
}

}  // namespace

std::optional<std::vector<DialledFeature>> read_feature_request(std::string_view body)
{
    const auto request = read_xml(body);
    if (!request) return std::nullopt;
    std::vector<DialledFeature> asked;
    if (request->name == "SetDoNotDisturb") {
        const auto on = truth_of(request->text_of("doNotDisturbOn"));
        if (!on) return std::nullopt;
        asked.push_back({*on ? Feature::do_not_disturb : Feature::disturb, {}, {}});
    } else if (request->name == "SetForwarding") {
        const auto active = truth_of(request->text_of("activateForward"));
        auto forwarding = read_forwarding(*request, active.value_or(false));
        if (!forwarding) return asked;
        if (!active) return std::nullopt;
        if (forwarding->number &&
            (forwarding->number->empty() || forwarding->number->size() > max_number))
            return std::nullopt;
        asked.push_back(std::move(*forwarding));
    }
    return asked;
}

std::array<std::string, 4> write_feature_events(const Forwarding& forwarding,
                                                std::string_view device)
{
    std::array<std::string, 4> documents;
    documents[0] = document("DoNotDisturbEvent", device,
                            tagged("doNotDisturbOn", forwarding.do_not_disturb ? "true" : "false"));
    for (std::size_t i = 0; i < forwarding_types.size(); ++i) {
        const auto& type = forwarding_types[i];
        const auto& number = forwarding.*type.number;
        auto members = tagged("forwardingType", type.word) +
                       tagged("forwardStatus", number.empty() ? "false" : "true") +
                       tagged("forwardTo", number);
        if (type.feature == Feature::forward_no_answer)
            members += tagged("ringCount", std::to_string(std::max<std::int64_t>(
                                               1, forwarding.no_answer_after / ring_length)));
        documents[i + 1] = document("ForwardingEvent", device, members);
    }
    return documents;
}

std::size_t feature_event_of(Feature feature) noexcept
{
    const auto type = std::ranges::find(forwarding_types, feature, &ForwardingType::feature);
    return type == forwarding_types.end()
               ? 0
               : 1 + static_cast<std::size_t>(type - forwarding_types.begin());
}

const std::string feature_events_together_type =
    std::string{"multipart/mixed;boundary="}.append(boundary);

std::string write_feature_events_together(const std::vector<std::string_view>& documents)
{
    std::string body;
    for (const auto document : documents) {
        body.append("--").append(boundary).append("\r\nContent-Type: ").append(feature_event_type);
        body.append("\r\nContent-Length: ").append(std::to_string(document.size()));
        body.append("\r\n\r\n").append(document).append("\r\n");
    }
    return body.append("--").append(boundary).append("--\r\n");
}

}  // namespace lampline
