#include <algorithm>
#include <charconv>

#include "base/text.hpp"
#include "core/dialog_info.hpp"
#include "core/leg_state.hpp"
#include "core/xml_parser.hpp"

namespace lampline {
namespace {

constexpr std::size_t max_dialogs = 256;
constexpr std::string_view dialog_info_namespace = "urn:ietf:params:xml:ns:dialog-info";

std::string_view attribute(const char** attributes, std::string_view name) noexcept
{
    for (; *attributes; attributes += 2)
        if (name == attributes[0]) return attributes[1];
    return {};
}

/// Some phones name no namespace at all.
bool has_no_namespace(std::string_view qualified) noexcept
{
    return qualified.find('|') == std::string_view::npos;
}

std::string_view short_name(std::string_view qualified) noexcept
{
    const auto bar = qualified.rfind('|');
    if (bar == std::string_view::npos || qualified.substr(0, bar) != dialog_info_namespace)
        return {};
    return qualified.substr(bar + 1);
}

/// Of the root `element`; nullopt: it is none.
std::optional<std::uint32_t> version_in(std::string_view element, const char** attributes) noexcept
{
    const auto text = attribute(attributes, "version");
    const auto* const end = text.data() + text.size();
    std::uint32_t version = 0;
    const auto parsed = std::from_chars(text.data(), end, version);
    if (element != "dialog-info" || text.empty() || parsed.ec != std::errc{} || parsed.ptr != end)
        return std::nullopt;
    return version;
}

/// Collects the elements of one document. Elements of other namespaces have no short name and are
/// skipped.
class DialogInfoReader final : public XmlHandler {
public:
    bool start(std::string_view qualified, const char** attributes) override
    {
        if (path_.empty()) plain_ = has_no_namespace(qualified);
        const std::string_view element =
            plain_ && has_no_namespace(qualified) ? qualified : short_name(qualified);
        path_.emplace_back(element);
        text_.clear();
        if (path_.size() == 1) return start_root(element, attributes);
        if (path_.size() == 2 && element == "dialog") return start_dialog(attributes);
        if (!in_dialog()) return true;
        auto& dialog = read_.dialogs.back();
        if (path_.size() == 3 && element == "state") dialog.event = attribute(attributes, "event");
        if (path_.size() == 4 && element == "identity")
            if (auto* display = of_party(dialog.local_display, dialog.remote_display))
                *display = attribute(attributes, "display");
        if (path_.size() == 4 && element == "target")
            if (auto* target = of_party(dialog.local_target, dialog.remote_target))
                *target = attribute(attributes, "uri");
        if (path_.size() == 5 && element == "param" && path_[2] == "local" &&
            attribute(attributes, "pname") == "+sip.rendering")
            dialog.rendered = attribute(attributes, "pval") != "no";
        return true;
    }

    void end() override
    {
        if (in_dialog()) {
            auto& dialog = read_.dialogs.back();
            if (path_.size() == 3 && path_[2] == "state") dialog.state = trimmed(text_);
            if (path_.size() == 4 && path_[3] == "identity")
                if (auto* identity = of_party(dialog.local_identity, dialog.remote_identity))
                    *identity = trimmed(text_);
        }
        text_.clear();
        path_.pop_back();
    }

    void characters(std::string_view text) override { text_ += text; }

    DialogInfo result() && { return std::move(read_); }

private:
    bool start_root(std::string_view element, const char** attributes)
    {
        const auto version = version_in(element, attributes);
        if (!version) return false;
        read_.version = *version;
        read_.full = attribute(attributes, "state") == "full";
        read_.entity = attribute(attributes, "entity");
        return true;
    }

    bool start_dialog(const char** attributes)
    {
        if (read_.dialogs.size() >= max_dialogs) return false;
        read_.dialogs.push_back({.id = std::string{attribute(attributes, "id")},
                                 .call_id = std::string{attribute(attributes, "call-id")},
                                 .local_tag = std::string{attribute(attributes, "local-tag")},
                                 .remote_tag = std::string{attribute(attributes, "remote-tag")},
                                 .direction = std::string{attribute(attributes, "direction")}});
        return true;
    }

    [[nodiscard]] bool in_dialog() const noexcept
    {
        return path_.size() > 2 && path_[1] == "dialog";
    }

    std::string* of_party(std::string& local, std::string& remote) noexcept
    {
        return path_[2] == "local" ? &local : path_[2] == "remote" ? &remote : nullptr;
    }

    DialogInfo read_;
    std::vector<std::string> path_;
    std::string text_;
    bool plain_ = false;
};

/// Sees the root, and ends the reading.
class VersionReader final : public XmlHandler {
public:
    bool start(std::string_view qualified, const char** attributes) override
    {
        version =
            version_in(has_no_namespace(qualified) ? qualified : short_name(qualified), attributes);
        return false;
    }
    void end() override {}
    void characters(std::string_view) override {}

    std::optional<std::uint32_t> version;
};

}  // namespace

std::optional<DialogInfo> read_dialog_info(std::string_view text)
{
    DialogInfoReader reader;
    if (!parse_xml(text, reader)) return std::nullopt;
    return std::move(reader).result();
}

std::optional<std::uint32_t> read_version(std::string_view text)
{
    VersionReader reader;
    static_cast<void>(parse_xml(text, reader));
    return reader.version;
}

std::optional<bool> shows_call(std::string_view text)
{
    const auto document = read_dialog_info(text);
    if (!document) return std::nullopt;
    const bool lives = std::ranges::any_of(document->dialogs, [](const DialogElement& dialog) {
        return dialog.state != name(LegState::terminated);
    });
    if (!lives && !document->full) return std::nullopt;
    return lives;
}

}  // namespace lampline
