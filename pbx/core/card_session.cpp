#include "core/card_session.hpp"

#include <algorithm>
#include <utility>

namespace lampline {

using Kind = CardMove::Kind;

CardSession::CardSession(CardRules rules, Time now)
    : rules_{std::move(rules)}, last_key_{now}, ends_{now + rules_.longest}
{
}

CardMove CardSession::pressed(const KeyPress& press, Time now)
{
    if (stage_ != CardStage::dialling) return watched(press, now);
    last_key_ = now;
    if (press.key == '#') return number_.empty() ? CardMove{} : dial();
    number_ += press.key;
    return number_.size() < max_number ? CardMove{} : dial();
}

CardMove CardSession::reported(const KeyReport& report, Time now)
{
    constexpr unsigned matched = 200;
    constexpr unsigned waited = 423;
    if (report.code != matched && report.code != waited) return {};
    if (stage_ != CardStage::dialling) {  // a key reported late is not the one that ends a call
        const bool back = report.code == matched && report.tag == back_tag;
        return back ? CardMove{Kind::take_back} : CardMove{};
    }
    if (report.tag == back_tag) return {};
    for (const char key : report.digits)
        if (auto move = pressed({key}, now); move.kind != Kind::nothing) return move;
    return {};
}

CardMove CardSession::advanced(Time now)
{
    if (now >= ends_) return {Kind::end};
    if (stage_ != CardStage::dialling || now < deadline()) return {};
    return number_.empty() ? CardMove{Kind::end} : dial();
}

void CardSession::alone(Time now)
{
    stage_ = CardStage::dialling;
    number_.clear();
    tail_.clear();
    last_key_ = now;
}

CardSession::Time CardSession::deadline() const noexcept
{
    if (stage_ != CardStage::dialling) return ends_;
    return std::min(ends_, last_key_ + (number_.empty() ? rules_.first_digit : rules_.inter_digit));
}

CardMove CardSession::dial()
{
    stage_ = CardStage::calling;
    tail_.clear();
    return {Kind::call, std::exchange(number_, {})};
}

CardMove CardSession::watched(const KeyPress& press, Time now)
{
    using namespace std::chrono_literals;
    if (press.key == '#' && rules_.long_pound > 0ms && press.held >= rules_.long_pound)
        return {Kind::take_back};
    if (now - std::exchange(last_key_, now) > rules_.inter_digit) tail_.clear();
    if (rules_.back.empty()) return {};
    tail_ += press.key;
    if (tail_.size() > rules_.back.size()) tail_.erase(0, 1);
    return tail_ == rules_.back ? CardMove{Kind::take_back} : CardMove{};
}

}  // namespace lampline
