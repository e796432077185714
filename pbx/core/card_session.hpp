#pragma once
// What the keys of a caller of the calling-card application mean. Knows no SIP.
#include <chrono>
#include <string>
#include <string_view>

#include "core/calling_card.hpp"
#include "core/key_press.hpp"

namespace lampline {

enum class CardStage : std::uint8_t {
    dialling,  ///< the caller is alone, and presses keys
    calling,   ///< the number rings, or does not yet
    talking,
};

/// What is to be done now.
struct CardMove {
    enum class Kind : std::uint8_t {
        nothing,
        call,       ///< `number`
        take_back,  ///< the caller, and release who it has called
        end,        ///< the whole call
    };
    Kind kind = Kind::nothing;
    std::string number{};
};

/// One caller, from the answer to the end. Time comes with each step.
class CardSession {
public:
    using Time = std::chrono::steady_clock::time_point;

    CardSession(CardRules rules, Time now);

    [[nodiscard]] CardMove pressed(const KeyPress& press, Time now);
    /// By tag: `key_tag` are keys as they are pressed, `back_tag` what ends a call.
    [[nodiscard]] CardMove reported(const KeyReport& report, Time now);
    [[nodiscard]] CardMove advanced(Time now);
    /// The number that was dialled talks.
    void connected() noexcept { stage_ = CardStage::talking; }
    /// Nobody is called any more: another number may be dialled.
    void alone(Time now);

    [[nodiscard]] CardStage stage() const noexcept { return stage_; }
    [[nodiscard]] const CardRules& rules() const noexcept { return rules_; }
    /// When advanced() is to be called.
    [[nodiscard]] Time deadline() const noexcept;

    static constexpr std::string_view key_tag = "key";
    static constexpr std::string_view back_tag = "back";
    static constexpr std::size_t max_number = 32;

private:
    CardMove dial();
    CardMove watched(const KeyPress& press, Time now);

    CardRules rules_;
    CardStage stage_ = CardStage::dialling;
    std::string number_;  // dialling
    std::string tail_;    // else: the last keys, no more than `back` has
    Time last_key_;
    Time ends_;
};

}  // namespace lampline
