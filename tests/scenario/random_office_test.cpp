// An office of phones that do anything at any time: whatever happens, the lamps tell the truth and
// nothing is left.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "support/scenario.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

constexpr std::array<std::string_view, 5> numbers{"101", "102", "103", "104", "105"};

class Office {
public:
    explicit Office(unsigned seed)
        : random_{seed}, pbx_{{group("all", {"109", "101", "103"}, {"102", "104", "105"})}}
    {
        for (const auto number : numbers) phones_.push_back(&pbx_.phone(std::string{number}));
        phones_.push_back(&pbx_.silent_phone("102"));  // a second phone
        phones_.back()->registers(36000s, 500);
        watcher_ = &pbx_.phone("109");
        for (const auto number : numbers) watcher_->watches(number);
    }

    void step()
    {
        Phone& phone = *phones_[pick(phones_.size())];
        phone.answers_cancel = pick(8) != 0;
        phone.answers_bye = pick(16) != 0;
        phone.acknowledges = pick(16) != 0;
        watcher_->answers_notify = pick(4) != 0 ? std::optional{200U} : std::nullopt;
        act(phone);
        if (!pbx_.asked.empty() && pick(2) == 0) pbx_.settles_one(pick(3) == 0 ? 500 : 200);
        for (auto* each : phones_) remember_unacknowledged(*each);
        answer_late_notifies();
    }

    /// kill -9 and a start. Whoever simply talked talks on; nothing that only rang is left.
    void is_killed()
    {
        std::set<std::string> talked;
        for (const auto& call : pbx_.view().calls) {
            const auto confirmed = [](const LiveLeg& leg) { return leg.state == "confirmed"; };
            if (call.answered_at && call.legs.size() == 2 &&
                std::ranges::all_of(call.legs, confirmed))
                talked.insert(call.id);
        }
        for (auto* phone : phones_) phone->inbox.clear();
        pbx_.restarts();
        versions_may_jump_ = true;
        for (const auto& call : pbx_.view().calls) {
            CHECK(call.legs.size() == 2);
            for (const auto& leg : call.legs) CHECK(leg.state == "confirmed");
            talked.erase(call.id);
        }
        CHECK(talked.empty());
        survivors_ += pbx_.view().calls.size();
    }
    [[nodiscard]] std::size_t survivors() const { return survivors_; }

    /// Every lamp shows what the calls say.
    void check_lamps()
    {
        watcher_->answers_notify = 200;
        answer_all_notifies();
        std::map<std::string, std::string> truth;
        const auto view = pbx_.view();
        for (const auto& call : view.calls)
            for (const auto& leg : call.legs)
                if (leg.state != "terminated" && rank(leg.state) > rank(truth[leg.extension]))
                    truth[leg.extension] = leg.state;
        CHECK(view.lamps.size() == numbers.size());
        for (const auto& lamp : view.lamps) {
            const auto expected = truth[lamp.member];
            CHECK_MESSAGE(lamp.state == (expected.empty() ? "idle" : expected), lamp.member);
        }
    }

    void close()
    {
        while (!pbx_.asked.empty()) pbx_.settles_one(pick(2) == 0 ? 200 : 500);
        pbx_.ends_all_calls();
        pbx_.passes(60s);
        for (auto* phone : phones_) phone->inbox.clear();
        watcher_->answers_notify = 200;
        check_lamps();
        CHECK(pbx_.has_no_calls());
        CHECK(pbx_.has_no_dialogs());
        for (const auto& lamp : pbx_.view().lamps) CHECK(lamp.state == "idle");
        CHECK(last_version_broken_ == 0);
        watcher_->inbox.clear();
    }

private:
    static int rank(std::string_view state)
    {
        constexpr std::array<std::string_view, 5> order{"", "trying", "proceeding", "confirmed",
                                                        "early"};
        return static_cast<int>(std::find(order.begin(), order.end(), state) - order.begin());
    }

    std::size_t pick(std::size_t of)
    {
        return std::uniform_int_distribution<std::size_t>{0, of - 1}(random_);
    }

    void act(Phone& phone)
    {
        constexpr std::array<unsigned, 8> answers{100, 180, 183, 200, 200, 486, 603, 500};
        switch (pick(15)) {
        case 0: phone.sends(INVITE, pick(4) == 0 ? "600" : numbers[pick(numbers.size())]); break;
        case 1:
        case 2:
        case 3:
            if (phone.rings()) phone.replies(answers[pick(answers.size())], talking_sdp);
            break;
        case 4:
            if (phone.rings()) phone.fails_with(pick(2) == 0 ? 408 : 503);
            break;
        case 5:
            if (phone.calls() && phone.has_dialog()) phone.cancels();
            break;
        case 6:
            if (phone.has_dialog() && !phone.calls()) phone.sends(BYE);
            break;
        case 7:
            if (phone.has_dialog() && !phone.calls())
                phone.sends_invite(pick(2) == 0 ? hold_sdp : talking_sdp);
            break;
        case 8: phone.sends(INVITE, pick(2) == 0 ? "*8" : "**102"); break;
        case 9:
        case 10:
            if (phone.has_dialog() && !phone.calls()) refer(phone);
            break;
        case 11: forward(phone); break;
        case 12: order(phone); break;
        default: pbx_.passes(std::chrono::seconds{pick(40)});
        }
    }

    /// By the phone itself, or by somebody at the desk; loops and numbers that are gone included.
    void forward(Phone& phone)
    {
        constexpr std::array<std::string_view, 4> codes{"*21*", "*67*", "*61*", "*62*"};
        const auto number = [&]() -> std::string {
            constexpr std::array<std::string_view, 3> others{"999", "600", ""};
            const auto which = pick(numbers.size() + others.size());
            return std::string{which < numbers.size() ? numbers[which]
                                                      : others[which - numbers.size()]};
        };
        if (pick(2) == 0) {
            constexpr std::array<std::string_view, 3> alone{"*73", "*78", "*79"};
            pbx_.settles = pick(4) != 0;
            phone.sends(INVITE, pick(2) == 0 ? std::string{alone[pick(alone.size())]}
                                             : std::string{codes[pick(codes.size())]} + number());
            return;
        }
        if (pick(3) == 0) return have_ring_group(number());
        Forwarding wishes;
        if (pick(3) == 0) wishes.always = number();
        wishes.busy = number();
        wishes.no_answer = number();
        wishes.unregistered = number();
        wishes.no_answer_after = std::chrono::seconds{5 + pick(20)};
        wishes.do_not_disturb = pick(8) == 0;
        wishes.call_waiting = pick(4) != 0;
        if (pick(3) == 0) wishes.call_limit = 1 + pick(3);
        wishes.forking = pick(2) == 0 ? Forking::parallel : Forking::sequential;
        pbx_.forwards(phone.number, std::move(wishes));
    }

    void have_ring_group(std::string overflow)
    {
        RingGroup team;
        team.number = "600";
        team.strategy = static_cast<RingStrategy>(pick(5));
        for (const auto number : numbers)
            if (pick(3) != 0)
                team.members.push_back({std::string{number}, std::chrono::seconds{pick(3) * 5}});
        team.ring_time = std::chrono::seconds{5 + pick(20)};
        team.overflow = std::move(overflow);
        team.skip_busy = pick(2) == 0;
        pbx_.has_ring_groups({std::move(team)});
    }

    /// A third party has something done with any call there is, or makes one.
    void order(const Phone& phone)
    {
        constexpr std::array actions{CallAction::place,  CallAction::place,  CallAction::hang_up,
                                     CallAction::hold,   CallAction::resume, CallAction::transfer,
                                     CallAction::pick_up};
        const auto calls = pbx_.view().calls;
        pbx_.orders({.action = actions[pick(actions.size())],
                     .call = calls.empty() ? "1" : calls[pick(calls.size())].id,
                     .from = phone.number,
                     .to = std::string{numbers[pick(numbers.size())]},
                     .by = pick(3) == 0 ? "" : phone.number});
    }

    /// Blind, or attended to any call there is, its own or not.
    void refer(Phone& phone)
    {
        std::string target = "<sip:" + std::string{numbers[pick(numbers.size())]} + "@office.test";
        const auto calls = pbx_.view().calls;
        if (pick(2) == 0 && !calls.empty()) {
            const auto& legs = calls[pick(calls.size())].legs;
            target += "?Replaces=" + legs[pick(legs.size())].call_id;
        }
        phone.sends(Method::refer,
                    std::make_shared<const Payload>(Payload{{}, {}, {{"Refer-To", target + ">"}}}));
    }

    /// The stack's timer H for the ACKs that a phone kept to itself, sooner or later.
    void remember_unacknowledged(Phone& phone)
    {
        for (const auto& arrived : phone.inbox)
            if (arrived.status / 100 == 2 && arrived.transaction && arrived.leg &&
                !phone.acknowledges)
                phone.never_acknowledges(arrived);
        for (const auto& arrived : std::exchange(phone.inbox, {}))
            if (arrived.answers_to && (arrived.method == NOTIFY || arrived.method == OPTIONS))
                phone.replies_to(arrived, pick(8) == 0 ? 481 : 200);
    }

    void answer_late_notifies()
    {
        if (pick(3) == 0) answer_all_notifies();
    }

    void answer_all_notifies()
    {
        while (!watcher_->inbox.empty()) {
            auto arrived = std::move(watcher_->inbox.front());
            watcher_->inbox.pop_front();
            if (!arrived.notify) continue;
            auto& last = versions_[arrived.notify->dialog->call_id];
            const auto version = arrived.notify->version;
            if (last && (versions_may_jump_ ? version <= *last : version != *last + 1))
                ++last_version_broken_;
            last = version;
            watcher_->answers(arrived, 200);
        }
    }

    std::mt19937 random_;
    Scenario pbx_;
    std::vector<Phone*> phones_;
    Phone* watcher_ = nullptr;
    std::map<std::string, std::optional<std::uint32_t>> versions_;
    int last_version_broken_ = 0;
    bool versions_may_jump_ = false;  // after a kill: what was reserved is passed over
    std::size_t survivors_ = 0;
};

}  // namespace

TEST_CASE("random calls of an office: lamps true at every rest, versions without a gap, nothing "
          "left behind")
{
    for (unsigned seed = 1; seed <= 40; ++seed) {
        CAPTURE(seed);
        Office office{seed};
        for (int round = 0; round < 20; ++round) {
            for (int i = 0; i < 15; ++i) office.step();
            office.check_lamps();
        }
        office.close();
    }
}

TEST_CASE("the exchange is killed again and again: who talks talks on, lamps true at every rest, "
          "nothing left behind")
{
    std::size_t survivors = 0;
    for (unsigned seed = 101; seed <= 140; ++seed) {
        CAPTURE(seed);
        Office office{seed};
        for (int round = 0; round < 20; ++round) {
            for (int i = 0; i < 15; ++i) office.step();
            office.is_killed();
            office.check_lamps();
        }
        survivors += office.survivors();
        office.close();
    }
    CHECK(survivors > 50);
}
