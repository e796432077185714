#include "web/csv.hpp"

#include "web/api/text.hpp"

namespace lampline::web {
namespace {

bool is_formula(std::string_view field)
{
    const auto first = field.find_first_not_of(' ');
    if (first == field.npos) return false;
    return std::string_view{"=+-@\t\r\n"}.find(field[first]) != std::string_view::npos;
}

void append_field(std::string& text, std::string_view field)
{
    if (!is_utf8(field)) return append_field(text, utf8_text(field));
    const bool formula = is_formula(field);
    const bool quoted = field.find_first_of(",\"\r\n") != field.npos;
    if (quoted) text += '"';
    if (formula) text += '\'';
    for (const char c : field) {
        if (c == '"') text += '"';
        text += c;
    }
    if (quoted) text += '"';
}

}  // namespace

void append_csv(std::string& text, std::initializer_list<std::string_view> fields)
{
    bool first = true;
    for (const auto field : fields) {
        if (!first) text += ',';
        first = false;
        append_field(text, field);
    }
    text += "\r\n";
}

}  // namespace lampline::web
