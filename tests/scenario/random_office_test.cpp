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
constexpr std::array<std::string_view, 2> slots{"park+701", "park+702"};

class Office {
public:
    explicit Office(unsigned seed) : random_{seed}, pbx_{{everybody()}}
    {
        pbx_.has_park_lot({.number = "700",
                           .first_slot = "701",
                           .slots = slots.size(),
                           .timeout = 20s,
                           .fallback = "103"});
        for (const auto number : numbers) phones_.push_back(&pbx_.phone(std::string{number}));
        for (const auto number : numbers) {  // second phones
            phones_.push_back(&pbx_.silent_phone(std::string{number}));
            phones_.back()->registers(36000s, 500);
        }
        watcher_ = &pbx_.phone("109");
        for (const auto number : numbers) watcher_->watches(number);
        for (const auto slot : slots) watcher_->watches(slot);
    }

    void step()
    {
        Phone& phone = somebody();
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
        check_slots(view);
        CHECK(view.lamps.size() == numbers.size() + slots.size());
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
        CHECK(pbx_.unanswered() == 0);
        for (const auto& lamp : pbx_.view().lamps) CHECK(lamp.state == "idle");
        CHECK(last_version_broken_ == 0);
        watcher_->inbox.clear();
    }

    /// How often what was done.
    std::map<std::string, std::size_t> done;

private:
    /// All watch all, and may join and pick up.
    static Group everybody()
    {
        auto all = group("all", {"109", "101", "103"}, {"102", "104", "105"});
        all.rights.join = true;
        return all;
    }

    /// A slot holds one call, which says so itself, and in it one phone that hears nothing.
    void check_slots(const LiveView& view)
    {
        std::set<std::string> taken;
        for (const auto& call : view.calls) {
            std::string waits_in;
            for (const auto& leg : call.legs)
                if (is_park_name(leg.extension) && leg.state == "confirmed")
                    waits_in = leg.extension;
            if (waits_in.empty()) continue;
            ++done["waits"];
            CHECK(park_name(call.parked_in) == waits_in);
            CHECK(taken.insert(waits_in).second);
            CHECK(std::ranges::any_of(call.legs, [](const LiveLeg& leg) {
                return !is_park_name(leg.extension) && leg.state == "confirmed";
            }));
        }
    }

    static int rank(std::string_view state)
    {
        constexpr std::array<std::string_view, 5> order{"", "trying", "proceeding", "confirmed",
                                                        "early"};
        return static_cast<int>(std::find(order.begin(), order.end(), state) - order.begin());
    }

    /// Mostly one that rings, or is in a call: else little would come of it.
    Phone& somebody()
    {
        std::vector<Phone*> busy;
        for (auto* phone : phones_)
            if (phone->rings() || phone->has_dialog()) busy.push_back(phone);
        if (busy.empty() || pick(4) == 0) return *phones_[pick(phones_.size())];
        return *busy[pick(busy.size())];
    }

    std::size_t pick(std::size_t of)
    {
        return std::uniform_int_distribution<std::size_t>{0, of - 1}(random_);
    }

    void act(Phone& phone)
    {
        constexpr std::array<unsigned, 9> answers{180, 183, 200, 200, 200, 486, 491, 603, 500};
        if (phone.rings() && pick(2) == 0)
            return phone.replies(answers[pick(answers.size())], talking_sdp);
        switch (pick(21)) {
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
        case 13:
            if (phone.has_dialog() && !phone.calls()) park(phone);
            break;
        case 14:
        case 15: retrieve(phone); break;
        case 16: join(phone); break;
        case 17:
            if (phone.has_dialog() && !phone.calls() && pick(3) == 0) {
                phone.sends_on("<sip:" + any_number() + "@office.test>");
                ++done["also"];
            }
            break;
        case 18:
            if (pick(3) == 0) {
                phone.refers(phone.number, pointing_to(any_number()));
                ++done["refers"];
            }
            break;
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
        constexpr std::array actions{CallAction::place,   CallAction::place,  CallAction::hang_up,
                                     CallAction::hold,    CallAction::resume, CallAction::transfer,
                                     CallAction::pick_up, CallAction::park};
        const auto calls = pbx_.view().calls;
        pbx_.orders({.action = actions[pick(actions.size())],
                     .call = calls.empty() ? "1" : calls[pick(calls.size())].id,
                     .from = phone.number,
                     .to = any_number(),
                     .by = pick(3) == 0 ? "" : phone.number});
    }

    /// An extension, or at times a slot.
    std::string any_number()
    {
        constexpr std::array<std::string_view, 3> lot{"700", "701", "702"};
        return std::string{pick(6) == 0 ? lot[pick(lot.size())] : numbers[pick(numbers.size())]};
    }

    static PayloadRef pointing_to(const std::string& number)
    {
        return std::make_shared<const Payload>(
            Payload{{}, {}, {{"Refer-To", "<sip:" + number + "@office.test>"}}});
    }

    void park(Phone& phone)
    {
        constexpr std::array<std::string_view, 3> lot{"700", "701", "702"};
        phone.sends(Method::refer, pointing_to(std::string{lot[pick(lot.size())]}));
        ++done["parks"];
    }

    /// By number, by the dialog that the lamp shows, or by asking for a slot that may be free.
    void retrieve(Phone& phone)
    {
        const auto& slot = slots[pick(slots.size())];
        for (const auto& call : pbx_.view().calls)
            for (const auto& leg : call.legs)
                if (leg.extension == slot && pick(2) == 0) {
                    phone.sends_replacing({.call_id = leg.call_id, .to_tag = {}, .from_tag = {}},
                                          slot);
                    ++done["replaces"];
                    return;
                }
        if (phone.has_dialog() && pick(2) == 0) return;
        phone.sends(INVITE, pick(3) == 0 ? "700" : slot);
    }

    /// Any dialog of any call, with its own tags, or tags that are nobody's.
    void join(Phone& phone)
    {
        const auto kept = pbx_.kept();
        if (kept.calls.empty()) return;
        const auto& leg = kept.calls[pick(kept.calls.size())].legs[pick(2)];
        Replaces join{.call_id = leg.dialog.call_id,
                      .to_tag = leg.dialog.remote_tag,
                      .from_tag = leg.dialog.local_tag};
        if (pick(4) == 0) std::swap(join.to_tag, join.from_tag);
        if (pick(8) == 0) join.to_tag = "nobody";
        phone.sends_joining(join, leg.extension);
        ++done["joins"];
    }

    /// Blind, or attended to any call there is, its own or not.
    void refer(Phone& phone)
    {
        std::string target = "<sip:" + any_number() + "@office.test";
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
    std::map<std::string, std::size_t> done;
    for (unsigned seed = 1; seed <= 40; ++seed) {
        CAPTURE(seed);
        Office office{seed};
        for (int round = 0; round < 20; ++round) {
            for (int i = 0; i < 20; ++i) office.step();
            office.check_lamps();
        }
        office.close();
        for (const auto& [what, times] : office.done) done[what] += times;
    }
    for (const std::string what : {"parks", "waits", "replaces", "joins", "also", "refers"})
        CHECK_MESSAGE(done[what] > 20, what << ": " << done[what]);
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
