#pragma once
// A visitor of a variant, from one function for each alternative.

namespace lampline {

/// Calls whichever of its functions fits.
template <class... Functions>
struct Overloaded : Functions... {
    using Functions::operator()...;
};
template <class... Functions>
Overloaded(Functions...) -> Overloaded<Functions...>;

}  // namespace lampline
