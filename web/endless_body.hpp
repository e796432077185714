#pragma once
// The body of an answer that goes on until one side has had enough.
#include <chrono>
#include <string>

namespace lampline::web {

/// Pulled, piece by piece, by the connection it goes to: so a slow client keeps nothing waiting
/// but itself. Web thread only, and destroyed there or where it was made.
class EndlessBody {
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    virtual ~EndlessBody() = default;

    /// What is to be sent now, a bounded piece; empty: nothing yet.
    virtual std::string next(TimePoint now) = 0;
    /// When to ask again at the latest; sooner after HttpListener::wake().
    [[nodiscard]] virtual TimePoint due() const = 0;
    /// True: nothing comes after what next() has given.
    [[nodiscard]] virtual bool over() const = 0;
    /// What a client is told whose server stops.
    [[nodiscard]] virtual std::string farewell() const = 0;
};

}  // namespace lampline::web
