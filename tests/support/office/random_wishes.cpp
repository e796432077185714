// What an office's extensions want done with calls to them, and what comes of it.
#include <algorithm>

#include "support/office/random_calls.hpp"

namespace lampline::test {

/// By the phone itself, or by somebody at the desk; loops and numbers that are gone included.
void RandomCalls::forwards(Phone& phone)
{
    auto& chance = office_.chance;
    constexpr std::array<std::string_view, 9> goals{"101", "102", "103", "104",  "105",
                                                    "999", "600", "",    outside};
    if (chance.one_in(2)) {
        constexpr std::array<std::string_view, 6> codes{"*21*", "*67*", "*61*",
                                                        "*62*", "*23*", "*24*"};
        constexpr std::array<std::string_view, 8> alone{"*73", "*78", "*79", "*23",
                                                        "*24", "*50", "*51", "*51*600"};
        office_.pbx.settles = !chance.one_in(4);
        if (chance.one_in(2)) return phone.sends(INVITE, chance.any_of(alone));
        ++office_.done["wishes something by code"];
        const auto goal = chance.any_of(goals);
        return phone.sends(INVITE, std::string{chance.any_of(codes)} + std::string{goal});
    }
    if (chance.one_in(3)) return have_ring_group(std::string{chance.any_of(goals)});
    Forwarding wishes;
    if (chance.one_in(3)) wishes.always = chance.any_of(goals);
    wishes.busy = chance.any_of(goals);
    wishes.no_answer = chance.any_of(goals);
    wishes.unregistered = chance.any_of(goals);
    wishes.no_answer_after = std::chrono::seconds{5 + chance.below(20)};
    wishes.do_not_disturb = chance.one_in(8);
    wishes.call_waiting = !chance.one_in(4);
    if (chance.one_in(3)) wishes.call_limit = static_cast<unsigned>(1 + chance.below(3));
    wishes.forking = chance.one_in(2) ? Forking::parallel : Forking::sequential;
    if (chance.one_in(2))
        wishes.exceptions = exceptions(std::vector<std::string>(goals.begin(), goals.end()));
    office_.pbx.forwards(phone.number, std::move(wishes));
}

/// Colleagues, those outside, or who shows no number are treated unlike all others.
std::vector<CallerException> RandomCalls::exceptions(const std::vector<std::string>& goals)
{
    auto& chance = office_.chance;
    std::vector<CallerException> exceptions(1 + chance.below(2));
    for (auto& one : exceptions) {
        one.match = static_cast<CallerMatch>(chance.below(3));
        if (one.match == CallerMatch::number) one.caller = chance.any_of(desks);
        if (one.match == CallerMatch::prefix) one.caller = chance.one_in(2) ? "10" : "+43";
        one.treatment = static_cast<CallerTreatment>(chance.below(3));
        if (one.treatment == CallerTreatment::forward) one.to = chance.any_of(goals);
    }
    return exceptions;
}

void RandomCalls::have_ring_group(std::string overflow)
{
    auto& chance = office_.chance;
    RingGroup team;
    team.number = "600";
    team.strategy = static_cast<RingStrategy>(chance.below(5));
    for (const auto number : desks)
        if (!chance.one_in(3))
            team.members.push_back(
                {std::string{number}, std::chrono::seconds{chance.below(3) * 5}});
    team.ring_time = std::chrono::seconds{5 + chance.below(20)};
    team.overflow = std::move(overflow);
    team.skip_busy = chance.one_in(2);
    office_.pbx.has_ring_groups({std::move(team)});
}

bool RandomCalls::is_refused(const std::string& desk, std::string_view caller,
                             std::string_view shown) const
{
    const auto& exceptions = office_.pbx.forwarding_of(desk).exceptions;
    const auto first = std::ranges::find_if(exceptions, [&](const CallerException& one) {
        if (one.match == CallerMatch::anonymous || shown.empty())
            return one.match == CallerMatch::anonymous && shown.empty();
        return one.match == CallerMatch::prefix ? shown.starts_with(one.caller)
                                                : shown == one.caller;
    });
    return desk != caller && first != exceptions.end() &&
           first->treatment == CallerTreatment::refuse;
}

/// Whom an exception refuses hears that at once, and rings nowhere.
void RandomCalls::calls(Phone& phone, const std::string& desk)
{
    auto& chance = office_.chance;
    const bool shows = !chance.one_in(4);
    if (!shows) phone.invite_headers = {{"Privacy", "id"}};
    if (!shows) office_.somebody_shows_no_number = true;
    if (chance.one_in(6)) phone.invite_expires = std::chrono::seconds{5 + chance.below(15)};
    phone.sends(INVITE, desk);
    const auto call_id = "call-" + std::to_string(phone.invite().value);
    if (phone.invite_expires) {
        wanted_until_[call_id] = office_.pbx.now().mono + *phone.invite_expires;
        ++office_.done["wants an answer soon"];
    }
    phone.invite_headers.clear();
    phone.invite_expires.reset();
    ++office_.done[shows ? "shows its number" : "shows no number"];
    if (office_.pbx.network()) return;  // by which that takes its time
    if (!is_refused(desk, phone.number, shows ? phone.number : std::string{})) return;
    CAPTURE(call_id);
    CHECK(std::ranges::any_of(phone.inbox, [&](const Arrived& arrived) {
        return arrived.call_id == call_id && arrived.status >= 400;
    }));
    for (const auto* other : office_.callers)
        CHECK(std::ranges::none_of(other->inbox, [&](const Arrived& arrived) {
            return arrived.method == INVITE && !arrived.from_address.uri.host.empty();
        }));
    ++office_.done["refused by an exception"];
}

}  // namespace lampline::test
