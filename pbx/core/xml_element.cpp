#include "core/xml_element.hpp"

#include <expat.h>

#include <algorithm>
#include <memory>

namespace lampline {
namespace {

constexpr std::size_t max_text = 64 * 1024;
constexpr std::size_t max_depth = 16;
constexpr std::size_t max_elements = 512;

struct ParserDelete {
    void operator()(XML_Parser parser) const noexcept { XML_ParserFree(parser); }
};
using ParserHandle = std::unique_ptr<std::remove_pointer_t<XML_Parser>, ParserDelete>;

std::string local_name(std::string_view qualified)
{
    const auto bar = qualified.rfind('|');
    return std::string{bar == std::string_view::npos ? qualified : qualified.substr(bar + 1)};
}

void trim(std::string& text)
{
    constexpr std::string_view blanks{" \t\r\n"};
    text.erase(text.find_last_not_of(blanks) + 1);
    text.erase(0, text.find_first_not_of(blanks));
}

class Reader {
public:
    explicit Reader(XML_Parser parser) noexcept : parser_{parser} {}

    void start(std::string_view qualified, const char** attributes)
    {
        if (open_.size() >= max_depth || ++elements_ > max_elements) return fail();
        XmlElement element{.name = local_name(qualified)};
        for (; *attributes; attributes += 2)
            element.attributes.emplace_back(local_name(attributes[0]), attributes[1]);
        open_.push_back(std::move(element));
    }
    void end()
    {
        auto closed = std::move(open_.back());
        open_.pop_back();
        trim(closed.text);
        (open_.empty() ? roots_ : open_.back().children).push_back(std::move(closed));
    }
    void characters(std::string_view text)
    {
        if (!open_.empty()) open_.back().text += text;
    }
    void fail() noexcept
    {
        failed_ = true;
        XML_StopParser(parser_, XML_FALSE);
    }
    std::optional<XmlElement> result() &&
    {
        if (failed_ || roots_.empty()) return std::nullopt;
        return std::move(roots_.front());
    }

private:
    XML_Parser parser_;
    std::vector<XmlElement> open_;
    std::vector<XmlElement> roots_;
    std::size_t elements_ = 0;
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

const XmlElement* XmlElement::child(std::string_view wanted) const noexcept
{
    const auto found = std::ranges::find(children, wanted, &XmlElement::name);
    return found == children.end() ? nullptr : &*found;
}

std::string_view XmlElement::text_of(std::string_view wanted) const noexcept
{
    const auto* found = child(wanted);
    return found ? std::string_view{found->text} : std::string_view{};
}

std::optional<XmlElement> read_xml(std::string_view text)
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
