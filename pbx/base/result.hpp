#pragma once
// Outcome of an operation that may fail in an expected way.
#include <tl/expected.hpp>

namespace lampline {

/// A value, or the reason why there is none. Until C++23 `std::expected`.
template <class T, class E>
using Result = tl::expected<T, E>;

using tl::unexpected;

}  // namespace lampline
