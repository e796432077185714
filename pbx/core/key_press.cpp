#include "core/key_press.hpp"

#include <algorithm>
#include <charconv>

#include "base/text.hpp"
#include "core/xml_parser.hpp"

namespace lampline {
namespace {

constexpr std::string_view keys = "0123456789*#ABCD";
constexpr std::size_t max_document = 4096;
constexpr std::size_t max_digits = 64;
constexpr std::string_view response_namespace = "urn:ietf:params:xml:ns:kpml-response|";
constexpr std::string_view relay_type = "application/dtmf-relay";
constexpr std::string_view plain_type = "application/dtmf";

/// The media type without its parameters.
std::string_view media_type(std::string_view content_type) noexcept
{
    return trimmed(content_type.substr(0, content_type.find(';')));
}

/// `5`, `*`, `a`, and the numbers 10 and 11 that some phones send for star and pound.
char key_of(std::string_view text) noexcept
{
    if (text == "10") return '*';
    if (text == "11") return '#';
    if (text.size() != 1) return 0;
    const char c = text.front() >= 'a' && text.front() <= 'd'
                       ? static_cast<char>(text.front() - 'a' + 'A')
                       : text.front();
    return keys.find(c) == std::string_view::npos ? '\0' : c;
}

std::string_view attribute(const char** attributes, std::string_view name) noexcept
{
    for (; *attributes; attributes += 2)
        if (name == attributes[0]) return attributes[1];
    return {};
}

std::string escaped(std::string_view text)
{
    std::string safe;
    for (const char c : text) {
        switch (c) {
        case '&': safe += "&amp;"; break;
        case '<': safe += "&lt;"; break;
        case '"': safe += "&quot;"; break;
        default: safe += c;
        }
    }
    return safe;
}

/// The root says it all; its children are no business of ours.
class ReportReader final : public XmlHandler {
public:
    bool start(std::string_view name, const char** attributes) override
    {
        if (report_) return true;
        // Phones leave the namespace out, as the examples of vendors do.
        if (name.starts_with(response_namespace)) name.remove_prefix(response_namespace.size());
        KeyReport report;
        const auto code = attribute(attributes, "code");
        const auto* const end = code.data() + code.size();
        if (name != "kpml-response" || code.empty() ||
            std::from_chars(code.data(), end, report.code).ptr != end)
            return false;
        const auto digits = attribute(attributes, "digits");
        if (digits.size() > max_digits) return false;
        for (const char c : digits) {
            const auto key = key_of({&c, 1});
            if (key == 0) return false;
            report.digits += key;
        }
        report.tag = attribute(attributes, "tag").substr(0, max_digits);
        report_ = std::move(report);
        return true;
    }
    void end() override {}
    void characters(std::string_view /*text*/) override {}
    std::optional<KeyReport> result() && { return std::move(report_); }

private:
    std::optional<KeyReport> report_;
};

}  // namespace

bool is_info_key(std::string_view content_type) noexcept
{
    const auto type = media_type(content_type);
    return same_word(type, relay_type) || same_word(type, plain_type);
}

std::optional<KeyPress> parse_info_key(std::string_view content_type, std::string_view body)
{
    if (!is_info_key(content_type)) return std::nullopt;
    KeyPress press;
    if (same_word(media_type(content_type), plain_type)) press.key = key_of(trimmed(body));
    while (press.key == 0 || press.held.count() == 0) {
        if (body.empty()) break;
        const auto end = std::min(body.find('\n'), body.size());
        const auto line = body.substr(0, end);
        body.remove_prefix(std::min(end + 1, body.size()));
        const auto equals = line.find('=');
        if (equals == std::string_view::npos) continue;
        const auto name = trimmed(line.substr(0, equals));
        const auto value = trimmed(line.substr(equals + 1));
        if (same_word(name, "Signal")) press.key = key_of(value);
        unsigned held = 0;
        if (same_word(name, "Duration") &&
            std::from_chars(value.data(), value.data() + value.size(), held).ec == std::errc{})
            press.held = std::chrono::milliseconds{held};
    }
    if (press.key == 0) return std::nullopt;
    return press;
}

std::string write(const KeyWatch& watch)
{
    std::string text =
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n"
        "<kpml-request xmlns=\"urn:ietf:params:xml:ns:kpml-request\" version=\"1.0\">"
        "<pattern persist=\"";
    text += watch.once ? "one-shot" : "persist";
    text += "\" long=\"" + std::to_string(watch.long_press.count()) + "\">";
    for (const auto& pattern : watch.patterns)
        text +=
            "<regex tag=\"" + escaped(pattern.tag) + "\">" + escaped(pattern.regex) + "</regex>";
    return text + "</pattern></kpml-request>\r\n";
}

std::optional<KeyReport> parse_key_report(std::string_view document)
{
    ReportReader reader;
    if (document.size() > max_document || !parse_xml(document, reader)) return std::nullopt;
    return std::move(reader).result();
}

}  // namespace lampline
