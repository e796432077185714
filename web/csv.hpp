#pragma once
// CSV as RFC 4180 has it, and as spreadsheets may open it.
#include <initializer_list>
#include <string>
#include <string_view>

namespace lampline::web {

/// Appends one record, with CRLF. A field that a spreadsheet would take for a formula (it begins
/// with one of = + - @, tab, CR or LF, after any spaces) gets an apostrophe in front, since names
/// and dialled digits are what others have written.
void append_csv(std::string& text, std::initializer_list<std::string_view> fields);

}  // namespace lampline::web
