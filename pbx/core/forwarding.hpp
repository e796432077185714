#pragma once
// What an extension wants done with the calls to it, beside ringing its phones.
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lampline {

/// Why a call goes somewhere else, in the words of RFC 5806 §4.
enum class DiversionReason : std::uint8_t {
    unconditional,
    user_busy,
    no_answer,
    unavailable,
    do_not_disturb,
    deflection,
    unknown,
};

/// How the phones of one extension ring: all at once, or by falling q of their contacts.
enum class Forking : std::uint8_t { parallel, sequential };

/// Which callers an exception is about.
enum class CallerMatch : std::uint8_t {
    number,     ///< whose number it is
    prefix,     ///< whose number begins so
    anonymous,  ///< who shows none
};

/// What becomes of their calls.
enum class CallerTreatment : std::uint8_t {
    ring,     ///< they ring, as if nothing were forwarded always and nobody wanted peace
    forward,  ///< they go on to another number, and ring nowhere before
    refuse,   ///< 603, or 433 for who shows no number (RFC 5079)
};

/// Callers whose calls are treated unlike all others.
struct CallerException {
    CallerMatch match = CallerMatch::number;
    std::string caller;  ///< the number, or how it begins; empty: of anonymous
    CallerTreatment treatment = CallerTreatment::ring;
    std::string to{};  ///< of forward: dialled as the extension would dial it

    friend bool operator==(const CallerException&, const CallerException&) = default;

    /// It is about a caller who shows `number`; empty: none.
    [[nodiscard]] bool is_about(std::string_view number) const noexcept
    {
        switch (match) {
        case CallerMatch::number: return !number.empty() && number == caller;
        case CallerMatch::prefix: return !number.empty() && number.starts_with(caller);
        case CallerMatch::anonymous: return number.empty();
        }
        return false;
    }
};

/// Settings of one extension. Numbers are dialled as the extension would dial them; empty: not forwarded.
struct Forwarding {
    std::string always;
    std::string busy;          ///< also when it does not want to be disturbed
    std::string no_answer;
    std::string unregistered;  ///< none of its phones can be reached
    std::chrono::seconds no_answer_after{20};
    bool do_not_disturb = false;
    bool call_waiting = true;             ///< false: one call at a time
    std::optional<unsigned> call_limit{}; ///< calls at a time, its own included; empty: any number
    Forking forking = Forking::parallel;
    std::vector<CallerException> exceptions{};  ///< the first that is about a caller counts

    friend bool operator==(const Forwarding&, const Forwarding&) = default;

    /// What is to be done with a caller who shows `number` (empty: none); nullptr: nothing special.
    [[nodiscard]] const CallerException* exception_for(std::string_view number) const noexcept
    {
        for (const auto& exception : exceptions)
            if (exception.is_about(number)) return &exception;
        return nullptr;
    }

    /// Another call may come while there are `calls` already.
    [[nodiscard]] bool takes_another(std::size_t calls) const noexcept
    {
        if (!call_waiting && calls > 0) return false;
        return !call_limit || calls < *call_limit;
    }
};

}  // namespace lampline
