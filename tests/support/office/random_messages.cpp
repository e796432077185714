#include "support/office/random_messages.hpp"

#include <algorithm>

#include "support/scenario/network.hpp"

namespace lampline::test {
namespace {

constexpr std::array<unsigned, 7> answers{200, 202, 408, 415, 486, 407, 503};

bool is_message(const Arrived& arrived)
{
    return arrived.method == MESSAGE && arrived.status == 0;
}

}  // namespace

void RandomMessages::act()
{
    auto& writer = *office_.chance.any_of(office_.watchers);
    const std::string to{office_.chance.any_of(desks)};
    if (office_.pbx.network()) return send(writer, to);
    Written written{
        .writer = &writer, .request = {office_.pbx.next_transaction().value + 1}, .at = {}};
    writer.writes(to, "Lunch?");
    for (auto* phone : office_.phones) {
        const auto copy = std::ranges::find_if(phone->inbox, is_message);
        const bool wanted =
            phone->number == to && phone != &writer && office_.is_registered(*phone);
        CAPTURE(phone->number);
        CHECK((copy != phone->inbox.end()) == wanted);
        if (copy == phone->inbox.end()) continue;
        written.at.emplace_back(phone, std::move(*copy));
        phone->inbox.erase(copy);
    }
    ++office_.done["messages"];
    if (!written.at.empty()) return written_.push_back(std::move(written));
    const auto refused = answer_to(writer, written.request);
    REQUIRE(refused);
    CHECK(refused->status == 480);
}

void RandomMessages::answer(bool all)
{
    answer_copies(all);
    while (!written_.empty() && (all || office_.chance.one_in(2))) {
        auto& written = office_.chance.any_of(written_);
        answer(written);
        std::erase_if(written_, [](const Written& one) { return one.at.empty(); });
    }
}

void RandomMessages::answer(Written& written)
{
    const auto at = office_.chance.below(written.at.size());
    const auto [phone, request] = std::move(written.at[at]);
    written.at.erase(written.at.begin() + static_cast<std::ptrdiff_t>(at));
    const auto status = office_.chance.any_of(answers);
    phone->answers_standalone(request, status, status == 408);
    const auto told = answer_to(*written.writer, written.request);
    const bool taken = status / 100 == 2;
    CHECK(told.has_value() == (!written.told && (taken || written.at.empty())));
    written.told = written.told || told;
    if (!told) return;
    CHECK((told->status == status || !taken));
    CHECK(told->status != 401);
    CHECK(told->status != 407);
    CHECK(told->status != 408);
}

void RandomMessages::send(Phone& writer, const std::string& to)
{
    const auto text = "Lunch " + std::to_string(++last_) + "?";
    sent_[text] = {
        .writer = &writer, .to = to, .request = {office_.pbx.next_transaction().value + 1}};
    ++office_.done["messages"];
    writer.writes(to, text);
}

bool RandomMessages::take(Phone& phone, const Arrived& arrived)
{
    if (!office_.pbx.network()) return false;
    if (is_message(arrived) && arrived.answers_to && !arrived.leg) {
        take_copy(phone, arrived);
        return true;
    }
    const auto found = std::ranges::find_if(sent_, [&](const auto& one) {
        return arrived.status != 0 && one.second.request == arrived.transaction;
    });
    if (found == sent_.end()) return false;
    told(found->second, arrived);
    return true;
}

void RandomMessages::take_copy(Phone& phone, const Arrived& arrived)
{
    CAPTURE(arrived.body());
    const auto found = sent_.find(arrived.body());
    REQUIRE(found != sent_.end());
    auto& sent = found->second;
    CHECK(phone.number == sent.to);
    CHECK(&phone != sent.writer);
    CHECK_MESSAGE(sent.reached.emplace(&phone, arrived.answers_to).second, "told the same twice");
    copies_.emplace_back(&phone, arrived);
}

/// Some never do.
void RandomMessages::answer_copies(bool all)
{
    while (!copies_.empty() && (all || office_.chance.one_in(2))) {
        const auto [phone, copy] = std::move(copies_.back());
        copies_.pop_back();
        const auto status = office_.chance.any_of(answers);
        if (status == 408) continue;
        if (const auto sent = sent_.find(copy.body()); sent != sent_.end())
            sent->second.said.insert(status);
        phone->answers_standalone(copy, status);
    }
}

/// Refused is what nobody has taken, as far as the exchange has heard.
void RandomMessages::told(Sent& sent, const Arrived& arrived) const
{
    const auto status = arrived.status;
    CAPTURE(status);
    CHECK_MESSAGE(!std::exchange(sent.told, true), "answered twice");
    if (arrived.generated) {
        ++office_.done["MESSAGE timed out"];
        return;
    }
    ++office_.done[status / 100 == 2 ? "messages taken over the network"
                                     : "messages refused over the network"];
    if (status / 100 == 2) {
        CHECK(sent.said.contains(status));
        return;
    }
    CHECK((status != 401 && status != 407 && status != 408));
    for (const auto& [phone, copy] : sent.reached)
        CHECK_FALSE(office_.pbx.network()->has_heard_accepted(copy));
}

void RandomMessages::check() const
{
    for (const auto& [text, sent] : sent_) {
        CAPTURE(text);
        CHECK_MESSAGE(sent.told, "its writer was never told");
    }
}

void RandomMessages::exchange_killed()
{
    written_.clear();
    copies_.clear();
    sent_.clear();
}

}  // namespace lampline::test
