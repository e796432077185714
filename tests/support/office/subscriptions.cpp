#include "support/office/subscriptions.hpp"

#include <algorithm>

namespace lampline::test {

std::optional<Arrived> answer_to(Phone& phone, TransactionId request)
{
    const auto found = std::ranges::find_if(phone.inbox, [&](const Arrived& arrived) {
        return arrived.status >= 200 && arrived.transaction == request;
    });
    if (found == phone.inbox.end()) return std::nullopt;
    auto arrived = std::move(*found);
    phone.inbox.erase(found);
    return arrived;
}

std::optional<Arrived> Subscriptions::ask(Phone& phone, const Subscribing& subscribing)
{
    const auto& [event, to] = std::tie(subscribing.event, subscribing.to);
    const bool fetches = subscribing.to_tag.empty() && subscribing.expires == 0s;
    if (!fetches) notified_.asked(phone, event, to);
    last_[{&phone, event, to}] = office_.pbx.now().mono;
    auto answer = answer_to(phone, phone.asks(subscribing));
    if (!answer) return answer;
    if (answer->status == 200 && !fetches)
        notified_.granted(phone, event, to,
                          std::chrono::seconds{std::stoi(answer->value("Expires"))});
    if (answer->status == 200 && subscribing.to_tag.empty() && !fetches)
        tags_[{&phone, event, to}] = answer->local_tag;
    if (answer->status == 200 && office_.chance.one_in(6)) {  // the 200 was lost
        const auto again = answer_to(phone, phone.asks_again());
        REQUIRE(again);
        CHECK(again->status == 200);
        CHECK(again->local_tag == answer->local_tag);
        ++office_.done["SUBSCRIBE repeated"];
    }
    ++office_.done["SUBSCRIBE " + event + " " + std::to_string(answer->status)];
    return answer;
}

void Subscriptions::ask_somehow(Phone& phone, Subscribing subscribing, bool allowed)
{
    auto& chance = office_.chance;
    subscribing.expires = std::chrono::seconds{60 + chance.below(3600)};
    const auto known = tag(phone, subscribing.event, subscribing.to);
    const auto* screen = notified_.find(phone, subscribing.event, subscribing.to, false);
    const bool lives = screen && !screen->over;
    if (lives && notified_.has_expired(*screen)) return;
    const auto how = chance.below(6);
    if (how >= 3 && known.empty() && how < 5) return;
    if (how == 3 || how == 4) subscribing.to_tag = known;
    if (how >= 4) subscribing.expires = 0s;
    // Some phones begin after a reboot as they did before it.
    const bool reboots = how < 3 && lives && chance.one_in(4) &&
                         was_long_ago({&phone, subscribing.event, subscribing.to});
    if (reboots) subscribing.cseq = 1;
    const auto answer = ask(phone, subscribing);
    CAPTURE(phone.number);
    CAPTURE(subscribing.event);
    CAPTURE(subscribing.to);
    CAPTURE(how);
    REQUIRE(answer);
    if (subscribing.to_tag.empty())
        CHECK(answer->status == (allowed ? 200U : 403U));
    else
        // A list that has lost its rights tells the last part first, and is over all the same.
        CHECK(answer->status == (lives && (allowed || answer->status == 200) ? 200U : 481U));
    if (!reboots || answer->status != 200) return;
    CHECK_MESSAGE(answer->local_tag != known, "what has rebooted is told nothing");
    ++office_.done["begins after a reboot as before"];
}

bool Subscriptions::was_long_ago(const Asked& asked) const
{
    const auto last = last_.find(asked);
    return last != last_.end() && last->second + 33s < office_.pbx.now().mono;
}

std::string Subscriptions::tag(const Phone& phone, std::string_view event,
                               std::string_view to) const
{
    const auto found = tags_.find({&phone, std::string{event}, std::string{to}});
    return found == tags_.end() ? std::string{} : found->second;
}

}  // namespace lampline::test
