#include "core/xml_parser.hpp"

#include <expat.h>

#include <memory>
#include <type_traits>

#include "base/text.hpp"

namespace lampline {
namespace {

struct ParserDelete {
    void operator()(XML_Parser parser) const noexcept { XML_ParserFree(parser); }
};
using ParserHandle = std::unique_ptr<std::remove_pointer_t<XML_Parser>, ParserDelete>;

struct Reading {
    XML_Parser parser;
    XmlHandler& handler;
    std::size_t depth = 0;
    bool failed = false;

    void fail() noexcept
    {
        failed = true;
        XML_StopParser(parser, XML_FALSE);
    }
};

// Expat is C: nothing may be thrown through it. It may have something left to show after it was
// told to stop.
template <class Action>
void guarded(void* user, Action action) noexcept
{
    auto& reading = *static_cast<Reading*>(user);
    if (reading.failed) return;
    try {
        action(reading);
    } catch (...) {
        reading.fail();
    }
}

void on_start(void* user, const char* name, const char** attributes) noexcept
{
    guarded(user, [&](Reading& reading) {
        if (++reading.depth > max_xml_depth || !reading.handler.start(name, attributes))
            reading.fail();
    });
}
void on_end(void* user, const char*) noexcept
{
    guarded(user, [](Reading& reading) {
        --reading.depth;
        reading.handler.end();
    });
}
void on_characters(void* user, const char* text, int length) noexcept
{
    guarded(user, [&](Reading& reading) {
        reading.handler.characters({text, static_cast<std::size_t>(length)});
    });
}
void on_doctype(void* user, const char*, const char*, const char*, int) noexcept
{
    static_cast<Reading*>(user)->fail();  // entities have no business here
}

}  // namespace

bool is_xml(std::string_view content_type) noexcept
{
    constexpr std::size_t length = 4;
    const auto type = trimmed(content_type.substr(0, content_type.find(';')));
    if (type.size() <= length) return false;
    const auto end = type.substr(type.size() - length);
    return same_word(end, "/xml") || same_word(end, "+xml");
}

bool parse_xml(std::string_view text, XmlHandler& handler)
{
    if (text.size() > max_xml_text) return false;
    const ParserHandle parser{XML_ParserCreateNS(nullptr, '|')};
    if (!parser) return false;
    Reading reading{parser.get(), handler};
    XML_SetUserData(parser.get(), &reading);
    XML_SetElementHandler(parser.get(), on_start, on_end);
    XML_SetCharacterDataHandler(parser.get(), on_characters);
    XML_SetStartDoctypeDeclHandler(parser.get(), on_doctype);
    const auto status =
        XML_Parse(parser.get(), text.data(), static_cast<int>(text.size()), XML_TRUE);
    return status == XML_STATUS_OK && !reading.failed;
}

}  // namespace lampline
