#pragma once
// Time as a value: the domain never asks for it, it is told.
#include <chrono>

namespace lampline {

using namespace std::chrono_literals;

/// One instant on both clocks. Waiting is measured on `mono`; what must outlive a restart on
/// `wall`.
struct Moment {
    std::chrono::steady_clock::time_point mono;
    std::chrono::system_clock::time_point wall;

    /// The same instant on the second grid that SIP and the database use.
    [[nodiscard]] std::chrono::sys_seconds seconds() const noexcept
    {
        return std::chrono::floor<std::chrono::seconds>(wall);
    }
};

/// The present instant. Any thread.
inline Moment present() noexcept
{
    return {std::chrono::steady_clock::now(), std::chrono::system_clock::now()};
}

}  // namespace lampline
