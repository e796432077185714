#pragma once
// From and To as old phones write them: `<sip:2150@office.test>tag=x`, without the `;` that RFC
// 3261 §20.20 wants, as snom firmware of 2005 sends it. lenient_tag.cpp takes the place of Sofia's
// two parsers, sip_from_d() and sip_to_d(), as screen.cpp does with its check, and hands the
// repaired text to them.

namespace lampline::sip {

/// Does nothing; whoever calls it has the parsers linked.
void allow_tag_without_semicolon() noexcept;

}  // namespace lampline::sip
