#include "support/office/random_office.hpp"

#include <algorithm>

#include "support/scenario/network.hpp"

namespace lampline::test {
namespace {

constexpr auto look_interval = 200ms;  // at what has been sent
constexpr auto a_moment = 2s;  // in which what was sent is answered, and the rest of a list sent
constexpr std::size_t remembered_instants = 100;
constexpr auto longest_wait = 310s;  // of a NOTIFY for its turn, by Retry-After
constexpr auto all_transactions = 100s;  // and a CANCEL, and a BYE after that
constexpr auto two_probes = 130s;        // of who is silent

}  // namespace

RandomOffice::RandomOffice(unsigned seed, Mood mood, Links links) : office_{seed}, mood_{mood}
{
    notified_.must_be_silent = [this](const Phone& phone, const Screen& screen) {
        if (screen.package != "dialog" || screen.list || screen.resource != notifier) return false;
        forwards_.look();  // who has left, and who has expired
        return forwards_.is_told(phone);
    };
    notified_.ends_for_phone = [this](const Phone& phone, const SendNotify& notify) {
        forwards_.take_end(phone, notify);
    };
    sessions_.gives_up = [this](Phone& phone, LegId dialog) { calls_.ends(phone, dialog); };
    office_.leaves = [this](const Phone& phone) {
        publishers_.leaves(phone);
        forwards_.leaves(phone);
    };
    office_.registered = [this](const Phone& phone) {
        publishers_.registers(phone);
        forwards_.registers(phone);
    };
    silent_since_ = office_.pbx.now().mono;
    stored_.emplace_back(silent_since_, office_.pbx.stored.size());
    goes_on();
    for (auto* phone : office_.watchers) {
        if (phone->number != "109" && phone->number != "106") continue;
        for (const auto member : desks)
            subscriptions_.ask(*phone, {.event = "dialog", .to = std::string{member}});
        for (const auto slot : slots)
            subscriptions_.ask(*phone, {.event = "dialog", .to = std::string{slot}});
        subscriptions_.ask(*phone, {.event = "dialog",
                                    .to = phone->number == "109" ? "all" : "desk",
                                    .supported = OptionTag::eventlist});
    }
    for (auto* phone : office_.callers)
        if (std::ranges::count(shared_lines, phone->number) > 0)
            subscriptions_.ask(*phone, {.event = "call-info", .to = phone->number});
    goes_on();
    if (links == Links::lossy) {
        office_.pbx.times_out = [this](Phone& phone, LegId dialog) {
            if (office_.chance.one_in(2)) calls_.ends(phone, dialog);
        };
        office_.pbx.has_network([this] { return passage(); });
    }
    if (mood != Mood::watching || seed % 3 == 0) return;
    office_.notifier_notifies = true;
    office_.configure();
    goes_on();
}

void RandomOffice::step(Weather weather)
{
    notified_.weather = weather;
    stormy_ = stormy_ || weather == Weather::stormy;
    acts();
    forwards_.look();
    goes_on();
    calls_.settle(false);
    forwards_.answer(false);
    messages_.answer(false);
    progress_.acknowledge(false);
    goes_on();
    calls_.look();
    records_.look();
    sessions_.look();
    progress_.look();
    lines_.look();
    forwards_.look();
    watchers_.look();
    calls_.check_one_truth(office_.pbx.present());
}

std::string RandomOffice::ladder() const
{
    const auto* network = office_.pbx.network();
    return network ? network->ladder() : std::string{};
}

Passage RandomOffice::passage()
{
    auto& chance = office_.chance;
    if (office_.overtaken) return {.after = copies.front()};
    if (notified_.weather == Weather::fair || !chance.one_in(3)) return {};
    if (notified_.weather == Weather::stormy && chance.one_in(10)) return {.never = true};
    std::size_t lost = 0;
    while (lost + 1 < copies.size() && chance.one_in(2)) ++lost;
    return {.after = copies.at(lost)};
}

void RandomOffice::links_settle()
{
    if (!office_.pbx.network()) return;
    passes(all_transactions);
    calls_.settle(true);
    progress_.acknowledge(true);
    passes(two_probes);
    calls_.check_known(office_.pbx.present());
}

void RandomOffice::acts()
{
    auto& chance = office_.chance;
    if (chance.one_in(10)) return passes(std::chrono::seconds{chance.below(40)});
    if (chance.one_in(3)) return passes(std::chrono::milliseconds{chance.below(1500)});
    if (chance.one_in(40)) return messages_.act();
    if (mood_ == Mood::calling && chance.one_in(40)) return watchers_.caller_comes_or_goes();
    if (chance.one_in(2)) return calls_.act();
    switch (mood_) {
    case Mood::calling: return calls_.act();
    case Mood::sharing: return chance.one_in(5) ? watchers_.act() : lines_.act();
    case Mood::publishing: return chance.one_in(3) ? watchers_.act() : publishers_.act();
    case Mood::watching: break;
    }
    if (chance.one_in(8)) return watchers_.reconfigure();
    return chance.one_in(3) ? forwards_.act() : watchers_.act();
}

void RandomOffice::passes(std::chrono::milliseconds span)
{
    auto& pbx = office_.pbx;
    const auto end = pbx.now().mono + span;
    goes_on();
    while (pbx.now().mono < end) {
        auto until = std::min(end, pbx.now().mono + look_interval);
        if (const auto due = notified_.next()) until = std::min(until, *due);
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - pbx.now().mono);
        stored_.emplace_back(pbx.now().mono, pbx.stored.size());
        if (stored_.size() > remembered_instants) stored_.pop_front();
        pbx.passes(std::max(left, 1ms));
        goes_on();
    }
}

void RandomOffice::goes_on()
{
    while (empties_inboxes() || notified_.act() || sessions_.act() || shared_.act() || dead_.act()) {
    }
}

bool RandomOffice::empties_inboxes()
{
    bool any = false;
    for (auto* phone : office_.phones)
        while (!phone->inbox.empty()) {
            any = true;
            const auto arrived = std::move(phone->inbox.front());
            phone->inbox.pop_front();
            if (arrived.notify) {
                notified_.take(*phone, arrived);
            } else if (arrived.method == SUBSCRIBE && arrived.transaction && arrived.status == 0) {
                forwards_.take(*phone, arrived);
            } else {
                lines_.take(arrived);
                records_.take(arrived);
                if (!messages_.take(*phone, arrived) && !shared_.take(*phone, arrived) && !dead_.take(*phone, arrived) &&
                    !sessions_.take(*phone, arrived) &&
                    !progress_.take(*phone, arrived))
                    calls_.take(*phone, arrived);
            }
        }
    return any;
}

std::string RandomOffice::owed(const LiveView& view, std::chrono::milliseconds since)
{
    std::string owed;
    const auto of_old = [&](const auto& one) {
        return !one.sent_at || *one.sent_at + since <= view.taken_at;
    };
    std::set<std::string> lists;  // that are being told, one part after the other
    for (const auto& lamp : view.lamps)
        if (lamp.under_way && !of_old(lamp)) lists.insert(lamp.contact + lamp.list);
    for (const auto& lamp : view.lamps) {
        const bool in_turn = !lamp.list.empty() && lists.contains(lamp.contact + lamp.list);
        if (lamp.waiting || ((lamp.owed || lamp.under_way) && of_old(lamp) && !in_turn))
            owed += lamp.contact + " " + lamp.member + " " + lamp.list +
                    (lamp.under_way ? " under way; "
                     : lamp.waiting ? " waits; "
                                    : "; ");
    }
    for (const auto& one : view.subscriptions)
        if ((one.owed || !one.answer) && of_old(one))
            owed += one.contact + " " + one.package + " " + one.resource + "; ";
    if (since == 0ms && view.lamp_ends > 0)
        owed += "ends of " + std::to_string(view.lamp_ends) + " lamps; ";
    return owed;
}

void RandomOffice::rests()
{
    auto& pbx = office_.pbx;
    if (pbx.network()) notified_.weather = Weather::fair;
    calls_.settle(true);
    forwards_.answer(true);
    messages_.answer(true);
    progress_.acknowledge(true);
    goes_on();
    links_settle();
    const bool short_silence = !stormy_ && pbx.now().mono - silent_since_ < 250s;
    notified_.clears_up();
    goes_on();
    if (short_silence) {
        passes(5s);
        CHECK(owed(pbx.present(), a_moment) == "");
        ++office_.done["rests after silence"];
    } else if (office_.chance.one_in(2)) {
        for (auto* phone : office_.watchers) {
            if (!office_.is_registered(*phone)) continue;
            office_.registers(*phone, 36000s);
            goes_on();
        }
        passes(1s);
        for (const auto& lamp : pbx.present().lamps)
            if (office_.is_registered(*office_.phone_at(lamp.contact))) CHECK_FALSE(lamp.waiting);
        ++office_.done["rests when heard"];
    }
    const auto end = pbx.now().mono + longest_wait;
    while (!owed(pbx.present(), 0s).empty() && pbx.now().mono < end) passes(200ms);
    CHECK(owed(pbx.present(), 0s) == "");
    check();
    if (pbx.view().calls.empty()) office_.somebody_shows_no_number = false;
    stormy_ = false;
    silent_since_ = pbx.now().mono;
}

void RandomOffice::is_killed()
{
    goes_on();
    calls_.check_stored();
    starts_again(calls_.talking());
}

void RandomOffice::is_killed_with_loss(std::chrono::milliseconds lag)
{
    goes_on();
    auto& pbx = office_.pbx;
    while (stored_.size() > 1 && stored_.back().first + lag > pbx.now().mono) stored_.pop_back();
    const auto whole = pbx.kept();
    office_.done["entries lost"] += pbx.stored.size() - stored_.back().second;
    pbx.stored.erase(pbx.stored.begin() + static_cast<std::ptrdiff_t>(stored_.back().second),
                     pbx.stored.end());
    const auto left = pbx.kept();
    const auto talked = calls_.storage_lost(calls_.talking(), whole.calls, left.calls);
    office_.storage_lost(left.bindings);
    notified_.storage_lost(left);
    lines_.storage_lost(left.calls);
    sessions_.storage_lost(left.calls);
    shared_.storage_lost(left.calls);
    forwards_.storage_lost(left);
    publishers_.storage_lost(left);
    watchers_.storage_lost();
    records_.storage_lost();
    starts_again(talked);
    calls_.check_forgotten(pbx.view());
}

void RandomOffice::starts_again(const std::set<std::string>& talked)
{
    notified_.exchange_killed();
    calls_.exchange_killed();
    records_.exchange_killed(talked);
    sessions_.exchange_killed();
    shared_.exchange_killed();
    progress_.exchange_killed();
    forwards_.exchange_killed();
    lines_.exchange_killed();
    messages_.exchange_killed();
    notified_.weather = Weather::fair;
    office_.pbx.asked.clear();
    office_.pbx.restarts();
    calls_.check_survivors(talked);
    dead_.exchange_restarted(
        [this](const std::string& call_id) { return calls_.is_forgotten(call_id); });
    calls_.died(dead_.all());
    sessions_.died(dead_.all());
    ++office_.done["killed"];
    if (office_.pbx.network()) {  // which is to settle first
        stored_.assign(1, {office_.pbx.now().mono, office_.pbx.stored.size()});
        return;
    }
    passes(2s);
    CHECK(owed(office_.pbx.present(), a_moment) == "");
    while (!owed(office_.pbx.present(), 0s).empty()) passes(200ms);
    check();
    stormy_ = false;
    silent_since_ = office_.pbx.now().mono;
    stored_.assign(1, {office_.pbx.now().mono, office_.pbx.stored.size()});
}

RandomWatchers::Dialogs RandomOffice::truth(const LiveView& view)
{
    RandomWatchers::Dialogs truth;
    for (const auto& call : view.calls)
        for (const auto& leg : call.legs)
            if (leg.state != "terminated" && !leg.untold)
                truth[leg.extension].insert(leg.call_id + " " + leg.state +
                                            (leg.held ? " held" : ""));
    for (const auto desk : desks) {
        const std::string number{desk};
        truth[number].merge(publishers_.dialogs_of(number));
        const auto& wishes = office_.pbx.forwarding_of(number);
        if (wishes.do_not_disturb) truth["dnd+" + number] = {"on confirmed"};
        if (!wishes.always.empty()) truth["fwd+" + number] = {"on confirmed"};
    }
    return truth;
}

void RandomOffice::check()
{
    // What ends meanwhile is told before it is looked at.
    while (publishers_.is_about_to_expire() || forwards_.is_about_to_expire() ||
           !owed(office_.pbx.present(), 0s).empty())
        passes(500ms);
    lines_.look();
    forwards_.look();
    watchers_.look();
    const auto& view = office_.pbx.present();
    office_.check_registrations(view);
    calls_.check_slots(view);
    calls_.check_dialogs(view);
    calls_.check_stored();
    calls_.check_holds(view);
    sessions_.check(view);
    shared_.check(view);
    dead_.check(view);
    records_.check(view);
    messages_.check();
    watchers_.check_lamps(view, truth(view), forwards_);
    watchers_.check_packages(view, lines_, publishers_);
    forwards_.check(view);
    lines_.check_claims(view);
    publishers_.check(view);
    ++office_.done["rests"];
}

void RandomOffice::closes()
{
    auto& pbx = office_.pbx;
    calls_.settle(true);
    forwards_.answer(true);
    messages_.answer(true);
    goes_on();
    notified_.clears_up();
    links_settle();
    pbx.ends_all_calls();
    shared_.exchange_stopped();
    for (auto* carrier : office_.carriers) carrier->answers_options.reset();
    passes(60s);
    rests();
    CHECK(pbx.has_no_calls());
    CHECK(pbx.has_no_dialogs());
    CHECK(pbx.unanswered() == 0);
    CHECK(office_.may_call_outside());
    records_.check_all(pbx.present());
    if (const auto* network = pbx.network()) {
        office_.done["messages lost"] += network->lost();
        office_.done["messages delayed"] += network->delayed();
    }
    for (const auto& screen : notified_.living())
        for (const auto& [index, info] : screen->appearances)
            CHECK(info.state != AppearanceState::active);
}

}  // namespace lampline::test
