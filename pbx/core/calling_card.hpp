#pragma once
// The calling-card application: one call to it makes any number of calls, one after the other.
#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace lampline {

/// How the keys of a caller are understood.
struct CardRules {
    std::chrono::seconds first_digit{30};        ///< without a key for so long, the call ends
    std::chrono::seconds inter_digit{4};         ///< without another key, the number is complete
    std::chrono::milliseconds long_pound{2500};  ///< `#` held so long ends a call; 0: it does not
    std::string back{};  ///< keys that end one, pressed in a row: of 0123456789*#; empty: none
    std::chrono::seconds longest{std::chrono::hours{4}};  ///< of the whole call

    friend bool operator==(const CardRules&, const CardRules&) = default;
};

/// The application as the office has it.
struct CallingCard {
    std::string number{};  ///< dialled to reach it; empty: out of use
    std::string display_name{};
    bool everybody = true;             ///< may use it; else only `users`
    std::vector<std::string> users{};  ///< extensions
    CardRules rules{};

    [[nodiscard]] bool may_use(std::string_view extension) const
    {
        return everybody || std::ranges::find(users, extension) != users.end();
    }

    friend bool operator==(const CallingCard&, const CallingCard&) = default;
};

}  // namespace lampline
