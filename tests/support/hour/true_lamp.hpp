#pragma once
// What a lamp has to show by what its phones do.
#include "support/hour/watching_phones.hpp"

namespace lampline::test {

/// Empty: `document` shows `state` in the words of `row`; else what is wrong with it.
std::string wrong_in(const DialogInfo& document, const TrueState& state, const BodyProfile& row);

}  // namespace lampline::test
