#pragma once
// Headers that cannot be read, or stand in a request more often than they may: who sends them is told which one, and
// what is expected there (400 with a Warning, RFC 3261 §20.43, §21.4.1).
#include <optional>
#include <string>
#include <string_view>

#include "sip/sofia.hpp"

namespace lampline::sip {

struct FaultyField {
    std::string_view name;    ///< as RFC 3261 §20 writes it
    std::string_view wanted;  ///< `expected a number of seconds`
};

/// The first header of `request` that is malformed, or one too many; nullopt: there is none, among those that decide what
/// becomes of the request. All others are as if they were not there, but for Refer-To, Referred-By, Replaces, Join, Also and
/// Call-Info, which are judged by who reads them; for broken credentials the sender is challenged. Of a faulty header
/// there may be no value in `request`, so nothing else looks at one: the screen keeps it from the stack's transactions and
/// legs, and the endpoint refuses it. O(1) where nothing is wrong.
std::optional<FaultyField> faulty_field(const sip_t& request) noexcept;

/// The value of a Warning of ours: `399 lampline "Expires: expected a number of seconds"`.
std::string warning_of(std::string_view name, std::string_view wanted);

/// While the stack looks at `message`. What has no From, To, Call-ID, CSeq or Via that can be read, or is framed wrongly, and
/// what the screen turns away, it answers by itself: 400 without a Warning. That is told here what it is about. Loop thread
/// only, one at a time.
class Delivery {
public:
    explicit Delivery(msg_t* message) noexcept;
    ~Delivery();
    Delivery(const Delivery&) = delete;
    Delivery& operator=(const Delivery&) = delete;
};
/// The screen turns the message away; both are literals.
void note_screened(std::string_view name, std::string_view wanted) noexcept;
/// `answer` is about to be written: the stack's 400 to that message gets its Warning.
void explain_refusal(msg_t& answer) noexcept;

}  // namespace lampline::sip
