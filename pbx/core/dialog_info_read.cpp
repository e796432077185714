#include <expat.h>

#include <charconv>

#include "core/dialog_info.hpp"

namespace lampline {
namespace {

constexpr std::size_t max_text = 64 * 1024;
constexpr std::size_t max_depth = 16;
constexpr std::size_t max_dialogs = 256;
constexpr std::string_view dialog_info_namespace = "urn:ietf:params:xml:ns:dialog-info";

struct ParserDelete {
    void operator()(XML_Parser parser) const noexcept { XML_ParserFree(parser); }
};
using ParserHandle = std::unique_ptr<std::remove_pointer_t<XML_Parser>, ParserDelete>;

std::string_view attribute(const char** attributes, std::string_view name) noexcept
{
    for (; *attributes; attributes += 2)
        if (name == attributes[0]) return attributes[1];
    return {};
}

/// Collects the elements of one document. Elements of other namespaces have no short name and are
/// skipped.
class Reader {
public:
    explicit Reader(XML_Parser parser) noexcept : parser_{parser} {}

    void start(std::string_view qualified, const char** attributes)
    {
        const std::string_view element = short_name(qualified);
        if (path_.size() >= max_depth) return fail();
        path_.emplace_back(element);
        text_.clear();
        if (path_.size() == 1) return start_root(element, attributes);
        if (path_.size() == 2 && element == "dialog") return start_dialog(attributes);
        if (!in_dialog()) return;
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
    }

    void end()
    {
        if (in_dialog()) {
            auto& dialog = read_.dialogs.back();
            if (path_.size() == 3 && path_[2] == "state") dialog.state = text_;
            if (path_.size() == 4 && path_[3] == "identity")
                if (auto* identity = of_party(dialog.local_identity, dialog.remote_identity))
                    *identity = text_;
        }
        text_.clear();
        path_.pop_back();
    }

    void characters(std::string_view text) { text_ += text; }

    void fail() noexcept
    {
        failed_ = true;
        XML_StopParser(parser_, XML_FALSE);
    }

    std::optional<DialogInfo> result() &&
    {
        if (failed_) return std::nullopt;
        return std::move(read_);
    }

private:
    static std::string_view short_name(std::string_view qualified) noexcept
    {
        const auto bar = qualified.rfind('|');
        if (bar == std::string_view::npos || qualified.substr(0, bar) != dialog_info_namespace)
            return {};
        return qualified.substr(bar + 1);
    }

    void start_root(std::string_view element, const char** attributes)
    {
        const auto version = attribute(attributes, "version");
        const auto* const end = version.data() + version.size();
        const auto parsed = std::from_chars(version.data(), end, read_.version);
        if (element != "dialog-info" || version.empty() || parsed.ec != std::errc{} ||
            parsed.ptr != end)
            return fail();
        read_.full = attribute(attributes, "state") == "full";
        read_.entity = attribute(attributes, "entity");
    }

    void start_dialog(const char** attributes)
    {
        if (read_.dialogs.size() >= max_dialogs) return fail();
        read_.dialogs.push_back({.id = std::string{attribute(attributes, "id")},
                                 .call_id = std::string{attribute(attributes, "call-id")},
                                 .local_tag = std::string{attribute(attributes, "local-tag")},
                                 .remote_tag = std::string{attribute(attributes, "remote-tag")},
                                 .direction = std::string{attribute(attributes, "direction")}});
    }

    [[nodiscard]] bool in_dialog() const noexcept
    {
        return path_.size() > 2 && path_[1] == "dialog";
    }

    std::string* of_party(std::string& local, std::string& remote) noexcept
    {
        return path_[2] == "local" ? &local : path_[2] == "remote" ? &remote : nullptr;
    }

    XML_Parser parser_;
    DialogInfo read_;
    std::vector<std::string> path_;
    std::string text_;
    bool failed_ = false;
};

// Expat is C: nothing may be thrown through it.
template <class Action>
void guarded(void* reader, Action action) noexcept
{
    try {
        action(*static_cast<Reader*>(reader));
    } catch (...) {
        static_cast<Reader*>(reader)->fail();
    }
}

void on_start(void* reader, const char* name, const char** attributes) noexcept
{
    guarded(reader, [&](Reader& to) { to.start(name, attributes); });
}
void on_end(void* reader, const char*) noexcept
{
    guarded(reader, [](Reader& to) { to.end(); });
}
void on_characters(void* reader, const char* text, int length) noexcept
{
    guarded(reader, [&](Reader& to) { to.characters({text, static_cast<std::size_t>(length)}); });
}
void on_doctype(void* reader, const char*, const char*, const char*, int) noexcept
{
    static_cast<Reader*>(reader)->fail();  // entities have no business here
}

}  // namespace

std::optional<DialogInfo> read_dialog_info(std::string_view text)
{
    if (text.size() > max_text) return std::nullopt;
    const ParserHandle parser{XML_ParserCreateNS(nullptr, '|')};
    if (!parser) return std::nullopt;
    Reader reader{parser.get()};
    XML_SetUserData(parser.get(), &reader);
    XML_SetElementHandler(parser.get(), on_start, on_end);
    XML_SetCharacterDataHandler(parser.get(), on_characters);
    XML_SetStartDoctypeDeclHandler(parser.get(), on_doctype);
    if (XML_Parse(parser.get(), text.data(), static_cast<int>(text.size()), XML_TRUE) !=
        XML_STATUS_OK)
        return std::nullopt;
    return std::move(reader).result();
}

}  // namespace lampline
