// People who want to call outside at the cost of others, by whatever the exchange knows: nobody
// gets past the limits.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <random>
#include <utility>

#include "support/scenario.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

constexpr std::array<std::string_view, 5> numbers{"101", "102", "103", "104", "105"};
constexpr unsigned calls_a_day = 6;

/// Only 102 may call outside, once at a time and six times a day; 103 may, but nothing that costs;
/// 104 may forward, but not call. All others would like to. 600 overflows to outside.
class Office {
public:
    /// `lends`: numbers of the trunk act on behalf of 102, who may forward to outside then.
    explicit Office(unsigned seed, bool lends = false) : random_{seed}, lends_{lends}
    {
        line_.name = "line";
        line_.servers = {{"198.51.100.1", 5060, Transport::udp}};
        line_.domain = "carrier.test";
        line_.inbound = {{"1(10[1-5])", "\\1", false}, {"1(.*)", "\\1", false}};
        if (lends) line_.inbound.insert(line_.inbound.begin(), {"2(.*)", "\\1", false, "102"});
        line_.limits.calls = 3;
        DigitRule dear;
        dear.pattern = "0.*";
        dear.call_class = CallClass::premium;
        dear.trunks = {"line"};
        rules_.rules = {dear};
        rules_.default_right = CallClass::internal;
        rules_.rights["102"] = CallClass::premium;
        rules_.rights["103"] = CallClass::national;
        rules_.outside["102"] = {lends, {.calls = 1, .calls_per_day = calls_a_day}};
        rules_.outside["104"] = {true, {}};
        pbx_.has_trunks({line_}, rules_);
        if (lends) {
            pbx_.has_calling_card({.number = "800"});
            pbx_.has_park_lot({.number = "700", .first_slot = "701", .slots = 2});
        }
        RingGroup team;
        team.number = "600";
        team.members = {{"105", {}}};
        team.ring_time = 5s;
        team.overflow = "0900";
        pbx_.has_ring_groups({team});
        for (const auto number : numbers) phones_.push_back(&pbx_.phone(std::string{number}));
        phones_.push_back(&pbx_.silent_phone("102"));  // a second phone
        phones_.back()->registers(36000s, 500);
        carrier_ = &pbx_.carrier(line_, "555");
        phones_.push_back(carrier_);
    }

    void step()
    {
        auto& phone = *phones_[pick(phones_.size())];
        act(phone);
        for (auto* each : phones_) look_at(*each);
        CHECK(outside_now() <= 1);
        CHECK(dialled_ <= calls_a_day);
    }

    void is_killed()
    {
        for (auto* phone : phones_) phone->inbox.clear();
        pbx_.restarts();
        CHECK(outside_now() <= 1);
    }

    void close()
    {
        pbx_.ends_all_calls();
        pbx_.passes(60s);
        for (auto* phone : phones_) phone->inbox.clear();
        CHECK(pbx_.has_no_calls());
        CHECK(pbx_.has_no_dialogs());
    }

    [[nodiscard]] unsigned dialled() const { return dialled_; }

private:
    std::size_t pick(std::size_t of)
    {
        return std::uniform_int_distribution<std::size_t>{0, of - 1}(random_);
    }

    std::string any_number()
    {
        constexpr std::array<std::string_view, 4> others{"600", "0900", "0901", "0902"};
        const auto which = pick(numbers.size() + others.size());
        return std::string{which < numbers.size() ? numbers[which]
                                                  : others[which - numbers.size()]};
    }

    /// By whose rights somebody outside tries it.
    std::string way_in() { return lends_ && pick(3) > 0 ? "2" : "1"; }

    std::string any_destination()
    {
        constexpr std::array<std::string_view, 4> services{"800", "700", "701", "*8"};
        if (!lends_ || pick(3) > 0) return any_number();
        return std::string{services[pick(services.size())]};
    }

    /// A key of who is in the calling-card application.
    void presses(Phone& phone)
    {
        constexpr std::string_view keys = "00900#*1";
        const std::string key{keys[pick(keys.size())]};
        phone.sends(INFO,
                    std::make_shared<const Payload>(Payload{
                        "application/dtmf-relay", "Signal=" + key + "\r\nDuration=160\r\n", {}}));
    }

    /// Legs that we have opened to the carrier, and that are not over.
    std::size_t outside_now() const
    {
        std::size_t count = 0;
        for (const auto& call : pbx_.view().calls)
            count +=
                static_cast<std::size_t>(std::ranges::count_if(call.legs, [](const LiveLeg& leg) {
                    return leg.trunk == "line" && leg.role == "callee" && leg.state != "terminated";
                }));
        return count;
    }

    void look_at(Phone& phone)
    {
        bool given_up = false;
        for (const auto& arrived : std::exchange(phone.inbox, {})) {
            const bool anew = arrived.method == INVITE && arrived.request_uri.user.starts_with("0");
            // A call that is handed over while it rings is dialled again in its own place.
            if (&phone == carrier_ && arrived.what == "CANCEL") given_up = true;
            if (&phone == carrier_ && anew && !std::exchange(given_up, false)) ++dialled_;
            if (arrived.answers_to && (arrived.method == NOTIFY || arrived.method == OPTIONS))
                phone.replies_to(arrived, 200);
        }
    }

    void act(Phone& phone)
    {
        const bool outside = &phone == carrier_;
        constexpr std::array<unsigned, 7> answers{100, 180, 200, 200, 486, 503, 302};
        constexpr std::array<std::string_view, 4> codes{"*21*", "*67*", "*61*", "*62*"};
        switch (pick(12)) {
        case 0:
        case 1: phone.sends(INVITE, (outside ? way_in() : "") + any_destination()); break;
        case 2:
        case 3:
        case 4:
            if (phone.rings()) phone.replies(answers[pick(answers.size())], talking_sdp);
            break;
        case 5:
            if (phone.calls() && phone.has_dialog()) phone.cancels();
            break;
        case 6:
            if (phone.has_dialog() && !phone.calls()) phone.sends(BYE);
            break;
        case 7:
            phone.sends(INVITE,
                        std::string{outside ? way_in() : ""} +
                            (pick(2) == 0 ? std::string{codes[pick(codes.size())]} + any_number()
                                          : "**" + any_number()));
            break;
        case 8:
            if (!phone.has_dialog() || phone.calls()) break;
            if (lends_ && pick(2) == 0)
                presses(phone);
            else
                refer(phone);
            break;
        case 9: replace(phone); break;
        case 10: order(phone); break;
        default: pbx_.passes(std::chrono::seconds{pick(20)});
        }
    }

    std::string any_call_id()
    {
        const auto calls = pbx_.view().calls;
        if (calls.empty()) return "none";
        const auto& legs = calls[pick(calls.size())].legs;
        return legs[pick(legs.size())].call_id;
    }

    void refer(Phone& phone)
    {
        auto target = "<sip:" + any_number() + "@office.test";
        if (pick(3) == 0) target += "?Replaces=" + any_call_id();
        phone.sends(Method::refer,
                    std::make_shared<const Payload>(Payload{{}, {}, {{"Refer-To", target + ">"}}}));
    }

    void replace(Phone& phone)
    {
        phone.sends_replacing({.call_id = any_call_id(), .to_tag = {}, .from_tag = {}},
                              any_number());
    }

    /// Somebody at the REST, who may place calls for anybody; those count for whom they are placed.
    void order(const Phone& phone)
    {
        constexpr std::array actions{CallAction::place, CallAction::transfer, CallAction::hang_up,
                                     CallAction::pick_up};
        const auto calls = pbx_.view().calls;
        pbx_.orders({.action = actions[pick(actions.size())],
                     .call = calls.empty() ? "1" : calls[pick(calls.size())].id,
                     .from = phone.number,
                     .to = any_number(),
                     .by = pick(3) == 0 ? "" : phone.number});
    }

    std::mt19937 random_;
    bool lends_;
    Scenario pbx_;
    Trunk line_;
    DigitRules rules_;
    std::vector<Phone*> phones_;
    Phone* carrier_ = nullptr;
    unsigned dialled_ = 0;
};

}  // namespace

TEST_CASE("random attempts: never more calls outside at once, nor in a day, than who pays may have")
{
    unsigned dialled = 0;
    for (unsigned seed = 1; seed <= 60; ++seed) {
        CAPTURE(seed);
        Office office{seed};
        for (int round = 0; round < 6; ++round) {
            for (int i = 0; i < 50; ++i) office.step();
            if (round % 2 == 1) office.is_killed();
        }
        dialled += office.dialled();
        office.close();
    }
    CHECK(dialled > 100);  // it is tried, and those who may succeed
}

TEST_CASE("random attempts by numbers of the trunk that act on behalf of somebody: no more either")
{
    unsigned dialled = 0;
    for (unsigned seed = 1; seed <= 60; ++seed) {
        CAPTURE(seed);
        Office office{seed, true};
        for (int round = 0; round < 6; ++round) {
            for (int i = 0; i < 50; ++i) office.step();
            if (round % 2 == 1) office.is_killed();
        }
        dialled += office.dialled();
        office.close();
    }
    CHECK(dialled > 100);
}
