#include "support/office/random_watchers.hpp"

#include <algorithm>

#include "core/feature_event.hpp"

namespace lampline::test {
namespace {

constexpr std::array<std::string_view, 3> group_names{"all", "sales", "desk"};

bool is_key(std::string_view member)
{
    return member.find('+') != std::string_view::npos && !is_park_name(member);
}

std::string joined(const std::multiset<std::string>& lines)
{
    std::string text;
    for (const auto& line : lines) text += line + "; ";
    return text;
}

std::string tagged(std::string_view name, std::string_view text)
{
    return "<" + std::string{name} + ">" + std::string{text} + "</" + std::string{name} + ">";
}

/// A change of do not disturb or of a forward, as a phone asks for it.
PayloadRef feature_change(Chance& chance)
{
    const auto of = [](std::string body) {
        return std::make_shared<const Payload>(
            Payload{std::string{feature_event_type}, std::move(body), {}});
    };
    if (chance.one_in(2))
        return of(tagged("SetDoNotDisturb",
                         tagged("doNotDisturbOn", chance.one_in(2) ? "true" : "false")));
    constexpr std::array<std::string_view, 3> types{"forwardImmediate", "forwardBusy",
                                                    "forwardNoAns"};
    const auto to = tagged("forwardDN", chance.any_of(desks));
    const auto activates = tagged("activateForward", chance.one_in(2) ? "true" : "false");
    const auto type = tagged("forwardingType", chance.any_of(types));
    return of(tagged("SetForwarding", type + activates + to));
}

/// Where there is no room for all, one of several phones that ring for a call is told for all of them: takes those
/// that are not among `shown` out of `lines`. How many there were.
std::size_t erase_told_by_another(const LiveView& view, const std::string& number,
                                  const std::multiset<std::string>& shown,
                                  std::multiset<std::string>& lines)
{
    const auto rings = [&](const LiveLeg& leg) {
        return leg.extension == number && leg.role == "callee" && !leg.untold &&
               (leg.state == "trying" || leg.state == "proceeding" || leg.state == "early");
    };
    const auto before = lines.size();
    for (const auto& call : view.calls) {
        std::set<std::string> ringing;  // in proxy mode several have one Call-ID
        for (const auto& leg : call.legs)
            if (rings(leg))
                ringing.insert(leg.call_id + " " + leg.state + (leg.held ? " held" : ""));
        const auto is_shown = [&](const std::string& line) { return shown.contains(line); };
        if (std::ranges::none_of(ringing, is_shown)) continue;
        for (const auto& line : ringing)
            while (lines.count(line) > shown.count(line)) lines.erase(lines.find(line));
    }
    return before - lines.size();
}

}  // namespace

void RandomWatchers::act()
{
    auto& chance = office_.chance;
    auto& phone = *chance.any_of(office_.watchers);
    std::string desk{chance.any_of(desks)};
    const std::string line{chance.any_of(shared_lines)};
    const auto watched = [&](const std::string& member) {
        return phone.number == member || office_.may_watch(phone.number, member);
    };
    const auto ask = [&](Subscribing subscribing, bool allowed) {
        subscriptions_.ask_somehow(phone, std::move(subscribing), allowed);
    };
    switch (chance.below(18)) {
    case 0:
    case 1:
    case 2:
    case 3:
        if (desk == notifier) desk = "101";  // theirs is RandomForwards
        return ask({.event = "dialog", .to = desk}, office_.may_watch(phone.number, desk));
    case 4: return ask({.event = "dialog", .to = std::string{chance.any_of(slots)}}, true);
    case 5: {
        const auto key = (chance.one_in(2) ? "dnd+" : "fwd+") + desk;
        return ask({.event = "dialog", .to = key}, office_.may_watch(phone.number, key));
    }
    case 6:
    case 7:
    case 8: {
        const std::string group{chance.any_of(group_names)};
        return ask({.event = "dialog", .to = group, .supported = OptionTag::eventlist},
                   office_.may_list(phone.number, group));
    }
    case 9: return ask({.event = "presence", .to = desk}, watched(desk));
    case 10: return ask({.event = "message-summary", .to = desk}, phone.number == desk);
    case 11:
    case 12: {
        const auto tag = subscriptions_.tag(phone, "as-feature-event", phone.number);
        Subscribing features{.event = "as-feature-event", .to = phone.number};
        if (phone.flow.port % 2)
            features.accept = {std::string{feature_event_type}, "multipart/mixed"};
        const auto* screen = notified_.find(phone, "as-feature-event", phone.number, false);
        if (!screen || screen->over || notified_.has_expired(*screen) || chance.one_in(4))
            return ask(features, true);
        features.to_tag = tag;
        features.payload = feature_change(chance);
        office_.pbx.settles = !chance.one_in(4);
        const auto answer = subscriptions_.ask(phone, features);
        CHECK(answer.value().status == 200);
        return;
    }
    case 13: return ask({.event = "call-info", .to = line}, watched(line));
    case 14: return ask({.event = "reg", .to = phone.number}, true);
    default: return registers_somehow(phone);
    }
}

void RandomWatchers::caller_comes_or_goes()
{
    registers_somehow(*office_.chance.any_of(office_.callers));
}

/// A mere refresh, one that changes something or is the last for long, after a reboot, or not at
/// all any more.
void RandomWatchers::registers_somehow(Phone& phone)
{
    auto& chance = office_.chance;
    const auto how = chance.below(8);
    if (how < 2) {
        notified_.registered_anew(phone);
        ++office_.done["unregisters"];
        return office_.unregisters(phone);
    }
    if (how == 2) ++phone.reboots;
    if (office_.registration_of(phone) != phone.call_id_of_registers())
        notified_.registered_anew(phone);
    const auto expires = how == 3 ? std::chrono::seconds{60 + chance.below(120)} : 36000s;
    office_.registers(phone, expires, how == 4 ? 700 : 1000);
    ++office_.done["registers"];
}

void RandomWatchers::have_watcher(std::string_view name, std::string_view watcher, bool unsolicited)
{
    auto& group = *std::ranges::find(office_.groups, name, &Group::name);
    const auto known = std::ranges::find(group.watchers, watcher, &GroupWatcher::number);
    if (known == group.watchers.end())
        group.watchers.push_back(
            {std::string{watcher}, unsolicited, std::string{row_for(watcher)}});
    else if (unsolicited && office_.chance.one_in(2))
        known->unsolicited = !known->unsolicited;
    else
        group.watchers.erase(known);
}

void RandomWatchers::reconfigure()
{
    auto& chance = office_.chance;
    const std::string desk{chance.any_of(desks)};
    auto& group = chance.any_of(office_.groups);
    switch (chance.below(9)) {
    case 0: group.rights.parties = !group.rights.parties; break;
    case 1:
    case 2:
        if (std::erase(group.members, desk) == 0) group.members.push_back(desk);
        break;
    case 3: have_watcher("sales", "108", true); break;
    case 4: have_watcher("desk", "106", false); break;
    case 5: have_watcher("all", "109", false); break;
    case 6: office_.visibilities[desk] = static_cast<Visibility>(chance.below(3)); break;
    case 7:
        office_.messages[desk] = {.fresh = static_cast<unsigned>(chance.below(3)),
                                  .old = static_cast<unsigned>(chance.below(3))};
        break;
    default: office_.notifier_notifies = !office_.notifier_notifies; break;
    }
    office_.configure();
    ++office_.done["reconfigured"];
}

void RandomWatchers::check_lamps(const LiveView& view, const Dialogs& truth,
                                 const RandomForwards& forwards)
{
    std::set<const Screen*> shown;
    for (const auto& lamp : view.lamps) {
        CAPTURE(lamp.watcher);
        CAPTURE(lamp.contact);
        CAPTURE(lamp.member);
        CAPTURE(lamp.list);
        CAPTURE(lamp.kind);
        CHECK(office_.may_watch(lamp.watcher, lamp.member));
        CHECK(lamp.expires_at + 1s > view.taken_at);
        CHECK_FALSE(lamp.owed);
        if (lamp.kind == "forwarded") continue;
        const auto* phone = office_.phone_at(lamp.contact);
        REQUIRE(phone);
        const auto* screen =
            notified_.find(*phone, "dialog", lamp.list.empty() ? lamp.member : lamp.list,
                           lamp.kind == "unsolicited");
        REQUIRE(screen);
        CHECK_FALSE(screen->over);
        check_lamp(view, lamp, *screen, truth);
        shown.insert(screen);
    }
    for (const auto* screen : notified_.living()) {
        if (screen->package != "dialog" || screen->unsolicited) continue;
        CAPTURE(screen->phone->number);
        CAPTURE(screen->resource);
        if (!screen->list) {
            CHECK_MESSAGE((shown.contains(screen) || notified_.has_expired(*screen)),
                          "ended without a word");
            continue;
        }
        if (notified_.has_expired(*screen)) continue;
        CHECK(screen->named == office_.listed(screen->phone->number, screen->resource));
        if (!screen->resumed) CHECK(screen->unsaid.empty());
        CHECK(office_.may_list(screen->phone->number, screen->resource));
        if (!screen->named.empty()) CHECK_MESSAGE(shown.contains(screen), "ended without a word");
    }
    for (const auto* phone : office_.watchers)
        if (office_.is_registered(*phone)) check_unasked(*phone, forwards);
}

void RandomWatchers::check_lamp(const LiveView& view, const LiveLamp& lamp, const Screen& screen,
                                const Dialogs& truth) const
{
    const auto document = screen.documents.find(lamp.member);
    REQUIRE(document != screen.documents.end());
    std::multiset<std::string> lines;
    const auto named = names_parties(lamp);
    for (const auto& dialog : document->second.dialogs) {
        if (dialog.state == "terminated") continue;
        lines.insert(dialog.call_id + " " + dialog.state + (dialog.rendered ? "" : " held"));
        const bool anonymous = dialog.remote_identity.find("anonymous") != std::string::npos;
        if (is_key(lamp.member) || !named) continue;
        if (!is_park_name(lamp.member)) {
            CHECK(office_.is_shown_rightly(dialog.remote_identity, lamp.watcher, lamp.member));
        } else {
            CHECK((anonymous != *named || (anonymous && office_.somebody_shows_no_number)));
            ++office_.done[*named ? "slots that name who waits" : "slots that name nobody"];
        }
    }
    std::multiset<std::string> expected;
    if (const auto found = truth.find(lamp.member); found != truth.end()) expected = found->second;
    if (lamp.transport == Transport::udp)
        office_.done["phones that another one is told for"] +=
            erase_told_by_another(view, lamp.member, lines, expected);
    CHECK(joined(lines) == joined(expected));
    ++office_.done[screen.list ? "listed lamps" : "lamps"];
}

/// Of the two who talked, one waits once the call is parked, and the other has parked it.
void RandomWatchers::look()
{
    std::map<std::string, Talkers> talk;
    for (const auto& call : office_.pbx.present().calls) {
        auto& talkers = talk[call.id];
        const auto before = talkers_.find(call.id);
        if (!call.parked_in.empty()) {
            if (before != talkers_.end()) talkers = std::move(before->second);
            continue;
        }
        for (const auto& leg : call.legs)
            if (leg.connected) talkers.emplace(leg.call_id, leg.extension);
    }
    talkers_ = std::move(talk);
}

/// A slot names nobody where who waits, or who has parked, does not show that to all. Who is rung
/// for the call, or comes to take it, is not named there and has no say.
std::optional<bool> RandomWatchers::names_parties(const LiveLamp& lamp) const
{
    if (!is_park_name(lamp.member)) return office_.may_see_parties(lamp.watcher, lamp.member);
    const auto is_open = [&](std::string_view number) {
        const auto found = office_.visibilities.find(number);
        return found == office_.visibilities.end() || found->second == Visibility::open;
    };
    for (const auto& call : office_.pbx.present().calls) {
        if (park_name(call.parked_in) != lamp.member) continue;
        const auto waits = std::ranges::find_if(call.legs, [&](const LiveLeg& leg) {
            return leg.connected && leg.extension != lamp.member;
        });
        if (waits == call.legs.end()) continue;
        if (!is_open(waits->extension)) return false;
        const auto talked = talkers_.find(call.id);
        if (talked != talkers_.end() && talked->second.contains(waits->call_id))
            return std::ranges::all_of(talked->second,
                                       [&](const auto& one) { return is_open(one.second); });
    }
    if (std::ranges::all_of(desks, is_open)) return true;
    return std::nullopt;
}

/// What a phone that is told unasked has not asked for, it is told; and what it is told no more is
/// dark, but for what the phones of `notifier` may have told it meanwhile.
void RandomWatchers::check_unasked(const Phone& phone, const RandomForwards& forwards) const
{
    bool expiring = false;
    const auto lives = [&](std::string_view resource) {
        const auto* screen = notified_.find(phone, "dialog", resource, false);
        if (!screen || screen->over) return false;
        expiring = expiring || notified_.is_expiring(*screen);
        return !notified_.has_expired(*screen);
    };
    const auto& view = office_.pbx.present();
    for (const auto member : desks) {
        expiring = false;
        CAPTURE(phone.number);
        CAPTURE(member);
        bool asked = lives(member) || (member == notifier && forwards.is_told(phone));
        for (const auto group : group_names)
            asked = asked || (lives(group) &&
                              office_.listed(phone.number, group).contains(std::string{member}));
        if (expiring) continue;
        const bool told = std::ranges::any_of(view.lamps, [&](const LiveLamp& lamp) {
            return lamp.kind == "unsolicited" && lamp.member == member &&
                   lamp.contact == contact_of(phone);
        });
        const auto refuses = notified_.refuses(phone, "dialog");
        CAPTURE(asked);
        CAPTURE(refuses);
        CHECK(told == (office_.is_told_unasked(phone.number, member) && !asked && !refuses));
        if (told || asked || member == notifier) continue;
        CHECK_MESSAGE(!notified_.shows_lit_unasked(phone, member), "lit for good");
    }
}

void RandomWatchers::check_packages(const LiveView& view, const RandomLines& lines,
                                    const RandomPublishers& publishers)
{
    std::set<const Screen*> shown;
    for (const auto& one : view.subscriptions) {
        CAPTURE(one.watcher);
        CAPTURE(one.contact);
        CAPTURE(one.package);
        CAPTURE(one.resource);
        CAPTURE(one.kind);
        CHECK_FALSE(one.owed);
        CHECK((one.watcher == one.resource || office_.may_watch(one.watcher, one.resource)));
        CHECK(one.expires_at + 1s > view.taken_at);
        const auto* phone = office_.phone_at(one.contact);
        REQUIRE(phone);
        const auto* screen =
            notified_.find(*phone, one.package, one.resource, one.kind == "unsolicited");
        REQUIRE(screen);
        CHECK_FALSE(screen->over);
        check_package(view, *screen, lines, publishers);
        shown.insert(screen);
        ++office_.done["shows " + one.package];
    }
    for (const auto* screen : notified_.living()) {
        if (screen->package == "dialog" || screen->package == "refer" || screen->unsolicited)
            continue;
        CAPTURE(screen->phone->number);
        CAPTURE(screen->package);
        CAPTURE(screen->resource);
        CHECK_MESSAGE((shown.contains(screen) || notified_.has_expired(*screen)),
                      "ended without a word");
    }
    for (const auto* phone : office_.callers) {
        const auto counted = office_.messages.find(phone->number);
        if (counted == office_.messages.end() || !office_.is_registered(*phone)) continue;
        const auto lives = [&](bool unsolicited) {
            const auto* screen =
                notified_.find(*phone, "message-summary", phone->number, unsolicited);
            return screen && !screen->over;
        };
        CAPTURE(phone->number);
        if (!lives(false) && !notified_.refuses(*phone, "message-summary")) CHECK(lives(true));
    }
}

void RandomWatchers::check_package(const LiveView& view, const Screen& screen,
                                   const RandomLines& lines,
                                   const RandomPublishers& publishers) const
{
    const auto says = [&](const std::string& part, const std::string& text) {
        const auto found = screen.bodies.find(part);
        REQUIRE(found != screen.bodies.end());
        CHECK_MESSAGE(found->second.find(text) != std::string::npos,
                      "not " << text << ": " << found->second);
    };
    if (screen.package == "presence")
        return says("", tagged("note", presence_of(view, screen.resource, publishers)));
    if (screen.package == "message-summary") {
        const auto counted = office_.messages.find(screen.resource);
        const auto counts = counted == office_.messages.end() ? MessageCounts{} : counted->second;
        return says("", "Voice-Message: " + std::to_string(counts.fresh) + "/" +
                            std::to_string(counts.old) + "\r\n");
    }
    if (screen.package == "as-feature-event") {
        const auto& wishes = office_.pbx.forwarding_of(screen.resource);
        says("doNotDisturb", tagged("doNotDisturbOn", wishes.do_not_disturb ? "true" : "false"));
        says("forwardImmediate", tagged("forwardTo", wishes.always));
        says("forwardBusy", tagged("forwardTo", wishes.busy));
        says("forwardNoAns", tagged("forwardTo", wishes.no_answer));
        return;
    }
    if (screen.package == "reg") {
        std::multiset<std::string> registered;
        std::multiset<std::string> told;
        for (const auto& binding : view.registrations)
            if (binding.aor == screen.resource) registered.insert(write(binding.contact));
        for (const auto& [id, uri] : screen.bodies) told.insert(uri);
        CHECK(joined(told) == joined(registered));
        return;
    }
    if (screen.package == "call-info")
        lines.check(view, screen, publishers.words_of(screen.resource));
    if (screen.package == "line-seize") {
        auto shown = screen.seized;
        for (const auto index : publishers.seizures_of(screen.resource)) {
            CAPTURE(index);
            const auto found = shown.find(index);
            REQUIRE(found != shown.end());
            shown.erase(found);
        }
        CHECK(shown.size() == 1);  // its own claim
    }
}

std::string RandomWatchers::presence_of(const LiveView& view, const std::string& number,
                                        const RandomPublishers& publishers) const
{
    bool talking = false;
    bool ringing = false;
    for (const auto& call : view.calls)
        for (const auto& leg : call.legs) {
            if (leg.extension != number || leg.state == "terminated" || leg.untold) continue;
            talking = talking || leg.state == "confirmed" || leg.role == "caller";
            ringing = ringing || leg.state == "early";
        }
    for (const auto& line : publishers.dialogs_of(number)) {
        talking = talking || line.find(" confirmed") != std::string::npos;
        ringing = ringing || line.find(" early") != std::string::npos;
    }
    if (talking) return "On the phone";
    if (ringing) return "Ringing";
    if (office_.pbx.forwarding_of(number).do_not_disturb) return "Do not disturb";
    return std::ranges::any_of(view.registrations,
                               [&](const Binding& binding) { return binding.aor == number; })
               ? "Ready"
               : "Not online";
}

}  // namespace lampline::test
