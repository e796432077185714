#include "support/office/random_messages.hpp"

#include <algorithm>

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

}  // namespace lampline::test
