#pragma once
// A decision of the router in words, for people.
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace lampline {

/// A call that nobody makes.
struct RouteTest {
    std::string from;  ///< an extension, which need have no phone
    std::string dialled;
    std::optional<std::string> caller{};  ///< the number that it shows; none: `from`; empty: no number
    std::string trunk{};  ///< not empty: somebody outside calls over it, and `from` is of no account
};

/// One phone that would ring, or one way to a number outside.
struct ExplainedTarget {
    std::string extension{};  ///< empty: outside
    std::string trunk{};      ///< empty: a phone
    std::string contact;  ///< URI as registered
    std::string address;  ///< transport:host:port
    std::chrono::seconds after{};  ///< from the start of the call, when those before do not answer
};

struct RouteExplanation {
    bool known_caller = true;        ///< false: there is no such extension, and nothing was decided
    std::vector<std::string> steps;  ///< in the order of the decision
    std::string outcome;             ///< "ring", "redirect", "feature" or "reject"
    unsigned status = 0;             ///< of a rejection
    std::string phrase;
    std::vector<ExplainedTarget> targets;
};
using RouteExplanationRef = std::shared_ptr<const RouteExplanation>;

}  // namespace lampline
