#include "support/office/random_lines.hpp"

#include <algorithm>
#include <sstream>

#include "core/appearance.hpp"

namespace lampline::test {
namespace {

std::string appearance(const Phone& phone, unsigned index, std::string_view state = {})
{
    auto text = "<sip:" + phone.number + "@office.test>;appearance-index=" + std::to_string(index);
    if (!state.empty()) text += ";appearance-state=" + std::string{state};
    return text;
}

template <class Values>
std::string joined(const Values& values)
{
    std::ostringstream text;
    for (const auto& value : values) text << value << " ";
    return text.str();
}

}  // namespace

void RandomLines::act()
{
    auto& chance = office_.chance;
    std::vector<Phone*> phones;
    for (auto* phone : office_.callers)
        if (std::ranges::count(shared_lines, phone->number) > 0) phones.push_back(phone);
    auto& phone = *chance.any_of(phones);
    const auto claim = std::ranges::find(claims_, &phone, &Claim::phone);
    const auto index = static_cast<unsigned>(1 + chance.below(3));
    const bool idle = !phone.has_dialog() && !phone.rings();
    switch (chance.below(8)) {
    case 0:
    case 1: return claims(phone);
    case 2:
        if (idle && claim != claims_.end()) {
            const auto seized = chance.one_in(3) ? 0 : claim->index;
            calls(phone, std::string{chance.any_of(desks)}, seized);
        }
        return;
    case 3:
    case 4:
    case 5:
        if (phone.has_dialog() && !phone.calls()) holds(phone);
        return;
    case 6:
        if (idle) calls(phone, phone.number, index);  // a retrieval, where one is on hold
        return;
    default:
        if (chance.one_in(2)) {
            if (idle) calls(phone, std::string{chance.any_of(desks)}, index);
            return;
        }
        if (claim == claims_.end()) return;
        claims_.erase(claim);
        subscriptions_.ask(phone,
                           {.event = "line-seize",
                            .to = phone.number,
                            .expires = 0s,
                            .to_tag = subscriptions_.tag(phone, "line-seize", phone.number)});
    }
}

/// Of all phones that claim an appearance one has it.
void RandomLines::claims(Phone& phone)
{
    if (!office_.is_registered(phone)) return;
    auto& chance = office_.chance;
    const auto count = office_.appearances.at(phone.number);
    const auto index = chance.one_in(8) ? count + 1 : static_cast<unsigned>(1 + chance.below(3));
    const auto expires = std::chrono::seconds{5 + chance.below(20)};
    const auto answer =
        subscriptions_.ask(phone, {.event = "line-seize",
                                   .to = phone.number,
                                   .expires = expires,
                                   .payload = std::make_shared<const Payload>(Payload{
                                       {}, {}, {{"Call-Info", appearance(phone, index)}}})});
    REQUIRE(answer);
    std::erase_if(claims_,
                  [&](const Claim& claim) { return claim.phone == &phone || !claim_lives(claim); });
    const bool taken = std::ranges::any_of(claims_, [&](const Claim& claim) {
        return claim.phone->number == phone.number && claim.index == index;
    });
    CAPTURE(index);
    CHECK((answer->status == 404) == (index > count));
    if (taken) CHECK(answer->status == 480);
    if (answer->status != 200) notified_.forgets(phone, "line-seize", phone.number);
    if (answer->status == 480) ++office_.done["claims lost"];
    if (answer->status != 200) return;
    claims_.push_back(
        {&phone, index, office_.pbx.now().mono + std::min<std::chrono::seconds>(expires, 15s)});
    ++office_.done["claims"];
}

/// Its subscription has not ended for another reason.
bool RandomLines::claim_lives(const Claim& claim) const
{
    const auto* screen = notified_.find(*claim.phone, "line-seize", claim.phone->number, false);
    return screen && !screen->over && claim.until > office_.pbx.now().mono;
}

void RandomLines::calls(Phone& phone, const std::string& number, unsigned index)
{
    if (index > 0) phone.invite_headers = {{"Call-Info", appearance(phone, index)}};
    phone.sends(INVITE, number);
    phone.invite_headers.clear();
    ++office_.done[number == phone.number ? "retrieves" : "calls on an appearance"];
}

void RandomLines::holds(Phone& phone)
{
    for (const auto& call : office_.pbx.view().calls)
        for (const auto& leg : call.legs) {
            if (leg.extension != phone.number || leg.state != "confirmed" ||
                office_.pbx.dialog_of(leg.call_id) != phone.dialog())
                continue;
            constexpr std::array<std::string_view, 3> states{"held", "held-private", "active"};
            const auto state = office_.chance.any_of(states);
            const auto sdp = state == "active" ? talking_sdp : hold_sdp;
            phone.sends(INVITE, std::make_shared<const Payload>(
                                    Payload{"application/sdp",
                                            std::string{sdp},
                                            {{"Call-Info", appearance(phone, 1, state)}}}));
            wishes_[phone.invite()] = {leg.call_id, state == "held-private"};
            ++office_.done["holds " + std::string{state}];
            return;
        }
}

void RandomLines::take(const Arrived& arrived)
{
    if (arrived.status < 200) return;
    const auto wish = wishes_.extract(arrived.transaction);
    if (!wish || arrived.status >= 300) return;
    if (wish.mapped().is_private)
        private_.insert(wish.mapped().call_id);
    else
        private_.erase(wish.mapped().call_id);
}

void RandomLines::look()
{
    if (private_.empty()) return;
    std::set<std::string> held;
    for (const auto& call : office_.pbx.present().calls)
        for (const auto& leg : call.legs)
            if (leg.holds && leg.state == "confirmed") held.insert(leg.call_id);
    std::erase_if(private_, [&](const auto& call_id) { return !held.contains(call_id); });
}

void RandomLines::exchange_killed()
{
    claims_.clear();
    wishes_.clear();
}

void RandomLines::storage_lost(const std::vector<StoredCall>& left)
{
    private_.clear();
    for (const auto& call : left)
        for (const auto& leg : call.legs)
            if (leg.holds && leg.place && leg.place->is_private) private_.insert(leg.dialog.call_id);
}

void RandomLines::check(const LiveView& view, const Screen& screen,
                        const std::map<unsigned, std::string>& published) const
{
    const auto count = office_.appearances.at(screen.resource);
    auto shown = screen.appearances;
    for (const auto& [index, info] : shown) {
        CAPTURE(index);
        if (!info.appearance_uri.empty())
            CHECK(office_.is_shown_rightly(info.appearance_uri, screen.phone->number,
                                           screen.resource));
    }
    for (const auto& [index, word] : published) {
        CAPTURE(index);
        const auto found = shown.find(index);
        REQUIRE(found != shown.end());
        if (found->second.state) continue;  // a call of the exchange has the place
        CHECK(found->second.other_state == word);
        shown.erase(found);
    }

    std::set<unsigned> seized;
    std::set<unsigned> held;
    std::multiset<std::string> states;
    for (const auto& [index, info] : shown) {
        CAPTURE(index);
        REQUIRE(info.state);
        CHECK(index <= count);
        if (info.state == AppearanceState::seized) {
            seized.insert(index);
            continue;
        }
        if (info.state == AppearanceState::held) held.insert(index);
        states.emplace(name(*info.state));
    }
    check_calls(view, screen.resource, std::move(states));

    std::set<unsigned> claimed;
    for (const auto& claim : claims_)
        if (claim.phone->number == screen.resource && claim_lives(claim) &&
            !held.contains(claim.index))
            claimed.insert(claim.index);
    CHECK(joined(seized) == joined(claimed));
}

/// What the calls of a line make of its appearances.
struct RandomLines::LineCalls {
    std::multiset<std::string> by_call;  ///< of each call one
    std::multiset<std::string> by_leg;   ///< of each of its phones one
};

RandomLines::LineCalls RandomLines::calls_of(const LiveView& view, const std::string& line) const
{
    LineCalls all;
    for (const auto& call : view.calls) {
        std::set<std::string> words;
        bool waits = false;  // a picker, which has an appearance where nothing else of the call has
        for (const auto& leg : call.legs) {
            if (leg.extension != line || leg.state == "terminated") continue;
            waits = waits || leg.untold;
            if (leg.untold) continue;
            const bool confirmed = leg.state == "confirmed";
            const std::string word = !confirmed  ? leg.role == "caller" ? "progressing" : "alerting"
                                     : !leg.holds ? "active"
                                     : private_.contains(leg.call_id) ? "held-private"
                                                                      : "held";
            all.by_leg.insert(word);
            words.insert(word);
        }
        if (waits && words.empty()) {
            all.by_leg.insert("progressing");
            words.insert("progressing");
        }
        for (const std::string word : {"active", "held-private", "held", "progressing", "alerting"})
            if (words.contains(word)) {
                all.by_call.insert(word);
                break;
            }
    }
    return all;
}

/// Each call has one appearance, where there is one left; the phones of a line that have come to
/// talk to each other, two. A call that had none did not say whose hold it is.
void RandomLines::check_calls(const LiveView& view, const std::string& line,
                              std::multiset<std::string> shown) const
{
    auto [by_call, by_leg] = calls_of(view, line);
    const bool enough = office_.appearances.at(line) >= max_appearances;
    if (!enough)
        for (auto* words : {&shown, &by_call, &by_leg})
            while (words->contains("held-private")) {
                words->erase(words->find("held-private"));
                words->insert("held");
            }
    CAPTURE(joined(by_leg));
    if (enough && by_call.size() == by_leg.size()) {
        CHECK(joined(shown) == joined(by_call));
        return;
    }
    CHECK_MESSAGE(std::ranges::includes(by_leg, shown), joined(shown));
    if (enough) CHECK(shown.size() >= by_call.size());
}

void RandomLines::check_claims(const LiveView& view) const
{
    for (const auto& one : view.subscriptions) {
        if (one.package != "line-seize") continue;
        const auto* phone = office_.phone_at(one.contact);
        const auto claim = std::ranges::find(claims_, phone, &Claim::phone);
        REQUIRE(claim != claims_.end());
        CHECK(claim_lives(*claim));
        CHECK(office_.is_registered(*phone));
    }
}

}  // namespace lampline::test
